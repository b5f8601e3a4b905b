//! The syntax of `redis.conf`: one directive per line, words with Redis's quoting, `#` for comments.
//!
//! Follows the comments of Redis's own `redis.conf` and what redis-server 7.0.15 does with quotes. Reading
//! files and following `include` is the business of [`super::file`].

use crate::resp::quoting;

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

/// Splits a line into words, which may be quoted.
///
/// # Errors
/// Quotes are unbalanced, or `\xHH` spells something that is not UTF-8.
pub(super) fn split_words(line: &str) -> Result<Vec<String>, &'static str> {
    let words = quoting::split_words(line.as_bytes()).ok_or(UNBALANCED)?;
    let text = |word| String::from_utf8(word).map_err(|_| "the value is not valid UTF-8");
    words.into_iter().map(text).collect()
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
