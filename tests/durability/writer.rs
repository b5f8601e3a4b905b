//! A client that writes, and remembers what it sent and what was acknowledged.
//!
//! A writer's requests are carried out in their order, so what is found after a crash has to be what the first so many
//! of them leave: see [`crate::verdict`]. Beside its own keys each writer writes to keys that all share.

use crate::held::Keys;
use crate::members;
use crate::model::apply;
use crate::node::{Kind, tried};
use crate::random::Random;
use crate::wire::{Client, Value, Words, encode};
use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The longest pipeline.
const LONGEST_PIPELINE: usize = 40;

/// The length of a value that takes the way of big ones.
const BIG_VALUE_BYTES: usize = 20_000;

/// Databases that are written to: writers of even and odd numbers.
pub(crate) const DATABASES: usize = 2;

/// What one writer knows.
pub(crate) struct Writer {
    pub(crate) number: usize,
    pub(crate) round: usize,
    random: Random,
    /// What its keys held before the first request.
    pub(crate) before: Keys,
    /// What they hold behind the last one that was sent.
    now: Keys,
    pub(crate) sent: Vec<Words>,
    /// When each of the first requests was acknowledged; those behind were not.
    pub(crate) acknowledged: Vec<Instant>,
    /// What the server answered where it picked members at random: by the number of the request.
    pub(crate) picked: BTreeMap<usize, Vec<Vec<u8>>>,
    /// So many requests are durable by the server's own word.
    pub(crate) promised: usize,
    /// Requests that are mixed in: `BGSAVE`, for example.
    extras: Vec<Words>,
}

/// What the replies to one pipeline are compared with: for each, the number it has to be.
type Expected = Vec<Option<i64>>;

impl Writer {
    pub(crate) fn new(number: usize, round: usize, before: Keys, extras: &[&str], seed: u64) -> Self {
        let mixed = seed ^ ((round as u64) << 32) ^ ((number as u64) << 48);
        let words = |text: &&str| text.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        Self {
            number,
            round,
            random: Random::new(mixed),
            now: before.clone(),
            before,
            sent: Vec::new(),
            acknowledged: Vec::new(),
            picked: BTreeMap::new(),
            promised: 0,
            extras: extras.iter().map(words).collect(),
        }
    }

    pub(crate) fn database(&self) -> usize {
        self.number % DATABASES
    }

    /// Writes until the connection ends or it is told to stop; `progress` hears of every pipeline.
    pub(crate) fn run(&mut self, mut client: Client, mut progress: impl FnMut(usize) -> bool) {
        if client.ask_text(&["SELECT", &self.database().to_string()]) == Value::Closed {
            return;
        }
        loop {
            let (pipeline, expected) = self.pipeline();
            let extra = self.extra();
            let bytes: Vec<_> = pipeline.iter().chain(&extra).flat_map(|words| encode(words)).collect();
            client.send(&bytes);
            let first = self.sent.len();
            self.sent.extend(pipeline);
            for (index, expected) in expected.into_iter().enumerate() {
                let reply = client.read();
                if reply == Value::Closed {
                    return;
                }
                self.check(&self.sent[first + index], &reply, expected);
                self.note_picks(first + index, &reply);
                self.acknowledged.push(Instant::now());
            }
            if !self.read_extra(extra.as_ref(), &mut client) || !progress(self.acknowledged.len() - first) {
                return;
            }
        }
    }

    fn check(&self, words: &[Vec<u8>], reply: &Value, expected: Option<i64>) {
        let right = match expected {
            Some(number) => reply.integer() == Some(number),
            None => !reply.is_error(),
        };
        let shown = || words.join(&b' ')[..].escape_ascii().to_string().chars().take(200).collect::<String>();
        assert!(right, "writer {}: {} got {reply:?}, not {expected:?}", self.number, shown());
    }

    fn note_picks(&mut self, number: usize, reply: &Value) {
        if self.sent[number][0] == b"SPOP" {
            let picked = match reply {
                Value::Null(_) => Vec::new(),
                Value::List(..) => reply.items().into_iter().map(|member| member.bytes().to_vec()).collect(),
                one => vec![one.bytes().to_vec()],
            };
            self.picked.insert(number, picked);
        }
    }

    /// Carries out its request of this number on a model of its keys, with what the server picked for it.
    pub(crate) fn apply(&self, keys: &mut Keys, number: usize) {
        apply(keys, &self.sent[number], self.picked.get(&number).map(Vec::as_slice));
    }

    /// Reads the reply to an extra request, which may be that it is not the moment for it.
    fn read_extra(&mut self, extra: Option<&Words>, client: &mut Client) -> bool {
        let Some(words) = extra else { return true };
        match client.read() {
            Value::Closed => return false,
            // One copy of the log, this server's, has everything. Redis before 7.2 does not know the command.
            reply if words[0] == b"WAITAOF" && !reply.is_error() => {
                let local = reply.items().first().and_then(|local| local.integer());
                assert!(local.is_some(), "{reply:?}");
                if local == Some(1) {
                    self.promised = self.sent.len();
                }
            }
            reply if words[0] == b"WAITAOF" => assert!(tried() == Kind::Redis, "{reply:?}"),
            _ => {}
        }
        true
    }

