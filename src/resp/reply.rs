//! Replies as values: RESP3-shaped, whatever protocol the client speaks.
//!
//! A command says what it means (a map, a set, a double); [`encode`](super::encode) alone knows how a
//! RESP2 client is told. Short strings live inside the value, long ones are shared with their owner.
//! Deliberately absent: every error text, which belongs to the commands.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::buffer::ReplyBuffer;
use super::encode::Encoder;
use super::number::{self, DoubleText};

/// Strings up to this length are stored inside a [`Blob`], without an allocation.
pub const INLINE_BYTES: usize = 38;

/// A string reply's payload: short ones inline, longer ones shared.
#[derive(Clone)]
pub enum Blob {
    /// The first `len` of `bytes`.
    Inline {
        /// Length of the string, at most [`INLINE_BYTES`].
        len: u8,
        /// The string, padded.
        bytes: [u8; INLINE_BYTES],
    },
    /// A string shared with whoever owns it.
    Shared(Bytes),
}

impl Blob {
    /// The empty string.
    pub const EMPTY: Self = Self::Inline { len: 0, bytes: [0; INLINE_BYTES] };

    /// The string itself.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Shared(bytes) => bytes,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether this is the empty string.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string as `Bytes`; inline ones are copied.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Inline { .. } => Bytes::copy_from_slice(self.as_bytes()),
            Self::Shared(bytes) => bytes,
        }
    }

    fn inline(short: &[u8]) -> Option<Self> {
        let mut bytes = [0; INLINE_BYTES];
        bytes.get_mut(..short.len())?.copy_from_slice(short);
        Some(Self::Inline { len: short.len() as u8, bytes })
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self::inline(bytes).unwrap_or_else(|| Self::Shared(Bytes::copy_from_slice(bytes)))
    }
}

impl<const N: usize> From<&[u8; N]> for Blob {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<&'static str> for Blob {
    fn from(text: &'static str) -> Self {
        Self::inline(text.as_bytes()).unwrap_or(Self::Shared(Bytes::from_static(text.as_bytes())))
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Self::Shared(bytes)
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::inline(&bytes).unwrap_or_else(|| Self::Shared(bytes.into()))
    }
}

