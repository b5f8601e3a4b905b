//! Lists: LPUSH, RPUSH, LPOP, RPOP, LLEN.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Blob, Reply, Span};
use crate::store::Side;

/// The side of the list that a command's type names.
pub(super) trait End: Send + 'static {
    const SIDE: Side;
    const PUSH: Spec;
    const POP: Spec;
}

/// What both pushing commands declare alike.
const PUSH: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
    group: Group::List,
    complexity: "O(N) where N is the number of elements",
    syntax: "key element [element ...]",
    history: &[("2.4.0", "More than one element")],
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
    history: &[("6.2.0", "Argument `count`")],
    ..Spec::EMPTY
};

/// The left end.
pub(super) struct Left;

impl End for Left {
    const SIDE: Side = Side::Front;
    const PUSH: Spec = Spec { name: "lpush", summary: "Puts elements in front of a list's first", ..PUSH };
    const POP: Spec = Spec { name: "lpop", summary: "Takes elements from the front of a list", ..POP };
}

/// The right end.
pub(super) struct Right;

impl End for Right {
    const SIDE: Side = Side::Back;
    const PUSH: Spec = Spec { name: "rpush", summary: "Puts elements behind a list's last", ..PUSH };
    const POP: Spec = Spec { name: "rpop", summary: "Takes elements from the back of a list", ..POP };
}

/// `LPUSH key element [element ...]` and RPUSH
pub(super) struct Push<E> {
    key: Span,
    elements: Rest,
    end: std::marker::PhantomData<E>,
}

impl<E: End> Command for Push<E> {
    const SPEC: Spec = E::PUSH;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, elements) = (args.bytes(), args.rest());
        args.done(Self { key, elements, end: std::marker::PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let elements = self.elements.values(argv);
        let count = elements.len() as u64;
        let len = context.db().list_or_create(argv.bytes(self.key), now_ms)?.push(E::SIDE, elements);
        context.effects.touched_times(count);
        Ok(Reply::from_count(len))
    }
}

/// `LPOP key [count]` and RPOP
pub(super) struct Pop<E> {
    key: Span,
    count: Option<u64>,
    end: std::marker::PhantomData<E>,
}

impl<E: End> Command for Pop<E> {
    const SPEC: Spec = E::POP;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        if args.left() > 1 {
            args.fail(super::faults::wrong_arity(Self::SPEC.name));
        }
        let count = (args.left() > 0).then(|| args.count());
        args.done(Self { key, count, end: std::marker::PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let Some(mut list) = context.db().list_mut(key, now_ms)? else {
            return Ok(if self.count.is_some() { Reply::NullArray } else { Reply::Null });
        };
        let Some(count) = self.count else {
            let popped = list.pop(E::SIDE).map(Blob::from);
            drop(list);
            context.effects.touched();
            return Ok(Reply::bulk_or_null(popped));
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(list.len());
        let popped: Vec<_> = (0..count).map_while(|_| list.pop(E::SIDE)).map(Reply::bulk).collect();
        drop(list);
        context.effects.touched_times(popped.len() as u64);
        Ok(Reply::Array(popped))
    }
}

/// `LLEN key`
pub(super) struct Llen {
    key: Span,
}

impl Command for Llen {
    const SPEC: Spec = Spec {
        name: "llen",
        arity: 2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        group: Group::List,
        summary: "Counts the elements of a list",
        syntax: "key",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let len = context.read_list(self.key)?.map_or(0, |list| list.len());
        Ok(Reply::from_count(len))
    }
}

family!(Lists {
    Lpush(Push<Left>),
    Rpush(Push<Right>),
    Lpop(Pop<Left>),
    Rpop(Pop<Right>),
    Llen(Llen),
});
