//! Both ends of a list: LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP.

use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Blob, Reply, Span};
use crate::store::Side;
use std::marker::PhantomData;

/// The side of the list that a command's type names.
pub(in crate::commands) trait End: Send + 'static {
    const SIDE: Side;
    const PUSH: Spec;
    const PUSH_EXISTING: Spec;
    const POP: Spec;
}

/// What all pushing commands declare alike.
const PUSH: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
    group: Group::List,
    complexity: "O(N) where N is the number of elements",
    syntax: "key element [element ...]",
    history: &[("2.4.0", "Several elements at once")],
    ..Spec::EMPTY
};

/// What both popping commands declare alike.
const POP: Spec = Spec {
    arity: -2,
    flags: &[Flag::Write, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
    group: Group::List,
    complexity: "O(N) where N is the number of elements returned",
    syntax: "key [count]",
    history: &[("6.2.0", "The argument `count`")],
    ..Spec::EMPTY
};

/// The left end.
pub(in crate::commands) struct Left;

impl End for Left {
    const SIDE: Side = Side::Front;
    const PUSH: Spec = Spec { name: "lpush", summary: "Puts elements in front of a list's first", ..PUSH };
    const PUSH_EXISTING: Spec = Spec {
        name: "lpushx",
        since: "2.2.0",
        history: &[("4.0.0", "Several elements at once")],
        summary: "Puts elements in front of a list's first, but makes no list",
        ..PUSH
    };
    const POP: Spec = Spec { name: "lpop", summary: "Takes elements from the front of a list", ..POP };
}

/// The right end.
pub(in crate::commands) struct Right;

impl End for Right {
    const SIDE: Side = Side::Back;
    const PUSH: Spec = Spec { name: "rpush", summary: "Puts elements behind a list's last", ..PUSH };
    const PUSH_EXISTING: Spec = Spec {
        name: "rpushx",
        since: "2.2.0",
        history: &[("4.0.0", "Several elements at once")],
        summary: "Puts elements behind a list's last, but makes no list",
        ..PUSH
    };
    const POP: Spec = Spec { name: "rpop", summary: "Takes elements from the back of a list", ..POP };
}

/// `LPUSH key element [element ...]` and RPUSH
pub(in crate::commands) struct Push<E> {
    key: Span,
    elements: Rest,
    end: PhantomData<E>,
}

impl<E: End> Command for Push<E> {
    const SPEC: Spec = E::PUSH;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, elements) = (args.bytes(), args.rest());
        args.done(Self { key, elements, end: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let elements = self.elements.values(argv);
        let count = elements.len() as u64;
        let len = context.db().list_or_create(argv.bytes(self.key), now_ms)?.push(E::SIDE, elements);
        context.effects.touched_times(count);
        context.changed_at(Class::List, super::push_event(E::SIDE), self.key);
        Ok(Reply::from_count(len))
    }
}

/// `LPUSHX key element [element ...]` and RPUSHX
pub(in crate::commands) struct PushExisting<E>(Push<E>);

impl<E: End> Command for PushExisting<E> {
    const SPEC: Spec = E::PUSH_EXISTING;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Push::parse(args).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if context.exists(self.0.key) { self.0.run(context) } else { Ok(Reply::ZERO) }
    }
}

/// `LPOP key [count]` and RPOP
pub(in crate::commands) struct Pop<E> {
    key: Span,
    count: Option<u64>,
    end: PhantomData<E>,
}

impl<E: End> Command for Pop<E> {
    const SPEC: Spec = E::POP;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        if args.left() > 1 {
            args.fail(faults::wrong_arity(Self::SPEC.name));
        }
        let count = (args.left() > 0).then(|| args.count());
        args.done(Self { key, count, end: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let protocol = context.session().protocol;
        let Some(mut list) = context.db().list_mut(key, now_ms)? else {
            return Ok(if self.count.is_some() { Reply::NullArray } else { Reply::Null });
        };
        let (reply, count) = match self.count {
            None => (Reply::bulk_or_null(list.pop(E::SIDE).map(Blob::from)), 1),
            Some(count) => super::take(&mut list, E::SIDE, count, protocol),
        };
        let emptied = list.is_empty();
        drop(list);
        if count > 0 {
            context.effects.touched_times(count);
            context.taken_from(Class::List, super::pop_event(E::SIDE), key, emptied);
        }
        Ok(reply)
    }
}
