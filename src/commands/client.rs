//! CLIENT: what the server knows of its clients, and what they may set about themselves.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::session::{ReplyMode, Session};
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::{Protocol, Reply, Span};
use crate::store::parse_int;
use bytes::Bytes;
use std::fmt::Write;

/// What most subcommands declare alike.
const CLIENT_SUBCOMMAND: Spec =
    Spec { flags: &[Flag::Noscript, Flag::Loading, Flag::Stale], group: Group::Connection, ..Spec::EMPTY };

/// What subcommands for administrators declare alike.
const CLIENT_ADMIN: Spec =
    Spec { flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale], ..CLIENT_SUBCOMMAND };

/// Whether a name can be printed in `CLIENT LIST`: graphic ASCII only, as Redis demands.
pub(super) fn is_printable_name(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_graphic)
}

/// `CLIENT ID`
pub(super) struct Id;

impl Command for Id {
    const SPEC: Spec = Spec {
        name: "id",
        arity: 2,
        since: "5.0.0",
        summary: "Tells the client's number",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::Integer(i64::try_from(context.session().id).unwrap_or(i64::MAX)))
    }
}

/// `CLIENT SETNAME connection-name`
pub(super) struct SetName {
    name: Span,
}

impl Command for SetName {
    const SPEC: Spec = Spec {
        name: "setname",
        arity: 3,
        since: "2.6.9",
        summary: "Gives the connection a name",
        syntax: "connection-name",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let name = args.bytes();
        args.done(Self { name })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let name = context.argv.bytes(self.name);
        if !is_printable_name(name) {
            return Err(faults::BAD_CLIENT_NAME);
        }
        context.session().name = Bytes::copy_from_slice(name);
        Ok(Reply::OK)
    }
}

/// `CLIENT GETNAME`
pub(super) struct GetName;

impl Command for GetName {
    const SPEC: Spec = Spec {
        name: "getname",
        arity: 2,
        since: "2.6.9",
        summary: "Tells the connection's name",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let name = &context.session().name;
        Ok(if name.is_empty() { Reply::Null } else { Reply::bulk(name.clone()) })
    }
}

/// What a client library tells about itself.
#[derive(Clone, Copy)]
enum Attribute {
    Name,
    Version,
}

/// `CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>`
pub(super) struct SetInfo {
    attribute: Attribute,
    value: Span,
}

impl Command for SetInfo {
    const SPEC: Spec = Spec {
        name: "setinfo",
        arity: 4,
        since: "7.2.0",
        summary: "Tells the server about the client library",
        syntax: "<LIB-NAME libname | LIB-VER libver>",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let word = args.word();
        let attribute = if word.eq_ignore_ascii_case(b"lib-name") {
            Attribute::Name
        } else {
            if !word.eq_ignore_ascii_case(b"lib-ver") {
                args.fail(faults::with_argument("ERR Unrecognized option '", word, "'"));
            }
            Attribute::Version
        };
        let value = args.bytes();
        args.done(Self { attribute, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let value = context.argv.bytes(self.value);
        if !is_printable_name(value) {
            let name = if matches!(self.attribute, Attribute::Name) { "lib-name" } else { "lib-ver" };
            return Err(faults::bad_library_attribute(name));
        }
        let value = Bytes::copy_from_slice(value);
        match self.attribute {
            Attribute::Name => context.session().library = value,
            Attribute::Version => context.session().library_version = value,
        }
        Ok(Reply::OK)
    }
}

/// `CLIENT INFO`
pub(super) struct Info;

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
    /// Everyone is an ordinary client; other types have no members.
    Type {
        normal: bool,
    },
    Ids(Rest),
}

/// `CLIENT LIST [TYPE type] [ID id [id ...]]`
pub(super) struct List {
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
        tips: &["nondeterministic_output"],
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let chosen = if args.left() == 0 {
            Chosen::All
        } else if args.left() == 2 && args.option("TYPE") {
            Chosen::Type { normal: read_type(args) }
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
            Chosen::All | Chosen::Type { normal: true } => {
                for session in context.clients.sorted() {
                    describe(&mut text, session, context.now_ms);
                }
            }
            Chosen::Type { normal: false } => {}
            Chosen::Ids(ids) => {
                for id in ids.of(context.argv).filter_map(parse_int) {
                    let slot = u64::try_from(id).ok().and_then(|id| context.clients.slot(id));
                    if let Some(slot) = slot {
                        describe(&mut text, &context.clients[slot], context.now_ms);
                    }
                }
            }
        }
        Ok(Reply::text(text))
    }
}

/// Reads a client type; says whether it is the one everybody has.
fn read_type(args: &mut Args<'_>) -> bool {
    const OTHERS: [&[u8]; 4] = [b"master", b"slave", b"replica", b"pubsub"];
    let word = args.word();
    let normal = word.eq_ignore_ascii_case(b"normal");
    if !normal && !OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other)) {
        args.fail(faults::with_argument("ERR Unknown client type '", word, "'"));
    }
    normal
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

