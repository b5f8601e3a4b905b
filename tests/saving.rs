//! What Memora does with files otherwise than Redis, and what runs beside what: each line of
//! `tests/compatibility/disk.rs` that a server alone can show is shown here.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::{self, Program};
use common::{Client, eventually, options, server_with};
use memora::config::Config;
use memora::config::values::{AppendFsync, DebugCommand};
use memora::exit::Exit;
use memora::resp::Reply;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// So many keys that writing them takes a while, in which others can be heard.
const MANY_KEYS: usize = 100_000;

fn with_log(dir: &TempDir) -> Config {
    Config { appendonly: true, ..without_log(dir) }
}

fn without_log(dir: &TempDir) -> Config {
    Config { dir: dir.path().to_owned(), ..options() }
}

fn fill(client: &mut Client) {
    for keys in (0..MANY_KEYS).collect::<Vec<_>>().chunks(1000) {
        let words = keys.iter().flat_map(|key| [format!("key:{key}"), "value".to_owned()]);
        let request: Vec<_> = std::iter::once("MSET".to_owned()).chain(words).collect();
        client.exchange(common::request(&request), "+OK\r\n");
    }
}

fn manifest(dir: &Path) -> String {
    fs::read_to_string(dir.join("appendonlydir/appendonly.aof.manifest")).unwrap()
}

fn settled(client: &mut Client) {
    eventually("no job runs", || {
        ["rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled"]
            .iter()
            .all(|field| client.count("persistence", field) == 0)
    });
}

#[test]
fn a_snapshot_and_a_rewrite_run_beside_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(with_log(&dir));
    let (mut client, mut other) = (Client::of(&server), Client::of(&server));
    fill(&mut client);
    for round in 1..=3 {
        client.exchange("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n");
        // The one who asks for it waits, nobody else.
        client.send("SAVE\r\nPING\r\n");
        other.exchange("GET key:1\r\n", "$5\r\nvalue\r\n");
        client.expect("+OK\r\n+PONG\r\n");
        settled(&mut other);
        assert_eq!(other.count("persistence", "aof_rewrites"), round);
        assert_eq!(other.count("persistence", "rdb_saves"), round);
    }
    assert_eq!(server.shut_down(), Exit::Graceful);
}

#[test]
fn one_job_is_scheduled_behind_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(with_log(&dir));
    let mut client = Client::of(&server);
    fill(&mut client);
    client.exchange(
        "BGREWRITEAOF\r\nBGREWRITEAOF\r\nBGSAVE\r\nBGSAVE SCHEDULE\r\n",
        "+Background append only file rewriting started\r\n\
         -ERR Background append only file rewriting already in progress\r\n\
         -ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to \
         schedule a BGSAVE whenever possible.\r\n\
         +Background saving scheduled\r\n",
    );
    eventually("the snapshot that was scheduled", || client.count("persistence", "rdb_saves") == 1);
    client.exchange(
        "BGSAVE\r\nBGSAVE\r\nSAVE\r\nBGREWRITEAOF\r\n",
        "+Background saving started\r\n-ERR Background save already in progress\r\n\
         -ERR Background save already in progress\r\n+Background append only file rewriting scheduled\r\n",
    );
    eventually("the rewrite that was scheduled", || client.count("persistence", "aof_rewrites") == 2);
}

#[test]
fn a_snapshot_without_a_log_becomes_its_first_base() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(without_log(&dir));
    Client::of(&server).exchange("SET kept 1\r\nSAVE\r\n", "+OK\r\n+OK\r\n");
    drop(server);
    for _ in 0..2 {
        let server = server_with(with_log(&dir));
        let mut client = Client::of(&server);
        client.exchange("GET kept\r\nDBSIZE\r\n", "$1\r\n1\r\n:1\r\n");
        settled(&mut client);
        assert!(manifest(dir.path()).contains("appendonly.aof.1.base.rdb"), "{}", manifest(dir.path()));
    }
}

#[test]
fn a_new_log_has_no_base_before_its_first_rewrite() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(with_log(&dir));
    let mut client = Client::of(&server);
    assert_eq!(manifest(dir.path()), "file appendonly.aof.1.incr.aof seq 1 type i\n");
    client
        .exchange("SET a 1\r\nBGREWRITEAOF\r\n", "+OK\r\n+Background append only file rewriting started\r\n");
    settled(&mut client);
    assert_eq!(
        manifest(dir.path()),
        "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n"
    );
}

#[test]
fn the_directory_is_one_servers() {
    let first = Program::start(&["--appendonly", "yes"]);
    let dir = first.dir.path().to_str().unwrap();
    let second = program::run(&["--port", "0", "--dir", dir]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(i32::from(Exit::CouldNotStart.code())), "{said}");
    assert!(said.contains(&format!("is in use by memora-server, process {}", first.pid())), "{said}");
    // Who writes no files may work there.
    let third = Program::start(&["--dir", dir, "--save", ""]);
    let mut client = third.client();
    client.exchange("SET a 1\r\n", "+OK\r\n");
    // Until it wants to write one.
    client.exchange("SAVE\r\nGET a\r\n", "-ERR\r\n$1\r\n1\r\n");
    third.wait_for_log("is in use by memora-server");
}

