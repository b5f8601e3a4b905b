//! What an argument's name says of it: its type, and what a group of arguments is called.
//!
//! The names are those of Redis's command pages, so the same word means the same thing nearly everywhere; a
//! command that uses one otherwise says so with an escape (`start:string`).

use super::{Argument, Kind};

/// The names of arguments that are not plain strings. Names beginning with `unix-time` are times.
const KINDS: &[(Kind, &str)] = &[
    (Kind::Key, "key key1 key2 newkey source sourcekey destination destkey src dst"),
    (Kind::Pattern, "pattern"),
    (Kind::Double, "longitude latitude radius width height score min max timeout"),
    (
        Kind::Integer,
        "seconds milliseconds ms ttl count num-matches numkeys numreplicas numlocal len limit rank",
    ),
    (Kind::Integer, "start stop end index index1 index2 offset bit bits increment decrement weight cursor"),
    (Kind::Integer, "protover client-id port db destination-db slot frequency version"),
    (Kind::Integer, "entries_read entries_added"),
];

/// Tokens whose names are not their own letters in lower case.
const TOKEN_NAMES: &[(&str, &str)] = &[
    ("=", "equal"),
    ("~", "approximately"),
    ("*", "auto_id"),
    ("$", "new_id"),
    ("\"\"", "empty_string"),
    ("CH", "change"),
    ("INCR", "increment"),
    ("ALPHA", "sorting"),
];

/// What a choice is called that has a token, by one of its alternatives.
const CHOICE_NAMES: &[(&str, &str)] = &[
    ("NX", "condition"),
    ("GT", "comparison"),
    ("EX", "expiration"),
    ("LEFT", "where"),
    ("BEFORE", "where"),
    ("SUM", "aggregate"),
    ("MIN", "where"),
    ("ASC", "order"),
    ("KM", "unit"),
    ("ASYNC", "async"),
    ("BYTE", "index_unit"),
    ("BYSCORE", "sortby"),
    ("MAXLEN", "strategy"),
    ("=", "operator"),
];

/// Whether a word stands for itself: capitals and signs only.
pub(super) fn is_token(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

pub(super) fn token_name(token: &str) -> String {
    let named = TOKEN_NAMES.iter().find(|(word, _)| *word == token);
    named.map_or_else(|| token.to_ascii_lowercase(), |(_, name)| (*name).to_owned())
}

/// Name and type of a word as written, which may give its type itself.
pub(super) fn leaf_kind(word: &'static str) -> (&'static str, Kind) {
    let given = [Kind::String, Kind::Integer, Kind::Double, Kind::Key, Kind::Pattern, Kind::UnixTime];
    if let Some((name, suffix)) = word.rsplit_once(':') {
        if let Some(kind) = given.into_iter().find(|kind| kind.name() == suffix) {
            return (name, kind);
        }
    }
    let listed =
        KINDS.iter().find(|(_, names)| names.split(' ').any(|name| name == word)).map(|(kind, _)| *kind);
    let otherwise = if word.starts_with("unix-time") { Kind::UnixTime } else { Kind::String };
    (word, listed.unwrap_or(otherwise))
}

/// What a choice or block without a name of its own is called: as [`CHOICE_NAMES`] says, or after its parts.
pub(super) fn group_name(kind: Kind, parts: &[Argument]) -> String {
    let has = |token: &str| parts.iter().any(|part| part.token == Some(token));
    let known = CHOICE_NAMES.iter().find(|(token, _)| kind == Kind::OneOf && has(token));
    if let Some((_, name)) = known {
        return (*name).to_owned();
    }
    parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("_")
}
