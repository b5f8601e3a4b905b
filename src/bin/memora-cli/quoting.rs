//! Words and quotes, as redis-cli types and prints them.
//!
//! [`split_words`] reads a line the way a person writes it at the prompt; [`write_quoted`] shows any bytes
//! so that they can be pasted back. The rules are those of Redis's own line splitting: `"…"` knows the
//! escapes `\n \r \t \b \a \xHH`, `'…'` only `\'`, and a closing quote must be followed by a space.

use std::io::{self, Write};

/// The words of a line, or nothing when its quotes do not match up.
pub(crate) fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = line.trim_ascii_start_c();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, after) = split_word(rest)?;
        words.push(word);
        rest = after.trim_ascii_start_c();
    }
    Some(words)
}

/// The bytes of one word that may be quoted; nothing when it is more or less than one word.
pub(crate) fn unquote(word: &[u8]) -> Option<Vec<u8>> {
    let mut words = split_words(word)?;
    let only = words.pop()?;
    words.is_empty().then_some(only)
}

/// Writes `bytes` between double quotes, everything unprintable escaped.
pub(crate) fn write_quoted(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for chunk in bytes.chunk_by(|&a, &b| is_plain(a) && is_plain(b)) {
        match chunk {
            [byte] if !is_plain(*byte) => write_escaped(*byte, out)?,
            plain => out.write_all(plain)?,
        }
    }
    out.write_all(b"\"")
}

/// C's idea of white space has the vertical tab, which `trim_ascii_start` leaves standing.
trait TrimLikeC {
    fn trim_ascii_start_c(&self) -> &Self;
}

impl TrimLikeC for [u8] {
    fn trim_ascii_start_c(&self) -> &[u8] {
        let blank = self.iter().take_while(|&&byte| is_space(byte)).count();
        &self[blank..]
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

fn write_escaped(byte: u8, out: &mut dyn Write) -> io::Result<()> {
    match byte {
        b'"' => out.write_all(b"\\\""),
        b'\\' => out.write_all(b"\\\\"),
        b'\n' => out.write_all(b"\\n"),
        b'\r' => out.write_all(b"\\r"),
        b'\t' => out.write_all(b"\\t"),
        0x07 => out.write_all(b"\\a"),
        0x08 => out.write_all(b"\\b"),
        other => write!(out, "\\x{other:02x}"),
    }
}

/// Takes one word off a line that begins with one; parts with and without quotes may touch only in front.
fn split_word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return Some((word, rest)),
            [byte, ..] if is_space(*byte) => return Some((word, rest)),
            // A string of C ends here, and so does the line for redis-cli.
            [0, ..] => return Some((word, &[])),
            [b'"', after @ ..] => return closed(double_quoted(after, &mut word)?, word),
            [b'\'', after @ ..] => return closed(single_quoted(after, &mut word)?, word),
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

/// A word ends with its closing quote.
fn closed(rest: &[u8], word: Vec<u8>) -> Option<(Vec<u8>, &[u8])> {
    rest.first().is_none_or(|&byte| is_space(byte)).then_some((word, rest))
}

/// Reads up to the closing `"`; nothing when there is none.
fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                word.push(hex(*high) * 16 + hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                word.push(unescaped(*escaped));
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

/// Reads up to the closing `'`; nothing when there is none.
fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn unescaped(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        letter => letter.to_ascii_lowercase() - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<Vec<Vec<u8>>> {
        split_words(line.as_bytes())
    }

    #[test]
    fn words_are_split_at_space() {
        assert_eq!(words("  set\tk  v \r\n").unwrap(), [b"set".to_vec(), b"k".into(), b"v".into()]);
        assert_eq!(words(" \x0b ").unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(
            words(r#""a\x00\n\"" 'it\'s\n' """#).unwrap(),
            [b"a\0\n\"".to_vec(), b"it's\\n".into(), b"".into()]
        );
        assert_eq!(words(r#"a"b c""#).unwrap(), [b"ab c"]);
        assert_eq!(words(r#""\xZZ\q""#).unwrap(), [b"xZZq"]);
    }

    #[test]
    fn quotes_must_match_up() {
        for line in ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\\"", "\"a\\"] {
            assert_eq!(words(line), None, "{line}");
        }
    }

    #[test]
    fn one_word_is_one_word() {
        assert_eq!(unquote(br#""a\x00""#), Some(b"a\0".to_vec()));
        assert_eq!(unquote(b"a b"), None);
        assert_eq!(unquote(b""), None);
    }

    #[test]
    fn quoted_text_reads_back() {
        let every: Vec<u8> = (0..=255).collect();
        let mut text = Vec::new();
        write_quoted(&every, &mut text).unwrap();
        assert!(text.starts_with(br#""\x00\x01\x02\x03\x04\x05\x06\a\b\t\n\x0b\x0c\r\x0e"#));
        assert_eq!(unquote(&text).unwrap(), every);
    }
}
