//! The sending half of a connection: encoded replies to the socket, in order, as fast as the client reads.
//!
//! Redis's output limits hold here: past the hard limit, or past the soft limit for too long, the client is
//! closed. Nobody else notices. There is no back-pressure on the client's own requests, as in Redis: a client
//! may send all its requests before it reads the first reply.

use super::socket::Socket;
use crate::actors::turns::give_way;
use crate::config::values::OutputBufferLimit;
use crate::resp::{Filled, ReplyBuffer};
use bytes::{Buf, Bytes};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::AsyncWrite;
use tokio_util::io::poll_write_buf;

/// What a client who reads as fast as it is written to is sent before others have their turn (128 KiB).
const TURN_BYTES: usize = 128 * 1024;

/// The sending half of a connection.
pub(super) struct Outbox {
    waiting: ReplyBuffer,
    limit: OutputBufferLimit,
    over_soft_since: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(limit: OutputBufferLimit) -> Self {
        Self { waiting: ReplyBuffer::default(), limit, over_soft_since: None }
    }

    /// Changes the limits on waiting bytes.
    pub(super) fn set_limit(&mut self, limit: OutputBufferLimit) {
        self.limit = limit;
    }

    /// Puts replies behind those that wait; leaves `replies` empty for the next use.
    pub(super) fn append(&mut self, replies: &mut ReplyBuffer) {
        self.waiting.append(replies);
    }

    /// Puts bytes behind those that wait, in the memory there is unless they are many.
    pub(super) fn append_shared(&mut self, bytes: Bytes) {
        self.waiting.push_shared(bytes);
    }

    /// Bytes that wait for the client.
    pub(super) fn len_bytes(&self) -> usize {
        self.waiting.len_bytes()
    }

    /// Writes what the socket takes, up to [`TURN_BYTES`]; ready when nothing is left. A reply that is still counting
    /// what it will list gives way, too.
    pub(super) fn poll_flush(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written_bytes = 0;
        loop {
            match self.waiting.fill() {
                Filled::Nothing => return Poll::Ready(Ok(())),
                Filled::NotYet => return give_way(cx),
                Filled::Ready if written_bytes >= TURN_BYTES => return give_way(cx),
                Filled::Ready => match ready!(self.poll_write(socket, cx))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    bytes => written_bytes += bytes,
                },
            }
        }
    }

    /// Writes once.
    fn poll_write(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let socket = Pin::new(socket);
        let Some(piece) = self.waiting.only_chunk() else {
            return poll_write_buf(socket, cx, &mut self.waiting);
        };
        // Nearly always: sending one piece is cheaper than to gather one, here and in the system.
        let count = ready!(socket.poll_write(cx, piece))?;
        self.waiting.advance(count);
        Poll::Ready(Ok(count))
    }

    /// Whether the client reads too slowly to be kept.
    pub(super) fn over_limit(&mut self) -> bool {
        let waiting = self.len_bytes();
        if self.limit.hard_bytes > 0 && waiting >= self.limit.hard_bytes {
            return true;
        }
        if self.limit.soft_bytes == 0 || waiting < self.limit.soft_bytes {
            self.over_soft_since = None;
            return false;
        }
        let now = Instant::now();
        let since = *self.over_soft_since.get_or_insert(now);
        now - since >= self.limit.soft_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::buffer::PIECE_BYTES;
    use crate::resp::{Encoder, Pieces, Protocol, Reply};
    use std::future::poll_fn;
    use tokio::net::{TcpListener, TcpStream};

    /// So many pieces make up the reply.
    const PIECES: usize = 100;

    struct Endless(usize);

    impl Pieces for Endless {
        fn next(&mut self, out: &mut Encoder<'_>) -> bool {
            out.bulk(&[b'x'; PIECE_BYTES]);
            self.0 -= 1;
            self.0 > 0
        }
    }

    /// Counts for a while before it answers with a number.
    struct Counting(usize);

    impl Pieces for Counting {
        fn next(&mut self, out: &mut Encoder<'_>) -> bool {
            if self.0 == 0 {
                out.integer(1);
                return false;
            }
            self.0 -= 1;
            true
        }
    }

    /// Sends a reply to a client that reads as fast as it can. Answers in how many turns, and how many bytes it was.
    fn sent(pieces: Box<dyn Pieces>) -> (usize, u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut socket = Socket::Tcp(listener.accept().await.unwrap().0);
            let reading =
                tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
            let mut outbox = Outbox::new(OutputBufferLimit::default());
            outbox.waiting.push(Reply::Stream(pieces), Protocol::Resp2);
            let mut turns = 0;
            poll_fn(|cx| {
                turns += 1;
                outbox.poll_flush(&mut socket, cx)
            })
            .await
            .unwrap();
            drop(socket);
            (turns, reading.await.unwrap().unwrap())
        })
    }

    #[test]
    fn a_big_reply_gives_way_to_others() {
        let (turns, bytes) = sent(Box::new(Endless(PIECES)));
        assert!(bytes > (PIECES * PIECE_BYTES) as u64);
        assert!(turns >= PIECES * PIECE_BYTES / (TURN_BYTES + PIECE_BYTES), "{turns}");
    }

    #[test]
    fn a_reply_that_counts_first_gives_way_to_others() {
        let (turns, bytes) = sent(Box::new(Counting(PIECES)));
        assert_eq!(bytes, 4);
        assert!(turns > PIECES / 10, "{turns}");
    }
}
