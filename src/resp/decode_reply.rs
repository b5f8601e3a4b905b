//! Bytes to replies: the client's side, all of RESP2 and RESP3.
//!
//! Two passes. The walk finds out whether a reply is complete, remembering where it stands, so that a
//! large list arriving in pieces is looked at once. Only a complete reply is built, out of bytes that are
//! all there: a count announces nothing that would be believed.
//! Attributes (`|`) are read and dropped. Deliberately absent: RESP3's streamed strings and lists, which
//! no server sends.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use super::decode::strict_integer;
use super::error::ProtocolError;
use super::reply::{INLINE_BYTES, Reply};

/// How deep lists may be nested.
pub const MAX_REPLY_DEPTH: usize = 128;

/// The longest line of a reply: a status, an error, a number (1 MiB).
pub const MAX_REPLY_LINE_BYTES: usize = 1024 * 1024;

/// The longest string of a reply (4 GiB).
pub const MAX_REPLY_BULK_BYTES: u64 = u32::MAX as u64;

/// Finds the replies in a stream of bytes.
#[derive(Debug, Default)]
pub struct ReplyDecoder {
    walk: Walk,
}

impl ReplyDecoder {
    /// Takes the next complete reply off the front of `buffer`, if there is one.
    ///
    /// # Errors
    /// When the bytes are no RESP; the stream is of no use after that.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, ProtocolError> {
        if !self.walk.run(buffer)? {
            return Ok(None);
        }
        let walk = std::mem::take(&mut self.walk);
        let frame = buffer.split_to(walk.at).freeze();
        Build { frame: &frame, at: 0 }.value().map(Some)
    }
}

/// How far one reply has been understood.
#[derive(Debug, Default)]
struct Walk {
    /// Everything before this byte of the reply has been understood.
    at: usize,
    /// Bytes after `at` that are known to hold no line end.
    scanned: usize,
    /// Where the string ends whose header has been read, its line end not counted.
    bulk_end: Option<usize>,
    /// How many values are still to come: for the reply as a whole, then for each list that is not
    /// complete, from the outside in.
    open: Vec<u64>,
}

/// What one line announces.
enum Shape {
    /// Nothing: it is a value itself.
    Value,
    /// A string of so many bytes.
    Bulk(usize),
    /// So many values.
    List(u64),
    /// So many values that are no part of the reply, and then the one they describe.
    Attributes(u64),
}

impl Walk {
    /// Whether a whole reply stands at the front of `input`.
    fn run(&mut self, input: &[u8]) -> Result<bool, ProtocolError> {
        if self.open.is_empty() {
            self.open.push(1);
        }
        while !self.open.is_empty() {
            if !self.step(input)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes one line and the string that belongs to it; false when they are not all there.
    fn step(&mut self, input: &[u8]) -> Result<bool, ProtocolError> {
        if self.bulk_end.is_some() {
            return self.bulk(input);
        }
        let Some(line_end) = self.find_line_end(input)? else {
            return Ok(false);
        };
        let shape = shape(&input[self.at..line_end])?;
        self.at = line_end + 2;
        match shape {
            Shape::Bulk(len) => {
                self.bulk_end = Some(self.at.saturating_add(len));
                return self.bulk(input);
            }
            Shape::List(values) if values > 0 => self.begin(values)?,
            Shape::Attributes(values) => {
                // They end like a list and so count as a value; the one they describe is still to come.
                self.expect_another();
                if values > 0 { self.begin(values)? } else { self.finish_value() }
            }
            Shape::Value | Shape::List(_) => self.finish_value(),
        }
        Ok(true)
    }

    fn bulk(&mut self, input: &[u8]) -> Result<bool, ProtocolError> {
        let end = self.bulk_end.expect("called between the header and the end of a string");
        let Some(line_end) = input.get(end..end.saturating_add(2)) else {
            return Ok(false);
        };
        if line_end != b"\r\n" {
            return Err(ProtocolError::InvalidReply);
        }
        self.at = end + 2;
        self.bulk_end = None;
        self.finish_value();
        Ok(true)
    }

    /// Where the line that begins at `at` ends; its CR and LF are both there.
    fn find_line_end(&mut self, input: &[u8]) -> Result<Option<usize>, ProtocolError> {
        let line = &input[self.at..];
        let window = &line[..line.len().min(MAX_REPLY_LINE_BYTES + 1)];
        let found = memchr::memchr(b'\r', &window[self.scanned..]);
        self.scanned = found.map_or(window.len(), |offset| self.scanned + offset);
        if self.scanned > MAX_REPLY_LINE_BYTES {
            return Err(ProtocolError::ReplyTooLong);
        }
        match line.get(self.scanned + 1) {
            Some(b'\n') => Ok(Some(self.at + std::mem::take(&mut self.scanned))),
            Some(_) => Err(ProtocolError::InvalidReply),
            None => Ok(None),
        }
    }

    fn begin(&mut self, values: u64) -> Result<(), ProtocolError> {
        if self.open.len() > MAX_REPLY_DEPTH {
            return Err(ProtocolError::ReplyTooDeep);
        }
        self.open.push(values);
        Ok(())
    }

    fn expect_another(&mut self) {
        *self.innermost() += 1;
    }

    /// Counts a value that is complete, and with it every list it was the last value of.
    fn finish_value(&mut self) {
        *self.innermost() -= 1;
        while self.open.last() == Some(&0) {
            self.open.pop();
            if let Some(outer) = self.open.last_mut() {
                *outer -= 1;
            }
        }
    }

    fn innermost(&mut self) -> &mut u64 {
        self.open.last_mut().expect("a value is expected until the reply is complete")
    }
}

/// What `line`, without its line end, announces.
fn shape(line: &[u8]) -> Result<Shape, ProtocolError> {
    let (&kind, text) = line.split_first().ok_or(ProtocolError::UnknownReplyType { got: b'\r' })?;
    match kind {
        b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => Ok(Shape::Value),
        b'$' | b'*' if text == b"-1" => Ok(Shape::Value),
        b'$' | b'!' | b'=' => bulk_len(text).map(Shape::Bulk),
        b'*' | b'~' | b'>' => count(text).map(Shape::List),
        b'%' => count(text).map(|pairs| Shape::List(pairs * 2)),
        b'|' => count(text).map(|pairs| Shape::Attributes(pairs * 2)),
        got => Err(ProtocolError::UnknownReplyType { got }),
    }
}

fn bulk_len(text: &[u8]) -> Result<usize, ProtocolError> {
    match count(text)? {
        len if len > MAX_REPLY_BULK_BYTES => Err(ProtocolError::ReplyTooLong),
        len => usize::try_from(len).map_err(|_| ProtocolError::ReplyTooLong),
    }
}

/// A number of bytes, values or pairs; at most 2^63 - 1, so twice as many can still be counted.
fn count(text: &[u8]) -> Result<u64, ProtocolError> {
    strict_integer(text).and_then(|count| u64::try_from(count).ok()).ok_or(ProtocolError::InvalidReply)
}

/// Builds the values of a reply the walk has found complete.
struct Build<'a> {
    frame: &'a Bytes,
    at: usize,
}

impl Build<'_> {
    fn value(&mut self) -> Result<Reply, ProtocolError> {
        loop {
            let (kind, text) = self.line();
            if kind != b'|' {
                return self.value_of(kind, text);
            }
            for _ in 0..count(&text)? * 2 {
                self.value()?;
            }
        }
    }

