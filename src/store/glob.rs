//! Glob patterns, as `KEYS`, `SCAN … MATCH`, `PSUBSCRIBE` and `CONFIG GET` understand them.
//!
//! What is unusual about Redis's patterns is kept: a class that never ends goes to the end of the
//! pattern, a backslash at the end stands for itself, a range may be given in either direction and
//! compares bytes as signed numbers, and an empty text matches the empty pattern only.
//! Every part of a pattern but `*` takes exactly one byte, so on a mismatch it suffices to let the
//! last `*` take one byte more: the time is at most the product of the lengths.

/// Whether `text` matches `pattern`.
pub fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text, |byte| byte)
}

/// Whether `text` matches `pattern` when ASCII letters of either case are the same.
pub fn glob_matches_nocase(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text, |byte| byte.to_ascii_lowercase())
}

fn matches(pattern: &[u8], text: &[u8], fold: fn(u8) -> u8) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut pattern, mut text) = (pattern, text);
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        let Some((byte, rest_of_text)) = text.split_first() else {
            return pattern.iter().all(|byte| *byte == b'*');
        };
        if let [b'*', rest @ ..] = pattern {
            if rest.is_empty() {
                return true;
            }
            last_star = Some((rest, text));
            pattern = rest;
            continue;
        }
        if let Some(rest) = match_one(pattern, *byte, fold) {
            (pattern, text) = (rest, rest_of_text);
            continue;
        }
        let Some((after_star, [_, shorter @ ..])) = last_star else {
            return false;
        };
        last_star = Some((after_star, shorter));
        (pattern, text) = (after_star, shorter);
        if text.is_empty() {
            return false;
        }
    }
}

/// Matches one byte with the first part of the pattern, which is no `*`. Answers the rest of it.
fn match_one(pattern: &[u8], byte: u8, fold: fn(u8) -> u8) -> Option<&[u8]> {
    let (literal, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => return Some(rest),
        [b'[', b'^', class @ ..] => return match_class(class, byte, fold, true),
        [b'[', class @ ..] => return match_class(class, byte, fold, false),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (*literal, rest),
    };
    (fold(literal) == fold(byte)).then_some(rest)
}

/// Matches one byte with a class, given from behind its opening. Answers what follows it.
fn match_class(mut class: &[u8], byte: u8, fold: fn(u8) -> u8, negated: bool) -> Option<&[u8]> {
    let mut found = false;
    loop {
        let (matched, rest) = match class {
            [] => break,
            [b'\\', literal, rest @ ..] => (*literal == byte, rest),
            [b']', rest @ ..] => {
                class = rest;
                break;
            }
            [from, b'-', to, rest @ ..] => (in_range(*from, *to, byte, fold), rest),
            [literal, rest @ ..] => (fold(*literal) == fold(byte), rest),
        };
        found |= matched;
        class = rest;
    }
    (found != negated).then_some(class)
}

/// Redis orders the bounds first and folds case afterwards.
fn in_range(from: u8, to: u8, byte: u8, fold: fn(u8) -> u8) -> bool {
    let signed = |byte: u8| byte as i8;
    let (low, high) = if signed(from) > signed(to) { (to, from) } else { (from, to) };
    (signed(fold(low))..=signed(fold(high))).contains(&signed(fold(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The obvious matcher, exponential in the number of stars.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| naive(rest, &text[taken..])),
            (_, [byte, rest_of_text @ ..]) => {
                match_one(pattern, *byte, |byte| byte).is_some_and(|rest| naive(rest, rest_of_text))
            }
            _ => false,
        }
    }

    #[test]
    fn patterns_match_as_in_redis() {
        let yes: &[(&str, &str)] = &[
            ("*", "a"),
            ("a*", "a"),
            ("a**", "a"),
            ("*c", "abc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[c-a]x", "bx"),
            ("[^a]", "b"),
            ("[abc", "c"),
            ("\\*", "*"),
            ("a\\", "a\\"),
            ("[\\]]", "]"),
            ("[a-]", "]"),
            ("", ""),
            ("[^", "a"),
            ("[\\", "\\"),
        ];
        let no: &[(&str, &str)] = &[
            ("*", ""),
            ("**", ""),
            ("?", ""),
            ("a", "b"),
            ("[^a]", "a"),
            ("[]", "]"),
            ("[", "a"),
            ("\\*", "a"),
            ("a*b", "a"),
            ("abc", "ab"),
            ("ab", "abc"),
            ("A", "a"),
        ];
        for (pattern, text) in yes {
            assert!(glob_matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in no {
            assert!(!glob_matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        assert!(glob_matches_nocase(b"A[B-C]*", b"abX"));
        assert!(!glob_matches_nocase(b"[\\B]", b"b"));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!glob_matches(&b"*a".repeat(1000), &b"b".repeat(10_000)));
        assert!(!glob_matches(&[b"*?".repeat(500), b"z".to_vec()].concat(), &b"a".repeat(10_000)));
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_matcher(pattern in r"[ab*?\[\]^\\-]{0,8}", text in r"[ab*\]\\-]{1,8}") {
            prop_assert_eq!(glob_matches(pattern.as_bytes(), text.as_bytes()), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
