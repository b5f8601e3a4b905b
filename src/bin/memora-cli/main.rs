//! The command-line client: redis-cli's options and output, for Memora and every Redis-compatible server.
//!
//! ```text
//! words ─► options ─► main ─┬─ one command ──────► runner ─► session ─► link ─► server
//!                           └─ repl ◄── input        │ render ◄── reply ◄──┘
//!                                       ▲ prompt: hints, completion, colours, help
//! ```
//!
//! It speaks the protocol through `memora::resp` like any other client and knows nothing else of the
//! server. What it prints is redis-cli 7.0's to the byte; `docs/CLI.md` lists the exceptions. Deliberately absent:
//! TLS and the redirections of clusters.

mod options;
mod password;
mod usage;

mod command;
mod comparison;
mod danger;
mod interrupts;
mod link;
mod render;
mod runner;
mod session;
mod subscriptions;

mod input;
mod lesson;
mod one_shot;
mod pager;
mod preferences;
mod prompt;
mod repl;
mod tools;
mod views;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use options::{Options, Request};
use runner::{Runner, Trouble, complain};
use session::Session;

/// Holds the password when the command line does not.
const PASSWORD_VARIABLE: &str = "REDISCLI_AUTH";

fn main() -> ExitCode {
    match options::parse(env::args_os().skip(1).collect(), env::var_os(PASSWORD_VARIABLE)) {
        Ok(Request::Usage) => finish(say(&format!("{}\n\n{}", usage::VERSION, usage::options()))),
        Ok(Request::Completions(shell)) => {
            finish(options::shells::write_completions(shell, &mut io::stdout()).map_err(Trouble::from))
        }
        Ok(Request::Manual) => {
            finish(options::shells::write_manual(&mut io::stdout()).map_err(Trouble::from))
        }
        Ok(Request::Version) => finish(say(&format!("{}\n", usage::VERSION))),
        Ok(Request::Run(options)) => {
            finish(password::ask_if_wanted(*options).and_then(|options| run(&options)))
        }
        Err(refusal) => {
            complain(refusal.to_string().as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn finish(result: Result<(), Trouble>) -> ExitCode {
    match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::Reported) => {}
        // Whoever read our output has had enough, which is no news.
        Err(Trouble::Output(error)) if is_closed_pipe(&error) => {}
        Err(Trouble::NotConnected(complaint) | Trouble::ErrorReply(complaint)) => complain(&complaint),
        Err(trouble) => complain(trouble.to_string().as_bytes()),
    }
    ExitCode::FAILURE
}

/// Whether the reader is gone, for which Windows has a code of its own besides.
fn is_closed_pipe(error: &io::Error) -> bool {
    const ERROR_PIPE_NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe
        || (cfg!(windows) && error.raw_os_error() == Some(ERROR_PIPE_NOT_CONNECTED))
}

fn say(text: &str) -> Result<(), Trouble> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn run(options: &Options) -> Result<(), Trouble> {
    if options.warn_of_password {
        complain(
            b"Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.",
        );
    }
    if options.cluster {
        complain(b"-c: there is no cluster mode, MOVED and ASK are shown as errors.");
    }
    let session = Session::new(options);
    if options.verbose {
        complain(format!("Connecting to {}", session.address()).as_bytes());
    }
    if let Some(tool) = &options.tool {
        return tools::run(tool, options, session);
    }
    let runner = Runner::new(options, session, io::stdout().is_terminal());
    match &options.script {
        Some(path) => one_shot::eval(path, options, runner),
        None if options.command.is_empty() => run_many(runner),
        None => one_shot::run(options, runner),
    }
}

fn run_many(runner: Runner) -> Result<(), Trouble> {
    let at_prompt = io::stdin().is_terminal();
    // The line editor takes signals without passing them on, so whoever else wants them comes after it.
    let mut input =
        if at_prompt { input::Input::terminal().map_err(io::Error::other)? } else { input::Input::piped() };
    let mut runner = runner.interactive(at_prompt)?;
    runner.session.connect().unwrap_or_else(|complaint| complain(&complaint));
    if at_prompt {
        preferences::apply_file(&mut runner, &mut input)?;
    }
    repl::run(&mut runner, &mut input)
}
