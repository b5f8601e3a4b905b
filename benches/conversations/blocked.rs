//! Ten thousand clients that wait, each for a list of its own.

use super::server::Server;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many wait if the system lets so many sockets be open.
const MOST_CLIENTS: u64 = 10_000;

/// Files of this process that are not sockets of clients that wait.
const OTHER_FILES: u64 = 100;

/// How long it is watched that the server does nothing.
const IDLE: Duration = Duration::from_secs(2);

/// What the server gets to settle before.
const REST: Duration = Duration::from_secs(1);

/// How many pushes are timed.
const PUSHES: usize = 2_000;

/// As many clients as may wait here.
pub(crate) fn clients() -> usize {
    let limit =
        rlimit::increase_nofile_limit(MOST_CLIENTS + OTHER_FILES).expect("the limit can be asked for");
    usize::try_from(MOST_CLIENTS.min(limit.saturating_sub(OTHER_FILES))).expect("it fits")
}

/// Measures with one client that waits, and with all.
pub(crate) fn measure(
    server: &mut Server,
    clients: usize,
    note: &mut impl FnMut(String, f64),
) -> io::Result<()> {
    let mut first = Waiter::connect(server.port(), 0)?;
    server_has(server, 1)?;
    // Once for nothing: everybody has to get going.
    wake_again_and_again(server, &mut first)?;
    let alone_us = wake_again_and_again(server, &mut first)?;
    let mut waiters = vec![first];
    for number in 1..clients {
        waiters.push(Waiter::connect(server.port(), number)?);
    }
    server_has(server, clients)?;
    sleep(REST);
    let ticks = server.ticks();
    sleep(IDLE);
    let idle_ticks = server.ticks() - ticks;
    let crowded_us = wake_again_and_again(server, &mut waiters[clients / 2])?;
    let started = Instant::now();
    for waiter in &mut waiters {
        waiter.wake(server)?;
    }
    let each_us = started.elapsed().as_secs_f64() * 1e6 / clients as f64;
    assert_eq!(server.blocked()?, 0, "everybody is served");
    note(format!("ticks of the processor's clock in {} idle seconds", IDLE.as_secs()), idle_ticks);
    note("a push that wakes the only one that waits, µs".into(), alone_us);
    note("the same while all wait, µs".into(), crowded_us);
    note("each of pushes that wake all, one after the other, µs".into(), each_us);
    note("a push while all wait, beside one that waits alone".into(), crowded_us / alone_us);
    Ok(())
}

/// A client that waits for its own list.
struct Waiter {
    stream: TcpStream,
    key: String,
}

impl Waiter {
    fn connect(port: u16, number: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut waiter = Self { stream, key: format!("list:{number:05}") };
        waiter.wait()?;
        Ok(waiter)
    }

    fn wait(&mut self) -> io::Result<()> {
        self.stream.write_all(format!("BLPOP {} 0\r\n", self.key).as_bytes())
    }

    /// Pushes to its list, and reads what it is told.
    fn wake(&mut self, server: &mut Server) -> io::Result<()> {
        assert_eq!(server.ask(&format!("RPUSH {} x", self.key))?, ":1");
        let wanted = format!("*2\r\n$10\r\n{}\r\n$1\r\nx\r\n", self.key);
        let mut told = vec![0; wanted.len()];
        self.stream.read_exact(&mut told)?;
        assert!(told == wanted.as_bytes());
        Ok(())
    }
}

/// Microseconds of a push, its client's answer, and the client's waiting anew.
fn wake_again_and_again(server: &mut Server, waiter: &mut Waiter) -> io::Result<f64> {
    let started = Instant::now();
    for _ in 0..PUSHES {
        waiter.wake(server)?;
        waiter.wait()?;
        // By the time this is answered it mostly waits again; where it does not yet, it finds the next push there.
        assert_eq!(server.ask("PING")?, "+PONG");
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / PUSHES as f64)
}

fn server_has(server: &mut Server, waiting: usize) -> io::Result<()> {
    while server.blocked()? < waiting {}
    Ok(())
}