impl From<String> for Blob {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<i64> for Blob {
    fn from(value: i64) -> Self {
        Self::from(itoa::Buffer::new().format(value).as_bytes())
    }
}

impl From<u64> for Blob {
    fn from(value: u64) -> Self {
        Self::from(itoa::Buffer::new().format(value).as_bytes())
    }
}

impl From<DoubleText> for Blob {
    fn from(text: DoubleText) -> Self {
        Self::from(text.as_bytes())
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Blob {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// The two dialects a client may have chosen with HELLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// What every client speaks.
    #[default]
    Resp2,
    /// With maps, sets, doubles, pushes.
    Resp3,
}

/// A reply produced piece by piece while the socket drains, because it is too big to build at once.
pub trait Pieces: Send {
    /// Encodes the next piece, about [`PIECE_BYTES`](super::buffer::PIECE_BYTES), and says whether more
    /// remain. All pieces together are exactly one reply; a piece may end anywhere between two values.
    fn next(&mut self, out: &mut Encoder<'_>) -> bool;
}

/// What a client is answered.
pub enum Reply {
    /// A short status such as `OK`; line ends in it are sent as spaces.
    Simple(Cow<'static, str>),
    /// An error, without the leading `-`, such as `ERR syntax error`; may hold bytes a client sent.
    Error(Bytes),
    /// A number.
    Integer(i64),
    /// A string.
    Bulk(Blob),
    /// Nothing: `$-1` for RESP2, `_` for RESP3.
    Null,
    /// Nothing where a list was expected: `*-1` for RESP2, `_` for RESP3.
    NullArray,
    /// A list.
    Array(Vec<Reply>),
    /// Pairs; a flat list for RESP2.
    Map(Vec<(Reply, Reply)>),
    /// An unordered list; a list for RESP2.
    Set(Vec<Reply>),
    /// A message nobody asked for (pub/sub, invalidation); a list for RESP2.
    Push(Vec<Reply>),
    /// A floating point number; a string for RESP2.
    Double(f64),
    /// A floating point number in digits of the command's own; a string for RESP2.
    Decimal(Blob),
    /// True or false; `1` or `0` for RESP2.
    Boolean(bool),
    /// Decimal digits with an optional sign, of any length; a string for RESP2.
    BigNumber(Bytes),
    /// Text for people, with a format such as `txt`; a string for RESP2.
    Verbatim {
        /// Three letters: `txt` or `mkd`.
        format: [u8; 3],
        /// The text.
        text: Bytes,
    },
    /// A reply too big to build at once.
    Stream(Box<dyn Pieces>),
    /// A reply that is encoded already, in the client's protocol; see [`Reply::encoded`].
    Encoded(Box<ReplyBuffer>),
    /// Several replies to one request (SUBSCRIBE of several channels).
    Several(Vec<Reply>),
    /// Nothing is sent at all (CLIENT REPLY OFF).
    Silent,
}

impl Reply {
    /// `+OK`.
    pub const OK: Self = Self::Simple(Cow::Borrowed("OK"));
    /// `+QUEUED`, the answer inside MULTI.
    pub const QUEUED: Self = Self::Simple(Cow::Borrowed("QUEUED"));
    /// `:0`.
    pub const ZERO: Self = Self::Integer(0);
    /// `:1`.
    pub const ONE: Self = Self::Integer(1);
    /// `*0`.
    pub const EMPTY_ARRAY: Self = Self::Array(Vec::new());

    /// A status.
    pub const fn simple(text: &'static str) -> Self {
        Self::Simple(Cow::Borrowed(text))
    }

    /// An error; `text` begins with its code, such as `ERR` or `WRONGTYPE`.
    pub fn error(text: impl Into<Bytes>) -> Self {
        Self::Error(text.into())
    }

    /// A string.
    pub fn bulk(value: impl Into<Blob>) -> Self {
        Self::Bulk(value.into())
    }

    /// A string, or nothing.
    pub fn bulk_or_null(value: Option<impl Into<Blob>>) -> Self {
        value.map_or(Self::Null, Self::bulk)
    }

    /// `:1` or `:0`, as commands answer that have done something or not.
    pub fn from_flag(flag: bool) -> Self {
        Self::Integer(flag.into())
    }

    /// A count, such as the length of a list.
    pub fn from_count(count: usize) -> Self {
        Self::Integer(number::saturated(count))
    }

    /// A list.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(items.into_iter().collect())
    }

    /// Text for people, such as what INFO answers.
    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::Verbatim { format: *b"txt", text: text.into() }
    }

    /// A reply written step by step by `write`, in the protocol of the client that gets it. Of many elements this
    /// costs less than a list of replies. About `room_bytes` should be enough for it.
    pub fn encoded(protocol: Protocol, room_bytes: usize, write: impl FnOnce(&mut Encoder<'_>)) -> Self {
        let mut buffer = ReplyBuffer::with_capacity(room_bytes);
        write(&mut buffer.encoder(protocol));
        Self::Encoded(Box::new(buffer))
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

/// Two replies are equal when they say the same; a stream, which is read once, equals nothing, and what is encoded
/// says nothing but to its client.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Simple(a), Self::Simple(b)) => a == b,
            (Self::Error(a), Self::Error(b)) | (Self::BigNumber(a), Self::BigNumber(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Bulk(a), Self::Bulk(b)) => a == b,
            (Self::Array(a), Self::Array(b))
            | (Self::Set(a), Self::Set(b))
            | (Self::Push(a), Self::Push(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Verbatim { format: f, text: a }, Self::Verbatim { format: g, text: b }) => {
                f == g && a == b
            }
            (Self::Null, Self::Null) | (Self::NullArray, Self::NullArray) | (Self::Silent, Self::Silent) => {
                true
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(text) => write!(f, "Simple({text})"),
            Self::Error(text) => write!(f, "Error({})", text.escape_ascii()),
            Self::Integer(value) => write!(f, "Integer({value})"),
            Self::Bulk(blob) => write!(f, "Bulk({blob:?})"),
            Self::Array(items) => f.debug_tuple("Array").field(items).finish(),
            Self::Map(pairs) => f.debug_tuple("Map").field(pairs).finish(),
            Self::Set(items) => f.debug_tuple("Set").field(items).finish(),
            Self::Several(items) => f.debug_tuple("Several").field(items).finish(),
            Self::Push(items) => f.debug_tuple("Push").field(items).finish(),
            Self::Double(value) => write!(f, "Double({value})"),
            Self::Decimal(text) => write!(f, "Decimal({text:?})"),
            Self::Boolean(value) => write!(f, "Boolean({value})"),
            Self::BigNumber(digits) => write!(f, "BigNumber({})", digits.escape_ascii()),
            Self::Verbatim { text, .. } => write!(f, "Verbatim({})", text.escape_ascii()),
            Self::Null => f.write_str("Null"),
            Self::NullArray => f.write_str("NullArray"),
            Self::Stream(_) => f.write_str("Stream"),
            Self::Encoded(_) => f.write_str("Encoded"),
            Self::Silent => f.write_str("Silent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_stay_small() {
        assert!(size_of::<Blob>() <= 40, "{}", size_of::<Blob>());
        assert!(size_of::<Reply>() <= 48, "{}", size_of::<Reply>());
    }

    #[test]
    fn encoded_replies_stand_where_they_belong() {
        let long = Bytes::from(vec![b'x'; crate::resp::buffer::SHARED_CHUNK_BYTES]);
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let list = |out: &mut Encoder<'_>| {
                out.set_len(2);
                out.double(0.5);
                out.blob(long.clone().into());
            };
            let plain = Reply::Set(vec![Reply::Double(0.5), Reply::bulk(long.clone())]);
            let [mut written, mut expected] = [ReplyBuffer::default(), ReplyBuffer::default()];
            written
                .push(Reply::Array(vec![Reply::ONE, Reply::encoded(protocol, 8, list), Reply::OK]), protocol);
            expected.push(Reply::Array(vec![Reply::ONE, plain, Reply::OK]), protocol);
            assert_eq!(written.drain_to_vec(), expected.drain_to_vec());
        }
    }

    #[test]
    fn short_strings_need_no_allocation() {
        let longest = [b'x'; INLINE_BYTES];
        assert!(matches!(Blob::from(&longest), Blob::Inline { len: 38, .. }));
        assert!(matches!(Blob::from(&[b'x'; INLINE_BYTES + 1]), Blob::Shared(_)));
        assert_eq!(Blob::from(&longest).as_bytes(), longest);
        assert_eq!(Blob::from(i64::MIN).as_bytes(), b"-9223372036854775808");
        assert_eq!(Blob::from(u64::MAX).as_bytes(), b"18446744073709551615");
        assert_eq!(Blob::EMPTY.as_bytes(), b"");
    }

    #[test]
    fn a_blob_is_its_bytes() {
        let shared = Blob::from(Bytes::from_static(b"abc"));
        assert!(matches!(shared, Blob::Shared(_)));
        assert_eq!(shared, Blob::from("abc"));
        assert_eq!(Blob::from(b"abc").into_bytes(), shared.into_bytes());
        assert_eq!(format!("{:?}", Blob::from(b"a\r\n\"")), r#""a\r\n\"""#);
    }

    #[test]
    fn helpers_say_what_they_mean() {
        assert_eq!(Reply::from_flag(true), Reply::ONE);
        assert_eq!(Reply::bulk_or_null(None::<Bytes>), Reply::Null);
        assert_eq!(Reply::from_count(usize::MAX), Reply::Integer(i64::MAX));
        assert_ne!(Reply::Null, Reply::NullArray);
        assert!(Reply::error("ERR no").is_error());
    }
}
