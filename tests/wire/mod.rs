//! A client for tests that takes nothing for granted: every byte of a reply is kept and can be compared.
//!
//! [`value`] has replies as values whose encoding is exactly what was received; [`render`] shows them as text. Nothing of Memora's own protocol code
//! is used, as that is what is tested.

pub(crate) mod value;
pub(crate) mod render;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use value::Parsed;
pub(crate) use value::Value;

/// A request: the command's name and its arguments.
pub(crate) type Words = Vec<Vec<u8>>;

/// How long a reply may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server.
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    taken: usize,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new(), taken: 0 })
    }

    /// Sends a request and waits for its reply.
    pub(crate) fn ask(&mut self, words: &[Vec<u8>]) -> Value {
        self.send(&encode(words));
        self.read()
    }

    /// The same with words that are text.
    pub(crate) fn ask_text(&mut self, words: &[&str]) -> Value {
        self.ask(&words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// Sends bytes. That the other side has closed the connection shows when its reply is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next reply; a closed connection is one as well.
    ///
    /// # Panics
    /// When there is none in time, or it is no RESP.
    pub(crate) fn read(&mut self) -> Value {
        loop {
            let rest = &self.received[self.taken..];
            match Value::parse(rest) {
                Ok(Parsed::Whole(value, len)) => {
                    assert!(
                        value.encoded() == rest[..len],
                        "no canonical RESP: {}",
                        rest[..len].escape_ascii()
                    );
                    self.taken += len;
                    return value;
                }
                Ok(Parsed::Part { needed_bytes }) => {
                    while self.received.len() - self.taken < needed_bytes {
                        if !self.receive() {
                            return Value::Closed;
                        }
                    }
                }
                Err(at) => panic!("no RESP at byte {at} of {}", rest.escape_ascii()),
            }
        }
    }

    fn receive(&mut self) -> bool {
        self.received.drain(..std::mem::take(&mut self.taken));
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(len) => {
                self.received.extend_from_slice(&chunk[..len]);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => false,
            Err(error) => panic!("no reply: {error}; received so far: {}", self.received.escape_ascii()),
        }
    }
}

/// A request as bytes.
pub(crate) fn encode(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
