//! Arguments as people write them: redis-cli's quoting, and short forms for many or long words.
//!
//! `{x*65}` is 65 times `x`, `{1..9}` nine words, `{1..9|f%|v%}` eighteen: `f1 v1 f2 v2 …`. Quoted, they are
//! ordinary text.

use crate::wire::Words;

/// Splits a line into words.
///
/// # Errors
/// What is wrong with the line.
pub(crate) fn split(line: &str) -> Result<Words, String> {
    let mut words = Words::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (end, quoted) = match first {
            '"' | '\'' => (closing(rest, first).ok_or_else(|| format!("open quote: {rest}"))?, true),
            '{' => (rest.find("} ").map_or(rest.len(), |brace| brace + 1), false),
            _ => (rest.find(' ').unwrap_or(rest.len()), false),
        };
        let word = &rest[..end];
        match expand(word).filter(|_| !quoted) {
            Some(expanded) => words.extend(expanded),
            None => words.push(if quoted { unquote(word)? } else { word.as_bytes().to_vec() }),
        }
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

/// The end of the quoted word at the front of `text`, its quotes included.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn unquote(word: &str) -> Result<Vec<u8>, String> {
    let inner = &word[1..word.len() - 1];
    if word.starts_with('\'') {
        return Ok(inner.replace("\\'", "'").into_bytes());
    }
    let mut bytes = Vec::new();
    let mut rest = inner.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&letter, tail) = rest.split_first().ok_or("a backslash at the end")?;
        rest = tail;
        bytes.push(match letter {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 7,
            b'b' => 8,
            b'x' => {
                let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                rest = &rest[2.min(rest.len())..];
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or("no \\x byte")?
            }
            other => other,
        });
    }
    Ok(bytes)
}

/// The words a short form stands for.
fn expand(word: &str) -> Option<Words> {
    let inner = word.strip_prefix('{')?.strip_suffix('}')?;
    if let Some((text, times)) = inner.rsplit_once('*') {
        return Some(vec![text.repeat(times.parse().ok()?).into_bytes()]);
    }
    let mut parts = inner.split('|');
    let (first, last) = parts.next()?.split_once("..")?;
    let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
    let patterns: Vec<_> = parts.collect();
    let patterns = if patterns.is_empty() { vec!["%"] } else { patterns };
    let words = (first..=last).flat_map(|number| {
        patterns.iter().map(move |pattern| pattern.replace('%', &number.to_string()).into_bytes())
    });
    Some(words.collect())
}
