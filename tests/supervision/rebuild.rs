//! The Keyspace fails while there is a log: the data is rebuilt from it.

use crate::common::{Client, eventually, server_with};
use crate::{UNKNOWN, fragile, requests};
use memora::config::Config;
use memora::config::values::AppendFsync;
use memora::exit::Exit;
use memora::resp::Reply;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const DANGEROUS: &str = "-ERR this command with these arguments has made the server fail twice and is refused until the server is started anew\r\n";

fn logged(dir: &Path) -> Config {
    Config { dir: dir.to_owned(), appendonly: true, appendfsync: AppendFsync::Always, ..fragile() }
}

fn wait_until_loaded(client: &mut Client) {
    eventually("the data is there again", || client.info("persistence", "loading") == "0");
}

#[test]
fn what_a_failing_command_did_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(logged(dir.path()));
    let [mut client, mut other] = [(); 2].map(|()| Client::of(&server));
    client.exchange("SELECT 3\r\nRPUSH l a b\r\nSET k 1\r\n", "+OK\r\n:2\r\n+OK\r\n");
    client.exchange("DEBUG BUG l\r\n", "+OK\r\n");
    // It pushes, and fails before anybody hears of it.
    client.exchange(requests(&[&["SET", "k", "2"], &["RPUSH", "l", "c"]]), format!("+OK\r\n{UNKNOWN}"));
    wait_until_loaded(&mut client);
    client.exchange("DEBUG BUG\r\n", "+OK\r\n");
    client.exchange("LLEN l\r\nGET k\r\nDBSIZE\r\n", ":2\r\n$1\r\n2\r\n:2\r\n");
    // The log goes on where it was, in the right database.
    other.exchange("SET zero 0\r\n", "+OK\r\n");
    client.exchange("RPUSH l d\r\n", ":3\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(logged(dir.path()));
    let mut client = Client::of(&server);
    client.exchange("DBSIZE\r\nSELECT 3\r\nLINDEX l -1\r\nGET k\r\n", ":1\r\n+OK\r\n$1\r\nd\r\n$1\r\n2\r\n");
}

#[test]
fn who_waits_is_not_served_from_half_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(logged(dir.path()));
    let [mut client, mut other] = [(); 2].map(|()| Client::of(&server));
    let transaction: [&[&str]; 4] = [&["MULTI"], &["RPUSH", "l", "torn"], &["DEBUG", "PANIC"], &["EXEC"]];
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Others have something to say at every moment, also between the panic and the loading.
        for _ in 0..4 {
            scope.spawn(|| {
                let mut busy = Client::of(&server);
                while !ended.load(Ordering::Relaxed) {
                    busy.call(&["SET", "other", "1"]);
                }
            });
        }
        for _ in 0..5 {
            client.send("BLPOP l 0\r\n");
            eventually("it waits", || other.count("clients", "blocked_clients") == 1);
            other.exchange(
                requests(&transaction),
                format!("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n{UNKNOWN}"),
            );
            wait_until_loaded(&mut other);
            other.exchange("LLEN l\r\nRPUSH l whole\r\n", ":0\r\n:1\r\n");
            let wanted = b"*2\r\n$1\r\nl\r\n$5\r\nwhole\r\n";
            let is_right = client.rest_starts_with(wanted);
            ended.fetch_or(!is_right, Ordering::Relaxed);
            assert!(is_right, "what is torn was given away");
            client.expect(wanted);
        }
        ended.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_command_that_fails_again_and_again_is_refused() {
    for appendonly in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let server = server_with(Config { appendonly, max_restarts: 2, ..logged(dir.path()) });
        let mut client = Client::of(&server);
        client.exchange("DEBUG BUG k\r\n", "+OK\r\n");
        for _ in 0..2 {
            client.exchange("SET k v\r\n", UNKNOWN);
            wait_until_loaded(&mut client);
        }
        for request in ["SET k v\r\n", "set k v\r\n"] {
            client.exchange(request, DANGEROUS);
        }
        client.exchange("SET other v\r\nPING\r\n", "+OK\r\n+PONG\r\n");
        assert_eq!(client.count("actors", "keyspace.restarts"), 2);
        assert_eq!(server.shut_down(), Exit::Graceful);
    }
}

#[test]
fn counters_and_sessions_outlive_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(logged(dir.path()));
    let mut client = Client::of(&server);
    client.exchange("CLIENT SETNAME me\r\nSELECT 5\r\nSET k v\r\nSET l v\r\n", "+OK\r\n".repeat(4));
    client.exchange("SET gone v PX 1\r\n", "+OK\r\n");
    eventually("the key has expired", || client.count("stats", "expired_keys") == 1);
    let changes = client.count("persistence", "rdb_changes_since_last_save");
    client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    wait_until_loaded(&mut client);
    client.exchange("CLIENT GETNAME\r\nDBSIZE\r\n", "$2\r\nme\r\n:2\r\n");
    assert_eq!(client.count("stats", "expired_keys"), 1);
    assert_eq!(client.count("persistence", "rdb_changes_since_last_save"), changes);
}

