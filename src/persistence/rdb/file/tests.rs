//! Files written and read again, whole and damaged.

use super::*;
use crate::persistence::output::Written;
use crate::persistence::rdb::types;
use crate::store::{HashKey, Limits, Store, StringRef, Value, ValueRef};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// A key as it went in: database, key, value, deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(usize, Vec<u8>, Content, Option<u64>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    Set(BTreeSet<Vec<u8>>),
    /// Scores as bits, so that they can be compared.
    SortedSet(Vec<(Vec<u8>, u64)>),
}

fn store() -> Store {
    Store::new(4, HashKey(5, 6))
}

fn put(store: &mut Store, Key(database, key, content, deadline_ms): &Key) {
    let builder = store.db_ref(*database).builder();
    let value = match content {
        Content::String(text) => Value::String(text.clone().into()),
        Content::List(elements) => {
            let mut list = builder.list();
            elements.iter().for_each(|element| list.push(bytes::Bytes::from(element.clone())));
            Value::List(list.finish())
        }
        Content::Hash(fields) => {
            let mut hash = builder.hash(0);
            let added = fields.iter().filter(|(field, value)| hash.add(field, value)).count();
            assert_eq!(added, fields.len());
            Value::Hash(hash.finish())
        }
        Content::Set(members) => {
            let mut set = builder.set(members.len());
            assert!(members.iter().all(|member| set.add(StringRef::Slice(member))));
            Value::Set(set.finish())
        }
        Content::SortedSet(members) => {
            let mut set = builder.sorted_set();
            assert!(members.iter().all(|(member, score)| set.add(member, f64::from_bits(*score))));
            Value::SortedSet(set.finish())
        }
    };
    store.db(*database).add_value(key, value, *deadline_ms);
}

/// Everything in a store, in order.
fn contents(store: &Store) -> Vec<Key> {
    let mut keys = Vec::new();
    for (number, database) in store.iter().enumerate() {
        for item in database.snapshot().iter() {
            let content = match item.value {
                ValueRef::String(text) => Content::String(text.to_vec()),
                ValueRef::List(list) => Content::List(list.iter().map(|element| element.to_vec()).collect()),
                ValueRef::Hash(hash) => {
                    let mut fields: Vec<_> = hash.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
                    fields.sort();
                    Content::Hash(fields)
                }
                ValueRef::SortedSet(set) => Content::SortedSet(
                    set.iter().map(|(member, score)| (member.to_vec(), score.to_bits())).collect(),
                ),
                ValueRef::Set(set) => Content::Set(set.iter().map(|member| member.text().to_vec()).collect()),
            };
            keys.push(Key(number, item.key.to_vec(), content, item.deadline_ms));
        }
    }
    keys.sort();
    keys
}

fn written(store: &Store, options: &WriteOptions) -> Vec<u8> {
    let mut file = Vec::new();
    let written = write(&mut file, &store.snapshot(), options, |_, _| Ok(())).unwrap();
    assert_eq!(written.bytes, file.len() as u64);
    file
}

fn read(file: impl Read, checksum: bool) -> Result<Store, FileError> {
    let mut store = store();
    let options = ReadOptions { checksum, databases: 4, skip_foreign: false };
    let mut reader = FileReader::new(file, options, store.db_ref(0).builder())?;
    while let Some(record) = reader.next_record()? {
        if let Record::Key(key) = record {
            let database = key.database;
            if !key.insert(store.db(database)) {
                return Err(reader.twice());
            }
        }
    }
    Ok(store)
}

/// Hands out a byte at a time.
struct Trickle<R>(R);

impl<R: Read> Read for Trickle<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(1);
        self.0.read(&mut room[..len])
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40),
        2 => any::<i64>().prop_map(|int| int.to_string().into_bytes()),
        2 => (any::<i64>(), 0..64_u32).prop_map(|(int, shift)| (int >> shift).to_string().into_bytes()),
        1 => (any::<u8>(), 0..5000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        text().prop_map(Content::String),
        proptest::collection::vec(text(), 1..20).prop_map(Content::List),
        proptest::collection::btree_map(text(), text(), 1..20)
            .prop_map(|fields| Content::Hash(fields.into_iter().collect())),
    ]
}

