//! Hashes against a map, across both encodings.

use super::*;
use crate::store::{Database, Limits};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn database(limits: HashLimits) -> Database {
    Database::new(HashKey(1, 2), Limits { hash: limits, ..Limits::default() })
}

fn set(database: &mut Database, field: &[u8], value: &[u8]) -> FieldChange {
    database.hash_or_create(b"h", 0).unwrap().set(field, value)
}

fn encoding(database: &mut Database) -> &'static str {
    database.encoding(b"h", 0).unwrap()
}

#[test]
fn becomes_a_table_past_128_fields_and_stays_one() {
    let mut database = database(HashLimits::default());
    for number in 0..128 {
        assert_eq!(set(&mut database, number.to_string().as_bytes(), b"v"), FieldChange::Created);
    }
    assert_eq!(set(&mut database, b"5", b"w"), FieldChange::Updated);
    assert_eq!(encoding(&mut database), "listpack");
    set(&mut database, b"128", b"v");
    assert_eq!(encoding(&mut database), "hashtable");
    let mut hash = database.hash_mut(b"h", 0).unwrap().unwrap();
    (1..129).for_each(|number| assert!(hash.remove(number.to_string().as_bytes())));
    assert_eq!((hash.len(), hash.encoding()), (1, "hashtable"));
    assert!(hash.remove(b"0"));
    drop(hash);
    assert!(!database.contains(b"h", 0));
}

#[test]
fn becomes_a_table_past_64_bytes() {
    let mut database = database(HashLimits::default());
    set(&mut database, &[b'f'; 64], &[b'v'; 64]);
    assert_eq!(encoding(&mut database), "listpack");
    set(&mut database, b"f", &[b'v'; 65]);
    assert_eq!(encoding(&mut database), "hashtable");
    database.remove(b"h", 0);
    set(&mut database, &[b'f'; 65], b"v");
    assert_eq!(encoding(&mut database), "hashtable");
}

#[test]
fn many_announced_fields_make_a_table_at_once() {
    let mut database = database(HashLimits::default());
    let mut hash = database.hash_or_create(b"h", 0).unwrap();
    hash.expect(129);
    hash.set(b"f", b"v");
    assert_eq!(hash.encoding(), "hashtable");
}

#[derive(Debug, Clone)]
enum Step {
    Set(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0..40i64).prop_map(|int| int.to_string().into_bytes()),
        any::<i64>().prop_map(|int| int.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..30),
        (0..300usize).prop_map(|len| vec![b'l'; len]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (text(), text()).prop_map(|(field, value)| Step::Set(field, value)),
        1 => text().prop_map(Step::Remove),
    ]
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn contents(hash: &Hash) -> Model {
    hash.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
}

fn scanned(hash: &Hash) -> Model {
    let (mut cursor, mut seen) = (0, Model::new());
    loop {
        cursor = hash.scan(cursor, 7, |field, value| {
            assert_eq!(seen.insert(field.to_vec(), value.to_vec()), None);
        });
        if cursor == 0 {
            return seen;
        }
    }
}

proptest! {
    #[test]
    fn behaves_like_a_map(
        steps in proptest::collection::vec(step(), 1..200),
        entries in 0..60usize,
        bytes in 10..400usize,
        random in any::<u64>(),
    ) {
        let mut database = database(HashLimits { max_listpack_entries: entries, max_listpack_value: bytes });
        let mut model = Model::new();
        let mut copies = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let mut hash = database.hash_or_create(b"h", 0).unwrap();
            match step {
                Step::Set(field, value) => {
                    let old = model.insert(field.clone(), value.clone());
                    prop_assert_eq!(hash.set(field, value) == FieldChange::Created, old.is_none());
                }
                Step::Remove(field) => prop_assert_eq!(hash.remove(field), model.remove(field).is_some()),
            }
            prop_assert!(hash.encoding() == "hashtable" || hash.len() <= entries);
            if let Some((field, value)) = hash.random(|| random) {
                prop_assert_eq!(model.get(&field.to_vec()), Some(&value.to_vec()));
            }
            if number % 40 == 0 {
                copies.push((hash.clone(), model.clone()));
            }
            drop(hash);
            prop_assert_eq!(database.verify(), Ok(()));
        }
        if let Some(hash) = database.hash(b"h", 0).unwrap() {
            for (field, value) in &model {
                prop_assert!(hash.get(field).unwrap() == *value.as_slice() && hash.contains(field));
            }
            copies.push((hash.clone(), model));
        }
        for (hash, model) in &copies {
            prop_assert_eq!(&contents(hash), model);
            prop_assert_eq!(&scanned(hash), model);
        }
    }
}
