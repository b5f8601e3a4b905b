//! The command line: redis-cli's options, letter for letter.
//!
//! Read by hand instead of with clap, because redis-cli's rules are not clap's: `-h` is the host, `-r -1`
//! is a value, a later option overrides an earlier one (`-u … -p …`), the first word that is no option
//! ends them all (`SET key -1`), and every complaint is the same sentence with exit code 1.

pub(crate) mod table;
mod number;
mod parse;
pub(crate) mod shells;
mod uri;

use std::time::Duration;

pub(crate) use parse::parse;

use clap_complete::Shell;

use crate::render::{Format, Style};
use crate::tools::Tool;

/// Where a server is found when nothing else is said.
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 6379;

/// How long `--pipe` waits for replies, as in redis-cli.
const DEFAULT_PIPE_TIMEOUT: Duration = Duration::from_secs(30);

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To talk to a server.
    Run(Box<Options>),
    /// To explain the options.
    Usage,
    /// To teach them to a shell.
    Completions(Shell),
    /// To print the manual page.
    Manual,
    /// To say which version this is.
    Version,
}

/// Why the command line makes no sense: one sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(String);

impl Refusal {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// Which arguments of the command come from standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StdinArgument {
    /// None.
    Absent,
    /// One more after the last (`-x`).
    Last,
    /// The first that equals this tag (`-X`).
    Tagged(Vec<u8>),
}

/// Which protocol the session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProtocolChoice {
    /// Whatever the server begins with, which is RESP2.
    Unsaid,
    /// RESP2 (`-2`).
    Resp2,
    /// RESP3 (`-3`), or RESP2 with a complaint when the server refuses.
    Resp3,
}

/// Everything that can be said on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    /// A host name or IP address.
    pub(crate) host: String,
    /// A TCP port.
    pub(crate) port: u16,
    /// A Unix socket instead of host and port.
    pub(crate) socket: Option<String>,
    /// Whom AUTH names; the default user when nobody.
    pub(crate) user: Option<Vec<u8>>,
    /// What AUTH sends; no AUTH without.
    pub(crate) password: Option<Vec<u8>>,
    /// Whether to ask for the password at the terminal.
    pub(crate) ask_password: bool,
    /// Whether redirections of a cluster should be followed, which they are not.
    pub(crate) cluster: bool,
    /// The number of the database to SELECT.
    pub(crate) db: i64,
    pub(crate) protocol: ProtocolChoice,
    /// How often the command runs; without end when negative.
    pub(crate) repeat: i64,
    /// The pause between two runs.
    pub(crate) interval: Duration,
    /// The file with the script to run; the command is then its keys, a comma and its arguments.
    pub(crate) script: Option<String>,
    /// Which arguments are read instead of written.
    pub(crate) stdin_argument: StdinArgument,
    /// The output format, where one was asked for.
    pub(crate) format: Option<Format>,
    /// Between the elements of a raw list (`-d`).
    pub(crate) element_delimiter: Vec<u8>,
    /// After each raw reply (`-D`).
    pub(crate) reply_delimiter: Vec<u8>,
    /// Whether an error reply ends the program with code 1 (`-e`).
    pub(crate) exit_on_error: bool,
    /// Whether the words of the command are quoted strings.
    pub(crate) quoted_input: bool,
    /// Whether messages nobody asked for are printed; by default on a terminal.
    pub(crate) show_pushes: Option<bool>,
    /// What to do instead of running commands.
    pub(crate) tool: Option<Tool>,
    /// Which keys tools look at.
    pub(crate) pattern: Option<Vec<u8>>,
    /// How many keys a step of SCAN looks at.
    pub(crate) count: Option<u64>,
    /// The cursor tools begin to walk at.
    pub(crate) cursor: u64,
    /// How many keys `--keystats` lists.
    pub(crate) top: Option<usize>,
    /// How long `--pipe` waits for replies once everything has been sent; for ever without.
    pub(crate) pipe_timeout: Option<Duration>,
    /// How many elements of a key MEMORY USAGE measures; as many as the server likes without.
    pub(crate) memory_samples: Option<u64>,
    /// Whether nothing is asked before commands that destroy much.
    pub(crate) sure: bool,
    /// Whether the program tells more about what it does.
    pub(crate) verbose: bool,
    /// Whether to warn of a password that others can see in the list of processes.
    pub(crate) warn_of_password: bool,
    /// The command and its arguments; empty when commands are to be read.
    pub(crate) command: Vec<Vec<u8>>,
}

impl Options {
    fn new() -> Self {
        Self {
            host: DEFAULT_HOST.to_owned(),
            port: DEFAULT_PORT,
            socket: None,
            user: None,
            password: None,
            ask_password: false,
            cluster: false,
            db: 0,
            protocol: ProtocolChoice::Unsaid,
            repeat: 1,
            interval: Duration::ZERO,
            script: None,
            stdin_argument: StdinArgument::Absent,
            format: None,
            element_delimiter: b"\n".to_vec(),
            reply_delimiter: b"\n".to_vec(),
            exit_on_error: false,
            quoted_input: false,
            show_pushes: None,
            sure: false,
            tool: None,
            pattern: None,
            count: None,
            cursor: 0,
            top: None,
            pipe_timeout: Some(DEFAULT_PIPE_TIMEOUT),
            memory_samples: None,
            verbose: false,
            warn_of_password: false,
            command: Vec::new(),
        }
    }

    /// How replies are printed, given whether people or programs read them.
    pub(crate) fn style(&self, on_terminal: bool) -> Style {
        let default = if on_terminal { Format::Typed } else { Format::Raw };
        Style {
            format: self.format.unwrap_or(default),
            element_delimiter: self.element_delimiter.clone(),
            reply_delimiter: self.reply_delimiter.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
