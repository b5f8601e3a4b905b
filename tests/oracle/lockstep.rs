//! Both servers side by side: a case runs on each, reply by reply, and in the end all keys are compared.
//!
//! Meanwhile another connection listens to all events of keys, and a third tracks every key that a request names; what they
//! hear has to be the same, one after the other.

use super::compare::{is_alike, is_alike_as};
use super::generate::Case;
use super::rules::{CONTENTS, Compare, RESTORE, TIME_BOUND_MS};
use crate::wire::{Client, Value, Words, encode};
use memora::commands::table::table;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The channels of all events of keys.
const EVENTS: &str = "__key*";

/// What is published behind the last event.
const LAST_EVENT: &str = "__key_events_end_here";

/// How many databases a server has.
const DATABASES: usize = 16;

/// Two servers and a connection to each that prepares and inspects; Memora comes first everywhere.
pub(crate) struct Pair {
    addresses: [SocketAddr; 2],
    inspectors: [Client; 2],
    /// Who hears the events of keys.
    listeners: [Client; 2],
    /// Who tracks keys.
    trackers: [Client; 2],
}

/// The first thing that was different.
pub(crate) struct Difference {
    /// The request; for a key in the end, the one that looked at it.
    pub(crate) request: Words,
    /// Which request of the case, unless it is about what was there in the end.
    pub(crate) at: Option<usize>,
    /// The replies.
    pub(crate) replies: [Value; 2],
}

impl Pair {
    pub(crate) fn new(addresses: [SocketAddr; 2]) -> Self {
        Self {
            addresses,
            inspectors: addresses.map(connect),
            listeners: addresses.map(listen),
            trackers: addresses.map(track),
        }
    }

