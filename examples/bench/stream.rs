//! Connections to a server under test, over TCP or a Unix socket, and a client for the few questions in between.
//!
//! Sockets block: a load generator that writes to all its connections and then reads from all of them needs neither
//! readiness nor an executor, and so spends nothing on them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

/// Who does not answer for so long has hung up, which had better be an error than a wait for ever.
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// A port of the loopback interface.
    Port(u16),
    /// A socket in the file system.
    #[cfg(unix)]
    Path(PathBuf),
}

/// A connection.
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A connection for one request at a time.
pub(crate) struct Client(BufReader<Stream>);

impl Stream {
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Port(port) => {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
                Ok(Self::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Path(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
                Ok(Self::Unix(stream))
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Client {
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        Stream::connect(address).map(|stream| Self(BufReader::new(stream)))
    }

    /// Sends words and comes back with the text of a line, a number or a bulk string.
    ///
    /// # Errors
    /// When the server answers with an error, its text.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{request}\r\n").as_bytes())?;
        let line = self.line()?;
        let (kind, text) = line.split_at_checked(1).ok_or_else(|| io::Error::other("an empty reply"))?;
        match kind {
            "-" => Err(refusal(text)),
            "$" => self.bulk(text),
            _ => Ok(text.to_owned()),
        }
    }

    /// A field of what `INFO` says; 0 where it says no such thing.
    pub(crate) fn info(&mut self, section: &str, field: &str) -> io::Result<u64> {
        let text = self.ask(&format!("INFO {section}"))?;
        let values = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        let value = values.into_iter().find(|(name, _)| *name == field).map(|(_, value)| value);
        Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn bulk(&mut self, length: &str) -> io::Result<String> {
        let length: i64 = length.parse().map_err(|_| io::Error::other("a bulk string without a length"))?;
        let Ok(length) = usize::try_from(length) else { return Ok(String::new()) };
        let mut text = vec![0; length + b"\r\n".len()];
        self.0.read_exact(&mut text)?;
        text.truncate(length);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// An error reply as an error; `Unsupported` where the server does not know the command.
pub(crate) fn refusal(text: &str) -> io::Error {
    let unknown = text.to_ascii_lowercase().starts_with("err unknown command");
    let kind = if unknown { io::ErrorKind::Unsupported } else { io::ErrorKind::Other };
    // The rest of that message repeats the arguments.
    let text = text.split(", with args").next().unwrap_or(text);
    io::Error::new(kind, format!("the server says: {text}"))
}
