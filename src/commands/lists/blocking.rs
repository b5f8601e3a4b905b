//! The blocking forms: BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH.
//!
//! Each does what its plain form does, and leaves that in the log; where there is nothing to take, its client waits
//! ([`Context::wait_for_keys`]) and the command is run once more when there is. In a transaction nobody waits.

use super::ends::{End, Left, Right};
use super::moves::{Lmove, Lmpop};
use super::{pop_event, side};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Deprecated, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Blob, Reply};
use crate::store::{Kind, Side};
use std::marker::PhantomData;

/// What BLPOP and BRPOP declare alike.
pub(super) const BLOCKING_POP: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Noscript, Flag::Blocking],
    keys: &[KeySpec::all(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]).to(-2)],
    group: Group::List,
    since: "2.0.0",
    complexity: "O(N) where N is the number of keys",
    syntax: "key [key ...] timeout:double",
    history: &[("6.0.0", "Parts of seconds as the time to wait")],
    ..Spec::EMPTY
};

/// `BLPOP key [key ...] timeout` and BRPOP
pub(in crate::commands) struct BlockingPop<E> {
    timeout_ms: u64,
    end: PhantomData<E>,
}

/// What tells BLPOP and BRPOP apart.
pub(in crate::commands) trait BlockingEnd: End {
    const BLOCKING: Spec;
    const POP_NAME: &'static [u8];
}

impl BlockingEnd for Left {
    const BLOCKING: Spec = Spec {
        name: "blpop",
        summary: "Takes the first element of the first list that is there, or waits for one",
        ..BLOCKING_POP
    };
    const POP_NAME: &'static [u8] = b"LPOP";
}

impl BlockingEnd for Right {
    const BLOCKING: Spec = Spec {
        name: "brpop",
        summary: "Takes the last element of the first list that is there, or waits for one",
        ..BLOCKING_POP
    };
    const POP_NAME: &'static [u8] = b"RPOP";
}

impl<E: BlockingEnd> Command for BlockingPop<E> {
    const SPEC: Spec = E::BLOCKING;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        while args.left() > 1 {
            args.bytes();
        }
        let timeout_ms = args.timeout_seconds();
        args.done(Self { timeout_ms, end: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let keys = argv.iter().skip(1).take(argv.len() - 2);
        for key in keys.clone() {
            let Some(mut list) = context.db().list_mut(key, now_ms)? else { continue };
            let element = list.pop(E::SIDE).expect("no list in a database is empty");
            let emptied = list.is_empty();
            drop(list);
            context.effects.touched();
            context.taken_from(Class::List, pop_event(E::SIDE), key, emptied);
            context.log([E::POP_NAME, key]);
            return Ok(Reply::Array(vec![Reply::bulk(key), Reply::bulk(Blob::from(element))]));
        }
        context
            .wait_for_keys(Kind::List, keys, self.timeout_ms)
            .map(|waits| waits.unwrap_or(Reply::NullArray))
    }
}

/// `BLMPOP timeout numkeys key [key ...] LEFT | RIGHT [COUNT count]`
pub(in crate::commands) struct Blmpop {
    timeout_ms: u64,
    pop: Lmpop,
}

impl Command for Blmpop {
    const SPEC: Spec = Spec {
        name: "blmpop",
        arity: -5,
        flags: &[Flag::Write, Flag::Blocking],
        keys: &[KeySpec::counted(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]).at(2)],
        group: Group::List,
        since: "7.0.0",
        complexity: "O(N+M) where N is the number of keys and M the number of elements returned",
        summary: "Takes elements from an end of the first list that is there, or waits for one",
        syntax: "timeout:double numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let timeout_ms = args.timeout_seconds();
        let pop = Lmpop::read(args);
        args.done(Self { timeout_ms, pop })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        match self.pop.run(context)? {
            Reply::NullArray => {
                let waits =
                    context.wait_for_keys(Kind::List, self.pop.keys(context.argv), self.timeout_ms)?;
                Ok(waits.unwrap_or(Reply::NullArray))
            }
            taken => Ok(taken),
        }
    }
}

/// What both moving commands declare alike.
const BLOCKING_MOVE: Spec = Spec {
    flags: &[Flag::Write, Flag::Denyoom, Flag::Noscript, Flag::Blocking],
    keys: &[
        KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
        KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert]).at(2),
    ],
    group: Group::List,
    ..Spec::EMPTY
};

/// `BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout`
pub(in crate::commands) struct Blmove {
    lmove: Lmove,
    timeout_ms: u64,
}

/// How many arguments of BLMOVE are LMOVE's, its name included.
const LMOVE_WORDS: usize = 5;

impl Command for Blmove {
    const SPEC: Spec = Spec {
        name: "blmove",
        arity: 6,
        since: "6.2.0",
        summary: "Takes an element from an end of a list and puts it at an end of another, or waits for one",
        syntax: "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout:double",
        ..BLOCKING_MOVE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination) = (args.bytes(), args.bytes());
        let lmove = Lmove { source, destination, from: side(args), to: side(args) };
        let timeout_ms = args.timeout_seconds();
        args.done(Self { lmove, timeout_ms })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let log = |context: &mut Context<'_>| {
            context.log_words([&b"LMOVE"[..]].into_iter().chain(argv.iter().take(LMOVE_WORDS).skip(1)));
        };
        move_or_wait(context, &self.lmove, self.timeout_ms, log)
    }
}

/// `BRPOPLPUSH source destination timeout`
pub(in crate::commands) struct Brpoplpush {
    lmove: Lmove,
    timeout_ms: u64,
}

impl Command for Brpoplpush {
    const SPEC: Spec = Spec {
        name: "brpoplpush",
        arity: 4,
        since: "2.2.0",
        summary: "Takes the last element of a list and puts it in front of another, or waits for one",
        syntax: "source destination timeout:double",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
        }),
        history: &[("6.0.0", "Parts of seconds as the time to wait")],
        ..BLOCKING_MOVE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (source, destination) = (args.bytes(), args.bytes());
        let lmove = Lmove { source, destination, from: Side::Back, to: Side::Front };
        let timeout_ms = args.timeout_seconds();
        args.done(Self { lmove, timeout_ms })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let (source, destination) = (argv.bytes(self.lmove.source), argv.bytes(self.lmove.destination));
        let log = |context: &mut Context<'_>| context.log([b"RPOPLPUSH", source, destination]);
        move_or_wait(context, &self.lmove, self.timeout_ms, log)
    }
}

fn move_or_wait(
    context: &mut Context<'_>,
    lmove: &Lmove,
    timeout_ms: u64,
    log: impl FnOnce(&mut Context<'_>),
) -> Outcome {
    match lmove.run(context)? {
        Reply::Null => {
            let source = context.argv.bytes(lmove.source);
            let waits = context.wait_for_keys(Kind::List, [source].into_iter(), timeout_ms)?;
            Ok(waits.unwrap_or(Reply::Null))
        }
        moved => {
            // Redis looks at the source before it runs the plain command.
            context.touch(lmove.source);
            log(context);
            Ok(moved)
        }
    }
}
