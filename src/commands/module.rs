//! MODULE: there are none, and none can be loaded.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::help::help;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;

/// `MODULE LIST`
pub(super) struct List;

impl Command for List {
    const SPEC: Spec = Spec {
        name: "list",
        arity: 2,
        flags: &[Flag::Admin, Flag::Noscript],
        group: Group::Server,
        since: "4.0.0",
        complexity: "O(N) where N is the number of modules",
        summary: "Lists the loaded modules, of which there are none",
        tips: &["nondeterministic_output_order"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::EMPTY_ARRAY)
    }
}

help!(
    ModuleHelp,
    "5.0.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "MODULE",
    ["LIST", "    List the loaded modules."]
);

const MODULE: Spec = Spec {
    name: "module",
    arity: -2,
    group: Group::Server,
    since: "4.0.0",
    complexity: "Depends on subcommand",
    summary: "Manages modules",
    ..Spec::EMPTY
};

family!(Module in MODULE {
    List(List),
    Help(ModuleHelp),
});
