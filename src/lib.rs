//! Memora: a Redis-compatible in-memory data store built as a system of supervised actors.

pub mod actors;
pub mod commands;
pub mod config;
pub mod resp;
pub mod store;
