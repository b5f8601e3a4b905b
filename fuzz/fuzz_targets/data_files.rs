//! Data files from anywhere: a checker and a loader end with a report or an error, and what a loader took in is
//! in order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memora::persistence::check::{check_aof, check_rdb};
use memora::persistence::rdb::file::{FileReader, ReadOptions, Record};
use memora::store::{HashKey, Store};

fuzz_target!(|bytes: &[u8]| {
    let report = check_rdb(bytes, 0);
    assert!(report.len_bytes <= bytes.len() as u64);
    if let Some(at) = check_aof(bytes, 0).cut_at() {
        assert!(check_aof(&bytes[..at as usize], 0).is_whole());
    }
    load(bytes);
});

fn load(bytes: &[u8]) {
    let mut store = Store::new(16, HashKey(1, 2));
    let options = ReadOptions { checksum: false, ..ReadOptions::default() };
    let Ok(mut reader) = FileReader::new(bytes, options, store.db_ref(0).builder()) else { return };
    while let Ok(Some(record)) = reader.next_record() {
        if let Record::Key(key) = record {
            let database = key.database;
            let _ = key.insert(store.db(database));
        }
    }
    assert!(store.verify().is_ok());
}
