//! The probe: a PING every millisecond on a connection and a thread of its own, and the longest wait for its reply.

use crate::servers::Server;
use crate::stream::Client;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(1);

/// How long it goes on when what it watches is over: an event may cast a shadow.
const AFTER: Duration = Duration::from_millis(100);

/// Milliseconds of the longest wait while something happens.
pub(crate) fn longest_ms<T>(server: &Server, event: impl FnOnce() -> io::Result<T>) -> io::Result<f64> {
    let mut client = server.client()?;
    client.ask("PING")?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let probe = scope.spawn(|| probe(&mut client, &over));
        let outcome = event();
        thread::sleep(AFTER);
        over.store(true, Ordering::Relaxed);
        let longest = probe.join().expect("the probe does not panic");
        // What the event left, such as connections, may only go when nobody looks any more.
        outcome.and(longest)
    })
}

fn probe(client: &mut Client, over: &AtomicBool) -> io::Result<f64> {
    let (mut longest, mut next) = (Duration::ZERO, Instant::now());
    while !over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        client.ask("PING")?;
        longest = longest.max(asked.elapsed());
        // After a long wait it is not made up for what was missed: the longest is known already.
        next = (next + INTERVAL).max(Instant::now());
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(longest.as_secs_f64() * 1e3)
}
