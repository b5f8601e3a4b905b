//! What is no request: garbage, broken lengths, half frames, clients that vanish.
//!
//! Whatever arrives, the answer is an error or the end of that one connection: never a panic, never a restart,
//! never a leak of clients or files, and never anything that another client notices.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::Program;
use common::{Client, eventually, request, server};
use memora::resp::Reply;
use proptest::collection::vec;
use proptest::prelude::*;

/// Input that ends the connection: what is sent, and the error it is answered with.
const FATAL: &[(&str, &str)] = &[
    ("*2147483648\r\n", "invalid multibulk length"),
    ("*99999999999999999999\r\n", "invalid multibulk length"),
    ("*1x\r\n", "invalid multibulk length"),
    ("* 1\r\n", "invalid multibulk length"),
    ("*+1\r\n", "invalid multibulk length"),
    ("*\r\n", "invalid multibulk length"),
    ("*1\r\n$x\r\n", "invalid bulk length"),
    ("*1\r\n$-1\r\n", "invalid bulk length"),
    ("*1\r\n$536870913\r\n", "invalid bulk length"),
    ("*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
    ("*1\r\n*1\r\n", "expected '$', got '*'"),
    ("*1\r\n\r\n", "expected '$', got ' '"),
    ("*2\r\n$4\r\nECHO\r\n:1\r\n", "expected '$', got ':'"),
    ("*3\r\n$3\r\nSET\r\n$1\r\na\r\n+1\r\n", "expected '$', got '+'"),
    ("GET \"a\r\n", "unbalanced quotes in request"),
    ("GET 'a'b\r\n", "unbalanced quotes in request"),
    ("{\"json\": 1}\r\n", "unbalanced quotes in request"),
];

/// Input that is strange, but answered; the connection goes on.
const HARMLESS: &[(&str, &str)] = &[
    ("*0\r\n*-1\r\n*-2147483649\r\n\r\n", ""),
    ("*1\r\n$0\r\n\r\n", "-ERR unknown command '', with args beginning with: \r\n"),
    ("*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", "$2\r\n\r\n\r\n"),
    ("$4\r\n", "-ERR unknown command '$4', with args beginning with: \r\n"),
    ("+OK\r\n", "-ERR unknown command '+OK', with args beginning with: \r\n"),
];

fn check(mut connect: impl FnMut() -> Client) {
    for (sent, error) in FATAL {
        let mut client = connect();
        client.exchange(format!("PING\r\n{sent}"), format!("+PONG\r\n-ERR Protocol error: {error}\r\n"));
        client.expect_end();
    }
    for (sent, answer) in HARMLESS {
        connect().exchange(format!("{sent}PING\r\n"), format!("{answer}+PONG\r\n"));
    }
}

#[test]
fn every_mistake_is_answered_as_redis_answers_it() {
    let server = server();
    check(|| Client::of(&server));
    let mut client = Client::of(&server);
    client.wait_until_alone();
    assert_eq!(client.count("actors", "keyspace.restarts"), 0);
    #[cfg(unix)]
    if let Some(redis) = common::redis_server::Redis::start(&[]) {
        check(|| redis.client());
    }
}

#[test]
fn lines_without_an_end_are_cut_off_at_64_kb() {
    let server = server();
    let cases = [
        ("", "too big inline request"),
        ("*", "too big mbulk count string"),
        ("*1\r\n$", "too big bulk count string"),
    ];
    for (start, error) in cases {
        let mut client = Client::of(&server);
        client.send(format!("{start}{}", "1".repeat(64 * 1024)));
        // Redis looks at its limit when it reads on, so that one byte more is needed.
        let _ = client.try_send("1");
        client.expect(format!("-ERR Protocol error: {error}\r\n"));
        client.expect_end();
    }
}

#[test]
fn announced_but_never_sent_bytes_take_no_memory() {
    let program = Program::start(&[]);
    let mut watcher = program.client();
    let before = watcher.count("memory", "used_memory_rss");
    let mut liars: Vec<_> = (0..100).map(|_| program.client()).collect();
    for (number, liar) in liars.iter_mut().enumerate() {
        liar.exchange("PING\r\n", "+PONG\r\n");
        let lie = ["*2\r\n$4\r\nECHO\r\n$536870912\r\nx", "*2147483647\r\n$4\r\nECHO\r\n"][number % 2];
        liar.send(lie);
    }
    eventually("every lie has been heard", || {
        let Reply::Bulk(list) = watcher.call(&["CLIENT", "LIST"]) else { panic!() };
        let list = String::from_utf8(list.as_bytes().to_vec()).unwrap();
        list.lines().filter(|line| !line.contains(" qbuf=0 ")).count() >= 100
    });
    let grown = watcher.count("memory", "used_memory_rss").saturating_sub(before);
    // The system may give a whole huge page (2 MiB) where one byte of it is used.
    assert!(grown < 100 * (3 << 20), "{grown} bytes for nothing");
    drop(liars);
    watcher.wait_until_alone();
}

/// A program that is looked at from outside while it is maltreated.
struct Watched {
    program: Program,
    watcher: Client,
    files: usize,
}

impl Watched {
    fn new() -> Self {
        let program = Program::start(&[]);
        let mut watcher = program.client();
        watcher.exchange("SET kept safe\r\n", "+OK\r\n");
        let files = open_files(&program);
        Self { program, watcher, files }
    }

    /// Nothing has leaked, nothing has failed, and the data is there.
    fn check(mut self) {
        self.watcher.wait_until_alone();
        eventually("all files are closed", || open_files(&self.program) <= self.files);
        for actor in ["keyspace", "expiry", "listener"] {
            assert_eq!(self.watcher.count("actors", &format!("{actor}.restarts")), 0);
        }
        self.watcher.exchange("GET kept\r\n", "$4\r\nsafe\r\n");
        let log = self.program.log();
        assert!(!log.contains("panic"), "{log}");
    }
}

/// How many files the process has open; where the system does not tell, always the same.
fn open_files(program: &Program) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", program.pid())).map_or(0, Iterator::count)
}

