//! Passes over what Memora does not have: for a checker, that is to say what is in a file and whether it is whole.
//!
//! The layouts follow what Redis 7.2 writes. Only lengths are read; what the parts say is not looked at.

use super::opcodes;
use crate::persistence::rdb::{Decoder, RdbError};
use std::io::Read;

/// Streams know their first entry since this type, and when a consumer was active since the other.
const STREAM_2: u8 = 19;
const STREAM_3: u8 = 21;

/// An entry's number in a stream, in bytes.
const STREAM_ID_BYTES: u64 = 16;
/// A time in milliseconds.
const TIME_BYTES: u64 = 8;

/// Passes over a value of a type that Memora does not have.
pub(super) fn value(input: &mut Decoder<impl Read>, code: u8) -> Result<(), RdbError> {
    match code {
        7 => {
            input.length()?;
            module_parts(input)
        }
        15 | STREAM_2 | STREAM_3 => stream(input, code),
        6 => Err(RdbError::Corrupt("a value of a module of Redis 4.0's test versions cannot be passed over")),
        _ => Err(RdbError::Corrupt("a value has an unknown type")),
    }
}

/// Passes over functions and what modules say besides keys.
pub(super) fn opcode(input: &mut Decoder<impl Read>, code: u8) -> Result<(), RdbError> {
    match code {
        opcodes::FUNCTION => string(input),
        opcodes::MODULE_AUX => {
            lengths(input, 3)?;
            module_parts(input)
        }
        _ => Err(RdbError::Corrupt("functions of a release candidate cannot be passed over")),
    }
}

fn string(input: &mut Decoder<impl Read>) -> Result<(), RdbError> {
    input.string().map(drop)
}

fn bytes(input: &mut Decoder<impl Read>, len: u64) -> Result<(), RdbError> {
    input.raw(len).map(drop)
}

fn lengths(input: &mut Decoder<impl Read>, count: usize) -> Result<(), RdbError> {
    (0..count).try_for_each(|_| input.length().map(drop))
}

/// A number of things, and those things.
fn many<R: Read>(
    input: &mut Decoder<R>,
    mut thing: impl FnMut(&mut Decoder<R>) -> Result<(), RdbError>,
) -> Result<(), RdbError> {
    let count = input.length()?;
    (0..count).try_for_each(|_| thing(input))
}

/// Parts that each say what they are, up to an end mark.
fn module_parts(input: &mut Decoder<impl Read>) -> Result<(), RdbError> {
    loop {
        match input.length()? {
            0 => return Ok(()),
            1 | 2 => lengths(input, 1)?,
            3 => bytes(input, 4)?,
            4 => bytes(input, 8)?,
            5 => string(input)?,
            _ => return Err(RdbError::Corrupt("a module's value has a part of unknown kind")),
        }
    }
}

fn stream<R: Read>(input: &mut Decoder<R>, code: u8) -> Result<(), RdbError> {
    many(input, |input| {
        string(input)?;
        string(input)
    })?;
    // The number of entries and the last one's number; then the first's, the last deleted one's, all ever added.
    lengths(input, if code >= STREAM_2 { 8 } else { 3 })?;
    many(input, |group| stream_group(group, code))
}

fn stream_group<R: Read>(input: &mut Decoder<R>, code: u8) -> Result<(), RdbError> {
    string(input)?;
    lengths(input, if code >= STREAM_2 { 3 } else { 2 })?;
    many(input, |pending| {
        bytes(pending, STREAM_ID_BYTES + TIME_BYTES)?;
        lengths(pending, 1)
    })?;
    many(input, |consumer| {
        string(consumer)?;
        bytes(consumer, if code >= STREAM_3 { 2 * TIME_BYTES } else { TIME_BYTES })?;
        many(consumer, |pending| bytes(pending, STREAM_ID_BYTES))
    })
}
