//! Patterns, as KEYS, SCAN and HSCAN take them: what matches is what matches in a real Redis, on patterns made at
//! random of everything that has a meaning in them, and no pattern takes long.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]
// Each part is used by several tests, and none uses all of it.
#![allow(dead_code)]

mod common;
#[path = "oracle/random.rs"]
mod random;
mod real_redis;
mod wire;

use common::program::Program;
use random::Random;
use real_redis::RealRedis;
use wire::{Client, Value, Words, encode};

/// How many patterns are tried on how many keys.
const PATTERNS: usize = 4_000;
const KEYS: usize = 250;

/// The longest pattern and key: short ones match each other more often.
const LONGEST_PATTERN: usize = 8;
const LONGEST_KEY: usize = 5;

/// How many requests are sent before their replies are read.
const PIPELINE: usize = 200;

/// Pieces of patterns. Bytes from 128 on are negative numbers to Redis, which ranges show.
const PIECES: &[&[u8]] = &[
    b"a",
    b"b",
    b"c",
    b"d",
    b"A",
    b"-",
    b"^",
    b"!",
    b"\0",
    b"\n",
    b"\x7f",
    b"\x80",
    b"\xc3\xa4",
    b"\xff",
    b"*",
    b"*",
    b"**",
    b"?",
    b"[",
    b"[",
    b"[^",
    b"]",
    b"\\",
    b"\\\\",
    b"\\*",
    b"\\?",
    b"\\[",
    b"\\]",
    b"\\a",
    b"\\-",
    b"[ab]",
    b"[^ab]",
    b"[a-c]",
    b"[c-a]",
    b"[^b-d]",
    b"[a-",
    b"[a-]",
    b"[-a]",
    b"[]",
    b"[^]",
    b"[]a]",
    b"[^]a]",
    b"[\\]]",
    b"[\\-a]",
    b"[a-\\]",
    b"[\\a-c]",
    b"[\x7f-\x80]",
    b"[\x80-\x7f]",
    b"[\x80-\xff]",
    b"[a\xff-\0]",
    b"[^\0-\x7f]",
    b"[a^]",
    b"[*]",
    b"[?",
    b"[\\",
];

/// Pieces of keys: what the pieces of patterns are made of, and what they match.
const LETTERS: &[&[u8]] = &[
    b"a", b"a", b"b", b"b", b"c", b"d", b"A", b"-", b"^", b"!", b"*", b"?", b"[", b"]", b"\\", b"\0", b"\n",
    b"\x7f", b"\x80", b"\xa4", b"\xc3", b"\xff",
];

fn random_bytes(random: &mut Random, pieces: &[&[u8]], longest: usize) -> Vec<u8> {
    let len = random.below(longest + 1);
    (0..len).flat_map(|_| pieces[random.below(pieces.len())].to_vec()).collect()
}

/// Patterns that were found to be special, the first of them with a short cut of its own in Redis; then random ones.
fn patterns(random: &mut Random) -> Vec<Vec<u8>> {
    let special: [&[u8]; 6] = [b"*", b"", b"**", b"[", b"\\", b"[^"];
    let random = (0..PATTERNS).map(|_| random_bytes(random, PIECES, LONGEST_PATTERN));
    special.iter().map(|pattern| pattern.to_vec()).chain(random).collect()
}

fn keys(random: &mut Random) -> Vec<Vec<u8>> {
    let random = (0..KEYS).map(|_| random_bytes(random, LETTERS, LONGEST_KEY));
    std::iter::once(Vec::new()).chain(random).collect()
}

fn words(text: &[&[u8]]) -> Words {
    text.iter().map(|word| word.to_vec()).collect()
}

/// Sends all requests, some at a time; the replies.
fn ask_all(client: &mut Client, requests: &[Words]) -> Vec<Value> {
    let mut replies = Vec::new();
    for some in requests.chunks(PIPELINE) {
        client.send(&some.iter().flat_map(|words| encode(words)).collect::<Vec<_>>());
        replies.extend(some.iter().map(|_| client.read()));
    }
    replies
}

