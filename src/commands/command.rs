//! COMMAND (derived from the table).
use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::spec::{self, Flag, Group, Spec};
use crate::resp::Reply;

/// `COMMAND COUNT`
pub(super) struct Count;

impl spec::Command for Count {
    const SPEC: Spec = Spec {
        name: "count",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale],
        categories: &[Category::Connection],
        group: Group::Server,
        since: "2.8.13",
        summary: "Counts the commands",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(super::table::table().commands().count()))
    }
}
const COMMAND: Spec = Spec {
    name: "command",
    arity: -1,
    flags: &[Flag::Loading, Flag::Stale],
    categories: &[Category::Connection],
    group: Group::Server,
    since: "2.8.13",
    ..Spec::EMPTY
};
family!(Command in COMMAND {
    Count(Count),
});
