//! What `DUMP` answers and `RESTORE` takes: type code, value, RDB version, checksum.
//!
//! See <https://redis.io/docs/latest/commands/dump/>. Version and checksum take ten bytes at the end, both
//! little-endian; the checksum covers everything before it.

use super::lzf::Compressor;
use super::value::{Progress, read_value, value_type, write_part};
use super::{Decoder, Encoder, NEWEST_VERSION, RdbError, WRITTEN_VERSION, crc64};
use crate::store::{Builder, Value, ValueRef};
use std::cell::Cell;

/// The version.
const VERSION_BYTES: usize = 2;
/// Version and checksum.
const FOOTER_BYTES: usize = VERSION_BYTES + size_of::<u64>();

thread_local! {
    /// One compressor for all payloads of a thread: its table is worth keeping.
    static COMPRESSOR: Cell<Option<Compressor>> = const { Cell::new(None) };
}

/// A payload that is written in parts.
pub struct PayloadWriter {
    out: Encoder<Vec<u8>>,
    progress: Progress,
}

impl PayloadWriter {
    /// Begins with the type of `value`.
    #[must_use]
    pub fn new(value: ValueRef<'_>) -> Self {
        let compressor = COMPRESSOR.take().unwrap_or_default();
        let out = Encoder::new(vec![value_type(value)], Some(compressor));
        Self { out, progress: Progress::default() }
    }

    /// Writes about `elements` more elements of the same value. Answers whether that was the last part.
    pub fn write(&mut self, value: ValueRef<'_>, elements: usize) -> bool {
        write_part(&mut self.out, value, &mut self.progress, elements).expect("a vector takes all bytes")
    }

    /// The payload.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let (mut bytes, compressor) = self.out.into_parts();
        COMPRESSOR.set(compressor);
        bytes.extend_from_slice(&WRITTEN_VERSION.to_le_bytes());
        let checksum = crc64::update(0, &bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// The payload of a value.
#[must_use]
pub fn dump(value: ValueRef<'_>) -> Vec<u8> {
    let mut writer = PayloadWriter::new(value);
    while !writer.write(value, usize::MAX) {}
    writer.finish()
}

/// Checks version and checksum. Answers type code and value.
///
/// # Errors
/// When one of them is wrong.
pub fn open(payload: &[u8]) -> Result<&[u8], RdbError> {
    let len = payload.len().checked_sub(FOOTER_BYTES).ok_or(RdbError::Truncated)?;
    let (body, footer) = payload.split_at(len);
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    if version > NEWEST_VERSION {
        return Err(RdbError::Version(version));
    }
    let checksum = crc64::update(0, &payload[..len + VERSION_BYTES]);
    if footer[VERSION_BYTES..] != checksum.to_le_bytes() {
        return Err(RdbError::Checksum);
    }
    Ok(body)
}

/// Reads the value out of what [`open`] answered. As in Redis, bytes behind the value do not matter.
///
/// # Errors
/// Whatever can be wrong with bytes from outside.
pub fn restore(body: &[u8], builder: &Builder) -> Result<Value, RdbError> {
    let mut input = Decoder::new(body);
    let code = input.byte()?;
    read_value(&mut input, code, builder)
}
