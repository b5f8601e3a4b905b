//! What a long file is written through: it gathers small pieces, counts, and lets the caller look in.
//!
//! Whoever writes a file of gigabytes on another thread wants to report how far it is, to have it synced
//! before too much waits in the system's caches, and to stop early. So after every piece that went out the
//! caller's *step* is called with the file and with what has been written; an error from it ends the writing.

use super::rdb::crc64;
use std::io::{self, Write};

/// So much is gathered before it goes out, and a step is never further away than that.
pub const PIECE_BYTES: usize = 256 * 1024;

/// How much has been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Whole keys.
    pub keys: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Gathers what is written to `W`.
pub struct Output<W, F> {
    out: W,
    gathered: Vec<u8>,
    written: Written,
    /// The CRC-64 of what went out, where one is wanted.
    checksum: Option<u64>,
    step: F,
}

impl<W: Write, F: FnMut(&mut W, Written) -> io::Result<()>> Output<W, F> {
    /// Nothing written yet; `checksum` says whether to compute one.
    pub fn new(out: W, checksum: bool, step: F) -> Self {
        Self {
            out,
            gathered: Vec::with_capacity(PIECE_BYTES),
            written: Written::default(),
            checksum: checksum.then_some(0),
            step,
        }
    }

    /// Counts a key.
    pub fn count_key(&mut self) {
        self.written.keys += 1;
    }

    /// The checksum of everything written so far; 0, as Redis means it, where none is computed.
    pub fn checksum(&mut self) -> io::Result<u64> {
        self.pass_on()?;
        Ok(self.checksum.unwrap_or(0))
    }

    /// Passes the rest on and says how much was written.
    pub fn finish(mut self) -> io::Result<Written> {
        self.pass_on()?;
        self.out.flush()?;
        Ok(self.written)
    }

    /// Lets everything gathered go out.
    fn pass_on(&mut self) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        let outcome = if gathered.is_empty() { Ok(()) } else { self.send(&gathered) };
        self.gathered = gathered;
        self.gathered.clear();
        outcome
    }

    fn send(&mut self, piece: &[u8]) -> io::Result<()> {
        self.out.write_all(piece)?;
        self.checksum = self.checksum.map(|crc| crc64::update(crc, piece));
        self.written.bytes += piece.len() as u64;
        (self.step)(&mut self.out, self.written)
    }
}

impl<W: Write, F: FnMut(&mut W, Written) -> io::Result<()>> Write for Output<W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gathered.len() + bytes.len() > PIECE_BYTES {
            self.pass_on()?;
        }
        if bytes.len() >= PIECE_BYTES {
            return bytes.chunks(PIECE_BYTES).try_for_each(|piece| self.send(piece));
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_sees_every_piece_and_can_end_the_writing() {
        let mut seen = Vec::new();
        let mut file = Vec::new();
        let mut output = Output::new(&mut file, true, |_: &mut &mut Vec<u8>, written: Written| {
            seen.push(written.bytes);
            if written.bytes > 600_000 { Err(io::Error::other("enough")) } else { Ok(()) }
        });
        output.write_all(b"head").expect("room");
        output.write_all(&vec![b'x'; PIECE_BYTES]).expect("room");
        assert_eq!(
            output.checksum().expect("room"),
            crc64::update(0, &[&b"head"[..], &vec![b'x'; PIECE_BYTES]].concat())
        );
        let error = output.write_all(&vec![b'y'; 4 * PIECE_BYTES]).expect_err("the step says no");
        assert_eq!(error.to_string(), "enough");
        drop(output);
        let piece = PIECE_BYTES as u64;
        assert_eq!(seen, [4, 4 + piece, 4 + 2 * piece, 4 + 3 * piece]);
    }
}
