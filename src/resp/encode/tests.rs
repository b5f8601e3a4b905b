//! The encoder: every type in both protocols.

use super::*;

fn encoded(reply: Reply, protocol: Protocol) -> String {
    let mut out = ReplyBuffer::default();
    out.push(reply, protocol);
    out.drain_to_vec().escape_ascii().to_string()
}

fn both(reply: fn() -> Reply) -> (String, String) {
    (encoded(reply(), Protocol::Resp2), encoded(reply(), Protocol::Resp3))
}

fn same(reply: fn() -> Reply, expected: &str) {
    assert_eq!(both(reply), (expected.to_owned(), expected.to_owned()));
}

fn differ(reply: fn() -> Reply, resp2: &str, resp3: &str) {
    assert_eq!(both(reply), (resp2.to_owned(), resp3.to_owned()));
}

#[test]
fn what_both_protocols_share() {
    same(|| Reply::OK, r"+OK\r\n");
    same(|| Reply::error("ERR no"), r"-ERR no\r\n");
    same(|| Reply::Integer(-12), r":-12\r\n");
    same(|| Reply::Integer(9), r":9\r\n");
    same(|| Reply::bulk(b"a\r\nb"), r"$4\r\na\r\nb\r\n");
    same(|| Reply::bulk(""), r"$0\r\n\r\n");
    same(|| Reply::array([Reply::ONE, Reply::EMPTY_ARRAY]), r"*2\r\n:1\r\n*0\r\n");
    same(|| Reply::Silent, "");
}

#[test]
fn what_resp2_has_no_type_for() {
    differ(|| Reply::Null, r"$-1\r\n", r"_\r\n");
    differ(|| Reply::NullArray, r"*-1\r\n", r"_\r\n");
    differ(|| Reply::Boolean(true), r":1\r\n", r"#t\r\n");
    differ(|| Reply::Boolean(false), r":0\r\n", r"#f\r\n");
    differ(|| Reply::Double(1.5), r"$3\r\n1.5\r\n", r",1.5\r\n");
    differ(|| Reply::Double(f64::NEG_INFINITY), r"$4\r\n-inf\r\n", r",-inf\r\n");
    differ(|| Reply::BigNumber("12".into()), r"$2\r\n12\r\n", r"(12\r\n");
    differ(|| Reply::text("hi"), r"$2\r\nhi\r\n", r"=6\r\ntxt:hi\r\n");
    differ(|| Reply::Set(vec![Reply::ONE]), r"*1\r\n:1\r\n", r"~1\r\n:1\r\n");
    differ(|| Reply::Push(vec![Reply::ONE]), r"*1\r\n:1\r\n", r">1\r\n:1\r\n");
    differ(
        || Reply::Map(vec![(Reply::bulk("k"), Reply::Null)]),
        r"*2\r\n$1\r\nk\r\n$-1\r\n",
        r"%1\r\n$1\r\nk\r\n_\r\n",
    );
}

#[test]
fn a_line_stays_one_line() {
    same(|| Reply::error("ERR a\r\nb\n"), r"-ERR a  b\r\n");
    same(|| Reply::simple("a\nb"), r"+a b\r\n");
    differ(|| Reply::BigNumber("1\r\n2".into()), r"$4\r\n1\r\n2\r\n", r"(1  2\r\n");
}

#[test]
fn long_strings_are_shared() {
    let value = Bytes::from(vec![b'v'; SHARED_CHUNK_BYTES]);
    let mut out = ReplyBuffer::default();
    out.push(Reply::bulk(value.clone()), Protocol::Resp2);
    assert!(!value.is_unique(), "the reply copied the value");
    let expected = [b"$16384\r\n", &value[..], b"\r\n"].concat();
    assert_eq!(out.drain_to_vec(), expected);
    assert!(value.is_unique(), "the sent reply still holds the value");
}

#[test]
fn headers_of_every_length() {
    for len in [0, 9, 10, 99, 12_345] {
        let mut out = ReplyBuffer::default();
        out.encoder(Protocol::Resp3).map_len(len);
        assert_eq!(out.drain_to_vec(), format!("%{len}\r\n").into_bytes());
    }
}

#[test]
fn requests_are_multibulks() {
    let mut out = BytesMut::new();
    encode_request(&["SET", "key", ""], &mut out);
    assert_eq!(&out[..], b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
}

#[test]
fn numbers_of_every_length() {
    let lengths = (0..19).map(|zeros| 10i64.pow(zeros));
    for value in lengths.flat_map(|value| [value - 1, value, -value]).chain([i64::MAX, i64::MIN]) {
        same_integer(value);
    }
}

fn same_integer(value: i64) {
    let mut out = ReplyBuffer::default();
    out.encoder(Protocol::Resp2).integer(value);
    assert_eq!(out.drain_to_vec(), format!(":{value}\r\n").into_bytes());
}
