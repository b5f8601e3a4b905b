//! The database against a naive model, with time passing and snapshots taken midway.

mod model;

use super::*;
use crate::store::{FieldChange, NewString, Side};
use bytes::Bytes;

const HASH_KEY: HashKey = HashKey(3, 4);

fn database() -> Database {
    Database::new(HASH_KEY, Limits::default())
}

fn text(database: &mut Database, key: &[u8]) -> Option<Vec<u8>> {
    database.string(key, 0).unwrap().map(|string| string.to_vec())
}

fn encoding_of(value: &[u8]) -> &'static str {
    let mut database = database();
    database.set_string(b"k", value, Deadline::Clear, 0);
    assert_eq!(text(&mut database, b"k").unwrap(), value);
    database.verify().unwrap();
    database.encoding(b"k", 0).unwrap()
}

#[test]
fn sizes_and_threads() {
    fn anywhere<T: Send + Sync + Clone>() {}
    anywhere::<Database>();
    anywhere::<Snapshot>();
    anywhere::<Detached>();
    anywhere::<crate::store::Store>();
    assert_eq!(size_of::<Entry>(), 16);
}

#[test]
fn strings_are_encoded_as_in_redis() {
    for (value, encoding) in [
        (&b""[..], "embstr"),
        (b"12", "int"),
        (b"-9223372036854775808", "int"),
        (b"9223372036854775808", "embstr"),
        (b"012", "embstr"),
        (&[b'x'; 44], "embstr"),
        (&[b'x'; 45], "raw"),
        (&[b'x'; 1024], "raw"),
        (&[b'x'; 1025], "raw"),
    ] {
        assert_eq!(encoding_of(value), encoding, "{value:?}");
    }
}

#[test]
fn changing_in_place_makes_raw() {
    let mut database = database();
    database.set_string(b"k", b"10", Deadline::Clear, 0);
    assert_eq!(database.set_range(b"k", 0, b"", usize::MAX, 0), Ok(2));
    assert_eq!(database.encoding(b"k", 0), Some("int"));
    assert_eq!(database.append(b"k", b"", usize::MAX, 0), Ok(2));
    assert_eq!(database.encoding(b"k", 0), Some("raw"));
    assert_eq!(database.increment(b"k", 1, 0), Ok(11));
    assert_eq!(database.encoding(b"k", 0), Some("int"));
    assert_eq!(database.append(b"new", b"12", usize::MAX, 0), Ok(2));
    assert_eq!(database.encoding(b"new", 0), Some("int"));
    assert_eq!(database.set_range(b"none", 5, b"", usize::MAX, 0), Ok(0));
    assert!(!database.contains(b"none", 0));
    assert_eq!(database.set_range(b"range", 2, b"x", usize::MAX, 0), Ok(3));
    assert_eq!(
        (text(&mut database, b"range").unwrap(), database.encoding(b"range", 0)),
        (b"\0\0x".to_vec(), Some("raw"))
    );
    database.set_text(b"text", b"12", Deadline::Clear, 0);
    assert_eq!(database.encoding(b"text", 0), Some("embstr"));
}

#[test]
fn a_long_string_grows_in_place_unless_shared() {
    let mut database = database();
    let mut expected = vec![b'a'; 2_000];
    database.set_string(b"k", Bytes::from(expected.clone()), Deadline::Clear, 0);
    let shared = database.string(b"k", 0).unwrap().unwrap().to_bytes();
    for round in 0..100u8 {
        expected.extend_from_slice(&[round; 50]);
        assert_eq!(database.append(b"k", &[round; 50], usize::MAX, 0), Ok(expected.len()));
    }
    assert_eq!(database.set_range(b"k", 10, b"patch", usize::MAX, 0), Ok(expected.len()));
    expected[10..15].copy_from_slice(b"patch");
    assert_eq!(text(&mut database, b"k"), Some(expected));
    assert_eq!(shared, vec![b'a'; 2_000]);
    database.verify().unwrap();
}

#[test]
fn a_key_is_there_up_to_its_deadline_and_gone_after_it() {
    let mut database = database();
    database.set_string(b"k", b"v", Deadline::At(100), 0);
    assert_eq!(database.deadline(b"k", 100), Some(Some(100)));
    assert!(database.peek(b"k", 101).is_none());
    assert_eq!((database.len(), database.next_deadline_ms()), (1, Some(100)));
    assert!(!database.contains(b"k", 101));
    let expired = database.take_expired();
    assert_eq!((expired.len(), expired[0].key(), expired[0].deadline_ms()), (1, &b"k"[..], Some(100)));
    assert_eq!((database.len(), database.volatile_len(), database.expired_count()), (0, 0, 1));
    assert!(database.take_expired().is_empty());
}

#[test]
fn deadlines_follow_what_is_asked() {
    let mut database = database();
    database.set_string(b"k", b"v", Deadline::At(100), 0);
    database.set_string(b"k", b"longer", Deadline::Keep, 0);
    assert_eq!(database.deadline(b"k", 0), Some(Some(100)));
    assert_eq!(database.increment(b"k", 1, 0), Err(StoreError::NotInteger));
    assert!(database.persist(b"k", 0) && !database.persist(b"k", 0));
    assert_eq!(database.deadline(b"k", 0), Some(None));
    assert!(database.set_deadline(b"k", 7, 0) && !database.set_deadline(b"other", 7, 0));
    database.set_string(b"k", b"shorter", Deadline::Clear, 0);
    assert_eq!((database.volatile_len(), database.deadline(b"other", 0)), (0, None));
    database.verify().unwrap();
}

