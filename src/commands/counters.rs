//! Integers in strings: INCR and INCRBY.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// What every counter command declares alike.
const COUNTER: Spec = Spec {
    flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
    group: Group::String,
    ..Spec::EMPTY
};

/// Adds to the integer at a key, zero where there is none.
fn increment(context: &mut Context<'_>, key: Span, delta: i64) -> Outcome {
    let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
    let sum = context.db().increment(key, delta, now_ms)?;
    context.effects.touched();
    Ok(Reply::Integer(sum))
}

/// `INCR key`
pub(super) struct Incr {
    key: Span,
}

impl Command for Incr {
    const SPEC: Spec = Spec {
        name: "incr",
        arity: 2,
        summary: "Adds one to the integer at a key, which starts at zero",
        syntax: "key",
        ..COUNTER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        increment(context, self.key, 1)
    }
}

/// `INCRBY key increment`
pub(super) struct IncrBy {
    key: Span,
    increment: i64,
}

impl Command for IncrBy {
    const SPEC: Spec = Spec {
        name: "incrby",
        arity: 3,
        summary: "Adds a number to the integer at a key, which starts at zero",
        syntax: "key increment",
        ..COUNTER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, increment) = (args.bytes(), args.integer());
        args.done(Self { key, increment })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        increment(context, self.key, self.increment)
    }
}

family!(Counters {
    Incr(Incr),
    IncrBy(IncrBy),
});
