//! The reply buffer: order, sharing, streams, reuse.

use super::*;
use crate::resp::Reply;

/// Produces `:0`, `:1`, … one a piece, as an array of `len` values.
struct Counting {
    next: i64,
    len: i64,
}

impl Pieces for Counting {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if self.next == 0 {
            out.array_len(self.len as usize);
        }
        out.integer(self.next);
        self.next += 1;
        self.next < self.len
    }
}

fn stream(len: i64) -> Reply {
    Reply::Stream(Box::new(Counting { next: 0, len }))
}

fn long(byte: u8) -> Bytes {
    vec![byte; SHARED_CHUNK_BYTES].into()
}

/// What `Buf` shows at once, joined.
fn shown(buffer: &ReplyBuffer) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 16];
    let count = buffer.chunks_vectored(&mut slices);
    slices[..count].iter().flat_map(|slice| slice.to_vec()).collect()
}

#[test]
fn order_is_kept_whatever_is_pushed() {
    let mut buffer = ReplyBuffer::default();
    buffer.push(Reply::OK, Protocol::Resp2);
    buffer.push(Reply::bulk(long(b'a')), Protocol::Resp2);
    buffer.push(stream(2), Protocol::Resp2);
    buffer.push(Reply::ONE, Protocol::Resp2);
    buffer.push_shared(long(b'b'));
    buffer.push_encoded(b"+end\r\n");
    let expected =
        [b"+OK\r\n$16384\r\n", &long(b'a')[..], b"\r\n*2\r\n:0\r\n:1\r\n:1\r\n", &long(b'b'), b"+end\r\n"]
            .concat();
    assert_eq!(buffer.drain_to_vec(), expected);
    assert!(buffer.is_empty());
    assert_eq!(buffer.len_bytes(), 0);
}

#[test]
fn a_stream_that_yields_nothing_gives_control_back() {
    struct Silent(usize);
    impl Pieces for Silent {
        fn next(&mut self, _: &mut Encoder<'_>) -> bool {
            self.0 -= 1;
            self.0 > 0
        }
    }
    let mut buffer = ReplyBuffer::default();
    assert_eq!(buffer.fill(), Filled::Nothing);
    buffer.push(Reply::Stream(Box::new(Silent(2 * SILENT_PIECES - 1))), Protocol::Resp2);
    assert_eq!(buffer.fill(), Filled::NotYet);
    assert_eq!(buffer.fill(), Filled::Nothing);
    buffer.push(Reply::Stream(Box::new(Silent(1))), Protocol::Resp2);
    buffer.push(Reply::OK, Protocol::Resp2);
    assert_eq!(buffer.fill(), Filled::Ready);
    assert_eq!(shown(&buffer), b"+OK\r\n");
}

#[test]
fn a_stream_is_produced_only_in_its_turn() {
    let mut buffer = ReplyBuffer::default();
    buffer.push(Reply::OK, Protocol::Resp2);
    buffer.push(stream(3), Protocol::Resp2);
    buffer.push(Reply::ONE, Protocol::Resp2);
    assert_eq!(buffer.len_bytes(), 9);
    assert_eq!(buffer.fill(), Filled::Ready);
    assert_eq!(shown(&buffer), b"+OK\r\n");
    assert_eq!(buffer.remaining(), 5);
    buffer.advance(5);
    assert!(!buffer.has_remaining());
    assert!(!buffer.is_empty(), "the stream is still to come");
    for piece in [&b"*3\r\n:0\r\n"[..], b":1\r\n"] {
        assert_eq!(buffer.fill(), Filled::Ready);
        assert_eq!(shown(&buffer), piece);
        buffer.advance(piece.len());
    }
    assert_eq!(buffer.fill(), Filled::Ready);
    assert_eq!(shown(&buffer), b":2\r\n:1\r\n", "the last piece goes out with what follows it");
    buffer.advance(8);
    assert_eq!(buffer.fill(), Filled::Nothing);
    assert!(buffer.is_empty());
}

