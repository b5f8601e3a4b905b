//! The request codec: batches, allocations of big arguments, recycling.

use super::*;
use crate::resp::{ReplyBuffer, Span, encode_request};
use bytes::{BufMut, Bytes};

fn set_request(value: &[u8]) -> BytesMut {
    let mut request = BytesMut::new();
    encode_request(&[&b"SET"[..], b"key", value], &mut request);
    request
}

/// A connection's reading side: reads what fits, as a socket would, and decodes.
#[derive(Default)]
struct Reader {
    codec: RequestCodec,
    buffer: BytesMut,
    reads: usize,
}

impl Reader {
    /// Reads all of `input` and returns the batches it made.
    fn read(&mut self, mut input: &[u8]) -> Vec<Batch> {
        let mut batches = Vec::new();
        while !input.is_empty() {
            self.codec.reserve(&mut self.buffer);
            let room = self.buffer.capacity() - self.buffer.len();
            assert!(room > 0);
            let (read, rest) = input.split_at(room.min(input.len()));
            self.buffer.put_slice(read);
            self.reads += 1;
            input = rest;
            while let Some(batch) = self.codec.decode(&mut self.buffer).unwrap() {
                batches.push(batch);
            }
        }
        batches
    }
}

fn last_span(batch: &Batch) -> Span {
    let argv = batch.argv(0);
    argv.span(argv.len() - 1).unwrap()
}

fn is_shared(batch: &Batch, value: &Bytes) -> bool {
    let encoded = batch.encoded(0).as_ptr_range();
    encoded.contains(&value.as_ptr())
}

#[test]
fn one_read_is_one_batch() {
    let mut reader = Reader::default();
    let batches = reader.read(b"*1\r\n$4\r\nPING\r\nGET a\r\n*1\r\n$1\r\n");
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].len(), 2);
    assert_eq!(batches[0].encoded(1), b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    assert_eq!(batches[0].frame_bytes(), 21);
    assert_eq!(reader.read(b"x\r\n")[0].argv(0).get(0), Some(&b"x"[..]));
}

#[test]
fn what_is_taken_lives_as_long_as_the_batch() {
    let batch = Reader::default().read(b"GET a\r\n").remove(0);
    let name = { batch.argv(0).get(0) };
    assert_eq!(name, Some(&b"GET"[..]));
    assert_eq!(batch.argv(0).get(2), None);
    assert_eq!(batch.iter().map(|argv| argv.len()).sum::<usize>(), 2);
}

#[test]
fn a_used_batch_is_used_again() {
    let mut reader = Reader::default();
    let batch = reader.read(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n").remove(0);
    let spans = batch.spans.as_ptr();
    reader.codec.recycle(batch);
    let batch = reader.read(b"*2\r\n$3\r\nGET\r\n$1\r\nb\r\n").remove(0);
    assert_eq!(batch.spans.as_ptr(), spans, "the batch was allocated anew");
    assert_eq!(batch.argv(0).get(1), Some(&b"b"[..]));
}

#[test]
fn a_read_buffer_is_used_again() {
    let mut reader = Reader::default();
    let mut addresses = Vec::new();
    for _ in 0..100 {
        let batch = reader.read(&set_request(&[b'v'; 2000])).remove(0);
        addresses.push(batch.encoded(0).as_ptr());
        reader.codec.recycle(batch);
    }
    addresses.sort();
    addresses.dedup();
    assert!(addresses.len() <= 32, "the buffer never went back to its beginning");
}

#[test]
fn small_values_are_copied() {
    let batch = Reader::default().read(&set_request(&[b'v'; 100])).remove(0);
    let value = batch.argv(0).share(last_span(&batch));
    assert_eq!(value, vec![b'v'; 100]);
    assert!(!is_shared(&batch, &value));
}

#[test]
fn a_value_that_would_pin_more_than_itself_is_copied() {
    let mut reader = Reader::default();
    reader.buffer.reserve(READ_BYTES);
    let batch = reader.read(&set_request(&[b'v'; 20_000])).remove(0);
    assert!(!is_shared(&batch, &batch.argv(0).share(last_span(&batch))));
    let batch = reader.read(&set_request(&[b'v'; 20_000])).remove(0);
    assert!(
        !is_shared(&batch, &batch.argv(0).share(last_span(&batch))),
        "the first half of the buffer was forgotten"
    );
}

#[test]
fn a_big_value_is_moved_and_pins_nothing_else() {
    for len in [2 * MIN_READ_BYTES, 100_000, 3_000_000] {
        let value = vec![b'v'; len];
        let request = set_request(&value);
        let mut stream = b"*1\r\n$4\r\nPING\r\n".repeat(3000);
        stream.extend_from_slice(&request[..len / 2]);
        let mut reader = Reader::default();
        let before = reader.read(&stream);
        assert_eq!(before.iter().map(Batch::len).sum::<usize>(), 3000);
        assert_eq!(reader.buffer.capacity(), request.len());
        let batches = reader.read(&[&request[len / 2..], b"GET a\r\n"].concat());
        let shared = batches[0].argv(0).share(last_span(&batches[0]));
        assert!(shared == value);
        assert!(is_shared(&batches[0], &shared), "{len} bytes were copied");
        assert_eq!(batches[1].len(), 1);
        drop(batches);
        assert!(shared.is_unique(), "the connection still holds the value's memory");
    }
}

#[test]
fn a_big_argument_that_is_nearly_there_is_read_with_what_follows() {
    let request = set_request(&vec![b'v'; BIG_ARGUMENT_BYTES]);
    let mut reader = Reader::default();
    assert!(reader.read(&request[..request.len() - MIN_READ_BYTES + 1]).is_empty());
    let batches = reader.read(&[&request[request.len() - MIN_READ_BYTES + 1..], &request].concat());
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [2]);
}

