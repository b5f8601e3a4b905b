//! Whatever bytes a server sends and however they are split into reads, the decoder neither panics nor
//! changes its mind, and what it understood survives being encoded and decoded again.
//!
//! The first byte chooses the length of the reads.
#![no_main]

use bytes::{BufMut, BytesMut};
use libfuzzer_sys::fuzz_target;
use memora::resp::{Protocol, ProtocolError, Reply, ReplyBuffer, ReplyDecoder};

fn decode(stream: &[u8], read_bytes: usize) -> (Vec<Reply>, Option<ProtocolError>) {
    let (mut decoder, mut buffer, mut replies) = (ReplyDecoder::default(), BytesMut::new(), Vec::new());
    for read in stream.chunks(read_bytes) {
        buffer.put_slice(read);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(error)),
            }
        }
    }
    (replies, None)
}

fn encode(replies: Vec<Reply>, protocol: Protocol) -> Vec<u8> {
    let mut out = ReplyBuffer::default();
    for reply in replies {
        out.push(reply, protocol);
    }
    out.drain_to_vec()
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, stream)) = data.split_first() else { return };
    let read_bytes = usize::from(choice) + 1;
    let (replies, error) = decode(stream, usize::MAX);
    // Compared as text, because a NaN is unequal to itself.
    let understood = format!("{replies:?}");
    let (split, split_error) = decode(stream, read_bytes);
    assert_eq!((format!("{split:?}"), split_error), (understood, error));

    // RESP3 has one null where RESP2 has two, so the second encoding is compared, not the replies.
    let resp3 = encode(replies, Protocol::Resp3);
    let (again, error) = decode(&resp3, read_bytes);
    assert_eq!(error, None);
    assert_eq!(encode(again, Protocol::Resp3), resp3);
    assert_eq!(decode(&encode(split, Protocol::Resp2), read_bytes).1, None);
});
