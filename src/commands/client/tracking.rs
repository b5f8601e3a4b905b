//! What surrounds CLIENT TRACKING, as Redis answers a client that does not track.

use super::CLIENT_SUBCOMMAND;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Spec};
use crate::resp::Reply;

/// `CLIENT TRACKINGINFO`
pub(in crate::commands) struct TrackingInfo;

impl Command for TrackingInfo {
    const SPEC: Spec = Spec {
        name: "trackinginfo",
        arity: 2,
        since: "6.2.0",
        summary: "Tells which of the connection's keys are tracked, and how",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::Map(vec![
            (Reply::bulk("flags"), Reply::Set(vec![Reply::bulk("off")])),
            (Reply::bulk("redirect"), Reply::Integer(-1)),
            (Reply::bulk("prefixes"), Reply::EMPTY_ARRAY),
        ]))
    }
}

/// `CLIENT GETREDIR`
pub(in crate::commands) struct GetRedir;

impl Command for GetRedir {
    const SPEC: Spec = Spec {
        name: "getredir",
        arity: 2,
        since: "6.0.0",
        summary: "Tells which client hears about the connection's tracked keys",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::Integer(-1))
    }
}

/// `CLIENT CACHING <YES | NO>`
pub(in crate::commands) struct Caching;

impl Command for Caching {
    const SPEC: Spec = Spec {
        name: "caching",
        arity: 3,
        since: "6.0.0",
        summary: "Says whether the keys of the next command are tracked",
        syntax: "<mode: YES | NO>",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.rest();
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Err(faults::NOT_TRACKING)
    }
}
