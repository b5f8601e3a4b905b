//! CLIENT UNBLOCK: ending another client's waiting.

use super::CLIENT_ADMIN;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::effects::Control;
use crate::commands::faults::{self, Fault};
use crate::commands::session::ClientId;
use crate::commands::spec::{Command, Spec};
use crate::resp::Reply;

/// `CLIENT UNBLOCK client-id [TIMEOUT | ERROR]`
pub(in crate::commands) struct Unblock {
    client: Option<ClientId>,
    error: bool,
}

impl Command for Unblock {
    const SPEC: Spec = Spec {
        name: "unblock",
        arity: -3,
        since: "5.0.0",
        complexity: "O(log N) where N is the number of clients that wait",
        summary: "Has another client wait no longer",
        syntax: "client-id:integer [timeout_error: TIMEOUT | ERROR]",
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() > 2 {
            args.fail(faults::subcommand_arity("client", args.word_before()));
        }
        let client = args.bytes();
        let error = args.option("ERROR");
        if args.left() > 0 && !error && !args.option("TIMEOUT") {
            args.fail(faults::UNBLOCK_REASON);
        }
        let client = ClientId::try_from(args.integer_at(client)).ok();
        args.rest();
        args.done(Self { client, error })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let slot = self.client.and_then(|client| context.clients.present(client));
        let slot = slot.filter(|slot| context.clients[*slot].blocked);
        let Some(slot) = slot else { return Ok(Reply::ZERO) };
        context.clients.stop_waiting(slot);
        context.effects.control(Control::Unblock { client: context.clients[slot].id, error: self.error });
        Ok(Reply::ONE)
    }
}
