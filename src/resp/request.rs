//! Requests as a client sent them: one frame of bytes, and where in it every argument lies.
//!
//! One socket read is one [`Batch`]: a single reference-counted frame plus ranges into it, so a request
//! costs no allocation. [`Argv`] is the borrowed view a command parser reads; [`DetachedRequest`] is an
//! owned copy for what outlives the batch (the queue of a MULTI).
//! Deliberately absent: what the bytes mean. The first argument is not even known to be a command name.

use bytes::Bytes;

use super::error::ProtocolError;

/// Arguments from this size on (16 KiB) may be shared with the read buffer instead of being copied.
pub const BIG_ARGUMENT_BYTES: usize = 16 * 1024;

/// A recycled [`Batch`] keeps at most this many spans' worth of memory (512 KiB).
const KEPT_SPANS: usize = 64 * 1024;

/// A recycled [`Batch`] keeps at most this much memory for rewritten requests.
const KEPT_REWRITTEN_BYTES: usize = 64 * 1024;

/// Where one argument lies, relative to the first byte of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The argument of `len` bytes that begins `start` bytes into its request.
    pub const fn new(start: u32, len: u32) -> Self {
        Self { start, len }
    }

    /// Bytes between the beginning of the request and the argument.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// Length of the argument in bytes.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether the argument is the empty string.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// The bytes requests were read into, and how large an allocation sharing a part of them keeps alive.
#[derive(Debug, Clone, Default)]
struct Frame {
    bytes: Bytes,
    allocation_bytes: usize,
}

impl Frame {
    /// A part of the frame as a value of its own; see [`Argv::share`] for when that needs a copy.
    fn share(&self, part: &[u8]) -> Bytes {
        let worth_pinning =
            part.len() >= BIG_ARGUMENT_BYTES && part.len() * 2 >= self.allocation_bytes;
        if worth_pinning {
            self.bytes.slice_ref(part)
        } else {
            Bytes::copy_from_slice(part)
        }
    }
}

/// Borrowed view of one request: its arguments, the command name included.
///
/// What the getters return lives as long as the batch, not only as long as this view.
#[derive(Debug, Clone, Copy)]
pub struct Argv<'a> {
    encoded: &'a [u8],
    spans: &'a [Span],
    /// The frame `encoded` lies in; none for a request that was rewritten, which is always copied from.
    frame: Option<&'a Frame>,
}

impl<'a> Argv<'a> {
    /// Number of arguments, at least one.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no argument at all, which no decoded request is.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The bytes of argument `index`; the command name is number 0.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.span(index).map(|span| self.bytes(span))
    }

    /// Where argument `index` lies.
    pub fn span(&self, index: usize) -> Option<Span> {
        self.spans.get(index).copied()
    }

    /// The bytes at `span`.
    ///
    /// # Panics
    /// When the span was not taken from this request and reaches past its end.
    pub fn bytes(&self, span: Span) -> &'a [u8] {
        &self.encoded[span.range()]
    }

    /// All arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + use<'a> {
        let encoded = self.encoded;
        self.spans.iter().map(move |span| &encoded[span.range()])
    }

    /// The whole request as one RESP multibulk, whatever form the client sent it in.
    pub fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The argument at `span` as a value of its own: moved without a copy when it has at least
    /// [`BIG_ARGUMENT_BYTES`] and is at least half of the allocation it would keep alive, else copied.
    ///
    /// # Panics
    /// As [`Argv::bytes`].
    pub fn share(&self, span: Span) -> Bytes {
        let argument = self.bytes(span);
        match self.frame {
            Some(frame) => frame.share(argument),
            None => Bytes::copy_from_slice(argument),
        }
    }

    /// An owned copy of this request that keeps no read buffer alive.
    pub fn detach(&self) -> DetachedRequest {
        let bytes = match self.frame {
            Some(frame) => frame.share(self.encoded),
            None => Bytes::copy_from_slice(self.encoded),
        };
        DetachedRequest::from_parts(bytes, self.spans.into())
    }
}

/// One request that owns its bytes, for queues that outlive the batch it came in.
#[derive(Debug, Clone)]
pub struct DetachedRequest {
    frame: Frame,
    spans: Box<[Span]>,
}

impl DetachedRequest {
    /// A request made of `args`, as if a client had sent it.
    ///
    /// # Panics
    /// When the request would be 4 GiB long or longer.
    pub fn new(args: &[impl AsRef<[u8]>]) -> Self {
        let (mut encoded, mut spans) = (Vec::new(), Vec::with_capacity(args.len()));
        write_multibulk(args, &mut encoded, &mut spans);
        Self::from_parts(encoded.into(), spans.into())
    }

    /// The borrowed view of this request.
    pub fn argv(&self) -> Argv<'_> {
        Argv {
            encoded: &self.frame.bytes,
            spans: &self.spans,
            frame: Some(&self.frame),
        }
    }

    /// Bytes of memory this request holds, for accounting.
    pub fn len_bytes(&self) -> usize {
        self.frame.allocation_bytes + size_of_val::<[Span]>(&self.spans)
    }

    fn from_parts(bytes: Bytes, spans: Box<[Span]>) -> Self {
        let allocation_bytes = bytes.len();
        Self {
            frame: Frame {
                bytes,
                allocation_bytes,
            },
            spans,
        }
    }
}

