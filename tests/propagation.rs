//! What commands leave in the append-only log: what a real Redis writes for the same commands, and enough to come
//! to the same data again.
//!
//! Memora's side is the commands layer alone, without a server: see [`engine`].

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "propagation/beside_redis.rs"]
mod beside_redis;
#[path = "propagation/cases.rs"]
mod cases;
#[path = "propagation/engine.rs"]
#[allow(dead_code, reason = "other tests ask more of it")]
mod engine;
#[path = "oracle/generate.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod generate;
#[path = "oracle/grammar.rs"]
mod grammar;
#[path = "propagation/histories.rs"]
mod histories;
#[path = "oracle/kinds.rs"]
mod kinds;
#[path = "oracle/random.rs"]
mod random;
mod real_redis;
#[path = "oracle/rules.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod rules;
#[allow(dead_code, reason = "a client for more than is asked here")]
mod wire;
