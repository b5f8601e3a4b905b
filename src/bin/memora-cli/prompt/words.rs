//! A line being typed, cut into words that remember where they stand.

use memora::resp::quoting::split_words;

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its first byte in the line, an opening quote included.
    pub(super) start: usize,
    /// The byte after its last.
    pub(super) end: usize,
    /// What it says, without quotes.
    pub(super) bytes: Vec<u8>,
    /// Whether a quote is open at its end, or something follows a closed one.
    pub(super) broken: bool,
}

impl Word {
    /// Whether it was typed with quotes.
    pub(super) fn is_quoted(&self, line: &str) -> bool {
        line[self.start..self.end].contains(['"', '\''])
    }
}

/// The words of a line, finished or not.
pub(super) fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(offset) = line[at..].find(|letter: char| !letter.is_ascii_whitespace()) {
        let start = at + offset;
        let end = start + word_len(&line[start..]);
        let text = &line[start..end];
        let (bytes, broken) = match split_words(text.as_bytes()) {
            Some(mut parts) if parts.len() == 1 => (parts.remove(0), false),
            _ => (text.trim_start_matches(['"', '\'']).as_bytes().to_vec(), true),
        };
        words.push(Word { start, end, bytes, broken });
        at = end;
    }
    words
}

/// Where a command ends and a shell command begins: at a word that is nothing but `|`.
pub(crate) fn bar(line: &str) -> Option<usize> {
    words(line)
        .iter()
        .skip(1)
        .map(|word| word.start..word.end)
        .find(|place| &line[place.clone()] == "|")
        .map(|place| place.start)
}

/// How many bytes the first word takes, up to white space outside of quotes.
fn word_len(text: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), closing) if open == closing => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, letter) if letter.is_ascii_whitespace() => return index,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_places() {
        let line = " SET \"a b\" 'open";
        let words = words(line);
        assert_eq!(
            words.iter().map(|word| (word.start, word.end)).collect::<Vec<_>>(),
            [(1, 4), (5, 10), (11, 16)]
        );
        assert_eq!(words[1].bytes, b"a b");
        assert!(!words[1].broken && words[2].broken);
        assert_eq!(words[2].bytes, b"open");
    }
}
