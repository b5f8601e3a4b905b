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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    /// Bytes that have an allocation to themselves.
    fn owned(bytes: Bytes) -> Self {
        let allocation_bytes = bytes.len();
        Self { bytes, allocation_bytes }
    }

    /// A part of the frame as a value of its own; see [`Argv::share`] for when that needs a copy.
    fn share(&self, part: &[u8]) -> Self {
        let is_most = part.len() * 2 >= self.allocation_bytes;
        if is_most && part.len() >= BIG_ARGUMENT_BYTES {
            Self { bytes: self.bytes.slice_ref(part), allocation_bytes: self.allocation_bytes }
        } else {
            Self::owned(Bytes::copy_from_slice(part))
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
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + Clone + use<'a> {
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
        self.share_bytes(self.bytes(span)).bytes
    }

    /// An owned copy of this request that keeps no read buffer alive, unless the request is most of it.
    pub fn detach(&self) -> DetachedRequest {
        let frame = self.share_bytes(self.encoded);
        DetachedRequest { frame, spans: self.spans.into() }
    }

    fn share_bytes(&self, part: &[u8]) -> Frame {
        match self.frame {
            Some(frame) => frame.share(part),
            None => Frame::owned(Bytes::copy_from_slice(part)),
        }
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
        Self { frame: Frame::owned(encoded.into()), spans: spans.into() }
    }

    /// The borrowed view of this request.
    pub fn argv(&self) -> Argv<'_> {
        Argv { encoded: &self.frame.bytes, spans: &self.spans, frame: Some(&self.frame) }
    }

    /// Bytes of memory this request holds, for accounting.
    pub fn len_bytes(&self) -> usize {
        self.frame.allocation_bytes + size_of_val::<[Span]>(&self.spans)
    }
}

/// Where one request lies in its batch.
#[derive(Debug, Clone, Copy)]
struct Request {
    start: usize,
    len: u32,
    first_span: u32,
    spans: u32,
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
        let request = &self.requests[index];
        let range = request.start..request.start + request.len as usize;
        let first_span = request.first_span as usize;
        let spans = &self.spans[first_span..first_span + request.spans as usize];
        let (source, frame) = match request.rewritten {
            true => (self.rewritten.as_slice(), None),
            false => (self.frame.bytes.as_ref(), Some(&self.frame)),
        };
        Argv { encoded: &source[range], spans, frame }
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

    /// Lets go of the read buffer if the requests are the smaller part of it; for batches that are kept for long.
    pub fn shrink(&mut self) {
        if self.frame.bytes.len() * 2 < self.frame.allocation_bytes {
            self.frame = Frame::owned(Bytes::copy_from_slice(&self.frame.bytes));
        }
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
        let spans = self.next_span() - first_span;
        self.requests.push(Request { start, len, first_span, spans, rewritten: false });
    }

    /// Adds a request that did not come as canonical multibulk, in that form.
    pub(super) fn push_rewritten(&mut self, args: &[impl AsRef<[u8]>]) {
        let (start, first_span) = (self.rewritten.len(), self.next_span());
        write_multibulk(args, &mut self.rewritten, &mut self.spans);
        let len = fits_u32(self.rewritten.len() - start);
        let spans = self.next_span() - first_span;
        self.requests.push(Request { start, len, first_span, spans, rewritten: true });
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
        self.frame = Frame { bytes, allocation_bytes };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_copied(request: &DetachedRequest, index: usize) -> bool {
        let argv = request.argv();
        let value = argv.share(argv.span(index).unwrap());
        assert_eq!(Some(&value[..]), argv.get(index));
        !argv.encoded().as_ptr_range().contains(&value.as_ptr())
    }

    #[test]
    fn arguments_lie_where_the_spans_say() {
        let request = DetachedRequest::new(&["SET", "", "value"]);
        let argv = request.argv();
        assert_eq!(argv.encoded(), b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\nvalue\r\n");
        assert_eq!(argv.iter().collect::<Vec<_>>(), [&b"SET"[..], b"", b"value"]);
        assert_eq!(argv.span(2), Some(Span::new(23, 5)));
        assert_eq!((argv.len(), argv.get(3), argv.span(3)), (3, None, None));
        assert!(argv.span(1).unwrap().is_empty());
    }

    #[test]
    fn only_what_is_big_and_most_of_its_allocation_is_shared() {
        let big = vec![b'v'; BIG_ARGUMENT_BYTES];
        assert!(!is_copied(&DetachedRequest::new(&[&b"k"[..], &big]), 1));
        assert!(is_copied(&DetachedRequest::new(&[&b"k"[..], &big[1..]]), 1));
        assert!(is_copied(&DetachedRequest::new(&[&big[..], &big[..]]), 1));
        assert!(is_copied(&DetachedRequest::new(&["SET", "short"]), 1));
    }

    #[test]
    fn a_rewritten_request_takes_its_place_in_the_batch() {
        let mut batch = Batch::default();
        batch.push_rewritten(&["GET", "a"]);
        batch.push_rewritten(&["PING"]);
        assert_eq!(batch.encoded(0), b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
        assert_eq!(batch.argv(1).get(0), Some(&b"PING"[..]));
        assert_eq!(batch.detach(0).argv().get(1), Some(&b"a"[..]));
        batch.clear();
        assert!(batch.is_empty() && batch.spans.is_empty());
    }

    #[test]
    fn a_batch_that_is_kept_lets_go_of_a_big_buffer() {
        let buffer = Bytes::from([&b"*1\r\n$4\r\nPING\r\n"[..], &[0; 1000]].concat());
        let mut batch = Batch::default();
        batch.set_frame(buffer.slice(..14), buffer.len());
        batch.spans.push(Span::new(8, 4));
        batch.push_request(0, 14, 0);
        batch.shrink();
        assert_eq!((batch.frame.allocation_bytes, batch.argv(0).get(0)), (14, Some(&b"PING"[..])));
        assert!(buffer.is_unique());
    }

    #[test]
    fn spans_and_views_are_small() {
        assert_eq!(size_of::<Span>(), 8);
        assert!(size_of::<Argv<'_>>() <= 40);
    }

    #[test]
    fn batches_and_replies_cross_threads() {
        fn crosses<T: Send>() {}
        crosses::<(Batch, DetachedRequest, crate::resp::Reply, crate::resp::ReplyBuffer)>();
    }
}
