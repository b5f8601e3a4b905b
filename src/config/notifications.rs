//! `notify-keyspace-events`: which events of keys are published, as letters.
//!
//! The letters are Redis's (<https://redis.io/docs/latest/develop/use/keyspace-notifications/>), and so is the order in
//! which CONFIG GET answers them.

use super::error::Invalid;
use super::kinds::{Kind, single};
use toml_edit::Value;

/// The letters in the order in which they are answered: classes of events, then where they are published, then misses.
const LETTERS: &[u8] = b"g$lshzxetdnKEm";
/// The classes that `A` stands for.
const ALL: EventClasses = EventClasses::of(b"g$lshzxetd");
/// New keys, which Redis does not show beside `A`.
const NEW: EventClasses = EventClasses::of(b"n");

/// Classes of events and where they are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventClasses(u16);

impl EventClasses {
    /// Those that letters stand for; a letter that stands for none is passed over.
    #[must_use]
    pub const fn of(letters: &[u8]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < letters.len() {
            let mut place = 0;
            while place < LETTERS.len() {
                bits |= ((letters[i] == LETTERS[place]) as u16) << place;
                place += 1;
            }
            i += 1;
        }
        Self(bits)
    }

    /// Whether any of the others is among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether an event can be published at all: there is a class of events, and a place for them.
    #[must_use]
    pub const fn publishes(self) -> bool {
        let places = Self::of(b"KE");
        self.has(places) && self.0 & !places.0 != 0
    }

    fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    fn letters(self, all_hides: Self) -> String {
        let (all, rest) = if self.has_all(ALL) { ("A", self.0 & !all_hides.0) } else { ("", self.0) };
        let letters = LETTERS.iter().enumerate().filter(|(place, _)| rest >> place & 1 == 1);
        all.chars().chain(letters.map(|(_, letter)| char::from(*letter))).collect()
    }
}

/// Letters, in any order and as often as one likes.
pub(super) struct EventLetters;

impl Kind<EventClasses> for EventLetters {
    fn parse(&self, words: &[&str], _: &EventClasses) -> Result<EventClasses, Invalid> {
        single(words)?.bytes().try_fold(EventClasses::default(), |classes, letter| {
            let more = if letter == b'A' { ALL } else { EventClasses::of(&[letter]) };
            let known = more != EventClasses::default();
            let unknown = Invalid::Other("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
            known.then_some(EventClasses(classes.0 | more.0)).ok_or(unknown)
        })
    }

    fn format(&self, value: &EventClasses) -> String {
        value.letters(EventClasses(ALL.0 | NEW.0))
    }

    fn in_full(&self, value: &EventClasses) -> String {
        value.letters(ALL)
    }

    fn to_toml(&self, value: &EventClasses) -> Value {
        Value::from(self.in_full(value))
    }

    fn allowed(&self) -> String {
        "letters out of Ag$lshzxeKEtmdn, or \"\" for none".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(letters: &str) -> EventClasses {
        EventLetters.parse(&[letters], &EventClasses::default()).unwrap()
    }

    #[test]
    fn letters_are_answered_in_the_order_of_redis() {
        let answered = [
            ("KEA", "AKE"),
            ("Kn", "nK"),
            ("KEAn", "AKE"),
            ("g$lshzxetdnmKE", "AKEm"),
            ("Ex", "xE"),
            ("mKz$", "$zKm"),
            ("", ""),
        ];
        for (letters, answer) in answered {
            assert_eq!(EventLetters.format(&parsed(letters)), answer, "{letters}");
        }
        assert!(EventLetters.parse(&["AKEq"], &EventClasses::default()).is_err());
    }

    #[test]
    fn a_toml_file_keeps_the_letter_that_is_not_answered() {
        assert_eq!(EventLetters.to_toml(&parsed("KEAn")).as_str(), Some("AnKE"));
        assert_eq!(parsed("AnKE"), parsed("KEAn"));
    }

    #[test]
    fn nothing_is_published_without_a_class_or_without_a_place() {
        for (letters, publishes) in [("", false), ("A", false), ("KE", false), ("Kx", true), ("Em", true)] {
            assert_eq!(parsed(letters).publishes(), publishes, "{letters}");
        }
    }
}
