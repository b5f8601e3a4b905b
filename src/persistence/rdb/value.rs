//! Values of each type, written in one form and read in all.
//!
//! A value can be written in parts, so that a big one never keeps anybody waiting for long: what has been
//! written is a [`Progress`], worth nothing once the value has changed. A shared copy of a value or a
//! snapshot does not change.

use super::packs::{read_listpack, read_ziplist, read_zipmap, write_listpack};
use super::sets::{read_set, set_type, write_set};
use super::sorted_sets::{read_sorted_set, write_sorted_set};
use super::{Decoder, Encoder, RdbError, types};
use crate::store::{Builder, Hash, List, ListNode, Packed, Value, ValueRef};
use std::io::{self, Read, Write};

/// In a list of nodes: one big element.
const PLAIN_NODE: u64 = 1;
/// In a list of nodes: a listpack.
const PACKED_NODE: u64 = 2;

const EMPTY: RdbError = RdbError::Corrupt("a collection is empty");
const TWICE: RdbError = RdbError::Corrupt("a hash has a field twice, or one without a value");

/// How much of a value has been written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    begun: bool,
    /// Where to go on: a node's index, a table's cursor.
    pub(super) next: u64,
}

impl Progress {
    /// Whether nothing has been written; asked once.
    pub(super) fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }
}

/// The type code of the form a value is written in.
#[must_use]
pub fn value_type(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::String(_) => types::STRING,
        ValueRef::List(_) => types::LIST_QUICKLIST_2,
        ValueRef::Hash(hash) if hash.packed().is_some() => types::HASH_LISTPACK,
        ValueRef::Hash(_) => types::HASH,
        ValueRef::Set(set) => set_type(set),
        ValueRef::SortedSet(_) => types::ZSET_2,
    }
}

/// Writes a whole value, without its type code.
pub fn write_value(out: &mut Encoder<impl Write>, value: ValueRef<'_>) -> io::Result<()> {
    let mut progress = Progress::default();
    while !write_part(out, value, &mut progress, usize::MAX)? {}
    Ok(())
}

/// Writes about `elements` more elements of a value. Answers whether that was the last part.
pub fn write_part(
    out: &mut Encoder<impl Write>,
    value: ValueRef<'_>,
    progress: &mut Progress,
    elements: usize,
) -> io::Result<bool> {
    match value {
        ValueRef::String(string) => out.string(string).map(|()| true),
        ValueRef::List(list) => write_nodes(out, list, progress, elements),
        ValueRef::Hash(hash) => match hash.packed() {
            Some(packed) => out.bytes(&write_listpack(packed)).map(|()| true),
            None => write_fields(out, hash, progress, elements),
        },
        ValueRef::Set(set) => write_set(out, set, progress, elements),
        ValueRef::SortedSet(set) => write_sorted_set(out, set, progress, elements),
    }
}

fn write_nodes(
    out: &mut Encoder<impl Write>,
    list: &List,
    progress: &mut Progress,
    elements: usize,
) -> io::Result<bool> {
    if progress.begins() {
        out.length(list.nodes() as u64)?;
    }
    let mut left = elements;
    while let Some(node) = list.node(progress.next as usize).filter(|_| left > 0) {
        let len = match node {
            ListNode::Packed(packed) => {
                out.length(PACKED_NODE)?;
                out.bytes(&write_listpack(packed))?;
                packed.len()
            }
            ListNode::Plain(bytes) => {
                out.length(PLAIN_NODE)?;
                out.bytes(bytes)?;
                1
            }
        };
        left = left.saturating_sub(len);
        progress.next += 1;
    }
    Ok(progress.next as usize >= list.nodes())
}

fn write_fields(
    out: &mut Encoder<impl Write>,
    hash: &Hash,
    progress: &mut Progress,
    elements: usize,
) -> io::Result<bool> {
    if progress.begins() {
        out.length(hash.len() as u64)?;
    }
    let mut outcome = Ok(());
    progress.next = hash.scan(progress.next, elements, |field, value| {
        if outcome.is_ok() {
            outcome = out.string(field).and_then(|()| out.string(value));
        }
    });
    outcome.map(|()| progress.next == 0)
}

