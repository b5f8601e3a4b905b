//! Panics in actors, as clients and operators see them.
//!
//! `DEBUG PANIC` makes the Keyspace fail in the middle of a batch, as a bug in a command would, and `DEBUG PANIC actor`
//! any actor in the middle of a message.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;
#[path = "supervision/rebuild.rs"]
mod rebuild;
#[path = "supervision/rows.rs"]
mod rows;
#[path = "supervision/traffic.rs"]
mod traffic;

use common::program::Program;
use common::{Client, options, request, server_with};
use memora::config::Config;
use memora::config::values::{DebugCommand, OnPanic};
use memora::exit::Exit;
use memora::resp::Reply;
use std::time::{Duration, Instant};

const UNKNOWN: &str = "-ERR internal error while executing this command, its outcome is unknown\r\n";
const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";

/// A server that may be told to panic and is back in no time.
fn fragile() -> Config {
    Config { enable_debug_command: DebugCommand::Yes, restart_backoff: Duration::from_millis(1), ..options() }
}

fn requests(list: &[&[&str]]) -> Vec<u8> {
    list.iter().flat_map(|args| request(args)).collect()
}

#[test]
fn what_is_done_is_answered_and_the_rest_gets_errors_in_order() {
    for io_threads in [0, 2] {
        let server = server_with(Config { io_threads, ..fragile() });
        let mut client = Client::of(&server);
        let batch = [
            &["SET", "a", "1"][..],
            &["INCR", "a"],
            &["DEBUG", "PANIC"],
            &["SET", "a", "lost"],
            &["GET", "a"],
        ];
        client.exchange(requests(&batch), format!("+OK\r\n:2\r\n{UNKNOWN}{LOADING}{LOADING}"));
        client.exchange("GET a\r\n", "$1\r\n2\r\n");
        assert_eq!(server.shut_down(), Exit::Graceful);
    }
}

#[test]
fn errors_after_a_panic_keep_to_the_clients_reply_mode_and_protocol() {
    let server = server_with(fragile());
    let [mut client, mut watcher] = [(); 2].map(|()| Client::of(&server));
    client.call(&["HELLO", "3"]);
    let batch = [&["CLIENT", "REPLY", "OFF"][..], &["DEBUG", "PANIC"], &["SET", "a", "1"]];
    client.send(requests(&batch));
    // What arrived in one read with the panic would not be executed.
    common::eventually("a restart", || watcher.count("actors", "keyspace.restarts") == 1);
    client.exchange(requests(&[&["CLIENT", "REPLY", "ON"], &["GET", "a"]]), "+OK\r\n_\r\n");
}

#[test]
fn what_finished_commands_asked_for_still_happens() {
    let server = server_with(fragile());
    let mut client = Client::of(&server);
    let batch = [&["CONFIG", "SET", "maxclients", "1"][..], &["DEBUG", "PANIC"]];
    client.exchange(requests(&batch), format!("+OK\r\n{UNKNOWN}"));
    client.exchange("PING\r\n", "+PONG\r\n");
    Client::of(&server).expect("-ERR max number of clients reached\r\n");
}

