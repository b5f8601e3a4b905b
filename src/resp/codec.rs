//! The decoders as `tokio_util` codecs: buffers in, batches and replies out.
//!
//! What is decided here is memory: a batch takes the bytes of its requests away as one frame, and a long
//! argument that is still arriving gets an allocation of its own, of the size it needs, so that it can
//! become a value without a copy and without keeping anything else alive. An empty buffer is used again from its front.
//! Deliberately absent: sockets. A reader calls [`RequestCodec::reserve`], reads, and decodes until `None`.

use std::io;

use bytes::{Buf, BytesMut};
use tokio_util::codec::Decoder;

use super::decode::{Limits, RequestDecoder};
use super::decode_reply::ReplyDecoder;
use super::error::ProtocolError;
use super::reply::Reply;
use super::request::{BIG_ARGUMENT_BYTES, Batch};

/// What a read buffer has room for (64 KiB).
pub const READ_BYTES: usize = 64 * 1024;

/// A read is not worth its system call with less room than this (16 KiB).
const MIN_READ_BYTES: usize = 16 * 1024;

/// A larger read buffer is not used again once it has been emptied (256 KiB).
const KEPT_READ_BYTES: usize = 256 * 1024;

/// Memory set aside for an announced argument before any of it has arrived (32 MiB); beyond that, at most
/// twice what has arrived.
const MAX_UNSEEN_BYTES: usize = 32 * 1024 * 1024;

/// Turns what a client sends into batches of requests.
///
/// After a batch with an [`error`](Batch::error) it yields nothing more. A client that has not
/// authenticated gets batches of one request: answer it and adjust the limits before decoding on.
#[derive(Debug, Default)]
pub struct RequestCodec {
    decoder: RequestDecoder,
    /// A batch to be used again.
    spare: Batch,
    /// Where the read buffer began after the last call. If it begins elsewhere now, it has moved to the
    /// front of an allocation.
    buffer_address: usize,
    /// Bytes of the read buffer's allocation before its beginning, which frames may still hold.
    front_bytes: usize,
    /// The read buffer's allocation was made for one argument.
    is_carved: bool,
}

