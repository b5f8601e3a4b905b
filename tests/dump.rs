//! DUMP and RESTORE between Memora and a real Redis: what one makes the other takes, in every encoding, and where
//! both encode alike the bytes are the same.
//!
//! The real server has the commands to look into any value, so contents are always compared there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;

use common::redis_server::Redis;
use common::{Client, request, server};
use memora::persistence::rdb::crc64;
use memora::resp::Reply;
use memora::server::Server;

/// A client of each server, both without data.
struct Pair {
    memora: Client,
    redis: Client,
    _server: Server,
    _redis: Redis,
}

type Words<'a> = &'a [&'a [u8]];

impl Pair {
    /// None, after saying so, where no real server is installed.
    fn start() -> Option<Self> {
        let redis = Redis::start(&["--enable-debug-command", "yes", "--sanitize-dump-payload", "yes"])?;
        let server = server();
        Some(Self { memora: Client::of(&server), redis: redis.client(), _server: server, _redis: redis })
    }

    fn flush(&mut self) {
        call(&mut self.memora, &[b"FLUSHALL"]);
        call(&mut self.redis, &[b"FLUSHALL"]);
    }

    fn set_up(&mut self, commands: &[Vec<Vec<u8>>]) {
        self.flush();
        for words in commands {
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            call(&mut self.memora, &words);
            call(&mut self.redis, &words);
        }
    }

    /// Both servers hold the same value at `k`. Checks that each takes the other's.
    fn exchange(&mut self, what: &str) {
        let (ours, theirs) = (dump(&mut self.memora, b"k"), dump(&mut self.redis, b"k"));
        restore(&mut self.redis, b"from-memora", &ours);
        self.assert_same_in_redis(what, b"from-memora");
        self.take(what, &theirs);
    }

    /// Memora takes a payload of what Redis holds at `k` and gives it back. Answers what it gave.
    fn take(&mut self, what: &str, payload: &[u8]) -> Vec<u8> {
        restore(&mut self.memora, b"from-redis", payload);
        let again = dump(&mut self.memora, b"from-redis");
        restore(&mut self.redis, b"and-back", &again);
        self.assert_same_in_redis(what, b"and-back");
        again
    }

    fn assert_same_in_redis(&mut self, what: &str, key: &[u8]) {
        let (expected, found) = (contents(&mut self.redis, b"k"), contents(&mut self.redis, key));
        assert_eq!(found, expected, "{what}");
    }

    fn same_payload(&mut self) -> bool {
        dump(&mut self.memora, b"k") == dump(&mut self.redis, b"k")
    }
}

fn call(client: &mut Client, words: Words<'_>) -> Reply {
    client.send(request(words));
    match client.reply() {
        Reply::Error(text) => panic!("{}: {}", words[0].escape_ascii(), text.escape_ascii()),
        reply => reply,
    }
}

fn dump(client: &mut Client, key: &[u8]) -> Vec<u8> {
    match call(client, &[b"DUMP", key]) {
        Reply::Bulk(payload) => payload.as_bytes().to_vec(),
        other => panic!("DUMP answers {other:?}"),
    }
}

fn restore(client: &mut Client, key: &[u8], payload: &[u8]) {
    assert_eq!(call(client, &[b"RESTORE", key, b"0", payload, b"REPLACE"]), Reply::OK);
}

/// The error that RESTORE answers; empty if none.
fn refusal(client: &mut Client, payload: &[u8]) -> Vec<u8> {
    client.send(request(&[&b"RESTORE"[..], b"x", b"0", payload, b"REPLACE"]));
    match client.reply() {
        Reply::Error(text) => text.to_vec(),
        _ => Vec::new(),
    }
}

/// What a key of the real server holds; fields of a hash in the order of their names.
fn contents(redis: &mut Client, key: &[u8]) -> Vec<Vec<u8>> {
    let kind = call(redis, &[b"TYPE", key]);
    let texts = |reply: Reply| match reply {
        Reply::Array(items) => items,
        single => vec![single],
    };
    let texts = |reply: Reply| -> Vec<Vec<u8>> {
        let text = |item: Reply| match item {
            Reply::Bulk(blob) => blob.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        };
        texts(reply).into_iter().map(text).collect()
    };
    match kind {
        Reply::Simple(kind) if kind == "string" => texts(call(redis, &[b"GET", key])),
        Reply::Simple(kind) if kind == "list" => texts(call(redis, &[b"LRANGE", key, b"0", b"-1"])),
        Reply::Simple(kind) if kind == "hash" => {
            let flat = texts(call(redis, &[b"HGETALL", key]));
            let mut pairs: Vec<_> = flat.chunks(2).collect();
            pairs.sort();
            pairs.concat()
        }
        other => panic!("{other:?}"),
    }
}

/// Numbers and texts of every length that is encoded in a way of its own.
fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for bits in [0, 6, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62] {
        for int in [(1i64 << bits) - 1, 1 << bits, -(1 << bits), -(1 << bits) - 1] {
            texts.push(int.to_string().into_bytes());
        }
    }
    texts.extend([i64::MAX, i64::MIN].map(|int| int.to_string().into_bytes()));
    texts.extend([&b""[..], b"-0", b"01", b"+1", b" 1", b"9223372036854775808"].map(<[u8]>::to_vec));
    for len in
        [1, 11, 12, 20, 21, 44, 45, 63, 64, 65, 125, 126, 127, 128, 4095, 4096, 8191, 8192, 16_383, 16_384]
    {
        texts.push(vec![b'x'; len]);
        texts.push(noise(len, len as u64));
        texts.push(words(len));
    }
    texts
}

