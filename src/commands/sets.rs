//! Sets: what is common to their commands, and the table.
//!
//! By what they do: [`read`] members, [`write`](mod@write) them, pick some at [`random`](mod@random), and set
//! [`algebra`], whose big results leave through a [`sieve`].

mod algebra;
mod random;
mod read;
mod sieve;
mod write;

use super::family::family;
use super::spec::{Flag, Group, KeyFlag, KeySpec, Spec};
use algebra::{Answer, Combine, Diff, Inter, Sintercard, StoreIt, Union};
use random::{Spop, Srandmember};
use read::{Scard, Sismember, Smembers, Smismember, Sscan};
use write::{Sadd, Smove, Srem};

/// What every command that reads one set declares alike.
const READ: Spec = Spec {
    flags: &[Flag::Readonly, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Ro])],
    group: Group::Set,
    ..Spec::EMPTY
};

/// The same for those that read its members.
const ACCESS: Spec =
    Spec { flags: &[Flag::Readonly], keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])], ..READ };

family!(Sets {
    Sadd(Sadd),
    Srem(Srem),
    Sismember(Sismember),
    Smismember(Smismember),
    Scard(Scard),
    Smembers(Smembers),
    Srandmember(Srandmember),
    Spop(Spop),
    Smove(Smove),
    Sinter(Combine<Inter, Answer>),
    Sinterstore(Combine<Inter, StoreIt>),
    Sintercard(Sintercard),
    Sunion(Combine<Union, Answer>),
    Sunionstore(Combine<Union, StoreIt>),
    Sdiff(Combine<Diff, Answer>),
    Sdiffstore(Combine<Diff, StoreIt>),
    Sscan(Sscan),
});
