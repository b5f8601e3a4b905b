//! HyperLogLogs and places against the plainest models there are: sets of elements, and a list of points of which each
//! is looked at. After every step the store is verified.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "propagation/engine.rs"]
#[allow(dead_code, reason = "made for another test, too")]
mod engine;
#[path = "models/places.rs"]
mod places;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "made for the oracle as well")]
mod random;
#[path = "models/sketches.rs"]
mod sketches;

use engine::Engine;
use memora::resp::Reply;

/// The time of these tests.
const NOW_MS: u64 = 1_700_000_000_000;

fn run(engine: &mut Engine, text: &str) -> Reply {
    let reply = engine.ask(&text.split(' ').collect::<Vec<_>>());
    assert!(!reply.is_error(), "{text}: {reply:?}");
    engine.verify();
    reply
}

fn integer(reply: &Reply) -> i64 {
    match reply {
        Reply::Integer(integer) => *integer,
        other => panic!("{other:?}"),
    }
}

fn text(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(text) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn items(reply: &Reply) -> &[Reply] {
    match reply {
        Reply::Array(items) => items,
        other => panic!("{other:?}"),
    }
}
