//! The blocking forms: BZPOPMIN, BZPOPMAX, BZMPOP.
//!
//! Each does what its plain form does, and leaves that in the log; where there is nothing to take, its client waits
//! ([`Context::wait_for_keys`]).

use super::pops::{Extreme, Zmpop, pop_name, take_one};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::Reply;
use crate::store::Kind;
use std::marker::PhantomData;

/// What BZPOPMIN and BZPOPMAX declare alike.
pub(super) const BLOCKING_POP: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Noscript, Flag::Blocking, Flag::Fast],
    keys: &[KeySpec::all(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]).to(-2)],
    group: Group::SortedSet,
    since: "5.0.0",
    complexity: "O(log(N)) where N is the number of members",
    syntax: "key [key ...] timeout:double",
    history: &[("6.0.0", "Parts of seconds as the time to wait")],
    ..Spec::EMPTY
};

/// `BZPOPMIN key [key ...] timeout` and BZPOPMAX
pub(in crate::commands) struct Bzpop<E> {
    timeout_ms: u64,
    end: PhantomData<E>,
}

impl<E: Extreme> Command for Bzpop<E> {
    const SPEC: Spec = E::BLOCKING;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        while args.left() > 1 {
            args.bytes();
        }
        let timeout_ms = args.timeout_seconds();
        args.done(Self { timeout_ms, end: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let keys = argv.iter().skip(1).take(argv.len() - 2);
        for key in keys.clone() {
            let Some([member, score]) = take_one(context, key, E::IS_HIGHEST)? else { continue };
            look_twice(context, key);
            context.log([pop_name(E::IS_HIGHEST), key]);
            return Ok(Reply::Array(vec![Reply::bulk(key), member, score]));
        }
        let waits = context.wait_for_keys(Kind::SortedSet, keys, self.timeout_ms)?;
        Ok(waits.unwrap_or(Reply::NullArray))
    }
}

/// `BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]`
pub(in crate::commands) struct Bzmpop {
    timeout_ms: u64,
    pop: Zmpop,
}

impl Command for Bzmpop {
    const SPEC: Spec = Spec {
        name: "bzmpop",
        arity: -5,
        flags: &[Flag::Write, Flag::Blocking],
        keys: &[KeySpec::counted(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]).at(2)],
        group: Group::SortedSet,
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)) where K is the number of keys, N of members and M of those taken out",
        summary: "Takes members off an end of the first sorted set that is there, or waits for one",
        syntax: "timeout:double numkeys key [key ...] <where: MIN | MAX> [COUNT count]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let timeout_ms = args.timeout_seconds();
        let pop = Zmpop::read(args);
        args.done(Self { timeout_ms, pop })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (mut keys, now_ms) = (self.pop.keys(context.argv), context.now_ms);
        let found = keys.find(|key| context.db().contains(key, now_ms));
        match (self.pop.run(context)?, found) {
            (taken, Some(key)) => {
                look_twice(context, key);
                Ok(taken)
            }
            (nothing, None) => {
                let keys = self.pop.keys(context.argv);
                let waits = context.wait_for_keys(Kind::SortedSet, keys, self.timeout_ms)?;
                Ok(waits.unwrap_or(nothing))
            }
        }
    }
}

/// Redis looks at the key before it runs the plain command, which counts as a use, too.
fn look_twice(context: &mut Context<'_>, key: &[u8]) {
    let now_ms = context.now_ms;
    context.db().touch(key, now_ms);
}