#[test]
fn a_client_may_vanish_at_any_byte() {
    let watched = Watched::new();
    let bytes =
        [request(&["SET", "k", "v"]), b"GET k\r\n".to_vec(), request(&["ECHO", &"x".repeat(100)])].concat();
    for cut in 0..=bytes.len() {
        let mut client = watched.program.client();
        client.send(&bytes[..cut]);
        // Every other one leaves replies unread, which resets the connection.
        if cut % 2 == 0 {
            client.half_close();
            client.rest().unwrap();
        }
    }
    watched.check();
}

#[test]
fn clients_that_connect_and_leave_at_once_leave_nothing_behind() {
    let watched = Watched::new();
    for _ in 0..500 {
        drop(watched.program.client());
    }
    watched.check();
}

#[test]
fn a_client_that_leaves_while_its_big_reply_is_written_leaves_nothing_behind() {
    let mut watched = Watched::new();
    watched.watcher.exchange(request(&["SET", "big", &"x".repeat(4_000_000)]), "+OK\r\n");
    for _ in 0..20 {
        let mut client = watched.program.client();
        client.send("GET big\r\n".repeat(4));
        client.expect("$4000000\r\nxxx");
    }
    watched.check();
}

/// Pieces of requests and of nonsense that a random stream is put together from.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let word =
        prop::sample::select(vec!["GET", "SET", "DEL", "HELLO", "ECHO", "CLIENT", "CONFIG", "", "a", "3"]);
    let number = prop_oneof![-3..20_i64, any::<i64>()];
    prop_oneof![
        4 => vec(word.clone(), 0..5).prop_map(|words| request(&words)),
        2 => vec(word, 0..5).prop_map(|words| (words.join(" ") + "\r\n").into_bytes()),
        2 => (prop::sample::select(vec!['*', '$', ':', '+', '-', '%', '~', '_', '(', '=']), number)
            .prop_map(|(kind, number)| format!("{kind}{number}\r\n").into_bytes()),
        1 => Just(b"\r\n".to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => prop::sample::select(vec!["\"", "'", "\\x", "\0", "\n", "\r"]).prop_map(|text| text.as_bytes().to_vec()),
    ]
}

#[test]
fn random_bytes_do_no_harm() {
    let watched = Watched::new();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 400, ..Default::default() });
    let streams = vec(piece(), 0..20).prop_map(|pieces| pieces.concat());
    let outcome = runner.run(&(streams, any::<bool>()), |(bytes, patient)| {
        let mut client = watched.program.client();
        // The server may close at the first mistake, while the rest is still being sent.
        let _ = client.try_send(&bytes);
        if patient {
            client.half_close();
            let answer = client.rest();
            prop_assert!(answer.is_ok(), "{:?} instead of an orderly end", answer.err());
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    watched.check();
}
