//! What SCAN, HSCAN, SSCAN and ZSCAN promise, over sockets and while others write.
//!
//! Redis promises that what is there from the first call to the last is returned, perhaps more than once, and that a
//! call does about as much work as COUNT says. Memora promises more, and that is what is tested here: nothing is ever
//! returned twice in one iteration, and a call that is not the last returns exactly COUNT entries, but for
//! [`MOST_TOGETHER`].

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::{Client, request};
use memora::resp::Reply;
use memora::server::Server;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How often the others go and come back, at least, while there is scanning.
const WAVES: usize = 1;

/// How many entries one request adds or removes.
const BATCH: usize = 200;

/// How many requests the writer has under way at once: few, for the scanners wait behind them.
const PIPELINE: usize = 5;

/// How many entries a call returns beyond COUNT, at most. The cursor is a hash of 32 bits, so entries with the same
/// hash come together; that four of these many share one happens once in a thousand million runs.
const MOST_TOGETHER: usize = 3;

/// What is scanned: the keys of a database or the parts of a collection, and the words in front of the entries.
struct Collection {
    add: &'static [&'static str],
    /// The words with which one entry is added, in which wave.
    entry: fn(usize, usize) -> Vec<String>,
    /// From which entry on each wave adds all again.
    added_from: usize,
    remove: &'static [&'static str],
    scan: &'static [&'static str],
    /// How many words of a reply make one entry.
    words_per_entry: usize,
    /// How many entries there are at the start.
    entries: usize,
    /// How many of them stay. The others come and go: with all of them the table's segments split, and with these
    /// alone they merge again.
    staying: usize,
}

const KEYS: Collection = Collection {
    add: &["MSET"],
    entry: |number, _| vec![name(number), "value".to_owned()],
    added_from: 60_000,
    remove: &["DEL"],
    scan: &["SCAN"],
    words_per_entry: 1,
    entries: 200_000,
    staying: 60_000,
};

const FIELDS: Collection = Collection {
    add: &["HSET", "hash"],
    entry: |number, _| vec![name(number), "value".to_owned()],
    added_from: 15_000,
    remove: &["HDEL", "hash"],
    scan: &["HSCAN", "hash"],
    words_per_entry: 2,
    entries: 50_000,
    staying: 15_000,
};

const MEMBERS: Collection = Collection {
    add: &["SADD", "set"],
    entry: |number, _| vec![name(number)],
    added_from: 15_000,
    remove: &["SREM", "set"],
    scan: &["SSCAN", "set"],
    words_per_entry: 1,
    entries: 50_000,
    staying: 15_000,
};

/// Each wave gives all members another place in the order, those that stay as well.
const SCORES: Collection = Collection {
    add: &["ZADD", "zset"],
    entry: |number, wave| vec![(number * [7919, 6007, 104_729][wave % 3] % 50_000).to_string(), name(number)],
    added_from: 0,
    remove: &["ZREM", "zset"],
    scan: &["ZSCAN", "zset"],
    words_per_entry: 2,
    entries: 50_000,
    staying: 15_000,
};

/// One way to scan: the COUNTs in turn, some of them left out, and a pattern.
#[derive(Clone, Copy)]
struct Way {
    counts: &'static [Option<usize>],
    pattern: Option<&'static str>,
}

/// The COUNT that stands for none, as in Redis.
const DEFAULT_COUNT: usize = 10;

const WAYS: &[Way] = &[
    Way { counts: &[None, Some(400)], pattern: None },
    Way { counts: &[Some(1), Some(700), Some(30), Some(9_000)], pattern: None },
    Way { counts: &[Some(50_000)], pattern: None },
    Way { counts: &[Some(1_000)], pattern: Some("entry:*7") },
    Way { counts: &[Some(i64::MAX as usize)], pattern: None },
];

#[test]
fn scan_returns_every_key_that_stays_and_none_twice() {
    scan_under_load(&KEYS);
}

#[test]
fn hscan_returns_every_field_that_stays_and_none_twice() {
    scan_under_load(&FIELDS);
}

#[test]
fn sscan_returns_every_member_that_stays_and_none_twice() {
    scan_under_load(&MEMBERS);
}

#[test]
fn zscan_returns_every_member_that_stays_and_none_twice() {
    scan_under_load(&SCORES);
}

