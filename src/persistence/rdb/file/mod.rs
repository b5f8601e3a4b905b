//! Whole RDB files: the data of all databases at one moment, and the base of an append-only log.
//!
//! A file is magic and version (`REDIS0010`), facts about its maker (AUX), then for each database its number,
//! its size, and its keys with deadline, type and value; at last a checksum. Written is what Redis 7.0 and
//! later read; read is what Redis 2.0 to 7.2 wrote (versions 1 to 11), see <https://rdb.fnordig.de/file_format>.
//!
//! Writing works on snapshots, so that it can happen on any thread while the data changes:
//!
//! ```
//! use memora::persistence::rdb::file::{WriteOptions, write};
//! use memora::store::{HashKey, Store};
//!
//! let mut store = Store::new(16, HashKey(1, 2));
//! store.db(3).add_string(b"greeting", b"hello".into(), None);
//! let options = WriteOptions { created_unix_s: 1_700_000_000, ..WriteOptions::default() };
//! // The step may report, sync the file every few megabytes, or end the writing with an error.
//! let mut file = Vec::new();
//! let written = write(&mut file, &store.snapshot(), &options, |_file, _written| Ok(())).unwrap();
//! assert_eq!((written.keys, written.bytes), (1, file.len() as u64));
//! ```
//!
//! Reading gives record by record, so that the owner of the data can answer clients in between. Commands that
//! follow in the same file (an append-only file with a preamble) are read from what is left:
//!
//! ```
//! # use memora::persistence::rdb::file::{WriteOptions, write};
//! use memora::persistence::aof::Replay;
//! use memora::persistence::rdb::file::{FileReader, ReadOptions, Record};
//! # use memora::store::{HashKey, Store};
//! # let mut store = Store::new(16, HashKey(1, 2));
//! # store.db(3).add_string(b"greeting", b"hello".into(), None);
//! # let mut file = Vec::new();
//! # write(&mut file, &store.snapshot(), &WriteOptions::default(), |_, _| Ok(())).unwrap();
//! let mut store = Store::new(16, HashKey(3, 4));
//! let options = ReadOptions { databases: store.databases(), ..ReadOptions::default() };
//! let mut reader = FileReader::new(file.as_slice(), options, store.db_ref(0).builder())?;
//! while let Some(record) = reader.next_record()? {
//!     if let Record::Key(key) = record {
//!         let database = key.database;
//!         // A snapshot's key whose deadline has passed is left out here. Not so the key of a log's base: the
//!         // commands behind it have been logged as if it were there.
//!         if !key.insert(store.db(database)) {
//!             return Err(reader.twice());
//!         }
//!     }
//! }
//! let (rest, offset) = reader.into_rest();
//! let commands = Replay::new(rest, offset);
//! # assert_eq!(store.db_ref(3).len(), 1);
//! # drop(commands);
//! # Ok::<(), memora::persistence::rdb::file::FileError>(())
//! ```
//!
//! Absent on purpose: functions, modules and the types Memora does not have. A file with one of them is
//! refused, because the next snapshot would silently leave it out; only a checker skips them.

mod read;
mod skip;
mod source;
mod write;

#[cfg(test)]
mod tests;

pub use read::{FileReader, KeyRecord, Loaded, ReadOptions, Record};
pub use source::Rest;
pub use write::{WriteOptions, write};

use super::RdbError;
use std::fmt;

/// What every file begins with; an append-only file that does has a preamble in this format.
pub const MAGIC: &[u8; 5] = b"REDIS";

/// From this version on a checksum stands at the end.
const CHECKSUM_SINCE_VERSION: u16 = 5;

/// So much of a key is shown in a message, in bytes.
const SHOWN_KEY_MAX_BYTES: usize = 64;

/// What can stand before a key, besides the type of its value.
mod opcodes {
    /// The source of a function library of a release candidate of Redis 7.
    pub(super) const FUNCTION_PRE_GA: u8 = 246;
    /// The source of a function library.
    pub(super) const FUNCTION: u8 = 245;
    /// What a module has to say besides keys.
    pub(super) const MODULE_AUX: u8 = 247;
    /// How long the next key has not been used, in seconds.
    pub(super) const IDLE: u8 = 248;
    /// How often the next key is used.
    pub(super) const FREQ: u8 = 249;
    /// A fact about the file: name and value.
    pub(super) const AUX: u8 = 250;
    /// Number of keys in this database, and of those with a deadline.
    pub(super) const RESIZE: u8 = 251;
    /// The next key's deadline in milliseconds.
    pub(super) const DEADLINE_MS: u8 = 252;
    /// The next key's deadline in seconds.
    pub(super) const DEADLINE_S: u8 = 253;
    /// The number of the database that follows.
    pub(super) const SELECT: u8 = 254;
    /// No more keys.
    pub(super) const END: u8 = 255;
}

/// What is wrong with a file, and where.
#[derive(Debug)]
pub struct FileError {
    /// How many bytes into the file.
    pub at: u64,
    /// The number of the database and the key whose record it is, where there is one.
    pub key: Option<(usize, Vec<u8>)>,
    /// What is wrong.
    pub problem: RdbError,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}", self.at)?;
        if let Some((database, key)) = &self.key {
            let shown = &key[..key.len().min(SHOWN_KEY_MAX_BYTES)];
            let more = if shown.len() < key.len() { "…" } else { "" };
            write!(f, ", key \"{}{more}\" of database {database}", shown.escape_ascii())?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for FileError {}