#[test]
fn memory_is_used_again_from_its_front() {
    let mut reader = Reader::default();
    let places: Vec<_> = (0..3)
        .map(|_| {
            let batches = reader.read(b"*1\r\n$4\r\nPING\r\n");
            batches[0].encoded(0).as_ptr()
        })
        .collect();
    assert!(places.iter().all(|place| *place == places[0]));
    let kept = reader.read(b"*1\r\n$4\r\nPING\r\n");
    reader.read(b"*1\r\n$4\r\nECHO\r\n");
    assert_eq!(kept[0].argv(0).get(0), Some(&b"PING"[..]));
}

#[test]
fn a_huge_argument_is_believed_step_by_step() {
    let mut reader = Reader::default();
    reader.read(b"*1\r\n$500000000\r\n");
    assert_eq!(reader.buffer.capacity(), MAX_UNSEEN_BYTES);
    reader.read(&vec![b'x'; MAX_UNSEEN_BYTES]);
    let capacity = reader.buffer.capacity();
    assert!((MAX_UNSEEN_BYTES * 2..MAX_UNSEEN_BYTES * 2 + 100).contains(&capacity), "{capacity}");
}

#[test]
fn many_big_arguments_are_not_copied_once_for_each() {
    let args = vec![vec![b'v'; 100_000]; 100];
    let mut request = BytesMut::new();
    encode_request(&args, &mut request);
    let mut reader = Reader::default();
    let mut capacities = Vec::new();
    for piece in request.chunks(10_000) {
        let batches = reader.read(piece);
        capacities.push(reader.buffer.capacity());
        assert!(batches.iter().all(|batch| batch.argv(0).len() == 100));
    }
    capacities.dedup();
    assert!(capacities.len() < 15, "{capacities:?}");
}

#[test]
fn a_read_buffer_that_grew_is_not_kept() {
    let mut reader = Reader::default();
    let batches = reader.read(&[&set_request(&[b'v'; 1_000_000])[..], b"*1\r\n$4\r\nPI"].concat());
    reader.codec.recycle(batches.into_iter().next().unwrap());
    reader.codec.reserve(&mut reader.buffer);
    assert!(reader.buffer.capacity() <= READ_BYTES * 2);
    assert_eq!(reader.read(b"NG\r\n").len(), 1);
}

#[test]
fn nothing_is_decoded_after_an_error() {
    let mut reader = Reader::default();
    let batches = reader.read(b"PING\r\n*x\r\nPING\r\n");
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].len(), batches[0].error()), (1, Some(ProtocolError::InvalidCount)));
    assert!(reader.read(b"PING\r\n").is_empty());
    assert!(reader.buffer.is_empty());
}

#[test]
fn more_than_one_batch_may_be_waiting() {
    let stream = b"PING\r\n".repeat(crate::resp::decode::MAX_BATCH_REQUESTS * 2 + 1);
    let mut buffer = BytesMut::from(&stream[..]);
    let mut codec = RequestCodec::default();
    let lens: Vec<usize> =
        std::iter::from_fn(|| codec.decode(&mut buffer).unwrap()).map(|batch| batch.len()).collect();
    assert_eq!(lens, [1024, 1024, 1]);
}

#[test]
fn a_megabyte_of_nothing_makes_no_batch() {
    let stream = [&b"\r\n".repeat(1_000_000)[..], b"PING\r\n"].concat();
    let batches = Reader::default().read(&stream);
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_request_cut_off_by_the_end_is_dropped() {
    let mut codec = RequestCodec::default();
    let mut buffer = BytesMut::from(&b"PING\r\n*1\r\n$4\r\nPI"[..]);
    assert_eq!(codec.decode_eof(&mut buffer).unwrap().map(|batch| batch.len()), Some(1));
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
    assert!(buffer.is_empty());
}

#[test]
fn detached_requests_pin_nothing() {
    let mut reader = Reader::default();
    let batch = reader.read(&[&set_request(b"v")[..], b"GET a\r\n"].concat()).remove(0);
    let (first, second) = (batch.detach(0), batch.detach(1));
    drop((batch, reader));
    assert_eq!(first.argv().get(2), Some(&b"v"[..]));
    assert_eq!(first.argv().encoded(), set_request(b"v"));
    assert_eq!(second.argv().iter().next_back(), Some(&b"a"[..]));
    assert_eq!(crate::resp::DetachedRequest::new(&["GET", "a"]).argv().encoded(), second.argv().encoded());
}

#[test]
fn a_big_value_in_a_detached_request_can_still_be_shared() {
    let batch = Reader::default().read(&set_request(&[b'v'; 100_000])).remove(0);
    let detached = batch.detach(0);
    let value = detached.argv().share(detached.argv().span(2).unwrap());
    assert!(is_shared(&batch, &value));
}

#[test]
fn replies_arrive_in_pieces() {
    let mut sent = ReplyBuffer::default();
    sent.push(Reply::array([Reply::OK, Reply::bulk(b"value")]), crate::resp::Protocol::Resp2);
    let mut codec = ReplyCodec::default();
    let mut buffer = BytesMut::new();
    let mut replies = Vec::new();
    for byte in sent.drain_to_vec() {
        buffer.put_u8(byte);
        replies.extend(codec.decode(&mut buffer).unwrap());
    }
    assert_eq!(replies, [Reply::array([Reply::OK, Reply::bulk(b"value")])]);
    buffer.put_slice(b"?\r\n");
    assert_eq!(codec.decode(&mut buffer).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
