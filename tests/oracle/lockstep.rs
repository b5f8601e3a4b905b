//! Both servers side by side: a case runs on each, reply by reply, and in the end all keys are compared.

use super::compare::{is_alike, is_alike_as};
use super::generate::Case;
use super::rules::{CONTENTS, Compare, RESTORE, TIME_BOUND_MS};
use crate::wire::{Client, Value, Words, encode};
use memora::commands::table::table;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many databases a server has.
const DATABASES: usize = 16;

/// Two servers and a connection to each that prepares and inspects; Memora comes first everywhere.
pub(crate) struct Pair {
    addresses: [SocketAddr; 2],
    inspectors: [Client; 2],
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
        Self { addresses, inspectors: addresses.map(connect) }
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
    }

    /// Begins anew with those who inspect, after one of them failed.
    pub(crate) fn reconnect(&mut self) {
        self.inspectors = self.addresses.map(connect);
    }

    fn run_unguarded(&mut self, case: &Case) -> Option<Difference> {
        self.prepare();
        let mut clients = self.clients(case.protocol);
        let mut queued = Vec::new();
        let mut sent = 0;
        for batch in batches(case) {
            let replies = exchange(&mut clients, batch);
            for (offset, (request, replies)) in batch.iter().zip(replies).enumerate() {
                let [memora, redis] = &replies;
                if !is_alike(request, memora, redis) && !is_alike_transaction(request, &queued, &replies) {
                    return Some(Difference { request: request.clone(), at: Some(sent + offset), replies });
                }
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
        }
        self.compare_keys()
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
        let replies = exchange(&mut self.inspectors, &looks);
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
        exchange(&mut self.inspectors, requests)
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

/// Sends the requests to both and reads the replies.
fn exchange(clients: &mut [Client; 2], requests: &[Words]) -> Vec<[Value; 2]> {
    let bytes: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
    clients.iter_mut().for_each(|client| client.send(&bytes));
    requests.iter().map(|_| clients.each_mut().map(Client::read)).collect()
}
