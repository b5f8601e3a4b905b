//! Commands about other servers, as a server answers that stands alone: ROLE, WAIT, READONLY, CLUSTER, MODULE.
//!
//! Absent: REPLICAOF, PSYNC, FAILOVER and all that would promise a replica.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;

/// `ROLE`
pub(super) struct Role;

impl Command for Role {
    const SPEC: Spec = Spec {
        name: "role",
        arity: 1,
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast],
        categories: &[super::categories::Category::Admin, super::categories::Category::Dangerous],
        group: Group::Server,
        since: "2.8.12",
        summary: "Tells whether the server is a master or a replica, and of whom",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::array([Reply::bulk("master"), Reply::ZERO, Reply::EMPTY_ARRAY]))
    }
}

/// `WAIT numreplicas timeout`
///
/// There are no replicas to wait for, and none can come while the client waits: the answer is known at once.
pub(super) struct Wait;

impl Command for Wait {
    const SPEC: Spec = Spec {
        name: "wait",
        arity: 3,
        flags: &[Flag::Noscript],
        categories: &[super::categories::Category::Connection],
        group: Group::Generic,
        since: "3.0.0",
        summary: "Waits until replicas have the writes so far, and tells how many have",
        syntax: "numreplicas timeout:integer",
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.integer();
        let timeout = args.bytes();
        args.timeout_ms_at(timeout);
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::ZERO)
    }
}

/// Declares a command that only a cluster has.
macro_rules! of_a_cluster {
    ($($type:ident $name:literal $arity:literal [$($flag:ident),*] $summary:literal;)*) => {$(
        #[doc = concat!("`", $name, "`, which only a cluster has.")]
        pub(super) struct $type;

        impl Command for $type {
            const SPEC: Spec = Spec {
                name: $name,
                arity: $arity,
                flags: &[$(Flag::$flag),*],
                categories: &[super::categories::Category::Connection],
                group: Group::Cluster,
                since: "3.0.0",
                summary: $summary,
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

of_a_cluster! {
    ReadOnly "readonly" 1 [Loading, Stale, Fast] "Lets a cluster's replica serve reads";
    ReadWrite "readwrite" 1 [Loading, Stale, Fast] "Ends READONLY";
    Asking "asking" 1 [Fast] "Asks a cluster's node for a slot on its way";
}

family!(Standalone {
    Role(Role),
    Wait(Wait),
    ReadOnly(ReadOnly),
    ReadWrite(ReadWrite),
    Asking(Asking),
});
