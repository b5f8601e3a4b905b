//! Numbers in hashes: HINCRBY, HINCRBYFLOAT.

use super::WRITE;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::counters::long_double;
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::long_double::LongDouble;
use crate::commands::spec::{Command, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// `HINCRBY key field increment`
pub(in crate::commands) struct Hincrby {
    key: Span,
    field: Span,
    increment: i64,
}

/// What both commands declare alike.
const COUNT: Spec = Spec {
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
    syntax: "key field increment",
    ..WRITE
};

impl Command for Hincrby {
    const SPEC: Spec =
        Spec { name: "hincrby", summary: "Adds an integer to the one in a hash's field", ..COUNT };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, field, increment) = (args.bytes(), args.bytes(), args.integer());
        args.done(Self { key, field, increment })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let field = argv.bytes(self.field);
        let mut hash = context.db().hash_or_create(argv.bytes(self.key), now_ms)?;
        let old = match hash.get(field) {
            Some(value) => value.as_int().ok_or(faults::HASH_VALUE_NOT_AN_INTEGER)?,
            None => 0,
        };
        let sum = old.checked_add(self.increment).ok_or(faults::OVERFLOW)?;
        hash.set(field, itoa::Buffer::new().format(sum).as_bytes());
        drop(hash);
        context.effects.touched();
        context.changed_at(Class::Hash, "hincrby", self.key);
        Ok(Reply::Integer(sum))
    }
}

/// `HINCRBYFLOAT key field increment`
pub(in crate::commands) struct Hincrbyfloat {
    key: Span,
    field: Span,
    increment: LongDouble,
}

impl Command for Hincrbyfloat {
    const SPEC: Spec = Spec {
        name: "hincrbyfloat",
        since: "2.6.0",
        summary: "Adds a floating point number to the one in a hash's field",
        syntax: "key field increment:double",
        ..COUNT
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, field) = (args.bytes(), args.bytes());
        let increment = LongDouble::parse(args.word()).ok_or(faults::NOT_A_FLOAT)?;
        if !increment.is_finite() {
            args.fail(faults::INCREMENT_NOT_FINITE);
        }
        args.done(Self { key, field, increment })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let field = argv.bytes(self.field);
        let mut hash = context.db().hash_or_create(argv.bytes(self.key), now_ms)?;
        let old = match hash.get(field) {
            Some(value) => long_double(value).ok_or(faults::HASH_VALUE_NOT_A_FLOAT)?,
            None => LongDouble::ZERO,
        };
        let sum = old.checked_add(self.increment).ok_or(faults::NAN_OR_INFINITY)?.to_text();
        hash.set(field, sum.as_bytes());
        drop(hash);
        context.effects.touched();
        context.changed_at(Class::Hash, "hincrbyfloat", self.key);
        context.log([b"HSET", argv.bytes(self.key), field, sum.as_bytes()]);
        Ok(Reply::bulk(sum))
    }
}
