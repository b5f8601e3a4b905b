//! One file with data, opened: an RDB file, commands, or both one behind the other.

use super::plan::DataFile;
use crate::persistence::aof::Replay;
use crate::persistence::rdb::file::{FileReader, ReadOptions};
use crate::store::Builder;
use std::fs::File;
use std::io::{self, Cursor, Read};

/// How an RDB file begins.
const RDB_MAGIC: &[u8] = b"REDIS";

/// Bytes on their way in.
type Bytes = Box<dyn Read + Send>;

/// A file that is being read.
pub(super) enum Source {
    /// RDB records; commands may follow.
    Rdb(FileReader<Bytes>),
    /// Commands.
    Commands(Replay<Bytes>),
    /// Read to its end.
    Ended,
}

impl Source {
    /// Opens a file; what it holds shows in its first bytes, whatever it is called.
    ///
    /// # Errors
    /// When it cannot be read, or is no RDB file although it begins like one.
    pub(super) fn open(file: &DataFile, options: ReadOptions, builder: Builder) -> Result<Self, String> {
        let failed = |error: io::Error| format!("{}: {error}", file.path.display());
        let mut source = File::open(&file.path).map_err(failed)?;
        let mut first = Vec::new();
        source.by_ref().take(RDB_MAGIC.len() as u64).read_to_end(&mut first).map_err(failed)?;
        let is_rdb = first == RDB_MAGIC;
        let bytes: Bytes = Box::new(Cursor::new(first).chain(source));
        if !is_rdb {
            return Ok(Self::Commands(Replay::new(bytes, 0)));
        }
        let reader = FileReader::new(bytes, options, builder);
        reader.map(Self::Rdb).map_err(|error| format!("{} {error}", file.path.display()))
    }

    /// Goes on behind the end of the RDB part.
    pub(super) fn rdb_ended(self, commands_follow: bool) -> Self {
        match self {
            Self::Rdb(reader) if commands_follow => {
                let (rest, offset) = reader.into_rest();
                Self::Commands(Replay::new(Box::new(rest), offset))
            }
            _ => Self::Ended,
        }
    }

    /// How far into the file it is, bytes.
    pub(super) fn offset(&self) -> Option<u64> {
        match self {
            Self::Rdb(reader) => Some(reader.offset()),
            Self::Commands(replay) => Some(replay.offset()),
            Self::Ended => None,
        }
    }
}
