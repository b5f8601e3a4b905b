//! Packed buffers against vectors, and against bytes a real server wrote.

use super::*;
use proptest::prelude::*;

fn packed(texts: &[&[u8]]) -> Packed {
    let mut packed = Packed::default();
    texts.iter().for_each(|text| packed.push_back(text));
    packed.verify().unwrap();
    packed
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `DUMP` of a hash with each text as a field and "0" as its value holds in Redis 7.0.15.
#[test]
fn elements_are_encoded_as_in_a_listpack() {
    let texts: [(&[u8], &str); 16] = [
        (b"", "8001"),
        (b"5", "0501"),
        (b"127", "7f01"),
        (b"128", "c08002"),
        (b"-1", "dfff02"),
        (b"4095", "cfff02"),
        (b"4096", "f1001003"),
        (b"-4096", "d00002"),
        (b"-4097", "f1ffef03"),
        (b"32767", "f1ff7f03"),
        (b"32768", "f200800004"),
        (b"-8388608", "f200008004"),
        (b"8388608", "f30000800005"),
        (b"2147483648", "f4000000800000000009"),
        (b"-9223372036854775808", "f4000000000000008009"),
        (b"hello", "8568656c6c6f06"),
    ];
    for (text, expected) in texts {
        let packed = packed(&[text]);
        assert_eq!(hex(packed.elements()), expected);
        assert_eq!(packed.iter().next().unwrap().to_vec(), text);
    }
}

/// The bytes before and behind a text of so many bytes, taken from the same place.
#[test]
fn sizes_are_encoded_as_in_a_listpack() {
    let frames = [
        (63, "bf", "40"),
        (64, "e040", "42"),
        (125, "e07d", "7f"),
        (126, "e07e", "0180"),
        (128, "e080", "0182"),
        (4095, "efff", "2081"),
        (4096, "f000100000", "2085"),
        (16_379, "f0fb3f0000", "018080"),
        (16_384, "f000400000", "018085"),
        (50_000, "f050c30000", "0386d5"),
    ];
    for (len, head, tail) in frames {
        let packed = packed(&[&vec![b'x'; len]]);
        let bytes = packed.elements();
        assert_eq!(hex(&bytes[..head.len() / 2]), head);
        assert_eq!(hex(&bytes[head.len() / 2 + len..]), tail);
    }
}

#[test]
fn numbers_and_texts_are_found_and_told_apart() {
    let packed = packed(&[b"1", b"01", b"one", b"1", b"-4096", b""]);
    let find = |text: &[u8], step| packed.find(packed.first(), step, text);
    assert_eq!(find(b"01", 1), Some(packed.offset(1)));
    assert_eq!(find(b"01", 2), None);
    assert_eq!(find(b"-4096", 2), Some(packed.offset(4)));
    assert_eq!(packed.find(packed.offset(1), 1, b"1"), Some(packed.offset(3)));
    assert_eq!(packed.listpack_bytes(), 7 + 2 + 4 + 5 + 2 + 3 + 2);
}

#[test]
fn a_queue_does_not_grow_without_end() {
    let mut queue = packed(&[b"first"]);
    for number in 0..10_000u32 {
        queue.push_back(number.to_string().as_bytes());
        queue.remove(queue.first(), 1);
        assert!(queue.buffer.len() < 200);
    }
    for number in 0..10_000u32 {
        queue.push_front(number.to_string().as_bytes());
        queue.remove(queue.previous(queue.end()), 1);
        assert!(queue.buffer.len() < 200);
    }
    queue.verify().unwrap();
}

#[test]
fn elements_from_outside_get_their_one_encoding() {
    // "1" as text, 5 in three bytes, and an empty text.
    let foreign = Packed::from_elements(b"\x811\x02\xf1\x05\x00\x03\x80\x01").unwrap();
    foreign.verify().unwrap();
    assert_eq!(foreign.elements(), packed(&[b"1", b"5", b""]).elements());
}

#[test]
fn damaged_elements_are_noticed() {
    for damaged in [
        &b"\x05"[..],
        b"\x05\x02",
        b"\x811",
        b"\x811\x01",
        b"\x82a",
        b"\xe0",
        b"\xf0\xff\xff\xff\xff",
        b"\xff\x01",
        b"\xf5\x01",
        b"\x05\x81",
    ] {
        assert!(Packed::from_elements(damaged).is_none(), "{damaged:?}");
    }
}

proptest! {
    #[test]
    fn elements_come_back(texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20)) {
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let packed = packed(&texts);
        let again = Packed::from_elements(packed.elements()).unwrap();
        again.verify().unwrap();
        prop_assert_eq!(again.elements(), packed.elements());
        prop_assert_eq!(again.len(), packed.len());
    }

    #[test]
    fn no_elements_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(packed) = Packed::from_elements(&bytes) {
            packed.verify().unwrap();
        }
    }
}
