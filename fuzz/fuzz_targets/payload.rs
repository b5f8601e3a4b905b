//! Whatever bytes RESTORE is given, reading them neither panics nor takes more memory than they justify, and what
//! was understood is a value that holds every invariant and comes back from its own payload.
//!
//! The bytes are type code and value; version and checksum are left away, as nothing would get past them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use memora::persistence::rdb::payload::{dump, open, restore};
use memora::store::{Database, HashKey, Limits};

fuzz_target!(|body: &[u8]| {
    let _ = open(body);
    let mut database = Database::new(HashKey(1, 2), Limits::default());
    let Ok(value) = restore(body, &database.builder()) else { return };
    let payload = dump(value.as_ref());
    let again = restore(open(&payload).expect("a footer of our own"), &database.builder());
    assert_eq!(dump(again.expect("a payload of our own").as_ref()), payload);
    database.insert(b"k", value, None, 0);
    database.verify().expect("a value without faults");
});
