//! What takes long to free is never freed by a command: whatever takes a big set or sorted set out of the data hands it
//! over, whole, to be freed elsewhere.
//!
//! No time is measured: the commands run without a server, and what they hand over is looked at.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;
#[path = "propagation/engine.rs"]
#[allow(dead_code, reason = "made for another test, too")]
mod engine;

use common::{Client, eventually};
use engine::Engine;
use memora::resp::Reply;
use memora::store::{Detached, Snapshot};
use std::any::Any;
use std::time::Duration;

/// Enough to be a table or a tree of many leaves.
const MEMBERS: usize = 5000;

/// The time of these tests.
const NOW_MS: u64 = 1_700_000_000_000;

/// What fills a value of each kind.
const KINDS: [&str; 2] = ["SADD", "ZADD"];

/// Requests behind which the key `big` is gone, or holds something else; `{dump}` is a small value's payload.
const PATHS: &[&str] = &[
    "DEL big",
    "DEL small big other",
    "UNLINK big",
    // Something else in its place.
    "SET big v",
    "SET big v EX 100",
    "SETEX big 100 v",
    "PSETEX big 100000 v",
    "MSET small v big v",
    "BITOP OR big small none",
    "BITOP OR big none none",
    "SINTERSTORE big few few",
    "SINTERSTORE big few none",
    "SUNIONSTORE big few none",
    "SUNIONSTORE big none none",
    "SDIFFSTORE big few none",
    "SDIFFSTORE big few few",
    "ZUNIONSTORE big 2 ranked none",
    "ZUNIONSTORE big 1 none",
    "ZINTERSTORE big 1 ranked",
    "ZINTERSTORE big 2 ranked none",
    "ZDIFFSTORE big 1 ranked",
    "ZDIFFSTORE big 2 ranked ranked",
    "ZRANGESTORE big ranked 0 -1",
    "ZRANGESTORE big ranked 8 9",
    "GEOSEARCHSTORE big places FROMLONLAT 15 37 BYRADIUS 500 km",
    "GEOSEARCHSTORE big places FROMLONLAT 0 0 BYRADIUS 1 m",
    "GEORADIUS places 15 37 500 km STORE big",
    "GEORADIUS places 0 0 1 m STOREDIST big",
    "GEORADIUSBYMEMBER places a 500 km STORE big",
    "SORT few ALPHA STORE big",
    "SORT none STORE big",
    "RENAME small big",
    "COPY few big REPLACE",
    "SELECT 1 ; SET big v ; COPY big big DB 0 REPLACE",
    "RESTORE big 0 {dump} REPLACE",
    "RESTORE big 1 {dump} REPLACE ABSTTL",
    "MULTI ; DEL big ; EXEC",
    // Its time is over.
    "EXPIRE big -1",
    "PEXPIRE big 0",
    "EXPIREAT big 1",
    "PEXPIREAT big 1",
    // Everything goes.
    "FLUSHALL",
    "FLUSHALL SYNC",
    "FLUSHALL ASYNC",
    "FLUSHDB",
    "FLUSHDB ASYNC",
    "SELECT 1 ; FLUSHALL",
    "SWAPDB 0 1 ; SELECT 1 ; FLUSHDB",
];

/// Those of one kind alone, all members at once.
const OWN_PATHS: [&[&str]; 2] = [
    &[
        "SPOP big {len}",
        "SPOP big 1000000",
        "SPOP big 4999",
        "SPOP big 4500",
        "SINTERSTORE big big none",
        "SDIFFSTORE big big big",
    ],
    &[
        "ZREMRANGEBYRANK big 0 -1",
        "ZREMRANGEBYSCORE big -inf +inf",
        "ZPOPMIN big {len}",
        "ZPOPMAX big 1000000",
        "ZMPOP 1 big MIN COUNT 1000000",
        "BZMPOP 0 1 big MAX COUNT 1000000",
        "ZRANGESTORE big big 1 0",
        "ZINTERSTORE big 2 big none",
        "ZDIFFSTORE big 2 big big",
        "ZRANGESTORE big big 0 0",
        "ZUNIONSTORE big 1 big WEIGHTS 2",
    ],
];

/// An engine with a big value of a kind, and small ones.
fn filled(add: &str) -> Engine {
    let mut engine = Engine::new(NOW_MS);
    for request in [
        "SET small v",
        "SADD few a b",
        "ZADD ranked 1 a 2 b",
        "GEOADD places 15 37 a 15.1 37.1 b",
        "SET other v",
    ] {
        run(&mut engine, request, "");
    }
    let words = |number: usize| match add {
        "ZADD" => vec![(number * 7919 % MEMBERS / 2).to_string(), format!("member:{number}")],
        _ => vec![format!("member:{number}")],
    };
    let words = (0..MEMBERS).flat_map(words);
    let request: Vec<_> = [add.to_owned(), "big".to_owned()].into_iter().chain(words).collect();
    assert_eq!(engine.run(&request), Reply::Integer(MEMBERS as i64));
    engine
}

