//! CLIENT KILL: closing connections, by address or by what applies to them.

use super::CLIENT_ADMIN;
use super::list::ClientType;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::effects::Control;
use crate::commands::faults::{self, Fault};
use crate::commands::session::{ClientId, Session, Slot};
use crate::commands::spec::{Command, Spec};
use crate::resp::{Argv, Reply, Span};

/// `CLIENT KILL ip:port`, `CLIENT KILL filter value [filter value ...]`
pub(in crate::commands) struct Kill {
    filter: Filter,
    /// Written with an address alone, which answers OK or an error instead of a count.
    by_address_alone: bool,
}

/// What has to apply to a connection for it to be closed.
#[derive(Default)]
struct Filter {
    id: Option<ClientId>,
    kind: Option<ClientType>,
    address: Option<Span>,
    local_address: Option<Span>,
    user: Option<Span>,
    skip_me: bool,
}

impl Command for Kill {
    const SPEC: Spec = Spec {
        name: "kill",
        arity: -3,
        since: "2.4.0",
        complexity: "O(N) where N is the number of clients",
        summary: "Closes connections",
        syntax: "<filter: ip:port | <new-format: ID client-id | \
                 TYPE <type: NORMAL | MASTER | SLAVE | REPLICA | PUBSUB> | USER username | ADDR ip:port | \
                 LADDR ip:port | SKIPME <skipme: YES | NO>>>",
        history: &[
            ("2.8.12", "Filters"),
            ("2.8.12", "Option `ID`"),
            ("3.2.0", "Type `MASTER`"),
            ("5.0.0", "Type `REPLICA`, which was called `SLAVE`"),
            ("6.2.0", "Option `LADDR`"),
        ],
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() == 1 {
            let filter = Filter { address: Some(args.bytes()), ..Filter::default() };
            return args.done(Self { filter, by_address_alone: true });
        }
        let mut filter = Filter { skip_me: true, ..Filter::default() };
        while args.more() {
            read_condition(args, &mut filter);
        }
        args.done(Self { filter, by_address_alone: false })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let me = context.me;
        if let Some(user) = self.filter.user.map(|user| context.argv.bytes(user)) {
            if context.clients.acl().user(user).is_none() {
                return Err(faults::with_argument("ERR No such user '", user, "'"));
            }
        }
        let applies =
            |(slot, session): &(Slot, &Session)| self.filter.applies(session, *slot == me, context.argv);
        let chosen: Vec<_> =
            context.clients.iter().filter(applies).map(|(slot, session)| (slot, session.id)).collect();
        for (slot, id) in &chosen {
            if *slot == me {
                context.effects.control(Control::CloseAfterReply);
            } else {
                context.clients.remove(*id);
                context.effects.control(Control::CloseClient(*slot));
            }
        }
        match (self.by_address_alone, chosen.len()) {
            (false, count) => Ok(Reply::from_count(count)),
            (true, 0) => Err(faults::NO_SUCH_CLIENT),
            (true, _) => Ok(Reply::OK),
        }
    }
}

fn read_condition(args: &mut Args<'_>, filter: &mut Filter) {
    if args.option_with_value("ID") {
        let id = args.integer_or(faults::CLIENT_ID_NOT_POSITIVE);
        if id < 1 {
            args.fail(faults::CLIENT_ID_NOT_POSITIVE);
        }
        filter.id = u64::try_from(id).ok();
    } else if args.option_with_value("TYPE") {
        filter.kind = Some(ClientType::read(args));
    } else if args.option_with_value("ADDR") {
        filter.address = Some(args.bytes());
    } else if args.option_with_value("LADDR") {
        filter.local_address = Some(args.bytes());
    } else if args.option_with_value("USER") {
        filter.user = Some(args.bytes());
    } else if args.option_with_value("SKIPME") {
        filter.skip_me = args.option("YES");
        if !filter.skip_me && !args.option("NO") {
            args.fail(faults::SYNTAX);
        }
    } else {
        args.fail(faults::SYNTAX);
    }
}

impl Filter {
    fn applies(&self, session: &Session, is_me: bool, argv: Argv<'_>) -> bool {
        let is_at = |span: Option<Span>, address: &str| {
            span.is_none_or(|span| argv.bytes(span) == address.as_bytes())
        };
        !(is_me && self.skip_me)
            && self.id.is_none_or(|id| id == session.id)
            && self.kind.is_none_or(|kind| kind == ClientType::of(session))
            && self.user.is_none_or(|user| argv.bytes(user) == session.user.name())
            && is_at(self.address, &session.address)
            && is_at(self.local_address, &session.local_address)
    }
}
