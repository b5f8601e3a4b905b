//! Elements on their way: LMOVE and RPOPLPUSH from list to list, LMPOP from the first list that has some.

use super::{pop_event, push_event, side, take};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::multi_pop::MultiPop;
use crate::commands::spec::{Command, Deprecated, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Argv, Blob, Reply, Span};
use crate::store::{Database, Side, StoreError};
use bytes::Bytes;

/// `LMOVE source destination LEFT | RIGHT LEFT | RIGHT`
pub(in crate::commands) struct Lmove {
    pub(super) source: Span,
    pub(super) destination: Span,
    pub(super) from: Side,
    pub(super) to: Side,
}

/// What both moving commands declare alike.
const MOVE: Spec = Spec {
    flags: &[Flag::Write, Flag::Denyoom],
    keys: &[
        KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
        KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert]).at(2),
    ],
    group: Group::List,
    ..Spec::EMPTY
};

impl Command for Lmove {
    const SPEC: Spec = Spec {
        name: "lmove",
        arity: 5,
        since: "6.2.0",
        summary: "Takes an element from an end of a list and puts it at an end of another",
        syntax: "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT>",
        ..MOVE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination) = (args.bytes(), args.bytes());
        let (from, to) = (side(args), side(args));
        args.done(Self { source, destination, from, to })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let (source, destination) = (argv.bytes(self.source), argv.bytes(self.destination));
        let db = context.db();
        if db.list(source, now_ms)?.is_some() {
            db.list(destination, now_ms)?;
        }
        let Some((moved, emptied)) = db.again(|db| self.shift(db, source, destination, now_ms))? else {
            return Ok(Reply::Null);
        };
        context.effects.touched();
        context.changed(Class::List, push_event(self.to), destination);
        context.taken_from(Class::List, pop_event(self.from), source, emptied);
        Ok(Reply::bulk(Blob::from(moved)))
    }
}

impl Lmove {
    /// Moves an element. Answers it, and whether it was the last one.
    fn shift(
        &self,
        db: &mut Database,
        source: &[u8],
        destination: &[u8],
        now_ms: u64,
    ) -> Result<Option<(Bytes, bool)>, StoreError> {
        let Some(mut list) = db.list_mut(source, now_ms)? else { return Ok(None) };
        let moved = if source == destination { list.rotate(self.from, self.to) } else { list.pop(self.from) };
        let emptied = list.is_empty();
        drop(list);
        let moved = moved.expect("no list in a database is empty");
        if source != destination {
            db.list_or_create(destination, now_ms)?.push(self.to, [moved.clone().into()]);
        }
        Ok(Some((moved, emptied)))
    }
}

/// `RPOPLPUSH source destination`
pub(in crate::commands) struct Rpoplpush(Lmove);

impl Command for Rpoplpush {
    const SPEC: Spec = Spec {
        name: "rpoplpush",
        arity: 3,
        since: "1.2.0",
        summary: "Takes the last element of a list and puts it in front of another",
        syntax: "source destination",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`LMOVE` with the arguments `RIGHT` and `LEFT`",
        }),
        ..MOVE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination) = (args.bytes(), args.bytes());
        args.done(Self(Lmove { source, destination, from: Side::Back, to: Side::Front }))
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.run(context)
    }
}

/// `LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]`
pub(in crate::commands) struct Lmpop(MultiPop<Side>);

impl Command for Lmpop {
    const SPEC: Spec = Spec {
        name: "lmpop",
        arity: -4,
        flags: &[Flag::Write],
        keys: &[KeySpec::counted(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        group: Group::List,
        since: "7.0.0",
        complexity: "O(N+M) where N is the number of keys and M the number of elements returned",
        summary: "Takes elements from an end of the first list that is there",
        syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let command = Self::read(args);
        args.done(command)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (now_ms, protocol) = (context.now_ms, context.session().protocol);
        for key in self.keys(context.argv) {
            let Some(mut list) = context.db().list_mut(key, now_ms)? else { continue };
            let (taken, count) = take(&mut list, self.0.end, self.0.count, protocol);
            let emptied = list.is_empty();
            drop(list);
            context.effects.touched_times(count);
            context.taken_from(Class::List, pop_event(self.0.end), key, emptied);
            let pop: &[u8] = if self.0.end == Side::Front { b"LPOP" } else { b"RPOP" };
            context.log([pop, key, itoa::Buffer::new().format(count).as_bytes()]);
            return Ok(Reply::Array(vec![Reply::bulk(key), taken]));
        }
        Ok(Reply::NullArray)
    }
}

impl Lmpop {
    /// Reads all arguments from the number of keys on.
    pub(super) fn read(args: &mut Args<'_>) -> Self {
        Self(MultiPop::read(args, side))
    }

    /// The keys.
    pub(super) fn keys<'a>(&self, argv: Argv<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.keys(argv)
    }
}
