//! The connection: PING, ECHO, HELLO, AUTH, SELECT, QUIT, RESET.

use super::acl::{DEFAULT_USER, log_failed_login};
use super::args::Args;
use super::client::is_printable_name;
use super::context::{Context, Outcome};
use super::effects::Control;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::{Protocol, Reply, Span};
use crate::store::parse_int;

/// The Redis version whose behaviour Memora follows and which clients look at.
pub(super) const REDIS_VERSION: &str = "7.2.4";

/// `PING [message]`
pub(super) struct Ping {
    message: Option<Span>,
}

impl Command for Ping {
    const SPEC: Spec = Spec {
        name: "ping",
        arity: -1,
        flags: &[Flag::Fast],
        group: Group::Connection,
        summary: "Answers PONG, or the message",
        syntax: "[message]",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() > 1 {
            args.fail(faults::wrong_arity(Self::SPEC.name));
        }
        let message = (args.left() > 0).then(|| args.bytes());
        args.done(Self { message })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let session = context.session();
        if session.protocol == Protocol::Resp2 && !session.subscribed.is_empty() {
            let message = self.message.map_or(&b""[..], |message| context.argv.bytes(message));
            return Ok(Reply::Array(vec![Reply::bulk("pong"), Reply::bulk(message)]));
        }
        Ok(self.message.map_or(Reply::simple("PONG"), |message| Reply::bulk(context.argv.bytes(message))))
    }
}

/// `ECHO message`
pub(super) struct Echo {
    message: Span,
}

impl Command for Echo {
    const SPEC: Spec = Spec {
        name: "echo",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
        group: Group::Connection,
        summary: "Answers the message",
        syntax: "message",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let message = args.bytes();
        args.done(Self { message })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::bulk(context.argv.share(self.message)))
    }
}

/// Checks a user's password and lets the client in.
fn authenticate(context: &mut Context<'_>, user: Option<&[u8]>, password: &[u8]) -> Result<(), Fault> {
    if user.is_none() && context.clients.acl().default_user().needs_no_password() {
        return Err(faults::NO_PASSWORD_SET);
    }
    let user = user.unwrap_or(DEFAULT_USER);
    if !context.clients.log_in(context.me, user, password) {
        log_failed_login(context, user);
        return Err(faults::WRONG_PASSWORD);
    }
    Ok(())
}

/// `AUTH [username] password`
pub(super) struct Auth {
    user: Option<Span>,
    password: Span,
}

