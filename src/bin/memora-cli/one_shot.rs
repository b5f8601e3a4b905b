//! Runs the one command the command line holds.

use std::fs;
use std::io::{self, Read};

use crate::lesson;
use crate::link::plain_text;
use crate::options::{Options, StdinArgument};
use crate::prompt::catalog::Catalog;
use crate::runner::{Runner, Trouble, complain};
use memora::resp::quoting::unquote;

/// Runs the command of `options` as often as they say.
///
/// # Errors
/// When it cannot be sent, when the connection breaks, or with `-e` when the reply is an error.
pub(crate) fn run(options: &Options, mut runner: Runner) -> Result<(), Trouble> {
    let name = options.command[0].to_ascii_lowercase();
    if name == b"help" || name == b"?" {
        // Whoever is there knows more than the table, and nobody has to be.
        let _ = runner.session.connect();
        let docs = runner.session.query(&["COMMAND", "DOCS"]).ok();
        let catalog = docs.as_ref().and_then(Catalog::from_docs).unwrap_or_else(Catalog::built_in);
        return lesson::explain(&options.command[1..], &catalog, &mut runner);
    }
    let Some(args) = unquoted(options) else {
        runner.say("Invalid quoted string\n")?;
        return Err(Trouble::Reported);
    };
    let args = with_stdin(args, &options.stdin_argument)?;
    run_args(&args, options, runner)
}

/// Runs the Lua script in the file `path`; the words of the command are its keys, a comma and its arguments.
///
/// # Errors
/// When the file cannot be read, and those of [`run`].
pub(crate) fn eval(path: &str, options: &Options, runner: Runner) -> Result<(), Trouble> {
    let script = fs::read(path).map_err(|error| {
        complain(format!("Can't open file '{path}': {}", plain_text(&error)).as_bytes());
        Trouble::Reported
    })?;
    let words = &options.command;
    let keys = words.iter().position(|word| word == b",").unwrap_or(words.len());
    let mut args = vec![b"EVAL".to_vec(), script, keys.to_string().into_bytes()];
    args.extend_from_slice(&words[..keys]);
    args.extend(words.iter().skip(keys + 1).cloned());
    run_args(&args, options, runner)
}

fn run_args(args: &[Vec<u8>], options: &Options, mut runner: Runner) -> Result<(), Trouble> {
    if let Err(complaint) = runner.session.connect() {
        if !runner.session.is_connected() {
            return Err(Trouble::NotConnected(complaint));
        }
        // Not being let in is no reason to stay silent: the server will say more.
        complain(&complaint);
    }
    runner.run(args, options.repeat)
}

/// The words of the command; nothing when they should be quoted and are not.
fn unquoted(options: &Options) -> Option<Vec<Vec<u8>>> {
    if options.quoted_input {
        options.command.iter().map(|word| unquote(word)).collect()
    } else {
        Some(options.command.clone())
    }
}

fn with_stdin(mut args: Vec<Vec<u8>>, wanted: &StdinArgument) -> Result<Vec<Vec<u8>>, Trouble> {
    match wanted {
        StdinArgument::Absent => {}
        StdinArgument::Last => args.push(read_stdin()?),
        StdinArgument::Tagged(tag) => {
            let place = args.iter_mut().find(|arg| *arg == tag);
            *place.ok_or(Trouble::TagNotFound)? = read_stdin()?;
        }
    }
    Ok(args)
}

fn read_stdin() -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(Trouble::Input)?;
    Ok(bytes)
}
