//! Words and quotes: what a person types, split into arguments, and bytes shown so that they can be typed.
//!
//! Inline requests, the command line, configuration files and the log's manifest all share this. The rules are those of Redis: double quotes with `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a` and a
//! backslash before anything else; single quotes in which only `\'` is special; a closing quote has to be
//! followed by white space or the end. Quotes may begin in the middle of an argument.

use std::io::{self, Write};

/// One byte of an argument, and the line after what stood for it.
type Taken<'a> = (u8, &'a [u8]);

/// Splits one line, without its line end, into arguments; `None` when quotes are unbalanced.
pub fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut args = Vec::new();
    let mut rest = skip_space(line);
    while !rest.is_empty() {
        let (arg, after) = take_arg(rest)?;
        args.push(arg);
        rest = skip_space(after);
    }
    Some(args)
}

fn skip_space(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|&byte| !is_space(byte)).unwrap_or(line.len());
    &line[start..]
}

/// What C's `isspace` answers; vertical tab and form feed separate only before and after an argument.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// One argument from the front of `line`, and what follows it.
fn take_arg(mut line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut arg = Vec::new();
    loop {
        match line {
            [] | [b' ' | b'\t' | b'\n' | b'\r', ..] => return Some((arg, line)),
            [b'"', rest @ ..] => return take_quoted(arg, rest, b'"', double_quoted),
            [b'\'', rest @ ..] => return take_quoted(arg, rest, b'\'', single_quoted),
            [byte, rest @ ..] => {
                arg.push(*byte);
                line = rest;
            }
        }
    }
}

/// The rest of an argument after its opening quote: the closing one ends it.
fn take_quoted(
    mut arg: Vec<u8>,
    mut line: &[u8],
    quote: u8,
    next: fn(&[u8]) -> Option<Taken<'_>>,
) -> Option<(Vec<u8>, &[u8])> {
    while line.first() != Some(&quote) {
        let (byte, rest) = next(line)?;
        arg.push(byte);
        line = rest;
    }
    let rest = &line[1..];
    let is_end = rest.first().is_none_or(|&byte| is_space(byte));
    is_end.then_some((arg, rest))
}

fn double_quoted(line: &[u8]) -> Option<Taken<'_>> {
    match line {
        [b'\\', b'x', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((hex(*high) << 4 | hex(*low), rest))
        }
        [b'\\', escaped, rest @ ..] => Some((unescaped(*escaped), rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn single_quoted(line: &[u8]) -> Option<Taken<'_>> {
    match line {
        [b'\\', b'\'', rest @ ..] => Some((b'\'', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        letter => (letter | 0x20) - b'a' + 10,
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

/// The bytes of one word that may be quoted; `None` when it is more or less than one word.
pub fn unquote(word: &[u8]) -> Option<Vec<u8>> {
    let mut words = split_words(word)?;
    let only = words.pop()?;
    words.is_empty().then_some(only)
}

/// Writes `bytes` between double quotes, everything unprintable escaped, so that they read back.
///
/// # Errors
/// What the writer answers.
pub fn write_quoted(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for chunk in bytes.chunk_by(|&a, &b| is_plain(a) && is_plain(b)) {
        match chunk {
            [byte] if !is_plain(*byte) => write_escaped(*byte, out)?,
            plain => out.write_all(plain)?,
        }
    }
    out.write_all(b"\"")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Option<Vec<String>> {
        let args = split_words(line.as_bytes())?;
        Some(args.iter().map(|arg| arg.escape_ascii().to_string()).collect())
    }

    fn args(expected: &[&str]) -> Option<Vec<String>> {
        Some(expected.iter().map(|arg| arg.to_string()).collect())
    }

    #[test]
    fn white_space_separates() {
        assert_eq!(split("  SET  a\tb \x0b\x0c"), args(&["SET", "a", "b"]));
        assert_eq!(split("a\x0bb"), args(&[r"a\x0bb"]));
        assert_eq!(split("\"a\"\x0bb 'c'\x0c"), args(&["a", "b", "c"]));
        assert_eq!(split(""), args(&[]));
        assert_eq!(split(" \t "), args(&[]));
    }

    #[test]
    fn quotes_hold_together() {
        assert_eq!(split(r#"SET "a b" 'c d' "" ''"#), args(&["SET", "a b", "c d", "", ""]));
        assert_eq!(split(r#"pre"fix ed" x'y z'"#), args(&["prefix ed", "xy z"]));
        assert_eq!(split(r#""it's" 'say "x"'"#), args(&[r"it\'s", r#"say \"x\""#]));
    }

    #[test]
    fn escapes_are_those_of_redis() {
        assert_eq!(split(r#""\x00\xfF\n\r\t\b\a\q\"\\""#), args(&[r#"\x00\xff\n\r\t\x08\x07q\"\\"#]));
        assert_eq!(split(r#""\xZ1\x1""#), args(&["xZ1x1"]));
        assert_eq!(split(r"'\'\n'"), args(&[r"\'\\n"]));
        assert_eq!(split(r"a\nb"), args(&[r"a\\nb"]));
    }

    #[test]
    fn unbalanced_quotes_are_refused() {
        for line in [r#"""#, r#""a"#, "'a", r#""a"b"#, "'a'b", r#""a\""#, r#""a""b""#, r#""\"#] {
            assert_eq!(split(line), None, "{line}");
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
