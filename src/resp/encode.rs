//! Values to bytes. The only file that knows how RESP2 differs from RESP3.
//!
//! [`Encoder`] writes one reply after another into a [`ReplyBuffer`]: [`Encoder::reply`] for whole values,
//! and the single steps (`array_len`, `bulk`, …) for [`Pieces`], which produce a reply while
//! the socket drains. [`encode_request`] is a client's side.
//! Deliberately absent: when and to whom bytes are sent.

use bytes::{BufMut, Bytes, BytesMut};

use super::buffer::{ReplyBuffer, SHARED_CHUNK_BYTES};
use super::number::{self, format_double};
use super::reply::{Blob, Pieces, Protocol, Reply};

const LINE_END: &[u8] = b"\r\n";

/// The most that stands around a string: `$`, up to 19 digits, and two line ends.
const BULK_FRAMING_BYTES: usize = 24;

/// Appends one request in the form every server understands: a multibulk of `args`.
pub fn encode_request(args: &[impl AsRef<[u8]>], out: &mut BytesMut) {
    multibulk_header(args.len(), out);
    for arg in args {
        let arg = arg.as_ref();
        bulk_header(arg.len(), out);
        out.put_slice(arg);
        out.put_slice(LINE_END);
    }
}

/// Writes replies in one protocol to the end of a [`ReplyBuffer`].
pub struct Encoder<'a> {
    out: &'a mut ReplyBuffer,
    protocol: Protocol,
}

impl<'a> Encoder<'a> {
    /// An encoder that appends to `out`.
    pub fn new(out: &'a mut ReplyBuffer, protocol: Protocol) -> Self {
        Self { out, protocol }
    }

    /// The protocol it writes.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Bytes in the buffer so far, for [`Pieces`] to know when a piece is long enough.
    pub fn len_bytes(&self) -> usize {
        self.out.len_bytes()
    }

    /// Writes a whole reply, whatever is nested in it.
    pub fn reply(&mut self, reply: Reply) {
        match reply {
            Reply::Bulk(blob) => self.blob(blob),
            Reply::Integer(value) => self.integer(value),
            Reply::Simple(text) => self.simple(&text),
            Reply::Null => self.null(),
            Reply::NullArray => self.null_array(),
            Reply::Error(text) => self.error(&text),
            Reply::Array(items) => self.items(items, Self::array_len),
            Reply::Set(items) => self.items(items, Self::set_len),
            Reply::Push(items) => self.items(items, Self::push_len),
            Reply::Map(pairs) => self.pairs(pairs),
            Reply::Double(value) => self.double(value),
            Reply::Decimal(text) => self.resp3_line(b',', text.as_bytes()),
            Reply::Boolean(value) => self.boolean(value),
            Reply::BigNumber(digits) => self.big_number(&digits),
            Reply::Verbatim { format, text } => self.verbatim(format, text),
            Reply::Stream(pieces) => self.stream(pieces),
            Reply::Encoded(mut bytes) => self.out.append(&mut bytes),
            Reply::Several(replies) => replies.into_iter().for_each(|reply| self.reply(reply)),
            Reply::Silent => {}
        }
    }

    /// A status line; line ends in it become spaces.
    pub fn simple(&mut self, text: &str) {
        self.text_line(b'+', text.as_bytes());
    }

    /// An error line, `text` without the `-`; line ends in it become spaces.
    pub fn error(&mut self, text: &[u8]) {
        self.text_line(b'-', text);
    }

    /// A number.
    pub fn integer(&mut self, value: i64) {
        number_line(b':', value, self.tail());
    }

    /// A string, copied.
    pub fn bulk(&mut self, bytes: &[u8]) {
        let tail = self.tail();
        tail.reserve(bytes.len() + BULK_FRAMING_BYTES);
        bulk_header(bytes.len(), tail);
        tail.extend_from_slice(bytes);
        tail.extend_from_slice(LINE_END);
    }

    /// A string, shared instead of copied when it is long.
    pub fn blob(&mut self, blob: Blob) {
        match blob {
            Blob::Shared(bytes) if bytes.len() >= SHARED_CHUNK_BYTES => self.shared_bulk(bytes),
            short => self.bulk(short.as_bytes()),
        }
    }