#[test]
fn what_was_published_before_a_panic_is_heard() {
    let server = server_with(fragile());
    let [mut client, mut listener] = [(); 2].map(|()| Client::of(&server));
    listener.exchange("SUBSCRIBE c\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    let batch = [&["PUBLISH", "c", "1"][..], &["DEBUG", "PANIC"], &["PUBLISH", "c", "2"]];
    client.exchange(requests(&batch), format!(":1\r\n{UNKNOWN}{LOADING}"));
    listener.expect("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n1\r\n");
}

#[test]
fn nobody_else_is_closed_and_info_tells() {
    let server = server_with(fragile());
    let mut others: Vec<_> = (0..20).map(|_| Client::of(&server)).collect();
    for (number, other) in others.iter_mut().enumerate() {
        other.exchange(format!("SET key:{number} {number}\r\n"), "+OK\r\n");
    }
    let mut client = Client::of(&server);
    assert_eq!(client.count("actors", "keyspace.restarts"), 0);
    client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    // Sent while the Keyspace restarts: they wait in its mailbox.
    for other in &mut others {
        other.send("DBSIZE\r\n");
    }
    for (number, other) in others.iter_mut().enumerate() {
        other.expect(":20\r\n");
        other.exchange(
            format!("GET key:{number}\r\n"),
            format!("${}\r\n{number}\r\n", number.to_string().len()),
        );
    }
    assert_eq!(client.count("actors", "keyspace.restarts"), 1);
    assert_eq!(client.info("actors", "keyspace.state"), "running");
    assert_eq!(client.info("actors", "keyspace.last_panic"), "requested by DEBUG PANIC");
    assert_eq!(client.count("clients", "connected_clients"), 21);
    for actor in ["expiry", "listener"] {
        assert_eq!(client.count("actors", &format!("{actor}.restarts")), 0);
    }
}

#[test]
fn time_goes_on_after_a_panic() {
    let (server, time) = common::server_with_clock(Config { hz: 500, ..fragile() });
    let mut client = Client::of(&server);
    client.exchange("SET a 1 PX 100\r\n", "+OK\r\n");
    client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    time.advance(Duration::from_millis(101));
    common::eventually("the key is purged", || client.call(&["DBSIZE"]) == Reply::ZERO);
}

#[test]
fn the_pause_before_a_restart_doubles() {
    let server = server_with(Config { restart_backoff: Duration::from_millis(20), ..fragile() });
    let mut client = Client::of(&server);
    let started = Instant::now();
    for _ in 0..3 {
        client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    }
    // The answer comes from the restart: 20, 40 and 80 ms, never less.
    assert!(started.elapsed() >= Duration::from_millis(140), "{:?}", started.elapsed());
}

#[test]
fn one_panic_too_many_ends_the_server() {
    let server = server_with(Config { max_restarts: 2, ..fragile() });
    let mut client = Client::of(&server);
    let mut other = Client::of(&server);
    for _ in 0..2 {
        client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    }
    other.exchange("PING\r\n", "+PONG\r\n");
    client.send("DEBUG PANIC\r\n");
    client.expect_end();
    other.expect_end();
    assert_eq!(server.join(), Exit::ChildGaveUp);
}

#[test]
fn panics_outside_the_window_do_not_count() {
    let config = Config { max_restarts: 1, restart_window: Duration::from_millis(1), ..fragile() };
    let server = server_with(Config { restart_backoff: Duration::from_millis(5), ..config });
    let mut client = Client::of(&server);
    // The pause before each restart is longer than the window.
    for _ in 0..5 {
        client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    }
    assert_eq!(client.count("actors", "keyspace.restarts"), 5);
}

#[test]
fn on_panic_exit_answers_everyone_and_ends() {
    let server = server_with(Config { on_panic: OnPanic::Exit, ..fragile() });
    let mut client = Client::of(&server);
    client.exchange(requests(&[&["SET", "a", "1"], &["DEBUG", "PANIC"]]), format!("+OK\r\n{UNKNOWN}"));
    client.expect_end();
    assert_eq!(server.join(), Exit::ChildGaveUp);
}

#[test]
fn the_program_ends_with_70_and_says_why() {
    let args = ["--enable-debug-command", "yes", "--max-restarts", "1", "--restart-backoff", "1ms"];
    let program = Program::start(&args);
    let mut client = program.client();
    client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    client.send("DEBUG PANIC\r\n");
    client.expect_end();
    let (code, log) = program.exit_code();
    assert_eq!(code, Some(70), "{log}");
    for text in
        ["actor panicked", "the data was verified and is kept", "actor restarted", "panicked too often"]
    {
        assert!(log.contains(text), "{text}: {log}");
    }
}

#[test]
fn debug_is_off_unless_switched_on() {
    let server = common::server();
    let mut client = Client::of(&server);
    assert!(client.call(&["DEBUG", "PANIC"]).is_error());
    assert_eq!(client.count("actors", "keyspace.restarts"), 0);
}
