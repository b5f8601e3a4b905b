//! One client among several: what it is told is gathered whenever it comes, and nobody waits for it without need.

use crate::wire::value::Parsed;
use crate::wire::{Value, Words, encode};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The shortest time that is waited for a socket, as no time at all would be for ever.
const SHORTEST: Duration = Duration::from_millis(1);

/// A connection and all that came through it.
pub(crate) struct Participant {
    stream: TcpStream,
    received: Vec<u8>,
    /// The server's number for it.
    pub(crate) id: i64,
    /// What it has been told and nobody has compared yet. The end of the connection is the last of it.
    pub(crate) told: Vec<Value>,
}

impl Participant {
    /// Connects, and speaks `protocol`.
    ///
    /// # Panics
    /// When the server does not answer.
    pub(crate) fn connect(address: SocketAddr, protocol: u8, patience: Duration) -> Self {
        let stream = TcpStream::connect(address).expect("a server that runs accepts connections");
        stream.set_nodelay(true).unwrap();
        let mut participant = Self { stream, received: Vec::new(), id: 0, told: Vec::new() };
        if protocol == 3 {
            participant.ask(&["HELLO", "3"], patience);
        }
        participant.id = participant.ask(&["CLIENT", "ID"], patience).integer().expect("a number");
        participant
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Panics
    /// When there is none in time.
    pub(crate) fn ask(&mut self, words: &[&str], patience: Duration) -> Value {
        self.send(&encode(&words.iter().map(|word| word.as_bytes().to_vec()).collect::<Words>()));
        self.gather(1, patience);
        assert_eq!(self.told.len(), 1, "one reply to {words:?}");
        self.told.remove(0)
    }

    /// Sends bytes; that the other side has closed shows when it is listened to.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&self) -> bool {
        self.told.last() == Some(&Value::Closed)
    }

    /// What it has been told since the last time. A closed connection stays closed.
    pub(crate) fn take(&mut self) -> Vec<Value> {
        let told = std::mem::take(&mut self.told);
        self.told.extend(told.last().filter(|last| **last == Value::Closed).cloned());
        told
    }

    /// Reads what has come.
    pub(crate) fn gather_now(&mut self) {
        self.stream.set_nonblocking(true).unwrap();
        while !self.is_closed() && self.receive() {}
        self.stream.set_nonblocking(false).unwrap();
    }

    /// Waits until there are so many replies and messages, or `patience` is over.
    pub(crate) fn gather(&mut self, wanted: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.told.len() < wanted && !self.is_closed() {
            let left = deadline.saturating_duration_since(Instant::now());
            self.stream.set_read_timeout(Some(left.max(SHORTEST))).unwrap();
            if !self.receive() && left.is_zero() {
                return;
            }
        }
    }

    /// Reads once; says whether there was anything.
    fn receive(&mut self) -> bool {
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.told.push(Value::Closed),
            Ok(len) => {
                self.received.extend_from_slice(&chunk[..len]);
                self.parse();
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.told.push(Value::Closed),
            Err(_) => return false,
        }
        true
    }

    fn parse(&mut self) {
        let mut taken = 0;
        loop {
            match Value::parse(&self.received[taken..]) {
                Ok(Parsed::Whole(value, len)) => {
                    taken += len;
                    self.told.push(value);
                }
                Ok(Parsed::Part { .. }) => break,
                Err(at) => panic!("no RESP at byte {at} of {}", self.received[taken..].escape_ascii()),
            }
        }
        self.received.drain(..taken);
    }
}
