//! Everything at once: actors panic and freeze at random, clients come and go, files are rewritten, all under load.
//!
//! At the end every client's model agrees with the data, before and after a restart; the server holds no more memory,
//! files and threads than at the beginning; nobody was closed or left waiting. `CHAOS_SECONDS=300` makes it long,
//! `CHAOS_SEED` another one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "made for the oracle as well")]
mod random;
#[path = "chaos/worker.rs"]
mod worker;

use common::program::Program;
use common::{Client, eventually};
use random::Random;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use worker::Worker;

/// How long it lasts where `CHAOS_SECONDS` does not say it.
const SECONDS: u64 = 4;

/// Clients at work.
const WORKERS: usize = 12;

/// Requests before the first fault, of which the server's size is taken.
const WARM_UP: u64 = 20_000;

/// Memory that may come on top: caches of allocator and threads, and the keys that are never touched again.
const MORE_MEMORY_KB: u64 = 96 * 1024;

const ACTORS: &[&str] = &["keyspace", "aof_writer", "rewriter", "expiry", "listener"];

const OPTIONS: &[&str] = &[
    "--appendonly",
    "yes",
    "--enable-debug-command",
    "yes",
    "--max-restarts",
    "1000000",
    "--restart-backoff",
    "1ms",
    "--restart-window",
    "10ms",
    "--heartbeat-timeout",
    "50ms",
    "--loglevel",
    "warning",
];

/// What the system says of a process.
#[derive(Clone, Copy, Debug)]
struct Size {
    memory_kb: u64,
    threads: u64,
    files: u64,
}

impl Size {
    /// None where the system has no `/proc`.
    fn of(pid: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let number = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
        Some(Self { memory_kb: number("VmRSS:")?, threads: number("Threads:")?, files })
    }
}

/// One thing that goes wrong, or is done on purpose at a bad time.
fn trouble(client: &mut Client, random: &mut Random) {
    let actor = ACTORS[random.below(ACTORS.len())];
    match random.below(10) {
        0..=3 => drop(client.call(&["DEBUG", "PANIC", actor])),
        4 => drop(client.call(&["DEBUG", "FREEZE", actor, &format!("{}ms", random.below(120))])),
        5 => drop(client.call(&["DEBUG", "PANIC"])),
        6 => drop(client.call(&["BGREWRITEAOF"])),
        7 => drop(client.call(&["BGSAVE"])),
        8 => drop(client.call(&["CONFIG", "SET", "appendfsync", ["always", "everysec"][random.below(2)]])),
        // Time passes while others are served.
        _ => (0..random.below(300)).for_each(|_| drop(client.call(&["PING"]))),
    }
}

#[test]
fn nothing_is_lost_leaked_or_stuck() {
    let number_of =
        |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (seconds, seed) = (number_of("CHAOS_SECONDS", SECONDS), number_of("CHAOS_SEED", 1));
    let program = Program::start(OPTIONS);
    let mut admin = program.client();
    let (stop, requests) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut random = Random::new(seed);
    let (mut troubles, mut before) = (0_u64, None);
    let workers: Vec<Worker> = thread::scope(|scope| {
        let spawn = |number| {
            let (address, stop, requests) = (program.address(), &stop, &requests);
            scope.spawn(move || Worker::new(number, seed).run(address, stop, requests))
        };
        let workers: Vec<_> = (0..WORKERS).map(spawn).collect();
        eventually("everyone is at work", || requests.load(Ordering::Relaxed) > WARM_UP);
        // The first panic makes the process read its debugging information, where backtraces are wanted, and keep it.
        admin.call(&["DEBUG", "PANIC", "expiry"]);
        eventually("the first panic is over", || admin.count("actors", "expiry.restarts") > 0);
        before = Size::of(program.pid());
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end && !workers.iter().any(thread::ScopedJoinHandle::is_finished) {
            trouble(&mut admin, &mut random);
            troubles += 1;
        }
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    eventually("the data is there", || admin.info("persistence", "loading") == "0");
    let restarts: Vec<_> =
        ACTORS.iter().map(|actor| admin.count("actors", &format!("{actor}.restarts"))).collect();
    let freezes: Vec<_> =
        ACTORS.iter().map(|actor| admin.count("actors", &format!("{actor}.freezes"))).collect();
    println!(
        "{seconds} s: {} requests, {troubles} troubles; restarts of {ACTORS:?}: {restarts:?}, freezes: {freezes:?}",
        requests.load(Ordering::Relaxed)
    );
    workers.iter().for_each(|worker| worker.check(&mut admin));
    check_size(&program, &mut admin, before);
    check_after_restart(program, admin, &workers);
}

/// The server is as big as it was.
fn check_size(program: &Program, admin: &mut Client, before: Option<Size>) {
    admin.wait_until_alone();
    eventually("no job runs", || {
        ["aof_rewrite_in_progress", "rdb_bgsave_in_progress"]
            .iter()
            .all(|job| admin.info("persistence", job) == "0")
    });
    let (Some(before), Some(after)) = (before, Size::of(program.pid())) else { return };
    println!("before: {before:?}, after: {after:?}");
    assert!(after.threads <= before.threads, "threads are left");
    assert!(after.files <= before.files, "files are left open");
    assert!(after.memory_kb <= before.memory_kb * 2 + MORE_MEMORY_KB, "memory is left");
}

/// The server on the same directory holds the same.
fn check_after_restart(program: Program, mut admin: Client, workers: &[Worker]) {
    admin.send("SHUTDOWN NOSAVE\r\n");
    admin.expect_end();
    drop(admin);
    let (code, log, dir) = program.ended();
    assert_eq!(code, Some(0), "{log}");
    let again = Program::start_in(dir, OPTIONS);
    let mut client = again.client();
    workers.iter().for_each(|worker| worker.check(&mut client));
}
