//! The kinds of arguments: for each, a way to make one, mostly sensible, sometimes on the edge or beyond it.

use super::random::Random;
use std::time::{SystemTime, UNIX_EPOCH};

type Make = fn(&mut Random) -> Vec<u8>;

/// The kinds by name.
const KINDS: &[(&str, Make)] = &[
    ("key", key),
    ("string", |random| key_of("s", random)),
    ("list", |random| key_of("l", random)),
    ("hash", |random| key_of("h", random)),
    ("set", |random| key_of("e", random)),
    ("sketch", |random| key_of("p", random)),
    ("zset", |random| key_of("z", random)),
    ("stream", |random| key_of("x", random)),
    ("texts", |random| key_of("y", random)),
    ("geo", |random| key_of("g", random)),
    ("score", score),
    ("bound", bound),
    ("lex", |random| {
        text_of(
            &["-", "+", "[a", "(a", "[b", "(c", "[d", "[field", "[", "(", "", "a", "[\0", "(e", "+a"],
            random,
        )
    }),
    ("longitude", |random| degrees(random, 180, &["180", "-180", "179.9999", "-179.9", "181", "x", "inf"])),
    ("latitude", |random| degrees(random, 85, &["85.05", "-85.05", "85.06", "-84.9", "0", "90"])),
    ("spot", |random| format!("p{}", random.between(0, 30)).into_bytes()),
    ("length", |random| {
        text_of(
            &["0", "1", "100", "500", "1000", "3000", "20000", "1e6", "0.5", "3e7", "-1", "x", "nan"],
            random,
        )
    }),
    ("field", field),
    ("value", value),
    ("integer", integer),
    ("float", float),
    ("count", count),
    ("index", index),
    ("offset", offset),
    ("secs", seconds),
    ("ms", milliseconds),
    ("at", |random| (now_ms() / 1000 + distance_secs(random)).to_string().into_bytes()),
    ("at_ms", |random| (now_ms() + 1000 * distance_secs(random)).to_string().into_bytes()),
    ("payload", payload),
    ("user", |_| b"default".to_vec()),
    ("bits", bits),
    ("place", place),
    ("pattern", |random| text_of(PATTERNS, random)),
    ("db", |random| text_of(DATABASES, random)),
    ("type", |random| {
        text_of(&["string", "list", "hash", "HASH", "set", "zset", "stream", "nonsense", ""], random)
    }),
    ("text", |random| text_of(&["", "hello", "a b", "name", "x\ny", "\u{e4}", "ON", "OFF"], random)),
];

const PATTERNS: &[&str] =
    &["*", "s*", "?1", "[sl]1", "[^s]*", "*1*", "", "s1", "[a-m]?", "\\*", "[", "h[", "*\\", "*?*?"];
const DATABASES: &[&str] = &["0", "0", "0", "1", "15", "16", "-1", "abc", "9999999999", "+1", ""];