    /// Runs a case from a fresh start.
    pub(crate) fn run(&mut self, case: &Case) -> Option<Difference> {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run_unguarded(case)));
        outcome.unwrap_or_else(|_| {
            // A reply did not come or was no RESP; whoever failed has said so.
            self.reconnect();
            Some(Difference { request: Words::new(), at: None, replies: [Value::Closed, Value::Closed] })
        })
    }

    /// Where the servers are.
    pub(crate) fn addresses(&self) -> [SocketAddr; 2] {
        self.addresses
    }

    /// Brings both servers to where every case begins.
    pub(crate) fn prepare(&mut self) {
        for inspector in &mut self.inspectors {
            assert!(!inspector.ask_text(&["FLUSHALL"]).is_error());
            for request in RESTORE {
                assert!(!inspector.ask_text(request).is_error());
            }
        }
        // What a case before has left unheard.
        self.events();
    }

    /// Begins anew with those who inspect, after one of them failed.
    pub(crate) fn reconnect(&mut self) {
        self.inspectors = self.addresses.map(connect);
        self.listeners = self.addresses.map(listen);
        self.trackers = self.addresses.map(track);
    }

    fn run_unguarded(&mut self, case: &Case) -> Option<Difference> {
        self.prepare();
        let mut clients = self.clients(case.protocol);
        let mut queued = Vec::new();
        let mut sent = 0;
        let mut one_refused = false;
        for batch in batches(case) {
            self.pushes(&reading(batch));
            let replies = exchange(&mut clients, batch);
            for (offset, (request, (pushes, replies))) in batch.iter().zip(replies).enumerate() {
                if pushes[0] != pushes[1] {
                    let replies = pushes.map(|pushes| Value::List(b'*', pushes));
                    return Some(Difference { request: request.clone(), at: Some(sent + offset), replies });
                }
                let [memora, redis] = &replies;
                if !is_alike(request, memora, redis) && !is_alike_transaction(request, &queued, &replies) {
                    if self.is_up_to_dice(request, &replies) {
                        return None;
                    }
                    return Some(Difference { request: request.clone(), at: Some(sent + offset), replies });
                }
                // Elements before the one at which Redis notices that a sketch is damaged are in it, and in no log; Memora
                // leaves the sketch as it was.
                let is_damaged = |reply: &Value| reply.bytes().starts_with(b"INVALIDOBJ");
                if is_damaged(redis) || redis.items().into_iter().any(is_damaged) {
                    return None;
                }
                // What one server refuses for a known reason and the other does not, only the other looks for keys for.
                one_refused |= memora.is_error() != redis.is_error();
                if redis.bytes() == b"QUEUED" {
                    queued.push(request.clone());
                } else if !redis.is_error() {
                    queued.clear();
                }
                if *redis == Value::Closed {
                    clients = self.clients(case.protocol);
                    break;
                }
            }
            sent += batch.len();
            let request = words(&["PING"]);
            let replies = self.pushes(&request).map(|pushes| Value::List(b'*', pushes));
            // Of a transaction the request may have come in a step before.
            let before = &case.requests[..sent];
            if replies[0] != replies[1] && !grows_unheard(before) && !have_walked(before) {
                return Some(Difference { request, at: Some(sent - 1), replies });
            }
        }
        let difference = self.compare_events(case).filter(|_| !one_refused);
        difference.or_else(|| self.compare_keys())
    }

    /// Whether the request asks for a range of texts where scores differ, of a set that Redis keeps as a skip list: what it
    /// finds there is decided by the dice that gave the list its levels. What follows is not compared then.
    fn is_up_to_dice(&mut self, request: &Words, replies: &[Value; 2]) -> bool {
        const BY_TEXT: [&[u8]; 4] = [b"ZLEXCOUNT", b"ZRANGEBYLEX", b"ZREVRANGEBYLEX", b"ZREMRANGEBYLEX"];
        let by_option = request.iter().any(|word| word.eq_ignore_ascii_case(b"BYLEX"));
        let is_about_texts = by_option || is_one_of(request, &BY_TEXT);
        if !is_about_texts || replies.iter().any(Value::is_error) {
            return false;
        }
        let redis = &mut self.inspectors[1];
        (0..DATABASES).any(|database| {
            assert!(!redis.ask_text(&["SELECT", &database.to_string()]).is_error());
            request.iter().skip(1).take(2).any(|key| {
                let mut ask = |before: &[&str], behind: &[&str]| {
                    redis.ask(&[&words(before)[..], std::slice::from_ref(key), &words(behind)].concat())
                };
                let is_list = ask(&["OBJECT", "ENCODING"], &[]).bytes() == b"skiplist";
                let mut score = |rank| {
                    let pair = ask(&["ZRANGE"], &[rank, rank, "WITHSCORES"]);
                    pair.items().last().map(|score| score.bytes().to_vec())
                };
                is_list && score("0") != score("-1")
            })
        })
    }

    /// The events since the last call.
    fn events(&mut self) -> [Vec<Value>; 2] {
        let [memora, redis] = &mut self.inspectors;
        for inspector in [memora, redis] {
            assert!(!inspector.ask_text(&["PUBLISH", LAST_EVENT, ""]).is_error());
        }
        self.listeners.each_mut().map(|listener| {
            let events = std::iter::from_fn(|| Some(listener.read()));
            let is_event =
                |event: &Value| event.items().get(2).is_some_and(|it| it.bytes() != LAST_EVENT.as_bytes());
            events.take_while(is_event).collect()
        })
    }

    /// What those who track hear up to the reply to a request.
    fn pushes(&mut self, request: &Words) -> [Vec<Value>; 2] {
        self.trackers.each_mut().map(|tracker| {
            tracker.send(&encode(request));
            let values = std::iter::from_fn(|| Some(tracker.read()));
            values.take_while(|value| matches!(value, Value::List(b'>', _))).collect()
        })
    }

    /// The same events are told in the same order, but for several misses side by side: in which order keys are looked
    /// for that a set names (SORT BY), is each server's own.
    ///
    /// Redis's SCAN takes keys past their deadline away which it comes across (with TYPE it misses them, too), and Memora
    /// leaves that to the next tick; which of them RANDOMKEY comes across is chance. So behind these nobody can say when
    /// such keys go. Which keys SORT looks for, where LIMIT leaves out members of a set, is decided by the set's own order.
    fn compare_events(&mut self, case: &Case) -> Option<Difference> {
        let has = |request: &Words, word: &[u8]| request.iter().any(|it| it.eq_ignore_ascii_case(word));
        let has_walked = have_walked(&case.requests);
        let has_looked = case.requests.iter().any(|request| {
            is_one_of(request, &[b"SCAN"]) && has(request, b"TYPE")
                || is_one_of(request, &[b"SORT", b"SORT_RO"]) && has(request, b"LIMIT")
        });
        let is_chance = |event: &Value| {
            let channel = event.items()[2].bytes();
            has_walked && channel.ends_with(b":expired") || has_looked && channel.ends_with(b":keymiss")
        };
        let [memora, redis] = self.events().map(|mut events| {
            events.retain(|event| !is_chance(event));
            let is_miss = |event: &Value| event.items()[2].bytes().ends_with(b":keymiss");
            events.chunk_by_mut(|one, other| is_miss(one) && is_miss(other)).for_each(<[Value]>::sort);
            events
        });
        let same = memora.iter().zip(&redis).take_while(|(one, other)| one == other).count();
        if same == memora.len().max(redis.len()) {
            return None;
        }
        let replies =
            [memora, redis].map(|events| Value::List(b'*', events.into_iter().skip(same).collect()));
        Some(Difference { request: words(&["PSUBSCRIBE", EVENTS]), at: None, replies })
    }

    fn clients(&self, protocol: u8) -> [Client; 2] {
        let mut clients = self.addresses.map(connect);
        if protocol == 3 {
            clients.iter_mut().for_each(|client| assert!(!client.ask_text(&["HELLO", "3"]).is_error()));
        }
        clients
    }

    /// The first key that is different.
    pub(crate) fn compare_keys(&mut self) -> Option<Difference> {
        let looks: Vec<Words> = (0..DATABASES)
            .flat_map(|database| [words(&["SELECT", &database.to_string()]), words(&["KEYS", "*"])])
            .collect();
        let replies = self.both(&looks);
        let mut found = Vec::new();
        for (database, (look, replies)) in
            looks.chunks(2).zip(replies.into_iter().skip(1).step_by(2)).enumerate()
        {
            if !is_alike(&look[1], &replies[0], &replies[1]) {
                return Some(Difference { request: look[1].clone(), at: None, replies });
            }
            let keys: BTreeSet<_> = replies[0].items().iter().map(|key| key.bytes().to_vec()).collect();
            found.extend(keys.into_iter().map(|key| (database, key)));
        }
        found.into_iter().find_map(|(database, key)| self.compare_key(database, &key))
    }

    fn compare_key(&mut self, database: usize, key: &[u8]) -> Option<Difference> {
        let key = key.to_vec();
        let select = words(&["SELECT", &database.to_string()]);
        let kind = self.both(&[select.clone(), vec![b"TYPE".to_vec(), key.clone()]]).pop()?;
        let name = String::from_utf8_lossy(kind[1].bytes()).into_owned();
        let mut looks = vec![
            (vec![b"TYPE".to_vec(), key.clone()], Compare::Exact),
            (vec![b"PTTL".to_vec(), key.clone()], Compare::Within(TIME_BOUND_MS)),
            (vec![b"OBJECT".to_vec(), b"ENCODING".to_vec(), key.clone()], Compare::Exact),
        ];
        for (_, request, compare) in
            CONTENTS.iter().filter(|(kind, request, _)| *kind == name && knows(request[0]))
        {
            let mut request = words(request);
            request.insert(1, key.clone());
            looks.push((request, *compare));
        }
        let requests: Vec<_> = looks.iter().map(|(request, _)| request.clone()).collect();
        let replies = self.both(&requests);
        looks.into_iter().zip(replies).find_map(|((request, compare), replies)| {
            let [memora, redis] = &replies;
            let alike = is_alike_as(compare, memora, redis) || is_alike(&request, memora, redis);
            (!alike).then_some(Difference { request, at: None, replies })
        })
    }

    fn both(&mut self, requests: &[Words]) -> Vec<[Value; 2]> {
        exchange(&mut self.inspectors, requests).into_iter().map(|(_, replies)| replies).collect()
    }
}

