//! SLOWLOG: the commands that took long, newest first.
//!
//! The log keeps what Redis keeps of each: a rising number, when, how long, who, and the arguments cut to a
//! readable size. It lives in memory only and is bounded by `slowlog-max-len`.

use super::args::Args;
use super::context::{Context, Outcome};
use super::effects::Redacted;
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::session::Session;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::{Argv, Reply};
use bytes::Bytes;
use std::collections::VecDeque;

/// The most arguments an entry shows; one more says how many were left out.
const SHOWN_ARGUMENTS: usize = 32;

/// The most bytes an entry shows of one argument.
const SHOWN_BYTES: usize = 128;

/// How many entries `SLOWLOG GET` shows when it is not told.
const SHOWN_ENTRIES: usize = 10;

/// One command that took long.
struct SlowCommand {
    id: u64,
    /// Unix time in seconds.
    at_secs: u64,
    duration_us: u64,
    arguments: Vec<Bytes>,
    address: String,
    client_name: Bytes,
}

/// The commands that took long.
#[derive(Default)]
pub struct SlowLog {
    entries: VecDeque<SlowCommand>,
    next_id: u64,
}

impl SlowLog {
    /// Adds a command; the oldest go when there are more than `max_len`.
    pub(super) fn add(
        &mut self,
        argv: Argv<'_>,
        redacted: Redacted,
        session: &Session,
        at_secs: u64,
        duration_us: u64,
        max_len: usize,
    ) {
        self.entries.push_front(SlowCommand {
            id: self.next_id,
            at_secs,
            duration_us,
            arguments: shown_arguments(argv, redacted),
            address: session.address.clone(),
            client_name: session.name.clone(),
        });
        self.next_id += 1;
        self.entries.truncate(max_len);
    }
}

fn shown_arguments(argv: Argv<'_>, redacted: Redacted) -> Vec<Bytes> {
    let shown = if argv.len() > SHOWN_ARGUMENTS { SHOWN_ARGUMENTS - 1 } else { argv.len() };
    let mut arguments: Vec<_> = argv
        .iter()
        .take(shown)
        .enumerate()
        .map(|(index, argument)| if redacted.has(index) { Redacted::TEXT } else { argument })
        .map(shown_argument)
        .collect();
    if shown < argv.len() {
        arguments.push(format!("... ({} more arguments)", argv.len() - shown).into());
    }
    arguments
}

fn shown_argument(argument: &[u8]) -> Bytes {
    if argument.len() <= SHOWN_BYTES {
        return Bytes::copy_from_slice(argument);
    }
    let more = format!("... ({} more bytes)", argument.len() - SHOWN_BYTES);
    [&argument[..SHOWN_BYTES], more.as_bytes()].concat().into()
}

impl SlowCommand {
    fn to_reply(&self) -> Reply {
        let number = |number: u64| Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        Reply::array([
            number(self.id),
            number(self.at_secs),
            number(self.duration_us),
            Reply::array(self.arguments.iter().map(|argument| Reply::bulk(argument.clone()))),
            Reply::bulk(self.address.as_bytes()),
            Reply::bulk(self.client_name.clone()),
        ])
    }
}

/// What every subcommand declares alike.
const SLOWLOG_SUBCOMMAND: Spec = Spec {
    arity: 2,
    flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
    group: Group::Server,
    since: "2.2.12",
    ..Spec::EMPTY
};

/// `SLOWLOG GET [count]`
pub(super) struct Get {
    /// None: all.
    count: Option<usize>,
}

impl Command for Get {
    const SPEC: Spec = Spec {
        name: "get",
        arity: -2,
        complexity: "O(N) where N is the number of entries returned",
        summary: "Lists the commands that took long, newest first",
        history: &[("4.0.0", "The client's address and name in each entry")],
        syntax: "[count]",
        tips: &["request_policy:all_nodes", "nondeterministic_output"],
        ..SLOWLOG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() > 1 {
            args.fail(faults::subcommand_arity("slowlog", args.word_before()));
            args.rest();
        }
        let count = if args.left() == 0 {
            Some(SHOWN_ENTRIES)
        } else {
            let count = args.integer_or(faults::SLOWLOG_COUNT);
            if count < -1 {
                args.fail(faults::SLOWLOG_COUNT);
            }
            usize::try_from(count).ok()
        };
        args.done(Self { count })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let entries = &context.history.slowlog.entries;
        let count = self.count.unwrap_or(entries.len());
        Ok(Reply::array(entries.iter().take(count).map(SlowCommand::to_reply)))
    }
}

/// `SLOWLOG LEN`
pub(super) struct Len;

impl Command for Len {
    const SPEC: Spec = Spec {
        name: "len",
        summary: "Counts the entries of the slow log",
        tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
        ..SLOWLOG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(context.history.slowlog.entries.len()))
    }
}

/// `SLOWLOG RESET`
pub(super) struct Reset;

impl Command for Reset {
    const SPEC: Spec = Spec {
        name: "reset",
        complexity: "O(N) where N is the number of entries",
        summary: "Empties the slow log",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SLOWLOG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.history.slowlog.entries.clear();
        Ok(Reply::OK)
    }
}

help!(
    SlowLogHelp,
    "6.2.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "SLOWLOG",
    [
        "GET [<count>]",
        "    List the newest <count> entries (default: 10, -1: all). Each has a number, the time,",
        "    the duration in microseconds, the arguments, the client's address and its name.",
        "LEN",
        "    Count the entries.",
        "RESET",
        "    Remove all entries.",
    ]
);

const SLOWLOG: Spec = Spec {
    name: "slowlog",
    arity: -2,
    group: Group::Server,
    since: "2.2.12",
    complexity: "Depends on subcommand",
    summary: "Shows the commands that took long",
    ..Spec::EMPTY
};

family!(Slowlog in SLOWLOG {
    Get(Get),
    Len(Len),
    Reset(Reset),
    Help(SlowLogHelp),
});
