//! Hashes: what is common to their commands, and the table.
//!
//! By what they do: [`read`] fields, [`write`](mod@write) them, count in them ([`numbers`]), list them all ([`listing`])
//! or some of them at random ([`random`]).

mod listing;
mod numbers;
mod random;
mod read;
mod write;

use super::family::family;
use super::spec::{Flag, Group, KeyFlag, KeySpec, Spec};
use listing::{Hgetall, Hkeys, Hscan, Hvals};
use numbers::{Hincrby, Hincrbyfloat};
use random::Hrandfield;
use read::{Hexists, Hget, Hlen, Hmget, Hstrlen};
use write::{Hdel, Hmset, Hset, Hsetnx};

/// What every command that reads one hash declares alike.
const READ: Spec = Spec {
    arity: 2,
    flags: &[Flag::Readonly, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::Hash,
    since: "2.0.0",
    syntax: "key",
    ..Spec::EMPTY
};

/// What every command that sets fields of a hash declares alike.
const WRITE: Spec = Spec {
    arity: 4,
    flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
    group: Group::Hash,
    since: "2.0.0",
    ..Spec::EMPTY
};

family!(Hashes {
    Hset(Hset),
    Hmset(Hmset),
    Hsetnx(Hsetnx),
    Hget(Hget),
    Hmget(Hmget),
    Hexists(Hexists),
    Hstrlen(Hstrlen),
    Hdel(Hdel),
    Hlen(Hlen),
    Hincrby(Hincrby),
    Hincrbyfloat(Hincrbyfloat),
    Hgetall(Hgetall),
    Hkeys(Hkeys),
    Hvals(Hvals),
    Hscan(Hscan),
    Hrandfield(Hrandfield),
});
