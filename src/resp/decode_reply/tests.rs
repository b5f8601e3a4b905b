//! The reply decoder: every type, whole and split input, limits.

use super::*;
use crate::resp::{Protocol, ReplyBuffer};
use bytes::BufMut;
use proptest::prelude::*;

/// All replies of `stream` when it arrives in pieces of `cut` bytes, and the error that ended it.
fn decode_in(stream: &[u8], cut: usize) -> (Vec<Reply>, Option<ProtocolError>) {
    let (mut decoder, mut buffer, mut replies) = (ReplyDecoder::default(), BytesMut::new(), Vec::new());
    for piece in stream.chunks(cut) {
        buffer.put_slice(piece);
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

fn reply(stream: &str) -> Reply {
    let (mut replies, error) = decode_in(stream.as_bytes(), usize::MAX);
    assert_eq!((replies.len(), error), (1, None), "{stream:?}");
    replies.remove(0)
}

fn error(stream: &str) -> Option<ProtocolError> {
    decode_in(stream.as_bytes(), usize::MAX).1
}

#[test]
fn every_type() {
    assert_eq!(reply("+PONG\r\n"), Reply::simple("PONG"));
    assert_eq!(reply("-ERR no\r\n"), Reply::error("ERR no"));
    assert_eq!(reply("!6\r\nERR\r\nx\r\n"), Reply::error("ERR\r\nx"));
    assert_eq!(reply(":-5\r\n"), Reply::Integer(-5));
    assert_eq!(reply(":+5\r\n"), Reply::Integer(5));
    assert_eq!(reply("$4\r\na\r\nb\r\n"), Reply::bulk(b"a\r\nb"));
    assert_eq!(reply("$-1\r\n"), Reply::Null);
    assert_eq!(reply("_\r\n"), Reply::Null);
    assert_eq!(reply("*-1\r\n"), Reply::NullArray);
    assert_eq!(reply("*0\r\n"), Reply::EMPTY_ARRAY);
    assert_eq!(reply("%1\r\n+k\r\n:1\r\n"), Reply::Map(vec![(Reply::simple("k"), Reply::ONE)]));
    assert_eq!(reply("~1\r\n:1\r\n"), Reply::Set(vec![Reply::ONE]));
    assert_eq!(reply(">1\r\n:1\r\n"), Reply::Push(vec![Reply::ONE]));
    assert_eq!(reply(",1.5e3\r\n"), Reply::Double(1500.0));
    assert_eq!(reply(",-inf\r\n"), Reply::Double(f64::NEG_INFINITY));
    assert!(matches!(reply(",nan\r\n"), Reply::Double(value) if value.is_nan()));
    assert_eq!(reply("#t\r\n"), Reply::Boolean(true));
    assert_eq!(reply("(-12345678901234567890\r\n"), Reply::BigNumber("-12345678901234567890".into()));
    assert_eq!(reply("=6\r\ntxt:hi\r\n"), Reply::text("hi"));
}

#[test]
fn attributes_are_dropped_wherever_they_stand() {
    assert_eq!(reply("|1\r\n+ttl\r\n:9\r\n+a\r\n"), Reply::simple("a"));
    assert_eq!(reply("*2\r\n:1\r\n|1\r\n+a\r\n*1\r\n:9\r\n:0\r\n"), Reply::array([Reply::ONE, Reply::ZERO]));
    assert_eq!(reply("*1\r\n|0\r\n|1\r\n|0\r\n+a\r\n:9\r\n*0\r\n"), Reply::array([Reply::EMPTY_ARRAY]));
    assert_eq!(decode_in(b"|1\r\n+a\r\n:1\r\n", 99), (vec![], None));
}

#[test]
fn what_is_no_resp_is_refused() {
    assert_eq!(error("?\r\n"), Some(ProtocolError::UnknownReplyType { got: b'?' }));
    assert_eq!(error("\r\n"), Some(ProtocolError::UnknownReplyType { got: b'\r' }));
    for stream in [
        ":x\r\n",
        ":\r\n",
        "$x\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "%-1\r\n",
        "$?\r\n",
        "#x\r\n",
        "_x\r\n",
        ",x\r\n",
        "=3\r\nabc\r\n",
        "$1\r\nabc",
        "+a\rb",
        "!-1\r\n",
        "*1\r\n:\r\n",
    ] {
        assert_eq!(error(stream), Some(ProtocolError::InvalidReply), "{stream:?}");
    }
}

#[test]
fn limits_hold() {
    assert_eq!(error(&"*1\r\n".repeat(MAX_REPLY_DEPTH)), None);
    assert_eq!(error(&"*1\r\n".repeat(MAX_REPLY_DEPTH + 1)), Some(ProtocolError::ReplyTooDeep));
    assert_eq!(error("$4294967296\r\n"), Some(ProtocolError::ReplyTooLong));
    assert_eq!(error(&"+".repeat(MAX_REPLY_LINE_BYTES)), None);
    assert_eq!(error(&"+".repeat(MAX_REPLY_LINE_BYTES + 1)), Some(ProtocolError::ReplyTooLong));
}

#[test]
fn announced_counts_are_not_believed() {
    for stream in ["*9223372036854775807\r\n:1\r\n", "%9223372036854775807\r\n:1\r\n", "$4294967295\r\nx"] {
        assert_eq!(decode_in(stream.as_bytes(), 3), (vec![], None));
    }
}

#[test]
fn a_large_list_in_small_pieces_is_read_once() {
    let values = 200_000;
    let stream = format!("*{values}\r\n{}", ":1\r\n".repeat(values));
    let (mut decoder, mut buffer) = (ReplyDecoder::default(), BytesMut::new());
    let mut looked_at = 0;
    for piece in stream.as_bytes().chunks(100) {
        let before = decoder.walk.at;
        buffer.put_slice(piece);
        if decoder.decode(&mut buffer).unwrap().is_none() {
            assert!(decoder.walk.at >= before);
            looked_at = decoder.walk.at;
        }
    }
    assert!(looked_at > stream.len() - 200);
    assert!(buffer.is_empty());
}

/// A recipe for a reply: proptest's values must be `Clone`, which replies are not.
#[derive(Debug, Clone)]
enum Recipe {
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Null,
    Double(f64),
    Boolean(bool),
    BigNumber(String),
    Verbatim(Vec<u8>),
    Array(Vec<Recipe>),
    Set(Vec<Recipe>),
    Push(Vec<Recipe>),
    Map(Vec<(Recipe, Recipe)>),
}

fn build_all(recipes: &[Recipe]) -> Vec<Reply> {
    recipes.iter().map(Recipe::resp3).collect()
}

impl Recipe {
    fn resp3(&self) -> Reply {
        match self {
            Self::Simple(text) => Reply::Simple(text.clone().into()),
            Self::Error(text) => Reply::error(text.clone()),
            Self::Integer(value) => Reply::Integer(*value),
            Self::Bulk(bytes) => Reply::bulk(bytes.clone()),
            Self::Null => Reply::Null,
            Self::Double(value) => Reply::Double(*value),
            Self::Boolean(value) => Reply::Boolean(*value),
            Self::BigNumber(digits) => Reply::BigNumber(digits.clone().into()),
            Self::Verbatim(bytes) => Reply::text(bytes.clone()),
            Self::Array(items) => Reply::Array(build_all(items)),
            Self::Set(items) => Reply::Set(build_all(items)),
            Self::Push(items) => Reply::Push(build_all(items)),
            Self::Map(pairs) => {
                Reply::Map(pairs.iter().map(|(key, value)| (key.resp3(), value.resp3())).collect())
            }
        }
    }

    /// What a RESP2 client is told instead.
    fn resp2(&self) -> Reply {
        match self {
            Self::Double(value) => Reply::bulk(crate::resp::number::format_double(*value)),
            Self::Boolean(value) => Reply::from_flag(*value),
            Self::BigNumber(digits) => Reply::bulk(digits.clone()),
            Self::Verbatim(bytes) => Reply::bulk(bytes.clone()),
            Self::Array(items) | Self::Set(items) | Self::Push(items) => {
                Reply::array(items.iter().map(Self::resp2))
            }
            Self::Map(pairs) => {
                Reply::array(pairs.iter().flat_map(|(key, value)| [key.resp2(), value.resp2()]))
            }
            same => same.resp3(),
        }
    }
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..60);
    let leaf = prop_oneof![
        "[a-zA-Z ]{0,10}".prop_map(Recipe::Simple),
        "ERR [a-z ]{0,10}".prop_map(Recipe::Error),
        any::<i64>().prop_map(Recipe::Integer),
        bytes().prop_map(Recipe::Bulk),
        Just(Recipe::Null),
        any::<f64>().prop_filter("equal to itself", |value| !value.is_nan()).prop_map(Recipe::Double),
        any::<bool>().prop_map(Recipe::Boolean),
        "-?[1-9][0-9]{0,40}".prop_map(Recipe::BigNumber),
        bytes().prop_map(Recipe::Verbatim),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            items().prop_map(Recipe::Array),
            items().prop_map(Recipe::Set),
            items().prop_map(Recipe::Push),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Recipe::Map),
        ]
    })
}

