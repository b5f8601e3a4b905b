//! What one connection still has to send, in order.
//!
//! Most replies are short: they are appended to one growing `tail`. Long strings are shared, not copied,
//! and replies too big to build ([`Pieces`]) stand in the queue as themselves until everything before them
//! has been sent. A socket writer calls [`ReplyBuffer::fill`], writes what [`Buf`] shows (vectored), and
//! [`Buf::advance`]s by what the socket took.
//! Deliberately absent: sockets, and limits on how much may wait (the connection's outbox knows them).

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::encode::Encoder;
use super::reply::{Pieces, Protocol, Reply};

/// Strings from this size on (16 KiB) are sent from where they are instead of being copied.
pub const SHARED_CHUNK_BYTES: usize = 16 * 1024;

/// How much one step of [`Pieces`] should produce (64 KiB).
pub const PIECE_BYTES: usize = 64 * 1024;

/// An empty buffer keeps at most this much memory (64 KiB).
pub const KEPT_BYTES: usize = 64 * 1024;

/// So many pieces of a stream may yield nothing before others have their turn.
const SILENT_PIECES: usize = 8;

/// A tail of at most this length is copied to make room for something after it.
const COPIED_TAIL_BYTES: usize = 1024;

/// Ordered outgoing bytes.
#[derive(Default)]
pub struct ReplyBuffer {
    /// What precedes the tail.
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
    queued_streams: usize,
    tail: Vec<u8>,
    /// How much of the tail has been sent; zero while the queue is not empty.
    tail_sent: usize,
}

/// What [`ReplyBuffer::fill`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Bytes stand at the front.
    Ready,
    /// A stream has the turn and has yielded nothing so far.
    NotYet,
    /// There is nothing left to send.
    Nothing,
}

enum Chunk {
    Bytes(Bytes),
    Stream(Box<dyn Pieces>, Protocol),
}

