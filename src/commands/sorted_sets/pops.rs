//! Taking from the ends: ZPOPMIN, ZPOPMAX, ZMPOP.

use super::remove::remove_ranks;
use super::replies::{self, Shape};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::multi_pop::MultiPop;
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Argv, Protocol, Reply, Span};
use std::marker::PhantomData;

/// The end that a command's type names.
pub(in crate::commands) trait Extreme: Send + 'static {
    const IS_HIGHEST: bool;
    const POP: Spec;
    const BLOCKING: Spec;
}

/// What ZPOPMIN and ZPOPMAX declare alike.
const POP: Spec = Spec {
    arity: -2,
    flags: &[Flag::Write, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
    group: Group::SortedSet,
    since: "5.0.0",
    complexity: "O(log(N)*M) where N is the number of members and M of those taken out",
    syntax: "key [count]",
    ..Spec::EMPTY
};

/// The end with the lowest scores.
pub(in crate::commands) struct Lowest;

impl Extreme for Lowest {
    const IS_HIGHEST: bool = false;
    const POP: Spec =
        Spec { name: "zpopmin", summary: "Takes out the members with the lowest scores", ..POP };
    const BLOCKING: Spec = Spec {
        name: "bzpopmin",
        summary: "Takes out the member with the lowest score of the first sorted set that is there, or waits for one",
        ..super::blocking::BLOCKING_POP
    };
}

/// The end with the highest scores.
pub(in crate::commands) struct Highest;

impl Extreme for Highest {
    const IS_HIGHEST: bool = true;
    const POP: Spec =
        Spec { name: "zpopmax", summary: "Takes out the members with the highest scores", ..POP };
    const BLOCKING: Spec = Spec {
        name: "bzpopmax",
        summary: "Takes out the member with the highest score of the first sorted set that is there, or waits for one",
        ..super::blocking::BLOCKING_POP
    };
}

/// Takes `count` members off an end, as far as they are there. Answers them and how many they were; nothing where
/// there is no sorted set.
pub(super) fn take(
    context: &mut Context<'_>,
    key: &[u8],
    is_highest: bool,
    count: u64,
    shape: Shape,
) -> Result<Option<(Reply, usize)>, Fault> {
    let (now_ms, protocol) = (context.now_ms, context.session().protocol);
    let Some(set) = context.db().sorted_set(key, now_ms)? else { return Ok(None) };
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(set.len());
    let ranks = if is_highest { set.len() - count..set.len() } else { 0..count };
    let reply = replies::range(set, ranks.clone(), is_highest, shape, protocol);
    if count > 0 {
        remove_ranks(context, key, ranks, pop_event(is_highest));
    }
    Ok(Some((reply, count)))
}

/// Takes the member at an end out. Answers it and its score; nothing where there is no sorted set.
pub(super) fn take_one(
    context: &mut Context<'_>,
    key: &[u8],
    is_highest: bool,
) -> Result<Option<[Reply; 2]>, Fault> {
    let now_ms = context.now_ms;
    let Some(set) = context.db().sorted_set(key, now_ms)? else { return Ok(None) };
    let rank = if is_highest { set.len() - 1 } else { 0 };
    let Some((member, score)) = set.range(rank..rank + 1, false).next() else { return Ok(None) };
    let reply = [string_reply(member), Reply::Double(score)];
    remove_ranks(context, key, rank..rank + 1, pop_event(is_highest));
    Ok(Some(reply))
}

/// What taking from an end is called.
fn pop_event(is_highest: bool) -> &'static str {
    if is_highest { "zpopmax" } else { "zpopmin" }
}

/// The name of the plain command that the log holds.
pub(super) fn pop_name(is_highest: bool) -> &'static [u8] {
    if is_highest { b"ZPOPMAX" } else { b"ZPOPMIN" }
}

/// `ZPOPMIN key [count]` and ZPOPMAX
pub(in crate::commands) struct Zpop<E> {
    key: Span,
    count: Option<u64>,
    end: PhantomData<E>,
}

impl<E: Extreme> Command for Zpop<E> {
    const SPEC: Spec = E::POP;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        if args.left() > 1 {
            return Err(faults::SYNTAX);
        }
        let count = (args.left() > 0).then(|| args.count());
        args.done(Self { key, count, end: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let key = context.argv.bytes(self.key);
        let nested = self.count.is_some() && context.session().protocol == Protocol::Resp3;
        let shape = if nested { Shape::Pairs } else { Shape::Flat };
        let taken = take(context, key, E::IS_HIGHEST, self.count.unwrap_or(1), shape)?;
        Ok(taken.map_or(Reply::EMPTY_ARRAY, |(taken, _)| taken))
    }
}

/// `ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]`
///
/// The end is whether it is the one with the highest scores.
pub(in crate::commands) struct Zmpop(MultiPop<bool>);

impl Command for Zmpop {
    const SPEC: Spec = Spec {
        name: "zmpop",
        arity: -4,
        flags: &[Flag::Write],
        keys: &[KeySpec::counted(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        group: Group::SortedSet,
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)) where K is the number of keys, N of members and M of those taken out",
        summary: "Takes members off an end of the first sorted set that is there",
        syntax: "numkeys key [key ...] <where: MIN | MAX> [COUNT count]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let command = Self::read(args);
        args.done(command)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        for key in self.keys(context.argv) {
            let taken = take(context, key, self.0.end, self.0.count, Shape::Pairs)?;
            let Some((taken, count)) = taken else { continue };
            let (name, mut digits) = (pop_name(self.0.end), itoa::Buffer::new());
            context.log([name, key, digits.format(count).as_bytes()]);
            return Ok(Reply::Array(vec![Reply::bulk(key), taken]));
        }
        Ok(Reply::NullArray)
    }
}

impl Zmpop {
    /// Reads all arguments from the number of keys on.
    pub(super) fn read(args: &mut Args<'_>) -> Self {
        Self(MultiPop::read(args, |args| {
            let is_highest = !args.option("MIN");
            if is_highest && !args.option("MAX") {
                args.fail(faults::SYNTAX);
            }
            is_highest
        }))
    }

    /// The keys.
    pub(super) fn keys<'a>(&self, argv: Argv<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.keys(argv)
    }
}
