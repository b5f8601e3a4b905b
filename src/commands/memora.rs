//! MEMORA: what Redis has no command for, because it has nothing of the kind.
//!
//! `MEMORA ACTORS` tells programs what `INFO actors` tells people.

use super::args::Args;
use super::context::{ActorReport, Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::help::help;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;

/// `MEMORA ACTORS`
pub(super) struct Actors;

impl Command for Actors {
    const SPEC: Spec = Spec {
        name: "actors",
        arity: 2,
        flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
        group: Group::Server,
        complexity: "O(1)",
        summary: "Tells how every actor of the server fares",
        tips: &["nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::array(context.facts.actors().into_iter().map(report)))
    }
}

/// One actor as a map from names to values.
fn report(actor: ActorReport) -> Reply {
    let number = |number: u64| Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let milliseconds =
        |time: std::time::Duration| number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let fields = [
        ("name", Reply::bulk(actor.name)),
        ("thread", Reply::bulk(actor.thread)),
        ("state", Reply::bulk(actor.state)),
        ("state-ms", milliseconds(actor.state_for)),
        ("mailbox", number(actor.mailbox)),
        ("handled", number(actor.handled)),
        ("busy-ms", milliseconds(actor.busy)),
        ("restarts", number(actor.restarts)),
        ("freezes", number(actor.freezes)),
        ("last-panic", Reply::bulk(bytes::Bytes::from(actor.last_panic))),
    ];
    Reply::Map(fields.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
}

help!(
    MemoraHelp,
    "1.0.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "MEMORA",
    ["ACTORS", "    Tell how every actor of the server fares."]
);

const MEMORA: Spec = Spec {
    name: "memora",
    arity: -2,
    group: Group::Server,
    complexity: "Depends on subcommand",
    summary: "Tells what only Memora has",
    ..Spec::EMPTY
};

family!(Memora in MEMORA {
    Actors(Actors),
    Help(MemoraHelp),
});
