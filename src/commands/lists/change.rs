//! Changing elements inside a list: LSET, LINSERT, LREM, LTRIM.

use super::WRITE;
use crate::commands::args::{Args, new_string};
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::indices;
use crate::commands::spec::{Command, Flag, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{Side, parse_int};

/// `LSET key index element`
pub(in crate::commands) struct Lset {
    key: Span,
    /// Looked at only when there is a list.
    index: Span,
    element: Span,
}

impl Command for Lset {
    const SPEC: Spec = Spec {
        name: "lset",
        arity: 4,
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
        complexity: "O(N) where N is the distance from the nearer end; O(1) for both ends",
        summary: "Replaces an element by its index",
        syntax: "key index element",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, index, element) = (args.bytes(), args.bytes(), args.bytes());
        args.done(Self { key, index, element })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let mut list = context.db().list_mut(argv.bytes(self.key), now_ms)?.ok_or(faults::NO_SUCH_KEY)?;
        let index = parse_int(argv.bytes(self.index)).ok_or(faults::NOT_AN_INTEGER)?;
        let element = new_string(argv, self.element);
        // Redis makes room before it knows whether there is such an element, which OBJECT ENCODING shows.
        list.expect(1, element.as_slice().len());
        let index = indices::position(index, list.len()).ok_or(faults::INDEX_OUT_OF_RANGE)?;
        list.set(index, element);
        drop(list);
        context.effects.touched();
        context.changed_at(Class::List, "lset", self.key);
        Ok(Reply::OK)
    }
}

/// `LINSERT key BEFORE | AFTER pivot element`
pub(in crate::commands) struct Linsert {
    key: Span,
    after: bool,
    pivot: Span,
    element: Span,
}

impl Command for Linsert {
    const SPEC: Spec = Spec {
        name: "linsert",
        arity: 5,
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
        since: "2.2.0",
        complexity: "O(N) where N is the number of elements before the pivot",
        summary: "Puts an element before or behind the first one that equals a pivot",
        syntax: "key <BEFORE | AFTER> pivot element",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let after = args.option("AFTER");
        if !after && !args.option("BEFORE") {
            args.fail(faults::SYNTAX);
        }
        let (pivot, element) = (args.bytes(), args.bytes());
        args.done(Self { key, after, pivot, element })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let Some(mut list) = context.db().list_mut(argv.bytes(self.key), now_ms)? else {
            return Ok(Reply::ZERO);
        };
        let (pivot, element) = (argv.bytes(self.pivot), new_string(argv, self.element));
        // Redis makes room before it knows whether there is a pivot, which OBJECT ENCODING shows.
        list.expect(1, element.as_slice().len());
        let Some(index) = list.iter().position(|other| other == *pivot) else {
            return Ok(Reply::Integer(-1));
        };
        list.insert(index + usize::from(self.after), element);
        let len = list.len();
        drop(list);
        context.effects.touched();
        context.changed_at(Class::List, "linsert", self.key);
        Ok(Reply::from_count(len))
    }
}

/// `LREM key count element`
pub(in crate::commands) struct Lrem {
    key: Span,
    count: i64,
    element: Span,
}

impl Command for Lrem {
    const SPEC: Spec = Spec {
        name: "lrem",
        arity: 4,
        flags: &[Flag::Write],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
        complexity: "O(N) where N is the number of elements",
        summary: "Removes elements that equal one, all or some from either end",
        syntax: "key count element",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, count, element) = (args.bytes(), args.integer(), args.bytes());
        args.done(Self { key, count, element })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let Some(mut list) = context.db().list_mut(argv.bytes(self.key), now_ms)? else {
            return Ok(Reply::ZERO);
        };
        let side = if self.count < 0 { Side::Back } else { Side::Front };
        let most = if self.count == 0 { u64::MAX } else { self.count.unsigned_abs() };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let removed = list.remove_matching(argv.bytes(self.element), side, most);
        let emptied = list.is_empty();
        drop(list);
        if removed > 0 {
            context.effects.touched_times(removed as u64);
            context.taken_from(Class::List, "lrem", argv.bytes(self.key), emptied);
        }
        Ok(Reply::from_count(removed))
    }
}

/// `LTRIM key start stop`
pub(in crate::commands) struct Ltrim {
    key: Span,
    start: i64,
    stop: i64,
}

impl Command for Ltrim {
    const SPEC: Spec = Spec {
        name: "ltrim",
        arity: 4,
        flags: &[Flag::Write],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
        complexity: "O(N) where N is the number of elements removed",
        summary: "Removes all elements but those in a range",
        syntax: "key start stop",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, start, stop) = (args.bytes(), args.integer(), args.integer());
        args.done(Self { key, start, stop })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let Some(mut list) = context.db().list_mut(key, now_ms)? else { return Ok(Reply::OK) };
        let (old_len, kept) = (list.len(), indices::range(self.start, self.stop, list.len()));
        list.trim(kept.start, kept.len());
        drop(list);
        context.effects.touched_times((old_len - kept.len()) as u64);
        // As in Redis also where nothing was outside of the range.
        context.taken_from(Class::List, "ltrim", key, kept.is_empty());
        Ok(Reply::OK)
    }
}
