//! Whatever bytes a client sends and however they are split into reads, the decoder neither panics nor
//! changes its mind, and every request it finds has a canonical form that decodes to the same arguments.
//!
//! The first byte chooses the length of the reads and whether the client has authenticated.
#![no_main]

use bytes::{BufMut, BytesMut};
use libfuzzer_sys::fuzz_target;
use memora::resp::{Limits, ProtocolError, RequestCodec, encode_request};
use tokio_util::codec::Decoder;

type Found = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

fn decode(stream: &[u8], read_bytes: usize, authenticated: bool) -> Found {
    let mut codec = RequestCodec::new(Limits { max_bulk_bytes: 1 << 20, authenticated });
    let (mut buffer, mut requests) = (BytesMut::new(), Vec::new());
    for read in stream.chunks(read_bytes) {
        codec.reserve(&mut buffer);
        buffer.put_slice(read);
        while let Some(batch) = codec.decode(&mut buffer).expect("reads nothing") {
            for argv in batch.iter() {
                let args: Vec<Vec<u8>> = argv.iter().map(<[u8]>::to_vec).collect();
                let mut canonical = BytesMut::new();
                encode_request(&args, &mut canonical);
                assert_eq!(argv.encoded(), canonical);
                assert_eq!(argv.detach().argv().encoded(), canonical);
                requests.push(args);
            }
            if batch.error().is_some() {
                return (requests, batch.error());
            }
            codec.recycle(batch);
        }
    }
    (requests, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, stream)) = data.split_first() else { return };
    let authenticated = choice & 1 == 0;
    let read_bytes = usize::from(choice >> 1) + 1;
    let whole = decode(stream, usize::MAX, authenticated);
    assert_eq!(decode(stream, read_bytes, authenticated), whole);

    // A stranger's inline request may have more arguments than a multibulk of his.
    let mut again = BytesMut::new();
    for args in &whole.0 {
        encode_request(args, &mut again);
    }
    assert_eq!(decode(&again, read_bytes, true), (whole.0, None));
});
