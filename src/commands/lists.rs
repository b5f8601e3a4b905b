//! Lists: what is common to their commands, and the table.
//!
//! By what they do: at the [`ends`], [`read`], [`change`] elements inside, [`moves`] between lists, and the [`blocking`]
//! forms.

mod blocking;
mod change;
mod ends;
mod moves;
mod read;

use super::args::Args;
use super::big_replies;
use super::family::family;
use super::faults;
use super::spec::{Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Protocol, Reply};
use crate::store::{ListMut, Side};
use blocking::{Blmove, Blmpop, BlockingPop, Brpoplpush};
use change::{Linsert, Lrem, Lset, Ltrim};
use ends::{Left, Pop, Push, PushExisting, Right};
use moves::{Lmove, Lmpop, Rpoplpush};
use read::{Lindex, Llen, Lpos, Lrange};

/// What every command that reads one list declares alike.
const READ: Spec = Spec {
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::List,
    ..Spec::EMPTY
};

/// What every command that changes elements inside a list declares alike.
const WRITE: Spec = Spec { flags: &[Flag::Write, Flag::Denyoom], group: Group::List, ..Spec::EMPTY };

/// What a push at an end is called.
fn push_event(side: Side) -> &'static str {
    if side == Side::Front { "lpush" } else { "rpush" }
}

/// What taking from an end is called.
fn pop_event(side: Side) -> &'static str {
    if side == Side::Front { "lpop" } else { "rpop" }
}

/// Reads `LEFT` or `RIGHT`.
fn side(args: &mut Args<'_>) -> Side {
    if args.option("LEFT") {
        return Side::Front;
    }
    if !args.option("RIGHT") {
        args.fail(faults::SYNTAX);
    }
    Side::Back
}

/// Takes `count` elements off an end, as far as they are there, and lists them. Answers how many there were,
/// too.
fn take(list: &mut ListMut<'_>, side: Side, count: u64, protocol: Protocol) -> (Reply, u64) {
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(list.len());
    let start = if side == Side::Front { 0 } else { list.len() - count };
    let reply = big_replies::list(list, start..start + count, side, protocol);
    list.remove_range(start, count);
    (reply, count as u64)
}

family!(Lists {
    Lpush(Push<Left>),
    Rpush(Push<Right>),
    Lpushx(PushExisting<Left>),
    Rpushx(PushExisting<Right>),
    Lpop(Pop<Left>),
    Rpop(Pop<Right>),
    Llen(Llen),
    Lrange(Lrange),
    Lindex(Lindex),
    Lpos(Lpos),
    Lset(Lset),
    Linsert(Linsert),
    Lrem(Lrem),
    Ltrim(Ltrim),
    Lmove(Lmove),
    Rpoplpush(Rpoplpush),
    Lmpop(Lmpop),
    Blpop(BlockingPop<Left>),
    Brpop(BlockingPop<Right>),
    Blmpop(Blmpop),
    Blmove(Blmove),
    Brpoplpush(Brpoplpush),
});
