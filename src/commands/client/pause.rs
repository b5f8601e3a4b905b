//! CLIENT PAUSE and UNPAUSE: letting clients wait.
//!
//! What waits is held back by the Keyspace; here stands only what is agreed. As in Redis a pause of all
//! commands holds back UNPAUSE as well, so that only its time ends it.

use super::CLIENT_ADMIN;
use crate::commands::acl;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::prepare::{Prepared, Refusal};
use crate::commands::session;
use crate::commands::spec::{Command, Spec};
use crate::commands::transactions;
use crate::resp::Reply;

/// `CLIENT PAUSE timeout [WRITE | ALL]`
pub(in crate::commands) struct Pause {
    timeout_ms: u64,
    all: bool,
}

impl Command for Pause {
    const SPEC: Spec = Spec {
        name: "pause",
        arity: -3,
        since: "2.9.50",
        summary: "Lets commands wait for some time",
        syntax: "timeout:integer [mode: WRITE | ALL]",
        history: &[("6.2.0", "Modes `WRITE` and `ALL`")],
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() > 2 {
            args.fail(faults::subcommand_arity("client", args.word_before()));
        }
        // The mode is looked at before the time, as in Redis.
        let timeout = args.bytes();
        let mut all = true;
        if args.left() == 1 {
            all = args.option("ALL");
            if !all && !args.option("WRITE") {
                args.fail(faults::PAUSE_MODE);
            }
        }
        let timeout_ms = args.timeout_ms_at(timeout);
        args.rest();
        args.done(Self { timeout_ms, all })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let until_ms = context.now_ms.saturating_add(self.timeout_ms);
        if i64::try_from(until_ms).is_err() {
            return Err(faults::TIMEOUT_OUT_OF_RANGE);
        }
        context.clients.pause(session::Pause { until_ms, all: self.all });
        Ok(Reply::OK)
    }
}

/// `CLIENT UNPAUSE`
pub(in crate::commands) struct Unpause;

impl Command for Unpause {
    const SPEC: Spec = Spec {
        name: "unpause",
        arity: 2,
        since: "6.2.0",
        complexity: "O(N) where N is the number of clients that wait",
        summary: "Ends a pause",
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.clients.unpause();
        Ok(Reply::OK)
    }
}

/// Whether a command has to wait for the end of a pause. What would be refused is refused at once.
pub(in crate::commands) fn is_held(context: &mut Context<'_>, prepared: &Prepared) -> bool {
    let Some(pause) = context.clients.paused(context.now_ms) else { return false };
    let session = &context.clients[context.me];
    let refused = prepared.entry.is_none()
        || matches!(prepared.call, Err(Refusal::Unknown(_) | Refusal::Arity(_)))
        || acl::would_refuse(context, prepared);
    !refused && !session.monitors && (pause.all || transactions::writes(session, prepared))
}
