//! An open load: requests go out by a schedule, and latency counts from it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

pub(crate) const KEYS: u64 = 2_000_000;
pub(crate) const CONNECTIONS: usize = 10;
pub(crate) const RATE_PER_S: u64 = 20_000;
const VALUE_BYTES: usize = 100;

/// In every tick each connection sends one request.
const TICK: Duration = Duration::from_nanos(1_000_000_000 * CONNECTIONS as u64 / RATE_PER_S);

/// Every request is answered with this.
const REPLY_BYTES: usize = "+OK\r\n".len();

/// Requests on their way.
pub(crate) struct Load {
    started: Instant,
    ended: Arc<AtomicBool>,
    sender: JoinHandle<()>,
    receivers: Vec<JoinHandle<Vec<Duration>>>,
}

/// The latency of each request: for each connection, one per tick.
pub(crate) struct Samples {
    started: Instant,
    latencies: Vec<Vec<Duration>>,
}

impl Load {
    pub(crate) fn start(port: u16) -> io::Result<Self> {
        let connect =
            |_| TcpStream::connect(("127.0.0.1", port)).and_then(|c| c.set_nodelay(true).map(|()| c));
        let connections: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect::<Result<_, _>>()?;
        let (started, ended) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let receivers = connections.iter().map(|connection| {
            connection.try_clone().map(|connection| spawn(move || receive(connection, started)))
        });
        let receivers = receivers.collect::<Result<_, _>>()?;
        let stop = Arc::clone(&ended);
        let sender = spawn(move || send(connections, started, &stop));
        Ok(Self { started, ended, sender, receivers })
    }

    /// Sends nothing more and waits for the last reply.
    pub(crate) fn stop(self) -> Samples {
        self.ended.store(true, Ordering::Relaxed);
        self.sender.join().expect("the sender only ends");
        let received =
            self.receivers.into_iter().map(|receiver| receiver.join().expect("a receiver only ends"));
        Samples { started: self.started, latencies: received.collect() }
    }
}

impl Samples {
    /// The latencies of the requests that were due within one of these times, sorted.
    pub(crate) fn within(&self, times: &[(Instant, Instant)]) -> Vec<Duration> {
        let due = |tick: usize| self.started + TICK * tick as u32;
        let counts = |tick: usize| times.iter().any(|(from, to)| (*from..*to).contains(&due(tick)));
        let of_one = |latencies: &Vec<Duration>| {
            let counted = latencies.iter().enumerate().filter(|(tick, _)| counts(*tick));
            counted.map(|(_, latency)| *latency).collect::<Vec<_>>()
        };
        let mut all: Vec<Duration> = self.latencies.iter().flat_map(of_one).collect();
        all.sort_unstable();
        all
    }
}

fn send(connections: Vec<TcpStream>, started: Instant, ended: &AtomicBool) {
    let mut random = Random(started.elapsed().as_nanos() as u64 + 1);
    let mut request = Vec::new();
    for tick in 0.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        sleep((started + TICK * tick).saturating_duration_since(Instant::now()));
        for mut connection in &connections {
            request.clear();
            let key = random.next() % KEYS;
            put_set(&mut request, key, &mut random);
            connection.write_all(&request).expect("the server takes requests");
        }
    }
    for connection in connections {
        connection.shutdown(std::net::Shutdown::Write).expect("the connection is open");
    }
}

fn receive(mut connection: TcpStream, started: Instant) -> Vec<Duration> {
    let (mut latencies, mut received_bytes, mut buffer) = (Vec::new(), 0, [0; 4096]);
    loop {
        match connection.read(&mut buffer).expect("the server answers") {
            0 => return latencies,
            count => received_bytes += count,
        }
        assert!(buffer[0] != b'-', "{}", String::from_utf8_lossy(&buffer));
        let now = Instant::now();
        while latencies.len() < received_bytes / REPLY_BYTES {
            latencies.push(now - (started + TICK * latencies.len() as u32));
        }
    }
}

/// Appends a SET of a key to a fresh value, which compresses as badly as most real ones.
pub(crate) fn put_set(out: &mut Vec<u8>, key: u64, random: &mut Random) {
    out.extend_from_slice(
        format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n${VALUE_BYTES}\r\n").as_bytes(),
    );
    let from = out.len();
    while out.len() < from + VALUE_BYTES {
        out.extend(random.next().to_le_bytes().map(|byte| b' ' + byte % 64));
    }
    out.truncate(from + VALUE_BYTES);
    out.extend_from_slice(b"\r\n");
}

/// xorshift64*: quick and good enough to pick keys.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}
