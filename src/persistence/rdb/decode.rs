//! Reading lengths and strings.
//!
//! A length that the data claims never takes memory by itself: buffers grow with the bytes that are really
//! there, and compressed strings are measured against what their bytes can make at most.

use super::{RdbError, lzf};
use std::io::Read;

/// Room taken for a string before any of its bytes are there, at most.
const FIRST_ROOM_BYTES: u64 = 64 * 1024;

/// A length, or the announcement of a string in a special form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many elements or bytes.
    Plain(u64),
    /// A string in this form follows.
    Special(u8),
}

/// Reads lengths and strings from `R`.
pub struct Decoder<R> {
    input: R,
    offset: u64,
    /// Compressed bytes, before they are what they stand for.
    small: Vec<u8>,
}

impl<R: Read> Decoder<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, small: Vec::new() }
    }

    /// Where the bytes come from.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// Where the bytes come from, with what has not been read.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// How many bytes have been read, to say where something is wrong.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// When there is none or the source fails, as everywhere below.
    pub fn byte(&mut self) -> Result<u8, RdbError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Reads `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.offset += N as u64;
        Ok(bytes)
    }

    /// Reads `len` bytes.
    pub fn raw(&mut self, len: u64) -> Result<Vec<u8>, RdbError> {
        let mut bytes = Vec::new();
        self.raw_into(len, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads `len` bytes into `room`, whatever it held before.
    fn raw_into(&mut self, len: u64, room: &mut Vec<u8>) -> Result<(), RdbError> {
        room.clear();
        if len <= FIRST_ROOM_BYTES {
            room.resize(len as usize, 0);
            self.input.read_exact(room)?;
            self.offset += len;
            return Ok(());
        }
        let mut left = len;
        while left > 0 {
            // Twice as much each time, but never more than it will be: big strings are kept in this very buffer.
            let step = left.min((room.len() as u64).max(FIRST_ROOM_BYTES));
            room.reserve_exact(step as usize);
            let read = self.input.by_ref().take(step).read_to_end(room)? as u64;
            self.offset += read;
            if read < step {
                return Err(RdbError::Truncated);
            }
            left -= step;
        }
        Ok(())
    }

    /// Reads a length or the announcement of a special string.
    pub fn length_or_special(&mut self) -> Result<Length, RdbError> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Length::Plain(u64::from(first)),
            1 => Length::Plain(u64::from(u16::from_be_bytes([first & 0x3F, self.byte()?]))),
            3 => Length::Special(first & 0x3F),
            _ if first == 0x80 => Length::Plain(u64::from(u32::from_be_bytes(self.array()?))),
            _ if first == 0x81 => Length::Plain(u64::from_be_bytes(self.array()?)),
            _ => return Err(RdbError::Corrupt("a length has an unknown form")),
        })
    }

    /// Reads a length where nothing else may stand.
    pub fn length(&mut self) -> Result<u64, RdbError> {
        match self.length_or_special()? {
            Length::Plain(length) => Ok(length),
            Length::Special(_) => Err(RdbError::Corrupt("a string stands where a length should")),
        }
    }

    /// Reads a string in any form.
    pub fn string(&mut self) -> Result<Vec<u8>, RdbError> {
        let mut text = Vec::new();
        self.string_into(&mut text)?;
        Ok(text)
    }

    /// Reads a string in any form into `room`, whatever it held before.
    pub fn string_into(&mut self, room: &mut Vec<u8>) -> Result<(), RdbError> {
        match self.length_or_special()? {
            Length::Plain(len) => self.raw_into(len, room)?,
            Length::Special(0) => text(i8::from_le_bytes(self.array()?), room),
            Length::Special(1) => text(i16::from_le_bytes(self.array()?), room),
            Length::Special(2) => text(i32::from_le_bytes(self.array()?), room),
            Length::Special(3) => self.compressed(room)?,
            Length::Special(_) => return Err(RdbError::Corrupt("a string has an unknown form")),
        }
        Ok(())
    }

    fn compressed(&mut self, room: &mut Vec<u8>) -> Result<(), RdbError> {
        let (small_len, len) = (self.length()?, self.length()?);
        let mut small = std::mem::take(&mut self.small);
        let outcome = self.raw_into(small_len, &mut small);
        let decompressed = outcome
            .map(|()| usize::try_from(len).ok().and_then(|len| lzf::decompress_into(&small, len, room)));
        // A rare big one must not stay.
        if small.len() as u64 <= FIRST_ROOM_BYTES {
            self.small = small;
        }
        decompressed?.ok_or(RdbError::Corrupt("a compressed string is damaged"))
    }
}

fn text(int: impl itoa::Integer, room: &mut Vec<u8>) {
    room.clear();
    room.extend_from_slice(itoa::Buffer::new().format(int).as_bytes());
}