/// Scans in all ways at once, each at least once and until the others have gone and come back often enough.
fn scan_under_load(collection: &Collection) {
    let server = common::server();
    add(&mut Client::of(&server), collection, 0..collection.entries, 0);
    let waves = AtomicUsize::new(0);
    thread::scope(|scope| {
        let scanners: Vec<_> = WAYS
            .iter()
            .map(|way| scope.spawn(|| scan_until_enough(&server, collection, *way, &waves)))
            .collect();
        let _ended = Ended(&waves);
        let mut writer = Client::of(&server);
        while scanners.iter().any(|scanner| !scanner.is_finished()) {
            remove(&mut writer, collection, collection.staying..collection.entries);
            let wave = waves.load(Ordering::Relaxed) + 1;
            add(&mut writer, collection, collection.added_from..collection.entries, wave);
            waves.fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// Lets the scanners end if the writer fails.
struct Ended<'a>(&'a AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(WAVES, Ordering::Relaxed);
    }
}

fn add(client: &mut Client, collection: &Collection, numbers: Range<usize>, wave: usize) {
    pipeline(client, collection.add, numbers, |number| (collection.entry)(number, wave));
}

fn remove(client: &mut Client, collection: &Collection, numbers: Range<usize>) {
    pipeline(client, collection.remove, numbers, |number| vec![name(number)]);
}

fn name(number: usize) -> String {
    format!("entry:{number}")
}

/// Sends everything in batches.
fn pipeline(
    client: &mut Client,
    command: &[&str],
    numbers: Range<usize>,
    words: impl Fn(usize) -> Vec<String>,
) {
    let starts: Vec<usize> = numbers.clone().step_by(BATCH).collect();
    for some in starts.chunks(PIPELINE) {
        for start in some {
            let batch = *start..numbers.end.min(start + BATCH);
            let command = command.iter().map(|word| (*word).to_owned());
            client.send(request(&command.chain(batch.flat_map(&words)).collect::<Vec<_>>()));
        }
        for _ in some {
            let reply = client.reply();
            assert!(!reply.is_error(), "{reply:?}");
        }
    }
}

fn scan_until_enough(server: &Server, collection: &Collection, way: Way, waves: &AtomicUsize) {
    let mut client = Client::of(server);
    loop {
        let seen = scan(&mut client, collection, way);
        let wanted = |number: usize| way.pattern.is_none() || number % 10 == 7;
        let missing: Vec<_> =
            (0..collection.staying).filter(|number| wanted(*number) && !seen[*number]).collect();
        assert!(
            missing.is_empty(),
            "COUNT {:?}: {} never came, such as {}",
            way.counts,
            missing.len(),
            missing[0]
        );
        if waves.load(Ordering::Relaxed) >= WAVES {
            return;
        }
    }
}

/// One whole iteration; which entries were returned.
fn scan(client: &mut Client, collection: &Collection, way: Way) -> Vec<bool> {
    let mut seen = vec![false; collection.entries];
    let mut cursor = "0".to_owned();
    let mut asked_for = 0;
    for given in way.counts.iter().copied().cycle() {
        let count = given.unwrap_or(DEFAULT_COUNT);
        let (next, entries) = step(client, collection, &cursor, given, way.pattern);
        entries.iter().for_each(|entry| see(&mut seen, entry));
        let most = count.saturating_add(MOST_TOGETHER - 1);
        assert!(entries.len() <= most, "COUNT {count} returned {}", entries.len());
        if next == "0" {
            break;
        }
        assert!(way.pattern.is_some() || entries.len() >= count, "COUNT {count} returned {}", entries.len());
        // Every call but the last passes COUNT entries that no other call has passed, so they are that many together.
        asked_for += count;
        assert!(asked_for <= collection.entries, "COUNT {count} does not come to an end");
        cursor = next;
    }
    seen
}

fn see(seen: &mut [bool], entry: &str) {
    let number: usize = entry.strip_prefix("entry:").and_then(|number| number.parse().ok()).unwrap();
    assert!(!seen[number], "{entry} came twice");
    seen[number] = true;
}

/// One call: the next cursor and the entries.
fn step(
    client: &mut Client,
    collection: &Collection,
    cursor: &str,
    count: Option<usize>,
    pattern: Option<&str>,
) -> (String, Vec<String>) {
    let count = count.map(|count| count.to_string());
    let mut words = [collection.scan, &[cursor]].concat();
    words.extend(count.iter().flat_map(|count| ["COUNT", count]));
    words.extend(pattern.iter().flat_map(|pattern| ["MATCH", pattern]));
    match client.call(&words) {
        Reply::Array(parts) => match &parts[..] {
            [cursor, Reply::Array(words)] => {
                (text(cursor), words.iter().step_by(collection.words_per_entry).map(text).collect())
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn text(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(text) => String::from_utf8(text.as_bytes().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}
