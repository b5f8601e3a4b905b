//! Writes a whole file from snapshots.

use super::{MAGIC, opcodes};
use crate::persistence::output::{Output, Written};
use crate::persistence::rdb::lzf::Compressor;
use crate::persistence::rdb::{Encoder, WRITTEN_VERSION, value_type, write_value};
use crate::store::{Item, Snapshot, Use};
use std::io::{self, Write};

/// The version of Redis that the file claims to come from: the one Memora follows.
const REDIS_VERSION: &[u8] = b"7.2.4";

/// How a file is written, and what it says about itself.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// `rdbcompression`: whether long strings are compressed.
    pub compression: bool,
    /// `rdbchecksum`: whether a checksum stands at the end, or zeros that tell readers not to look.
    pub checksum: bool,
    /// Whether it is the base of an append-only log.
    pub aof_base: bool,
    /// Whether it says of each key how it is used; Redis does so where `maxmemory-policy` goes by that.
    pub uses: bool,
    /// When it was made, as Unix time in seconds.
    pub created_unix_s: u64,
    /// `used_memory` at that time.
    pub used_memory_bytes: u64,
}

/// Redis's defaults, for a snapshot; time and memory are zero.
impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            compression: true,
            checksum: true,
            aof_base: false,
            uses: false,
            created_unix_s: 0,
            used_memory_bytes: 0,
        }
    }
}

/// Writes all databases to `out`; the place in the slice is the database's number. As in Redis, keys past their
/// deadline are written, too. `step` is called about every [`PIECE_BYTES`](crate::persistence::output::PIECE_BYTES).
///
/// # Errors
/// Those of `out` and of `step`; what has been written is no valid file then.
pub fn write<W: Write>(
    out: W,
    databases: &[Snapshot],
    options: &WriteOptions,
    step: impl FnMut(&mut W, Written) -> io::Result<()>,
) -> io::Result<Written> {
    let compressor = options.compression.then(Compressor::default);
    let mut file = Encoder::new(Output::new(out, options.checksum, step), compressor);
    file.raw(MAGIC)?;
    file.raw(format!("{WRITTEN_VERSION:04}").as_bytes())?;
    write_facts(&mut file, options)?;
    for (number, database) in databases.iter().enumerate().filter(|(_, database)| !database.is_empty()) {
        file.raw(&[opcodes::SELECT])?;
        file.length(number as u64)?;
        file.raw(&[opcodes::RESIZE])?;
        file.length(database.len() as u64)?;
        file.length(database.volatile_len() as u64)?;
        if options.uses {
            for (item, used) in database.iter_with_uses() {
                write_item(&mut file, item, Some(used))?;
                file.get_mut().count_key();
            }
        } else {
            for item in database.iter() {
                write_item(&mut file, item, None)?;
                file.get_mut().count_key();
            }
        }
    }
    file.raw(&[opcodes::END])?;
    let checksum = file.get_mut().checksum()?;
    file.raw(&checksum.to_le_bytes())?;
    file.into_parts().0.finish()
}

fn write_facts(file: &mut Encoder<impl Write>, options: &WriteOptions) -> io::Result<()> {
    let (bits, created) = (usize::BITS.to_string(), options.created_unix_s.to_string());
    let used_memory = options.used_memory_bytes.to_string();
    let facts: [(&str, &[u8]); 5] = [
        ("redis-ver", REDIS_VERSION),
        ("redis-bits", bits.as_bytes()),
        ("ctime", created.as_bytes()),
        ("used-mem", used_memory.as_bytes()),
        ("aof-base", if options.aof_base { b"1" } else { b"0" }),
    ];
    for (name, value) in facts {
        file.raw(&[opcodes::AUX])?;
        file.bytes(name.as_bytes())?;
        file.bytes(value)?;
    }
    Ok(())
}

fn write_item(file: &mut Encoder<impl Write>, item: Item<'_>, used: Option<Use>) -> io::Result<()> {
    if let Some(deadline_ms) = item.deadline_ms {
        file.raw(&[opcodes::DEADLINE_MS])?;
        file.raw(&deadline_ms.to_le_bytes())?;
    }
    match used {
        Some(Use::IdleMs(idle_ms)) => {
            file.raw(&[opcodes::IDLE])?;
            file.length(idle_ms / 1000)?;
        }
        Some(Use::Frequency(frequency)) => file.raw(&[opcodes::FREQ, frequency])?,
        None => {}
    }
    file.raw(&[value_type(item.value)])?;
    file.bytes(item.key)?;
    write_value(file, item.value)
}