    fn extra(&mut self) -> Option<Words> {
        let due = !self.extras.is_empty() && self.random.chance(25);
        due.then(|| self.extras[self.random.below(self.extras.len())].clone())
    }

    fn pipeline(&mut self) -> (Vec<Words>, Expected) {
        let len = 1 + self.random.below(LONGEST_PIPELINE);
        let requests: Vec<_> = (0..len).map(|index| self.request(self.sent.len() + index)).collect();
        let now = &mut self.now;
        let apply = |words: &Words| if is_shared(words) { None } else { apply(now, words, None) };
        let expected = requests.iter().map(apply).collect();
        (requests, expected)
    }

    /// A request; `number` makes its values different from all others.
    fn request(&mut self, number: usize) -> Words {
        let stamp = format!("{}:{}:{number}", self.number, self.round);
        let random = &mut self.random;
        if random.chance(40) {
            return members::request(random, self.number, &stamp);
        }
        let mut key = |kind: &str| {
            let which = random.below(3);
            format!("own:{}:{kind}{which}", self.number)
        };
        let (text, count, list, hash, fleet) =
            (key("text"), key("count"), key("list"), key("hash"), key("fleet"));
        let others = ["set", "lot", "zset", "geo", "sketch"].map(&mut key);
        let any = [&text, &count, &list, &hash].into_iter().chain(&others).nth(random.below(9));
        let any = any.expect("there are nine").clone();
        let (now_ms, soon_ms) = (now_ms(), random.between(1, 400));
        let shared = |name: &str| format!("shared:{}:{name}", self.round);
        let request = match random.below(23) {
            0..=2 => vec!["SET".into(), text, value(random, &stamp)],
            3 => vec!["MSET".into(), text, stamp.clone(), count, random.between(-9, 9).to_string()],
            4 => vec!["APPEND".into(), text, stamp],
            5 | 6 => vec!["INCRBY".into(), count, random.between(-5, 100).to_string()],
            7 | 8 => several("RPUSH", list, random, |index| vec![format!("{stamp}:{index}")]),
            9 => vec!["LPOP".into(), list],
            10 | 11 => {
                several("HSET", hash, random, |index| vec![format!("f{}", index * 7 % 10), stamp.clone()])
            }
            12 => vec!["HDEL".into(), hash, format!("f{}", random.below(10))],
            13 => vec!["DEL".into(), any],
            14 => vec!["PEXPIREAT".into(), any, deadline(random, now_ms).to_string()],
            15 => vec!["PERSIST".into(), any],
            16 => vec!["SET".into(), fleet, stamp, "PXAT".into(), (now_ms + soon_ms).to_string()],
            17 => vec!["INCR".into(), shared("count")],
            18 => vec!["ZINCRBY".into(), shared("tally"), "1".into(), "all".into()],
            19 => vec!["SADD".into(), shared("lot"), stamp],
            20 => vec!["SPOP".into(), shared("lot")],
            21 => {
                let len = 1 + random.below(5);
                let elements = (0..len).map(|index| format!("{stamp}:{index}:{len}"));
                ["RPUSH".to_owned(), shared("list")].into_iter().chain(elements).collect()
            }
            _ => {
                let places = ["a", "b", "c", "d"].map(|place| vec![place.to_owned(), stamp.clone()]);
                match random.chance(50) {
                    true => ["HSET".to_owned(), shared("hash")].into_iter().chain(places.concat()).collect(),
                    false => {
                        let pairs = ["x", "y", "z"].map(|name| vec![shared(name), stamp.clone()]);
                        ["MSET".to_owned()].into_iter().chain(pairs.concat()).collect()
                    }
                }
            }
        };
        request.into_iter().map(String::into_bytes).collect()
    }
}

/// Whether a request is to a key that all share.
pub(crate) fn is_shared(words: &[Vec<u8>]) -> bool {
    words.get(1).is_some_and(|key| key.starts_with(b"shared:"))
}

fn several(name: &str, key: String, random: &mut Random, part: impl Fn(usize) -> Vec<String>) -> Vec<String> {
    let parts = (0..=random.below(6)).flat_map(part);
    [name.to_owned(), key].into_iter().chain(parts).collect()
}

fn value(random: &mut Random, stamp: &str) -> String {
    match random.below(50) {
        0 => stamp.repeat(BIG_VALUE_BYTES / stamp.len()),
        1..=5 => stamp.repeat(1 + random.below(30)),
        _ => stamp.to_owned(),
    }
}

/// A deadline far ahead, or one that has passed long ago.
fn deadline(random: &mut Random, now_ms: i64) -> i64 {
    if random.chance(10) { 1 } else { now_ms + random.between(1_000_000, 9_000_000_000) }
}

pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}
