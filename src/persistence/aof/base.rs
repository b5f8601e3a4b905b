//! A base written as commands, as `aof-use-rdb-preamble no` asks for: what makes the data anew.
//!
//! The commands are those of Redis's own rewrite: SET, RPUSH, HMSET, SADD and ZADD with at most
//! 64 elements each, PEXPIREAT. The other kind of base is [`rdb::file`](crate::persistence::rdb::file).

use super::units;
use crate::persistence::output::{Output, Written};
use crate::resp::number::format_double;
use crate::store::{Hash, IntText, Item, List, Set, Snapshot, SortedSet, StringRef, ValueRef};
use std::io::{self, Write};

/// Elements or fields in one command, as Redis's `AOF_REWRITE_ITEMS_PER_CMD`.
const ELEMENTS_PER_COMMAND: usize = 64;

/// Writes all databases to `out`; the place in the slice is the database's number. `timestamp_unix_s` begins the
/// file with a remark about the time, as `aof-timestamp-enabled` asks for. As in Redis, keys past their deadline are
/// written, too. `step` is called about every [`PIECE_BYTES`](crate::persistence::output::PIECE_BYTES).
///
/// ```
/// use memora::persistence::aof::base;
/// use memora::store::{HashKey, Store};
///
/// let mut store = Store::new(16, HashKey(1, 2));
/// store.db(0).add_string(b"k", b"v".into(), None);
/// let mut file = Vec::new();
/// base::write(&mut file, &store.snapshot(), None, |_file, _written| Ok(())).unwrap();
/// assert_eq!(file, b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
/// ```
///
/// # Errors
/// Those of `out` and of `step`; what has been written is no whole base then.
pub fn write<W: Write>(
    out: W,
    databases: &[Snapshot],
    timestamp_unix_s: Option<u64>,
    step: impl FnMut(&mut W, Written) -> io::Result<()>,
) -> io::Result<Written> {
    let mut file = Output::new(out, false, step);
    if let Some(time_s) = timestamp_unix_s {
        let mut remark = Vec::new();
        units::timestamp(time_s, &mut remark);
        file.write_all(&remark)?;
    }
    for (number, database) in databases.iter().enumerate().filter(|(_, database)| !database.is_empty()) {
        words(&mut file, 2)?;
        word(&mut file, b"SELECT")?;
        word(&mut file, number.to_string().as_bytes())?;
        for item in database.iter() {
            write_item(&mut file, item)?;
            file.count_key();
        }
    }
    file.finish()
}

fn write_item(file: &mut impl Write, item: Item<'_>) -> io::Result<()> {
    match item.value {
        ValueRef::String(text) => {
            words(file, 3)?;
            word(file, b"SET")?;
            word(file, item.key)?;
            string(file, text)?;
        }
        ValueRef::List(list) => write_list(file, item.key, list)?,
        ValueRef::Hash(hash) => write_hash(file, item.key, hash)?,
        ValueRef::Set(set) => write_set(file, item.key, set)?,
        ValueRef::SortedSet(set) => write_sorted_set(file, item.key, set)?,
    }
    if let Some(deadline_ms) = item.deadline_ms {
        words(file, 3)?;
        word(file, b"PEXPIREAT")?;
        word(file, item.key)?;
        word(file, itoa::Buffer::new().format(deadline_ms).as_bytes())?;
    }
    Ok(())
}

fn write_list(file: &mut impl Write, key: &[u8], list: &List) -> io::Result<()> {
    for (index, element) in list.iter().enumerate() {
        begin_command(file, b"RPUSH", key, list.len() - index, index, 1)?;
        string(file, element)?;
    }
    Ok(())
}

fn write_set(file: &mut impl Write, key: &[u8], set: &Set) -> io::Result<()> {
    for (index, member) in set.iter().enumerate() {
        begin_command(file, b"SADD", key, set.len() - index, index, 1)?;
        string(file, member.text())?;
    }
    Ok(())
}

fn write_sorted_set(file: &mut impl Write, key: &[u8], set: &SortedSet) -> io::Result<()> {
    for (index, (member, score)) in set.iter().enumerate() {
        begin_command(file, b"ZADD", key, set.len() - index, index, 2)?;
        word(file, format_double(score).as_bytes())?;
        string(file, member)?;
    }
    Ok(())
}

fn write_hash(file: &mut impl Write, key: &[u8], hash: &Hash) -> io::Result<()> {
    for (index, (field, value)) in hash.iter().enumerate() {
        begin_command(file, b"HMSET", key, hash.len() - index, index, 2)?;
        string(file, field)?;
        string(file, value)?;
    }
    Ok(())
}

/// Begins a command before the element at `index` if it is the first of one; `left` elements are to come, each of
/// `words_each` words.
fn begin_command(
    file: &mut impl Write,
    name: &[u8],
    key: &[u8],
    left: usize,
    index: usize,
    words_each: usize,
) -> io::Result<()> {
    if index % ELEMENTS_PER_COMMAND > 0 {
        return Ok(());
    }
    words(file, 2 + words_each * left.min(ELEMENTS_PER_COMMAND))?;
    word(file, name)?;
    word(file, key)
}

fn words(file: &mut impl Write, count: usize) -> io::Result<()> {
    header(file, b'*', count)
}

fn string(file: &mut impl Write, text: StringRef<'_>) -> io::Result<()> {
    word(file, text.text(&mut IntText::default()))
}

fn word(file: &mut impl Write, text: &[u8]) -> io::Result<()> {
    header(file, b'$', text.len())?;
    file.write_all(text)?;
    file.write_all(b"\r\n")
}

fn header(file: &mut impl Write, sign: u8, number: usize) -> io::Result<()> {
    file.write_all(&[sign])?;
    file.write_all(itoa::Buffer::new().format(number).as_bytes())?;
    file.write_all(b"\r\n")
}
