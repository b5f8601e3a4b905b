//! RDB: Redis's serialisation of values, as `DUMP` prints and snapshot files hold it.
//!
//! From the bottom up: [`crc64`] and [`lzf`] know bytes; [`Encoder`] and [`Decoder`] know lengths and strings;
//! [`packs`] reads the packed collections of all Redis versions; [`write_value`] and [`read_value`] know the
//! types; [`payload`] is what `DUMP` and `RESTORE` exchange; [`file`](mod@file) is a whole file. Values are written in the forms that Redis 7.0
//! and later read, and read in all forms that Redis 2.0 to 7.2 wrote.
//!
//! Bytes from outside are never trusted: every length is checked against what is really there before memory
//! is taken, packed buffers are re-made element by element, and whatever is wrong is an [`RdbError`].
//! Absent on purpose: types that Memora does not have.

pub mod crc64;
pub mod lzf;
mod decode;
mod encode;
pub mod packs;
mod sets;
mod sorted_sets;
mod value;
pub mod payload;
pub mod file;

#[cfg(test)]
mod tests;

pub use decode::{Decoder, Length};
pub use encode::Encoder;
pub use value::{Progress, read_value, value_type, write_part, write_value};

use std::io;

/// The version Memora writes: Redis 7.0's, which everything since reads.
pub const WRITTEN_VERSION: u16 = 10;

/// The newest version Memora reads: Redis 7.2's.
pub const NEWEST_VERSION: u16 = 11;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RdbError {
    /// The source failed.
    #[error("reading failed: {0}")]
    Io(io::Error),
    /// The data ends before the value does.
    #[error("the data ends too early")]
    Truncated,
    /// The data contradicts itself.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The data is of a type that Memora does not have.
    #[error("values of type {0} are not supported")]
    Unsupported(&'static str),
    /// The data has something besides keys that Memora does not have.
    #[error("{0} are not supported")]
    Foreign(&'static str),
    /// The data does not begin as a file does.
    #[error("this is no RDB file")]
    NoFile,
    /// There is a database that the configuration does not have.
    #[error("there is a database {number}, but the option databases allows {limit}")]
    Databases {
        /// The database's number.
        number: u64,
        /// So many there are.
        limit: usize,
    },
    /// The data was written by a newer Redis.
    #[error("RDB version {0} is newer than {NEWEST_VERSION}")]
    Version(u16),
    /// The checksum does not fit the data.
    #[error("the checksum is wrong")]
    Checksum,
}

impl From<io::Error> for RdbError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io(error),
        }
    }
}

/// The codes of value types, as the byte before a value.
pub mod types {
    /// A string.
    pub const STRING: u8 = 0;
    /// A list, element by element (before Redis 3.2).
    pub const LIST: u8 = 1;
    /// A set, member by member.
    pub const SET: u8 = 2;
    /// A sorted set, member by member, with scores as text (before Redis 4).
    pub const ZSET: u8 = 3;
    /// A hash, field by field.
    pub const HASH: u8 = 4;
    /// A sorted set, member by member.
    pub const ZSET_2: u8 = 5;
    /// A small hash of Redis 2.4.
    pub const HASH_ZIPMAP: u8 = 9;
    /// A small list before Redis 3.2.
    pub const LIST_ZIPLIST: u8 = 10;
    /// A small set of integers.
    pub const SET_INTSET: u8 = 11;
    /// A small sorted set before Redis 7.
    pub const ZSET_ZIPLIST: u8 = 12;
    /// A small hash before Redis 7.
    pub const HASH_ZIPLIST: u8 = 13;
    /// A list of ziplists, before Redis 7.
    pub const LIST_QUICKLIST: u8 = 14;
    /// A small hash.
    pub const HASH_LISTPACK: u8 = 16;
    /// A small sorted set.
    pub const ZSET_LISTPACK: u8 = 17;
    /// A list of listpacks and big elements.
    pub const LIST_QUICKLIST_2: u8 = 18;
    /// A small set, since Redis 7.2.
    pub const SET_LISTPACK: u8 = 20;

    /// Whether Redis 7.2 knows such a type.
    #[must_use]
    pub const fn is_known(code: u8) -> bool {
        matches!(code, 0..=7 | 9..=21)
    }

    /// The name of a type that Redis 7.2 writes and Memora does not have.
    #[must_use]
    pub const fn foreign(code: u8) -> Option<&'static str> {
        match code {
            6 | 7 => Some("module"),
            15 | 19 | 21 => Some("stream"),
            _ => None,
        }
    }
}
