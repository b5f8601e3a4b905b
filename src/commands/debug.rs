//! DEBUG: what only tests and demonstrations want.
//!
//! Only what is harmless, or fails on purpose, is here. Absent on purpose: everything that looks into Redis's
//! own structures or crashes the process.

use super::args::Args;
use super::context::{Context, Outcome};
use super::effects::{Awaited, Control};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help_reply;
use super::spec::{Command, Flag, Group, Spec};
use crate::config::values::DebugCommand;
use crate::resp::{Encoder, Pieces, Protocol, Reply, Span};
use crate::store::glob_matches;
use std::time::Duration;

/// The longest DEBUG SLEEP: a day.
const LONGEST_SLEEP_SECS: f64 = 86_400.0;

/// `DEBUG subcommand [argument ...]`
///
/// DEBUG is one command with words of its own, not a container of subcommands, as in Redis.
pub(super) struct DebugWords {
    action: Action,
}

/// What DEBUG does.
enum Action {
    Sleep(Span),
    Panic,
    PanicIn(Span),
    Freeze(Span, Span),
    Actors,
    Bug(Option<Span>),
    Object(Span),
    SetActiveExpire(bool),
    StringMatchLen(Span, Span),
    Protocol(Span),
    Error(Span),
    ChangeReplId,
    Reload { save: bool },
    Help,
    Unknown(Span),
}

impl Command for DebugWords {
    const SPEC: Spec = Spec {
        name: "debug",
        arity: -2,
        flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
        group: Group::Server,
        complexity: "Depends on subcommand",
        summary: "Does things that only tests and demonstrations want",
        syntax: "subcommand [argument [argument ...]]",
        is_internal: true,
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let action = read_action(args);
        args.rest();
        args.done(Self { action })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        allow_debug(context)?;
        match self.action {
            Action::Sleep(seconds) => {
                let duration = sleep_duration(context.argv.bytes(seconds));
                context.effects.control(Control::Sleep(duration));
            }
            Action::Panic => context.effects.control(Control::Panic),
            Action::PanicIn(name) => {
                let name = actor(context, name)?;
                context.effects.control(Control::PanicIn(name));
            }
            Action::Freeze(name, time) => {
                let name = actor(context, name)?;
                let time = freeze_duration(context.argv.bytes(time))?;
                context.effects.control(Control::FreezeIn(name, time));
            }
            Action::Actors => return Ok(names(context)),
            Action::Bug(key) => {
                let key = key.map(|key| context.argv.share(key));
                context.effects.control(Control::Bug(key));
            }
            Action::Object(key) => return object(context, key),
            Action::SetActiveExpire(active) => context.effects.control(Control::SetActiveExpire(active)),
            Action::StringMatchLen(text, pattern) => {
                let argv = context.argv;
                return Ok(Reply::from_flag(glob_matches(argv.bytes(pattern), argv.bytes(text))));
            }
            Action::Protocol(kind) => return sample(context, kind),
            Action::Error(text) => {
                return Ok(Reply::error(context.argv.share(text)));
            }
            Action::Reload { .. } if context.session().denies_blocking => {
                return Err(faults::RELOAD_IN_TRANSACTION);
            }
            Action::Reload { save } => {
                context.effects.control(Control::Reload { save });
                context.effects.control(Control::Await(Awaited::Reload));
                return Ok(Reply::Silent);
            }
            // There is no replica that could notice.
            Action::ChangeReplId => {}
            Action::Help => return Ok(help_reply("DEBUG", HELP)),
            Action::Unknown(word) => {
                return Err(faults::subcommand_arity("debug", context.argv.bytes(word)));
            }
        }
        Ok(Reply::OK)
    }
}

fn read_action(args: &mut Args<'_>) -> Action {
    match args.left() {
        1 if args.option("PANIC") => Action::Panic,
        2 if args.option("PANIC") => Action::PanicIn(args.bytes()),
        3 if args.option("FREEZE") => Action::Freeze(args.bytes(), args.bytes()),
        1 if args.option("ACTORS") => Action::Actors,
        1 if args.option("BUG") => Action::Bug(None),
        2 if args.option("BUG") => Action::Bug(Some(args.bytes())),
        1 if args.option("CHANGE-REPL-ID") => Action::ChangeReplId,
        1 if args.option("RELOAD") => Action::Reload { save: true },
        2 if args.option("RELOAD") && args.option("NOSAVE") => Action::Reload { save: false },
        1 if args.option("HELP") => Action::Help,
        2 if args.option("SLEEP") => Action::Sleep(args.bytes()),
        2 if args.option("OBJECT") => Action::Object(args.bytes()),
        // As in Redis whatever does not begin with a number means 0.
        2 if args.option("SET-ACTIVE-EXPIRE") => Action::SetActiveExpire(starts_with_nonzero(args.word())),
        2 if args.option("PROTOCOL") => Action::Protocol(args.bytes()),
        2 if args.option("ERROR") => Action::Error(args.bytes()),
        3 if args.option("STRINGMATCH-LEN") => Action::StringMatchLen(args.bytes(), args.bytes()),
        _ => Action::Unknown(args.bytes()),
    }
}

/// Whether a word begins with a number other than zero.
fn starts_with_nonzero(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    digits.iter().take_while(|byte| byte.is_ascii_digit()).any(|digit| *digit != b'0')
}