fn encoded(replies: Vec<Reply>, protocol: Protocol) -> Vec<u8> {
    let mut out = ReplyBuffer::default();
    for reply in replies {
        out.push(reply, protocol);
    }
    out.drain_to_vec()
}

proptest! {
    #[test]
    fn resp3_brings_every_reply_back(recipes in prop::collection::vec(recipes(), 0..5), cut in 1usize..50) {
        let stream = encoded(build_all(&recipes), Protocol::Resp3);
        prop_assert_eq!(decode_in(&stream, cut), (build_all(&recipes), None));
    }

    #[test]
    fn resp2_brings_the_simpler_reply_back(recipe in recipes(), cut in 1usize..50) {
        let stream = encoded(vec![recipe.resp3()], Protocol::Resp2);
        prop_assert_eq!(decode_in(&stream, cut), (vec![recipe.resp2()], None));
    }

    #[test]
    fn a_split_never_changes_what_is_found(stream in "([*%~>|$=!:,#_+(-]-?[0-9a-z]{0,2}\r\n|[a-z:]{0,4}\r?\n?){0,12}", cut in 1usize..9) {
        // Debug text, because a decoded NaN equals nothing.
        let text = |cut| format!("{:?}", decode_in(stream.as_bytes(), cut));
        prop_assert_eq!(text(cut), text(usize::MAX));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(stream in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = |cut| format!("{:?}", decode_in(&stream, cut));
        prop_assert_eq!(text(1), text(usize::MAX));
    }
}
