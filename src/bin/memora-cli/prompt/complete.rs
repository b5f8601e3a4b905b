//! What TAB offers: names of commands, their options, keys, and parameters of CONFIG.

use memora::resp::quoting::write_quoted;
use rustyline::completion::Pair;

use super::aside::Aside;
use super::catalog::{Catalog, Command};
use super::matching::{Expected, progress};
use super::values::values;
use super::words::{Word, words};

/// What could stand instead of the word before the cursor: where that begins, and the candidates.
pub(super) fn complete(line: &str, catalog: &Catalog, aside: &mut Aside) -> (usize, Vec<Pair>) {
    let mut words = words(line);
    let is_new = words.last().is_none_or(|word| word.end < line.len());
    let typed = if is_new { None } else { words.pop() };
    let start = typed.as_ref().map_or(line.len(), |word| word.start);
    let prefix = typed.map(|word| word.bytes).unwrap_or_default();
    let prefix_text = String::from_utf8_lossy(&prefix).into_owned();
    let candidates = match words.as_slice() {
        [] => all_plain(names(&prefix_text, catalog)),
        [help, ..] if is_help(&help.bytes) => all_plain(help_topics(&words[1..], &prefix_text, catalog)),
        _ => arguments(&words, &prefix, &prefix_text, catalog, aside),
    };
    (start, candidates)
}

fn is_help(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"help") || word == b"\\h" || word == b"?"
}

/// What the prompt itself understands.
const OWN: &[&str] = &["CLEAR", "CONNECT", "EXIT", "HELP", "PEEK", "QUIT"];

fn names(prefix: &str, catalog: &Catalog) -> Vec<String> {
    let firsts = catalog.starting_with(prefix).map(|command| first_word(&command.name).to_owned());
    let own = OWN.iter().filter(|name| begins(name, prefix)).map(|name| (*name).to_owned());
    tidy(firsts.chain(own).map(|name| in_case_of(prefix, name)).collect())
}

fn help_topics(before: &[Word], prefix: &str, catalog: &Catalog) -> Vec<String> {
    if let [container, ..] = before {
        return subcommands(&container.bytes, prefix, catalog);
    }
    if prefix.starts_with('@') {
        let groups = catalog.groups().into_iter().map(|group| format!("@{group}"));
        return groups.filter(|group| begins(group, prefix)).collect();
    }
    names(prefix, catalog)
}

fn subcommands(container: &[u8], prefix: &str, catalog: &Catalog) -> Vec<String> {
    let container = String::from_utf8_lossy(container).to_uppercase();
    let inside = catalog.inside(&container).filter_map(|command| command.name.split_once(' '));
    let found = inside.filter(|(_, name)| begins(name, prefix));
    tidy(found.map(|(_, name)| in_case_of(prefix, name.to_owned())).collect())
}

fn arguments(
    words: &[Word],
    prefix: &[u8],
    prefix_text: &str,
    catalog: &Catalog,
    aside: &mut Aside,
) -> Vec<Pair> {
    let typed: Vec<&[u8]> = words.iter().map(|word| word.bytes.as_slice()).collect();
    if let [container] = typed.as_slice() {
        let subcommands = subcommands(container, prefix_text, catalog);
        if !subcommands.is_empty() {
            return all_plain(subcommands);
        }
    }
    if let [peek] = typed.as_slice() {
        if peek.eq_ignore_ascii_case(b"peek") {
            return keys(prefix, &[], aside);
        }
    }
    let Some((command, name_words)) = catalog.find(&typed) else { return Vec::new() };
    let args = &typed[name_words..];
    if let Some(offers) = values(command, args, prefix_text, aside) {
        return offers;
    }
    let mut offers = Vec::new();
    let expected = progress(&command.args, args).next;
    for token in expected.iter().filter_map(token) {
        if begins(token, prefix_text) {
            offers.push(plain(in_case_of(prefix_text, token.to_owned())));
        }
    }
    if expected.contains(&Expected::Key) {
        offers.extend(keys(prefix, types_of(command), aside));
    }
    offers
}

fn token(expected: &Expected) -> Option<&str> {
    match expected {
        Expected::Token(token) => Some(token),
        _ => None,
    }
}

/// Keys of these types, of any type when there are none.
fn keys(prefix: &[u8], types: &[&str], aside: &mut Aside) -> Vec<Pair> {
    let found = match types {
        [] => aside.keys(prefix, None),
        types => types.iter().flat_map(|kind| aside.keys(prefix, Some(kind))).collect(),
    };
    found.iter().map(|key| plain(quoted_if_needed(key))).collect()
}

/// The types of keys that fit the command, as TYPE calls them; none when all do.
fn types_of(command: &Command) -> &'static [&'static str] {
    match (command.name.as_str(), command.group.as_str()) {
        // These read plain sets too.
        ("ZUNION" | "ZUNIONSTORE" | "ZINTER" | "ZINTERSTORE" | "ZINTERCARD" | "ZDIFF" | "ZDIFFSTORE", _) => {
            &["zset", "set"]
        }
        ("SORT" | "SORT_RO", _) => &["list", "set", "zset"],
        (_, "string" | "bitmap" | "hyperloglog") => &["string"],
        (_, "list") => &["list"],
        (_, "hash") => &["hash"],
        (_, "set") => &["set"],
        (_, "sorted-set" | "sorted_set" | "geo") => &["zset"],
        (_, "stream") => &["stream"],
        _ => &[],
    }
}

/// What is shown as it is typed.
pub(super) fn plain(text: String) -> Pair {
    Pair { display: text.clone(), replacement: text }
}

fn all_plain(texts: Vec<String>) -> Vec<Pair> {
    texts.into_iter().map(plain).collect()
}

/// A key as it has to be typed.
pub(super) fn quoted_if_needed(key: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if !key.is_empty() && key.iter().all(is_plain) {
        return String::from_utf8_lossy(key).into_owned();
    }
    let mut quoted = Vec::new();
    write_quoted(key, &mut quoted).expect("a vector takes every byte");
    String::from_utf8_lossy(&quoted).into_owned()
}

/// Whether a name begins so, in whatever case.
pub(super) fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Small letters for those who type small letters.
fn in_case_of(prefix: &str, name: String) -> String {
    match prefix.chars().next_back() {
        Some(letter) if letter.is_lowercase() => name.to_lowercase(),
        _ => name,
    }
}

fn first_word(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

fn tidy(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(line: &str) -> Vec<String> {
        let (_, offers) = complete(line, &Catalog::built_in(), &mut Aside::default());
        offers.into_iter().map(|offer| offer.replacement).collect()
    }

    #[test]
    fn names_subcommands_and_options_are_offered() {
        assert_eq!(offers("getr"), ["getrange"]);
        assert_eq!(offers("GETR"), ["GETRANGE"]);
        assert_eq!(offers("config re"), ["resetstat", "rewrite"]);
        assert_eq!(offers("SET k v NX E"), ["EX", "EXAT"]);
        assert_eq!(offers("SET k v EX "), Vec::<String>::new());
        assert_eq!(offers("help @ha"), ["@hash"]);
        assert_eq!(offers("HELP CONFIG G"), ["GET"]);
        assert_eq!(offers("NOSUCH x"), Vec::<String>::new());
    }

    #[test]
    fn keys_that_are_no_plain_words_are_quoted() {
        assert_eq!(quoted_if_needed(b"user:1"), "user:1");
        assert_eq!(quoted_if_needed(b"a b\x00"), "\"a b\\x00\"");
        assert_eq!(quoted_if_needed(b""), "\"\"");
    }
}