#[test]
fn wrong_types_change_nothing() {
    let mut database = database();
    database.hash_or_create(b"h", 0).unwrap().set(b"f", b"v");
    assert_eq!(database.string(b"h", 0), Err(StoreError::WrongType));
    assert_eq!(database.increment(b"h", 1, 0), Err(StoreError::WrongType));
    assert_eq!(database.append(b"h", b"x", usize::MAX, 0), Err(StoreError::WrongType));
    assert_eq!(database.set_range(b"h", 0, b"x", usize::MAX, 0), Err(StoreError::WrongType));
    assert!(database.list_or_create(b"h", 0).is_err() && database.list_mut(b"h", 0).is_err());
    assert_eq!(database.kind(b"h", 0), Some(Kind::Hash));
    database.set_int(b"i", i64::MAX, Deadline::Clear, 0);
    assert_eq!(database.increment(b"i", 1, 0), Err(StoreError::Overflow));
    assert_eq!(database.append(b"i", b"x", 19, 0), Err(StoreError::TooLong));
    assert_eq!(database.set_range(b"i", 19, b"x", 19, 0), Err(StoreError::TooLong));
    assert_eq!(database.set_range(b"none", usize::MAX, b"x", usize::MAX, 0), Err(StoreError::TooLong));
    assert_eq!(text(&mut database, b"i").unwrap(), i64::MAX.to_string().as_bytes());
}

#[test]
fn an_empty_collection_is_no_key() {
    let mut database = database();
    drop(database.list_or_create(b"l", 0).unwrap());
    assert!(database.is_empty());
    let mut list = database.list_or_create(b"l", 0).unwrap();
    list.push(Side::Back, [NewString::Copy(b"x")]);
    drop(list);
    let copy = database.list(b"l", 0).unwrap().unwrap().clone();
    assert!(database.list_mut(b"l", 0).unwrap().unwrap().pop(Side::Back).is_some());
    assert!(database.is_empty());
    assert!(database.insert(b"m", Value::List(copy), None, 0).is_none());
    assert_eq!(database.kind(b"m", 0), Some(Kind::List));
}

#[test]
fn what_was_taken_out_can_go_anywhere() {
    let (mut database, mut other) = (database(), database());
    let mut hash = database.hash_or_create(b"h", 0).unwrap();
    (0..200u32).for_each(|number| assert_eq!(hash.set(&number.to_le_bytes(), b"v"), FieldChange::Created));
    drop(hash);
    database.set_deadline(b"h", 50, 0);
    database.set_string(b"s", b"old", Deadline::Clear, 0);
    let copy = database.duplicate(b"h", 0).unwrap();
    let renamed = database.remove(b"h", 0).unwrap();
    assert_eq!(database.put(b"s", renamed, 0).unwrap().key(), b"s");
    assert!(other.put(b"h", copy, 0).is_none());
    assert_eq!(
        (database.deadline(b"s", 0), database.hash(b"s", 0).unwrap().unwrap().len()),
        (Some(Some(50)), 200)
    );
    assert!(other.hash_mut(b"h", 0).unwrap().unwrap().remove(&0u32.to_le_bytes()));
    assert_eq!(database.hash(b"s", 0).unwrap().unwrap().len(), 200);
    assert!(database.remove(b"s", 0).unwrap().is_big());
    other.verify().unwrap();
}

#[test]
fn purging_is_bounded_and_random_keys_are_alive() {
    let mut database = database();
    for number in 0..5_000u64 {
        let deadline = if number % 2 == 0 { Deadline::At(number) } else { Deadline::Clear };
        database.set_string(number.to_string().as_bytes(), b"v", deadline, 0);
    }
    assert_eq!(database.volatile_len(), 2_500);
    assert_eq!(database.purge_due(2_000, 300), Purged { removed: 300, more: true });
    assert_eq!(database.purge_due(2_000, usize::MAX), Purged { removed: 700, more: false });
    assert_eq!(database.next_deadline_ms(), Some(2_000));
    assert_eq!(database.take_expired().len(), 1_000);
    let mut seed = 0u64;
    let mut random = || {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        seed
    };
    for _ in 0..100 {
        let key = database.random_key(&mut random, 10_000).unwrap().to_vec();
        assert!(std::str::from_utf8(&key).unwrap().parse::<u64>().unwrap() % 2 == 1);
    }
    assert_eq!(database.iter(10_000).count(), 2_500);
    database.verify().unwrap();
}

#[test]
fn loading_adds_new_keys_only() {
    let mut database = database();
    assert!(database.add_string(b"s", b"12".into(), Some(7)));
    assert_eq!(database.snapshot().volatile_len(), 1);
    assert!(!database.add_string(b"s", b"other".into(), None), "also if its deadline has passed");
    assert_eq!(database.encoding(b"s", 0), Some("int"));
    assert_eq!(database.deadline(b"s", 0), Some(Some(7)));
    let empty = database.builder().hash(0).finish();
    assert!(!database.add_value(b"h", Value::Hash(empty), None), "an empty collection is no value");
    let mut list = database.builder().list();
    list.push(&b"e"[..]);
    assert!(database.add_value(b"l", Value::List(list.finish()), None));
    assert_eq!((database.len(), database.volatile_len()), (2, 1));
    database.verify().unwrap();
}
