//! The request decoder: whole and split input, limits, errors.

use super::*;
use proptest::prelude::*;

type Requests = Vec<Vec<Vec<u8>>>;

const SMALL: Limits = Limits { max_bulk_bytes: 1000, authenticated: true };
const UNAUTHENTICATED: Limits = Limits { max_bulk_bytes: 1 << 20, authenticated: false };

/// Everything the decoder finds when `stream` arrives in pieces of the lengths in `cuts`, over and over.
fn decode_in(stream: &[u8], cuts: &[usize], limits: Limits) -> (Requests, Option<ProtocolError>) {
    let mut decoder = RequestDecoder::new(limits);
    let (mut requests, mut batch) = (Vec::new(), Batch::default());
    let (mut start, mut end, mut cuts) = (0, 0, cuts.iter().cycle());
    loop {
        let len = decoder.decode(&stream[start..end], &mut batch);
        batch.set_frame(bytes::Bytes::copy_from_slice(&stream[start..start + len]), len);
        requests.extend(batch.iter().map(checked_args));
        if let Some(error) = batch.error() {
            assert_eq!(decoder.decode(stream, &mut Batch::default()), 0, "decoded on after an error");
            return (requests, Some(error));
        }
        batch.clear();
        start += len;
        if len == 0 && end == stream.len() {
            return (requests, None);
        }
        if len == 0 {
            end = stream.len().min(end + cuts.next().expect("cycles").max(&1));
        }
    }
}

/// The arguments of a request, after making sure that its encoded form is just them.
fn checked_args(argv: crate::resp::Argv<'_>) -> Vec<Vec<u8>> {
    let args: Vec<Vec<u8>> = argv.iter().map(<[u8]>::to_vec).collect();
    let mut canonical = bytes::BytesMut::new();
    crate::resp::encode_request(&args, &mut canonical);
    assert_eq!(argv.encoded(), canonical);
    args
}

fn decode(stream: &[u8], limits: Limits) -> (Requests, Option<ProtocolError>) {
    decode_in(stream, &[usize::MAX / 2], limits)
}

/// Requests as text, for streams that are valid.
fn requests(stream: &str) -> Vec<Vec<String>> {
    let (requests, error) = decode(stream.as_bytes(), Limits::default());
    assert_eq!(error, None);
    let text = |arg: Vec<u8>| arg.escape_ascii().to_string();
    requests.into_iter().map(|args| args.into_iter().map(text).collect()).collect()
}

fn error(stream: &[u8], limits: Limits) -> Option<ProtocolError> {
    decode(stream, limits).1
}

#[test]
fn multibulk_requests() {
    assert_eq!(
        requests("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n"),
        [vec!["GET", "a"], vec!["PING"]]
    );
    assert_eq!(requests("*2\r\n$0\r\n\r\n$12\r\n012345678901\r\n"), [["", "012345678901"]]);
    assert_eq!(requests("*1\r\n$4\r\na\r\nb\r\n"), [[r"a\r\nb"]]);
}

#[test]
fn inline_requests() {
    assert_eq!(requests("PING\r\nSET a 'b c'\n"), [vec!["PING"], vec!["SET", "a", "b c"]]);
    assert_eq!(requests("a\rb\r\n"), [["a", "b"]]);
    assert_eq!(requests("$4\r\n\"\"\n"), [["$4"], [""]]);
    assert_eq!(
        requests("GET x\n*1\r\n$4\r\nPING\r\nGET y\n"),
        [vec!["GET", "x"], vec!["PING"], vec!["GET", "y"]]
    );
}

#[test]
fn what_says_nothing_is_skipped() {
    assert_eq!(requests("\r\n\n  \r\n*0\r\n*-1\r\n*-5\r\n*1\r\n$4\r\nPING\r\n\r\n"), [["PING"]]);
}

