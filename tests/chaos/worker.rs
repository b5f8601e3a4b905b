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
        let kind = ["count", "string", "list", "hash", "set", "zset"][self.random.below(6)];
        let mut index = self.random.below(KEYS);
        let key = loop {
            let key = format!("{}:{kind}:{index}", self.number);
            if !self.uncertain.contains_key(&key) {
                break key;
            }
            index += KEYS;
        };
        let word = format!("{:016x}", self.random.below(usize::MAX));
        let score = self.random.between(-20, 20).to_string();
        let words: &[&str] = match kind {
            _ if self.random.below(10) == 0 => &["DEL", &key],
            "count" => &["INCR", &key],
            "string" => &["SET", &key, &word],
            "list" => &["RPUSH", &key, &word],
            "set" if self.random.below(3) == 0 => &["SPOP", &key],
            "set" => &["SADD", &key, &word[..1]],
            "zset" => match self.random.below(6) {
                0 => &["ZPOPMIN", &key],
                1 => &["ZINCRBY", &key, &score, &word[..1]],
                2 => &["ZADD", &key, "GT", "CH", &score, &word[..1]],
                _ => &["ZADD", &key, "CH", &score, &word[..1]],
            },
            _ => &["HSET", &key, &word[..1], &word],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn apply(&mut self, words: &[String], reply: &Reply) {
        let before = self.keys.remove(&words[1]).unwrap_or_default();
        let mut outcomes = outcomes(&before, words);
        // What was picked at random the reply tells.
        outcomes.retain(|(_, expected)| reply == expected);
        assert_eq!(outcomes.len(), 1, "{words:?} where there was {before:?}: {reply:?}");
        let (after, _) = outcomes.remove(0);
        self.keys.insert(words[1].clone(), after);
    }

    fn doubt(&mut self, words: &[String]) {
        let before = self.keys.remove(&words[1]).unwrap_or_default();
        let after = outcomes(&before, words).into_iter().map(|(after, _)| after);
        let values = after.chain([before.clone()]).collect();
        self.uncertain.insert(words[1].clone(), values);
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

/// What a key may hold after a request, and what the reply is then: several only where members are picked at random.
fn outcomes(before: &Value, words: &[String]) -> Vec<(Value, Reply)> {
    let reply = |number: usize| Reply::Integer(number as i64);
    let one = |after: Value, reply: Reply| vec![(after, reply)];
    match words[0].as_str() {
        "DEL" => one(Value::new(), reply(usize::from(!before.is_empty()))),
        "INCR" => {
            let count: i64 = before.first().map_or(0, |count| count.parse().unwrap());
            one(vec![(count + 1).to_string()], Reply::Integer(count + 1))
        }
        "SET" => one(vec![words[2].clone()], Reply::OK),
        "RPUSH" => {
            let after = [before, &words[2..]].concat();
            let len = after.len();
            one(after, reply(len))
        }
        "SADD" => {
            let after: BTreeSet<_> = before.iter().chain(&words[2..]).cloned().collect();
            let added = after.len() - before.len();
            one(after.into_iter().collect(), reply(added))
        }
        "SPOP" if before.is_empty() => one(Value::new(), Reply::Null),
        "SPOP" => {
            let without = |member: &String| before.iter().filter(|other| *other != member).cloned().collect();
            before.iter().map(|member| (without(member), Reply::bulk(member.clone()))).collect()
        }
        name if name.starts_with('Z') => scored(before, words),
        _ => {
            let mut fields: BTreeMap<_, _> =
                before.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let is_new = fields.insert(words[2].clone(), words[3].clone()).is_none();
            let after = fields.into_iter().flat_map(|(field, value)| [field, value]).collect();
            one(after, reply(usize::from(is_new)))
        }
    }
}

/// What a sorted set holds after a request, members and scores in order, and the reply.
fn scored(before: &Value, words: &[String]) -> Vec<(Value, Reply)> {
    let number = |text: &String| text.parse::<i64>().unwrap();
    let mut scores: BTreeMap<_, _> =
        before.chunks(2).map(|pair| (pair[0].clone(), number(&pair[1]))).collect();
    let member = &words[words.len() - 1];
    let old = scores.get(member).copied();
    let reply = match words[0].as_str() {
        "ZPOPMIN" => {
            let popped = &before[..before.len().min(2)];
            popped.first().map(|member| scores.remove(member));
            Reply::Array(popped.iter().map(|word| Reply::bulk(word.clone())).collect())
        }
        "ZINCRBY" => {
            let sum = old.unwrap_or_default() + number(&words[2]);
            scores.insert(member.clone(), sum);
            Reply::bulk(sum.to_string())
        }
        _ => {
            let score = number(&words[words.len() - 2]);
            let kept = old.is_some_and(|old| words[2] == "GT" && old >= score);
            let score = if kept { old.unwrap_or_default() } else { score };
            scores.insert(member.clone(), score);
            Reply::Integer(i64::from(old != Some(score)))
        }
    };
    let mut pairs: Vec<_> = scores.into_iter().collect();
    pairs.sort_by(|(one, score), (other, other_score)| (score, one).cmp(&(other_score, other)));
    let after = pairs.into_iter().flat_map(|(member, score)| [member, score.to_string()]).collect();
    vec![(after, reply)]
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
        "set" => client.call(&["SMEMBERS", key]),
        "zset" => client.call(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        _ => client.call(&["GET", key]),
    };
    match &reply {
        Reply::Null => Value::new(),
        Reply::Array(words) if key.contains("hash") => {
            let pairs: BTreeMap<_, _> =
                words.chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            pairs.into_iter().flat_map(|(field, value)| [field, value]).collect()
        }
        Reply::Array(words) | Reply::Set(words) if key.contains(":set:") => {
            words.iter().map(text).collect::<BTreeSet<_>>().into_iter().collect()
        }
        Reply::Array(words) => words.iter().map(text).collect(),
        other => vec![text(other)],
    }
}
