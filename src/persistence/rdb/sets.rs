//! Sets: written member by member or as an intset, read in all forms.
//!
//! A packed set is written member by member as well: its own form came with Redis 7.2, and Redis 7.0 is to read
//! what is written here.

use super::packs::read_listpack;
use super::value::Progress;
use super::{Decoder, Encoder, RdbError, types};
use crate::store::{Builder, Intset, Set, StringRef};
use std::io::{self, Read, Write};

/// The size of an element and the number of elements, four bytes each, stand before an intset's elements.
const INTSET_HEADER_BYTES: usize = 8;

const TWICE: RdbError = RdbError::Corrupt("a set has a member twice");
const BAD_INTSET: RdbError = RdbError::Corrupt("an intset is damaged");

/// The type code of the form a set is written in.
pub(super) fn set_type(set: &Set) -> u8 {
    if set.ints().is_some() { types::SET_INTSET } else { types::SET }
}

/// Writes about `members` more members. Answers whether those were the last.
pub(super) fn write_set(
    out: &mut Encoder<impl Write>,
    set: &Set,
    progress: &mut Progress,
    members: usize,
) -> io::Result<bool> {
    if let Some(ints) = set.ints() {
        return out.bytes(&write_intset(ints)).map(|()| true);
    }
    if progress.begins() {
        out.length(set.len() as u64)?;
    }
    let mut outcome = Ok(());
    progress.next = set.scan(progress.next, members, |member| {
        if outcome.is_ok() {
            outcome = out.string(member.text());
        }
    });
    outcome.map(|()| progress.next == 0)
}

/// Reads a set whose type code has been read; it may be empty.
pub(super) fn read_set(input: &mut Decoder<impl Read>, code: u8, builder: &Builder) -> Result<Set, RdbError> {
    match code {
        types::SET_INTSET => {
            read_intset(&input.string()?).map(|ints| builder.set_from_intset(ints)).ok_or(BAD_INTSET)
        }
        types::SET_LISTPACK => builder.set_from_packed(read_listpack(&input.string()?)?).ok_or(TWICE),
        _ => read_members(input, builder),
    }
}

fn read_members(input: &mut Decoder<impl Read>, builder: &Builder) -> Result<Set, RdbError> {
    let members = input.length()?;
    let mut set = builder.set(usize::try_from(members).unwrap_or(usize::MAX));
    let mut text = Vec::new();
    for _ in 0..members {
        input.string_into(&mut text)?;
        if !set.add(StringRef::Slice(&text)) {
            return Err(TWICE);
        }
    }
    Ok(set.finish())
}

fn write_intset(ints: &Intset) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(INTSET_HEADER_BYTES + ints.as_bytes().len());
    bytes.extend_from_slice(&(ints.width_bytes() as u32).to_le_bytes());
    bytes.extend_from_slice(&(ints.len() as u32).to_le_bytes());
    bytes.extend_from_slice(ints.as_bytes());
    bytes
}

fn read_intset(bytes: &[u8]) -> Option<Intset> {
    let (header, elements) = bytes.split_at_checked(INTSET_HEADER_BYTES)?;
    let [width, len] = [&header[..4], &header[4..]]
        .map(|number| u32::from_le_bytes(number.try_into().expect("each half of the header has four bytes")));
    let ints = Intset::from_parts(width as usize, elements)?;
    (ints.len() == len as usize).then_some(ints)
}
