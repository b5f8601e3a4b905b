//! CLUSTER, as a server answers that is not part of one.
//!
//! The subcommands that clients ask on their own account to find out where they are; the others, with which
//! people build clusters, are absent.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Deprecated, Flag, Group, Spec};

/// Declares a subcommand.
macro_rules! subcommands {
    ($($type:ident $name:literal $arity:literal $since:literal $summary:literal [$($tip:literal)?] $syntax:literal;)*) => {$(
        #[doc = concat!("`CLUSTER ", $name, "`")]
        pub(super) struct $type;

        impl Command for $type {
            const SPEC: Spec = Spec {
                name: $name,
                arity: $arity,
                flags: &[Flag::Stale],
                group: Group::Cluster,
                since: $since,
                summary: $summary,
                syntax: $syntax,
                tips: &[$($tip)?],
                ..Spec::EMPTY
            };

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                args.rest();
                args.done(Self)
            }

            fn run(&self, _: &mut Context<'_>) -> Outcome {
                Err(faults::NO_CLUSTER)
            }
        }
    )*};
}

subcommands! {
    Info "info" 2 "3.0.0" "Describes the cluster" ["nondeterministic_output"] "";
    MyId "myid" 2 "3.0.0" "Tells the node's name" [] "";
    Nodes "nodes" 2 "3.0.0" "Lists the nodes" ["nondeterministic_output"] "";
    Shards "shards" 2 "7.0.0" "Lists the shards" ["nondeterministic_output"] "";
    KeySlot "keyslot" 3 "3.0.0" "Tells the slot of a key" [] "key:string";
    CountKeysInSlot "countkeysinslot" 3 "3.0.0" "Counts the keys in a slot" [] "slot:integer";
    GetKeysInSlot "getkeysinslot" 4 "3.0.0" "Lists keys in a slot" ["nondeterministic_output"] "slot:integer count";
    Links "links" 2 "7.0.0" "Lists the connections between nodes" ["nondeterministic_output"] "";
}

/// `CLUSTER SLOTS`
pub(super) struct Slots;

impl Command for Slots {
    const SPEC: Spec = Spec {
        name: "slots",
        summary: "Lists which nodes serve which slots",
        history: &[("4.0.0", "Names of the nodes"), ("7.0.0", "Further ways to reach the nodes")],
        deprecated: Some(Deprecated { since: "7.0.0", replaced_by: "`CLUSTER SHARDS`" }),
        ..Nodes::SPEC
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Err(faults::NO_CLUSTER)
    }
}

/// `CLUSTER HELP`
pub(super) struct Help;

impl Command for Help {
    const SPEC: Spec = Spec {
        name: "help",
        flags: &[Flag::Loading, Flag::Stale],
        since: "5.0.0",
        summary: "Lists the subcommands",
        ..MyId::SPEC
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Err(faults::NO_CLUSTER)
    }
}

const CLUSTER: Spec = Spec {
    name: "cluster",
    arity: -2,
    group: Group::Cluster,
    since: "3.0.0",
    complexity: "Depends on subcommand",
    summary: "Manages a cluster",
    ..Spec::EMPTY
};

family!(Cluster in CLUSTER {
    Info(Info),
    MyId(MyId),
    Nodes(Nodes),
    Shards(Shards),
    Slots(Slots),
    KeySlot(KeySlot),
    CountKeysInSlot(CountKeysInSlot),
    GetKeysInSlot(GetKeysInSlot),
    Links(Links),
    Help(Help),
});
