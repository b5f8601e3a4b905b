//! Intersection, union and difference: answered, stored, or only counted.
//!
//! As in Redis an intersection walks the smallest set, and a difference either asks the other sets for each member
//! of the first or takes their members away from it, whichever is less work. Members are looked for by the hashes
//! that the tables have. What is answered of big sets is found while the socket drains (see [`super::sieve`]).

use super::ACCESS;
use super::sieve::{self, Sieve};
use crate::commands::args::{Args, Rest};
use crate::commands::big_replies::{self, BIG_LEN};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Protocol, Reply, Span};
use crate::store::{Builder, Set, Value, ValueRef};
use std::marker::PhantomData;

/// What is made of several sets; none where there is no key.
type Sets<'s> = [Option<&'s Set>];

/// A way to combine sets.
pub(super) trait Operation: Send + 'static {
    const ANSWERED: Spec;
    const STORED: Spec;
    /// What happened to a key that the result was stored at.
    const EVENT: &'static str;

    /// The result as a reply.
    fn answer(sets: &Sets<'_>, builder: &Builder, protocol: Protocol) -> Reply;

    /// The result as a set, in the form it has in Redis 7.2.
    fn build(sets: &Sets<'_>, builder: &Builder) -> Set;
}

/// What becomes of a result.
pub(super) trait Use: Send + 'static {
    const STORES: bool;
}

/// It is answered.
pub(in crate::commands) struct Answer;

/// It is stored.
pub(in crate::commands) struct StoreIt;

impl Use for Answer {
    const STORES: bool = false;
}

impl Use for StoreIt {
    const STORES: bool = true;
}

/// `SINTER key [key ...]`, `SINTERSTORE destination key [key ...]` and the like
pub(in crate::commands) struct Combine<O, U> {
    destination: Option<Span>,
    keys: Rest,
    operation: PhantomData<(O, U)>,
}

impl<O: Operation, U: Use> Command for Combine<O, U> {
    const SPEC: Spec = if U::STORES { O::STORED } else { O::ANSWERED };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let destination = U::STORES.then(|| args.bytes());
        let keys = args.rest();
        args.done(Self { destination, keys, operation: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        check(context, self.keys.spans(argv))?;
        let (builder, protocol) = (context.db().builder(), context.session().protocol);
        let sets = peek(context, self.keys.of(argv));
        match self.destination {
            None => Ok(O::answer(&sets, &builder, protocol)),
            Some(destination) => {
                let set = O::build(&sets, &builder);
                Ok(context.store_result(destination, Value::Set(set), 1, (Class::Set, O::EVENT)))
            }
        }
    }
}

/// Looks all keys up for a reader.
///
/// # Errors
/// When one of them holds something else than a set.
fn check(context: &mut Context<'_>, keys: impl Iterator<Item = Span>) -> Result<(), Fault> {
    for key in keys {
        context.read_set(key)?;
    }
    Ok(())
}

/// The sets at keys that were [`check`]ed: all of them at once, without copying any.
fn peek<'s, 'k>(context: &'s Context<'_>, keys: impl Iterator<Item = &'k [u8]>) -> Vec<Option<&'s Set>> {
    let database = context.store.db_ref(context.clients[context.me].database);
    let set = |key| match database.peek(key, context.now_ms) {
        Some(ValueRef::Set(set)) => Some(set),
        _ => None,
    };
    keys.map(set).collect()
}

/// What all that combine sets declare alike.
const ANSWERED: Spec = Spec {
    arity: -2,
    keys: &[KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access])],
    syntax: "key [key ...]",
    tips: &["nondeterministic_output_order"],
    ..ACCESS
};

/// The same for those that store the result.
const STORED: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Denyoom],
    keys: &[
        KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]),
        KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
    ],
    group: Group::Set,
    syntax: "destination key [key ...]",
    ..Spec::EMPTY
};

const INTER_COMPLEXITY: &str = "O(N*M) where N is the size of the smallest set and M the number of sets";
const SUM_COMPLEXITY: &str = "O(N) where N is the number of members of all sets together";

/// Members of all sets.
pub(in crate::commands) struct Inter;

