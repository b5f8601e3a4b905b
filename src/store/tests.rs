//! The store as a whole.

use super::*;

fn set(store: &mut Store, number: usize, key: &[u8]) {
    store.db(number).set_string(key, b"v", Deadline::Clear, 0);
}

fn lens(store: &Store) -> Vec<usize> {
    store.iter().map(Database::len).collect()
}

#[test]
fn databases_are_apart_and_can_change_places() {
    let mut store = Store::new(3, HashKey(1, 2));
    set(&mut store, 0, b"a");
    set(&mut store, 2, b"b");
    set(&mut store, 2, b"c");
    store.swap(0, 2);
    assert_eq!((store.databases(), lens(&store)), (3, vec![2, 0, 1]));
    assert!(store.db_ref(2).peek(b"a", 0).is_some());
    store.verify().unwrap();
}

#[test]
fn what_is_flushed_and_what_was_seen_can_be_read_elsewhere() {
    let mut store = Store::new(2, HashKey(1, 2));
    set(&mut store, 0, b"a");
    let snapshot = store.snapshot();
    set(&mut store, 1, b"b");
    let flushed = store.flush_all();
    assert_eq!(lens(&store), [0, 0]);
    let reader = std::thread::spawn(move || {
        let keys = |all: &[Snapshot]| all.iter().map(Snapshot::len).collect::<Vec<_>>();
        (keys(&snapshot), keys(&flushed), snapshot[0].get(b"a").is_some())
    });
    assert_eq!(reader.join().unwrap(), (vec![1, 0], vec![1, 1], true));
}

#[test]
fn limits_hold_from_the_next_change_on() {
    let mut store = Store::new(1, HashKey(1, 2));
    store.db(0).hash_or_create(b"h", 0).unwrap().set(b"a", b"1");
    let limits =
        Limits { hash: HashLimits { max_listpack_entries: 1, ..HashLimits::default() }, ..Limits::default() };
    store.set_limits(limits);
    assert_eq!((store.limits(), store.db(0).encoding(b"h", 0)), (limits, Some("listpack")));
    store.db(0).hash_or_create(b"h", 0).unwrap().set(b"b", b"2");
    assert_eq!(store.db(0).encoding(b"h", 0), Some("hashtable"));
}

#[test]
fn warming_changes_nothing() {
    let mut store = Store::new(1, HashKey(1, 2));
    store.db(0).warm([&b"nothing"[..]]);
    let keys: Vec<Vec<u8>> = (0..100u32).map(|number| number.to_be_bytes().to_vec()).collect();
    keys.iter().step_by(2).for_each(|key| set(&mut store, 0, key));
    store.db(0).warm(keys.iter().map(Vec::as_slice));
    assert!(keys.iter().enumerate().all(|(place, key)| store.db(0).contains(key, 0) == (place % 2 == 0)));
    store.verify().unwrap();
}

#[test]
fn a_store_is_put_in_order_after_a_snapshot() {
    let mut store = Store::new(3, HashKey(1, 2));
    let keys: Vec<Vec<u8>> = (0..500u32).map(|number| number.to_be_bytes().to_vec()).collect();
    keys.iter().for_each(|key| set(&mut store, 2, key));
    let snapshot = store.snapshot();
    store.db(2).set_string(&keys[0], b"w", Deadline::Clear, 0);
    drop(snapshot);
    let (mut place, mut calls) = (Some((0, 0)), 0);
    while let Some(from) = place {
        place = store.settle(from);
        calls += 1;
    }
    assert_eq!((calls, lens(&store)), (3, vec![0, 0, 500]));
    store.verify().unwrap();
}