fn wait_until_it_waits(other: &mut Client) {
    eventually("a client is blocked", || match other.call(&["CLIENT", "LIST"]) {
        Reply::Bulk(list) => String::from_utf8_lossy(list.as_bytes()).contains("flags=b "),
        reply => panic!("{reply:?}"),
    });
}

#[test]
fn waitaof_ends_with_the_log_and_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(with_log(&dir));
    let (mut client, mut other) = (Client::of(&server), Client::of(&server));
    client.exchange("SET a 1\r\n", "+OK\r\n");
    // A replica never comes.
    client.send("WAITAOF 1 1 0\r\n");
    wait_until_it_waits(&mut other);
    other.exchange("CONFIG SET appendonly no\r\n", "+OK\r\n");
    client.expect("-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n");
    client.send("WAITAOF 0 1 0\r\n");
    wait_until_it_waits(&mut other);
    let started = Instant::now();
    assert_eq!(server.shut_down(), Exit::Graceful);
    assert!(started.elapsed() < Duration::from_secs(5), "nobody is waited for");
}

#[test]
fn waitaof_waits_for_the_disk_whatever_the_rhythm() {
    for policy in [AppendFsync::Always, AppendFsync::Everysec, AppendFsync::No] {
        let dir = tempfile::tempdir().unwrap();
        let server = server_with(Config { appendfsync: policy, ..with_log(&dir) });
        let mut client = Client::of(&server);
        for number in 0..20 {
            client.exchange(
                format!("SET a {number}\r\nWAITAOF 1 0 0\r\nPING\r\n"),
                "+OK\r\n*2\r\n:1\r\n:0\r\n+PONG\r\n",
            );
        }
        let log = fs::read(dir.path().join("appendonlydir/appendonly.aof.1.incr.aof")).unwrap();
        assert!(log.ends_with(b"SET\r\n$1\r\na\r\n$2\r\n19\r\n"));
    }
}

/// What the Keyspace had promised itself to do goes down with it; what it had promised to clients does not.
#[test]
fn a_panic_neither_stops_the_log_nor_leaves_it_unlike_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        appendfsync: AppendFsync::Always,
        enable_debug_command: DebugCommand::Yes,
        max_restarts: 1_000_000,
        restart_backoff: Duration::from_millis(1),
        ..with_log(&dir)
    };
    let server = server_with(config);
    let [mut busy, mut writer, mut failing] = std::array::from_fn(|_| Client::of(&server));
    for _ in 0..10 {
        // All three are in the mailbox together, the writer before the one that fails.
        busy.send("DEBUG SLEEP 0.01\r\n");
        writer.send("INCR a\r\n");
        failing.send("DEBUG PANIC\r\n");
        busy.expect("+OK\r\n");
        assert!(matches!(writer.reply(), Reply::Integer(_) | Reply::Error(_)));
        assert!(matches!(failing.reply(), Reply::Error(_)));
    }
    eventually("the data is rebuilt from the log", || writer.info("persistence", "loading") == "0");
    let value = writer.call(&["GET", "a"]);
    drop(server);
    let server = server_with(with_log(&dir));
    assert_eq!(Client::of(&server).call(&["GET", "a"]), value);
}

#[test]
fn a_log_that_has_just_been_switched_on_is_whole_when_the_server_ends() {
    let dir = tempfile::tempdir().unwrap();
    // An older log of other data, which must not come back.
    let server = server_with(with_log(&dir));
    Client::of(&server).exchange("SET old 1\r\n", "+OK\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(without_log(&dir));
    let mut client = Client::of(&server);
    fill(&mut client);
    client.exchange("CONFIG SET appendonly yes\r\nSET last 1\r\n", "+OK\r\n+OK\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(with_log(&dir));
    let all = MANY_KEYS + 1;
    Client::of(&server)
        .exchange("EXISTS old\r\nGET last\r\nDBSIZE\r\n", format!(":0\r\n$1\r\n1\r\n:{all}\r\n"));
}

#[test]
fn a_snapshot_that_cannot_be_reloaded_leaves_the_data_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(Config { enable_debug_command: DebugCommand::Yes, ..without_log(&dir) });
    let mut client = Client::of(&server);
    client.exchange("SET a 1\r\nSAVE\r\nSET b 2\r\n", "+OK\r\n+OK\r\n+OK\r\n");
    let failed = "-ERR Error trying to load the RDB dump, check server logs.\r\n";
    fs::write(dir.path().join("dump.rdb"), b"REDIS0010garbage").unwrap();
    client.exchange("DEBUG RELOAD NOSAVE\r\n", failed);
    client.exchange("GET a\r\nGET b\r\nDBSIZE\r\n", "$1\r\n1\r\n$1\r\n2\r\n:2\r\n");
    fs::remove_file(dir.path().join("dump.rdb")).unwrap();
    client.exchange("DEBUG RELOAD NOSAVE\r\n", failed);
    client.exchange("GET b\r\nDEBUG RELOAD\r\nGET b\r\n", "$1\r\n2\r\n+OK\r\n$1\r\n2\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
}
