//! Sorted sets: what is common to their commands, and the table.
//!
//! By what they do: [`add`] members, [`read`] what is known of some, read [`ranges`] and [`remove`] them, take from the
//! ends ([`pops`], and [`blocking`] forms), reckon with several sets ([`algebra`]), walk over all members or pick some
//! at random ([`walks`]). What selects members, and how they are listed, are [`selection`] and [`replies`].

pub(super) mod add;
mod algebra;
mod algebra_commands;
mod blocking;
mod pops;
mod ranges;
mod ranges_of_old;
mod read;
mod remove;
pub(super) mod replies;
mod selection;
mod walks;

use super::family::family;
use super::spec::{Flag, Group, KeyFlag, KeySpec, Spec};
use add::{Zadd, Zincrby};
use algebra_commands::{Zdiff, Zdiffstore, Zinter, Zintercard, Zinterstore, Zunion, Zunionstore};
use blocking::{Bzmpop, Bzpop};
use pops::{Highest, Lowest, Zmpop, Zpop};
use ranges::{Zrange, Zrangestore};
use ranges_of_old::{Zrangebylex, Zrangebyscore, Zrevrange, Zrevrangebylex, Zrevrangebyscore};
use read::{Zcard, Zcount, Zlexcount, Zmscore, Zrank, Zrevrank, Zscore};
use remove::{Zrem, Zremrangebylex, Zremrangebyrank, Zremrangebyscore};
use walks::{Zrandmember, Zscan};

/// What every command that reads one sorted set declares alike.
const READ: Spec = Spec {
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::SortedSet,
    ..Spec::EMPTY
};

/// What every quick one of them declares alike.
const QUICK_READ: Spec = Spec { flags: &[Flag::Readonly, Flag::Fast], ..READ };

family!(SortedSets {
    Zadd(Zadd),
    Zincrby(Zincrby),
    Zrem(Zrem),
    Zremrangebyrank(Zremrangebyrank),
    Zremrangebyscore(Zremrangebyscore),
    Zremrangebylex(Zremrangebylex),
    Zcard(Zcard),
    Zscore(Zscore),
    Zmscore(Zmscore),
    Zrank(Zrank),
    Zrevrank(Zrevrank),
    Zcount(Zcount),
    Zlexcount(Zlexcount),
    Zrange(Zrange),
    Zrangestore(Zrangestore),
    Zrevrange(Zrevrange),
    Zrangebyscore(Zrangebyscore),
    Zrevrangebyscore(Zrevrangebyscore),
    Zrangebylex(Zrangebylex),
    Zrevrangebylex(Zrevrangebylex),
    Zpopmin(Zpop<Lowest>),
    Zpopmax(Zpop<Highest>),
    Zmpop(Zmpop),
    Bzpopmin(Bzpop<Lowest>),
    Bzpopmax(Bzpop<Highest>),
    Bzmpop(Bzmpop),
    Zrandmember(Zrandmember),
    Zscan(Zscan),
    Zunion(Zunion),
    Zinter(Zinter),
    Zdiff(Zdiff),
    Zunionstore(Zunionstore),
    Zinterstore(Zinterstore),
    Zdiffstore(Zdiffstore),
    Zintercard(Zintercard),
});
