//! File formats: what Redis's data directories hold, pure over bytes.

pub mod aof;
