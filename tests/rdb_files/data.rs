//! What is in a store, in a file and in a real server, in one form that can be compared; and data of all kinds.

use crate::common::{Client, request};
use memora::persistence::rdb::file::{FileError, FileReader, ReadOptions, Record};
use memora::resp::Reply;
use memora::store::{HashKey, Limits, Store, StringRef, Value, ValueRef};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Databases of a real server with the default options.
pub(crate) const DATABASES: usize = 16;

/// A deadline far ahead: the year 2100.
pub(crate) const FAR_MS: u64 = 4_102_444_800_123;

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    /// Scores as bits, so that they can be compared.
    SortedSet(BTreeMap<Vec<u8>, u64>),
}

/// Database and key; value and deadline.
pub(crate) type Data = BTreeMap<(usize, Vec<u8>), (Content, Option<u64>)>;

/// Long values are shown by their length.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::String(text) if text.len() < 100 => write!(f, "\"{}\"", text.escape_ascii()),
            Self::String(text) => write!(f, "a string of {} bytes", text.len()),
            Self::List(elements) => write!(f, "a list of {} elements", elements.len()),
            Self::Hash(fields) => write!(f, "a hash of {} fields", fields.len()),
            Self::Set(members) => write!(f, "a set of {} members", members.len()),
            Self::SortedSet(members) => write!(f, "a sorted set of {} members", members.len()),
        }
    }
}

impl Content {
    fn sorted(members: Vec<(Vec<u8>, f64)>) -> Self {
        Self::SortedSet(members.into_iter().map(|(member, score)| (member, score.to_bits())).collect())
    }
}

/// Bytes that no compression makes smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(next).collect()
}

/// Strings where something changes: integers of every size, lengths, bytes of every value.
fn texts() -> Vec<Vec<u8>> {
    let ints = [0, 12, 127, 128, -4097, 32_768, -8_388_609, 2_147_483_647, 2_147_483_648, i64::MIN, i64::MAX];
    let mut texts: Vec<Vec<u8>> = ints.iter().map(|int| int.to_string().into_bytes()).collect();
    texts.extend(["", "-0", "007", "1e3", " 1", "a text"].map(|text| text.as_bytes().to_vec()));
    texts.push((0..=255).collect());
    texts.extend([20, 21, 63, 64, 4095, 4096, 16_383, 16_384].map(noise));
    texts.push(vec![b'x'; 100]);
    texts
}

/// Data of all kinds and sizes in several databases.
pub(crate) fn data() -> Data {
    let mut data = Data::new();
    let mut add = |database, key: &[u8], content| {
        let deadline = (data.len() % 3 == 0).then(|| FAR_MS + data.len() as u64);
        data.insert((database, key.to_vec()), (content, deadline));
    };
    for (number, text) in texts().into_iter().enumerate() {
        add(0, format!("string:{number}").as_bytes(), Content::String(text.clone()));
        add(7, &text, Content::String(b"under a key of all kinds".to_vec()));
    }
    add(0, b"big", Content::String(noise(3_000_000)));
    add(0, b"big and alike", Content::String(b"memora ".repeat(500_000)));
    let numbered = |count: usize| (0..count).map(|number| format!("element {number}").into_bytes());
    for count in [1, 64, 65, 128, 129, 5000] {
        add(0, format!("list:{count}").as_bytes(), Content::List(numbered(count).collect()));
        let fields = numbered(count).map(|text| (text.clone(), text.repeat(2)));
        add(15, format!("hash:{count}").as_bytes(), Content::Hash(fields.collect()));
        let members =
            (0..count).map(|number| (format!("element {number}").into_bytes(), number as f64 / 4.0));
        add(2, format!("zset:{count}").as_bytes(), Content::sorted(members.collect()));
        add(1, format!("set:{count}").as_bytes(), Content::Set(numbered(count).collect()));
        let ints = (0..count).map(|number| (number * 7).to_string().into_bytes());
        add(1, format!("intset:{count}").as_bytes(), Content::Set(ints.collect()));
    }
    let scores = [0.1, 0.0, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, 3.0, -1e17, 0.5, 1.0 / 3.0];
    let members = texts().into_iter().zip(scores.into_iter().cycle());
    add(2, b"zset of all kinds", Content::sorted(members.collect()));
    add(0, b"list of all kinds", Content::List(texts()));
    add(0, b"list with a big one", Content::List(vec![b"a".to_vec(), noise(100_000), vec![b'z'; 100_000]]));
    let fields = texts().into_iter().zip(texts().into_iter().rev());
    add(15, b"hash of all kinds", Content::Hash(fields.collect()));
    add(15, b"set of all kinds", Content::Set(texts().into_iter().collect()));
    let ints = [-3, 5, i64::from(i32::MAX), 7].map(|int: i64| int.to_string().into_bytes());
    add(15, b"set of integers", Content::Set(ints.into_iter().collect()));
    let wide = [i64::MIN, -1, i64::MAX].map(|int| int.to_string().into_bytes());
    add(3, b"set of wide integers", Content::Set(wide.into_iter().collect()));
    let small = [&b"a"[..], b"12", b"", b"-0"].map(<[u8]>::to_vec);
    add(3, b"set of few", Content::Set(small.into_iter().collect()));
    let tiny = (0..30_u8).map(|number| (vec![number], vec![b'0' + number % 10]));
    add(15, b"hash of tiny ones", Content::Hash(tiny.collect()));
    data
}

