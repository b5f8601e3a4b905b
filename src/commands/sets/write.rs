//! Members come and go: SADD, SREM, SMOVE.

use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{Database, StoreError};

/// What the commands that change members declare alike.
const WRITE: Spec = Spec { flags: &[Flag::Write, Flag::Fast], group: Group::Set, ..Spec::EMPTY };

/// `SADD key member [member ...]`
pub(in crate::commands) struct Sadd {
    key: Span,
    members: Rest,
}

impl Command for Sadd {
    const SPEC: Spec = Spec {
        name: "sadd",
        arity: -3,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
        complexity: "O(N) where N is the number of members added",
        summary: "Adds members to a set and counts the new ones",
        syntax: "key member [member ...]",
        history: &[("2.4.0", "Several members at once")],
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, members) = (args.bytes(), args.rest());
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let mut set = context.db().set_or_create(argv.bytes(self.key), now_ms)?;
        let members = self.members.of(argv);
        set.expect(argv.get(FIRST_MEMBER).unwrap_or_default(), members.len());
        let added = members.filter(|member| set.add(member)).count();
        drop(set);
        if added > 0 {
            context.effects.touched_times(added as u64);
            context.changed_at(Class::Set, "sadd", self.key);
        }
        Ok(Reply::from_count(added))
    }
}

/// Which argument is the first member.
const FIRST_MEMBER: usize = 2;

/// `SREM key member [member ...]`
pub(in crate::commands) struct Srem {
    key: Span,
    members: Rest,
}

impl Command for Srem {
    const SPEC: Spec = Spec {
        name: "srem",
        arity: -3,
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
        complexity: "O(N) where N is the number of members removed",
        summary: "Removes members of a set, and the set with its last member",
        syntax: "key member [member ...]",
        history: &[("2.4.0", "Several members at once")],
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, members) = (args.bytes(), args.rest());
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let Some(mut set) = context.db().set_mut(argv.bytes(self.key), now_ms)? else {
            return Ok(Reply::ZERO);
        };
        let removed = self.members.of(argv).filter(|member| set.remove(member)).count();
        let emptied = set.is_empty();
        drop(set);
        if removed > 0 {
            context.effects.touched_times(removed as u64);
            context.taken_from(Class::Set, "srem", argv.bytes(self.key), emptied);
        }
        Ok(Reply::from_count(removed))
    }
}

/// `SMOVE source destination member`
pub(in crate::commands) struct Smove {
    source: Span,
    destination: Span,
    member: Span,
}

impl Command for Smove {
    const SPEC: Spec = Spec {
        name: "smove",
        arity: 4,
        keys: &[
            KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert]).at(2),
        ],
        summary: "Moves a member from one set to another",
        syntax: "source destination member",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination, member) = (args.bytes(), args.bytes(), args.bytes());
        args.done(Self { source, destination, member })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let (source, destination) = (argv.bytes(self.source), argv.bytes(self.destination));
        let member = argv.bytes(self.member);
        let db = context.db();
        // Both are looked at before anything is said of either.
        let found = db.set(source, now_ms).map(|set| set.is_some_and(|set| set.contains(member)));
        let is_there = db.contains(source, now_ms);
        let other = db.set(destination, now_ms).map(|_| ());
        let found = found?;
        if is_there {
            other?;
        }
        if !found || source == destination {
            return Ok(Reply::from_flag(found));
        }
        let emptied = db.again(|db| take(db, source, member, now_ms))?;
        context.effects.touched();
        context.taken_from(Class::Set, "srem", source, emptied);
        if context.db().again(|db| put(db, destination, member, now_ms))? {
            context.effects.touched();
            context.changed(Class::Set, "sadd", destination);
        }
        Ok(Reply::ONE)
    }
}

/// Takes a member out of a set. Answers whether it was the last one.
fn take(db: &mut Database, key: &[u8], member: &[u8], now_ms: u64) -> Result<bool, StoreError> {
    let Some(mut set) = db.set_mut(key, now_ms)? else { return Ok(false) };
    set.remove(member);
    Ok(set.is_empty())
}

/// Puts a member into a set. Answers whether it is a new one.
fn put(db: &mut Database, key: &[u8], member: &[u8], now_ms: u64) -> Result<bool, StoreError> {
    let mut set = db.set_or_create(key, now_ms)?;
    if set.is_empty() {
        set.expect(member, 1);
    }
    Ok(set.add(member))
}
