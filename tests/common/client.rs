//! A client made of a socket: sends bytes, expects bytes.

use super::{PATIENCE, eventually, request};
use bytes::BytesMut;
use memora::resp::{Reply, ReplyDecoder};
use memora::server::Server;
use socket2::Socket;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// A connected client, over TCP or a Unix socket.
pub(crate) struct Client {
    socket: Socket,
    received: BytesMut,
    decoder: ReplyDecoder,
}

impl Client {
    pub(crate) fn of(server: &Server) -> Self {
        Self::connect(server.local_addr().unwrap())
    }

    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream.into())
    }

    #[cfg(unix)]
    pub(crate) fn unix(path: &std::path::Path) -> Self {
        Self::over(std::os::unix::net::UnixStream::connect(path).unwrap().into())
    }

    fn over(socket: Socket) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { socket, received: BytesMut::new(), decoder: ReplyDecoder::default() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Sends where the server may have closed already.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.socket.write_all(bytes.as_ref())
    }

    /// Reads exactly these bytes.
    pub(crate) fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let wanted = bytes.as_ref();
        while self.received.len() < wanted.len() {
            let as_expected = wanted.starts_with(&self.received);
            let got = if as_expected { self.read() } else { Ok(0) };
            if !matches!(got, Ok(1..)) {
                panic!("wanted \"{}\", got \"{}\"", wanted.escape_ascii(), self.received.escape_ascii());
            }
        }
        let got = self.received.split_to(wanted.len());
        assert_eq!(got.escape_ascii().to_string(), wanted.escape_ascii().to_string());
    }

    /// Sends a line or any other bytes and reads exactly the answer.
    pub(crate) fn exchange(&mut self, sent: impl AsRef<[u8]>, answer: impl AsRef<[u8]>) {
        self.send(sent);
        self.expect(answer);
    }

    /// Sends one request and reads one reply.
    pub(crate) fn call(&mut self, args: &[&str]) -> Reply {
        self.send(request(args));
        self.reply()
    }

    /// Reads one line with its end; none if the connection ends before.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                return Some(String::from_utf8(self.received.split_to(end + 1).to_vec()).unwrap());
            }
            if !matches!(self.read(), Ok(1..)) {
                return None;
            }
        }
    }

    /// Reads one reply.
    pub(crate) fn reply(&mut self) -> Reply {
        loop {
            if let Some(reply) = self.decoder.decode(&mut self.received).unwrap() {
                return reply;
            }
            assert_ne!(self.read().unwrap(), 0, "closed instead of a reply");
        }
    }

    /// One field of `INFO`, or of the comma-separated part of it after a dot: `actors keyspace.restarts`.
    pub(crate) fn info(&mut self, section: &str, field: &str) -> String {
        let text = match self.call(&["INFO", section]) {
            Reply::Bulk(text) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
            Reply::Verbatim { text, .. } => String::from_utf8(text.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        };
        let (name, part) = field.split_once('.').unwrap_or((field, ""));
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let line = line.unwrap_or_else(|| panic!("no {field} in {text}"));
        match part {
            "" => line.to_owned(),
            part => {
                let named = |item: &str| Some(item.strip_prefix(part)?.strip_prefix('=')?.to_owned());
                line.split(',').find_map(named).unwrap()
            }
        }
    }

    /// A number of `INFO`.
    pub(crate) fn count(&mut self, section: &str, field: &str) -> u64 {
        self.info(section, field).parse().unwrap()
    }

    /// Waits until this client is the only one.
    pub(crate) fn wait_until_alone(&mut self) {
        eventually("only one client is left", || self.count("clients", "connected_clients") == 1);
    }

    /// Says that no more requests follow, as `nc` does at the end of its input.
    pub(crate) fn half_close(&mut self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// Expects that the server has nothing more to say and closes in order.
    pub(crate) fn expect_end(&mut self) {
        let rest = self.rest().unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "", "bytes before the end");
    }

    /// Everything up to the end; an error if the connection is reset.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.read()? > 0 {}
        Ok(self.received.split().to_vec())
    }

    /// Whether the first bytes to come, or all there are before the end, are these.
    pub(crate) fn rest_starts_with(&mut self, bytes: &[u8]) -> bool {
        while self.received.len() < bytes.len() {
            if !matches!(self.read(), Ok(1..)) {
                return false;
            }
        }
        self.received.starts_with(bytes)
    }

    /// Reads once; the number of bytes, zero at the end.
    pub(crate) fn read(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 16 * 1024];
        let count = self.socket.read(&mut chunk)?;
        self.received.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    pub(crate) fn local_port(&self) -> u16 {
        self.socket.local_addr().unwrap().as_socket().unwrap().port()
    }
}