    fn value_of(&mut self, kind: u8, text: Bytes) -> Result<Reply, ProtocolError> {
        match kind {
            b'$' | b'*' if text == "-1" => Ok(if kind == b'$' { Reply::Null } else { Reply::NullArray }),
            b'$' => self.string(&text).map(blob),
            b'!' => self.string(&text).map(Reply::Error),
            b'=' => self.string(&text).and_then(verbatim),
            b'*' => self.values(&text).map(Reply::Array),
            b'~' => self.values(&text).map(Reply::Set),
            b'>' => self.values(&text).map(Reply::Push),
            b'%' => self.pairs(&text).map(Reply::Map),
            _ => line_value(kind, text).ok_or(ProtocolError::InvalidReply),
        }
    }

    fn line(&mut self) -> (u8, Bytes) {
        let start = self.at + 1;
        let len =
            memchr::memchr(b'\r', &self.frame[start..]).expect("the walk has found the end of this line");
        self.at = start + len + 2;
        (self.frame[start - 1], self.frame.slice(start..start + len))
    }

    fn string(&mut self, len: &[u8]) -> Result<Bytes, ProtocolError> {
        let start = self.at;
        let end = start + bulk_len(len)?;
        self.at = end + 2;
        Ok(self.frame.slice(start..end))
    }

    fn values(&mut self, len: &[u8]) -> Result<Vec<Reply>, ProtocolError> {
        (0..count(len)?).map(|_| self.value()).collect()
    }

    fn pairs(&mut self, len: &[u8]) -> Result<Vec<(Reply, Reply)>, ProtocolError> {
        (0..count(len)?).map(|_| Ok((self.value()?, self.value()?))).collect()
    }
}

fn blob(text: Bytes) -> Reply {
    if text.len() <= INLINE_BYTES { Reply::bulk(&text[..]) } else { Reply::bulk(text) }
}

fn verbatim(payload: Bytes) -> Result<Reply, ProtocolError> {
    match payload[..] {
        [a, b, c, b':', ..] => Ok(Reply::Verbatim { format: [a, b, c], text: payload.slice(4..) }),
        _ => Err(ProtocolError::InvalidReply),
    }
}

/// The value of a reply that is one line.
fn line_value(kind: u8, text: Bytes) -> Option<Reply> {
    match (kind, &text[..]) {
        (b'+', b"OK") => Some(Reply::OK),
        (b'+', _) => Some(Reply::Simple(Cow::Owned(String::from_utf8_lossy(&text).into_owned()))),
        (b'-', _) => Some(Reply::Error(text)),
        (b'(', _) => Some(Reply::BigNumber(text)),
        (b':', digits) => parse(digits).map(Reply::Integer),
        (b',', digits) => parse(digits).map(Reply::Double),
        (b'#', b"t") => Some(Reply::Boolean(true)),
        (b'#', b"f") => Some(Reply::Boolean(false)),
        (b'_', b"") => Some(Reply::Null),
        _ => None,
    }
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
