//! Sorted sets: written member by member with binary scores, read in all forms.
//!
//! Also a packed one is written so: Redis packs it again when it reads it, and its packed scores are text, which
//! Memora does not keep.

use super::packs::{read_listpack, read_ziplist};
use super::value::Progress;
use super::{Decoder, Encoder, RdbError, types};
use crate::store::{Builder, Packed, SortedSet, SortedSetBuilder};
use std::io::{self, Read, Write};

/// Scores as text before Redis 4: what stands instead of the length where it is no finite number.
const NAN: u8 = 253;
const INFINITY: u8 = 254;
const NEGATIVE_INFINITY: u8 = 255;

const BAD_MEMBER: RdbError =
    RdbError::Corrupt("a sorted set has a member twice, or a score that is no number");

/// Writes about `members` more members. Answers whether those were the last.
///
/// As in Redis the highest stand first.
pub(super) fn write_sorted_set(
    out: &mut Encoder<impl Write>,
    set: &SortedSet,
    progress: &mut Progress,
    members: usize,
) -> io::Result<bool> {
    if progress.begins() {
        out.length(set.len() as u64)?;
    }
    let end = set.len() - progress.next as usize;
    let start = end.saturating_sub(members);
    for (member, score) in set.range(start..end, true) {
        out.string(member)?;
        out.raw(&score.to_le_bytes())?;
    }
    progress.next += (end - start) as u64;
    Ok(start == 0)
}

/// Reads a sorted set whose type code has been read; it may be empty.
pub(super) fn read_sorted_set(
    input: &mut Decoder<impl Read>,
    code: u8,
    builder: &Builder,
) -> Result<SortedSet, RdbError> {
    let mut set = builder.sorted_set();
    match code {
        types::ZSET_LISTPACK => add_packed(&mut set, &read_listpack(&input.string()?)?)?,
        types::ZSET_ZIPLIST => add_packed(&mut set, &read_ziplist(&input.string()?)?)?,
        _ => {
            let mut member = Vec::new();
            for _ in 0..input.length()? {
                input.string_into(&mut member)?;
                let score = match code {
                    types::ZSET => read_text_score(input)?,
                    _ => Some(f64::from_le_bytes(input.array()?)),
                };
                add(&mut set, &member, score)?;
            }
        }
    }
    Ok(set.finish())
}

fn add(set: &mut SortedSetBuilder, member: &[u8], score: Option<f64>) -> Result<(), RdbError> {
    match score.is_some_and(|score| set.add(member, score)) {
        true => Ok(()),
        false => Err(BAD_MEMBER),
    }
}

fn add_packed(set: &mut SortedSetBuilder, packed: &Packed) -> Result<(), RdbError> {
    if packed.len() % 2 == 1 {
        return Err(BAD_MEMBER);
    }
    let mut texts = packed.iter();
    while let (Some(member), Some(score)) = (texts.next(), texts.next()) {
        add(set, &member.to_vec(), parse(&score.to_vec()))?;
    }
    Ok(())
}

fn read_text_score(input: &mut Decoder<impl Read>) -> Result<Option<f64>, RdbError> {
    Ok(match input.byte()? {
        NAN => None,
        INFINITY => Some(f64::INFINITY),
        NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
        len => parse(&input.raw(u64::from(len))?),
    })
}

fn parse(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
