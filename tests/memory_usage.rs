//! MEMORY USAGE tells the truth about sets and sorted sets of every form, small and big.
//!
//! The truth is what was asked of the allocator. What that adds by rounding up is told as well, so the sizes are such
//! that it adds little. The values are made without a server, which would need memory of its own.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use memora::store::{Database, HashKey, Limits};

/// The server's allocator, which counts what is asked of it.
#[global_allocator]
static ALLOCATOR: cap::Cap<mimalloc::MiMalloc> = cap::Cap::new(mimalloc::MiMalloc, usize::MAX);

/// What the keys of one form take together, at least.
const WEIGHT_BYTES: usize = 4 << 20;

/// How far what is told may be from the truth.
const TOLERANCE: f64 = 0.1;

/// Puts the member of a number into the value at a key.
type Add = fn(&mut Database, &[u8], usize);

/// The encoding, how many members, and how they come in.
const FORMS: [(&str, usize, Add); 20] = [
    ("intset", 2, add_int),
    ("intset", 20, add_int),
    ("intset", 100, add_int),
    ("intset", 500, add_wide_int),
    ("listpack", 2, add_word),
    ("listpack", 10, add_word),
    ("listpack", 110, add_word),
    ("hashtable", 1, add_long_word),
    ("hashtable", 130, add_word),
    ("hashtable", 1000, add_word),
    ("hashtable", 1000, add_int),
    ("hashtable", 100_000, add_word),
    ("listpack", 2, add_ranked),
    ("listpack", 10, add_ranked),
    ("listpack", 100, add_shuffled),
    ("skiplist", 1, add_long_ranked),
    ("skiplist", 130, add_ranked),
    ("skiplist", 1000, add_ranked),
    ("skiplist", 1000, add_shuffled),
    ("skiplist", 100_000, add_shuffled),
];

fn add_to_set(database: &mut Database, key: &[u8], member: &str) {
    assert!(database.set_or_create(key, 0).unwrap().add(member.as_bytes()));
}

fn add_int(database: &mut Database, key: &[u8], number: usize) {
    add_to_set(database, key, &(number * 1001).to_string());
}

fn add_wide_int(database: &mut Database, key: &[u8], number: usize) {
    add_to_set(database, key, &(number + 1_000_000_000_000).to_string());
}

fn add_word(database: &mut Database, key: &[u8], number: usize) {
    add_to_set(database, key, &word(number));
}

fn add_long_word(database: &mut Database, key: &[u8], number: usize) {
    add_to_set(database, key, &long_word(number));
}

fn add_ranked(database: &mut Database, key: &[u8], number: usize) {
    let mut set = database.sorted_set_or_create(key, 0).unwrap();
    set.set(word(number).as_bytes(), number as f64);
}

fn add_shuffled(database: &mut Database, key: &[u8], number: usize) {
    let score = (number * 7919 % 100_003) as f64 / 8.0;
    database.sorted_set_or_create(key, 0).unwrap().set(word(number).as_bytes(), score);
}

fn add_long_ranked(database: &mut Database, key: &[u8], number: usize) {
    let mut set = database.sorted_set_or_create(key, 0).unwrap();
    set.set(long_word(number).as_bytes(), number as f64);
}

/// With its length in front a word fills an allocation to the last byte.
fn word(number: usize) -> String {
    format!("member:{number:08}")
}

/// A word too long for a listpack.
fn long_word(number: usize) -> String {
    format!("{number:0100}")
}

fn name(number: usize) -> Vec<u8> {
    format!("key:{number:08}").into_bytes()
}

/// Fills a database with values of a form; answers it and how many there are.
fn filled((encoding, members, add): (&str, usize, Add)) -> (Database, usize) {
    let mut database = Database::new(HashKey(1, 2), Limits::default());
    let (before, mut keys) = (ALLOCATOR.allocated(), 0);
    while ALLOCATOR.allocated() - before < WEIGHT_BYTES {
        (0..members).for_each(|number| add(&mut database, &name(keys), number));
        keys += 1;
    }
    assert_eq!(database.encoding(&name(0), 0), Some(encoding));
    (database, keys)
}

/// The only test of this program, as no other may need memory meanwhile.
#[test]
fn what_is_told_is_what_is_taken() {
    for form in FORMS {
        let before = ALLOCATOR.allocated();
        let (mut database, keys) = filled(form);
        let asked = (ALLOCATOR.allocated() - before) as f64;
        for (what, samples) in [("all members", 0), ("some members", 5)] {
            let told = (0..keys).map(|number| database.memory_usage(&name(number), samples, 0).unwrap());
            let told = told.sum::<usize>() as f64;
            let (encoding, members, _) = form;
            let [told_each, asked_each] = [told, asked].map(|bytes| bytes / keys as f64);
            println!(
                "{encoding} of {members}, looking at {what}: {told_each:.0} told, {asked_each:.0} taken"
            );
            assert!(
                (told / asked - 1.0).abs() <= TOLERANCE,
                "{encoding} of {members} members takes {asked_each:.0} bytes, told are {told_each:.0}"
            );
        }
    }
}
