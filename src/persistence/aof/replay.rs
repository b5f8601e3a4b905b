//! Reads the commands of one file of the log, batch by batch, unit by unit.
//!
//! Only whole units come out. A file that ends in the middle of one reports how many bytes are whole, so that the
//! caller can cut it there; damage in the middle reports the place and what should have stood there.

use super::scan::{Rest, scan};
use crate::resp::{Batch, Limits, RequestCodec};
use bytes::BytesMut;
use std::io::{self, Read};
use tokio_util::codec::Decoder;

/// How much is read at a time; a unit that does not fit doubles it.
const READ_BYTES: usize = 1024 * 1024;

/// Why the commands of a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file ends in the middle of a unit.
    #[error("the file ends in the middle of a unit; {whole_bytes} bytes of it are whole")]
    Torn {
        /// So many bytes, from the beginning of the file, are whole units.
        whole_bytes: u64,
    },
    /// There are bytes that no log can hold.
    #[error("at byte {at}: expected {expected}; {whole_bytes} bytes before are whole")]
    Damaged {
        /// Where, from the beginning of the file.
        at: u64,
        /// What should stand there.
        expected: &'static str,
        /// So many bytes, from the beginning of the file, are whole units.
        whole_bytes: u64,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The commands of one file.
pub struct Replay<R> {
    source: R,
    /// Read, but not yet known to be whole units.
    raw: BytesMut,
    /// Whole units, not yet decoded.
    whole: BytesMut,
    codec: RequestCodec,
    /// Where `raw` begins in the file.
    raw_at: u64,
    read_bytes: usize,
    ended: bool,
}

impl<R: Read> Replay<R> {
    /// The commands of `source`, which begins `offset` bytes into its file (behind an RDB preamble).
    pub fn new(source: R, offset: u64) -> Self {
        let limits = Limits { max_bulk_bytes: usize::MAX, authenticated: true };
        Self {
            source,
            raw: BytesMut::new(),
            whole: BytesMut::new(),
            codec: RequestCodec::new(limits),
            raw_at: offset,
            read_bytes: READ_BYTES,
            ended: false,
        }
    }

    /// How far into the file everything has been handed out or is about to be, bytes.
    pub fn offset(&self) -> u64 {
        self.raw_at - self.whole.len() as u64
    }

    /// Gives a used batch back, so that the next one costs no allocation.
    pub fn recycle(&mut self, batch: Batch) {
        self.codec.recycle(batch);
    }

    /// The next commands; none at the end of a file that ends with a whole unit.
    ///
    /// # Errors
    /// A torn end, damage, or a file that cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ReplayError> {
        loop {
            if !self.whole.is_empty() {
                if let Some(batch) = self.codec.decode(&mut self.whole)? {
                    return Ok(Some(batch));
                }
            }
            if self.ended && self.raw.is_empty() {
                return Ok(None);
            }
            self.take_whole_units()?;
        }
    }

    /// Reads on and moves the whole units over.
    fn take_whole_units(&mut self) -> Result<(), ReplayError> {
        self.read()?;
        let found = scan(&self.raw);
        let whole_bytes = self.raw_at + found.whole_bytes as u64;
        if found.whole_bytes > 0 {
            self.whole = without_remarks(self.raw.split_to(found.whole_bytes));
            self.raw_at = whole_bytes;
            self.read_bytes = READ_BYTES;
            return Ok(());
        }
        match found.rest {
            Rest::Nothing => Ok(()),
            Rest::Torn if self.ended => Err(ReplayError::Torn { whole_bytes }),
            Rest::Torn => {
                self.read_bytes = self.read_bytes.max(self.raw.len());
                Ok(())
            }
            Rest::Damaged(damage) => {
                let at = self.raw_at + damage.at as u64;
                Err(ReplayError::Damaged { at, expected: damage.expected, whole_bytes })
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let before = self.raw.len();
        self.raw.resize(before + self.read_bytes, 0);
        let mut filled = before;
        while filled < self.raw.len() {
            match self.source.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.raw.truncate(filled);
        Ok(())
    }
}

/// Whole units without the remarks between them, which are no commands.
fn without_remarks(units: BytesMut) -> BytesMut {
    let mut at = 0;
    let mut kept = BytesMut::new();
    while at < units.len() {
        let end = next_remark(&units, at);
        if at == 0 && end == units.len() {
            return units;
        }
        kept.extend_from_slice(&units[at..end]);
        let line = memchr::memchr(b'\n', &units[end..]).map_or(units.len() - end, |len| len + 1);
        at = end + line;
    }
    kept
}

/// Where the next remark begins at or behind `from`, which is the beginning of a command or a remark.
fn next_remark(units: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < units.len() && units[at] != b'#' {
        at = super::scan::command_end(units, at);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::units::encode;
    use super::*;

    fn log(commands: usize) -> Vec<u8> {
        let mut log = Vec::new();
        for number in 0..commands {
            if number % 3 == 0 {
                log.extend_from_slice(b"#TS:1700000000\r\n");
            }
            encode(&[b"SET", format!("key:{number}").as_bytes(), b"value"], &mut log);
        }
        log
    }

    fn replay(log: &[u8]) -> (usize, Result<(), ReplayError>) {
        let mut replay = Replay::new(log, 0);
        let mut commands = 0;
        loop {
            match replay.next_batch() {
                Ok(Some(batch)) => {
                    assert!(batch.error().is_none());
                    commands += batch.len();
                    replay.recycle(batch);
                }
                Ok(None) => return (commands, Ok(())),
                Err(error) => return (commands, Err(error)),
            }
        }
    }

    #[test]
    fn every_command_comes_out_and_remarks_do_not() {
        let log = log(100_000);
        assert!(log.len() > 3 * READ_BYTES);
        let (commands, end) = replay(&log);
        assert_eq!(commands, 100_000);
        assert!(end.is_ok(), "{end:?}");
    }

    #[test]
    fn a_torn_end_reports_how_much_is_whole() {
        let log = log(10);
        let (commands, end) = replay(&log[..log.len() - 3]);
        assert_eq!(commands, 9);
        let Err(ReplayError::Torn { whole_bytes }) = end else { panic!("a torn file ended with {end:?}") };
        let (commands, end) = replay(&log[..usize::try_from(whole_bytes).expect("a small file")]);
        assert_eq!((commands, end.is_ok()), (9, true));
    }

    #[test]
    fn damage_reports_its_place() {
        let mut log = log(10);
        let whole = log.len();
        log.extend_from_slice(b"garbage");
        let (commands, end) = replay(&log);
        assert_eq!(commands, 10);
        assert!(matches!(end, Err(ReplayError::Damaged { at, .. }) if at == whole as u64), "{end:?}");
    }

    #[test]
    fn a_unit_larger_than_a_read_is_found() {
        let mut log = Vec::new();
        encode(&[b"SET", b"big", &vec![b'x'; 5 * READ_BYTES]], &mut log);
        let (commands, end) = replay(&log);
        assert_eq!((commands, end.is_ok()), (1, true));
    }
}
