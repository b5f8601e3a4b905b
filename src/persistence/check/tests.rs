//! Reports about files whole, torn, damaged and foreign.

use super::*;
use crate::persistence::aof::units::encode;
use crate::persistence::aof::{FileKind, Manifest};
use crate::persistence::rdb::file::{WriteOptions, write};
use crate::store::{HashKey, Store};
use std::io;

const NOW_MS: u64 = 1000;

fn rdb() -> Vec<u8> {
    let mut store = Store::new(16, HashKey(1, 2));
    store.db(0).add_string(b"s", b"text".into(), Some(NOW_MS - 1));
    store.db(0).add_string(b"t", b"12".into(), Some(NOW_MS));
    let mut list = store.db_ref(0).builder().list();
    list.push(&b"e"[..]);
    store.db(9).add_value(b"l", crate::store::Value::List(list.finish()), None);
    let mut file = Vec::new();
    write(&mut file, &store.snapshot(), &WriteOptions::default(), |_, _| Ok(())).unwrap();
    file
}

fn commands(names: &[&str]) -> Vec<u8> {
    let mut log = Vec::new();
    names.iter().for_each(|name| encode(&[name.as_bytes(), b"k", b"v"], &mut log));
    log
}

#[test]
fn an_rdb_file_is_counted() {
    let file = rdb();
    let report = check_rdb(file.as_slice(), NOW_MS);
    assert!(report.is_fine() && report.has_checksum, "{report:?}");
    assert_eq!((report.version, report.keys(), report.len_bytes), (Some(10), 3, file.len() as u64));
    assert_eq!(report.fact("redis-ver").as_deref(), Some("7.2.4"));
    let zero = DatabaseReport { kinds: [("string", 2)].into(), volatile: 2, expired: 1 };
    let nine = DatabaseReport { kinds: [("list", 1)].into(), volatile: 0, expired: 0 };
    assert_eq!(report.databases, [(0, zero), (9, nine)].into());
}

#[test]
fn what_memora_does_not_have_is_counted_and_passed_over() {
    let stream = b"\0\0\0\0\0";
    let module = b"\x01\0";
    let parts: [&[u8]; 8] = [
        b"\xf5\x05a lib\xfe\x02\x0f\x01k",
        stream,
        b"\x07\x01m",
        module,
        b"\x0f\x01j",
        stream,
        b"\0\x01s",
        b"\x01y",
    ];
    let body = parts.concat();
    let file = [b"REDIS0009", body.as_slice(), b"\xff\0\0\0\0\0\0\0\0"].concat();
    let report = check_rdb(file.as_slice(), NOW_MS);
    assert!(report.problem.is_none() && !report.is_fine() && !report.has_checksum, "{report:?}");
    let found: Vec<_> =
        report.foreign.iter().map(|foreign| (foreign.what, foreign.count, foreign.first_at)).collect();
    assert_eq!(found, [("functions", 1, 9), ("stream", 2, 18), ("module", 1, 26)]);
    assert_eq!(report.foreign[1].first_key, Some((2, b"k".to_vec())));
    assert_eq!(report.databases[&2].kinds, [("module", 1), ("stream", 2), ("string", 1)].into());
}

#[test]
fn a_damaged_rdb_file_says_where() {
    let mut file = rdb();
    let len = file.len();
    let report = check_rdb(&file[..len - 9], NOW_MS);
    assert_eq!(report.problem.unwrap().at, len as u64 - 9);
    assert_eq!(report.databases.len(), 2, "what stands before is counted");
    file[30] ^= 1;
    let report = check_rdb(file.as_slice(), NOW_MS);
    assert_eq!(report.problem.unwrap().to_string(), format!("at byte {len}: the checksum is wrong"));
}

#[test]
fn commands_behind_a_preamble_are_read() {
    let preamble = rdb();
    let whole = [preamble.as_slice(), &commands(&["SET", "XADD", "xadd", "SET"])].concat();
    let report = check_aof(whole.as_slice(), NOW_MS);
    assert_eq!((report.commands, report.preamble.as_ref().unwrap().keys()), (4, 3));
    assert_eq!(report.unknown, [(b"xadd".to_vec(), 2)].into());
    assert!(report.problem.is_none() && !report.is_fine());
    let torn = &whole[..whole.len() - 1];
    let one = commands(&["SET"]).len();
    assert_eq!(check_aof(torn, NOW_MS).cut_at(), Some((whole.len() - one) as u64));
    assert_eq!(check_aof(&preamble[..50], NOW_MS).cut_at(), None, "the beginning of a base is worth nothing");
}

#[test]
fn only_the_end_of_the_last_increment_is_cut() {
    let manifest = |text: &str| Manifest::parse(text.as_bytes()).unwrap();
    let two = manifest("file b seq 1 type b\nfile i seq 1 type i\nfile j seq 2 type i\n");
    let whole = commands(&["SET"]);
    let torn = &whole[..whole.len() - 1];
    let damaged = [b"garbage", whole.as_slice()].concat();
    let check = |files: [Option<&[u8]>; 3]| {
        let open = |name: &str| {
            let place = ["b", "i", "j"].iter().position(|known| *known == name).unwrap();
            files[place].ok_or_else(|| io::ErrorKind::NotFound.into())
        };
        let report = check_log(&two, open, NOW_MS);
        (report.is_fine(), report.cut_at().map(|(file, at)| (file.name.clone(), at)))
    };
    let whole = whole.as_slice();
    assert_eq!(check([Some(whole), Some(whole), Some(whole)]), (true, None));
    assert_eq!(check([Some(whole), Some(whole), Some(torn)]), (false, Some(("j".to_owned(), 0))));
    assert_eq!(check([Some(whole), Some(torn), Some(whole)]), (false, None));
    assert_eq!(check([Some(whole), Some(torn), Some(torn)]), (false, None));
    assert_eq!(check([Some(whole), Some(whole), Some(&damaged)]), (false, None));
    assert_eq!(check([None, Some(whole), Some(torn)]), (false, None));
    assert_eq!(two.files().last().unwrap().kind, FileKind::Increment);
}