#[test]
fn streams_inside_lists_and_inside_streams() {
    struct Outer(bool);
    impl Pieces for Outer {
        fn next(&mut self, out: &mut Encoder<'_>) -> bool {
            if !std::mem::replace(&mut self.0, true) {
                out.array_len(2);
                out.reply(stream(2));
                return true;
            }
            out.bulk(b"end");
            false
        }
    }
    let mut buffer = ReplyBuffer::default();
    let inner = Reply::Stream(Box::new(Outer(false)));
    buffer.push(Reply::array([inner, Reply::ZERO]), Protocol::Resp3);
    assert_eq!(buffer.drain_to_vec(), b"*2\r\n*2\r\n*2\r\n:0\r\n:1\r\n$3\r\nend\r\n:0\r\n");
}

#[test]
fn a_stream_keeps_the_protocol_it_was_pushed_with() {
    struct Null;
    impl Pieces for Null {
        fn next(&mut self, out: &mut Encoder<'_>) -> bool {
            out.null();
            false
        }
    }
    let mut buffer = ReplyBuffer::default();
    buffer.push(Reply::Stream(Box::new(Null)), Protocol::Resp3);
    buffer.push(Reply::Null, Protocol::Resp2);
    assert_eq!(buffer.drain_to_vec(), b"_\r\n$-1\r\n");
}

#[test]
fn appending_to_an_empty_buffer_moves_everything() {
    let (mut out, mut replies) = (ReplyBuffer::default(), ReplyBuffer::default());
    replies.push(Reply::OK, Protocol::Resp2);
    let address = replies.tail.as_ptr();
    out.append(&mut replies);
    assert_eq!(out.tail.as_ptr(), address, "the bytes were copied");
    assert!(replies.is_empty());
    assert_eq!(out.drain_to_vec(), b"+OK\r\n");
}

#[test]
fn appending_keeps_the_order() {
    let mut out = ReplyBuffer::default();
    out.push_encoded(b"0123");
    out.advance(2);
    for (index, len) in [1, SHARED_CHUNK_BYTES, 3].into_iter().enumerate() {
        let mut more = ReplyBuffer::default();
        more.push_encoded(&vec![b'a' + index as u8; len]);
        if index == 1 {
            more.push(stream(1), Protocol::Resp2);
        }
        out.append(&mut more);
        assert!(more.is_empty());
    }
    let expected = [b"23a", &vec![b'b'; SHARED_CHUNK_BYTES][..], b"*1\r\n:0\r\nccc"].concat();
    assert_eq!(out.drain_to_vec(), expected);
}

#[test]
fn partial_writes_lose_nothing() {
    let mut buffer = ReplyBuffer::default();
    let mut expected = Vec::new();
    for round in 0..20u8 {
        buffer.push_encoded(&[round; 100]);
        buffer.push_shared(long(round));
        expected.extend([&[round; 100][..], &long(round)].concat());
    }
    let (mut sent, mut step) = (Vec::new(), 1);
    while buffer.fill() == Filled::Ready {
        let mut slices = [IoSlice::new(&[]); 3];
        let count = buffer.chunks_vectored(&mut slices);
        let bytes: Vec<u8> =
            slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(step).collect();
        sent.extend_from_slice(&bytes);
        buffer.advance(bytes.len());
        assert_eq!(buffer.len_bytes(), expected.len() - sent.len());
        step = step * 3 + 1;
    }
    assert!(sent == expected);
}

#[test]
fn memory_is_kept_up_to_a_limit() {
    let mut buffer = ReplyBuffer::default();
    buffer.push_encoded(&[0; 1000]);
    buffer.advance(1000);
    assert!(buffer.tail.capacity() >= 1000);
    buffer.push_encoded(&vec![0; KEPT_BYTES * 3]);
    buffer.advance(KEPT_BYTES * 3);
    assert!(buffer.tail.capacity() <= KEPT_BYTES);
    buffer.push_encoded(b"$16384\r\n");
    let address = buffer.tail.as_ptr();
    buffer.push_shared(long(b'x'));
    buffer.push_encoded(b"\r\n");
    assert_eq!(buffer.tail.as_ptr(), address, "a header took the tail's memory with it");
}

#[test]
#[should_panic(expected = "advanced past")]
fn advancing_too_far_is_a_bug() {
    let mut buffer = ReplyBuffer::default();
    buffer.push_encoded(b"ab");
    buffer.advance(3);
}
