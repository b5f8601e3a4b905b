//! The append-only log's files, as Redis 7 lays them out.
//!
//! ```text
//! appendonlydir/
//!   appendonly.aof.manifest        which files make up the log, in which order        manifest
//!   appendonly.aof.1.base.rdb      the data at one moment, as RDB or as commands      rdb, base
//!   appendonly.aof.1.incr.aof      every change since then, as commands                units, scan
//! ```
//!
//! Pure: bytes in, facts and bytes out. Files are opened, locked and synced by the actors.

pub mod manifest;
pub mod scan;
pub mod units;
pub mod replay;
pub mod base;

pub use manifest::{FileKind, LogFile, Manifest};
pub use replay::{Replay, ReplayError};
pub use scan::{Damage, Scan, scan};
pub use units::UnitWriter;
