//! Writers at work on a server until something ends it.

use crate::held::Keys;
use crate::node::Node;
use crate::writer::Writer;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Writers at work at the same time.
pub(crate) const WRITERS: usize = 4;

/// When the end comes.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// After so many acknowledged requests.
    pub(crate) acknowledged: usize,
    /// And not before so long.
    pub(crate) least: Duration,
}

/// The writers of a round; the first mixes `extras` into its requests.
pub(crate) fn writers(round: usize, before: Vec<Keys>, extras: &[&str], seed: u64) -> Vec<Writer> {
    let extras = |number| if number == 0 { extras } else { &[] };
    let all = before.into_iter().enumerate();
    all.map(|(number, keys)| Writer::new(number, round, keys, extras(number), seed)).collect()
}

/// Sets the writers to work and calls `end` when the moment has come; it has to see to it that the server ends, or
/// stop the writers with the flag it is given.
///
/// # Panics
/// When the server ends by itself, or a reply is wrong.
pub(crate) fn work(node: &Node, writers: &mut [Writer], moment: Moment, end: impl FnOnce(&AtomicBool)) {
    let (total, stop, started) = (AtomicUsize::new(0), AtomicBool::new(false), Instant::now());
    let (tell, come) = mpsc::channel();
    let clients: Vec<_> = writers.iter().map(|_| node.client()).collect();
    thread::scope(|scope| {
        for (writer, client) in writers.iter_mut().zip(clients) {
            let (total, stop, tell) = (&total, &stop, tell.clone());
            let progress = move |count| {
                let total = total.fetch_add(count, Ordering::Relaxed) + count;
                if total >= moment.acknowledged && started.elapsed() >= moment.least {
                    // Only the first one is heard.
                    let _ = tell.send(());
                }
                !stop.load(Ordering::Relaxed)
            };
            scope.spawn(move || writer.run(client, progress));
        }
        drop(tell);
        assert!(come.recv().is_ok(), "the server ended by itself: {}", node.log());
        end(&stop);
    });
}