/// Bytes that cannot be compressed.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| byte()).collect()
}

/// Text that can.
fn words(len: usize) -> Vec<u8> {
    let all = [&b"actor "[..], b"mailbox ", b"supervisor ", b"restart ", b"key", b"value", b"\r\n"];
    let picks = noise(len, len as u64 + 7);
    picks.iter().flat_map(|pick| all[usize::from(*pick) % all.len()]).copied().take(len).collect()
}

fn command(name: &str, arguments: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    [name.as_bytes().to_vec(), b"k".to_vec()].into_iter().chain(arguments).collect()
}

#[test]
fn strings_have_the_same_bytes() {
    let Some(mut pair) = Pair::start() else { return };
    for text in texts() {
        let what = text[..text.len().min(30)].escape_ascii().to_string();
        pair.set_up(&[command("SET", [text])]);
        assert!(pair.same_payload(), "{what}");
        pair.exchange(&what);
    }
}

#[test]
fn packed_lists_and_hashes_have_the_same_bytes() {
    let Some(mut pair) = Pair::start() else { return };
    for text in texts().into_iter().filter(|text| text.len() <= 2048) {
        let what = text[..text.len().min(30)].escape_ascii().to_string();
        pair.set_up(&[command("RPUSH", [text.clone(), b"1".to_vec(), text.clone()])]);
        assert!(pair.same_payload(), "list of {what}");
        pair.exchange(&what);
        if text.len() <= 64 {
            pair.set_up(&[command("HSET", [b"a".to_vec(), text.clone(), text, b"b".to_vec()])]);
            assert!(pair.same_payload(), "hash of {what}");
            pair.exchange(&what);
        }
    }
}

#[test]
fn long_lists_have_the_same_bytes() {
    let Some(mut pair) = Pair::start() else { return };
    let numbers = |count: usize| (0..count).map(|number| (number * 7919).to_string().into_bytes());
    let phrases = (0..500).map(|number| words(number % 300));
    for (what, elements) in [("numbers", numbers(20_000).collect::<Vec<_>>()), ("phrases", phrases.collect())]
    {
        pair.set_up(&elements.chunks(100).map(|some| command("RPUSH", some.to_vec())).collect::<Vec<_>>());
        assert!(pair.same_payload(), "{what}");
        pair.exchange(what);
    }
}

#[test]
fn tables_and_lists_with_big_elements_are_exchanged() {
    let Some(mut pair) = Pair::start() else { return };
    let pairs =
        |count: usize| (0..count).flat_map(|number| [number.to_string().into_bytes(), words(number % 90)]);
    pair.set_up(&[command("HSET", pairs(3000))]);
    pair.exchange("many fields");
    pair.set_up(&[command("HSET", texts().into_iter().flat_map(|text| [text.clone(), text]))]);
    pair.exchange("long fields");
    pair.set_up(&[command("RPUSH", texts())]);
    pair.exchange("elements of all lengths");
    pair.set_up(&[command("RPUSH", [noise(100_000, 5), words(50_000), b"1".to_vec(), vec![b'y'; 9000]])]);
    pair.exchange("big elements");
}

