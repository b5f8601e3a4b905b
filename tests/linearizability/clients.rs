//! Clients that use the same few keys at once and write down what they saw.

use super::checker::{Event, LONGEST};
use super::model::{Call, KEYS, Told};
use super::random::Random;
use crate::common::{Client, request};
use memora::resp::Reply;
use memora::server::Server;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What a history consists of.
pub(crate) type Seen = Event<Call, Told>;

/// How many clients there are.
const CLIENTS: usize = 5;

/// How many operations each of them does with the same keys.
const OPERATIONS: usize = 14;

const _: () = assert!(CLIENTS * OPERATIONS <= LONGEST);

/// Of a hundred operations so many are a panic, where the server is to panic. It takes longer to come back each time, in
/// the end two seconds, so there are few.
const PANIC_PERCENT: usize = 1;

const UNKNOWN: &str = "ERR internal error while executing this command, its outcome is unknown";

/// Has the clients work for some rounds, each with keys of its own; answers the history of each round.
pub(crate) fn work(server: &Server, rounds: usize, seed: u64, panics: bool) -> Vec<Vec<Seen>> {
    let clock = AtomicU64::new(0);
    let worker = |number: u64| Worker {
        client: Client::of(server),
        clock: &clock,
        random: Random::new(seed ^ (number << 32)),
        panics,
        values: number << 32,
        keys: String::new(),
    };
    let mut workers: Vec<_> = (0..CLIENTS as u64).map(worker).collect();
    let round = |round: usize| {
        let keys = format!("{seed}:{round}");
        let histories = thread::scope(|scope| {
            let threads: Vec<_> =
                workers.iter_mut().map(|worker| scope.spawn(|| worker.round(&keys))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        histories.concat()
    };
    (0..rounds).map(round).collect()
}

struct Worker<'a> {
    client: Client,
    clock: &'a AtomicU64,
    random: Random,
    panics: bool,
    /// The last value that it wrote: no two are alike.
    values: u64,
    /// What the names of the round's keys begin with.
    keys: String,
}

impl Worker<'_> {
    fn round(&mut self, keys: &str) -> Vec<Seen> {
        keys.clone_into(&mut self.keys);
        (0..OPERATIONS).map(|_| self.operation()).collect()
    }

    /// Does something until it is not refused.
    fn operation(&mut self) -> Seen {
        let call = self.call();
        loop {
            let panics = self.panics && self.random.chance(PANIC_PERCENT);
            let began = self.clock.fetch_add(1, Ordering::SeqCst);
            let reply = self.send(&call, panics);
            let ended = self.clock.fetch_add(1, Ordering::SeqCst);
            match reply {
                Outcome::Refused => {}
                Outcome::Unknown => return Event { call, reply: None, began, ended },
                Outcome::Told(told) => return Event { call, reply: Some(told), began, ended },
            }
        }
    }

    fn call(&mut self) -> Call {
        let key = self.random.below(KEYS);
        self.values += 1;
        let value = i64::try_from(self.values).unwrap();
        match self.random.below(10) {
            0 => Call::Get(key),
            1 => Call::Set(key, value),
            2 => Call::Incr(key),
            3 => Call::Lpush(key, value),
            4 => Call::Rpush(key, value),
            5 => Call::Lpop(key),
            6..=7 => Call::Blpop(key),
            _ => Call::Exec((0..=self.random.below(3)).map(|_| self.inner_call()).collect()),
        }
    }

    /// A command within a transaction.
    fn inner_call(&mut self) -> Call {
        loop {
            let call = self.call();
            if !matches!(call, Call::Exec(_)) {
                return call;
            }
        }
    }

    /// Sends a command. If there is to be a panic, it is in the middle of the transaction, or right behind the command, whose
    /// answer has to hold then.
    fn send(&mut self, call: &Call, panics: bool) -> Outcome {
        let mut requests = match call {
            Call::Exec(calls) => {
                let calls = calls.iter().map(|call| self.words(call));
                [words("MULTI")].into_iter().chain(calls).chain([words("EXEC")]).collect()
            }
            call => vec![self.words(call)],
        };
        let is_alone = requests.len() == 1;
        if panics {
            requests.insert(requests.len().div_ceil(2), words("DEBUG PANIC"));
        }
        self.client.send(requests.iter().flat_map(|words| request(words)).collect::<Vec<_>>());
        let replies: Vec<_> = requests.iter().map(|_| self.client.reply()).collect();
        outcome(call, if is_alone { replies.first() } else { replies.last() }.unwrap())
    }

    fn words(&self, call: &Call) -> Vec<String> {
        let string = |key: &usize| format!("{}:s{key}", self.keys);
        let list = |key: &usize| format!("{}:l{key}", self.keys);
        match call {
            Call::Get(key) => vec!["GET".into(), string(key)],
            Call::Set(key, value) => vec!["SET".into(), string(key), value.to_string()],
            Call::Incr(key) => vec!["INCR".into(), string(key)],
            Call::Lpush(key, value) => vec!["LPUSH".into(), list(key), value.to_string()],
            Call::Rpush(key, value) => vec!["RPUSH".into(), list(key), value.to_string()],
            Call::Lpop(key) => vec!["LPOP".into(), list(key)],
            Call::Blpop(first) => {
                let keys = (*first..KEYS).chain(0..*first).map(|key| list(&key));
                ["BLPOP".into()].into_iter().chain(keys).chain(["0.02".into()]).collect()
            }
            Call::Exec(_) => unreachable!("a transaction is more than one request"),
        }
    }
}

/// What became of an operation.
enum Outcome {
    Told(Told),
    Unknown,
    /// It has not happened.
    Refused,
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn is_unknown(reply: &Reply) -> bool {
    match reply {
        Reply::Error(text) => text == UNKNOWN.as_bytes(),
        Reply::Array(items) => items.iter().any(is_unknown),
        _ => false,
    }
}

fn outcome(call: &Call, reply: &Reply) -> Outcome {
    match reply {
        reply if is_unknown(reply) => Outcome::Unknown,
        Reply::Error(text) => {
            let text = text.escape_ascii().to_string();
            assert!(text.starts_with("LOADING") || text.starts_with("EXECABORT"), "{call:?}: {text}");
            Outcome::Refused
        }
        reply => Outcome::Told(told(call, reply)),
    }
}

fn told(call: &Call, reply: &Reply) -> Told {
    match (call, reply) {
        (_, Reply::Null | Reply::NullArray) => Told::Nothing,
        (_, Reply::Integer(number)) => Told::Number(*number),
        (_, Reply::Bulk(text)) => Told::Element(number(text.as_bytes())),
        (Call::Exec(calls), Reply::Array(items)) => {
            assert_eq!(calls.len(), items.len());
            Told::All(calls.iter().zip(items).map(|(call, item)| told(call, item)).collect())
        }
        (Call::Blpop(_), Reply::Array(items)) => {
            let [Reply::Bulk(key), Reply::Bulk(value)] = &items[..] else { panic!("{items:?}") };
            let last = *key.as_bytes().last().unwrap();
            Told::From(usize::from(last - b'0'), number(value.as_bytes()))
        }
        (Call::Set(..), Reply::Simple(text)) if text == "OK" => Told::Ok,
        other => panic!("{other:?}"),
    }
}

fn number(text: &[u8]) -> i64 {
    std::str::from_utf8(text).unwrap().parse().unwrap()
}
