//! Bytes to requests, incrementally.
//!
//! The walk goes over the bytes without allocating: a request becomes a range of the frame and one span
//! per argument. What has been understood of a half-received request is remembered, so nothing is read
//! twice however small the pieces it arrives in; memory grows only with what has arrived.
//! Where Redis is lenient (the two bytes after an argument are never looked at) or strange (a NUL keeps a
//! line from ever ending), so is this; but limits that Redis checks once per read are checked at the same
//! byte here however the bytes are split.
//! Deliberately absent: buffers and sockets; see [`codec`](super::codec).

use super::error::ProtocolError;
use super::quoting::split_words;
use super::request::{Batch, Span};

/// The longest header line, and the longest inline request (64 KiB).
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// The most arguments of one request; Redis counts them in a C `int`.
pub const MAX_ARGUMENTS: i64 = i32::MAX as i64;

/// The most arguments of one request before the client has authenticated.
pub const MAX_UNAUTHENTICATED_ARGUMENTS: i64 = 10;

/// The longest argument before the client has authenticated (16 KiB).
pub const MAX_UNAUTHENTICATED_BULK_BYTES: i64 = 16 * 1024;

/// The longest request: places in it are counted in 32 bits.
pub const MAX_REQUEST_BYTES: usize = u32::MAX as usize;

/// The most requests in one batch.
pub const MAX_BATCH_REQUESTS: usize = 1024;

/// A batch ends with the request that reaches this many bytes (1 MiB).
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// The most arguments of a request that is read in one go; fewer than [`MAX_UNAUTHENTICATED_ARGUMENTS`].
const QUICK_ARGUMENTS: i64 = 8;

/// The longest argument of such a request; no more than [`MAX_UNAUTHENTICATED_BULK_BYTES`].
const QUICK_BULK_BYTES: usize = 16 * 1024;

/// Redis's default for `proto-max-bulk-len` (512 MiB).
pub const DEFAULT_MAX_BULK_BYTES: usize = 512 * 1024 * 1024;

/// What a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest argument, `proto-max-bulk-len`.
    pub max_bulk_bytes: usize,
    /// Whether the client has authenticated or need not. If not, arguments are few and short, and a batch
    /// holds one request, because that one may be the AUTH after which the next has other limits.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bulk_bytes: DEFAULT_MAX_BULK_BYTES, authenticated: true }
    }
}

/// Finds the requests in a stream of bytes.
#[derive(Debug, Default)]
pub struct RequestDecoder {
    limits: Limits,
    walk: Walk,
    /// The arguments found so far of the request that is not complete.
    spans: Vec<Span>,
    failed: bool,
}

impl RequestDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Changes the limits for what has not been looked at yet.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Adds all complete requests at the front of `input` to the cleared `batch` until that is full, and
    /// returns how many bytes they take up: the next call must be given what follows those.
    /// Offsets in the batch count from the first byte of `input`.
    /// The first bad request is noted in the batch and ends the stream: later calls find nothing.
    pub fn decode(&mut self, input: &[u8], batch: &mut Batch) -> usize {
        debug_assert!(batch.is_empty() && batch.spans.is_empty(), "the batch was not cleared");
        if self.failed {
            return 0;
        }
        if !self.spans.is_empty() {
            std::mem::swap(&mut self.spans, &mut batch.spans);
        }
        let (mut start, mut first_span) = (0, 0);
        while start < input.len() && !self.is_full(batch, start) {
            match self.next_request(&input[start..], Place { start, first_span }, batch) {
                Ok(Some(len)) => start += len,
                Ok(None) => break,
                Err(error) => {
                    self.failed = true;
                    batch.fail(error);
                    break;
                }
            }
            first_span = batch.next_span();
        }
        self.keep_unfinished(first_span, batch);
        start
    }

    /// When an argument has been announced but has not arrived: how long its request is up to the end of
    /// that argument, and how long the argument is itself, in bytes.
    pub fn pending_argument(&self) -> Option<(usize, usize)> {
        self.walk.bulk_bytes.map(|len| (self.walk.at + len + 2, len))
    }

    /// Whether the stream ended with a protocol error.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn is_full(&self, batch: &Batch, bytes: usize) -> bool {
        let max_requests = if self.limits.authenticated { MAX_BATCH_REQUESTS } else { 1 };
        batch.len() >= max_requests || bytes >= MAX_BATCH_BYTES
    }

    /// Goes on with the request that begins with the first byte of `input`; its length when complete.
    fn next_request(
        &mut self,
        input: &[u8],
        place: Place,
        batch: &mut Batch,
    ) -> Result<Option<usize>, ProtocolError> {
        if self.walk.is_new() {
            if let Some(len) = quick_request(input, &self.limits, &mut batch.spans) {
                batch.push_request(place.start, len as u32, place.first_span);
                return Ok(Some(len));
            }
        }
        let complete = match input[0] {
            b'*' => self.walk.multibulk(input, &self.limits, &mut batch.spans)?,
            _ => self.walk.inline(input, batch)?,
        };
        if !complete {
            return Ok(None);
        }
        let walk = std::mem::take(&mut self.walk);
        if walk.loose {
            rewrite(input, place, batch);
        } else if batch.next_span() > place.first_span && !walk.rewritten {
            batch.push_request(place.start, walk.at as u32, place.first_span);
        }
        Ok(Some(walk.at))
    }

    /// Takes the spans of the request that is not complete back out of the batch. They are swapped when
    /// nothing else is there, so that a request of a million arguments is not copied with every read.
    fn keep_unfinished(&mut self, first_span: u32, batch: &mut Batch) {
        if batch.error().is_some() {
            batch.spans.truncate(first_span as usize);
        } else if first_span == batch.next_span() {
            // The next request has not begun, or has no argument yet.
        } else if first_span == 0 {
            std::mem::swap(&mut self.spans, &mut batch.spans);
        } else {
            self.spans.clear();
            self.spans.extend(batch.spans.drain(first_span as usize..));
        }
    }
}

