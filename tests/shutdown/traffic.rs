//! The end of the server in the middle of traffic.
//!
//! Each client writes a pipeline in one piece, small enough to arrive in one, and then reads its replies. So the
//! server has read a pipeline whole or not at all, and a client may end in one of two ways only: all replies
//! and then the end, or no reply to its last pipeline and the end. Half a pipeline answered, a reply cut off or
//! out of order, or a reset connection would be an accepted request that went unanswered.

use crate::common::program::Program;
use crate::common::{Client, eventually, options, server_with};
use memora::config::Config;
use memora::exit::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Clients at work when the end comes.
const CLIENTS: usize = 16;

/// Requests per pipeline.
const PIPELINE: usize = 10;

/// A client that works until the connection ends, and counts its answered pipelines.
fn work(mut client: Client, number: usize, answered: &AtomicUsize) {
    let sent = format!("INCR count:{number}\r\n").repeat(PIPELINE);
    for round in 0.. {
        // The server may have closed by now; what matters is what can be read.
        let written = client.try_send(&sent);
        let wanted: String =
            (1..=PIPELINE).map(|index| format!(":{}\r\n", round * PIPELINE + index)).collect();
        if !client.rest_starts_with(wanted.as_bytes()) {
            let rest = client.rest();
            let rest = rest.unwrap_or_else(|error| panic!("{error} instead of an orderly end; {written:?}"));
            assert!(rest.is_empty(), "{} instead of {wanted} or nothing", rest.escape_ascii());
            return;
        }
        client.expect(&wanted);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sets clients to work, and waits until all of them have been answered a few times.
fn set_to_work(connect: impl Fn() -> Client) -> Vec<JoinHandle<()>> {
    let counters: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let start = |(number, counter): (usize, &Arc<AtomicUsize>)| {
        let (client, counter) = (connect(), Arc::clone(counter));
        thread::spawn(move || work(client, number, &counter))
    };
    let workers = counters.iter().enumerate().map(start).collect();
    eventually("everyone is at work", || counters.iter().all(|count| count.load(Ordering::Relaxed) >= 5));
    workers
}

#[cfg(unix)]
#[test]
fn sigterm_leaves_no_request_half_answered() {
    for io_threads in ["0", "2"] {
        for _ in 0..5 {
            let program = Program::start(&["--io-threads", io_threads]);
            let workers = set_to_work(|| program.client());
            program.signal("TERM");
            for worker in workers {
                worker.join().unwrap();
            }
            let (code, log) = program.exit_code();
            assert_eq!(code, Some(0), "{log}");
            assert!(!log.contains("panic"), "{log}");
        }
    }
}

#[test]
fn an_embedded_server_leaves_no_request_half_answered() {
    for io_threads in [0, 2] {
        for _ in 0..5 {
            let server = server_with(Config { io_threads, ..options() });
            let workers = set_to_work(|| Client::of(&server));
            assert_eq!(server.shut_down(), Exit::Graceful);
            for worker in workers {
                worker.join().unwrap();
            }
        }
    }
}
