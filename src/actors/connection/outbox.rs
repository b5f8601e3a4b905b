//! The sending half of a connection: encoded replies to the socket, in order, as fast as the client reads.
//!
//! Redis's output limits hold here: past the hard limit, or past the soft limit for too long, the client is
//! closed. Nobody else notices. There is no back-pressure on the client's own requests, as in Redis: a client
//! may send all its requests before it reads the first reply.

use super::socket::Socket;
use crate::config::values::OutputBufferLimit;
use crate::resp::ReplyBuffer;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio_util::io::poll_write_buf;

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

    /// Bytes that wait for the client.
    pub(super) fn len_bytes(&self) -> usize {
        self.waiting.len_bytes()
    }

    /// Writes what the socket takes; ready when nothing is left.
    pub(super) fn poll_flush(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.waiting.fill() {
            if ready!(poll_write_buf(Pin::new(&mut *socket), cx, &mut self.waiting))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the client reads too slowly to be kept, as seen at `now`.
    pub(super) fn over_limit(&mut self, now: Instant) -> bool {
        let waiting = self.len_bytes();
        if self.limit.hard_bytes > 0 && waiting >= self.limit.hard_bytes {
            return true;
        }
        if self.limit.soft_bytes == 0 || waiting < self.limit.soft_bytes {
            self.over_soft_since = None;
            return false;
        }
        let since = *self.over_soft_since.get_or_insert(now);
        now - since >= self.limit.soft_for
    }
}