    /// The null of a string.
    pub fn null(&mut self) {
        self.raw(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The null of a list.
    pub fn null_array(&mut self) {
        self.raw(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// Begins a list of `len` values.
    pub fn array_len(&mut self, len: usize) {
        multibulk_header(len, self.tail());
    }

    /// Begins a map of `len` pairs: twice as many values follow.
    pub fn map_len(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array_len(len * 2),
            Protocol::Resp3 => number_line(b'%', number::saturated(len), self.tail()),
        }
    }

    /// Begins a set of `len` values.
    pub fn set_len(&mut self, len: usize) {
        self.resp3_list(b'~', len);
    }

    /// Begins a push message of `len` values.
    pub fn push_len(&mut self, len: usize) {
        self.resp3_list(b'>', len);
    }

    /// Begins an attribute of `len` pairs, which say something about the value that follows; for RESP3 only.
    pub fn attribute_len(&mut self, len: usize) {
        number_line(b'|', number::saturated(len), self.tail());
    }

    /// A floating point number.
    pub fn double(&mut self, value: f64) {
        let text = format_double(value);
        self.resp3_line(b',', text.as_bytes());
    }

    /// True or false.
    pub fn boolean(&mut self, value: bool) {
        self.raw(match (self.protocol, value) {
            (Protocol::Resp2, false) => b":0\r\n",
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
            (Protocol::Resp3, true) => b"#t\r\n",
        });
    }

    /// Decimal digits with an optional sign.
    pub fn big_number(&mut self, digits: &[u8]) {
        self.resp3_line(b'(', digits);
    }

    /// Text for people, with its three-letter format.
    pub fn verbatim(&mut self, format: [u8; 3], text: Bytes) {
        if self.protocol == Protocol::Resp2 {
            return self.blob(text.into());
        }
        number_line(b'=', number::saturated(text.len() + 4), self.tail());
        self.raw(&format);
        self.raw(b":");
        self.out.push_shared(text);
        self.raw(LINE_END);
    }

    /// A reply that is produced while the socket drains; what is written next follows after it.
    pub fn stream(&mut self, pieces: Box<dyn Pieces>) {
        self.out.push_stream(pieces, self.protocol);
    }

    fn items(&mut self, items: Vec<Reply>, header: fn(&mut Self, usize)) {
        header(self, items.len());
        for item in items {
            self.reply(item);
        }
    }

    fn pairs(&mut self, pairs: Vec<(Reply, Reply)>) {
        self.map_len(pairs.len());
        for (key, value) in pairs {
            self.reply(key);
            self.reply(value);
        }
    }

    fn shared_bulk(&mut self, bytes: Bytes) {
        bulk_header(bytes.len(), self.tail());
        self.out.push_shared(bytes);
        self.raw(LINE_END);
    }

    /// A list with a type of its own in RESP3, a plain one in RESP2.
    fn resp3_list(&mut self, kind: u8, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array_len(len),
            Protocol::Resp3 => number_line(kind, number::saturated(len), self.tail()),
        }
    }

    /// A line with a type of its own in RESP3, a string in RESP2.
    fn resp3_line(&mut self, kind: u8, text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => self.text_line(kind, text),
        }
    }

    /// A line cannot hold line ends: those behind the text are left out, as Redis does, others become blanks.
    fn text_line(&mut self, kind: u8, mut text: &[u8]) {
        while let [rest @ .., b'\r' | b'\n'] = text {
            text = rest;
        }
        let tail = self.tail();
        tail.push(kind);
        if memchr::memchr2(b'\r', b'\n', text).is_none() {
            tail.extend_from_slice(text);
        } else {
            tail.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        }
        tail.extend_from_slice(LINE_END);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.tail().extend_from_slice(bytes);
    }

    fn tail(&mut self) -> &mut Vec<u8> {
        self.out.tail()
    }
}

/// `*<len>`, which begins a request or a list.
pub(super) fn multibulk_header(len: usize, out: &mut impl BufMut) {
    number_line(b'*', number::saturated(len), out);
}

/// `$<len>`, which begins a string.
pub(super) fn bulk_header(len: usize, out: &mut impl BufMut) {
    number_line(b'$', number::saturated(len), out);
}

/// `value` on a line of its own. Nearly all are counts and lengths of one to three digits.
#[inline]
fn number_line(kind: u8, value: i64, out: &mut impl BufMut) {
    let digit = |divisor: i64| b'0' + (value / divisor % 10) as u8;
    match value {
        0..10 => out.put_slice(&[kind, digit(1), b'\r', b'\n']),
        10..100 => out.put_slice(&[kind, digit(10), digit(1), b'\r', b'\n']),
        100..1000 => out.put_slice(&[kind, digit(100), digit(10), digit(1), b'\r', b'\n']),
        _ => long_number_line(kind, value, out),
    }
}

fn long_number_line(kind: u8, value: i64, out: &mut impl BufMut) {
    out.put_u8(kind);
    out.put_slice(itoa::Buffer::new().format(value).as_bytes());
    out.put_slice(LINE_END);
}

#[cfg(test)]
mod tests;
