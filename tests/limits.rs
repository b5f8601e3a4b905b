//! Many clients at once: every reply right and in order, and nothing left behind when they go.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::Program;
use common::{Client, eventually, request};
use memora::resp::Reply;
use std::fmt::Write;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Clients connected at the same time.
const CLIENTS: usize = 1_000;

/// Requests that each of them sends before it reads.
const PIPELINE: usize = 100;

/// How often it does so.
const ROUNDS: usize = 2;

/// What one client sends in one round, and what it has to get back.
fn round(client: usize, round: usize) -> (Vec<u8>, String) {
    let (mut sent, mut wanted) = (Vec::new(), String::new());
    for index in 0..PIPELINE {
        let number = round * PIPELINE + index;
        let (key, text) = (format!("client:{client}"), format!("{client} says {number}"));
        match index % 4 {
            0 => {
                sent.extend(request(&["SET", &key, &text]));
                wanted += "+OK\r\n";
            }
            1 => {
                sent.extend(request(&["GET", &key]));
                let before = format!("{client} says {}", number - 1);
                write!(wanted, "${}\r\n{before}\r\n", before.len()).unwrap();
            }
            2 => {
                sent.extend(format!("INCR count:{client}\r\n").as_bytes());
                write!(wanted, ":{}\r\n", number / 4 + 1).unwrap();
            }
            _ => {
                sent.extend(request(&["ECHO", &text]));
                write!(wanted, "${}\r\n{text}\r\n", text.len()).unwrap();
            }
        }
    }
    (sent, wanted)
}

async fn talk(mut stream: TcpStream, client: usize) {
    for number in 0..ROUNDS {
        let (sent, wanted) = round(client, number);
        stream.write_all(&sent).await.unwrap();
        let mut got = vec![0; wanted.len()];
        stream.read_exact(&mut got).await.unwrap();
        assert!(got == wanted.as_bytes(), "client {client}: {}\ninstead of {wanted}", got.escape_ascii());
    }
}

async fn connect_all(address: SocketAddr) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..CLIENTS {
        let mut stream =
            TcpStream::connect(address).await.expect("1 000 sockets: is `ulimit -n` above 1 100?");
        stream.write_all(b"PING\r\n").await.unwrap();
        streams.push(stream);
    }
    for stream in &mut streams {
        let mut pong = [0; 7];
        stream.read_exact(&mut pong).await.unwrap();
        assert_eq!(&pong, b"+PONG\r\n");
    }
    streams
}

/// How many files the process has open; where the system does not tell, always the same.
fn open_files(program: &Program) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", program.pid())).map_or(0, Iterator::count)
}

/// Connects everybody, lets them talk and leave; the bytes that the server occupies before and afterwards.
fn wave(program: &Program, watcher: &mut Client) -> (u64, u64) {
    watcher.exchange("FLUSHALL\r\n", "+OK\r\n");
    let files = open_files(program);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let streams = runtime.block_on(connect_all(program.address()));
    assert_eq!(watcher.count("clients", "connected_clients"), CLIENTS as u64 + 1);
    let idle_bytes = watcher.count("memory", "used_memory_rss");
    runtime.block_on(async {
        let mut talks = JoinSet::new();
        for (client, stream) in streams.into_iter().enumerate() {
            talks.spawn(talk(stream, client));
        }
        while let Some(talked) = talks.join_next().await {
            talked.unwrap();
        }
    });
    watcher.wait_until_alone();
    eventually("all files are closed", || open_files(program) <= files);
    assert_eq!(watcher.call(&["DBSIZE"]), Reply::from_count(2 * CLIENTS));
    let bytes = watcher.count("memory", "used_memory_rss");
    eprintln!("{idle_bytes} bytes with {CLIENTS} idle clients, {bytes} when they have worked and left");
    (idle_bytes, bytes)
}

fn a_thousand_clients(io_threads: &str) {
    let program = Program::start(&["--io-threads", io_threads]);
    let mut watcher = program.client();
    let waves = [(); 3].map(|()| wave(&program, &mut watcher));
    // The allocator keeps for the next clients what the first ones had; what leaks is added in every wave.
    let [(with_clients, _), .., (_, without)] = waves;
    let buffers = CLIENTS as u64 * 64 * 1024;
    assert!(without < with_clients + buffers, "more memory after each wave: {waves:?}");
    assert_eq!(watcher.count("actors", "keyspace.restarts"), 0);
    // A tick may be in it at the moment.
    eventually("the mailbox is empty", || watcher.count("actors", "keyspace.mailbox") == 0);
}

#[test]
fn a_thousand_clients_on_one_thread() {
    a_thousand_clients("0");
}

#[test]
fn a_thousand_clients_on_several_threads() {
    a_thousand_clients("2");
}

#[test]
fn clients_come_and_go_in_waves() {
    let program = Program::start(&["--maxclients", "50"]);
    let mut watcher = program.client();
    for wave in 0..10 {
        let mut clients: Vec<_> = (0..49).map(|_| program.client()).collect();
        for client in &mut clients {
            client.exchange("INCR waves\r\nPING\r\n", format!(":{}\r\n", watcher_next(&mut watcher)));
            client.expect("+PONG\r\n");
        }
        drop(clients);
        watcher.wait_until_alone();
        assert_eq!(watcher.count("stats", "rejected_connections"), 0, "wave {wave}");
    }
}

/// What the next INCR will answer.
fn watcher_next(watcher: &mut Client) -> u64 {
    match watcher.call(&["GET", "waves"]) {
        Reply::Bulk(text) => std::str::from_utf8(text.as_bytes()).unwrap().parse::<u64>().unwrap() + 1,
        _ => 1,
    }
}
