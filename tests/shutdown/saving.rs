//! SHUTDOWN with a snapshot that fails, takes long, or is not wanted any more.

use crate::common::{Client, eventually, options, server_with};
use memora::config::Config;
use memora::config::values::DebugCommand;
use memora::exit::Exit;
use std::fs;
use std::path::Path;

const REFUSED: &str = "-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

fn in_dir(dir: &Path) -> Config {
    Config { dir: dir.to_owned(), enable_debug_command: DebugCommand::Yes, ..options() }
}

#[test]
fn a_shutdown_whose_snapshot_fails_is_refused_unless_forced() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(in_dir(dir.path()));
    let mut client = Client::of(&server);
    // No file takes the place of a folder.
    fs::create_dir(dir.path().join("dump.rdb")).unwrap();
    client.exchange("SET k v\r\n", "+OK\r\n");
    for _ in 0..2 {
        client.exchange("SHUTDOWN SAVE\r\nGET k\r\n", format!("{REFUSED}$1\r\nv\r\n"));
    }
    client.exchange("SHUTDOWN ABORT\r\n", "-ERR No shutdown in progress.\r\n");
    client.send("SHUTDOWN SAVE FORCE\r\nGET k\r\n");
    client.expect_end();
    assert_eq!(server.join(), Exit::FinalWriteFailed);
}

#[test]
fn a_shutdown_that_waits_for_its_snapshot_can_be_aborted() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(in_dir(dir.path()));
    let [mut client, mut other] = [(); 2].map(|()| Client::of(&server));
    client.exchange("SET k v\r\nDEBUG FREEZE rewriter 300ms\r\n", "+OK\r\n+OK\r\n");
    client.send("SHUTDOWN SAVE\r\nPING\r\n");
    eventually("it is written", || other.info("persistence", "rdb_bgsave_in_progress") == "1");
    other.exchange("GET k\r\nSHUTDOWN ABORT\r\n", "$1\r\nv\r\n+OK\r\n");
    client.expect(format!("{REFUSED}+PONG\r\n"));
    eventually("the snapshot is written", || other.info("persistence", "rdb_bgsave_in_progress") == "0");
    other.exchange("PING\r\n", "+PONG\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
}

#[test]
fn what_changes_while_the_snapshot_is_written_is_in_the_last_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(in_dir(dir.path()));
    let [mut client, mut other] = [(); 2].map(|()| Client::of(&server));
    client.exchange("SET k v\r\nDEBUG FREEZE rewriter 100ms\r\n", "+OK\r\n+OK\r\n");
    client.send("SHUTDOWN SAVE\r\nSET never v\r\n");
    eventually("it is written", || other.info("persistence", "rdb_bgsave_in_progress") == "1");
    other.exchange("SET late v\r\n", "+OK\r\n");
    client.expect_end();
    drop((client, other));
    assert_eq!(server.join(), Exit::Graceful);
    let server = server_with(in_dir(dir.path()));
    Client::of(&server).exchange("EXISTS k late never\r\n", ":2\r\n");
}
