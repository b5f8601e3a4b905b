//! File formats: what Redis's data directories hold, pure over bytes.
//!
//! `rdb` serialises values and whole databases, `aof` is the append-only log with its manifest, `check` looks into
//! both without loading them. Nothing here opens a file or knows an actor.

pub mod rdb;
pub mod output;
pub mod aof;
pub mod check;
