//! A case with several clients runs on both servers: step by step, each behind the one before.
//!
//! A step is taken when the server has answered it, or says that the client waits. Redis, which does one thing at a
//! time, goes first: two round trips of an observer behind that, everybody has been told all that the step brought.
//! Memora then has to tell everybody as much, and have the same clients wait. Nothing here sleeps.

use super::crowd::{Case, SOON, Step};
use super::lockstep::{Difference, Pair};
use super::participant::Participant;
use crate::wire::{Value, Words, encode};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a server may take for a step before it counts as a difference.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same while a case is made small.
const SHRINKING_PATIENCE: Duration = Duration::from_secs(2);

/// How long Redis may take; it is not what is tested.
const REDIS_PATIENCE: Duration = Duration::from_secs(60);

/// What was different.
pub(crate) struct Disagreement {
    /// Behind which step, counted from zero; none for what was found in the end.
    pub(crate) step: Option<usize>,
    /// The client that was told something else, or what else was different.
    pub(crate) what: String,
    /// What Memora and Redis told.
    pub(crate) told: [Vec<Value>; 2],
}

/// A server, an observer, and the clients.
struct Side {
    address: SocketAddr,
    observer: Participant,
    clients: Vec<Participant>,
}

/// Both servers in a case, Memora first.
struct Meeting<'a> {
    sides: [Side; 2],
    protocols: &'a [u8],
    patience: Duration,
    /// Whether an EXEC stands behind a command that waits or has waited, so that any later step may be its.
    exec_waits: bool,
}

/// Runs a case; `is_shrinking` says that many cases of the kind will hang.
pub(crate) fn meet(pair: &mut Pair, case: &Case, is_shrinking: bool) -> Option<Disagreement> {
    pair.prepare();
    let patience = if is_shrinking { SHRINKING_PATIENCE } else { PATIENCE };
    let sides = pair.addresses().map(|address| Side {
        address,
        observer: Participant::connect(address, 2, REDIS_PATIENCE),
        clients: case.protocols.iter().map(|p| Participant::connect(address, *p, REDIS_PATIENCE)).collect(),
    });
    let mut meeting = Meeting { sides, protocols: &case.protocols, patience, exec_waits: false };
    for (number, step) in case.steps.iter().enumerate() {
        if let Err((what, told)) = meeting.step(step) {
            return Some(Disagreement { step: Some(number), what, told });
        }
    }
    if let Err((what, told)) = meeting.end() {
        return Some(Disagreement { step: None, what, told });
    }
    let Difference { request, replies, .. } = pair.compare_keys()?;
    let what = format!("the data: {}", encode(&request).escape_ascii());
    Some(Disagreement { step: None, what, told: replies.map(|reply| vec![reply]) })
}

type Outcome = Result<(), (String, [Vec<Value>; 2])>;

impl Meeting<'_> {
    fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Leave { client } => self.leave(*client),
            Step::Send { client, requests } => {
                let waiting = self.sides[1].waiting();
                if waiting.contains(client) { Ok(()) } else { self.send(*client, requests) }
            }
        }
    }

    fn send(&mut self, client: usize, requests: &[Words]) -> Outcome {
        for side in &mut self.sides {
            let bytes: Vec<u8> = requests.iter().flat_map(|words| encode(&side.with_ids(words))).collect();
            side.clients[client].send(&bytes);
        }
        let ends_waiting = requests.iter().flatten().any(|word| word == SOON.as_bytes());
        let deadline = Instant::now() + REDIS_PATIENCE;
        let redis = &mut self.sides[1];
        let executes = requests.iter().any(|request| request[0].eq_ignore_ascii_case(b"EXEC"));
        loop {
            let waits = redis.waiting().contains(&client) && !ends_waiting;
            redis.clients[client].gather_now();
            if waits || !redis.clients[client].told.is_empty() {
                self.exec_waits |= waits && executes;
                break;
            }
            assert!(Instant::now() < deadline, "Redis does not answer {requests:?}");
        }
        self.compare(executes)?;
        if self.sides[1].clients[client].is_closed() { self.leave(client) } else { Ok(()) }
    }

    /// Compares what all clients have been told, and who waits.
    fn compare(&mut self, executes: bool) -> Outcome {
        let [memora, redis] = &mut self.sides;
        redis.waiting();
        redis.clients.iter_mut().for_each(Participant::gather_now);
        let waiting = redis.waiting();
        for (number, (mine, theirs)) in memora.clients.iter_mut().zip(&mut redis.clients).enumerate() {
            mine.gather(theirs.told.len(), self.patience);
            let told = [mine, theirs].map(Participant::take);
            if !are_alike(&told, self.protocols[number] == 3, executes || self.exec_waits) {
                return Err((format!("what client {number} was told"), told));
            }
        }
        let deadline = Instant::now() + self.patience;
        while memora.waiting() != waiting {
            if Instant::now() > deadline {
                let who = format!("who waits: {:?} in Memora, {waiting:?} in Redis", memora.waiting());
                return Err((who, [Vec::new(), Vec::new()]));
            }
        }
        Ok(())
    }

    /// A client closes its connection, and comes back when the server has noticed.
    fn leave(&mut self, client: usize) -> Outcome {
        for side in &mut self.sides {
            let new = Participant::connect(side.address, self.protocols[client], REDIS_PATIENCE);
            let old = std::mem::replace(&mut side.clients[client], new);
            let id = old.id;
            drop(old);
            let deadline = Instant::now() + REDIS_PATIENCE;
            while side.flags().iter().any(|(other, _)| *other == id) {
                assert!(Instant::now() < deadline, "a client is gone, and the server does not notice");
            }
        }
        self.compare(false)
    }

    /// Nobody waits any more, everybody ends what was begun, and nobody listens.
    fn end(&mut self) -> Outcome {
        while let Some(client) = self.sides[1].waiting().first().copied() {
            for side in &mut self.sides {
                let id = side.clients[client].id.to_string();
                side.observer.ask(&["CLIENT", "UNBLOCK", &id], REDIS_PATIENCE);
            }
            self.compare(false)?;
        }
        for client in 0..self.protocols.len() {
            self.send(client, &[vec![b"RESET".to_vec()]])?;
        }
        for question in [["PUBSUB", "CHANNELS"], ["PUBSUB", "NUMPAT"], ["PUBSUB", "SHARDCHANNELS"]] {
            let told = self.sides.each_mut().map(|side| vec![side.observer.ask(&question, REDIS_PATIENCE)]);
            if told[0] != told[1] {
                return Err((question.join(" "), told));
            }
        }
        Ok(())
    }
}

