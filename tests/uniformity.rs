//! What commands pick at random is picked evenly: from every form of sets, sorted sets and hashes, also right after most
//! of their members were taken out.
//!
//! How often each member came up is put into one figure, Pearson's chi-square. Its distribution is known, and so is how
//! far from its mean it never comes. Seeds decide everything, so the outcome is always the same.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "propagation/engine.rs"]
#[allow(dead_code, reason = "made for another test, too")]
mod engine;

use engine::Engine;
use memora::resp::Reply;
use std::collections::HashMap;

/// How often each member comes up, on average.
const TIMES: usize = 150;

/// What is filled: the command, the encoding, how many members there were and are, and how one is written.
struct Filled {
    add: &'static str,
    encoding: &'static str,
    made: usize,
    kept: usize,
    member: fn(usize) -> String,
}

fn int(number: usize) -> String {
    (number * 3).to_string()
}

fn word(number: usize) -> String {
    format!("member:{number}")
}

const SETS: &[Filled] = &[
    Filled { add: "SADD", encoding: "intset", made: 400, kept: 40, member: int },
    Filled { add: "SADD", encoding: "listpack", made: 120, kept: 12, member: word },
    Filled { add: "SADD", encoding: "hashtable", made: 3000, kept: 300, member: word },
    Filled { add: "SADD", encoding: "hashtable", made: 200, kept: 200, member: word },
];

const SORTED_SETS: &[Filled] = &[
    Filled { add: "ZADD", encoding: "listpack", made: 120, kept: 12, member: word },
    Filled { add: "ZADD", encoding: "skiplist", made: 3000, kept: 300, member: word },
    Filled { add: "ZADD", encoding: "skiplist", made: 200, kept: 200, member: word },
];

const HASHES: &[Filled] = &[
    Filled { add: "HSET", encoding: "listpack", made: 120, kept: 12, member: word },
    Filled { add: "HSET", encoding: "hashtable", made: 3000, kept: 300, member: word },
    Filled { add: "HSET", encoding: "hashtable", made: 200, kept: 200, member: word },
];

/// How members are picked.
#[derive(Clone, Copy, Debug)]
enum Way {
    One,
    /// So many hundredths of the members, none twice.
    Several(usize),
    /// So many, each by itself.
    Repeated(usize),
}

const WAYS: [Way; 5] = [Way::One, Way::Several(10), Way::Several(50), Way::Several(90), Way::Repeated(25)];

impl Filled {
    fn words(&self, number: usize) -> Vec<String> {
        let member = (self.member)(number);
        match self.add {
            "SADD" => vec![member],
            "ZADD" => vec![(number % 50).to_string(), member],
            _ => vec![member, "value".to_owned()],
        }
    }

    /// An engine in which the members are those that stay; those that go stand beside each other.
    fn engine(&self) -> (Engine, HashMap<Vec<u8>, usize>) {
        let mut engine = Engine::new(1_700_000_000_000);
        for number in 0..self.made {
            engine.run(&[vec![self.add.to_owned(), "key".to_owned()], self.words(number)].concat());
        }
        assert_eq!(texts(&engine.ask(&["OBJECT", "ENCODING", "key"])), [self.encoding.as_bytes()]);
        let (list, remove) = match self.add {
            "SADD" => (&["SMEMBERS", "key"][..], "SREM"),
            "ZADD" => (&["ZRANGE", "key", "0", "-1"][..], "ZREM"),
            _ => (&["HKEYS", "key"][..], "HDEL"),
        };
        let all = texts(&engine.ask(list));
        let (gone, stay) = all.split_at(self.made - self.kept);
        for member in gone {
            assert_eq!(engine.run(&[remove.as_bytes(), b"key", member]), Reply::Integer(1));
        }
        assert_eq!(stay.len(), self.kept);
        (engine, stay.iter().cloned().zip(0..).collect())
    }
}

