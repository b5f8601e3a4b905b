//! OBJECT: how values are stored and used.
//!
//! Nothing is evicted by use, so no use is recorded: the idle time of a key is answered as zero and its
//! frequency refused, as Redis does under policies that do not count it.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{StringRef, ValueRef};
use std::marker::PhantomData;

/// A question about a key's value; there is an answer for every value.
pub(super) trait Question: Send + 'static {
    const SPEC: Spec;

    /// Answers for a key that is there.
    ///
    /// # Errors
    /// Where the fact is not known under the present policy.
    fn answer(context: &mut Context<'_>, key: Span) -> Outcome;
}

/// `OBJECT ENCODING key` and the like; null without the key
pub(super) struct Ask<Q> {
    key: Span,
    question: PhantomData<Q>,
}

impl<Q: Question> Command for Ask<Q> {
    const SPEC: Spec = Q::SPEC;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key, question: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        match context.read_unheard(self.key) {
            Some(_) => Q::answer(context, self.key),
            None => Ok(Reply::Null),
        }
    }
}

/// What the questions declare alike.
const QUESTION: Spec = Spec {
    arity: 3,
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro]).at(2)],
    group: Group::Generic,
    since: "2.2.3",
    syntax: "key",
    tips: &["nondeterministic_output"],
    ..Spec::EMPTY
};

/// OBJECT ENCODING
pub(super) struct Encoding;

impl Question for Encoding {
    const SPEC: Spec =
        Spec { name: "encoding", summary: "Tells how the value at a key is stored", ..QUESTION };

    fn answer(context: &mut Context<'_>, key: Span) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
        Ok(Reply::bulk_or_null(context.db().encoding(key, now_ms)))
    }
}

/// OBJECT FREQ
pub(super) struct Frequency;

impl Question for Frequency {
    const SPEC: Spec = Spec {
        name: "freq",
        since: "4.0.0",
        summary: "Tells how often a key is used, where that is counted",
        ..QUESTION
    };

    fn answer(_: &mut Context<'_>, _: Span) -> Outcome {
        Err(faults::NOT_LFU)
    }
}

/// OBJECT IDLETIME
pub(super) struct IdleTime;

impl Question for IdleTime {
    const SPEC: Spec = Spec {
        name: "idletime",
        summary: "Tells for how many seconds a key has not been used, where that is recorded",
        ..QUESTION
    };

    fn answer(_: &mut Context<'_>, _: Span) -> Outcome {
        Ok(Reply::ZERO)
    }
}

/// OBJECT REFCOUNT
pub(super) struct ReferenceCount;

/// Redis keeps one object for each integer below this, for all keys.
const SHARED_INTEGERS: i64 = 10_000;

/// The number of references that such an object shows.
const SHARED_REFERENCES: i64 = i32::MAX as i64;

impl Question for ReferenceCount {
    const SPEC: Spec = Spec {
        name: "refcount",
        summary: "Tells how many references to a value there are: one, and a great number for small integers",
        ..QUESTION
    };

    fn answer(context: &mut Context<'_>, key: Span) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
        Ok(Reply::Integer(match context.db().get(key, now_ms) {
            Some(ValueRef::String(StringRef::Int(0..SHARED_INTEGERS))) => SHARED_REFERENCES,
            _ => 1,
        }))
    }
}

help!(
    ObjectHelp,
    "6.2.0",
    Generic,
    [Flag::Loading, Flag::Stale],
    "OBJECT",
    [
        "ENCODING <key>",
        "    Tells how the value at <key> is stored.",
        "FREQ <key>",
        "    Tells how often <key> is used, under a policy that counts it.",
        "IDLETIME <key>",
        "    Tells for how many seconds <key> has not been used; 0 where that is not recorded.",
        "REFCOUNT <key>",
        "    Tells how many references to the value at <key> there are.",
    ]
);

const OBJECT: Spec = Spec {
    name: "object",
    arity: -2,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "Depends on subcommand",
    summary: "Looks at how values are stored",
    ..Spec::EMPTY
};

family!(Object in OBJECT {
    Encoding(Ask<Encoding>),
    Freq(Ask<Frequency>),
    Idletime(Ask<IdleTime>),
    Refcount(Ask<ReferenceCount>),
    Help(ObjectHelp),
});
