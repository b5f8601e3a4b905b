//! The grammar of the rules' syntax strings: reading it, and making requests from it.
//!
//! Words in capitals stand for themselves, others name a kind of argument ([`super::kinds`]); `[a | b]` may be
//! left out, `<a | b>` may not, `x...` comes once or more often. Optional parts that follow each other come in any
//! order.

use super::kinds;
use super::random::Random;
use crate::wire::Words;

/// A piece of a syntax.
pub(crate) enum Part {
    /// A word that stands for itself.
    Word(String),
    /// An argument of a kind.
    Argument(String),
    /// All of them in order.
    Sequence(Vec<Part>),
    /// One of them.
    Choice(Vec<Part>),
    /// It or nothing.
    Optional(Box<Part>),
    /// It, once or more often.
    Many(Box<Part>),
}

/// The most often something comes that may come more than once, in most requests.
const FEW: usize = 4;

/// The same in the others, enough to cross the thresholds of encodings.
const MANY: usize = 160;

impl Part {
    /// Reads a syntax string.
    ///
    /// # Panics
    /// When a bracket is not closed or a kind is not known.
    pub(crate) fn read(syntax: &str) -> Self {
        let spaced = ["[", "]", "<", ">", "|", "..."]
            .iter()
            .fold(syntax.to_owned(), |text, mark| text.replace(mark, &format!(" {mark} ")));
        let tokens: Vec<_> = spaced.split_whitespace().collect();
        let mut rest = tokens.as_slice();
        let part = Self::choice(&mut rest);
        assert!(rest.is_empty(), "{syntax}: {rest:?}");
        part
    }

    fn choice(rest: &mut &[&str]) -> Self {
        let mut choices = vec![Self::sequence(rest)];
        while let Some((&"|", tail)) = rest.split_first() {
            *rest = tail;
            choices.push(Self::sequence(rest));
        }
        if choices.len() == 1 { choices.remove(0) } else { Self::Choice(choices) }
    }

    fn sequence(rest: &mut &[&str]) -> Self {
        let mut parts = Vec::new();
        while let Some((&token, tail)) = rest.split_first() {
            if ["]", ">", "|"].contains(&token) {
                break;
            }
            *rest = tail;
            let part = match token {
                "[" => Self::Optional(Box::new(Self::bracket(rest, "]"))),
                "<" => Self::bracket(rest, ">"),
                "..." => Self::Many(Box::new(parts.pop().expect("something to repeat"))),
                word if word.bytes().any(|byte| byte.is_ascii_lowercase()) => {
                    assert!(kinds::exists(word), "there is no kind {word}");
                    Self::Argument(word.to_owned())
                }
                word => Self::Word(word.to_owned()),
            };
            parts.push(part);
        }
        Self::Sequence(parts)
    }

    fn bracket(rest: &mut &[&str], end: &str) -> Self {
        let inner = Self::choice(rest);
        let (token, tail) = rest.split_first().expect("a bracket is closed");
        assert_eq!(*token, end);
        *rest = tail;
        inner
    }

    /// Adds a random request of this form to `words`.
    pub(crate) fn make(&self, random: &mut Random, words: &mut Words) {
        match self {
            Self::Word(word) if random.chance(10) => words.push(word.to_ascii_lowercase().into_bytes()),
            Self::Word(word) => words.push(word.clone().into_bytes()),
            Self::Argument(kind) => words.push(kinds::make(kind, random)),
            Self::Sequence(parts) => make_sequence(parts, random, words),
            Self::Choice(parts) => parts[random.below(parts.len())].make(random, words),
            Self::Optional(part) => {
                if random.chance(40) {
                    part.make(random, words);
                }
            }
            Self::Many(part) => {
                let most = if random.chance(2) { MANY } else { FEW };
                for _ in 0..=random.below(most) {
                    part.make(random, words);
                }
            }
        }
    }
}

fn make_sequence(parts: &[Part], random: &mut Random, words: &mut Words) {
    let mut rest = parts;
    while let Some(first) = rest.first() {
        let options = rest.iter().take_while(|part| matches!(part, Part::Optional(_))).count();
        let (now, later) = rest.split_at(options.max(1));
        rest = later;
        let mut now: Vec<_> = now.iter().collect();
        if matches!(first, Part::Optional(_)) {
            random.shuffle(&mut now);
        }
        now.into_iter().for_each(|part| part.make(random, words));
    }
}