fn texts(reply: &Reply) -> Vec<Vec<u8>> {
    match reply {
        Reply::Array(items) | Reply::Set(items) => items.iter().flat_map(texts).collect(),
        Reply::Bulk(text) => vec![text.as_bytes().to_vec()],
        other => panic!("{other:?}"),
    }
}

/// Picks until every member came up some hundred times on average. What is taken out is put in again.
fn assert_even(filled: &Filled, command: &str, way: Way) {
    let (mut engine, places) = filled.engine();
    let (len, mut counts) = (places.len(), vec![0_u32; places.len()]);
    let (count, each) = match way {
        Way::One => (None, 1),
        Way::Several(percent) => (Some((len * percent / 100).to_string()), len * percent / 100),
        Way::Repeated(times) => (Some(format!("-{times}")), times),
    };
    let request: Vec<_> = [command, "key"].into_iter().chain(count.as_deref()).collect();
    let rounds = (len * TIMES).div_ceil(each);
    for _ in 0..rounds {
        let picked = texts(&engine.ask(&request));
        assert_eq!(picked.len(), each, "{request:?}");
        picked.iter().for_each(|member| counts[places[member]] += 1);
        if command == "SPOP" {
            let back: Vec<&[u8]> =
                [&b"SADD"[..], b"key"].into_iter().chain(picked.iter().map(Vec::as_slice)).collect();
            assert_eq!(engine.run(&back), Reply::Integer(each as i64));
        }
    }
    assert!(
        is_even(&counts, each, matches!(way, Way::Repeated(_))),
        "{command} {way:?} of {}: {counts:?}",
        filled.encoding
    );
}

/// Whether these are counts of even picks of `each` at a time.
fn is_even(counts: &[u32], each: usize, repeated: bool) -> bool {
    let len = counts.len();
    // Picks of which none comes twice vary less than those that know nothing of each other.
    let chance = if repeated { 1.0 / len as f64 } else { each as f64 / len as f64 };
    let expected = counts.iter().sum::<u32>() as f64 / len as f64;
    let squares: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2)).sum();
    let freedom = (len - 1) as f64;
    let statistic = squares / expected / (1.0 - chance) * freedom / len as f64;
    (statistic - freedom).abs() < 5.0 * (2.0 * freedom).sqrt()
}

fn assert_all_even(filled: &[Filled], command: &str, ways: &[Way]) {
    for filled in filled {
        ways.iter().for_each(|way| assert_even(filled, command, *way));
    }
}

#[test]
fn srandmember_picks_evenly() {
    assert_all_even(SETS, "SRANDMEMBER", &WAYS);
}

#[test]
fn spop_picks_evenly() {
    assert_all_even(SETS, "SPOP", &WAYS[..4]);
}

#[test]
fn zrandmember_picks_evenly() {
    assert_all_even(SORTED_SETS, "ZRANDMEMBER", &WAYS);
}

#[test]
fn hrandfield_picks_evenly() {
    assert_all_even(HASHES, "HRANDFIELD", &WAYS);
}

/// The measure itself sees what is uneven.
#[test]
fn uneven_counts_are_seen() {
    let even: Vec<u32> = (0..300).map(|number| 139 + number * 7919 % 23).collect();
    assert!(!is_even(&even, 1, true), "nothing random is that even");
    let noise = |number: u32| {
        (0..16).map(|bit| number.wrapping_mul(2_654_435_769).rotate_left(bit * 2) & 1).sum::<u32>()
    };
    let random: Vec<u32> = (1..301).map(|number| 150 + 6 * noise(number) - 48).collect();
    assert!(is_even(&random, 1, true), "{random:?}");
    // One that never comes, and one in ten that comes half as often again.
    assert!(!is_even(&[&random[1..], &[0]].concat(), 1, true));
    let favoured =
        random.iter().enumerate().map(|(place, count)| if place % 10 == 0 { count * 3 / 2 } else { *count });
    assert!(!is_even(&favoured.collect::<Vec<_>>(), 1, true));
}
