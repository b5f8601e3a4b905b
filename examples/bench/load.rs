//! The load generator: threads that write to all their connections and then read from all of them.
//!
//! While the second connection is written to, the server works for the first, so it has work all the time, and a request
//! costs the generator a share of one send and one receive, some digits and a look for line ends: less than it costs any
//! server, which is what makes the server the limit. It is a closed load: a connection has one batch in flight.

use crate::replies::ReplyCounter;
use crate::requests::{Batch, Random};
use crate::servers::Server;
use crate::stream::{Address, Stream, refusal};
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

/// What one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// A filling writes so many bytes of requests before it reads the replies of those before.
const FILL_BYTES: usize = 128 * 1024;

/// Connections with batches to send, again and again.
pub(crate) struct Load {
    lanes: Vec<Lane>,
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
}

/// A connection whose replies are counted.
pub(crate) struct Link {
    stream: Stream,
    counter: ReplyCounter,
    /// Replies that came with others before anybody waited for them.
    early: u64,
    buffer: Vec<u8>,
}

/// The connections of one thread.
struct Lane {
    links: Vec<Link>,
    batches: Vec<Batch>,
    random: Random,
    /// Whose turn it is among the batches.
    next: usize,
}

impl Load {
    /// Connects so many clients, which so many threads will serve.
    pub(crate) fn open(
        address: &Address,
        clients: usize,
        threads: usize,
        batches: &[Batch],
    ) -> io::Result<Self> {
        let threads = threads.clamp(1, clients);
        let mut lanes = Vec::new();
        for thread in 0..threads {
            let share = clients / threads + usize::from(thread < clients % threads);
            let links = (0..share).map(|_| Link::connect(address)).collect::<io::Result<_>>()?;
            let random = Random::new(thread as u64 + 1);
            lanes.push(Lane { links, batches: batches.to_vec(), random, next: 0 });
        }
        Ok(Self { lanes })
    }

    /// Sends batches for so long, or until no more than `most` requests have been sent, and awaits all replies.
    ///
    /// # Errors
    /// The first error that a server answers; connections that end.
    pub(crate) fn run(&mut self, time: Duration, most: Option<u64>) -> io::Result<Ran> {
        let started = Instant::now();
        let most = most.map_or(u64::MAX, |most| most / self.lanes.len() as u64);
        let requests = thread::scope(|scope| {
            let run = |lane| scope.spawn(move || Lane::run(lane, started, time, most));
            let threads: Vec<_> = self.lanes.iter_mut().map(run).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("the load does not panic"))
                .sum::<io::Result<_>>()
        })?;
        Ok(Ran { requests, seconds: started.elapsed().as_secs_f64() })
    }
}

impl Lane {
    fn run(&mut self, started: Instant, time: Duration, most: u64) -> io::Result<u64> {
        let per_round = self.batches[0].requests * self.links.len() as u64;
        let mut requests = 0;
        // Once at least: on a busy machine the time may be over before the thread has run at all.
        while requests == 0 || (started.elapsed() < time && requests + per_round <= most) {
            let first = self.next;
            for link in &mut self.links {
                let batch = self.next % self.batches.len();
                link.send(self.batches[batch].with_numbers(&mut self.random))?;
                self.next += 1;
            }
            for (place, link) in self.links.iter_mut().enumerate() {
                link.await_replies(self.batches[(first + place) % self.batches.len()].requests)?;
            }
            requests += per_round;
        }
        Ok(requests)
    }
}

impl Link {
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        let stream = Stream::connect(address)?;
        Ok(Self { stream, counter: ReplyCounter::default(), early: 0, buffer: Vec::new() })
    }

    pub(crate) fn send(&mut self, requests: &[u8]) -> io::Result<()> {
        self.stream.write_all(requests)
    }

    /// Reads until so many more replies have come.
    pub(crate) fn await_replies(&mut self, wanted: u64) -> io::Result<()> {
        // Connections of a crowd that only waits need no buffer.
        self.buffer.resize(READ_BYTES, 0);
        while self.early < wanted {
            let count = self.stream.read(&mut self.buffer)?;
            if count == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            self.early += self.counter.feed(&self.buffer[..count])?;
        }
        self.early -= wanted;
        self.counter.take_error().map_or(Ok(()), |text| Err(refusal(&text)))
    }
}

/// Sends so many requests over one connection; `encode` appends the one with the number it is given.
///
/// # Errors
/// As [`Load::run`]; an `Unsupported` error is a command that the server does not know.
pub(crate) fn fill(
    server: &Server,
    requests: u64,
    mut encode: impl FnMut(u64, &mut Vec<u8>),
) -> io::Result<()> {
    let mut link = Link::connect(&server.address)?;
    let (mut bytes, mut unread, mut unsent) = (Vec::with_capacity(2 * FILL_BYTES), 0, 0);
    for number in 0..requests {
        encode(number, &mut bytes);
        unsent += 1;
        if bytes.len() >= FILL_BYTES {
            link.send(&bytes)?;
            bytes.clear();
            // The replies of the piece before: the server works on this one meanwhile.
            link.await_replies(unread)?;
            (unread, unsent) = (unsent, 0);
        }
    }
    link.send(&bytes)?;
    link.await_replies(unread + unsent)
}