/// A store with this data, in the forms that these limits ask for.
pub(crate) fn store_of(data: &Data, limits: Limits) -> Store {
    let mut store = Store::new(DATABASES, HashKey(11, 12));
    store.set_limits(limits);
    for ((number, key), (content, deadline_ms)) in data {
        let builder = store.db_ref(*number).builder();
        let value = match content {
            Content::String(text) => Value::String(text.clone().into()),
            Content::List(elements) => {
                let mut list = builder.list();
                elements.iter().for_each(|element| list.push(bytes::Bytes::from(element.clone())));
                Value::List(list.finish())
            }
            Content::Hash(fields) => {
                let mut hash = builder.hash(0);
                assert!(fields.iter().all(|(field, value)| hash.add(field, value)));
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
        assert!(store.db(*number).add_value(key, value, *deadline_ms));
    }
    store
}

/// What is in a store.
pub(crate) fn of_store(store: &Store) -> Data {
    let mut data = Data::new();
    for (number, snapshot) in store.snapshot().iter().enumerate() {
        for item in snapshot.iter() {
            let content = match item.value {
                ValueRef::String(text) => Content::String(text.to_vec()),
                ValueRef::List(list) => Content::List(list.iter().map(|element| element.to_vec()).collect()),
                ValueRef::Hash(hash) => {
                    Content::Hash(hash.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect())
                }
                ValueRef::SortedSet(set) => {
                    Content::sorted(set.iter().map(|(member, score)| (member.to_vec(), score)).collect())
                }
                ValueRef::Set(set) => Content::Set(set.iter().map(|member| member.text().to_vec()).collect()),
            };
            data.insert((number, item.key.to_vec()), (content, item.deadline_ms));
        }
    }
    data
}

/// Loads a file as a server does.
pub(crate) fn load(file: impl Read) -> Result<Store, FileError> {
    let mut store = Store::new(DATABASES, HashKey(13, 14));
    let mut reader = FileReader::new(file, ReadOptions::default(), store.db_ref(0).builder())?;
    while let Some(record) = reader.next_record()? {
        if let Record::Key(key) = record {
            let database = key.database;
            assert!(key.insert(store.db(database)));
        }
    }
    store.verify().expect("a store in order");
    Ok(store)
}

/// Has a real server make this data.
pub(crate) fn fill(redis: &mut Client, data: &Data) {
    for ((number, key), (content, deadline_ms)) in data {
        call(redis, &[b"SELECT", number.to_string().as_bytes()]);
        let scores: Vec<Vec<u8>>;
        let words: Vec<&[u8]> = match content {
            Content::String(text) => vec![b"SET", key, text],
            Content::List(elements) => {
                [&b"RPUSH"[..], key].into_iter().chain(elements.iter().map(Vec::as_slice)).collect()
            }
            Content::Hash(fields) => {
                let words = fields.iter().flat_map(|(field, value)| [field.as_slice(), value]);
                [&b"HSET"[..], key].into_iter().chain(words).collect()
            }
            Content::Set(members) => {
                [&b"SADD"[..], key].into_iter().chain(members.iter().map(Vec::as_slice)).collect()
            }
            Content::SortedSet(members) => {
                scores =
                    members.values().map(|score| f64::from_bits(*score).to_string().into_bytes()).collect();
                let words =
                    scores.iter().zip(members.keys()).flat_map(|(score, member)| [&score[..], member]);
                [&b"ZADD"[..], key].into_iter().chain(words).collect()
            }
        };
        call(redis, &words);
        if let Some(deadline_ms) = deadline_ms {
            call(redis, &[b"PEXPIREAT", key, deadline_ms.to_string().as_bytes()]);
        }
    }
}

/// What is in a real server.
pub(crate) fn of_redis(redis: &mut Client) -> Data {
    let mut data = Data::new();
    for number in 0..DATABASES {
        call(redis, &[b"SELECT", number.to_string().as_bytes()]);
        for key in texts_of(call(redis, &[b"KEYS", b"*"])) {
            let content = content_of(redis, &key);
            let deadline_ms = match call(redis, &[b"PEXPIRETIME", &key]) {
                Reply::Integer(-1) => None,
                Reply::Integer(deadline_ms) => Some(u64::try_from(deadline_ms).unwrap()),
                other => panic!("{other:?}"),
            };
            data.insert((number, key), (content, deadline_ms));
        }
    }
    data
}

fn content_of(redis: &mut Client, key: &[u8]) -> Content {
    match call(redis, &[b"TYPE", key]) {
        Reply::Simple(kind) if kind == "string" => {
            Content::String(texts_of(call(redis, &[b"GET", key])).pop().unwrap())
        }
        Reply::Simple(kind) if kind == "list" => {
            Content::List(texts_of(call(redis, &[b"LRANGE", key, b"0", b"-1"])))
        }
        Reply::Simple(kind) if kind == "hash" => {
            let texts = texts_of(call(redis, &[b"HGETALL", key]));
            Content::Hash(texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
        }
        Reply::Simple(kind) if kind == "set" => {
            Content::Set(texts_of(call(redis, &[b"SMEMBERS", key])).into_iter().collect())
        }
        Reply::Simple(kind) if kind == "zset" => {
            let texts = texts_of(call(redis, &[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]));
            let score = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
            Content::sorted(texts.chunks_exact(2).map(|pair| (pair[0].clone(), score(&pair[1]))).collect())
        }
        other => panic!("{other:?}"),
    }
}

/// Calls a real server, which has to agree.
pub(crate) fn call(redis: &mut Client, words: &[&[u8]]) -> Reply {
    redis.send(request(words));
    match redis.reply() {
        Reply::Error(text) => panic!("{}: {}", words[0].escape_ascii(), text.escape_ascii()),
        reply => reply,
    }
}

fn texts_of(reply: Reply) -> Vec<Vec<u8>> {
    match reply {
        Reply::Bulk(blob) => vec![blob.as_bytes().to_vec()],
        Reply::Array(items) => items.into_iter().flat_map(texts_of).collect(),
        other => panic!("{other:?}"),
    }
}

/// Fails with the first difference, not with megabytes.
pub(crate) fn assert_same(what: &str, found: &Data, expected: &Data) {
    for (place, value) in expected {
        let (number, key) = place;
        assert_eq!(found.get(place), Some(value), "{what}: key {} of database {number}", key.escape_ascii());
    }
    assert_eq!(found.len(), expected.len(), "{what}: more keys than there should be");
}
