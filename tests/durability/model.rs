//! What a writer's own keys hold after each of its requests: a small store that understands the words that
//! [`crate::writer`] sends.

use crate::held::{Entry, Held, Keys, is_fleeting};
use crate::members;
use std::collections::{BTreeMap, VecDeque};

/// Carries out a request; answers the number that the server has to reply, if it is one that can be known. `picked` is
/// what the server has picked at random for it, where it has said so.
pub(crate) fn apply(keys: &mut Keys, words: &[Vec<u8>], picked: Option<&[Vec<u8>]>) -> Option<i64> {
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
        _ => members::apply(keys, words, picked),
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

pub(crate) fn number(text: &[u8]) -> i64 {
    std::str::from_utf8(text).unwrap().parse().unwrap()
}

pub(crate) fn entry<'a>(keys: &'a mut Keys, key: &[u8], empty: Held) -> &'a mut Held {
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
