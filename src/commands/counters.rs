//! Numbers in strings: INCR, INCRBY, DECR, DECRBY, INCRBYFLOAT.
//!
//! How INCRBYFLOAT reckons is in `long_double`.

use super::args::Args;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::long_double::LongDouble;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{Database, Deadline, IntText, StringRef};

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
    context.changed(Class::String, "incrby", key);
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

/// `DECR key`
pub(super) struct Decr {
    key: Span,
}

impl Command for Decr {
    const SPEC: Spec = Spec {
        name: "decr",
        arity: 2,
        summary: "Takes one from the integer at a key, which starts at zero",
        syntax: "key",
        ..COUNTER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        increment(context, self.key, -1)
    }
}

/// `DECRBY key decrement`
pub(super) struct DecrBy {
    key: Span,
    increment: i64,
}

impl Command for DecrBy {
    const SPEC: Spec = Spec {
        name: "decrby",
        arity: 3,
        summary: "Takes a number from the integer at a key, which starts at zero",
        syntax: "key decrement",
        ..COUNTER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, decrement) = (args.bytes(), args.integer());
        let increment = decrement.checked_neg().unwrap_or_else(|| {
            args.fail(faults::DECREMENT_OVERFLOW);
            0
        });
        args.done(Self { key, increment })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        increment(context, self.key, self.increment)
    }
}

/// `INCRBYFLOAT key increment`
pub(super) struct IncrByFloat {
    key: Span,
    /// None for what is no number, which Redis says only after it has seen a string with a number at the key.
    increment: Option<LongDouble>,
}

impl Command for IncrByFloat {
    const SPEC: Spec = Spec {
        name: "incrbyfloat",
        arity: 3,
        since: "2.6.0",
        summary: "Adds a floating point number to the one at a key, which starts at zero",
        syntax: "key increment:double",
        ..COUNTER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, increment) = (args.bytes(), LongDouble::parse(args.word()));
        args.done(Self { key, increment })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let old = context.db().string(key, now_ms)?;
        let old = old.map_or(Some(LongDouble::ZERO), long_double).ok_or(faults::NOT_A_FLOAT)?;
        let increment = self.increment.ok_or(faults::NOT_A_FLOAT)?;
        let sum = old.checked_add(increment).ok_or(faults::NAN_OR_INFINITY)?.to_text();
        let set = |db: &mut Database| db.set_text(key, sum.as_bytes(), Deadline::Keep, now_ms);
        let replaced = context.db().again(set);
        context.effects.discard(replaced);
        context.effects.touched();
        context.changed(Class::String, "incrbyfloat", key);
        context.log([b"SET", key, sum.as_bytes(), b"KEEPTTL"]);
        Ok(Reply::bulk(sum))
    }
}

/// A stored string as a number, if it is one.
pub(super) fn long_double(string: StringRef<'_>) -> Option<LongDouble> {
    match string {
        StringRef::Int(int) => Some(int.into()),
        text => LongDouble::parse(text.text(&mut IntText::default())),
    }
}

family!(Counters {
    Incr(Incr),
    IncrBy(IncrBy),
    Decr(Decr),
    DecrBy(DecrBy),
    IncrByFloat(IncrByFloat),
});
