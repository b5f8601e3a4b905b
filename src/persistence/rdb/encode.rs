//! Writing lengths and strings.
//!
//! A length takes one byte (six bits), two (fourteen), five or nine; a leading `11` announces a string in a
//! special form instead: a small integer, or compressed bytes. Strings are written in the shortest form that
//! Redis would choose.

use super::lzf::Compressor;
use crate::store::{StringRef, parse_int};
use std::io::{self, Write};

/// Longer texts are not tried as integers: the longest that is one has eleven characters.
const INT_TEXT_MAX_BYTES: usize = 11;

/// Only longer strings are compressed, and only when that saves more than [`SAVING_MIN_BYTES`].
const COMPRESSED_MIN_BYTES: usize = 21;

/// Compression has to save this many bytes.
const SAVING_MIN_BYTES: usize = 4;

/// Writes lengths and strings to `W`.
pub struct Encoder<W> {
    out: W,
    compressor: Option<Compressor>,
}

impl<W: Write> Encoder<W> {
    /// Writes to `out`; long strings are compressed if there is a compressor (`rdbcompression yes`).
    pub fn new(out: W, compressor: Option<Compressor>) -> Self {
        Self { out, compressor }
    }

    /// What was written to, and the compressor for another time.
    pub fn into_parts(self) -> (W, Option<Compressor>) {
        (self.out, self.compressor)
    }

    /// Where the bytes go.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Writes a length.
    pub fn length(&mut self, length: u64) -> io::Result<()> {
        match length {
            0..0x40 => self.raw(&[length as u8]),
            0x40..0x4000 => self.raw(&(length as u16 | 0x4000).to_be_bytes()),
            0x4000..=0xFFFF_FFFF => {
                self.raw(&[0x80])?;
                self.raw(&(length as u32).to_be_bytes())
            }
            _ => {
                self.raw(&[0x81])?;
                self.raw(&length.to_be_bytes())
            }
        }
    }

    /// Writes a string of the store.
    pub fn string(&mut self, string: StringRef<'_>) -> io::Result<()> {
        match string {
            StringRef::Int(int) => self.int(int),
            StringRef::Slice(bytes) => self.bytes(bytes),
            StringRef::Shared(bytes) => self.bytes(bytes),
        }
    }

    /// Writes a string in its shortest form.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= INT_TEXT_MAX_BYTES {
            if let Some(int) = parse_int(bytes).filter(|int| i32::try_from(*int).is_ok()) {
                return self.int(int);
            }
        }
        if bytes.len() >= COMPRESSED_MIN_BYTES {
            let compressor = self.compressor.as_mut();
            let small = compressor.and_then(|lzf| lzf.compress(bytes, bytes.len() - SAVING_MIN_BYTES));
            if let Some(small) = small {
                return self.compressed(&small, bytes.len());
            }
        }
        self.plain(bytes)
    }

    fn int(&mut self, int: i64) -> io::Result<()> {
        if let Ok(int) = i8::try_from(int) {
            return self.raw(&[0xC0, int as u8]);
        }
        if let Ok(int) = i16::try_from(int) {
            let [low, high] = int.to_le_bytes();
            return self.raw(&[0xC1, low, high]);
        }
        match i32::try_from(int) {
            Ok(int) => {
                self.raw(&[0xC2])?;
                self.raw(&int.to_le_bytes())
            }
            Err(_) => self.plain(itoa::Buffer::new().format(int).as_bytes()),
        }
    }

    fn compressed(&mut self, small: &[u8], len: usize) -> io::Result<()> {
        self.raw(&[0xC3])?;
        self.length(small.len() as u64)?;
        self.length(len as u64)?;
        self.raw(small)
    }

    fn plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length(bytes.len() as u64)?;
        self.raw(bytes)
    }
}