/// Reads a value whose type code has been read; `builder` gives it the form it has in its database.
///
/// # Errors
/// Whatever can be wrong with bytes from outside. A collection without elements is wrong, too.
pub fn read_value(input: &mut Decoder<impl Read>, code: u8, builder: &Builder) -> Result<Value, RdbError> {
    let value = match code {
        types::STRING => return input.string().map(|bytes| Value::String(bytes.into())),
        types::LIST | types::LIST_ZIPLIST | types::LIST_QUICKLIST | types::LIST_QUICKLIST_2 => {
            Value::List(read_list(input, code, builder)?)
        }
        types::HASH | types::HASH_LISTPACK | types::HASH_ZIPLIST | types::HASH_ZIPMAP => {
            Value::Hash(read_hash(input, code, builder)?)
        }
        types::SET | types::SET_INTSET | types::SET_LISTPACK => Value::Set(read_set(input, code, builder)?),
        types::ZSET | types::ZSET_2 | types::ZSET_ZIPLIST | types::ZSET_LISTPACK => {
            Value::SortedSet(read_sorted_set(input, code, builder)?)
        }
        code => {
            return Err(match types::foreign(code) {
                Some(name) => RdbError::Unsupported(name),
                None => RdbError::Corrupt("a value has an unknown type"),
            });
        }
    };
    if value.as_ref().elements() == Some(0) { Err(EMPTY) } else { Ok(value) }
}

fn read_list(input: &mut Decoder<impl Read>, code: u8, builder: &Builder) -> Result<List, RdbError> {
    let mut list = builder.list();
    if code == types::LIST_ZIPLIST {
        list.push_packed(read_ziplist(&input.string()?)?);
        return Ok(list.finish());
    }
    for _ in 0..input.length()? {
        let is_packed = match code {
            types::LIST_QUICKLIST_2 => match input.length()? {
                PLAIN_NODE => false,
                PACKED_NODE => true,
                _ => return Err(RdbError::Corrupt("a list has a node of unknown kind")),
            },
            code => code == types::LIST_QUICKLIST,
        };
        let bytes = input.string()?;
        match (is_packed, code) {
            (false, _) => list.push(bytes::Bytes::from(bytes)),
            (true, types::LIST_QUICKLIST) => list.push_packed(read_ziplist(&bytes)?),
            (true, _) => list.push_packed(read_listpack(&bytes)?),
        }
    }
    Ok(list.finish())
}

fn read_hash(input: &mut Decoder<impl Read>, code: u8, builder: &Builder) -> Result<Hash, RdbError> {
    let packed = match code {
        types::HASH_LISTPACK => read_listpack(&input.string()?)?,
        types::HASH_ZIPLIST => read_ziplist(&input.string()?)?,
        types::HASH_ZIPMAP => return hash_of(&read_zipmap(&input.string()?)?, builder),
        _ => return read_fields(input, builder),
    };
    builder.hash_from_packed(packed).ok_or(TWICE)
}

/// A zipmap knew no limit for the length of its texts, so they are added one by one.
fn hash_of(packed: &Packed, builder: &Builder) -> Result<Hash, RdbError> {
    let mut hash = builder.hash(packed.len() / 2);
    let mut texts = packed.iter();
    while let (Some(field), Some(value)) = (texts.next(), texts.next()) {
        if !hash.add(&field.to_vec(), &value.to_vec()) {
            return Err(TWICE);
        }
    }
    Ok(hash.finish())
}

fn read_fields(input: &mut Decoder<impl Read>, builder: &Builder) -> Result<Hash, RdbError> {
    let fields = input.length()?;
    let mut hash = builder.hash(usize::try_from(fields).unwrap_or(usize::MAX));
    for _ in 0..fields {
        let (field, value) = (input.string()?, input.string()?);
        if !hash.add(&field, &value) {
            return Err(TWICE);
        }
    }
    Ok(hash.finish())
}