impl Operation for Inter {
    const ANSWERED: Spec = Spec {
        name: "sinter",
        complexity: INTER_COMPLEXITY,
        summary: "Lists the members that several sets have in common",
        ..ANSWERED
    };
    const STORED: Spec = Spec {
        name: "sinterstore",
        keys: &[
            KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update]),
            KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
        ],
        complexity: INTER_COMPLEXITY,
        summary: "Stores the members that several sets have in common",
        ..STORED
    };
    const EVENT: &'static str = "sinterstore";

    fn answer(sets: &Sets<'_>, _: &Builder, _: Protocol) -> Reply {
        let Some((smallest, others)) = smallest_first(sets) else { return Reply::Set(Vec::new()) };
        if smallest.len() >= BIG_LEN {
            return Sieve::of(smallest).keep_common(&others).reply();
        }
        let common = smallest.iter().filter(|member| others.iter().all(|set| set.has(member)));
        Reply::Set(common.map(|member| string_reply(member.text())).collect())
    }

    fn build(sets: &Sets<'_>, builder: &Builder) -> Set {
        let Some((smallest, others)) = smallest_first(sets) else { return builder.set(0).finish() };
        let mut result = if smallest.ints().is_some() { builder.set(0) } else { builder.set_packed() };
        for member in smallest.iter().filter(|member| others.iter().all(|set| set.has(member))) {
            result.add(member);
        }
        result.finish_with_ints()
    }
}

/// The smallest set and the others, the smaller ones first; none if one of them is empty.
fn smallest_first<'s>(sets: &Sets<'s>) -> Option<(&'s Set, Vec<&'s Set>)> {
    let mut others: Vec<&Set> = sets.iter().copied().collect::<Option<_>>()?;
    others.sort_by_key(|set| set.len());
    let smallest = others.remove(0);
    Some((smallest, others))
}

/// Members of any set.
pub(in crate::commands) struct Union;

impl Operation for Union {
    const ANSWERED: Spec = Spec {
        name: "sunion",
        complexity: SUM_COMPLEXITY,
        summary: "Lists the members of several sets together",
        ..ANSWERED
    };
    const STORED: Spec = Spec {
        name: "sunionstore",
        complexity: SUM_COMPLEXITY,
        summary: "Stores the members of several sets together",
        ..STORED
    };
    const EVENT: &'static str = "sunionstore";

    fn answer(sets: &Sets<'_>, builder: &Builder, protocol: Protocol) -> Reply {
        let sets: Vec<&Set> = sets.iter().copied().flatten().collect();
        match sets.as_slice() {
            [only] => big_replies::set(only, protocol),
            few if few.len() <= sieve::FEW_SETS && few.iter().any(|set| set.len() >= BIG_LEN) => {
                let stages = few.iter().enumerate().map(|(number, set)| (*set, &few[..number]));
                stages.fold(Sieve::default(), |sieve, (set, seen)| sieve.and(set, seen, false)).reply()
            }
            sets => {
                let ints = sets.iter().all(|set| set.ints().is_some());
                big_replies::set(&union(sets, builder, ints), protocol)
            }
        }
    }

    fn build(sets: &Sets<'_>, builder: &Builder) -> Set {
        let sets: Vec<&Set> = sets.iter().copied().flatten().collect();
        union(&sets, builder, true)
    }
}

/// All members, in a set that may begin as an intset.
fn union(sets: &[&Set], builder: &Builder, ints: bool) -> Set {
    let mut result = if ints { builder.set(0) } else { builder.set_table() };
    for member in sets.iter().flat_map(|set| set.iter()) {
        result.add(member);
    }
    result.finish()
}

/// Members of the first set that no other has.
pub(in crate::commands) struct Diff;

impl Operation for Diff {
    const ANSWERED: Spec = Spec {
        name: "sdiff",
        complexity: SUM_COMPLEXITY,
        summary: "Lists the members of a set that other sets do not have",
        ..ANSWERED
    };
    const STORED: Spec = Spec {
        name: "sdiffstore",
        complexity: SUM_COMPLEXITY,
        summary: "Stores the members of a set that other sets do not have",
        ..STORED
    };
    const EVENT: &'static str = "sdiffstore";

