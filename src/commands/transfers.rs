//! Keys under another name or in another database: RENAME, RENAMENX, COPY, MOVE, SWAPDB.
//!
//! A key takes its time to live along, whatever the one it replaces had.

use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// The key a value is taken away from.
const SOURCE: KeySpec = KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]);

/// `RENAME key newkey`, and RENAMENX where `NX` is true
pub(super) struct Rename<const NX: bool> {
    key: Span,
    new_key: Span,
}

const RENAME: Spec = Spec {
    name: "rename",
    arity: 3,
    flags: &[Flag::Write],
    keys: &[SOURCE, KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).at(2)],
    group: Group::Generic,
    summary: "Gives a key another name, also one that is taken",
    syntax: "key newkey",
    ..Spec::EMPTY
};

const RENAMENX: Spec = Spec {
    name: "renamenx",
    flags: &[Flag::Write, Flag::Fast],
    keys: &[SOURCE, KeySpec::one(&[KeyFlag::Ow, KeyFlag::Insert]).at(2)],
    summary: "Gives a key another name unless that is taken",
    history: &[("3.2.0", "No error for two equal names")],
    ..RENAME
};

impl<const NX: bool> Command for Rename<NX> {
    const SPEC: Spec = if NX { RENAMENX } else { RENAME };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, new_key) = (args.bytes(), args.bytes());
        args.done(Self { key, new_key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let (key, new_key) = (argv.bytes(self.key), argv.bytes(self.new_key));
        let db = context.db();
        if !db.contains(key, now_ms) {
            return Err(faults::NO_SUCH_KEY);
        }
        if key == new_key || NX && db.touch(new_key, now_ms) {
            db.touch(key, now_ms);
            return Ok(if NX { Reply::ZERO } else { Reply::OK });
        }
        if let Some(detached) = db.remove(key, now_ms) {
            let replaced = db.put(new_key, detached, now_ms);
            context.effects.discard(replaced);
        }
        context.effects.touched();
        context.changed(Class::Generic, "rename_from", key);
        context.changed(Class::Generic, "rename_to", new_key);
        Ok(if NX { Reply::ONE } else { Reply::OK })
    }
}

/// `COPY source destination [DB destination-db] [REPLACE]`
pub(super) struct Copy {
    source: Span,
    destination: Span,
    database: Option<i64>,
    /// The greatest number given, negative ones counting as the greatest: every one has to be a database.
    greatest: u64,
    replace: bool,
    /// What is wrong behind the numbers, which have the first say.
    rest: Result<(), Fault>,
}

impl Command for Copy {
    const SPEC: Spec = Spec {
        name: "copy",
        arity: -3,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).at(2),
        ],
        group: Group::Generic,
        since: "6.2.0",
        complexity: "O(N) at worst, where N is the size of the value; parts of big values are shared until changed",
        summary: "Copies a value with its time to live to another key",
        syntax: "source destination [DB destination-db] [REPLACE]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination) = (args.bytes(), args.bytes());
        let (mut database, mut greatest, mut replace) = (None, 0, false);
        while args.more() {
            if args.option("REPLACE") {
                replace = true;
            } else if args.option_with_value("DB") {
                let number = args.int32();
                if args.fault().is_none() {
                    database = Some(number);
                    greatest = (number as u64).max(greatest);
                }
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        let rest = args.done(());
        match rest {
            Err(fault) if database.is_none() => Err(fault),
            rest => Ok(Self { source, destination, database, greatest, replace, rest }),
        }
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let (source, destination) = (argv.bytes(self.source), argv.bytes(self.destination));
        let own = context.session().database;
        context.database(i64::try_from(self.greatest).unwrap_or(i64::MAX))?;
        let target = self.database.map_or(Ok(own), |number| context.database(number))?;
        self.rest.clone()?;
        if own == target && source == destination {
            return Err(faults::SAME_OBJECT);
        }
        if context.read(self.source).is_none()
            || context.other_db(target).touch(destination, now_ms) && !self.replace
        {
            return Ok(Reply::ZERO);
        }
        if let Some(copy) = context.db().duplicate(source, now_ms) {
            let replaced = context.other_db(target).put(destination, copy, now_ms);
            context.effects.discard(replaced);
        }
        context.effects.touched();
        context.changed_in(target, Class::Generic, "copy_to", destination);
        Ok(Reply::ONE)
    }
}

/// `MOVE key db`
pub(super) struct Move {
    key: Span,
    database: i64,
}

impl Command for Move {
    const SPEC: Spec = Spec {
        name: "move",
        arity: 3,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        group: Group::Generic,
        summary: "Moves a key to another database unless that has it already",
        syntax: "key db",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, database) = (args.bytes(), args.int32());
        args.done(Self { key, database })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let target = context.database(self.database)?;
        if target == context.session().database {
            return Err(faults::SAME_OBJECT);
        }
        if !context.db().contains(key, now_ms) {
            return Ok(Reply::ZERO);
        }
        if context.other_db(target).touch(key, now_ms) {
            context.touch(self.key);
            return Ok(Reply::ZERO);
        }
        if let Some(detached) = context.db().remove(key, now_ms) {
            context.other_db(target).put(key, detached, now_ms);
        }
        context.effects.touched();
        context.changed(Class::Generic, "move_from", key);
        context.changed_in(target, Class::Generic, "move_to", key);
        Ok(Reply::ONE)
    }
}

/// `SWAPDB index1 index2`
pub(super) struct Swapdb {
    one: i64,
    other: i64,
}

impl Command for Swapdb {
    const SPEC: Spec = Spec {
        name: "swapdb",
        arity: 3,
        flags: &[Flag::Write, Flag::Fast],
        categories: &[Category::Keyspace, Category::Dangerous],
        group: Group::Server,
        since: "4.0.0",
        complexity: "O(N) where N is the number of clients that watch or wait for keys of both databases",
        summary: "Lets two databases change places",
        syntax: "index1 index2",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let one = args.int32_or(faults::INVALID_FIRST_DB);
        let other = args.int32_or(faults::INVALID_SECOND_DB);
        args.done(Self { one, other })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (one, other) = (context.database(self.one)?, context.database(self.other)?);
        context.swapping(one, other);
        context.store.swap(one, other);
        context.effects.touched();
        Ok(Reply::OK)
    }
}

family!(Transfers {
    Rename(Rename<false>),
    Renamenx(Rename<true>),
    Copy(Copy),
    Move(Move),
    Swapdb(Swapdb),
});
