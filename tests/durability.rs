//! The promise of the log, tried on the program: nothing acknowledged is lost, whatever ends the server.
//!
//! Servers are killed in the middle of traffic, rewrites, snapshots and loading, and started again on what they left
//! behind; directories go from Memora to a real Redis and back; files are torn and damaged. A seed decides everything
//! but the moments.
//!
//! `DURABILITY_ROUNDS` sets how often each kind of kill is tried (long runs), `DURABILITY_SEED` what the writers do,
//! and `DURABILITY_SERVER=redis` tries a real Redis instead of Memora where a test allows it, which shows whether a
//! test asks for more than Redis itself keeps.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;
#[path = "rdb_files/data.rs"]
#[allow(dead_code, reason = "made for another test as well")]
mod data;
#[path = "oracle/generate.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod generate;
#[path = "oracle/grammar.rs"]
mod grammar;
#[path = "oracle/kinds.rs"]
mod kinds;
#[path = "oracle/random.rs"]
mod random;
#[allow(dead_code, reason = "made for another test as well")]
mod real_redis;
#[path = "oracle/rules.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod rules;
#[allow(dead_code, reason = "a client for more than is asked here")]
mod wire;

// What the tests are made of.
#[path = "durability/files.rs"]
mod files;
#[path = "durability/held.rs"]
mod held;
#[path = "durability/members.rs"]
mod members;
#[path = "durability/model.rs"]
mod model;
#[path = "durability/node.rs"]
mod node;
#[path = "durability/shared.rs"]
mod shared;
#[path = "durability/traffic.rs"]
mod traffic;
#[path = "durability/verdict.rs"]
mod verdict;
#[path = "durability/writer.rs"]
mod writer;

// The tests.
#[path = "durability/damage.rs"]
mod damage;
#[cfg(target_os = "linux")]
#[path = "durability/disk_trouble.rs"]
mod disk_trouble;
#[path = "durability/endings.rs"]
mod endings;
#[path = "durability/interop.rs"]
mod interop;
#[path = "durability/kills.rs"]
mod kills;
#[cfg(unix)]
#[path = "durability/loading.rs"]
mod loading;
#[path = "durability/refusals.rs"]
mod refusals;
#[path = "durability/replay.rs"]
mod replay;
#[path = "durability/switching.rs"]
mod switching;
