//! Strings as the store sees them: text, or an integer that stands for its canonical text.
//!
//! Redis keeps a string that is the canonical decimal form of an `i64` as the integer, and so
//! does Memora. [`StringRef`] is how such a string is read, [`NewString`] how one comes in.
//! Absent on purpose: floating point, which only commands need.

use bytes::Bytes;

/// The longest text that can be an `i64`: the minus sign and nineteen digits.
pub const INT_TEXT_MAX_BYTES: usize = 20;

/// A string inside the store, read without copying it.
#[derive(Debug, Clone, Copy)]
pub enum StringRef<'a> {
    /// Stands for its canonical decimal text.
    Int(i64),
    /// Bytes inside an entry or a packed collection.
    Slice(&'a [u8]),
    /// A big string that a reply can share instead of copying.
    Shared(&'a Bytes),
}

/// Room for the text of an integer, see [`StringRef::text`].
#[derive(Default)]
pub struct IntText(itoa::Buffer);

/// A string on its way into the store.
#[derive(Debug, Clone)]
pub enum NewString<'a> {
    /// Copied in, so that it never pins the buffer it came in.
    Copy(&'a [u8]),
    /// Kept as it is when big, copied in when small.
    Share(Bytes),
}

impl StringRef<'_> {
    /// Length of the text in bytes, what `STRLEN` answers.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            StringRef::Int(int) => int_text_len(*int),
            StringRef::Slice(bytes) => bytes.len(),
            StringRef::Shared(bytes) => bytes.len(),
        }
    }

    /// The text. Only an integer uses `room`.
    pub fn text<'b>(&'b self, room: &'b mut IntText) -> &'b [u8] {
        match self {
            StringRef::Int(int) => room.0.format(*int).as_bytes(),
            StringRef::Slice(bytes) => bytes,
            StringRef::Shared(bytes) => bytes,
        }
    }

    /// The text as an owned buffer: shared where the store shares it, copied otherwise.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            StringRef::Shared(bytes) => Bytes::clone(bytes),
            other => Bytes::copy_from_slice(other.text(&mut IntText::default())),
        }
    }

    /// The text as a vector of its own.
    pub fn to_vec(&self) -> Vec<u8> {
        self.text(&mut IntText::default()).to_vec()
    }

    /// The value as an integer, when the text is the canonical form of one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            StringRef::Int(int) => Some(*int),
            StringRef::Slice(bytes) => parse_int(bytes),
            StringRef::Shared(bytes) => parse_int(bytes),
        }
    }
}

/// Two strings are equal when their texts are.
impl PartialEq for StringRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (StringRef::Int(a), StringRef::Int(b)) => a == b,
            _ => *self == *other.text(&mut IntText::default()),
        }
    }
}

impl PartialEq<[u8]> for StringRef<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        match self {
            StringRef::Int(int) => parse_int(other) == Some(*int),
            StringRef::Slice(bytes) => *bytes == other,
            StringRef::Shared(bytes) => *bytes == other,
        }
    }
}

impl NewString<'_> {
    /// The bytes, wherever they are.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            NewString::Copy(bytes) => bytes,
            NewString::Share(bytes) => bytes,
        }
    }

    /// A buffer that pins nothing foreign.
    pub fn into_bytes(self) -> Bytes {
        match self {
            NewString::Copy(bytes) => Bytes::copy_from_slice(bytes),
            NewString::Share(bytes) => bytes,
        }
    }
}

impl<'a> From<&'a [u8]> for NewString<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        NewString::Copy(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for NewString<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        NewString::Copy(bytes)
    }
}

impl From<Bytes> for NewString<'_> {
    fn from(bytes: Bytes) -> Self {
        NewString::Share(bytes)
    }
}

/// The integer whose canonical text `text` is: no plus sign, no space, no leading zero, no `-0`.
///
/// This is what Redis stores as an integer and accepts wherever a command wants one.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() >= INT_TEXT_MAX_BYTES {
        return None;
    }
    if digits[0] == b'0' {
        return (text == b"0").then_some(0);
    }
    // At most nineteen digits: 9999999999999999999 still fits a u64.
    let mut magnitude: u64 = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit);
    }
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// Length in bytes of the canonical text of `int`.
pub fn int_text_len(int: i64) -> usize {
    let digits = int.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
    digits + usize::from(int < 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_canonical_text_is_an_integer() {
        for text in ["", "-", "+1", " 1", "1 ", "01", "-0", "00", "1a", "-01", "1.0", "9223372036854775808"] {
            assert_eq!(parse_int(text.as_bytes()), None, "{text:?}");
        }
        for int in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(parse_int(int.to_string().as_bytes()), Some(int));
        }
        assert_eq!(parse_int(b"-9223372036854775809"), None);
        assert_eq!(parse_int(b"99999999999999999999"), None);
    }

    proptest! {
        #[test]
        fn text_and_integer_agree(int in any::<i64>(), shift in 0..64u32) {
            let int = int >> shift;
            let text = int.to_string();
            prop_assert_eq!(parse_int(text.as_bytes()), Some(int));
            prop_assert_eq!(StringRef::Int(int).len(), text.len());
            prop_assert_eq!(StringRef::Int(int).to_vec(), text.as_bytes());
        }

        #[test]
        fn what_parses_is_its_own_text(text in "[-+ 0-9a]{0,21}") {
            if let Some(int) = parse_int(text.as_bytes()) {
                prop_assert_eq!(int.to_string(), text);
            }
        }
    }
}
