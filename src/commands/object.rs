//! OBJECT: how values are stored.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::Fault;
use super::help::help;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// `OBJECT ENCODING key`
pub(super) struct ObjectEncoding {
    key: Span,
}

impl Command for ObjectEncoding {
    const SPEC: Spec = Spec {
        name: "encoding",
        arity: 3,
        flags: &[Flag::Readonly],
        keys: &[KeySpec::one(&[KeyFlag::Ro]).at(2)],
        group: Group::Generic,
        since: "2.2.3",
        summary: "Tells how the value at a key is stored",
        syntax: "key",
        tips: &["nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        Ok(Reply::bulk_or_null(context.db().encoding(key, now_ms)))
    }
}

help!(
    ObjectHelp,
    "2.2.3",
    Generic,
    [Flag::Loading, Flag::Stale],
    "OBJECT",
    ["ENCODING <key>", "    Tells how the value at <key> is stored.",]
);

const OBJECT: Spec = Spec {
    name: "object",
    arity: -2,
    group: Group::Generic,
    since: "2.2.3",
    complexity: "Depends on subcommand",
    summary: "Looks at how values are stored",
    ..Spec::EMPTY
};

family!(Object in OBJECT {
    Encoding(ObjectEncoding),
    Help(ObjectHelp),
});
