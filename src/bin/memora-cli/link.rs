//! One connection: requests out, replies in, over TCP or a Unix socket.
//!
//! Blocking, because a person waits. Deliberately absent: what is said over the connection, and what
//! happens when it breaks.

use std::fmt;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use bytes::BytesMut;
use memora::resp::{ProtocolError, Reply, ReplyDecoder, encode_request};
use socket2::SockRef;

use memora::resp::quoting::write_quoted;

/// How much is read from the socket at once (64 KiB).
const READ_BYTES: usize = 64 * 1024;

/// After so much silence the system asks whether the server is still there, as redis-cli has it.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A host name or IP address, and a port.
    Tcp { host: String, port: u16 },
    /// The path of a Unix socket.
    Unix(String),
}

impl Address {
    /// The address as the prompt shows it.
    pub(crate) fn prompt(&self) -> String {
        match self {
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            Self::Unix(path) => format!("redis {path}"),
        }
    }
}

/// The address as error messages show it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => f.write_str(path),
        }
    }
}

/// Why a connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The server ended it.
    #[error("Server closed the connection")]
    Closed,
    /// The system did.
    #[error("{}", plain_text(.0))]
    Io(#[from] io::Error),
    /// The server does not speak RESP.
    #[error("{}", protocol_text(*.0))]
    Protocol(#[from] ProtocolError),
}

impl LinkError {
    /// Whether a new connection may well work: the old one just ended.
    pub(crate) fn invites_reconnect(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match self {
            Self::Closed => true,
            Self::Io(error) => matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset),
            Self::Protocol(_) => false,
        }
    }
}

/// A connection to a server.
pub(crate) struct Link {
    stream: Stream,
    decoder: ReplyDecoder,
    incoming: BytesMut,
    scratch: Box<[u8]>,
}

impl Link {
    /// Connects, trying every address a host name stands for, IPv4 first.
    ///
    /// # Errors
    /// Why the last of them did not answer.
    pub(crate) fn connect(address: &Address) -> Result<Self, LinkError> {
        let stream = match address {
            Address::Tcp { host, port } => Stream::Tcp(connect_tcp(host, *port)?),
            Address::Unix(path) => connect_unix(path)?,
        };
        Ok(Self {
            stream,
            decoder: ReplyDecoder::default(),
            incoming: BytesMut::new(),
            scratch: vec![0; READ_BYTES].into(),
        })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn send(&mut self, args: &[impl AsRef<[u8]>]) -> Result<(), LinkError> {
        let mut request = BytesMut::new();
        encode_request(args, &mut request);
        self.stream.write_all(&request)?;
        Ok(())
    }

    /// Waits for the next reply, or for the next message nobody asked for.
    ///
    /// # Errors
    /// When the connection ended, or what came is no RESP.
    pub(crate) fn receive(&mut self) -> Result<Reply, LinkError> {
        loop {
            if let Some(reply) = self.decoder.decode(&mut self.incoming)? {
                return Ok(reply);
            }
            match self.stream.read(&mut self.scratch) {
                Ok(0) => return Err(LinkError::Closed),
                Ok(count) => self.incoming.extend_from_slice(&self.scratch[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A handle that sends, for another thread than the one that receives.
    ///
    /// # Errors
    /// When the system has no more handles.
    pub(crate) fn sender(&self) -> io::Result<Sender> {
        Ok(Sender(self.stream.try_clone()?))
    }

    /// Sends bytes that are requests already.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn send_encoded(&mut self, requests: &[u8]) -> Result<(), LinkError> {
        Ok(self.stream.write_all(requests)?)
    }

    /// Lets `receive` fail after so long without a byte.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.socket().set_read_timeout(timeout)
    }

    /// Whether the server has ended the connection while nobody was listening.
    pub(crate) fn has_ended(&self) -> bool {
        let socket = self.stream.socket();
        let mut byte = [MaybeUninit::uninit()];
        let peeked = socket.set_nonblocking(true).and_then(|()| socket.peek(&mut byte));
        let restored = socket.set_nonblocking(false);
        match peeked {
            Ok(count) => count == 0 || restored.is_err(),
            Err(error) => error.kind() != io::ErrorKind::WouldBlock || restored.is_err(),
        }
    }

    /// A handle that can end the connection from another thread.
    ///
    /// # Errors
    /// When the system has no more handles.
    pub(crate) fn closer(&self) -> io::Result<Closer> {
        Ok(Closer(self.stream.try_clone()?))
    }
}

/// Sends bytes over a connection somebody else reads from.
pub(crate) struct Sender(Stream);

impl Sender {
    /// Sends requests as they are.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn write_all(&mut self, requests: &[u8]) -> io::Result<()> {
        self.0.write_all(requests)
    }
}

/// Ends a connection somebody else is waiting on.
pub(crate) struct Closer(Stream);

impl Closer {
    /// Makes the waiting side see the end of the connection.
    pub(crate) fn close(&self) {
        // It may have ended already, which is what was wanted.
        let _ = match &self.0 {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// The socket below, for what both kinds have in common.
    fn socket(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Self::Unix(stream) => SockRef::from(stream),
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }
}

fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let stream = TcpStream::connect(addresses.as_slice())?;
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

#[cfg(unix)]
fn connect_unix(path: &str) -> io::Result<Stream> {
    std::os::unix::net::UnixStream::connect(path).map(Stream::Unix)
}

#[cfg(not(unix))]
fn connect_unix(_path: &str) -> io::Result<Stream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "Unix sockets are not supported on this system"))
}

/// The system's own words, without what Rust adds around them.
pub(crate) fn plain_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The words of the C client library where it has some for the same fault.
fn protocol_text(error: ProtocolError) -> String {
    let ProtocolError::UnknownReplyType { got } = error else {
        return error.to_string();
    };
    let mut quoted = Vec::new();
    write_quoted(&[got], &mut quoted).expect("a vector takes every byte");
    format!("Protocol error, got {} as reply type byte", String::from_utf8_lossy(&quoted))
}
