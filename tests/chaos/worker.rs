//! A client with a model of its own keys: what they hold, or may hold.

use crate::common::Client;
use crate::random::Random;
use memora::resp::Reply;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Keys of each kind at any time.
const KEYS: usize = 40;

/// Of so many requests one is sent by a client that leaves at once.
const LEAVES: usize = 300;

/// What a key holds, as words; none: it is not there.
type Value = Vec<String>;

/// A client and what it knows.
pub(crate) struct Worker {
    number: usize,
    random: Random,
    keys: BTreeMap<String, Value>,
    /// Keys whose last request has an unknown outcome, with what they may hold. They are not touched again, as a
    /// request that a client left behind may be executed later than those that follow it.
    uncertain: BTreeMap<String, BTreeSet<Value>>,
}

impl Worker {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        let random = Random::new(seed.wrapping_mul(1000) + number as u64);
        Self { number, random, keys: BTreeMap::new(), uncertain: BTreeMap::new() }
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self, address: SocketAddr, stop: &AtomicBool, requests: &AtomicU64) -> Self {
        let mut client = Client::connect(address);
        while !stop.load(Ordering::Relaxed) {
            let words = self.request();
            let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            if self.random.below(LEAVES) == 0 {
                client.send(crate::common::request(&arguments));
                client = Client::connect(address);
                self.doubt(&words);
                continue;
            }
            let reply = client.call(&arguments);
            requests.fetch_add(1, Ordering::Relaxed);
            match &reply {
                Reply::Error(text) if text.starts_with(b"LOADING") => {}
                Reply::Error(text) if text.starts_with(b"ERR internal error") => self.doubt(&words),
                Reply::Error(text) => panic!("{words:?}: {}", text.escape_ascii()),
                _ => self.apply(&words, &reply),
            }
        }
        self
    }

    /// A random request about one of its own keys that is not in doubt.
    fn request(&mut self) -> Vec<String> {
        let kind = ["count", "string", "list", "hash"][self.random.below(4)];
        let mut index = self.random.below(KEYS);
        let key = loop {
            let key = format!("{}:{kind}:{index}", self.number);
            if !self.uncertain.contains_key(&key) {
                break key;
            }
            index += KEYS;
        };
        let word = format!("{:016x}", self.random.below(usize::MAX));
        let words: &[&str] = match kind {
            _ if self.random.below(10) == 0 => &["DEL", &key],
            "count" => &["INCR", &key],
            "string" => &["SET", &key, &word],
            "list" => &["RPUSH", &key, &word],
            _ => &["HSET", &key, &word[..1], &word],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn apply(&mut self, words: &[String], reply: &Reply) {
        let before = self.keys.remove(&words[1]).unwrap_or_default();
        let after = outcome(before.clone(), words);
        let expected = match words[0].as_str() {
            "DEL" => Reply::Integer(i64::from(!before.is_empty())),
            "INCR" => Reply::Integer(after[0].parse().unwrap()),
            "RPUSH" => Reply::Integer(after.len() as i64),
            "HSET" => Reply::Integer((after.len() as i64 - before.len() as i64) / 2),
            _ => Reply::OK,
        };
        assert_eq!(*reply, expected, "{words:?} where there was {before:?}");
        self.keys.insert(words[1].clone(), after);
    }

    fn doubt(&mut self, words: &[String]) {
        let before = self.keys.remove(&words[1]).unwrap_or_default();
        let after = outcome(before.clone(), words);
        self.uncertain.insert(words[1].clone(), [before, after].into());
    }

    /// The server holds what this client was told.
    pub(crate) fn check(&self, client: &mut Client) {
        for (key, value) in &self.keys {
            assert_eq!(look(client, key), *value, "{key}");
        }
        for (key, values) in &self.uncertain {
            let found = look(client, key);
            assert!(values.contains(&found), "{key} holds {found:?}, not one of {values:?}");
        }
    }
}

/// What a key holds after a request.
fn outcome(mut before: Value, words: &[String]) -> Value {
    match words[0].as_str() {
        "DEL" => Value::new(),
        "INCR" => {
            let count: i64 = before.first().map_or(0, |count| count.parse().unwrap());
            vec![(count + 1).to_string()]
        }
        "SET" => vec![words[2].clone()],
        "RPUSH" => {
            before.push(words[2].clone());
            before
        }
        _ => {
            let mut fields: BTreeMap<_, _> =
                before.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            fields.insert(words[2].clone(), words[3].clone());
            fields.into_iter().flat_map(|(field, value)| [field, value]).collect()
        }
    }
}

/// What a key of the server holds.
fn look(client: &mut Client, key: &str) -> Value {
    let text = |reply: &Reply| match reply {
        Reply::Bulk(text) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
        other => panic!("{key}: {other:?}"),
    };
    let reply = match key.split(':').nth(1).unwrap() {
        "list" => client.call(&["LRANGE", key, "0", "-1"]),
        "hash" => client.call(&["HGETALL", key]),
        _ => client.call(&["GET", key]),
    };
    match &reply {
        Reply::Null => Value::new(),
        Reply::Array(words) if key.contains("hash") => {
            let pairs: BTreeMap<_, _> =
                words.chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            pairs.into_iter().flat_map(|(field, value)| [field, value]).collect()
        }
        Reply::Array(words) => words.iter().map(text).collect(),
        other => vec![text(other)],
    }
}