/// Where one request lies in its batch.
#[derive(Debug, Clone, Copy)]
struct Request {
    start: usize,
    len: u32,
    first_span: u32,
    /// Whether `start` counts in [`Batch::rewritten`] instead of the frame.
    rewritten: bool,
}

/// All complete requests of one read: what one message to the Keyspace carries.
///
/// Reusable: [`Batch::clear`] lets go of the frame and keeps the rest of the memory.
#[derive(Debug, Default)]
pub struct Batch {
    frame: Frame,
    requests: Vec<Request>,
    /// The arguments of all requests, one request after the other.
    pub(super) spans: Vec<Span>,
    /// Canonical multibulk form of the requests that did not come in it.
    rewritten: Vec<u8>,
    error: Option<ProtocolError>,
}

impl Batch {
    /// Number of complete requests.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there is no complete request (there may still be an [`error`](Batch::error)).
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// What was wrong with the bytes after the last request, if anything: to be answered after the
    /// requests before it, and the last thing on its connection.
    pub fn error(&self) -> Option<ProtocolError> {
        self.error
    }

    /// The arguments of request `index`.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn argv(&self, index: usize) -> Argv<'_> {
        let request = self.requests[index];
        let range = request.start..request.start + request.len as usize;
        let (source, frame) = match request.rewritten {
            true => (self.rewritten.as_slice(), None),
            false => (self.frame.bytes.as_ref(), Some(&self.frame)),
        };
        Argv {
            encoded: &source[range],
            spans: &self.spans[self.span_range(index)],
            frame,
        }
    }

    /// All requests in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Argv<'_>> {
        (0..self.len()).map(|index| self.argv(index))
    }

    /// Request `index` as one RESP multibulk.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn encoded(&self, index: usize) -> &[u8] {
        self.argv(index).encoded()
    }

    /// An owned copy of request `index` that keeps this batch's frame from staying alive.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn detach(&self, index: usize) -> DetachedRequest {
        self.argv(index).detach()
    }

    /// Bytes the client sent for the requests of this batch.
    pub fn frame_bytes(&self) -> usize {
        self.frame.bytes.len()
    }

    /// Forgets everything but the allocations, unless they grew beyond what is worth keeping.
    pub fn clear(&mut self) {
        self.frame = Frame::default();
        self.requests.clear();
        self.spans.clear();
        self.spans.shrink_to(KEPT_SPANS);
        self.rewritten.clear();
        self.rewritten.shrink_to(KEPT_REWRITTEN_BYTES);
        self.error = None;
    }

    /// Adds the request at `start` in the frame; its spans are those from `first_span` on.
    pub(super) fn push_request(&mut self, start: usize, len: u32, first_span: u32) {
        self.requests.push(Request {
            start,
            len,
            first_span,
            rewritten: false,
        });
    }

    /// Adds a request that did not come as canonical multibulk, in that form.
    pub(super) fn push_rewritten(&mut self, args: &[impl AsRef<[u8]>]) {
        let (start, first_span) = (self.rewritten.len(), self.next_span());
        write_multibulk(args, &mut self.rewritten, &mut self.spans);
        let len = fits_u32(self.rewritten.len() - start);
        self.requests.push(Request {
            start,
            len,
            first_span,
            rewritten: true,
        });
    }

    /// The index the next span will have.
    pub(super) fn next_span(&self) -> u32 {
        fits_u32(self.spans.len())
    }

    /// Notes what was wrong after the last request.
    pub(super) fn fail(&mut self, error: ProtocolError) {
        self.error = Some(error);
    }

    /// Hands over the bytes the requests lie in, and the size of the allocation they are a part of.
    pub(super) fn set_frame(&mut self, bytes: Bytes, allocation_bytes: usize) {
        self.frame = Frame {
            bytes,
            allocation_bytes,
        };
    }

    fn span_range(&self, index: usize) -> std::ops::Range<usize> {
        let end = self
            .requests
            .get(index + 1)
            .map_or(self.spans.len(), |next| next.first_span as usize);
        self.requests[index].first_span as usize..end
    }
}

/// Appends `args` to `out` as one multibulk and where they lie in it to `spans`.
fn write_multibulk(args: &[impl AsRef<[u8]>], out: &mut Vec<u8>, spans: &mut Vec<Span>) {
    let start = out.len();
    super::encode::multibulk_header(args.len(), out);
    for arg in args {
        let arg = arg.as_ref();
        super::encode::bulk_header(arg.len(), out);
        spans.push(Span::new(fits_u32(out.len() - start), fits_u32(arg.len())));
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

fn fits_u32(count: usize) -> u32 {
    u32::try_from(count).expect("requests are limited to less than 4 GiB when they are read")
}