/// One line of `CLIENT LIST`, in Redis 7.2's fields and order.
///
/// Fields about things that do not exist here yet (subscriptions, transactions) are truly zero; memory fields
/// hold what the connection's buffers occupy.
fn describe(text: &mut String, session: &Session, now_ms: u64) {
    let gauges = &session.gauges;
    let (query, query_free) = (gauges.query_bytes(), gauges.query_free_bytes());
    let output = gauges.output_bytes();
    let request = session.request_bytes as u64;
    let total = query + query_free + output + request + size_of::<Session>() as u64;
    let flags = match (session.unix_socket, session.no_evict, session.no_touch) {
        (false, false, false) => "N".to_owned(),
        (unix, evict, touch) => {
            let given = [(unix, 'U'), (evict, 'e'), (touch, 'T')];
            given.iter().filter(|(is, _)| *is).map(|(_, letter)| letter).collect()
        }
    };
    let protocol = if session.protocol == Protocol::Resp3 { 3 } else { 2 };
    let age = now_ms.saturating_sub(session.created_ms) / 1000;
    let idle = now_ms.saturating_sub(session.active_ms) / 1000;
    let lossy = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "id={} addr={} laddr={} fd={} name={} age={age} idle={idle} flags={flags} db={} sub=0 psub=0 ssub=0 \
         multi=-1 qbuf={query} qbuf-free={query_free} argv-mem={request} multi-mem=0 rbs=0 rbp=0 obl=0 \
         oll={} omem={output} tot-mem={total} events=r cmd={} user=default redir=-1 resp={protocol} \
         lib-name={} lib-ver={}",
        session.id,
        session.address,
        session.local_address,
        session.descriptor,
        lossy(&session.name),
        session.database,
        u8::from(output > 0),
        session.last_command.map_or("NULL", |entry| entry.name.as_str()),
        lossy(&session.library),
        lossy(&session.library_version),
    );
}

/// `CLIENT REPLY <ON | OFF | SKIP>`
pub(super) struct ReplyCommand {
    mode: ReplyMode,
}

impl Command for ReplyCommand {
    const SPEC: Spec = Spec {
        name: "reply",
        arity: 3,
        since: "3.2.0",
        summary: "Switches replies off and on",
        syntax: "<ON | OFF | SKIP>",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let mode = if args.option("ON") {
            ReplyMode::On
        } else if args.option("OFF") {
            ReplyMode::Off
        } else {
            if !args.option("SKIP") {
                args.fail(faults::SYNTAX);
            }
            ReplyMode::SkipNext
        };
        args.done(Self { mode })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let session = context.session();
        // Once replies are off, SKIP cannot bring them back after one command.
        if !(self.mode == ReplyMode::SkipNext && session.replies == ReplyMode::Off) {
            session.replies = self.mode;
        }
        Ok(Reply::OK)
    }
}

/// Reads `ON` or `OFF`.
fn read_switch(args: &mut Args<'_>) -> bool {
    let on = args.option("ON");
    if !on && !args.option("OFF") {
        args.fail(faults::SYNTAX);
    }
    on
}

/// `CLIENT NO-EVICT <ON | OFF>`
pub(super) struct NoEvict {
    on: bool,
}

impl Command for NoEvict {
    const SPEC: Spec = Spec {
        name: "no-evict",
        arity: 3,
        since: "7.0.0",
        summary: "Exempts the connection from the eviction of clients",
        syntax: "<ON | OFF>",
        ..CLIENT_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let on = read_switch(args);
        args.done(Self { on })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.session().no_evict = self.on;
        Ok(Reply::OK)
    }
}

/// `CLIENT NO-TOUCH <ON | OFF>`
pub(super) struct NoTouch {
    on: bool,
}

impl Command for NoTouch {
    const SPEC: Spec = Spec {
        name: "no-touch",
        arity: 3,
        since: "7.2.0",
        summary: "Lets the connection read keys without counting as their use",
        syntax: "<ON | OFF>",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let on = read_switch(args);
        args.done(Self { on })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.session().no_touch = self.on;
        Ok(Reply::OK)
    }
}

help!(
    ClientHelp,
    "5.0.0",
    Connection,
    [Flag::Loading, Flag::Stale],
    "CLIENT",
    [
        "GETNAME",
        "    Tell the name of this connection.",
        "ID",
        "    Tell the number of this connection.",
        "INFO",
        "    Describe this connection.",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> [<id> ...]]",
        "    Describe all connections, or those of a type, or those with the given numbers.",
        "NO-EVICT (ON|OFF)",
        "    Exempt this connection from the eviction of clients.",
        "NO-TOUCH (ON|OFF)",
        "    Do not count this connection's commands as use of keys.",
        "REPLY (ON|OFF|SKIP)",
        "    Switch replies to this connection off and on, or leave out the next one.",
        "SETINFO (LIB-NAME <name>|LIB-VER <version>)",
        "    Tell the server about the client library.",
        "SETNAME <name>",
        "    Give this connection a name.",
    ]
);

const CLIENT: Spec = Spec {
    name: "client",
    arity: -2,
    group: Group::Connection,
    since: "2.4.0",
    complexity: "Depends on subcommand",
    summary: "Manages connections",
    ..Spec::EMPTY
};

family!(Client in CLIENT {
    Id(Id),
    SetName(SetName),
    GetName(GetName),
    SetInfo(SetInfo),
    Info(Info),
    List(List),
    Reply(ReplyCommand),
    NoEvict(NoEvict),
    NoTouch(NoTouch),
    Help(ClientHelp),
});
