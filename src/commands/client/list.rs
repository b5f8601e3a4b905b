//! CLIENT LIST and CLIENT INFO: clients as lines of `name=value` fields.

use super::tracking::redirection;
use super::{CLIENT_ADMIN, CLIENT_SUBCOMMAND};
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::session::Session;
use crate::commands::spec::{Command, Spec};
use crate::commands::subscriptions::Topic;
use crate::resp::{Protocol, Reply};
use crate::store::parse_int;
use bytes::Bytes;
use std::fmt::Write;

/// `CLIENT INFO`
pub(in crate::commands) struct Info;

impl Command for Info {
    const SPEC: Spec = Spec {
        name: "info",
        arity: 2,
        since: "6.2.0",
        summary: "Describes the connection",
        tips: &["nondeterministic_output"],
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let now_ms = context.now_ms;
        let mut text = String::new();
        describe(&mut text, context.session(), now_ms);
        Ok(Reply::text(text))
    }
}

/// Which clients `CLIENT LIST` shows.
enum Chosen {
    All,
    Type(ClientType),
    Ids(Rest),
}

/// The types of clients: who listens to channels is no ordinary one; the others have no members here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientType {
    Normal,
    Pubsub,
    Other,
}

impl ClientType {
    /// Reads a type by its name.
    pub(super) fn read(args: &mut Args<'_>) -> Self {
        const OTHERS: [&[u8]; 3] = [b"master", b"slave", b"replica"];
        let word = args.word();
        if word.eq_ignore_ascii_case(b"normal") {
            return Self::Normal;
        }
        if word.eq_ignore_ascii_case(b"pubsub") {
            return Self::Pubsub;
        }
        if !OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other)) {
            args.fail(faults::with_argument("ERR Unknown client type '", word, "'"));
        }
        Self::Other
    }

    /// The type of a client.
    pub(super) fn of(session: &Session) -> Self {
        if session.subscribed.is_empty() { Self::Normal } else { Self::Pubsub }
    }
}

/// `CLIENT LIST [TYPE type] [ID id [id ...]]`
pub(in crate::commands) struct List {
    chosen: Chosen,
}

impl Command for List {
    const SPEC: Spec = Spec {
        name: "list",
        arity: -2,
        since: "2.4.0",
        complexity: "O(N) where N is the number of clients",
        summary: "Describes every connection",
        syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
        history: &[
            ("2.8.12", "Field `id`"),
            ("5.0.0", "Option `TYPE`"),
            ("6.0.0", "Field `user`"),
            ("6.2.0", "Option `ID`, and fields `argv-mem`, `tot-mem`, `laddr` and `redir`"),
            ("7.0.0", "Fields `resp`, `multi-mem`, `rbs` and `rbp`"),
            ("7.0.3", "Field `ssub`"),
        ],
        tips: &["nondeterministic_output"],
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let chosen = if args.left() == 0 {
            Chosen::All
        } else if args.left() == 2 && args.option("TYPE") {
            Chosen::Type(ClientType::read(args))
        } else if args.option_with_value("ID") {
            Chosen::Ids(read_ids(args))
        } else {
            args.fail(faults::SYNTAX);
            Chosen::All
        };
        args.done(Self { chosen })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let mut text = String::new();
        match self.chosen {
            Chosen::All => {
                for session in context.clients.sorted() {
                    describe(&mut text, session, context.now_ms);
                }
            }
            Chosen::Type(kind) => {
                let sessions = context.clients.sorted().into_iter();
                for session in sessions.filter(|session| ClientType::of(session) == kind) {
                    describe(&mut text, session, context.now_ms);
                }
            }
            Chosen::Ids(ids) => {
                for id in ids.of(context.argv).filter_map(parse_int) {
                    let slot = u64::try_from(id).ok().and_then(|id| context.clients.present(id));
                    if let Some(slot) = slot {
                        describe(&mut text, &context.clients[slot], context.now_ms);
                    }
                }
            }
        }
        Ok(Reply::text(text))
    }
}

fn read_ids(args: &mut Args<'_>) -> Rest {
    let mut ahead = args.clone();
    while ahead.more() {
        ahead.integer_or(faults::INVALID_CLIENT_ID);
    }
    if let Some(fault) = ahead.fault() {
        args.fail(fault);
    }
    args.rest()
}

/// A client as CLIENT LIST shows it, without the end of the line.
pub(in crate::commands) fn description(session: &Session, now_ms: u64) -> String {
    let mut text = String::new();
    describe(&mut text, session, now_ms);
    text.truncate(text.trim_end().len());
    text
}

/// One line of `CLIENT LIST`, in Redis 7.2's fields and order.
///
/// Memory fields hold what the connection's buffers occupy.
fn describe(text: &mut String, session: &Session, now_ms: u64) {
    let gauges = &session.gauges;
    let (query, query_free) = (gauges.query_bytes(), gauges.query_free_bytes());
    let output = gauges.output_bytes();
    let request = session.request_bytes as u64;
    let total = session.memory_bytes();
    let flags = flags(session);
    let protocol = if session.protocol == Protocol::Resp3 { 3 } else { 2 };
    let age = now_ms.saturating_sub(session.created_ms) / 1000;
    let idle = now_ms.saturating_sub(session.active_ms) / 1000;
    let lossy = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "id={} addr={} laddr={} fd={} name={} age={age} idle={idle} flags={flags} db={} sub={} psub={} ssub={} \
         multi={} qbuf={query} qbuf-free={query_free} argv-mem={request} multi-mem={} rbs=0 rbp=0 obl=0 \
         oll={} omem={output} tot-mem={total} events=r cmd={} user={} redir={} resp={protocol} \
         lib-name={} lib-ver={}",
        session.id,
        session.address,
        session.local_address,
        session.descriptor,
        lossy(&session.name),
        session.database,
        session.subscribed.len(Topic::Channel),
        session.subscribed.len(Topic::Pattern),
        session.subscribed.len(Topic::Shard),
        session.queue.as_ref().map_or(-1, |queue| queue.commands.len() as i64),
        session.transaction_bytes(),
        u8::from(output > 0),
        session.last_command.map_or("NULL", |entry| entry.name.as_str()),
        lossy(session.user.name()),
        redirection(session),
        lossy(&session.library),
        lossy(&session.library_version),
    );
}

/// The letters for what is special about a client, in Redis's order; `N` if nothing is.
fn flags(session: &Session) -> String {
    let given = [
        (session.monitors, 'O'),
        (!session.subscribed.is_empty(), 'P'),
        (session.queue.is_some(), 'x'),
        (session.postponed || session.blocked, 'b'),
        (session.tracks().is_some(), 't'),
        (session.tracks().is_some_and(|tracked| tracked.is_broken), 'R'),
        (session.tracks().is_some_and(|tracked| tracked.options.broadcast), 'B'),
        (session.is_stale, 'd'),
        (session.unix_socket, 'U'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
    ];
    let flags: String = given.iter().filter(|(is, _)| *is).map(|(_, letter)| letter).collect();
    if flags.is_empty() { "N".to_owned() } else { flags }
}