impl RequestCodec {
    /// A codec at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self { decoder: RequestDecoder::new(limits), ..Self::default() }
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.decoder.limits()
    }

    /// Changes the limits for what has not been decoded yet.
    pub fn set_limits(&mut self, limits: Limits) {
        self.decoder.set_limits(limits);
    }

    /// Takes a used batch back, so that the next one needs no allocation.
    pub fn recycle(&mut self, mut batch: Batch) {
        batch.clear();
        self.spare = batch;
    }

    /// Makes room in `buffer` for the next read: as much as a waiting big argument lacks, else about
    /// [`READ_BYTES`]. Reads should take no more than the room there is.
    pub fn reserve(&self, buffer: &mut BytesMut) {
        // Memory that was just used is near, so an empty buffer begins anew at the front of its allocation.
        if buffer.is_empty() && buffer.capacity() > 0 && buffer.try_reclaim(READ_BYTES) {
            return;
        }
        let room = buffer.capacity() - buffer.len();
        if self.is_carved && room > 0 || room >= MIN_READ_BYTES {
            return;
        }
        buffer.reserve(READ_BYTES.saturating_sub(buffer.len()).max(MIN_READ_BYTES));
    }

    /// A waiting argument that is to get an allocation of its own: a big one, unless it would be copied anyway and is nearly
    /// there. How long its request is up to its end, and how long it is itself, in bytes.
    fn awaited_argument(&self, buffer: &BytesMut) -> Option<(usize, usize)> {
        let (request, argument) = self.decoder.pending_argument()?;
        // What is too small a part of any read buffer to be shared from there is copied anyway.
        let is_worth_it = self.is_carved || 2 * argument >= READ_BYTES;
        let is_missing = request - buffer.len() >= MIN_READ_BYTES;
        (argument >= BIG_ARGUMENT_BYTES && (is_worth_it || is_missing)).then_some((request, argument))
    }

    /// Decodes into `batch` and returns whether anything came of it.
    fn fill(&mut self, batch: &mut Batch, buffer: &mut BytesMut) -> bool {
        loop {
            let len = self.decoder.decode(buffer, batch);
            let allocation_bytes = self.allocation_bytes(buffer);
            self.front_bytes += len;
            if !batch.is_empty() || batch.error().is_some() {
                batch.set_frame(buffer.split_to(len).freeze(), allocation_bytes);
                return true;
            }
            buffer.advance(len);
            if len == 0 || buffer.is_empty() {
                return false;
            }
        }
    }

    /// Sees to it that the rest of a half-received request has a fitting place.
    fn make_room(&mut self, buffer: &mut BytesMut) {
        match self.awaited_argument(buffer) {
            Some((request_bytes, argument_bytes)) => {
                self.make_room_for_argument(request_bytes, argument_bytes, buffer);
            }
            _ if self.is_carved && buffer.is_empty() => self.move_into(BytesMut::new(), buffer),
            _ if self.allocation_bytes(buffer) > KEPT_READ_BYTES && buffer.len() < READ_BYTES / 2 => {
                self.move_into(BytesMut::with_capacity(READ_BYTES), buffer);
            }
            _ => {}
        }
    }

    /// An allocation exactly as large as the request up to the end of this argument, if the argument will
    /// be most of it; else one that doubles, so that many big arguments are not copied once for each.
    fn make_room_for_argument(&mut self, request: usize, argument: usize, buffer: &mut BytesMut) {
        let is_most = argument * 2 >= request;
        let most_bytes = if is_most { argument * 2 } else { usize::MAX };
        let fits = (request.min(MAX_UNSEEN_BYTES)..=most_bytes).contains(&self.allocation_bytes(buffer));
        if fits && self.front_bytes == 0 && buffer.len() < buffer.capacity() {
            return;
        }
        let received_twice = buffer.len() * 2;
        let wanted_bytes = if is_most { request } else { request.max(received_twice) };
        let capacity = wanted_bytes.min(received_twice.max(MAX_UNSEEN_BYTES));
        self.move_into(BytesMut::with_capacity(capacity), buffer);
        self.is_carved = true;
    }

    fn move_into(&mut self, mut target: BytesMut, buffer: &mut BytesMut) {
        target.extend_from_slice(buffer);
        *buffer = target;
        self.front_bytes = 0;
        self.is_carved = false;
    }

    /// What keeping a part of the read buffer alive would pin.
    fn allocation_bytes(&self, buffer: &BytesMut) -> usize {
        self.front_bytes + buffer.capacity()
    }

    /// Notices when the read buffer has moved since the last call.
    fn find_buffer(&mut self, buffer: &BytesMut) {
        if buffer.as_ptr() as usize != self.buffer_address {
            self.front_bytes = 0;
        }
    }
}

impl Decoder for RequestCodec {
    type Item = Batch;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Batch>> {
        if self.decoder.has_failed() {
            buffer.clear();
            return Ok(None);
        }
        self.find_buffer(buffer);
        let mut batch = std::mem::take(&mut self.spare);
        let filled = self.fill(&mut batch, buffer);
        self.make_room(buffer);
        self.buffer_address = buffer.as_ptr() as usize;
        if filled {
            return Ok(Some(batch));
        }
        self.spare = batch;
        Ok(None)
    }

    /// A client that leaves in the middle of a request has sent nothing.
    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Batch>> {
        let batch = self.decode(buffer)?;
        if batch.is_none() {
            buffer.clear();
        }
        Ok(batch)
    }
}

/// Turns what a server sends into replies.
#[derive(Debug, Default)]
pub struct ReplyCodec {
    decoder: ReplyDecoder,
}

impl Decoder for ReplyCodec {
    type Item = Reply;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Reply>> {
        self.decoder.decode(buffer).map_err(invalid_data)
    }
}

fn invalid_data(error: ProtocolError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;