/// Whether this client may use DEBUG.
fn allow_debug(context: &Context<'_>) -> Result<(), Fault> {
    let session = &context.clients[context.me];
    match context.config.enable_debug_command {
        DebugCommand::Yes => Ok(()),
        DebugCommand::Local if session.is_local() => Ok(()),
        _ => Err(faults::DEBUG_DISABLED),
    }
}

/// The actor that a client names.
fn actor(context: &Context<'_>, name: Span) -> Result<&'static str, Fault> {
    let name = context.argv.bytes(name);
    let actors = context.facts.actors().into_iter().map(|actor| actor.name);
    let mut named = actors.filter(|actor| actor.as_bytes().eq_ignore_ascii_case(name));
    named.next().ok_or(faults::NO_SUCH_ACTOR)
}

/// The names of all actors.
fn names(context: &Context<'_>) -> Reply {
    Reply::array(context.facts.actors().into_iter().map(|actor| Reply::bulk(actor.name)))
}

/// A time with its unit, such as `250ms`.
fn freeze_duration(text: &[u8]) -> Result<Duration, Fault> {
    let time = std::str::from_utf8(text).ok().and_then(|text| humantime::parse_duration(text).ok());
    time.filter(|time| *time <= Duration::from_secs_f64(LONGEST_SLEEP_SECS)).ok_or(faults::NO_DURATION)
}

/// Seconds with a fraction; what is no number is no sleep, as in Redis.
fn sleep_duration(text: &[u8]) -> Duration {
    let seconds = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    Duration::try_from_secs_f64(seconds.unwrap_or(0.0).clamp(0.0, LONGEST_SLEEP_SECS)).unwrap_or_default()
}

/// What is known of the value at a key: its encoding and the memory it takes.
fn object(context: &mut Context<'_>, key: Span) -> Outcome {
    let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
    let encoding = context.db().encoding(key, now_ms).ok_or(faults::NO_SUCH_KEY)?;
    let bytes = context.db().memory_usage(key, 0, now_ms).unwrap_or(0);
    Ok(Reply::Simple(format!("Value encoding:{encoding} memory:{bytes}").into()))
}

/// A reply of each kind of the protocol, the very ones Redis answers, for the tests of client libraries.
#[allow(clippy::approx_constant, reason = "clients' tests expect this very number")]
fn sample(context: &mut Context<'_>, kind: Span) -> Outcome {
    let numbers = || (0..3).map(Reply::Integer);
    let kind = context.argv.bytes(kind).to_ascii_lowercase();
    Ok(match kind.as_slice() {
        b"string" => Reply::bulk("Hello World"),
        b"integer" => Reply::Integer(12345),
        b"double" => Reply::Double(3.141),
        b"null" => Reply::Null,
        b"array" => Reply::array(numbers()),
        b"set" => Reply::Set(numbers().collect()),
        b"map" => Reply::Map(numbers().zip([false, true, false].map(Reply::Boolean)).collect()),
        b"attrib" => Reply::Stream(Box::new(Attributed)),
        b"push" if context.session().protocol == Protocol::Resp2 => return Err(faults::NOT_IN_RESP2),
        b"push" => Reply::Stream(Box::new(Pushed)),
        b"verbatim" => Reply::text("This is a verbatim\nstring"),
        b"true" => Reply::Boolean(true),
        b"false" => Reply::Boolean(false),
        b"bignum" => Reply::BigNumber(bytes::Bytes::from_static(b"1234567999999999999999999999999999999")),
        _ => return Err(faults::NO_PROTOCOL_TYPE),
    })
}

/// A reply with an attribute before it, which RESP2 does not have.
struct Attributed;

impl Pieces for Attributed {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if out.protocol() == Protocol::Resp3 {
            out.attribute_len(1);
            out.bulk(b"key-popularity");
            out.array_len(2);
            out.bulk(b"key:123");
            out.integer(90);
        }
        out.bulk(b"Some real reply following the attribute");
        false
    }
}

/// A reply with a message before it that nobody asked for.
struct Pushed;

impl Pieces for Pushed {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        out.push_len(2);
        out.bulk(b"server-cpu-usage");
        out.integer(42);
        out.bulk(b"Some real reply following the push reply");
        false
    }
}

const HELP: &[&str] = &[
    "ACTORS",
    "    Tell the names of all actors.",
    "BUG [<key>]",
    "    Have every command fail whose first argument is this key, once it has run; without a key, stop that.",
    "CHANGE-REPL-ID",
    "    Do nothing: there are no replicas.",
    "ERROR <text>",
    "    Answer the text as an error.",
    "FREEZE <actor> <duration>",
    "    Have an actor stand still for a time such as 250ms.",
    "OBJECT <key>",
    "    Tell how the value at a key is stored and how much memory it takes.",
    "PANIC [<actor>]",
    "    Fail inside the command, or have an actor fail, to see the server recover.",
    "PROTOCOL <type>",
    "    Answer a sample: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true or false.",
    "RELOAD [NOSAVE]",
    "    Write a snapshot, and load the data from it.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Switch the removal of due keys in the background off and on.",
    "SLEEP <seconds>",
    "    Keep the whole server busy.",
    "STRINGMATCH-LEN <text> <pattern>",
    "    Tell whether the text matches the pattern.",
];

family!(Debug {
    Debug(DebugWords),
});
