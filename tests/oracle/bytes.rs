//! Bytes that are more or less the protocol: both servers have to make the same of them.

use super::random::Random;
use crate::wire::render;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// What byte streams are put together from. Requests are chosen so that their replies are the same everywhere.
const PIECES: &[&[u8]] = &[
    b"*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$4\r\nECHO\r\n$5\r\nworld\r\n",
    b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n",
    b"PING\r\n",
    b"PING\n",
    b"ECHO \"a\\x41\\n\\\"\" \r\n",
    b"ECHO 'it\\'s' \r\n",
    b"ECHO \"a\"b\r\n",
    b"ECHO 'open\r\n",
    b"  ECHO\t x \r\n",
    b"ECHO a\0b\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"*-10\r\n",
    b"*1\r\n",
    b"*2\r\n",
    b"*3\r\n",
    b"* 1\r\n",
    b"*+1\r\n",
    b"*01\r\n",
    b"*\r\n",
    b"*a\r\n",
    b"*1048577\r\n",
    b"*9999999999\r\n",
    b"$4\r\n",
    b"$0\r\n",
    b"$-1\r\n",
    b"$ 4\r\n",
    b"$+4\r\n",
    b"$04\r\n",
    b"$\r\n",
    b"$x\r\n",
    b"$600000000\r\n",
    b"$99999999999999999999\r\n",
    b"+OK\r\n",
    b":1\r\n",
    b"-ERR\r\n",
    b"PING",
    b"ECHO",
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b"\"",
    b"'",
    b"quit\r\n",
];

/// How long an answer may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many pieces there are at most.
const MOST_PIECES: usize = 8;

/// Byte streams sent to two servers, Memora first.
pub(crate) struct Bytes {
    pub(crate) addresses: [SocketAddr; 2],
}

impl Bytes {
    /// Sends the stream of a seed to both.
    ///
    /// # Errors
    /// The smallest stream found that they answer differently, and the answers.
    pub(crate) fn compare(&self, seed: u64) -> Result<(), String> {
        let mut random = Random::new(seed);
        let pieces: Vec<_> = (0..=random.below(MOST_PIECES)).map(|_| random.one(PIECES)).collect();
        if self.is_alike(&pieces) { Ok(()) } else { Err(self.shrink(pieces)) }
    }

    fn shrink(&self, mut pieces: Vec<&[u8]>) -> String {
        let mut at = 0;
        while at < pieces.len() {
            let mut fewer = pieces.clone();
            fewer.remove(at);
            if self.is_alike(&fewer) {
                at += 1;
            } else {
                pieces = fewer;
            }
        }
        let [memora, redis] = self.answers(&pieces).map(|answer| render::quote(&answer));
        format!("~ {}\n# memora:\n{memora}\n# redis:\n{redis}", render::quote(&pieces.concat()))
    }

    fn is_alike(&self, pieces: &[&[u8]]) -> bool {
        let [memora, redis] = self.answers(pieces);
        memora == redis
    }

    fn answers(&self, pieces: &[&[u8]]) -> [Vec<u8>; 2] {
        self.addresses
            .map(|address| answer(address, &pieces.concat()).expect("the server answers and closes"))
    }
}

/// All that a server says to these bytes when nothing comes after them.
fn answer(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = Vec::new();
    // A server that has heard enough closes while more is sent.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(answer),
    }
}
