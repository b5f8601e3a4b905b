//! CLIENT: what the server knows of its clients, and what they may set about themselves.
//!
//! What CLIENT TRACKING leads to is in [`tracking`](super::tracking).

mod kill;
mod list;
mod pause;
mod tracking;
mod unblock;

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::session::ReplyMode;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::{Reply, Span};
use bytes::Bytes;
use kill::Kill;
pub(super) use list::description;
use list::{Info, List};
use pause::{Pause, Unpause};

pub(super) use pause::is_held;
use tracking::{Caching, GetRedir, TrackingCommand, TrackingInfo};
use unblock::Unblock;

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
        Ok(if self.mode == ReplyMode::On { Reply::OK } else { Reply::Silent })
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
        syntax: "<enabled: ON | OFF>",
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
        syntax: "<enabled: ON | OFF>",
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
        "CACHING (YES|NO)",
        "    Say whether the keys of the next command are tracked.",
        "GETNAME",
        "    Tell the name of this connection.",
        "GETREDIR",
        "    Tell the number of the client that hears about this connection's tracked keys.",
        "ID",
        "    Tell the number of this connection.",
        "INFO",
        "    Describe this connection.",
        "KILL <ip:port>",
        "    Close the connection from an address.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Close the connections to which all options apply:",
        "    ADDR <ip:port>, LADDR <ip:port>, ID <id>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <name>,",
        "    SKIPME (YES|NO): leave this connection out (default: yes).",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> [<id> ...]]",
        "    Describe all connections, or those of a type, or those with the given numbers.",
        "NO-EVICT (ON|OFF)",
        "    Exempt this connection from the eviction of clients.",
        "NO-TOUCH (ON|OFF)",
        "    Do not count this connection's commands as use of keys.",
        "PAUSE <milliseconds> [WRITE|ALL]",
        "    Let all commands, or those that write, wait for some time.",
        "REPLY (ON|OFF|SKIP)",
        "    Switch replies to this connection off and on, or leave out the next one.",
        "SETINFO (LIB-NAME <name>|LIB-VER <version>)",
        "    Tell the server about the client library.",
        "SETNAME <name>",
        "    Give this connection a name.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Have this connection, or another, told which keys that it has read have changed.",
        "TRACKINGINFO",
        "    Tell which of this connection's keys are tracked, and how.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    Have a connection wait no longer.",
        "UNPAUSE",
        "    End a pause.",
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
    Kill(Kill),
    Pause(Pause),
    Unpause(Unpause),
    Unblock(Unblock),
    Tracking(TrackingCommand),
    TrackingInfo(TrackingInfo),
    GetRedir(GetRedir),
    Caching(Caching),
    Reply(ReplyCommand),
    NoEvict(NoEvict),
    NoTouch(NoTouch),
    Help(ClientHelp),
});