/// What is sent at once. Nothing follows a QUIT: a server that closes a connection with unread bytes resets it, and
/// the reset destroys what the client has not read yet.
fn batches(case: &Case) -> impl Iterator<Item = &[Words]> {
    let ends_connection = |request: &Words| request[0].eq_ignore_ascii_case(b"QUIT");
    case.requests.split_inclusive(ends_connection).flat_map(|requests| requests.chunks(case.batch))
}

fn connect(address: SocketAddr) -> Client {
    Client::connect(address).expect("a server that runs accepts connections")
}

fn listen(address: SocketAddr) -> Client {
    let mut client = connect(address);
    assert!(!client.ask_text(&["PSUBSCRIBE", EVENTS]).is_error());
    client
}

fn track(address: SocketAddr) -> Client {
    let mut client = connect(address);
    for request in [&["HELLO", "3"][..], &["CLIENT", "TRACKING", "ON"]] {
        assert!(!client.ask_text(request).is_error());
    }
    client
}

/// A request that reads whatever may be a key in others.
fn reading(requests: &[Words]) -> Words {
    let named = requests.iter().flat_map(|request| request.iter().skip(1).cloned());
    words(&["EXISTS", ""]).into_iter().chain(named).collect()
}

fn is_one_of(request: &Words, names: &[&[u8]]) -> bool {
    names.iter().any(|name| request[0].eq_ignore_ascii_case(name))
}