/// Whether there is a kind of that name.
pub(crate) fn exists(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// A random argument of a kind.
pub(crate) fn make(kind: &str, random: &mut Random) -> Vec<u8> {
    let (_, make) =
        KINDS.iter().find(|(name, _)| *name == kind).expect("kinds are checked when syntax is read");
    make(random)
}

/// A random argument of any kind.
pub(crate) fn any(random: &mut Random) -> Vec<u8> {
    KINDS[random.below(KINDS.len())].1(random)
}

fn text_of(texts: &[&'static str], random: &mut Random) -> Vec<u8> {
    random.one(texts).as_bytes().to_vec()
}

/// A key of which most hold one type.
fn key_of(letter: &str, random: &mut Random) -> Vec<u8> {
    if random.chance(85) { format!("{letter}{}", random.between(1, 2)).into_bytes() } else { key(random) }
}

fn key(random: &mut Random) -> Vec<u8> {
    const KEYS: &[&[u8]] = &[
        b"s1",
        b"s2",
        b"l1",
        b"l2",
        b"h1",
        b"h2",
        b"e1",
        b"e2",
        b"p1",
        b"z1",
        b"x1",
        b"",
        b"\0k\xff\r\n",
        b"new",
    ];
    random.one(KEYS).to_vec()
}

/// What `DUMP` answers to small values of each type, sometimes damaged.
fn payload(random: &mut Random) -> Vec<u8> {
    const PAYLOADS: &[&[u8]] = &[
        b"\x00\xc0\x07\x0a\x00t\xcdH\xa2\x83\xab\xce\x92",
        b"\x00\x04text\x0a\x00|\xf3&m\xca\xb5\xa51",
        b"\x12\x01\x02\x10\x10\x00\x00\x00\x03\x00\x81a\x02\x81b\x02\xc3\xe8\x02\xff\x0a\x00\xc3~\xcd\xd7<\x08\xdfp",
        b"\x10\x12\x12\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x81x\x02\xff\x0a\x00x\x07Lk\xd9\xd7\x05\x1f",
        b"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\xff\xff\x05\x00\x07\x00\n\x00|\x0e5\xe2\x0f\xa6\xb1\x15",
        b"\x02\x01\x01x\n\x00\xff\xe8\x80\xbav\x0c/\x09",
        b"\x0b\x10\x04\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\xa0\x86\x01\x00\n\x001\x88b\xdf\x9e\xfd\xbc\xfd",
        b"\x02\x02\x01x\xc0\x01\n\x00\x16\xfa\xacOT<\xe1\xe9",
        b"\x00\x17HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80]f\x80b\x8d\x84\x08\n\x00\xf5\xb1\x9c\x1a>\xfeb9",
        b"\x04\x01\x01a\xc3\x09@F\x01xx\xe09\x00\x01xx\x0a\x00,#*_\xfa%s\x9a",
    ];
    let mut payload = random.one(PAYLOADS).to_vec();
    if random.chance(10) {
        let place = random.below(payload.len());
        payload[place] ^= 1 << random.below(8);
    }
    payload
}

fn field(random: &mut Random) -> Vec<u8> {
    match random.below(20) {
        0 => Vec::new(),
        1 => b"\0\xff".to_vec(),
        2 => vec![b'f'; 64 + random.below(3)],
        3..=6 => random.between(-3, 300).to_string().into_bytes(),
        _ => random.one(&["a", "b", "c", "d", "e", "field"]).as_bytes().to_vec(),
    }
}

fn value(random: &mut Random) -> Vec<u8> {
    match random.below(16) {
        0 => Vec::new(),
        1 => b"\0\xff\r\n".to_vec(),
        2 => vec![b'v'; 43 + random.below(4)],
        3 => vec![b'w'; 64 + random.below(3)],
        4 => vec![b'x'; 500 * random.below(50)],
        5 | 6 => integer(random),
        7 => float(random),
        8 => (0..random.below(12)).map(|_| u8::try_from(random.below(256)).expect("a byte")).collect(),
        9..=11 => random.between(-20, 20).to_string().into_bytes(),
        _ => random.one(&["v", "hello", "world", "a", "abc"]).as_bytes().to_vec(),
    }
}

fn score(random: &mut Random) -> Vec<u8> {
    match random.below(12) {
        0 => float(random),
        1 => integer(random),
        2 => text_of(
            &["inf", "-inf", "+inf", "nan", "-0", "1e300", "-1e300", "5e-324", "1e17", "0x1p-3"],
            random,
        ),
        3 => format!("{}.{}", random.between(-9, 9), random.between(0, 999)).into_bytes(),
        _ => random.between(-3, 6).to_string().into_bytes(),
    }
}

fn bound(random: &mut Random) -> Vec<u8> {
    let mut bound = if random.chance(25) { b"(".to_vec() } else { Vec::new() };
    match random.below(4) {
        0 => bound.extend(text_of(&["-inf", "+inf"], random)),
        _ => bound.extend(score(random)),
    }
    bound
}

/// Degrees on the map, sometimes at its limits or beyond them.
fn degrees(random: &mut Random, limit: i64, edges: &[&'static str]) -> Vec<u8> {
    match random.below(12) {
        0 => text_of(edges, random),
        1 => b"0".to_vec(),
        2..=6 => format!("{}.{:03}", random.between(10, 20), random.between(0, 999)).into_bytes(),
        _ => {
            format!("{}.{:05}", random.between(1 - limit, limit - 1), random.between(0, 99_999)).into_bytes()
        }
    }
}

fn integer(random: &mut Random) -> Vec<u8> {
    const EDGES: &[&str] = &[
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-9223372036854775809",
        "9223372036854775806",
        "-9223372036854775807",
        "4294967295",
        "4294967296",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "18446744073709551615",
        "18446744073709551616",
        "4611686018427387904",
    ];
    const WRONG: &[&str] =
        &["", " 1", "1 ", "+1", "01", "-0", "1.0", "1e3", "0x10", "abc", "-", "1\0", "--1"];
    match random.below(10) {
        0 => text_of(EDGES, random),
        1 => text_of(WRONG, random),
        2 => random.between(-1_000_000_000_000, 1_000_000_000_000).to_string().into_bytes(),
        _ => random.between(-10, 200).to_string().into_bytes(),
    }
}

fn float(random: &mut Random) -> Vec<u8> {
    const EDGES: &[&str] = &[
        "0.1",
        "-0.5",
        "1e5",
        "1E-7",
        "3.14159265358979",
        "inf",
        "-inf",
        "+inf",
        "nan",
        "1e308",
        "1e400",
        ".5",
        "5.",
        "0x1p3",
        "1e",
        "-0.0",
        " 1.5",
        "1.5 ",
        "infinity",
        "12345678901234567890",
        "0.1e-400",
        "1.7976931348623157e308",
    ];
    if random.chance(50) { integer(random) } else { text_of(EDGES, random) }
}

fn count(random: &mut Random) -> Vec<u8> {
    if random.chance(15) { integer(random) } else { random.between(-1, 6).to_string().into_bytes() }
}

fn index(random: &mut Random) -> Vec<u8> {
    if random.chance(10) { integer(random) } else { random.between(-6, 6).to_string().into_bytes() }
}

/// A place among bits or bytes; small, as the server makes room up to it.
fn offset(random: &mut Random) -> Vec<u8> {
    const EDGES: &[&str] = &["-1", "4294967296", "abc", "", "9223372036854775807", "1.5"];
    if random.chance(8) { text_of(EDGES, random) } else { random.between(0, 300).to_string().into_bytes() }
}

/// A time to live; what makes a request of it spreads them.
fn seconds(random: &mut Random) -> Vec<u8> {
    if random.chance(20) { integer(random) } else { random.between(200, 100_000).to_string().into_bytes() }
}

fn milliseconds(random: &mut Random) -> Vec<u8> {
    if random.chance(20) {
        integer(random)
    } else {
        random.between(200_000, 100_000_000).to_string().into_bytes()
    }
}

/// How far a point in time is from now: not near.
fn distance_secs(random: &mut Random) -> i64 {
    if random.chance(20) { -random.between(200, 100_000) } else { random.between(200, 100_000) }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(now.as_millis()).expect("in range for long")
}

/// The type of a field of bits.
fn bits(random: &mut Random) -> Vec<u8> {
    const EDGES: &[&str] = &["u1", "i1", "u63", "i64", "u64", "i65", "u0", "i0", "8", "x8", "u", ""];
    if random.chance(15) {
        return text_of(EDGES, random);
    }
    format!("{}{}", random.one(&["u", "i"]), random.between(1, 63)).into_bytes()
}

/// The place of a field of bits: in bits, or in fields.
fn place(random: &mut Random) -> Vec<u8> {
    let sign = random.one(&["", "#"]);
    [sign.as_bytes(), &offset(random)].concat()
}