/// The servers with the same keys in them, and the fields of one hash, which are matched by the same patterns.
fn fill(client: &mut Client, keys: &[Vec<u8>]) {
    let set: Vec<Words> = keys.iter().map(|key| words(&[b"SET", key, b"1"])).collect();
    for reply in ask_all(client, &set) {
        assert!(!reply.is_error(), "{reply:?}");
    }
}

#[test]
fn the_same_keys_match_as_in_redis() {
    if !real_redis::is_installed("the comparison of patterns") {
        return;
    }
    let (memora, redis) = (common::server(), RealRedis::start(&[]));
    let mut memora = Client::connect(memora.local_addr().unwrap()).unwrap();
    let mut redis = Client::connect(redis.address).unwrap();
    let mut random = Random::new(7);
    let keys = keys(&mut random);
    fill(&mut memora, &keys);
    fill(&mut redis, &keys);
    let patterns = patterns(&mut random);
    let all = b"1000000".as_slice();
    let by_keys: Vec<Words> = patterns.iter().map(|pattern| words(&[b"KEYS", pattern])).collect();
    let by_scan: Vec<Words> =
        patterns.iter().map(|pattern| words(&[b"SCAN", b"0", b"MATCH", pattern, b"COUNT", all])).collect();
    let mut hits = 0;
    for requests in [by_keys, by_scan] {
        let replies = ask_all(&mut memora, &requests).into_iter().zip(ask_all(&mut redis, &requests));
        for (request, (memora, redis)) in requests.iter().zip(replies) {
            let (memora, redis) = (memora.sorted(), redis.sorted());
            let shown =
                request.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join(" ");
            assert_eq!(memora, redis, "{shown}");
            hits += usize::from(memora.encoded().len() > b"*2\r\n$1\r\n0\r\n*0\r\n".len());
        }
    }
    assert!(
        (PATTERNS / 4..PATTERNS * 7 / 4).contains(&hits),
        "{hits} of {} patterns match anything",
        2 * PATTERNS
    );
}

/// A pattern that many ways of dividing the text between the stars nearly match, and the text.
struct Trap {
    pattern: Vec<u8>,
    text: Vec<u8>,
}

/// Trying all ways would take longer than anybody waits: 40 stars in 80 letters are more than 10^30 ways. The last
/// ones are as large as a product of both lengths may be in a test.
fn traps() -> Vec<Trap> {
    let trap = |piece: &[u8], times: usize, end: &[u8], len: usize| Trap {
        pattern: [&piece.repeat(times), end].concat(),
        text: b"a".repeat(len),
    };
    vec![
        trap(b"a*", 40, b"b", 80),
        trap(b"*a", 40, b"b", 80),
        trap(b"*?", 40, b"b", 80),
        trap(b"*[a-z]", 40, b"[b]", 80),
        trap(b"*\\a*", 40, b"b*", 80),
        trap(b"*", 5_000, b"b", 80),
        trap(b"a*", 500, b"b", 5_000),
        trap(b"*aaaa", 100, b"[^a]", 5_000),
    ]
}

/// The client's patience with a reply is the limit: nothing but an explosion comes near to it. The server is a
/// process, for one that has exploded has to be killed.
#[test]
fn no_pattern_takes_exponential_time() {
    let server = Program::start(&[]);
    let mut client = Client::connect(server.address()).unwrap();
    for Trap { pattern, text } in traps() {
        client.ask_text(&["FLUSHALL"]);
        client.ask(&words(&[b"SET", &text, b"1"]));
        let reply = client.ask(&words(&[b"KEYS", &pattern]));
        assert_eq!(reply.encoded(), b"*0\r\n", "{}", pattern.escape_ascii());
        let reply = client.ask(&words(&[b"SCAN", b"0", b"MATCH", &pattern]));
        assert_eq!(reply.encoded(), b"*2\r\n$1\r\n0\r\n*0\r\n", "{}", pattern.escape_ascii());
        // The same pattern matches once the end is there, so what took its time was no mistake of the pattern.
        let hit = [text, b"b".to_vec()].concat();
        client.ask(&words(&[b"SET", &hit, b"1"]));
        assert_eq!(client.ask(&words(&[b"KEYS", &pattern])).items().len(), 1, "{}", pattern.escape_ascii());
    }
}
