//! Names of up to eight bytes as numbers.
//!
//! Nearly every request names its command by one, and finding a number is several times quicker than hashing and
//! comparing text letter by letter. Deliberately absent: longer names, which the table of all commands finds.

/// The table has two to the power of this many places, several times as many as there are short names.
const PLACES_BITS: u32 = 10;

const PLACES: usize = 1 << PLACES_BITS;

/// The longest short name, bytes.
const LEN_MAX: usize = 8;

/// A name of one to eight bytes, in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShortName {
    /// The first letter is the lowest byte; zeros behind the last.
    text: u64,
    len: u8,
}

impl ShortName {
    /// A name in any case, if it is short.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        let len = name.len();
        // Two reads that overlap instead of one for each letter.
        let text = match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(first), Some(last)) if len <= LEN_MAX => {
                let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
                u64::from(first) | u64::from(last) << (8 * (len - 4))
            }
            (None, _) if len > 0 => {
                let letter = |at: usize| u64::from(name[at]) << (8 * at);
                letter(0) | letter(len / 2) | letter(len - 1)
            }
            _ => return None,
        };
        Some(Self { text: lower(text), len: len as u8 })
    }

    /// Where to begin to look for it.
    fn place(self) -> usize {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        ((self.text ^ u64::from(self.len)).wrapping_mul(FACTOR) >> (64 - PLACES_BITS)) as usize
    }
}

/// Eight ASCII letters at once in lower case; other bytes stay.
fn lower(text: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let low_bits = text & !HIGH;
    // The high bit of each byte tells whether it is at least `A`, and whether it is beyond `Z`.
    let from_a = low_bits + u64::from(0x80 - b'A') * EACH;
    let beyond_z = low_bits + u64::from(0x7F - b'Z') * EACH;
    let is_upper = (from_a ^ beyond_z) & !text & HIGH;
    text | is_upper >> 2
}

/// What short names stand for.
pub(super) struct ShortNames {
    places: Box<[Option<(ShortName, usize)>]>,
}

impl Default for ShortNames {
    fn default() -> Self {
        Self { places: vec![None; PLACES].into() }
    }
}

impl ShortNames {
    /// Adds a name that is not there.
    pub(super) fn insert(&mut self, name: ShortName, index: usize) {
        let mut place = name.place();
        while self.places[place].is_some() {
            place = (place + 1) % PLACES;
        }
        self.places[place] = Some((name, index));
    }

    /// What a name stands for.
    pub(super) fn find(&self, name: ShortName) -> Option<usize> {
        let mut place = name.place();
        while let Some((there, index)) = self.places[place] {
            if there == name {
                return Some(index);
            }
            place = (place + 1) % PLACES;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_small_and_nothing_else_changes() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut text = [b'Q'; 8];
                text[at] = byte;
                assert_eq!(
                    lower(u64::from_le_bytes(text)).to_le_bytes(),
                    text.map(|it| it.to_ascii_lowercase())
                );
            }
        }
    }

    #[test]
    fn a_name_is_found_in_any_case_and_no_other_name_is() {
        let words: [&[u8]; 10] =
            [b"g", b"ge", b"get", b"GET", b"sort", b"lpush", b"flush", b"flushdb", b"flushall", b"get\0"];
        for one in words {
            for other in words {
                let same = ShortName::of(one) == ShortName::of(other);
                assert_eq!(same, one.eq_ignore_ascii_case(other), "{one:?} {other:?}");
            }
        }
        assert_eq!(ShortName::of(b""), None);
        assert_eq!(ShortName::of(b"zrevrange"), None);
    }

    #[test]
    fn names_that_share_a_place_are_all_found() {
        let mut names = ShortNames::default();
        let all: Vec<_> = (0..PLACES / 2).map(|index| format!("c{index}")).collect();
        let short = |name: &String| ShortName::of(name.as_bytes()).unwrap();
        all.iter().enumerate().for_each(|(index, name)| names.insert(short(name), index));
        assert!(all.iter().enumerate().all(|(index, name)| names.find(short(name)) == Some(index)));
        assert_eq!(names.find(ShortName::of(b"missing").unwrap()), None);
    }
}