fn filled() -> impl Strategy<Value = Store> {
    let keys =
        proptest::collection::btree_map((0..4_usize, text()), (content(), any::<Option<u64>>()), 0..20);
    (keys, any::<bool>()).prop_map(|(keys, tight)| {
        let mut store = store();
        if tight {
            let mut limits = Limits::default();
            limits.hash.max_listpack_entries = 3;
            limits.list.max_listpack_size = 3;
            store.set_limits(limits);
        }
        for ((database, key), (content, deadline)) in keys {
            // Redis's numbers have a sign, and -1 means none.
            put(&mut store, &Key(database, key, content, deadline.map(|deadline| deadline >> 1)));
        }
        store
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(
        store in filled(),
        compression in any::<bool>(),
        checksum in any::<bool>(),
        aof_base in any::<bool>(),
    ) {
        let options = WriteOptions { compression, checksum, aof_base, ..WriteOptions::default() };
        let file = written(&store, &options);
        let again = read(file.as_slice(), true).unwrap();
        prop_assert_eq!(again.verify(), Ok(()));
        prop_assert_eq!(contents(&again), contents(&store));
        prop_assert_eq!(contents(&read(Trickle(file.as_slice()), true).unwrap()), contents(&store));
    }

    #[test]
    fn every_wrong_bit_is_noticed(store in filled(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut file = written(&store, &WriteOptions::default());
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        // A checksum that became zero would say that there is none, which one bit cannot do to this one.
        prop_assert!(read(file.as_slice(), true).is_err());
        // Without a checksum it may mean something else, but never nonsense.
        if let Ok(other) = read(file.as_slice(), false) {
            prop_assert_eq!(other.verify(), Ok(()));
        }
    }

    #[test]
    fn every_cut_is_noticed(store in filled(), at in any::<prop::sample::Index>()) {
        let file = written(&store, &WriteOptions::default());
        let cut = &file[..at.index(file.len())];
        let error = read(cut, true).expect_err("a file without its end");
        prop_assert!(matches!(error.problem, RdbError::Truncated), "{}", error);
        prop_assert!(error.at <= cut.len() as u64);
    }
}

#[test]
fn the_file_begins_and_ends_as_redis_7_writes_it() {
    let mut store = store();
    put(&mut store, &Key(1, b"k".to_vec(), Content::String(b"12".to_vec()), Some(0x0102_0304)));
    let options =
        WriteOptions { created_unix_s: 1_700_000_000, used_memory_bytes: 300, ..WriteOptions::default() };
    let mut expected = b"REDIS0010\xfa\x09redis-ver\x057.2.4\xfa\x0aredis-bits\xc0\x40\xfa\x05ctime\xc2\0\xf1\x53\x65\
        \xfa\x08used-mem\xc1\x2c\x01\xfa\x08aof-base\xc0\0\xfe\x01\xfb\x01\x01\xfc\x04\x03\x02\x01\0\0\0\0\0\x01k\xc0\x0c\xff"
        .to_vec();
    expected.extend_from_slice(&crate::persistence::rdb::crc64::update(0, &expected).to_le_bytes());
    assert_eq!(written(&store, &options).escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn what_follows_the_file_stays_to_be_read() {
    let file = written(&store(), &WriteOptions::default());
    let both = [file.as_slice(), b"*1\r\n"].concat();
    let mut reader =
        FileReader::new(both.as_slice(), ReadOptions::default(), store().db_ref(0).builder()).unwrap();
    while reader.next_record().unwrap().is_some() {}
    assert!(reader.next_record().unwrap().is_none());
    let (mut rest, offset) = reader.into_rest();
    let mut commands = Vec::new();
    rest.read_to_end(&mut commands).unwrap();
    assert_eq!((offset, commands.as_slice()), (file.len() as u64, &b"*1\r\n"[..]));
}

/// The message for a file with these bytes between the version and the end.
fn refusal(body: &[u8]) -> String {
    let file = [b"REDIS0009", body, b"\xff\0\0\0\0\0\0\0\0"].concat();
    read(file.as_slice(), true).map(|store| contents(&store)).expect_err("a refusal").to_string()
}

#[test]
fn refusals_say_what_and_where() {
    assert_eq!(
        refusal(b"\xfe\x03\x0f\x01k\0\0\0\0\0"),
        "at byte 11, key \"k\" of database 3: values of type stream are not supported"
    );
    assert_eq!(refusal(b"\xf5\x01x"), "at byte 9: functions are not supported");
    assert_eq!(refusal(b"\xf7\x01\x02\x01\0"), "at byte 9: module data are not supported");
    assert_eq!(
        refusal(b"\0\x01k\x01x\0\x01k\x01x"),
        "at byte 19, key \"k\" of database 0: the key is there twice"
    );
    assert_eq!(refusal(b"\xfe\x04"), "at byte 11: there is a database 4, but the option databases allows 4");
    let strange = refusal(b"\x08");
    assert_eq!(strange, "at byte 10: neither a type nor anything else stands where a key should begin");
    let message = |file: &[u8]| read(file, true).map(|_| ()).expect_err("no file").to_string();
    assert_eq!(message(b"SQLite format"), "at byte 5: this is no RDB file");
    assert_eq!(message(b"REDIS0012"), "at byte 9: RDB version 12 is newer than 11");
    assert_eq!(message(b"REDIS00xx"), "at byte 9: the version is none");
    assert_eq!(message(b"REDI"), "at byte 0: the data ends too early");
}

/// A claim of memory that is not there would end the process.
#[test]
fn claimed_lengths_are_not_believed() {
    const CLAIM: &[u8] = b"\x81\x3f\xff\xff\xff\xff\xff\xff\xff";
    let types = [types::STRING, types::LIST, types::HASH, types::HASH_LISTPACK, types::LIST_QUICKLIST_2];
    for code in types.into_iter().chain([2, 3, 5, 11, 15, 17, 19, 20, 21]) {
        for skip_foreign in [false, true] {
            let file = [b"REDIS0011\xfb", CLAIM, CLAIM, &[code], b"\x01k", CLAIM, b"\x01\x02ab"].concat();
            let options = ReadOptions { skip_foreign, ..ReadOptions::default() };
            let mut reader = FileReader::new(file.as_slice(), options, store().db_ref(0).builder()).unwrap();
            assert!(matches!(reader.next_record(), Ok(Some(Record::Expect { .. }))));
            let error = reader.next_record().map(|_| ()).expect_err("a claim");
            let expected = match error.problem {
                RdbError::Unsupported(_) => !skip_foreign,
                ref problem => matches!(problem, RdbError::Truncated),
            };
            assert!(expected, "type {code}: {error}");
        }
    }
}

#[test]
fn opcodes_without_meaning_here_are_passed_over() {
    let body = b"\xfa\x03abc\xc0\x07\xf8\x20\xf9\x05\xfd\x01\0\0\0\0\x01k\x01x";
    let file = [b"REDIS0003", &body[..], b"\xff"].concat();
    let expected = [Key(0, b"k".to_vec(), Content::String(b"x".to_vec()), Some(1000))];
    assert_eq!(contents(&read(file.as_slice(), true).unwrap()), expected);
}

#[test]
fn a_step_can_end_the_writing() {
    let mut store = store();
    for number in 0..20_000 {
        put(&mut store, &Key(0, format!("key:{number}").into_bytes(), Content::String(vec![b'x'; 40]), None));
    }
    let mut keys = Vec::new();
    let step = |_: &mut Vec<u8>, so_far: Written| {
        keys.push(so_far.keys);
        if so_far.keys > 9_000 { Err(io::Error::other("aborted")) } else { Ok(()) }
    };
    let options = WriteOptions { compression: false, ..WriteOptions::default() };
    let error = write(Vec::new(), &store.snapshot(), &options, step).expect_err("the step ends it");
    assert_eq!(error.to_string(), "aborted");
    assert!(keys.len() > 1 && keys.is_sorted(), "{keys:?}");
}