/// Where a request begins in its batch.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    first_span: u32,
}

/// How far one request has been understood.
#[derive(Debug, Clone, Copy, Default)]
struct Walk {
    /// Everything before this byte of the request has been understood.
    at: usize,
    /// Bytes after `at` that are known to hold no line end.
    scanned: usize,
    /// Arguments that are still to come; zero before the `*` header.
    args_left: usize,
    /// The length of the argument that begins at `at`, once its header has been read.
    bulk_bytes: Option<usize>,
    /// A line end was not exactly CR LF: the request has to be written anew to be valid RESP.
    loose: bool,
    /// The request has been added to the batch in another form.
    rewritten: bool,
}

/// The two kinds of header line: `*<count>` and `$<length>`.
#[derive(Clone, Copy, PartialEq)]
enum Header {
    Count,
    Length,
}

impl Walk {
    /// Whether nothing of the request has been looked at.
    fn is_new(&self) -> bool {
        self.at == 0 && self.scanned == 0 && self.args_left == 0
    }

    /// Whether the multibulk at the front of `input` is complete. None of its arguments but those before
    /// `at` are in `spans`.
    fn multibulk(
        &mut self,
        input: &[u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
    ) -> Result<bool, ProtocolError> {
        if self.args_left == 0 {
            let Some(count) = self.count(input, limits)? else {
                return Ok(false);
            };
            self.args_left = count;
        }
        while self.args_left > 0 {
            if !self.argument(input, limits, spans)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn count(&mut self, input: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(count) = self.header(input, Header::Count)? else {
            return Ok(None);
        };
        match count {
            i64::MIN..=0 => Ok(Some(0)),
            count if count > MAX_ARGUMENTS => Err(ProtocolError::InvalidCount),
            count if count > MAX_UNAUTHENTICATED_ARGUMENTS && !limits.authenticated => {
                Err(ProtocolError::UnauthenticatedCount)
            }
            count => Ok(Some(count as usize)),
        }
    }

    #[inline]
    fn argument(
        &mut self,
        input: &[u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
    ) -> Result<bool, ProtocolError> {
        let len = match self.bulk_bytes {
            Some(len) => len,
            None => match self.length(input, limits)? {
                Some(len) => len,
                None => return Ok(false),
            },
        };
        let end = self.at + len;
        let Some(line_end) = input.get(end..end + 2) else {
            self.bulk_bytes = Some(len);
            return Ok(false);
        };
        self.loose |= line_end != b"\r\n";
        spans.push(Span::new(self.at as u32, len as u32));
        self.at = end + 2;
        self.bulk_bytes = None;
        self.args_left -= 1;
        Ok(true)
    }

    fn length(&mut self, input: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(len) = self.header(input, Header::Length)? else {
            return Ok(None);
        };
        let bytes = usize::try_from(len).map_err(|_| ProtocolError::InvalidLength)?;
        if bytes > limits.max_bulk_bytes {
            return Err(ProtocolError::InvalidLength);
        }
        if len > MAX_UNAUTHENTICATED_BULK_BYTES && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedLength);
        }
        if bytes > MAX_REQUEST_BYTES.saturating_sub(self.at + 2) {
            return Err(ProtocolError::RequestTooBig);
        }
        Ok(Some(bytes))
    }

    /// Reads the header line at `at`, if all of it is there.
    #[inline]
    fn header(&mut self, input: &[u8], header: Header) -> Result<Option<i64>, ProtocolError> {
        let line = &input[self.at..];
        if let Some((value, len)) = quick_header(line, header) {
            self.at += len;
            self.scanned = 0;
            return Ok(Some(value));
        }
        self.careful_header(line, header)
    }

    /// As [`Walk::header`], for what is incomplete, unusual or wrong. The order of the checks is Redis's.
    #[cold]
    fn careful_header(&mut self, line: &[u8], header: Header) -> Result<Option<i64>, ProtocolError> {
        let Some(end) = self.find_end(line, b'\r', header.too_big())? else {
            return Ok(None);
        };
        let Some(&second) = line.get(end + 1) else {
            return Ok(None);
        };
        if line[0] != header.kind() {
            return Err(ProtocolError::ExpectedBulk { got: line[0] });
        }
        let value = strict_integer(&line[1..end]).ok_or(header.invalid())?;
        self.loose |= second != b'\n';
        self.at += end + 2;
        self.scanned = 0;
        Ok(Some(value))
    }

    /// Whether the inline request at the front of `input` is complete; if so, it is in the batch.
    fn inline(&mut self, input: &[u8], batch: &mut Batch) -> Result<bool, ProtocolError> {
        let Some(end) = self.find_end(input, b'\n', ProtocolError::InlineTooBig)? else {
            return Ok(false);
        };
        let line = &input[..end];
        let args =
            split_words(line.strip_suffix(b"\r").unwrap_or(line)).ok_or(ProtocolError::UnbalancedQuotes)?;
        if !args.is_empty() {
            batch.push_rewritten(&args);
        }
        self.at = end + 1;
        self.rewritten = true;
        Ok(true)
    }

    /// Where `terminator` is in `line`, remembering how far it has looked. As Redis looks for it in a C
    /// string, a NUL before it means that the line never ends.
    fn find_end(
        &mut self,
        line: &[u8],
        terminator: u8,
        too_big: ProtocolError,
    ) -> Result<Option<usize>, ProtocolError> {
        let window = &line[..line.len().min(MAX_LINE_BYTES + 1)];
        let found = memchr::memchr2(terminator, 0, &window[self.scanned..]);
        self.scanned = found.map_or(window.len(), |offset| self.scanned + offset);
        match window.get(self.scanned) {
            Some(&byte) if byte == terminator => Ok(Some(self.scanned)),
            _ if window.len() > MAX_LINE_BYTES => Err(too_big),
            _ => Ok(None),
        }
    }
}

impl Header {
    const fn kind(self) -> u8 {
        match self {
            Self::Count => b'*',
            Self::Length => b'$',
        }
    }

    const fn too_big(self) -> ProtocolError {
        match self {
            Self::Count => ProtocolError::CountTooBig,
            Self::Length => ProtocolError::LengthTooBig,
        }
    }

    const fn invalid(self) -> ProtocolError {
        match self {
            Self::Count => ProtocolError::InvalidCount,
            Self::Length => ProtocolError::InvalidLength,
        }
    }
}

/// The length of a request that is complete, plain and short, as nearly all are. Of any other nothing is kept: the walk
/// says what it is.
fn quick_request(input: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Option<usize> {
    let (count, mut at) = quick_header(input, Header::Count)?;
    if !(1..=QUICK_ARGUMENTS).contains(&count) {
        return None;
    }
    let first = spans.len();
    for _ in 0..count {
        let Some(span) = quick_argument(input, at, limits) else {
            spans.truncate(first);
            return None;
        };
        spans.push(span);
        at = span.start() as usize + span.len() + 2;
    }
    Some(at)
}

/// The argument whose header stands at `at`.
#[inline]
fn quick_argument(input: &[u8], at: usize, limits: &Limits) -> Option<Span> {
    let (len, header_bytes) = quick_header(input.get(at..)?, Header::Length)?;
    let (start, len) = (at + header_bytes, usize::try_from(len).ok()?);
    let is_allowed = len <= QUICK_BULK_BYTES && len <= limits.max_bulk_bytes;
    let ends = input.get(start + len..)?.starts_with(b"\r\n");
    (is_allowed && ends).then(|| Span::new(start as u32, len as u32))
}

/// A complete, well-formed header of up to eight digits: its value and its length with the line end.
#[inline]
fn quick_header(line: &[u8], header: Header) -> Option<(i64, usize)> {
    let (&kind, digits) = line.split_first()?;
    if kind != header.kind() {
        return None;
    }
    match digits {
        [digit @ b'0'..=b'9', b'\r', b'\n', ..] => Some((i64::from(digit - b'0'), 4)),
        [b'1'..=b'9', ..] => quick_number(digits).map(|(value, len)| (value, len + 3)),
        _ => None,
    }
}

/// Up to eight digits and a line end: the value and the number of digits.
#[inline]
fn quick_number(digits: &[u8]) -> Option<(i64, usize)> {
    let mut value = 0;
    for (index, &byte) in digits.iter().enumerate().take(9) {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'\r' if digits.get(index + 1) == Some(&b'\n') => return Some((value, index)),
            _ => return None,
        }
    }
    None
}

/// A decimal integer in its only form: no sign but `-`, no leading zero, no white space.
pub(super) fn strict_integer(text: &[u8]) -> Option<i64> {
    match text {
        b"0" => Some(0),
        [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..] => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// Adds a request with odd line ends in its canonical form.
#[cold]
fn rewrite(input: &[u8], place: Place, batch: &mut Batch) {
    let spans = batch.spans.split_off(place.first_span as usize);
    let args: Vec<&[u8]> = spans.iter().map(|span| &input[span.start() as usize..][..span.len()]).collect();
    if !args.is_empty() {
        batch.push_rewritten(&args);
    }
}

#[cfg(test)]
mod tests;
