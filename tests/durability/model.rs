//! What a writer's own keys hold after each of its requests: a small store that understands the words that
//! [`crate::writer`] sends.

use crate::wire::{Client, Value};
use std::collections::{BTreeMap, VecDeque};

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Text(Vec<u8>),
    List(VecDeque<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
}

/// A value and its deadline.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) held: Held,
    pub(crate) deadline_ms: Option<u64>,
}

/// All keys of one writer.
pub(crate) type Keys = BTreeMap<Vec<u8>, Entry>;

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &[u8]| text[..text.len().min(60)].escape_ascii().to_string();
        match &self.held {
            Held::Text(text) => write!(f, "{} bytes \"{}\"", text.len(), short(text))?,
            Held::List(items) => {
                let ends: Vec<_> =
                    items.front().into_iter().chain(items.back()).map(|item| short(item)).collect();
                write!(f, "{} elements {ends:?}", items.len())?;
            }
            Held::Hash(fields) => {
                let shown: Vec<_> =
                    fields.iter().take(9).map(|(f, v)| short(&[f, &b"="[..], v].concat())).collect();
                write!(f, "{} fields {shown:?}", fields.len())?;
            }
        }
        write!(f, ", deadline {:?}", self.deadline_ms)
    }
}

/// Whether a key's deadline may pass during the test, so that nobody can say whether it is there.
pub(crate) fn is_fleeting(key: &[u8]) -> bool {
    key.windows(6).any(|part| part == b":fleet")
}

/// Carries out a request; answers the number that the server has to reply, if it is one that can be known.
pub(crate) fn apply(keys: &mut Keys, words: &[Vec<u8>]) -> Option<i64> {
    let key = words.get(1)?;
    let rest = &words[2..];
    match words[0].as_slice() {
        b"SET" => {
            let deadline_ms = rest.get(2).map(|ms| number(ms).unsigned_abs());
            keys.insert(key.clone(), Entry { held: Held::Text(rest[0].clone()), deadline_ms });
            None
        }
        b"MSET" => {
            for pair in words[1..].chunks(2) {
                keys.insert(pair[0].clone(), Entry { held: Held::Text(pair[1].clone()), deadline_ms: None });
            }
            None
        }
        b"INCRBY" => {
            let text = text(keys, key, b"0");
            let sum = number(text) + number(&rest[0]);
            *text = sum.to_string().into_bytes();
            Some(sum)
        }
        b"APPEND" => {
            let text = text(keys, key, b"");
            text.extend_from_slice(&rest[0]);
            i64::try_from(text.len()).ok()
        }
        b"RPUSH" => {
            let list = list(keys, key);
            list.extend(rest.iter().cloned());
            i64::try_from(list.len()).ok()
        }
        b"LPOP" => {
            let list = list(keys, key);
            list.pop_front();
            if list.is_empty() {
                keys.remove(key);
            }
            None
        }
        b"HSET" => {
            let hash = hash(keys, key);
            let before = hash.len();
            hash.extend(rest.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())));
            i64::try_from(hash.len() - before).ok()
        }
        b"HDEL" => {
            let hash = hash(keys, key);
            let removed = rest.iter().filter(|field| hash.remove(*field).is_some()).count();
            if hash.is_empty() {
                keys.remove(key);
            }
            i64::try_from(removed).ok()
        }
        b"DEL" => {
            let removed = keys.remove(key).is_some();
            (!is_fleeting(key)).then_some(removed.into())
        }
        b"PEXPIREAT" => Some(set_deadline(keys, key, number(&rest[0])).into()),
        b"PERSIST" => Some(keys.get_mut(key).is_some_and(|entry| entry.deadline_ms.take().is_some()).into()),
        other => panic!("the model does not know {}", other.escape_ascii()),
    }
}

/// A deadline in the first second of all time is one that has passed.
fn set_deadline(keys: &mut Keys, key: &[u8], at_ms: i64) -> bool {
    if at_ms < 1000 {
        return keys.remove(key).is_some();
    }
    let entry = keys.get_mut(key);
    entry.map(|entry| entry.deadline_ms = Some(at_ms.unsigned_abs())).is_some()
}

fn number(text: &[u8]) -> i64 {
    std::str::from_utf8(text).unwrap().parse().unwrap()
}

fn entry<'a>(keys: &'a mut Keys, key: &[u8], empty: Held) -> &'a mut Held {
    &mut keys.entry(key.to_vec()).or_insert(Entry { held: empty, deadline_ms: None }).held
}

fn text<'a>(keys: &'a mut Keys, key: &[u8], empty: &[u8]) -> &'a mut Vec<u8> {
    match entry(keys, key, Held::Text(empty.to_vec())) {
        Held::Text(text) => text,
        _ => panic!("the writer mixes up its keys"),
    }
}

fn list<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut VecDeque<Vec<u8>> {
    match entry(keys, key, Held::List(VecDeque::new())) {
        Held::List(list) => list,
        _ => panic!("the writer mixes up its keys"),
    }
}

fn hash<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut BTreeMap<Vec<u8>, Vec<u8>> {
    match entry(keys, key, Held::Hash(BTreeMap::new())) {
        Held::Hash(hash) => hash,
        _ => panic!("the writer mixes up its keys"),
    }
}

/// What a server holds of the keys that match.
pub(crate) fn read(client: &mut Client, pattern: &str) -> Keys {
    let names: Vec<_> =
        client.ask_text(&["KEYS", pattern]).items().iter().map(|key| key.bytes().to_vec()).collect();
    names.into_iter().filter_map(|key| Some((key.clone(), read_entry(client, &key)?))).collect()
}

/// What a server holds under a key; nothing if its deadline passes just now.
pub(crate) fn read_entry(client: &mut Client, key: &[u8]) -> Option<Entry> {
    let mut ask = |words: &[&str]| {
        let key = key.to_vec();
        let mut words: Vec<_> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        words.insert(1, key);
        client.ask(&words)
    };
    let bytes = |value: &Value| value.bytes().to_vec();
    let held = match ask(&["TYPE"]).bytes() {
        b"string" => match ask(&["GET"]) {
            Value::Null(_) => return None,
            text => Held::Text(bytes(&text)),
        },
        b"list" => Held::List(ask(&["LRANGE", "0", "-1"]).items().into_iter().map(bytes).collect()),
        b"hash" => {
            let words: Vec<_> = ask(&["HGETALL"]).items().into_iter().map(bytes).collect();
            Held::Hash(words.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
        }
        b"none" => return None,
        other => panic!("TYPE of {}: {}", key.escape_ascii(), other.escape_ascii()),
    };
    match ask(&["PEXPIRETIME"]).integer() {
        Some(-2) => None,
        at_ms => Some(Entry { held, deadline_ms: at_ms.and_then(|at_ms| u64::try_from(at_ms).ok()) }),
    }
}