#[test]
fn failures_amid_rewrites_and_snapshots_leave_whole_files() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { max_restarts: 1000, ..logged(dir.path()) };
    let server = server_with(config.clone());
    let mut client = Client::of(&server);
    let value = "x".repeat(100);
    for number in 0..2000 {
        client.send(format!("SET key:{number} {value}\r\n"));
    }
    (0..2000).for_each(|_| client.expect("+OK\r\n"));
    for round in 0..40 {
        client.exchange(format!("SET round {round}\r\n"), "+OK\r\n");
        client.call(&[["BGREWRITEAOF", "BGSAVE"][round % 2]]);
        let actor = ["keyspace", "aof_writer", "rewriter"][round % 3];
        client.exchange(format!("DEBUG PANIC {actor}\r\n"), "+OK\r\n");
        eventually("it is back", || client.info("actors", &format!("{actor}.state")) == "running");
        wait_until_loaded(&mut client);
        eventually("the data is whole", || client.call(&["DBSIZE"]) == Reply::Integer(2001));
    }
    client.exchange("GET round\r\n", "$2\r\n39\r\n");
    eventually("no rewrite runs", || client.info("persistence", "aof_rewrite_in_progress") == "0");
    eventually("a rewrite begins", || !client.call(&["BGREWRITEAOF"]).is_error());
    eventually("no rewrite runs", || client.info("persistence", "aof_rewrite_in_progress") == "0");
    assert_eq!(client.info("persistence", "aof_last_bgrewrite_status"), "ok");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(config);
    Client::of(&server).exchange("DBSIZE\r\nGET round\r\n", ":2001\r\n$2\r\n39\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
}

#[test]
fn a_log_without_its_first_base_is_not_rebuilt_from() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(Config { appendonly: false, ..logged(dir.path()) });
    let mut client = Client::of(&server);
    client.exchange("SET before 1\r\nCONFIG SET appendonly yes\r\n", "+OK\r\n+OK\r\n");
    client.exchange("DEBUG PANIC\r\n", UNKNOWN);
    eventually("it serves", || !client.call(&["GET", "before"]).is_error());
    client.exchange("GET before\r\n", "$1\r\n1\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(logged(dir.path()));
    Client::of(&server).exchange("GET before\r\n", "$1\r\n1\r\n");
}

#[test]
fn appendonly_may_be_switched_while_the_data_is_loaded_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with(logged(dir.path()));
    let mut client = Client::of(&server);
    client.exchange("SET k v\r\n", "+OK\r\n");
    let switch =
        ["DEBUG PANIC keyspace\r\n", "CONFIG SET appendonly no\r\n", "CONFIG SET appendonly yes\r\n"];
    client.exchange(switch.concat(), "+OK\r\n".repeat(3));
    eventually("it serves", || !client.call(&["GET", "k"]).is_error());
    client.exchange("GET k\r\nSET l v\r\n", "$1\r\nv\r\n+OK\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    let server = server_with(logged(dir.path()));
    Client::of(&server).exchange("DBSIZE\r\n", ":2\r\n");
}

#[test]
fn a_frozen_actor_is_reported_and_recovers() {
    let timeout = Duration::from_millis(20);
    let server = server_with(Config { heartbeat_timeout: timeout, ..fragile() });
    let mut client = Client::of(&server);
    for actor in ["rewriter", "aof_writer"] {
        let field = |part: &str| format!("{actor}.{part}");
        client.exchange(format!("DEBUG FREEZE {actor} 300ms\r\n"), "+OK\r\n");
        eventually("it is frozen", || client.info("actors", &field("state")) == "frozen");
        client.exchange("SET k v\r\n", "+OK\r\n");
        eventually("it is back", || client.info("actors", &field("state")) == "running");
        assert!(client.count("actors", &field("freezes")) > 0);
        assert_eq!(client.count("actors", &field("restarts")), 0);
    }
    client.exchange("DEBUG FREEZE keyspace 300ms\r\n", "+OK\r\n");
    eventually("it was frozen", || client.count("actors", "keyspace.freezes") > 0);
}

#[test]
fn actors_are_named_and_described() {
    let server = server_with(fragile());
    let mut client = Client::of(&server);
    client.call(&["HELLO", "3"]);
    let names = client.call(&["DEBUG", "ACTORS"]);
    let Reply::Array(names) = names else { panic!("{names:?}") };
    let Reply::Array(actors) = client.call(&["MEMORA", "ACTORS"]) else { panic!("no array") };
    assert_eq!(actors.len(), names.len());
    for (actor, name) in actors.iter().zip(&names) {
        let Reply::Map(fields) = actor else { panic!("{actor:?}") };
        let field =
            |wanted: &str| &fields.iter().find(|(key, _)| *key == Reply::bulk(wanted.to_owned())).unwrap().1;
        assert_eq!(field("name"), name);
        assert_eq!(*field("state"), Reply::bulk("running"));
        assert_eq!(*field("restarts"), Reply::ZERO);
    }
    for wrong in ["DEBUG PANIC nobody\r\n", "DEBUG FREEZE nobody 1ms\r\n"] {
        client.exchange(wrong, "-ERR there is no actor of this name, DEBUG ACTORS lists them\r\n");
    }
    assert!(client.call(&["DEBUG", "FREEZE", "expiry", "soon"]).is_error());
}
