//! What the black-box tests share: servers in the process or as a program, and raw clients.
//!
//! Nothing here waits for time to pass: reads block until the server speaks, and the timeouts are a safety net
//! that turns a hanging test into a failing one.

#![allow(dead_code, reason = "every test program uses another part of this module")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub(crate) mod client;
pub(crate) mod program;
#[cfg(unix)]
pub(crate) mod redis_server;

pub(crate) use client::Client;

use memora::actors::clock::Clock;
use memora::config::Config;
use memora::config::values::BindAddress;
use memora::server::{Embedding, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a test waits for something that ought to happen at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The options of a test server: a free port on IPv4's loopback address.
pub(crate) fn options() -> Config {
    let bind = vec![BindAddress { host: "127.0.0.1".into(), optional: false }];
    Config { port: 0, bind, save: Vec::new(), ..Config::default() }
}

/// A server with the test options.
pub(crate) fn server() -> Server {
    Server::start(options()).unwrap()
}

/// A server with these options.
pub(crate) fn server_with(config: Config) -> Server {
    Server::start(config).unwrap()
}

/// A server whose clock stands still until it is turned.
pub(crate) fn server_with_clock(config: Config) -> (Server, Time) {
    let time = Time(Arc::new(AtomicU64::new(1_700_000_000_000)));
    let clock = Clock::Manual(Arc::clone(&time.0));
    let server = Server::start_with(config, Embedding { clock, ..Embedding::default() }).unwrap();
    (server, time)
}

/// A clock turned by hand.
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn advance(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

/// Asks again and again until it is so; each question is a round trip or a system call.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        std::thread::yield_now();
    }
}

/// One request in the form every server understands.
pub(crate) fn request(args: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut bytes = bytes::BytesMut::new();
    memora::resp::encode_request(args, &mut bytes);
    bytes.to_vec()
}
