//! All that clients see at once could have happened one after the other: linearizability of the whole server.
//!
//! Clients read and write the same few keys, in commands, blocking commands and transactions. What each asked and was
//! told, and when, is put in an order that explains it, or the test fails. With `appendfsync always`, and while the
//! Keyspace panics and rebuilds its data: what was answered then holds, what was answered with "outcome unknown" may
//! have happened or not, but not in part.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "linearizability/checker.rs"]
mod checker;
#[path = "linearizability/clients.rs"]
mod clients;
mod common;
#[path = "linearizability/model.rs"]
mod model;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "the oracle uses the rest")]
mod random;

use checker::{Event, is_linearizable};
use clients::{Seen, work};
use common::{Client, options};
use memora::config::Config;
use memora::config::values::{AppendFsync, DebugCommand};
use memora::server::Server;
use model::{Call, Data, Told};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many rounds there are, each with keys of its own, unless `LINEARIZABILITY_ROUNDS` says otherwise.
const ROUNDS: usize = 10;

fn rounds() -> usize {
    std::env::var("LINEARIZABILITY_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("a number"))
}

fn seed() -> u64 {
    u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos())
}

/// Has clients work, and checks what they saw. Answers how many outcomes were unknown.
fn check(server: &Server, panics: bool) -> usize {
    let seed = seed();
    let histories = work(server, rounds(), seed, panics);
    for history in &histories {
        if !is_linearizable::<Data>(history) {
            let mut lines: Vec<_> = history.iter().collect();
            lines.sort_by_key(|event| event.began);
            let lines: Vec<_> = lines.into_iter().map(|event| format!("{event:?}")).collect();
            panic!("no order explains this:\n{}", lines.join("\n"));
        }
    }
    histories.iter().flatten().filter(|event| event.reply.is_none()).count()
}

#[test]
fn commands_seem_to_follow_one_another() {
    for io_threads in [0, 2] {
        let server = common::server_with(Config { io_threads, ..options() });
        assert_eq!(check(&server, false), 0);
    }
}

#[test]
fn so_they_do_with_the_log_and_panics() {
    let dir = tempfile::tempdir().unwrap();
    let server = common::server_with(Config {
        dir: dir.path().to_owned(),
        appendonly: true,
        appendfsync: AppendFsync::Always,
        enable_debug_command: DebugCommand::Yes,
        restart_backoff: Duration::from_millis(1),
        max_restarts: 100_000,
        ..options()
    });
    assert_eq!(check(&server, false), 0);
    // Whether there is a panic is chance.
    while check(&server, true) == 0 {}
    let restarts = Client::of(&server).count("actors", "keyspace.restarts");
    assert!(restarts > 0, "the Keyspace has never failed");
}

/// When it began, what was asked and told, when it ended.
type Row = (u64, Call, Option<Told>, u64);

fn history(events: &[Row]) -> Vec<Seen> {
    let event = |(began, call, reply, ended): &Row| Event {
        call: call.clone(),
        reply: reply.clone(),
        began: *began,
        ended: *ended,
    };
    events.iter().map(event).collect()
}

#[test]
fn the_checker_takes_what_can_be_explained() {
    let right: &[&[Row]] = &[
        // The read may come before the write or behind it, while both go on.
        &[(0, Call::Set(0, 1), Some(Told::Ok), 3), (1, Call::Get(0), Some(Told::Nothing), 2)],
        &[(0, Call::Set(0, 1), Some(Told::Ok), 3), (1, Call::Get(0), Some(Told::Element(1)), 2)],
        // What nobody knows of has happened, or not, or later.
        &[(0, Call::Set(0, 1), None, 1), (2, Call::Get(0), Some(Told::Element(1)), 3)],
        &[(0, Call::Set(0, 1), None, 1), (2, Call::Get(0), Some(Told::Nothing), 3)],
        &[
            (0, Call::Incr(0), None, 1),
            (2, Call::Get(0), Some(Told::Nothing), 3),
            (4, Call::Get(0), Some(Told::Element(1)), 5),
        ],
        // Who waits is served by who pushes later.
        &[
            (0, Call::Blpop(0), Some(Told::From(1, 7)), 5),
            (1, Call::Rpush(1, 7), Some(Told::Number(1)), 2),
            (3, Call::Lpop(1), Some(Told::Nothing), 4),
        ],
    ];
    for events in right {
        assert!(is_linearizable::<Data>(&history(events)), "{events:?}");
    }
}

#[test]
fn the_checker_refuses_what_cannot_be_explained() {
    let both = || Call::Exec(vec![Call::Set(0, 1), Call::Set(1, 1)]);
    let both_told = || Some(Told::All(vec![Told::Ok, Told::Ok]));
    let wrong: &[&[Row]] = &[
        // A write that had ended is not seen.
        &[(0, Call::Set(0, 1), Some(Told::Ok), 1), (2, Call::Get(0), Some(Told::Nothing), 3)],
        // It is seen and then not any more.
        &[
            (0, Call::Incr(0), None, 1),
            (2, Call::Get(0), Some(Told::Element(1)), 3),
            (4, Call::Get(0), Some(Told::Nothing), 5),
        ],
        // An increment is lost.
        &[(0, Call::Incr(0), Some(Told::Number(1)), 2), (1, Call::Incr(0), Some(Told::Number(1)), 3)],
        // An element goes to two.
        &[
            (0, Call::Rpush(0, 7), Some(Told::Number(1)), 1),
            (2, Call::Blpop(0), Some(Told::From(0, 7)), 5),
            (3, Call::Lpop(0), Some(Told::Element(7)), 4),
        ],
        // Half of a transaction is seen.
        &[
            (0, both(), both_told(), 5),
            (1, Call::Get(0), Some(Told::Element(1)), 2),
            (3, Call::Get(1), Some(Told::Nothing), 4),
        ],
        &[
            (0, both(), None, 1),
            (2, Call::Get(1), Some(Told::Element(1)), 3),
            (4, Call::Get(0), Some(Told::Nothing), 5),
        ],
    ];
    for events in wrong {
        assert!(!is_linearizable::<Data>(&history(events)), "{events:?}");
    }
}

#[test]
fn the_checker_finds_one_wrong_reply_among_many() {
    let server = common::server();
    let mut found = 0;
    for mut history in work(&server, 10, seed(), false) {
        let counter = history.iter_mut().rfind(|event| matches!(event.call, Call::Incr(_)));
        let Some(Event { reply: Some(Told::Number(number)), .. }) = counter else { continue };
        *number += 1_000;
        assert!(!is_linearizable::<Data>(&history));
        found += 1;
    }
    assert!(found > 0, "there was no counter to be made wrong");
}
