//! Each row of the table of actors: it fails three times under traffic, and then once too often.

use crate::common::{Client, eventually, server_with};
use crate::fragile;
use crate::traffic::{CLIENTS, Told, Traffic, check};
use memora::config::Config;
use memora::config::values::AppendFsync;
use memora::exit::Exit;
use std::path::Path;
use std::time::Duration;

const ACTORS: [&str; 5] = ["aof_writer", "rewriter", "keyspace", "expiry", "listener"];

/// Failures that are mended by default.
const RESTARTS: u64 = 5;

fn options(dir: &Path, appendfsync: AppendFsync) -> Config {
    let restart_window = Duration::from_secs(3600);
    Config { dir: dir.to_owned(), appendonly: true, appendfsync, restart_window, ..fragile() }
}

/// Has an actor fail, and waits until it is back.
fn fail(admin: &mut Client, actor: &str) {
    let restarts = format!("{actor}.restarts");
    let before = admin.count("actors", &restarts);
    admin.exchange(format!("DEBUG PANIC {actor}\r\n"), "+OK\r\n");
    eventually("the actor is back", || admin.count("actors", &restarts) == before + 1);
}

/// The server on the same directory once more, which has to hold everything that was acknowledged.
fn check_after_restart(config: Config, told: &[Told]) {
    let server = server_with(config);
    check(&server, told);
    assert_eq!(server.shut_down(), Exit::Graceful);
}

fn three_failures(actor: &str, appendfsync: AppendFsync, io_threads: usize) {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { io_threads, ..options(dir.path(), appendfsync) };
    let server = server_with(config.clone());
    let mut admin = Client::of(&server);
    let traffic = Traffic::start(&server);
    traffic.wait_for_progress();
    for _ in 0..3 {
        fail(&mut admin, actor);
        traffic.wait_for_progress();
        Client::of(&server).exchange("PING\r\n", "+PONG\r\n");
    }
    assert_eq!(admin.info("actors", &format!("{actor}.last_panic")), "requested by DEBUG PANIC");
    assert_eq!(admin.info("actors", &format!("{actor}.state")), "running");
    for other in ACTORS.iter().filter(|other| **other != actor) {
        assert_eq!(admin.count("actors", &format!("{other}.restarts")), 0, "{other} is not to notice");
    }
    eventually("only the workers are there", || {
        admin.count("clients", "connected_clients") == CLIENTS as u64 + 1
    });
    let told = traffic.stop();
    if actor != "keyspace" {
        assert!(
            told.iter().all(|told| told.unknown + told.refused == 0),
            "only waiting is allowed: {told:?}"
        );
    }
    check(&server, &told);
    assert_eq!(server.shut_down(), Exit::Graceful);
    check_after_restart(config, &told);
}

#[test]
fn three_failures_of_an_actor_cost_nothing_that_was_acknowledged() {
    for actor in ACTORS {
        for appendfsync in [AppendFsync::Always, AppendFsync::Everysec] {
            three_failures(actor, appendfsync, 0);
        }
    }
}

#[test]
fn three_failures_are_mended_with_threads_for_connections() {
    three_failures("keyspace", AppendFsync::Always, 2);
    three_failures("listener", AppendFsync::Everysec, 2);
}

#[test]
fn a_writer_that_is_given_up_with_work_to_do_shows_in_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { max_restarts: 0, ..options(dir.path(), AppendFsync::Everysec) };
    let server = server_with(config);
    let mut client = Client::of(&server);
    client.exchange("PING\r\n", "+PONG\r\n");
    // The write comes after what ends the writer, and before anybody knows.
    client.exchange("DEBUG PANIC aof_writer\r\nSET k v\r\n", "+OK\r\n+OK\r\n");
    eventually("it is given up", || client.info("actors", "aof_writer.state") == "gave_up");
    eventually("writes are refused", || client.call(&["SET", "k", "v"]).is_error());
    assert_eq!(server.shut_down(), Exit::FinalWriteFailed);
}

/// One failure too many under traffic; how the server ended, if it did.
fn one_too_many(actor: &str, appendfsync: AppendFsync) -> Option<Exit> {
    let dir = tempfile::tempdir().unwrap();
    let config = options(dir.path(), appendfsync);
    let server = server_with(config.clone());
    let mut admin = Client::of(&server);
    let traffic = Traffic::start(&server);
    traffic.wait_for_progress();
    for _ in 0..RESTARTS {
        fail(&mut admin, actor);
    }
    // Whether that is answered depends on who fails.
    admin.send(format!("DEBUG PANIC {actor}\r\n"));
    let goes_on =
        matches!(actor, "expiry" | "rewriter") || actor == "aof_writer" && appendfsync != AppendFsync::Always;
    if !goes_on {
        let told = traffic.ended();
        let exit = server.join();
        check_after_restart(config, &told);
        return Some(exit);
    }
    admin.expect("+OK\r\n");
    let state = format!("{actor}.state");
    eventually("it is given up", || admin.info("actors", &state) == "gave_up");
    if actor == "aof_writer" {
        eventually("writes are refused", || admin.call(&["SET", "k", "v"]).is_error());
        assert!(!admin.call(&["GET", "k"]).is_error(), "reads go on");
        let told = traffic.stop();
        check(&server, &told);
    } else {
        traffic.wait_for_progress();
        let told = traffic.stop();
        check(&server, &told);
        assert_eq!(server.shut_down(), Exit::Graceful);
        check_after_restart(config, &told);
    }
    None
}

#[test]
fn one_failure_too_many_of_what_nobody_can_do_without_ends_the_server() {
    for appendfsync in [AppendFsync::Always, AppendFsync::Everysec] {
        assert_eq!(one_too_many("keyspace", appendfsync), Some(Exit::ChildGaveUp));
        assert_eq!(one_too_many("listener", appendfsync), Some(Exit::ChildGaveUp));
    }
    assert_eq!(one_too_many("aof_writer", AppendFsync::Always), Some(Exit::FinalWriteFailed));
}

#[test]
fn one_failure_too_many_of_others_is_lived_with() {
    for actor in ["expiry", "rewriter"] {
        for appendfsync in [AppendFsync::Always, AppendFsync::Everysec] {
            assert_eq!(one_too_many(actor, appendfsync), None);
        }
    }
    assert_eq!(one_too_many("aof_writer", AppendFsync::Everysec), None);
}
