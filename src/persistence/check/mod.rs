//! Looks into data files without loading them: what is in them, and whether it is whole.
//!
//! [`check_rdb`] reads an RDB file, [`check_aof`] one file of an append-only log (with or without an RDB preamble),
//! [`check_log`] all files that a manifest names. Pure over [`Read`](std::io::Read): files are opened, progress
//! is shown and damage is cut off by the caller.
//!
//! ```
//! use memora::persistence::check::check_aof;
//!
//! let whole = b"*1\r\n$4\r\nPING\r\n";
//! let torn = [&whole[..], b"*2\r\n$3\r\nGE"].concat();
//! let report = check_aof(torn.as_slice(), 0);
//! assert_eq!((report.commands, report.cut_at()), (1, Some(whole.len() as u64)));
//! assert!(!report.is_fine());
//! ```

mod rdb;
mod aof;

#[cfg(test)]
mod tests;

pub use aof::{AofProblem, AofReport, FileReport, LogReport, check_aof, check_log};
pub use rdb::{DatabaseReport, Foreign, RdbReport, check_rdb};