#[test]
fn whatever_redis_is_told_to_make_is_taken() {
    let Some(mut pair) = Pair::start() else { return };
    let list = |size: &'static str, depth: &'static str| {
        [["list-max-listpack-size", size], ["list-compress-depth", depth]]
    };
    let settings = [list("-1", "0"), list("-5", "0"), list("3", "1"), list("-1", "1"), list("10000", "0")];
    for [size, depth] in settings {
        for [option, value] in [size, depth] {
            call(&mut pair.redis, &[b"CONFIG", b"SET", option.as_bytes(), value.as_bytes()]);
        }
        pair.set_up(&[command("RPUSH", (0..2000).map(|number| words(number % 100)))]);
        pair.exchange(size[1]);
    }
    call(&mut pair.redis, &[b"DEBUG", b"QUICKLIST-PACKED-THRESHOLD", b"100b"]);
    pair.set_up(&[command("RPUSH", (0..300).map(words))]);
    pair.exchange("plain nodes");
    call(&mut pair.redis, &[b"CONFIG", b"SET", b"hash-max-listpack-entries", b"0", b"rdbcompression", b"no"]);
    pair.set_up(&[command(
        "HSET",
        (0..100)
            .map(words)
            .enumerate()
            .map(|(index, text)| if index % 2 == 0 { index.to_string().into_bytes() } else { text }),
    )]);
    pair.exchange("a small table, nothing compressed");
}

#[test]
fn nodes_that_redis_made_are_kept() {
    let Some(mut pair) = Pair::start() else { return };
    call(&mut pair.redis, &[b"CONFIG", b"SET", b"list-max-listpack-size", b"-5"]);
    pair.set_up(&[command("RPUSH", (0..3000).map(|number| words(number % 100)))]);
    let theirs = dump(&mut pair.redis, b"k");
    assert_eq!(pair.take("nodes of 64 KiB", &theirs), theirs);
}

/// A payload with a right footer.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut payload = [body, &[10, 0]].concat();
    let checksum = crc64::update(0, &payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

#[test]
fn old_forms_are_taken_alike() {
    let Some(mut pair) = Pair::start() else { return };
    let ziplist = b"\x13\x00\x00\x00\x0f\x00\x00\x00\x03\x00\x00\x01a\x03\xfd\x02\xfe\xff\xff";
    let pairs = b"\x15\x00\x00\x00\x12\x00\x00\x00\x04\x00\x00\x01a\x03\xfd\x02\x01b\x03\xf1\xff";
    let numbers = b"\x27\x00\x00\x00\x1c\x00\x00\x00\x05\x00\x00\xc0\x00\x80\x04\xf0\xff\xff\x7f\x05\xd0\x00\x00\x00\x80\x06\xfe\x80\x03\xe0\x00\x00\x00\x00\x00\x00\x00\x80\xff";
    let node = |bytes: &[u8]| [&[bytes.len() as u8][..], bytes].concat();
    let bodies = [
        b"\x01\x03\x01a\xc0\x05\x00".to_vec(),
        b"\x04\x02\x01f\x01v\xc1\x00\x01\x01w".to_vec(),
        b"\x09\x0e\x02\x01a\x01\x021xy\x02bc\x00\x00\xff".to_vec(),
        [&[10][..], &node(ziplist)].concat(),
        [&[10][..], &node(numbers)].concat(),
        [&[13][..], &node(pairs)].concat(),
        [&[14, 2][..], &node(ziplist), &node(ziplist)].concat(),
    ];
    for body in bodies {
        let what = body.escape_ascii().to_string();
        let payload = sealed(&body);
        pair.flush();
        assert_eq!((what.as_str(), refusal(&mut pair.redis, &payload)), (what.as_str(), Vec::new()));
        restore(&mut pair.redis, b"k", &payload);
        pair.take(&what, &payload);
    }
}

#[test]
fn damage_is_refused_alike() {
    let Some(mut pair) = Pair::start() else { return };
    pair.set_up(&[command("SET", [words(100)])]);
    let payload = dump(&mut pair.redis, b"k");
    let (body, _) = payload.split_at(payload.len() - 10);
    let mut newer = payload.clone();
    newer[body.len()] = 255;
    let empty_list = b"\x12\x00";
    let empty_hash = b"\x04\x00";
    let twice = b"\x04\x02\x01f\x01v\x01f\x01w";
    let bad_kind = b"\x12\x01\x03\x01a";
    let bad_listpack = b"\x10\x07\x08\x00\x00\x00\x00\x00\xff";
    let mut cases = vec![b"".to_vec(), payload[..9].to_vec(), payload[1..].to_vec(), newer];
    for body in [&body[..5], empty_list, empty_hash, twice, bad_kind, bad_listpack, b"", b"\x08", b"\x63"] {
        cases.push(sealed(body));
    }
    for payload in cases {
        let (ours, theirs) = (refusal(&mut pair.memora, &payload), refusal(&mut pair.redis, &payload));
        assert!(!theirs.is_empty());
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{payload:?}");
    }
}
