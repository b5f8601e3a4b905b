//! Replies of every kind, made up: the same bytes are shown by both clients in every format.
//!
//! Left out are the replies about which they differ on purpose, as docs/CLI.md lists them: big numbers,
//! attributes, errors sent as strings (`!`), doubles sent with more digits than they need, and errors and statuses that are no UTF-8.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// How many replies each format is shown.
const REPLIES: usize = 400;

/// How deep they are nested: the C library takes no more than seven levels of RESP2's clients.
const DEPTH: u32 = 5;

/// So many replies, each as its bytes; the same ones in every run.
pub(crate) fn replies() -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let any = reply();
    (0..REPLIES).map(|_| any.new_tree(&mut runner).unwrap().current()).collect()
}

fn reply() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        "[ -~]{0,12}".prop_map(|text| format!("+{text}\r\n").into_bytes()),
        "[A-Z]{1,6} [ -~]{0,12}".prop_map(|text| format!("-{text}\r\n").into_bytes()),
        any::<i64>().prop_map(|number| format!(":{number}\r\n").into_bytes()),
        vec(any::<u8>(), 0..20).prop_map(|bytes| bulk(b'$', &bytes)),
        "\\PC{0,12}".prop_map(|text| bulk(b'$', text.as_bytes())),
        "\\PC{0,12}".prop_map(|text| bulk(b'=', format!("txt:{text}").as_bytes())),
        Just(b"$-1\r\n".to_vec()),
        Just(b"*-1\r\n".to_vec()),
        Just(b"_\r\n".to_vec()),
        Just(b"#t\r\n".to_vec()),
        Just(b"#f\r\n".to_vec()),
        Just(b",inf\r\n".to_vec()),
        Just(b",-inf\r\n".to_vec()),
        (-4000i32..4000).prop_map(|eighths| format!(",{}\r\n", f64::from(eighths) / 8.0).into_bytes()),
    ];
    leaf.prop_recursive(DEPTH, 64, 12, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 0..12).prop_map(|items| list(b'*', &items, items.len())),
            2 => vec(inner.clone(), 0..12).prop_map(|items| list(b'~', &items, items.len())),
            3 => vec((inner.clone(), inner), 0..11).prop_map(|pairs| {
                let items: Vec<_> = pairs.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
                list(b'%', &items, pairs.len())
            }),
        ]
    })
}

fn bulk(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind], format!("{}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn list(kind: u8, items: &[Vec<u8>], len: usize) -> Vec<u8> {
    [&[kind], format!("{len}\r\n").as_bytes(), &items.concat()].concat()
}
