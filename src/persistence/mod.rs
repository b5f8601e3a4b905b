//! File formats: what Memora's data looks like outside the process, in Redis's own words.
//!
//! Everything here is pure over `Read`, `Write` and slices: who opens files, when they are written and what
//! happens when a disk is full is the actors' business.

pub mod rdb;
