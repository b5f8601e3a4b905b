//! Clients that come while the data is loaded: through a Unix socket, whose place is known before the server is ready.

use crate::common::{Client, eventually};
use crate::files::{WITH_LOG, increment, write_log};
use crate::node::{Kind, Starting};
use memora::resp::Reply;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// The length of the log that is loaded, where `DURABILITY_LOG_BYTES` does not say it.
const LOG_BYTES: usize = 200_000_000;

/// The length of each value: small enough to keep the server busy for more than a moment.
const VALUE_BYTES: usize = 500;

/// Writes a log of that many bytes at least; answers how many keys it holds.
fn write_big_log(dir: &Path) -> usize {
    let len_bytes = std::env::var("DURABILITY_LOG_BYTES").map_or(LOG_BYTES, |text| text.parse().unwrap());
    write_log(dir, &[b""]);
    let mut file = BufWriter::new(File::create(increment(dir, 1)).unwrap());
    let value = "v".repeat(VALUE_BYTES);
    let keys = len_bytes / VALUE_BYTES;
    for number in 0..keys {
        write!(file, "*3\r\n$3\r\nSET\r\n$12\r\nkey:{number:08}\r\n${VALUE_BYTES}\r\n{value}\r\n").unwrap();
    }
    keys
}

#[track_caller]
fn assert_loading(client: &mut Client, words: &[&str]) {
    match client.call(words) {
        Reply::Error(text) => assert!(text.starts_with(b"LOADING "), "{words:?}: {}", text.escape_ascii()),
        other => panic!("{words:?}: {other:?}"),
    }
}

/// Connects as soon as the server listens.
fn connect(socket: &Path) -> Client {
    eventually("the server listens", || std::os::unix::net::UnixStream::connect(socket).is_ok());
    Client::unix(socket)
}

#[test]
fn clients_hear_that_the_data_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let keys = write_big_log(dir.path());
    let socket = dir.path().join("socket");
    let options = [WITH_LOG, &["--unixsocket", socket.to_str().unwrap()]].concat();
    let starting = Starting::spawn(Kind::Memora, dir.path(), &options);
    let mut client = connect(&socket);
    assert_eq!(client.info("persistence", "loading"), "1");
    for words in [
        &["GET", "key:00000000"][..],
        &["PING"],
        &["SET", "a", "1"],
        &["DBSIZE"],
        &["SAVE"],
        &["BGREWRITEAOF"],
    ] {
        assert_loading(&mut client, words);
    }
    assert_eq!(
        client.count("persistence", "loading_total_bytes"),
        increment(dir.path(), 1).metadata().unwrap().len()
    );
    assert!(client.count("persistence", "loading_start_time") > 1_700_000_000);
    let mut seen = Vec::new();
    eventually("some steps are seen", || {
        let loaded = client.count("persistence", "loading_loaded_bytes");
        let percent: f64 = client.info("persistence", "loading_loaded_perc").parse().unwrap();
        assert!((0.0..=100.0).contains(&percent), "{percent}");
        seen.push(loaded);
        seen.dedup();
        seen.len() >= 5
    });
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(!client.info("persistence", "loading_eta_seconds").is_empty());
    let node = starting.wait().unwrap();
    assert_eq!(client.info("persistence", "loading"), "0");
    let mut client = node.client();
    assert_eq!(client.ask_text(&["DBSIZE"]).integer(), i64::try_from(keys).ok());
    let last = format!("key:{:08}", keys - 1);
    assert_eq!(client.ask_text(&["STRLEN", &last]).integer(), i64::try_from(VALUE_BYTES).ok());
    assert!(!client.ask_text(&["SET", "a", "1"]).is_error());
    let said = node.log();
    assert!(said.contains('%') || said.contains("percent"), "nothing about the progress: {said}");
}

/// Asks a server to end.
type End = dyn Fn(&Starting, Client);

#[test]
fn a_loading_server_can_be_ended() {
    let dir = tempfile::tempdir().unwrap();
    write_big_log(dir.path());
    let len_bytes = || increment(dir.path(), 1).metadata().unwrap().len();
    let whole_bytes = len_bytes();
    let socket = dir.path().join("socket");
    let options = [WITH_LOG, &["--unixsocket", socket.to_str().unwrap(), "--save", "3600 1"]].concat();
    let command = |_: &Starting, mut client: Client| {
        client.send("SHUTDOWN NOSAVE\r\n");
        client.expect_end();
    };
    let signal = |starting: &Starting, _: Client| starting.signal("TERM");
    for end in [&command as &End, &signal] {
        let starting = Starting::spawn(Kind::Memora, dir.path(), &options);
        let mut client = connect(&socket);
        assert_eq!(client.info("persistence", "loading"), "1");
        end(&starting, client);
        let refusal = starting.wait().map(drop).expect_err("it ends before it serves");
        assert_eq!(refusal.code, Some(0), "{}", refusal.said);
        // Nothing was written over the data by a server that had seen half of it.
        assert!(!dir.path().join("dump.rdb").exists());
        assert_eq!(len_bytes(), whole_bytes);
    }
    assert!(!Starting::spawn(Kind::Memora, dir.path(), &options).kill_after(Duration::from_millis(20)));
    assert_eq!(len_bytes(), whole_bytes);
}