#[test]
fn the_line_end_after_an_argument_is_not_looked_at() {
    assert_eq!(requests("*1\r\n$4\r\nPINGxy*1\r\n$1\r\naxy"), [["PING"], ["a"]]);
    assert_eq!(requests("*1\rx$4\ryPINGab*0\rx"), [["PING"]]);
}

#[test]
fn incomplete_requests_wait() {
    for stream in
        ["*1048577\r\n", "*2147483647\r\n", "*1\r\n$536870912\r\n", "*1\r\nx\r", "*1\r\n\0\r\n", "PI\0NG\r\n"]
    {
        assert_eq!(requests(stream), Vec::<Vec<String>>::new(), "{stream:?}");
    }
}

#[test]
fn bad_counts() {
    for count in ["abc", "", "03", "+3", " 3", "-0", "2147483648", "99999999999999999999", "1 "] {
        let stream = format!("*{count}\r\n");
        assert_eq!(error(stream.as_bytes(), SMALL), Some(ProtocolError::InvalidCount), "{count}");
    }
}

#[test]
fn bad_lengths() {
    for length in ["", "-1", "abc", "04", "-0", "1001", "99999999999999999999", "+1"] {
        let stream = format!("*1\r\n${length}\r\n");
        assert_eq!(error(stream.as_bytes(), SMALL), Some(ProtocolError::InvalidLength), "{length}");
    }
}

#[test]
fn something_else_than_an_argument() {
    for got in [b'f', 1, 0xff, b'\r', b'\n', b'\''] {
        let stream = [b"*1\r\n", &[got][..], b"\r\n"].concat();
        assert_eq!(error(&stream, SMALL), Some(ProtocolError::ExpectedBulk { got }));
    }
}

#[test]
fn lines_have_a_limit() {
    let too_long = |before: &str, byte: u8, len: usize| {
        let stream = [before.as_bytes(), &vec![byte; len][..]].concat();
        error(&stream, SMALL)
    };
    for (before, error) in [
        ("*", ProtocolError::CountTooBig),
        ("*1\r\n$", ProtocolError::LengthTooBig),
        ("\0", ProtocolError::InlineTooBig),
    ] {
        assert_eq!(too_long(before, b'1', MAX_LINE_BYTES - 1), None);
        assert_eq!(too_long(before, b'1', MAX_LINE_BYTES), Some(error));
    }
    assert_eq!(too_long("*1\r\n", b'x', MAX_LINE_BYTES + 1), Some(ProtocolError::LengthTooBig));
    assert_eq!(too_long("*1\r\n", 0, MAX_LINE_BYTES + 1), Some(ProtocolError::LengthTooBig));
    let longest = [&vec![b'a'; MAX_LINE_BYTES][..], b"\n"].concat();
    assert_eq!(decode(&longest, SMALL).0[0][0].len(), MAX_LINE_BYTES);
}

#[test]
fn quotes_must_match() {
    for line in ["PING \"a\r\n", "PING 'a'b\n"] {
        assert_eq!(error(line.as_bytes(), SMALL), Some(ProtocolError::UnbalancedQuotes));
    }
}

#[test]
fn strangers_may_send_little() {
    assert_eq!(error(b"*10\r\n", UNAUTHENTICATED), None);
    assert_eq!(error(b"*11\r\n", UNAUTHENTICATED), Some(ProtocolError::UnauthenticatedCount));
    assert_eq!(error(b"*1\r\n$16384\r\n", UNAUTHENTICATED), None);
    assert_eq!(error(b"*1\r\n$16385\r\n", UNAUTHENTICATED), Some(ProtocolError::UnauthenticatedLength));
    assert_eq!(error(b"*1\r\n$9999999\r\n", UNAUTHENTICATED), Some(ProtocolError::InvalidLength));
}