impl ReplyBuffer {
    /// An empty buffer with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { tail: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Whether there is nothing left to send; an unfinished stream counts as something.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.tail_bytes() == 0
    }

    /// Encoded bytes that wait, those behind a stream included; what streams will produce is not counted.
    pub fn len_bytes(&self) -> usize {
        self.queued_bytes + self.tail_bytes()
    }

    /// Appends one reply.
    pub fn push(&mut self, reply: Reply, protocol: Protocol) {
        self.encoder(protocol).reply(reply);
    }

    /// Something to write replies with, to the end of this buffer.
    pub fn encoder(&mut self, protocol: Protocol) -> Encoder<'_> {
        Encoder::new(self, protocol)
    }

    /// Appends bytes that are encoded already.
    pub fn push_encoded(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
    }

    /// Appends bytes that are encoded already, without a copy when they are many.
    pub fn push_shared(&mut self, bytes: Bytes) {
        if bytes.len() < SHARED_CHUNK_BYTES {
            return self.tail.extend_from_slice(&bytes);
        }
        self.seal_tail();
        self.enqueue(bytes);
    }

    /// Appends everything of `other` and leaves it empty; both keep memory to be used again.
    pub fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else if other.queue.is_empty() && other.tail_bytes() < SHARED_CHUNK_BYTES {
            self.tail.extend_from_slice(&other.tail[other.tail_sent..]);
        } else {
            self.seal_tail();
            other.seal_tail();
            self.queued_bytes += other.queued_bytes;
            self.queued_streams += other.queued_streams;
            self.queue.append(&mut other.queue);
        }
        other.clear();
    }

    /// Makes sure that bytes stand at the front, producing the next piece of a stream that has its turn. Gives control
    /// back after some pieces that yielded nothing, as of a stream that counts before it lists.
    pub fn fill(&mut self) -> Filled {
        for _ in 0..SILENT_PIECES {
            let Some(Chunk::Stream(..)) = self.queue.front() else {
                return if self.has_remaining() { Filled::Ready } else { Filled::Nothing };
            };
            self.produce();
        }
        if self.has_remaining() { Filled::Ready } else { Filled::NotYet }
    }

    /// Drops everything that waits; keeps the allocations unless they grew beyond [`KEPT_BYTES`].
    pub fn clear(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.queued_streams = 0;
        self.tail_sent = 0;
        self.tail.clear();
        self.tail.shrink_to(KEPT_BYTES);
        self.queue.shrink_to(KEPT_BYTES / size_of::<Chunk>());
    }

    /// Everything that waits as one string, streams played to their end. For tests and small tools.
    pub fn drain_to_vec(&mut self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len_bytes());
        while self.fill() != Filled::Nothing {
            let chunk = self.chunk();
            all.extend_from_slice(chunk);
            self.advance(chunk.len());
        }
        all
    }

    /// All that waits, if it lies in one piece.
    pub fn only_chunk(&self) -> Option<&[u8]> {
        match self.queue.len() {
            0 => Some(&self.tail[self.tail_sent..]),
            1 if self.tail.is_empty() => self.queue.front().and_then(ready).map(|bytes| &bytes[..]),
            _ => None,
        }
    }

    /// Where short replies go.
    pub(super) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }

    pub(super) fn push_stream(&mut self, pieces: Box<dyn Pieces>, protocol: Protocol) {
        self.seal_tail();
        self.queued_streams += 1;
        self.queue.push_back(Chunk::Stream(pieces, protocol));
    }

    fn tail_bytes(&self) -> usize {
        self.tail.len() - self.tail_sent
    }

    /// Moves the tail to the end of the queue, so that something else can follow it. A short one, mostly
    /// the header of a long string, is copied, so that the tail's memory stays in use.
    fn seal_tail(&mut self) {
        let sent = std::mem::take(&mut self.tail_sent);
        if self.tail.len() - sent <= COPIED_TAIL_BYTES {
            let sealed = Bytes::copy_from_slice(&self.tail[sent..]);
            self.tail.clear();
            self.enqueue(sealed);
        } else {
            let sealed = std::mem::take(&mut self.tail);
            self.enqueue(Bytes::from(sealed).split_off(sent));
        }
    }

    fn enqueue(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.queued_bytes += bytes.len();
            self.queue.push_back(Chunk::Bytes(bytes));
        }
    }

    /// Replaces the stream at the front by its next piece, followed by itself unless it is finished.
    fn produce(&mut self) {
        let Some(Chunk::Stream(mut pieces, protocol)) = self.queue.pop_front() else {
            return;
        };
        let mut piece = Self { tail: Vec::with_capacity(PIECE_BYTES), ..Self::default() };
        let more = pieces.next(&mut piece.encoder(protocol));
        if more {
            piece.push_stream(pieces, protocol);
        } else {
            piece.seal_tail();
        }
        self.queued_streams += piece.queued_streams;
        self.queued_streams -= 1;
        self.queued_bytes += piece.queued_bytes;
        for chunk in piece.queue.into_iter().rev() {
            self.queue.push_front(chunk);
        }
    }

    /// Takes up to `count` bytes off the chunk at the front of the queue and returns how many it took.
    fn advance_queue(&mut self, count: usize) -> usize {
        let Some(Chunk::Bytes(front)) = self.queue.front_mut() else {
            panic!("advanced past the bytes that were ready");
        };
        let taken = count.min(front.len());
        front.advance(taken);
        if front.is_empty() {
            self.queue.pop_front();
        }
        self.queued_bytes -= taken;
        taken
    }
}

/// Shows the bytes before the first stream; see [`ReplyBuffer::fill`] for those of the stream.
impl Buf for ReplyBuffer {
    fn remaining(&self) -> usize {
        if self.queued_streams == 0 {
            return self.len_bytes();
        }
        self.queue.iter().map_while(ready).map(Bytes::len).sum()
    }

    fn has_remaining(&self) -> bool {
        !self.chunk().is_empty()
    }

    fn chunk(&self) -> &[u8] {
        match self.queue.front() {
            Some(chunk) => ready(chunk).map_or(&[], |bytes| bytes),
            None => &self.tail[self.tail_sent..],
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let tail = (self.queued_streams == 0).then(|| &self.tail[self.tail_sent..]);
        let queued = self.queue.iter().map_while(ready).map(|bytes| &bytes[..]);
        let all = queued.chain(tail).filter(|chunk| !chunk.is_empty());
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(all) {
            *slice = IoSlice::new(chunk);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 && !self.queue.is_empty() {
            count -= self.advance_queue(count);
        }
        assert!(count <= self.tail_bytes(), "advanced past the end");
        self.tail_sent += count;
        if self.is_empty() {
            self.clear();
        }
    }
}

fn ready(chunk: &Chunk) -> Option<&Bytes> {
    match chunk {
        Chunk::Bytes(bytes) => Some(bytes),
        Chunk::Stream(..) => None,
    }
}

impl std::fmt::Debug for ReplyBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyBuffer")
            .field("len_bytes", &self.len_bytes())
            .field("streams", &self.queued_streams)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
