//! Clients that write while actors fail, and remember what they were told.

use crate::common::{Client, eventually};
use crate::{LOADING, UNKNOWN};
use memora::server::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Clients at work.
pub(crate) const CLIENTS: usize = 20;

/// What one client was told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// Increments that were acknowledged.
    pub(crate) acknowledged: i64,
    /// Increments that were answered with "outcome unknown", or not at all.
    pub(crate) unknown: i64,
    /// Refusals: nothing has happened.
    pub(crate) refused: i64,
}

/// Clients at work until they are stopped.
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    counts: Vec<Arc<AtomicUsize>>,
    workers: Vec<JoinHandle<Told>>,
}

impl Traffic {
    /// Sets the clients to work.
    pub(crate) fn start(server: &Server) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let counts: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
        let worker = |(number, count): (usize, &Arc<AtomicUsize>)| {
            let (client, stop, count) = (Client::of(server), Arc::clone(&stop), Arc::clone(count));
            thread::spawn(move || work(client, number, &stop, &count))
        };
        let workers = counts.iter().enumerate().map(worker).collect();
        Self { stop, counts, workers }
    }

    /// Waits until every client has been acknowledged a few times more.
    pub(crate) fn wait_for_progress(&self) {
        let before: Vec<_> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        eventually("everyone is served", || {
            self.counts.iter().zip(&before).all(|(count, before)| count.load(Ordering::Relaxed) >= before + 3)
        });
    }

    /// Stops the clients, whose connections have to be open still.
    pub(crate) fn stop(self) -> Vec<Told> {
        self.stop.store(true, Ordering::Relaxed);
        self.ended()
    }

    /// Waits until every client has stopped by itself, because the server ended.
    pub(crate) fn ended(self) -> Vec<Told> {
        self.workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    }
}

/// Increments one counter again and again; the end of the connection is right only when the test says so.
fn work(mut client: Client, number: usize, stop: &AtomicBool, count: &AtomicUsize) -> Told {
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) {
        if client.try_send(format!("INCR count:{number}\r\n")).is_err() {
            break;
        }
        let Some(reply) = client.line() else {
            // It may have been executed before the server ended.
            told.unknown += 1;
            break;
        };
        match reply.as_str() {
            UNKNOWN => told.unknown += 1,
            reply if reply == LOADING || reply.starts_with("-MISCONF") => told.refused += 1,
            reply => {
                let value: i64 = reply.trim_start_matches(':').trim_end().parse().unwrap();
                let least = told.acknowledged + 1;
                assert!((least..=least + told.unknown).contains(&value), "{value} after {told:?}");
                told.acknowledged += 1;
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    told
}

/// Every acknowledged write is there, and nothing that nobody sent.
pub(crate) fn check(server: &Server, told: &[Told]) {
    let mut client = Client::of(server);
    for (number, told) in told.iter().enumerate() {
        client.send(format!("GET count:{number}\r\n"));
        assert!(client.line().unwrap().starts_with('$'));
        let found: i64 = client.line().unwrap().trim_end().parse().unwrap();
        let possible = told.acknowledged..=told.acknowledged + told.unknown;
        assert!(possible.contains(&found), "client {number}: {found} is there, {told:?}");
    }
}