/// Whether some keys were come across that nobody named.
fn have_walked(requests: &[Words]) -> bool {
    requests.iter().any(|request| is_one_of(request, &[b"SCAN", b"RANDOMKEY"]))
}

/// Whether a BITFIELD may have made a string longer without a change to its fields, of which Redis tells nobody.
fn grows_unheard(requests: &[Words]) -> bool {
    let fails = |request: &Words| request.iter().any(|word| word.eq_ignore_ascii_case(b"FAIL"));
    requests.iter().any(fails)
}

/// Whether both answered an EXEC alike: each of the queued requests has its own way to be compared.
fn is_alike_transaction(request: &[Vec<u8>], queued: &[Words], replies: &[Value; 2]) -> bool {
    let [memora, redis] = replies.each_ref().map(Value::items);
    request[0].eq_ignore_ascii_case(b"EXEC")
        && [memora.len(), redis.len()] == [queued.len(); 2]
        && queued
            .iter()
            .zip(memora.iter().zip(redis))
            .all(|(request, (one, other))| is_alike(request, one, other))
}

fn words(text: &[&str]) -> Words {
    text.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn knows(command: &str) -> bool {
    table().find(command.as_bytes()).is_some()
}

/// Sends a batch to both servers. Answers for each request what both replied and which invalidations came before.
fn exchange(clients: &mut [Client; 2], requests: &[Words]) -> Vec<([Vec<Value>; 2], [Value; 2])> {
    let bytes: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
    clients.iter_mut().for_each(|client| client.send(&bytes));
    let replies = |_| {
        let mut pushes = [Vec::new(), Vec::new()];
        let mut values = clients.each_mut().map(Client::read);
        for (number, client) in clients.iter_mut().enumerate() {
            while is_invalidation(&values[number]) {
                pushes[number].push(std::mem::replace(&mut values[number], client.read()));
            }
        }
        (pushes, values)
    };
    requests.iter().map(replies).collect()
}

fn is_invalidation(value: &Value) -> bool {
    matches!(value, Value::List(b'>', items) if items.first().is_some_and(|it| it.bytes() == b"invalidate"))
}
