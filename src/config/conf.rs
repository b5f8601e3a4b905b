//! The syntax of `redis.conf`: one directive per line, words with Redis's quoting, `#` for comments.
//!
//! Follows the comments of Redis's own `redis.conf` and what redis-server 7.0.15 does with quotes. Reading
//! files and following `include` is the business of [`super::file`].

/// What is wrong with a line whose quotes do not close properly.
const UNBALANCED: &str = "unbalanced quotes: a quote must close, and a space must follow it";

/// One line that is not empty: its number, counted from 1, and its words, or why it has none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) words: Result<Vec<String>, &'static str>,
}

/// The lines that carry a directive.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let directives = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    directives.map(|(number, line)| Line { number, words: split_words(line) })
}

/// Splits a line into words. Double quotes know `\n`, `\r`, `\t`, `\b`, `\a` and `\xHH`, and take any other
/// character after a backslash as it is; single quotes know `\'`. A space must follow a closing quote.
///
/// # Errors
/// Quotes are unbalanced, or `\xHH` spells something that is not UTF-8.
pub(super) fn split_words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut rest = line.as_bytes().trim_ascii_start();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, after) = next_word(rest)?;
        words.push(String::from_utf8(word).map_err(|_| "the value is not valid UTF-8")?);
        rest = after.trim_ascii_start();
    }
    Ok(words)
}

/// A word in double quotes, so that [`split_words`] reads it as it is.
pub(super) fn quoted(word: &str) -> String {
    let mut quoted = String::from('"');
    for letter in word.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn next_word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut word = Vec::new();
    loop {
        rest = match rest {
            [] => return Ok((word, rest)),
            [byte, ..] if byte.is_ascii_whitespace() => return Ok((word, rest)),
            [b'"', inside @ ..] => after_quote(double_quoted(inside, &mut word)?)?,
            [b'\'', inside @ ..] => after_quote(single_quoted(inside, &mut word)?)?,
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

/// What follows a closing quote, which has to be the end of the word.
fn after_quote(rest: &[u8]) -> Result<&[u8], &'static str> {
    match rest.first() {
        Some(byte) if !byte.is_ascii_whitespace() => Err(UNBALANCED),
        _ => Ok(rest),
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(UNBALANCED),
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex_digit(*high) << 4 | hex_digit(*low), after)
            }
            [b'\\', escaped, after @ ..] => (unescaped(*escaped), after),
            [byte, after @ ..] => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(UNBALANCED),
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn unescaped(escaped: u8) -> u8 {
    match escaped {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_redis_quoting() {
        let split = |line| split_words(line).unwrap();
        assert_eq!(split("  bind 127.0.0.1\t::1 "), ["bind", "127.0.0.1", "::1"]);
        assert_eq!(split(r#"save """#), ["save", ""]);
        assert_eq!(split(r#"requirepass "a \"b\" \x41\n\q""#), ["requirepass", "a \"b\" A\nq"]);
        assert_eq!(split(r"requirepass 'it\'s \n'"), ["requirepass", r"it's \n"]);
        assert_eq!(split(r#"dir foo"bar baz""#), ["dir", "foobar baz"]);
        assert_eq!(split(r#"dir "\xg1""#), ["dir", "xg1"]);
    }

    #[test]
    fn unbalanced_quotes_are_refused() {
        for line in [r#"a "b"#, r"a 'b", r#"a "b"c"#, r"a 'b'c", r#"a "b\""#] {
            assert_eq!(split_words(line), Err(UNBALANCED), "{line}");
        }
        assert!(split_words(r#"a "\xff""#).unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn comments_and_empty_lines_are_skipped_but_counted() {
        let found: Vec<_> = lines("# a\r\n\r\n  port 1\r\n  # b\nhz '").collect();
        assert_eq!(found[0], Line { number: 3, words: Ok(vec!["port".to_owned(), "1".to_owned()]) });
        assert_eq!(found[1], Line { number: 5, words: Err(UNBALANCED) });
        assert_eq!(found.len(), 2);
    }
}
