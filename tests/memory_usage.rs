//! MEMORY USAGE tells the truth: what it says of all keys together is what the process has grown by, for every form of
//! sets and sorted sets, small and big.
//!
//! The truth is asked of the system, so that it has in it what the allocator adds. The values are made without a server,
//! which would need memory of its own, and there are enough of them to drown what else a process does.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use memora::store::{Database, HashKey, Limits};

/// The server's.
#[global_allocator]
static ALLOCATOR: cap::Cap<mimalloc::MiMalloc> = cap::Cap::new(mimalloc::MiMalloc, usize::MAX);

/// How much memory the keys of one form take, about.
const WEIGHT_BYTES: usize = 24 << 20;

/// A form: what it is called, how many members, and how one is put in.
struct Form {
    encoding: &'static str,
    members: usize,
    add: fn(&mut Database, &[u8], usize),
}

fn int(database: &mut Database, key: &[u8], number: usize) {
    assert!(database.set_or_create(key, 0).unwrap().add((number * 1001).to_string().as_bytes()));
}
fn wide_int(database: &mut Database, key: &[u8], number: usize) {
    assert!(database.set_or_create(key, 0).unwrap().add((number + 1_000_000_000_000).to_string().as_bytes()));
}
fn word(database: &mut Database, key: &[u8], number: usize) {
    assert!(database.set_or_create(key, 0).unwrap().add(format!("member:{number}").as_bytes()));
}
fn long_word(database: &mut Database, key: &[u8], number: usize) {
    assert!(database.set_or_create(key, 0).unwrap().add(format!("{number:0100}").as_bytes()));
}
fn ranked(database: &mut Database, key: &[u8], number: usize) {
    database.sorted_set_or_create(key, 0).unwrap().set(format!("member:{number}").as_bytes(), number as f64);
}
fn shuffled(database: &mut Database, key: &[u8], number: usize) {
    let score = (number * 7919 % 100_003) as f64 / 8.0;
    database.sorted_set_or_create(key, 0).unwrap().set(format!("member:{number}").as_bytes(), score);
}
fn field(database: &mut Database, key: &[u8], number: usize) {
    database.hash_or_create(key, 0).unwrap().set(format!("field:{number}").as_bytes(), b"0123456789");
}
fn long_ranked(database: &mut Database, key: &[u8], number: usize) {
    database.sorted_set_or_create(key, 0).unwrap().set(format!("{number:0100}").as_bytes(), number as f64);
}

#[test]
fn experiment() {
    let forms = [
        ("intset", 2, int as fn(&mut Database, &[u8], usize)),
        ("intset", 20, int),
        ("intset", 100, int),
        ("intset", 500, wide_int),
        ("listpack", 2, word),
        ("listpack", 10, word),
        ("listpack", 100, word),
        ("hashtable", 1, long_word),
        ("hashtable", 130, word),
        ("hashtable", 1000, word),
        ("hashtable", 1000, int),
        ("hashtable", 100_000, word),
        ("listpack", 2, ranked),
        ("listpack", 10, ranked),
        ("listpack", 100, shuffled),
        ("skiplist", 1, long_ranked),
        ("skiplist", 130, ranked),
        ("skiplist", 1000, ranked),
        ("skiplist", 1000, shuffled),
        ("skiplist", 100_000, shuffled),
        ("hash", 10, field),
        ("hash", 1000, field),
        ("hash", 100000, field),
    ];
    let mut kept = Vec::new();
    for (encoding, members, add) in forms {
        let mut database = Database::new(HashKey(1, 2), Limits::default());
        let (before, resident) = (ALLOCATOR.allocated(), memory_stats::memory_stats().unwrap().physical_mem);
        let mut keys = 0;
        while ALLOCATOR.allocated() - before < WEIGHT_BYTES {
            let key = format!("key:{keys:08}");
            (0..members).for_each(|number| add(&mut database, key.as_bytes(), number));
            keys += 1;
        }
        let requested = ALLOCATOR.allocated() - before;
        let grown = memory_stats::memory_stats().unwrap().physical_mem - resident;
        let told: usize = (0..keys)
            .map(|number| database.memory_usage(format!("key:{number:08}").as_bytes(), 0, 0).unwrap())
            .sum();
        println!(
            "{encoding:10} {members:7} {:?} keys {keys:7} per key: requested {:8} resident {:8} told {:8}  told/requested {:.3} told/resident {:.3}",
            database.encoding(b"key:00000000", 0),
            requested / keys,
            grown / keys,
            told / keys,
            told as f64 / requested as f64,
            told as f64 / grown as f64
        );
        kept.push(database);
    }
}
