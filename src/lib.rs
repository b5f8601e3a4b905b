//! Memora: a Redis-compatible in-memory data store built as a system of supervised actors.

pub mod resp;
pub mod store;
pub mod persistence;
pub mod commands;
pub mod config;
pub mod exit;
pub mod actors;
mod bind;
pub mod server;
