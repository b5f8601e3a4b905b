//! Random histories: after a restart there is the same data, to the encoding and the millisecond.

use crate::common::{Client as CommonClient, request};
use crate::data::{Content, of_redis};
use crate::generate::Generator;
use crate::node::Node;
use crate::random::Random;
use crate::wire::Value;
use memora::resp::Reply;
use std::collections::BTreeMap;

/// Histories of some dozens of requests between two restarts.
const HISTORIES: u64 = 60;

/// Restarts with each set of options.
const RESTARTS: u64 = 3;

/// Commands that are about a connection or the server, or leave too little to compare.
const LEFT_OUT: &[&str] = &[
    "ask",
    "auth",
    "client",
    "cluster",
    "command",
    "config",
    "flushall",
    "flushdb",
    "hello",
    "info",
    "latency",
    "lolwut",
    "memora",
    "memory",
    "module",
    "quit",
    "readonly",
    "readwrite",
    "reset",
    "slowlog",
];

/// Members come and are taken at random, as the generator does not, which thinks of two servers.
const TAKEN: &[&str] = &[
    "SADD e1 a b c d e f g h i",
    "SADD e2 1 2 3 4 5 6 70000",
    "SPOP e1 3",
    "SPOP e2 2",
    "SPOP e1",
    "SPOP e2",
];

/// Everything about a key that a client can see, but the encodings of strings: those tell how the string came to be,
/// which a log of its outcome (`SET` for `INCRBYFLOAT`) does not, in Redis either. And a file of values, as a base is,
/// does not tell that a small hash was once a big one.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    content: Content,
    deadline_ms: Option<u64>,
    encoding: String,
}

type Image = BTreeMap<(usize, Vec<u8>), Seen>;

/// What a server holds; `encodings` says whether those of lists and hashes belong to it.
fn image(node: &Node, encodings: bool) -> Image {
    let mut client = node.common_client();
    let data = of_redis(&mut client);
    let mut image = Image::new();
    for ((database, key), (content, deadline_ms)) in data {
        let encoding = if encodings { encoding(&mut client, database, &key) } else { String::new() };
        image.insert((database, key), Seen { content, deadline_ms, encoding });
    }
    image
}

fn encoding(client: &mut CommonClient, database: usize, key: &[u8]) -> String {
    client.call(&["SELECT", &database.to_string()]);
    client.send(request(&[b"OBJECT", &b"ENCODING"[..], key]));
    match client.reply() {
        Reply::Bulk(text) if [&b"int"[..], b"embstr", b"raw"].contains(&text.as_bytes()) => String::new(),
        Reply::Bulk(text) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Has a server live through some histories.
fn live(node: &Node, generator: &Generator, seeds: std::ops::Range<u64>) {
    let mut client = node.client();
    for seed in seeds {
        let mut random = Random::new(!seed);
        client.ask_text(&["SELECT", &random.below(3).to_string()]);
        for request in generator.case(seed).requests {
            let name = String::from_utf8_lossy(&request[0]).to_lowercase();
            if !LEFT_OUT.iter().any(|left_out| name.starts_with(left_out)) {
                let reply = client.ask(&request);
                assert_ne!(reply, Value::Closed, "{name}");
            }
            if random.chance(20) {
                let reply = client.ask_text(&random.one(TAKEN).split(' ').collect::<Vec<_>>());
                assert_ne!(reply, Value::Closed);
            }
        }
    }
}

#[track_caller]
fn assert_same(what: &str, found: &Image, expected: &Image) {
    for (place, seen) in expected {
        assert_eq!(
            found.get(place),
            Some(seen),
            "{what}: database {}, key {}",
            place.0,
            place.1.escape_ascii()
        );
    }
    assert_eq!(found.len(), expected.len(), "{what}: more keys than there should be");
}

/// What there was is there again after a restart, and the server lives on with it.
fn live_and_restart(what: &str, options: &[&str], rewritten: bool) {
    let dir = tempfile::tempdir().unwrap();
    let generator = Generator::new();
    let mut keys = 0;
    for restart in 0..RESTARTS {
        let first = restart * 1000;
        let node = Node::start(dir.path(), options);
        live(&node, &generator, first..first + HISTORIES);
        if rewritten {
            node.rewrite();
        }
        live(&node, &generator, first + HISTORIES..first + HISTORIES + HISTORIES / 4);
        let expected = image(&node, !rewritten);
        keys += expected.len();
        node.shut_down(&["SHUTDOWN"]);
        let node = Node::start(dir.path(), options);
        assert_same(what, &image(&node, !rewritten), &expected);
        node.shut_down(&["SHUTDOWN"]);
    }
    assert!(keys > 20, "{what}: the histories leave hardly anything: {keys} keys");
}

#[test]
fn a_log_alone_gives_the_same_data() {
    live_and_restart("log", &["--appendonly", "yes", "--aof-timestamp-enabled", "yes"], false);
}

#[test]
fn a_rewritten_log_gives_the_same_data() {
    live_and_restart("RDB base", &["--appendonly", "yes"], true);
    let options = &["--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes"];
    live_and_restart("base of commands", options, true);
}

#[test]
fn a_snapshot_gives_the_same_data() {
    let dir = tempfile::tempdir().unwrap();
    let options = &[];
    let node = Node::start(dir.path(), options);
    live(&node, &Generator::new(), 5000..5000 + HISTORIES);
    let expected = image(&node, false);
    node.shut_down(&["SHUTDOWN", "SAVE"]);
    let node = Node::start(dir.path(), options);
    assert_same("restart", &image(&node, false), &expected);
}
