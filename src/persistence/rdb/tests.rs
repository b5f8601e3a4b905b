//! The format as a whole: bytes known from Redis, values there and back, and damage of every kind.

use super::payload::{dump, open, restore};
use super::*;
use crate::store::{
    Builder, Database, HashKey, HashLimits, Limits, ListLimits, SetLimits, SortedSetLimits, StringRef, Value,
    ValueRef,
};
use proptest::prelude::*;

fn builder() -> Builder {
    Database::new(HashKey(1, 2), Limits::default()).builder()
}

/// A payload with a right footer.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut payload = body.to_vec();
    payload.extend_from_slice(&WRITTEN_VERSION.to_le_bytes());
    let checksum = crc64::update(0, &payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

fn texts(value: ValueRef<'_>) -> Vec<Vec<u8>> {
    match value {
        ValueRef::String(string) => vec![string.to_vec()],
        ValueRef::List(list) => list.iter().map(|element| element.to_vec()).collect(),
        ValueRef::Hash(hash) => {
            let mut fields: Vec<_> =
                hash.iter().map(|(field, value)| [field.to_vec(), value.to_vec()]).collect();
            fields.sort();
            fields.concat()
        }
        ValueRef::Set(set) => {
            let mut members: Vec<_> = set.iter().map(|member| member.text().to_vec()).collect();
            members.sort();
            members
        }
        ValueRef::SortedSet(set) => {
            set.iter().flat_map(|(member, score)| [member.to_vec(), score.to_string().into_bytes()]).collect()
        }
    }
}

fn encoding(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::List(list) => list.encoding(),
        Value::Hash(hash) => hash.encoding(),
        Value::Set(set) => set.encoding(),
        Value::SortedSet(set) => set.encoding(),
    }
}

/// The texts and the encoding of what a body holds.
fn read(body: &[u8]) -> Result<(Vec<Vec<u8>>, &'static str), RdbError> {
    let value = restore(body, &builder())?;
    Ok((texts(value.as_ref()), encoding(&value)))
}

fn assert_reads(body: &[u8], expected: &[&str], form: &str) {
    let (texts, encoding) = read(body).unwrap();
    let texts: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
    assert_eq!((texts.iter().map(|text| &**text).collect::<Vec<_>>(), encoding), (expected.to_vec(), form));
}

#[test]
fn lengths_take_the_room_they_need() {
    for (length, bytes) in [
        (0, &b"\x00"[..]),
        (63, b"\x3f"),
        (64, b"\x40\x40"),
        (16_383, b"\x7f\xff"),
        (16_384, b"\x80\x00\x00\x40\x00"),
        (u64::from(u32::MAX), b"\x80\xff\xff\xff\xff"),
        (1 << 32, b"\x81\x00\x00\x00\x01\x00\x00\x00\x00"),
    ] {
        let mut out = Encoder::new(Vec::new(), None);
        out.length(length).unwrap();
        assert_eq!(out.into_parts().0, bytes);
        assert_eq!(Decoder::new(bytes).length().unwrap(), length);
    }
    assert!(Decoder::new(&b"\x82"[..]).length().is_err() && Decoder::new(&b"\xc0\x01"[..]).length().is_err());
}

#[test]
fn integers_are_short() {
    for (text, bytes) in [
        ("0", &b"\xc0\x00"[..]),
        ("-128", b"\xc0\x80"),
        ("128", b"\xc1\x80\x00"),
        ("-32769", b"\xc2\xff\x7f\xff\xff"),
        ("2147483647", b"\xc2\xff\xff\xff\x7f"),
        ("2147483648", b"\x0a2147483648"),
        ("01", b"\x0201"),
        ("-0", b"\x02-0"),
    ] {
        let mut out = Encoder::new(Vec::new(), None);
        out.bytes(text.as_bytes()).unwrap();
        assert_eq!(out.into_parts().0, bytes);
        assert_eq!(Decoder::new(bytes).string().unwrap(), text.as_bytes());
    }
}

#[test]
fn sets_are_read_in_all_forms() {
    assert_reads(b"\x02\x02\xc0\x05\xc0\x03", &["3", "5"], "intset");
    assert_reads(b"\x02\x02\x01b\xc0\x03", &["3", "b"], "listpack");
    assert_reads(b"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\xff\xff\x05\x00", &["-1", "5"], "intset");
    assert_reads(b"\x14\x0c\x0c\x00\x00\x00\x02\x00\x81b\x02\x05\x01\xff", &["5", "b"], "listpack");
}

