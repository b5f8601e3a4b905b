//! Parts of strings: APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE.

use super::args::Args;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Deprecated, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{BIG_ARGUMENT_BYTES, Reply, Span};
use crate::store::{IntText, StringRef, ValueRef};
use std::marker::PhantomData;
use std::ops::Range;

/// Parts of at least this size are shared with the string. A smaller one is copied, because a string that is
/// shared would have to be copied whole before it is changed in place.
const SHARED_PART_MIN_BYTES: usize = BIG_ARGUMENT_BYTES;

/// `APPEND key value`
pub(super) struct Append {
    key: Span,
    value: Span,
}

impl Command for Append {
    const SPEC: Spec = Spec {
        name: "append",
        arity: 3,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
        group: Group::String,
        since: "2.0.0",
        complexity: "O(1) for a short value, amortized: the room for a string that grows is doubled",
        summary: "Appends to the string at a key, which starts empty",
        syntax: "key value",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, value) = (args.bytes(), args.bytes());
        args.done(Self { key, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, value, now_ms) =
            (context.argv.bytes(self.key), context.argv.bytes(self.value), context.now_ms);
        let max_bytes = context.config.proto_max_bulk_len;
        let len = context.db().append(key, value, max_bytes, now_ms)?;
        context.effects.touched();
        context.changed(Class::String, "append", key);
        Ok(Reply::from_count(len))
    }
}

/// `STRLEN key`
pub(super) struct Strlen {
    key: Span,
}

impl Command for Strlen {
    const SPEC: Spec = Spec {
        name: "strlen",
        arity: 2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        group: Group::String,
        since: "2.2.0",
        summary: "Returns the length of the string at a key in bytes",
        syntax: "key",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        match context.read(self.key) {
            Some(ValueRef::String(string)) => Ok(Reply::from_count(string.len())),
            Some(_) => Err(faults::WRONG_TYPE),
            None => Ok(Reply::ZERO),
        }
    }
}

/// The two names of one command.
pub(super) trait Name: Send + 'static {
    const SPEC: Spec;
}

/// What both declare alike.
const PART: Spec = Spec {
    arity: 4,
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::String,
    complexity: "O(N) where N is the length of the part",
    summary: "Returns a part of the string at a key",
    syntax: "key start end",
    ..Spec::EMPTY
};

/// The name of today.
pub(super) struct Getrange;

impl Name for Getrange {
    const SPEC: Spec = Spec { name: "getrange", since: "2.4.0", ..PART };
}

/// The name it had first.
pub(super) struct Substr;

impl Name for Substr {
    const SPEC: Spec = Spec {
        name: "substr",
        deprecated: Some(Deprecated { since: "2.0.0", replaced_by: "`GETRANGE`" }),
        ..PART
    };
}

/// `GETRANGE key start end` and SUBSTR
pub(super) struct GetRange<N> {
    key: Span,
    start: i64,
    end: i64,
    name: PhantomData<N>,
}

impl<N: Name> Command for GetRange<N> {
    const SPEC: Spec = N::SPEC;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, start, end) = (args.bytes(), args.integer(), args.integer());
        args.done(Self { key, start, end, name: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        match context.read(self.key) {
            Some(ValueRef::String(string)) => Ok(part(string, range(self.start, self.end, string.len()))),
            Some(_) => Err(faults::WRONG_TYPE),
            None => Ok(Reply::bulk(b"")),
        }
    }
}

/// What `start` and `end` mean for a string of `len` bytes: both count from zero, negative ones from behind, and
/// the end is included.
fn range(start: i64, end: i64, len: usize) -> Range<usize> {
    if start < 0 && end < 0 && start > end || len == 0 {
        return 0..0;
    }
    let at = |index: i64| match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => len.saturating_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let (start, end) = (at(start), at(end).min(len - 1) + 1);
    start.min(end)..end
}

fn part(string: StringRef<'_>, range: Range<usize>) -> Reply {
    match string {
        StringRef::Shared(bytes) if range.len() >= SHARED_PART_MIN_BYTES => Reply::bulk(bytes.slice(range)),
        other => Reply::bulk(&other.text(&mut IntText::default())[range]),
    }
}

/// `SETRANGE key offset value`
pub(super) struct SetRange {
    key: Span,
    offset: usize,
    value: Span,
}

impl Command for SetRange {
    const SPEC: Spec = Spec {
        name: "setrange",
        arity: 4,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
        group: Group::String,
        since: "2.2.0",
        complexity: "O(N) where N is the length of the value, and of the zero bytes before it where the string was shorter",
        summary: "Overwrites a part of the string at a key, which is made longer where needed",
        syntax: "key offset value",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, offset, value) = (args.bytes(), args.integer(), args.bytes());
        if offset < 0 {
            args.fail(faults::OFFSET_OUT_OF_RANGE);
        }
        // An offset that no memory can have is refused as too long when the command runs.
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        args.done(Self { key, offset, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, value, now_ms) =
            (context.argv.bytes(self.key), context.argv.bytes(self.value), context.now_ms);
        let max_bytes = context.config.proto_max_bulk_len;
        let len = context.db().set_range(key, self.offset, value, max_bytes, now_ms)?;
        if !value.is_empty() {
            context.effects.touched();
            context.changed(Class::String, "setrange", key);
        }
        Ok(Reply::from_count(len))
    }
}

family!(Substrings {
    Append(Append),
    Strlen(Strlen),
    GetRange(GetRange<Getrange>),
    Substr(GetRange<Substr>),
    SetRange(SetRange),
});