impl Command for Auth {
    const SPEC: Spec = Spec {
        name: "auth",
        arity: -2,
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
        group: Group::Connection,
        complexity: "O(N) where N is the number of passwords of the user",
        summary: "Proves who the client is",
        syntax: "[username] password",
        history: &[("6.0.0", "Argument `username`, with ACL")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let user = (args.left() > 1).then(|| args.bytes());
        let password = args.bytes();
        args.done(Self { user, password })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        (1..argv.len()).for_each(|index| context.effects.redacted.hide(index));
        authenticate(context, self.user.map(|user| argv.bytes(user)), argv.bytes(self.password))?;
        Ok(Reply::OK)
    }
}

/// `HELLO [protover [AUTH username password] [SETNAME clientname]]`
pub(super) struct Hello {
    protocol: Option<Protocol>,
    auth: Option<(Span, Span)>,
    /// Where `AUTH` stands among the arguments.
    auth_index: usize,
    name: Option<Span>,
}

impl Command for Hello {
    const SPEC: Spec = Spec {
        name: "hello",
        arity: -1,
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
        group: Group::Connection,
        since: "6.0.0",
        summary: "Greets the server, agrees on the protocol, and authenticates",
        syntax: "[arguments: protover [AUTH username password] [SETNAME clientname]]",
        history: &[("6.2.0", "The version may be left out, to only be told about the connection")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let protocol = args.peek().map(|_| read_protocol(args));
        let (mut auth, mut auth_index, mut name) = (None, 0, None);
        while args.more() {
            if args.left() > 2 && args.option("AUTH") {
                auth_index = args.position() - 1;
                auth = Some((args.bytes(), args.bytes()));
            } else if args.option_with_value("SETNAME") {
                name = Some(read_name(args));
            } else {
                let option = args.word();
                args.fail(faults::with_argument("ERR Syntax error in HELLO option '", option, "'"));
            }
        }
        args.done(Self { protocol: protocol.flatten(), auth, auth_index, name })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        if let Some((user, password)) = self.auth {
            [1, 2].into_iter().for_each(|next| context.effects.redacted.hide(self.auth_index + next));
            authenticate(context, Some(argv.bytes(user)), argv.bytes(password))?;
        }
        if !context.session().authenticated {
            return Err(faults::HELLO_NO_AUTH);
        }
        if let Some(name) = self.name.map(|name| argv.bytes(name)) {
            context.session().name = bytes::Bytes::copy_from_slice(name);
        }
        if let Some(protocol) = self.protocol {
            context.session().protocol = protocol;
        }
        Ok(greeting(context))
    }
}

fn read_name(args: &mut Args<'_>) -> Span {
    if !args.peek().is_some_and(is_printable_name) {
        args.fail(faults::BAD_CLIENT_NAME);
    }
    args.bytes()
}

fn read_protocol(args: &mut Args<'_>) -> Option<Protocol> {
    match parse_int(args.word()) {
        Some(2) => Some(Protocol::Resp2),
        Some(3) => Some(Protocol::Resp3),
        Some(_) => {
            args.fail(faults::NO_PROTO);
            None
        }
        None => {
            args.fail(faults::PROTO_NOT_A_NUMBER);
            None
        }
    }
}

fn greeting(context: &mut Context<'_>) -> Reply {
    let session = context.session();
    let (id, version) = (session.id, if session.protocol == Protocol::Resp3 { 3 } else { 2 });
    Reply::Map(vec![
        (Reply::bulk("server"), Reply::bulk("redis")),
        (Reply::bulk("version"), Reply::bulk(REDIS_VERSION)),
        (Reply::bulk("proto"), Reply::Integer(version)),
        (Reply::bulk("id"), Reply::Integer(i64::try_from(id).unwrap_or(i64::MAX))),
        (Reply::bulk("mode"), Reply::bulk("standalone")),
        (Reply::bulk("role"), Reply::bulk("master")),
        (Reply::bulk("modules"), Reply::EMPTY_ARRAY),
    ])
}

/// `SELECT index`
pub(super) struct Select {
    index: i64,
}

impl Command for Select {
    const SPEC: Spec = Spec {
        name: "select",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
        group: Group::Connection,
        summary: "Chooses the database for the commands that follow",
        syntax: "index",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let index = args.int32();
        args.done(Self { index })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.session().database = context.database(self.index)?;
        Ok(Reply::OK)
    }
}

/// `QUIT`
pub(super) struct Quit;

impl Command for Quit {
    const SPEC: Spec = Spec {
        name: "quit",
        arity: -1,
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
        group: Group::Connection,
        summary: "Closes the connection once the replies are sent",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.rest();
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.effects.control(Control::CloseAfterReply);
        Ok(Reply::OK)
    }
}

/// `RESET`
pub(super) struct Reset;

impl Command for Reset {
    const SPEC: Spec = Spec {
        name: "reset",
        arity: 1,
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
        group: Group::Connection,
        since: "6.2.0",
        summary: "Brings the connection back to the state of a new one",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.clients.unwatch_all(context.me);
        context.clients.unsubscribe_all(context.me);
        context.clients.untrack(context.me);
        context.effects.control(Control::ClassChanged);
        context.session().reset();
        context.clients.log_out(context.me);
        Ok(Reply::simple("RESET"))
    }
}

family!(Connection {
    Ping(Ping),
    Echo(Echo),
    Auth(Auth),
    Hello(Hello),
    Select(Select),
    Quit(Quit),
    Reset(Reset),
});