#[test]
fn sorted_sets_are_read_in_all_forms() {
    assert_reads(b"\x03\x02\x01a\x031.5\x01b\xff", &["b", "-inf", "a", "1.5"], "listpack");
    assert_reads(b"\x05\x01\x01a\x00\x00\x00\x00\x00\x00\xf0\x3f", &["a", "1"], "listpack");
    let listpack = b"\x11\x14\x14\x00\x00\x00\x04\x00\x81b\x02\x01\x01\x81a\x02\x832.5\x04\xff";
    assert_reads(listpack, &["b", "1", "a", "2.5"], "listpack");
    let ziplist = b"\x0c\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01a\x03\xf3\xff";
    assert_reads(ziplist, &["a", "2"], "listpack");
}

/// What Redis 7.0.15 answers to `DUMP` of these.
#[test]
fn payloads_are_those_of_redis() {
    let mut list = builder().list();
    [&b"a"[..], b"12", b"-1"].into_iter().for_each(|element| list.push(element));
    let long = [&[b'a'; 200][..], b"hello hello hello hello"].concat();
    let values = [
        (Value::String("bar".into()), "00036261720a00e6be4960ee66fd17"),
        (Value::List(list.finish()), "1201020f0f00000003008161020c01dfff02ff0a00c8a7e4aa144e9ede"),
        (Value::String(long.into()), "00c31340df016161e0bd000568656c6c6f20e00605016c6f0a004dd73f1016dac50a"),
    ];
    for (value, expected) in values {
        let payload = dump(value.as_ref());
        assert_eq!(payload.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
        assert!(open(&payload).is_ok());
    }
}

#[test]
fn footers_are_checked() {
    let payload = sealed(b"\x00\x01a");
    assert_eq!(open(&payload).unwrap(), b"\x00\x01a");
    assert!(matches!(open(&payload[..9]), Err(RdbError::Truncated)));
    let mut other = payload.clone();
    other[2] = b'b';
    assert!(matches!(open(&other), Err(RdbError::Checksum)));
    other[3] = 12;
    assert!(matches!(open(&other), Err(RdbError::Version(12))));
}

#[test]
fn old_forms_are_read() {
    assert_reads(b"\x01\x02\x01a\xc0\x05", &["a", "5"], "listpack");
    assert_reads(b"\x04\x01\x01f\x01v", &["f", "v"], "listpack");
    // A ziplist of "a", 12 and -1.
    let ziplist = b"\x13\x00\x00\x00\x0f\x00\x00\x00\x03\x00\x00\x01a\x03\xfd\x02\xfe\xff\xff";
    assert_eq!(ziplist.len(), 0x13);
    let node = [&[ziplist.len() as u8][..], ziplist].concat();
    assert_reads(&[&[10], &node[..]].concat(), &["a", "12", "-1"], "listpack");
    assert_reads(&[&[14, 2], &node[..], &node].concat(), &["a", "12", "-1", "a", "12", "-1"], "quicklist");
    // A zipmap of a = 1 and bc = "", the first value with two free bytes behind it.
    assert_reads(b"\x09\x0e\x02\x01a\x01\x021xy\x02bc\x00\x00\xff", &["a", "1", "bc", ""], "listpack");
}

#[test]
fn foreign_types_are_named() {
    for (code, name) in [(15, "stream"), (7, "module"), (21, "stream")] {
        assert!(matches!(read(&[code, 1, 1]), Err(RdbError::Unsupported(found)) if found == name));
    }
    assert!(
        matches!(read(&[8]), Err(RdbError::Corrupt(_))) && matches!(read(&[22]), Err(RdbError::Corrupt(_)))
    );
}

#[test]
fn empty_and_doubled_collections_are_damage() {
    for body in [
        &b"\x01\x00"[..],
        b"\x04\x00",
        b"\x04\x02\x01f\x01v\x01f\x01w",
        b"\x12\x00",
        b"\x12\x01\x02\x07\x07\x00\x00\x00\x00\x00\xff",
        b"\x12\x01\x03\x01a",
        b"\x10\x07\x07\x00\x00\x00\x00\x00\xff",
        b"\x10\x09\x09\x00\x00\x00\x01\x00\x05\x01\xff",
        // Sets: none, one twice, an intset that does not ascend, is empty, too short, of a wrong width.
        b"\x02\x00",
        b"\x02\x02\x01a\x01a",
        b"\x14\x0b\x0b\x00\x00\x00\x02\x00\x05\x01\x05\x01\xff",
        b"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x05\x00",
        b"\x0b\x08\x02\x00\x00\x00\x00\x00\x00\x00",
        b"\x0b\x0a\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00",
        // Sorted sets: none, one twice, scores that are no numbers, a score that is missing.
        b"\x05\x00",
        b"\x05\x02\x01a\x00\x00\x00\x00\x00\x00\xf0\x3f\x01a\x00\x00\x00\x00\x00\x00\xf0\x3f",
        b"\x05\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x7f",
        b"\x03\x01\x01a\xfd",
        b"\x03\x01\x01a\x02xx",
        b"\x11\x09\x09\x00\x00\x00\x01\x00\x05\x01\xff",
        b"\x0b\x0b\x03\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00",
    ] {
        assert!(matches!(read(body), Err(RdbError::Corrupt(_))), "{body:?}");
    }
    assert!(matches!(read(b"\x00\x81\x7f\xff\xff\xff\xff\xff\xff\xffab"), Err(RdbError::Truncated)));
    assert!(matches!(read(b"\x04\x81\x7f\xff\xff\xff\xff\xff\xff\xff"), Err(RdbError::Truncated)));
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i64>().prop_map(|int| int.to_string().into_bytes()),
        (-200..200i64).prop_map(|int| int.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..40),
        (any::<u8>(), 0..3000usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn value(limits: Limits) -> impl Strategy<Value = Value> {
    let builder = Database::new(HashKey(3, 4), limits).builder();
    prop_oneof![
        text().prop_map(|text| Value::String(text.into())),
        proptest::collection::vec(text(), 1..80).prop_map(move |texts| {
            let mut list = builder.list();
            texts.into_iter().for_each(|text| list.push(bytes::Bytes::from(text)));
            Value::List(list.finish())
        }),
        proptest::collection::vec((text(), text()), 1..80).prop_map(move |fields| {
            let mut hash = builder.hash(0);
            fields.iter().for_each(|(field, value)| {
                hash.add(field, value);
            });
            Value::Hash(hash.finish())
        }),
        set(builder, text()),
        proptest::collection::btree_map(text(), score(), 1..80).prop_map(move |members| {
            let mut set = builder.sorted_set();
            assert!(members.iter().all(|(member, score)| set.add(member, *score)));
            Value::SortedSet(set.finish())
        }),
        set(builder, any::<i32>().prop_map(|int| int.to_string().into_bytes())),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![(-9..9i32).prop_map(f64::from), any::<f64>().prop_filter("a number", |score| !score.is_nan())]
}

fn set(builder: Builder, member: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Value> {
    proptest::collection::vec(member, 1..80).prop_map(move |members| {
        let mut set = builder.set(0);
        members.iter().for_each(|member| {
            set.add(StringRef::Slice(member));
        });
        Value::Set(set.finish())
    })
}

fn limits() -> Limits {
    Limits {
        hash: HashLimits { max_listpack_entries: 30, max_listpack_value: 2000 },
        list: ListLimits { max_listpack_size: -1 },
        sorted_set: SortedSetLimits { max_listpack_entries: 30, max_listpack_value: 2000 },
        set: SetLimits { max_intset_entries: 40, max_listpack_entries: 30, max_listpack_value: 2000 },
    }
}

proptest! {
    #[test]
    fn what_is_dumped_comes_back(value in value(limits())) {
        let payload = dump(value.as_ref());
        let builder = Database::new(HashKey(5, 6), limits()).builder();
        let again = restore(open(&payload).unwrap(), &builder).unwrap();
        prop_assert_eq!(texts(again.as_ref()), texts(value.as_ref()));
        prop_assert_eq!(encoding(&again), encoding(&value));
        let mut database = Database::new(HashKey(5, 6), limits());
        database.insert(b"k", again, None, 0);
        prop_assert_eq!(database.verify(), Ok(()));
    }

    #[test]
    fn parts_make_the_whole(value in value(limits()), elements in 1..50usize) {
        let mut writer = payload::PayloadWriter::new(value.as_ref());
        while !writer.write(value.as_ref(), elements) {}
        prop_assert_eq!(writer.finish(), dump(value.as_ref()));
    }

    #[test]
    fn no_bytes_break_it(code in 0..23u8, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut body = vec![code];
        body.extend_from_slice(&bytes);
        let _ = open(&body);
        check(&body);
    }

    /// Damage in a real payload gets further than random bytes do.
    #[test]
    fn no_damage_breaks_it(
        value in value(limits()),
        code in proptest::option::of(0..23u8),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let mut body = dump(value.as_ref());
        body[0] = code.unwrap_or(body[0]);
        for (index, byte) in damage {
            let index = index.index(body.len());
            body[index] = byte;
        }
        check(&body);
        check(&body[..end.index(body.len())]);
    }
}

fn check(body: &[u8]) {
    if let Ok(value) = restore(body, &builder()) {
        let mut database = Database::new(HashKey(5, 6), Limits::default());
        database.insert(b"k", value, None, 0);
        assert_eq!(database.verify(), Ok(()));
    }
}

#[test]
fn a_big_string_takes_no_more_room_than_it_needs() {
    for len in [64 * 1024 + 1, 200_000, 1 << 20] {
        let mut out = Encoder::new(Vec::new(), None);
        out.bytes(&vec![b'x'; len]).unwrap();
        let text = Decoder::new(out.into_parts().0.as_slice()).string().unwrap();
        assert_eq!((text.len(), text.capacity()), (len, len));
    }
}