impl Side {
    /// The clients that wait, by their numbers in the case.
    fn waiting(&mut self) -> Vec<usize> {
        let flags = self.flags();
        let waits =
            |client: &Participant| flags.iter().any(|(id, flags)| *id == client.id && flags.contains('b'));
        (0..self.clients.len()).filter(|number| waits(&self.clients[*number])).collect()
    }

    /// Numbers and flags of all clients.
    fn flags(&mut self) -> Vec<(i64, String)> {
        let list = self.observer.ask(&["CLIENT", "LIST"], REDIS_PATIENCE);
        let text = String::from_utf8_lossy(list.bytes()).into_owned();
        let field = |line: &str, name: &str| {
            line.split(' ').find_map(|field| field.strip_prefix(name).map(str::to_owned)).unwrap()
        };
        text.lines().map(|line| (field(line, "id=").parse().unwrap(), field(line, "flags="))).collect()
    }

    /// A request with the server's numbers for its clients.
    fn with_ids(&self, words: &[Vec<u8>]) -> Words {
        let with_id = |word: &Vec<u8>| {
            let number = std::str::from_utf8(word).ok().and_then(|word| word.strip_prefix('$'));
            let number: Option<usize> = number.and_then(|number| number.parse().ok());
            match number {
                // Who is not there has a number that nobody has.
                Some(number) => {
                    self.clients.get(number).map_or(i64::MAX, |client| client.id).to_string().into_bytes()
                }
                None => word.clone(),
            }
        };
        words.iter().map(with_id).collect()
    }
}

/// Whether both servers told a client the same in a step, but for what no order is promised for.
fn are_alike(told: &[Vec<Value>; 2], resp3: bool, executes: bool) -> bool {
    let [memora, redis] = told.clone().map(|told| normal(told, resp3));
    if memora == redis {
        return true;
    }
    // Before 7.2 what a client sends to itself stands in the middle of EXEC's array, and more than one reply to one
    // UNSUBSCRIBE always does.
    let [memora, redis] = told.each_ref().map(|told| leaves(told));
    let has_no_order = |value: &Value| is_message_word(value) || value.bytes().ends_with(b"unsubscribe");
    executes && memora.iter().any(has_no_order) && memora == redis
}

/// All that is told, without order or structure.
fn leaves(told: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    let mut rest: Vec<&Value> = told.iter().collect();
    while let Some(value) = rest.pop() {
        if let Value::List(..) | Value::Map(..) = value {
            rest.extend(value.items());
        } else {
            all.push(value.clone());
        }
    }
    all.sort();
    all
}

fn is_message_word(value: &Value) -> bool {
    [&b"message"[..], b"pmessage", b"smessage"].contains(&value.bytes())
}

/// What was told in an order of our own where there is none: patterns, the channels of UNSUBSCRIBE without names,
/// and under RESP3 what a client sends to itself, which since 7.2 comes behind the reply.
fn normal(mut told: Vec<Value>, resp3: bool) -> Vec<Value> {
    if resp3 {
        told.sort_by_key(|value| value.items().first().is_some_and(|word| is_message_word(word)));
    }
    let nested = told.into_iter().map(|value| match value {
        Value::List(mark, items) => Value::List(mark, normal(items, false)),
        other => other,
    });
    let mut told: Vec<_> = nested.collect();
    told.chunk_by_mut(are_of_one_message).for_each(<[Value]>::sort);
    told.chunk_by_mut(are_unsubscriptions).for_each(sort_names);
    told
}

/// Whether two are the same message, heard for different patterns.
fn are_of_one_message(one: &Value, other: &Value) -> bool {
    let (one, other) = (one.items(), other.items());
    one.first().is_some_and(|word| word.bytes() == b"pmessage")
        && one.first() == other.first()
        && one.get(2..) == other.get(2..)
}

fn are_unsubscriptions(one: &Value, other: &Value) -> bool {
    let (one, other) = (one.items(), other.items());
    one.len() == 3 && one[0].bytes().ends_with(b"unsubscribe") && one.first() == other.first()
}

/// Sorts the names of replies to UNSUBSCRIBE; the numbers stay where they are.
fn sort_names(run: &mut [Value]) {
    if run.len() < 2 {
        return;
    }
    let mut names: Vec<_> = run.iter().map(|value| value.items()[1].clone()).collect();
    names.sort();
    for (value, name) in run.iter_mut().zip(names) {
        if let Value::List(_, items) = value {
            items[1] = name;
        }
    }
}