fn run(engine: &mut Engine, text: &str, dump: &str) -> Reply {
    let len = MEMBERS.to_string();
    let words = text.split(' ').map(|word| match word {
        "{dump}" => dump.to_owned(),
        "{len}" => len.clone(),
        word => word.to_owned(),
    });
    let words: Vec<Vec<u8>> = words.map(latin).collect();
    let reply = engine.run(&words);
    assert!(!reply.is_error(), "{text}: {reply:?}");
    reply
}

/// The bytes of a text that has one character for each.
fn latin(text: String) -> Vec<u8> {
    text.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect()
}

/// How many members the big values have that were handed over.
fn members_handed_over(engine: &Engine) -> usize {
    let of_snapshot =
        |snapshot: &Snapshot| snapshot.get(b"big").and_then(|value| value.elements()).unwrap_or(0);
    let members = |garbage: &Box<dyn Any + Send>| {
        let garbage: &dyn Any = &**garbage;
        if let Some(detached) = garbage.downcast_ref::<Detached>() {
            assert_eq!(detached.key(), b"big", "what is small is freed at once");
            return detached.value().elements().unwrap_or(0);
        }
        match garbage.downcast_ref::<Vec<Snapshot>>() {
            Some(databases) => databases.iter().map(of_snapshot).sum(),
            None => garbage.downcast_ref::<Snapshot>().map_or(0, of_snapshot),
        }
    };
    engine.garbage.iter().map(members).sum()
}

fn assert_handed_over(add: &str, path: &str) {
    let mut engine = filled(add);
    assert!(engine.garbage.is_empty());
    let dump = match engine.run(&["DUMP", "small"]) {
        Reply::Bulk(payload) => payload.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>(),
        other => panic!("{other:?}"),
    };
    path.split(" ; ").for_each(|request| drop(run(&mut engine, request, &dump)));
    assert_eq!(members_handed_over(&engine), MEMBERS, "{add}: {path}");
}

#[test]
fn whatever_takes_a_big_value_away_hands_it_over_whole() {
    for (add, own) in KINDS.into_iter().zip(OWN_PATHS) {
        PATHS.iter().chain(own).for_each(|path| assert_handed_over(add, path));
    }
}

#[test]
fn a_big_value_past_its_deadline_is_handed_over_by_who_comes_across_it() {
    for add in KINDS {
        for request in [
            "TYPE big",
            "EXISTS big",
            "SET big v",
            "DEL big",
            "RENAME small big",
            "SADD big m",
            "ZADD big 1 m",
        ] {
            let mut engine = filled(add);
            run(&mut engine, "PEXPIRE big 1000", "");
            engine.set_time(NOW_MS + 2000);
            run(&mut engine, request, "");
            assert_eq!(members_handed_over(&engine), MEMBERS, "{add}: {request}");
        }
    }
}

/// Nothing is handed over that stays: other names, other databases, shared copies.
#[test]
fn what_stays_is_not_handed_over() {
    for add in KINDS {
        for path in
            ["RENAME big new", "MOVE big 1", "COPY big new", "SWAPDB 0 1", "DEL small few", "FLUSHDB ; GET x"]
        {
            let mut engine = filled(add);
            if path.starts_with("FLUSHDB") {
                run(&mut engine, "MOVE big 1", "");
            }
            path.split(" ; ").for_each(|request| drop(run(&mut engine, request, "")));
            assert_eq!(members_handed_over(&engine), 0, "{add}: {path}");
        }
    }
}

/// In a server that is what the reclaimer frees, also what nobody asks about any more.
#[test]
fn the_reclaimer_frees_what_expires() {
    let (server, time) = common::server_with_clock(common::options());
    let mut client = Client::of(&server);
    for add in KINDS {
        let freed = client.count("memory", "lazyfreed_objects");
        let words = (0..MEMBERS).flat_map(|number| match add {
            "ZADD" => vec![number.to_string(), format!("member:{number}")],
            _ => vec![format!("member:{number}")],
        });
        let request: Vec<_> = [add.to_owned(), "big".to_owned()].into_iter().chain(words).collect();
        let words: Vec<&str> = request.iter().map(String::as_str).collect();
        assert_eq!(client.call(&words), Reply::Integer(MEMBERS as i64));
        client.call(&["PEXPIRE", "big", "1000"]);
        time.advance(Duration::from_millis(1001));
        eventually("it is gone by itself", || client.call(&["DBSIZE"]) == Reply::ZERO);
        eventually("it is freed", || client.count("memory", "lazyfreed_objects") == freed + 1);
    }
}
