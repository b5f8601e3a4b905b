//! The receiving half of a connection: bytes from the socket to batches of requests.
//!
//! One read at a time, and a new one only when the batch before has been answered: so a client can have at
//! most one batch in the Keyspace, which bounds every mailbox. There is no timer here.

use super::socket::Socket;
use crate::resp::{Batch, Limits, RequestCodec};
use bytes::BytesMut;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_util::codec::Decoder;
use tokio_util::io::poll_read_buf;

/// What the inbox has to say.
pub(super) enum Arrival {
    /// Complete requests, or the error that ends the connection.
    Batch(Batch),
    /// The client will send no more.
    End,
    /// The client sent more than `client-query-buffer-limit` allows without completing a request.
    TooLarge,
}

/// The receiving half of a connection.
pub(super) struct Inbox {
    buffer: BytesMut,
    codec: RequestCodec,
    limit_bytes: usize,
    received_bytes: u64,
    ended: bool,
}

impl Inbox {
    pub(super) fn new(codec: RequestCodec, limit_bytes: usize) -> Self {
        Self { buffer: BytesMut::new(), codec, limit_bytes, received_bytes: 0, ended: false }
    }

    /// Takes a used batch back, so that the next one needs no allocation.
    pub(super) fn recycle(&mut self, batch: Batch) {
        self.codec.recycle(batch);
    }

    /// Notes whether the client has authenticated: until then it may only send short requests.
    pub(super) fn set_authenticated(&mut self, authenticated: bool) {
        let limits = self.codec.limits();
        if limits.authenticated != authenticated {
            self.codec.set_limits(Limits { authenticated, ..limits });
        }
    }

    /// Changes the limits on one argument and on undecoded bytes.
    pub(super) fn set_limits(&mut self, max_bulk_bytes: usize, limit_bytes: usize) {
        self.codec.set_limits(Limits { max_bulk_bytes, ..self.codec.limits() });
        self.limit_bytes = limit_bytes;
    }

    /// Bytes waiting to be decoded, and room behind them.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.buffer.len(), self.buffer.capacity() - self.buffer.len())
    }

    /// Gives the buffer's memory back if nothing is in it; the next read takes new memory.
    pub(super) fn release_memory(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Bytes received since the last call.
    pub(super) fn take_received(&mut self) -> u64 {
        std::mem::take(&mut self.received_bytes)
    }

    /// The next batch, from the buffer or else from the socket.
    pub(super) fn poll(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        loop {
            if !self.buffer.is_empty() {
                if let Some(batch) = self.codec.decode(&mut self.buffer)? {
                    return Poll::Ready(Ok(Arrival::Batch(batch)));
                }
            }
            if self.ended {
                return Poll::Ready(Ok(Arrival::End));
            }
            if self.buffer.len() > self.limit_bytes {
                return Poll::Ready(Ok(Arrival::TooLarge));
            }
            ready!(self.poll_read(socket, cx))?;
        }
    }

    /// Reads once; an end of the stream is noted.
    fn poll_read(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.capacity() == 0 {
            // Only a client that has something to say gets memory for it.
            ready!(socket.poll_readable(cx))?;
        }
        self.codec.reserve(&mut self.buffer);
        let count = ready!(poll_read_buf(Pin::new(socket), cx, &mut self.buffer))?;
        self.received_bytes += count as u64;
        self.ended = count == 0;
        Poll::Ready(Ok(()))
    }

    /// Reads what the client sends while its batch is set aside, as much as it may send; ready at the end of the
    /// stream, or when that is broken.
    pub(super) fn poll_end(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<()> {
        while !self.ended && self.buffer.len() <= self.limit_bytes {
            if ready!(self.poll_read(socket, cx)).is_err() {
                return Poll::Ready(());
            }
        }
        if self.ended { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Reads and throws away what the client still sends; ready at the end of the stream.
    ///
    /// A socket closed with unread bytes resets the connection, and the client may lose its last replies.
    pub(super) fn poll_discard(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ended {
            self.buffer.clear();
            ready!(self.poll_read(socket, cx))?;
        }
        Poll::Ready(Ok(()))
    }
}