    fn answer(sets: &Sets<'_>, builder: &Builder, protocol: Protocol) -> Reply {
        let Some((first, others)) = first_and_others(sets) else { return Reply::Set(Vec::new()) };
        if others.len() <= sieve::FEW_SETS && first.len() >= BIG_LEN {
            return Sieve::default().and(first, &others, false).reply();
        }
        if takes_away(first, &others) {
            let left = remainder(first, &others, builder, first.ints().is_some());
            return big_replies::set(&left, protocol);
        }
        let left = first.iter().filter(|member| !others.iter().any(|set| set.has(member)));
        Reply::Set(left.map(|member| string_reply(member.text())).collect())
    }

    fn build(sets: &Sets<'_>, builder: &Builder) -> Set {
        let Some((first, others)) = first_and_others(sets) else { return builder.set(0).finish() };
        if takes_away(first, &others) {
            return remainder(first, &others, builder, true);
        }
        let mut result = builder.set(0);
        for member in first.iter().filter(|member| !others.iter().any(|set| set.has(member))) {
            result.add(member);
        }
        result.finish()
    }
}

/// The first set and those others that there are, the greatest first, as they are the likeliest to have a member;
/// none without the first.
fn first_and_others<'s>(sets: &Sets<'s>) -> Option<(&'s Set, Vec<&'s Set>)> {
    let (first, others) = sets.split_first()?;
    let mut others: Vec<&Set> = others.iter().copied().flatten().collect();
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    Some(((*first)?, others))
}

/// Whether to take the others' members away from the first is less work than to ask them for each of its members,
/// by Redis's estimate.
fn takes_away(first: &Set, others: &[&Set]) -> bool {
    let asked = first.len() * (1 + others.len()) / 2;
    let taken = first.len() + others.iter().map(|set| set.len()).sum::<usize>();
    asked > taken
}

/// The first set without the members of the others.
fn remainder(first: &Set, others: &[&Set], builder: &Builder, ints: bool) -> Set {
    let mut result = if ints { builder.set(0) } else { builder.set_table() };
    for member in first.iter() {
        result.add(member);
    }
    for member in others.iter().flat_map(|set| set.iter()) {
        if result.is_empty() {
            break;
        }
        result.remove(&member);
    }
    result.finish()
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(in crate::commands) struct Sintercard {
    numkeys: u32,
    /// Counting ends here; 0 is never.
    limit: usize,
}

/// Which argument is the first key.
const FIRST_KEY: usize = 2;

impl Command for Sintercard {
    const SPEC: Spec = Spec {
        name: "sintercard",
        arity: -3,
        keys: &[KeySpec::counted(&[KeyFlag::Ro, KeyFlag::Access])],
        since: "7.0.0",
        complexity: INTER_COMPLEXITY,
        summary: "Counts the members that several sets have in common",
        syntax: "numkeys key [key ...] [LIMIT limit]",
        ..ACCESS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let numkeys = args.integer_or(faults::NUMKEYS_NOT_POSITIVE);
        if numkeys < 1 {
            args.fail(faults::NUMKEYS_NOT_POSITIVE);
        } else if numkeys > args.left() as i64 {
            args.fail(faults::TOO_MANY_KEYS);
        }
        let numkeys = numkeys.clamp(0, args.left() as i64) as u32;
        for _ in 0..numkeys {
            args.bytes();
        }
        let mut limit = 0;
        while args.more() {
            if !args.option_with_value("LIMIT") {
                args.fail(faults::SYNTAX);
                break;
            }
            let number = args.integer_or(faults::LIMIT_NEGATIVE);
            limit = usize::try_from(number).unwrap_or_else(|_| {
                args.fail(faults::LIMIT_NEGATIVE);
                0
            });
        }
        args.done(Self { numkeys, limit })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        check(context, self.keys().map(|index| argv.span(index).unwrap_or_default()))?;
        let keys = self.keys().filter_map(|index| argv.get(index));
        let sets = peek(context, keys);
        let Some((smallest, others)) = smallest_first(&sets) else { return Ok(Reply::ZERO) };
        let common = smallest.iter().filter(|member| others.iter().all(|set| set.has(member)));
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        Ok(Reply::from_count(common.take(limit).count()))
    }
}

impl Sintercard {
    fn keys(&self) -> std::ops::Range<usize> {
        FIRST_KEY..FIRST_KEY + self.numkeys as usize
    }
}