#[test]
fn limits_may_change_after_each_request_of_a_stranger() {
    let stream = b"*1\r\n$4\r\nAUTH\r\n*11\r\n";
    let mut decoder = RequestDecoder::new(UNAUTHENTICATED);
    let mut batch = Batch::default();
    let len = decoder.decode(stream, &mut batch);
    assert_eq!((len, batch.len(), batch.error()), (14, 1, None));
    decoder.set_limits(SMALL);
    batch.clear();
    assert_eq!(decoder.decode(&stream[len..], &mut batch), 0);
    assert_eq!(batch.error(), None);
}

#[test]
fn what_came_before_an_error_is_valid() {
    let (requests, error) = decode(b"PING\r\n*1\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\nx\r\nPING\r\n", SMALL);
    assert_eq!(requests, [vec![b"PING".to_vec()], vec![b"a".to_vec()]]);
    assert_eq!(error, Some(ProtocolError::ExpectedBulk { got: b'x' }));
}

#[test]
fn an_announced_crowd_reserves_nothing() {
    let mut decoder = RequestDecoder::default();
    let mut batch = Batch::default();
    decoder.decode(b"*2147483647\r\n$1\r\na\r\n", &mut batch);
    assert!(decoder.spans.capacity() + batch.spans.capacity() < 100);
}

#[test]
fn batches_are_bounded() {
    let stream = b"*1\r\n$4\r\nPING\r\n".repeat(MAX_BATCH_REQUESTS + 5);
    let mut batch = Batch::default();
    let len = RequestDecoder::default().decode(&stream, &mut batch);
    assert_eq!((batch.len(), len), (MAX_BATCH_REQUESTS, MAX_BATCH_REQUESTS * 14));
    assert_eq!(decode(&stream, SMALL).0.len(), MAX_BATCH_REQUESTS + 5);

    let long = vec![b'x'; MAX_BATCH_BYTES];
    let mut stream = bytes::BytesMut::new();
    for _ in 0..3 {
        crate::resp::encode_request(&[&long], &mut stream);
    }
    batch.clear();
    RequestDecoder::default().decode(&stream, &mut batch);
    assert_eq!(batch.len(), 1);
}

#[test]
fn requests_of_more_than_32_bits_are_refused() {
    let limits = Limits { max_bulk_bytes: usize::MAX, authenticated: true };
    assert_eq!(error(b"*1\r\n$4294967295\r\n", limits), Some(ProtocolError::RequestTooBig));
    assert_eq!(error(b"*1\r\n$9223372036854775807\r\n", limits), Some(ProtocolError::RequestTooBig));
    assert_eq!(error(b"*1\r\n$4294967000\r\n", limits), None);
}

/// Bytes that are RESP more often than not, and then broken in every way there is.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5).prop_map(|args| {
            let mut out = bytes::BytesMut::new();
            crate::resp::encode_request(&args, &mut out);
            out.to_vec()
        }),
        2 => "[ \"'\\\\a-cnx0-9]{0,12}\r?\n".prop_map(String::into_bytes),
        2 => "[*$]-?[0-9]{0,5}\r\n".prop_map(String::into_bytes),
        1 => "[*$\r\n\0 0-9\"]{0,4}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_arguments_come_back_whatever_the_split(
        requests in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6), 0..6),
        cuts in prop::collection::vec(1usize..40, 1..8),
    ) {
        let mut stream = bytes::BytesMut::new();
        for args in &requests {
            crate::resp::encode_request(args, &mut stream);
        }
        prop_assert_eq!(decode_in(&stream, &cuts, Limits::default()), (requests, None));
    }

    #[test]
    fn a_split_never_changes_what_is_found(
        stream in streams(),
        cuts in prop::collection::vec(1usize..12, 1..8),
        authenticated: bool,
    ) {
        let limits = Limits { max_bulk_bytes: 10_000, authenticated };
        prop_assert_eq!(decode_in(&stream, &cuts, limits), decode(&stream, limits));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(stream in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(decode_in(&stream, &[1], Limits::default()), decode(&stream, Limits::default()));
    }
}
