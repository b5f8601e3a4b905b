//! Runs the one command the command line holds.

use std::io::{self, Read};

use crate::options::{Options, StdinArgument};
use crate::quoting::unquote;
use crate::runner::{Runner, Trouble, complain};
use crate::usage;

/// Runs the command of `options` as often as they say.
///
/// # Errors
/// When it cannot be sent, when the connection breaks, or with `-e` when the reply is an error.
pub(crate) fn run(options: &Options, mut runner: Runner) -> Result<(), Trouble> {
    let name = options.command[0].to_ascii_lowercase();
    if name == b"help" || name == b"?" {
        return Ok(runner.say(usage::PROMPT)?);
    }
    let args = arguments(options)?;
    if let Err(complaint) = runner.session.connect() {
        if !runner.session.is_connected() {
            return Err(Trouble::NotConnected(complaint));
        }
        // Not being let in is no reason to stay silent: the server will say more.
        complain(&complaint);
    }
    runner.run(&args, options.repeat)
}

/// The words as arguments: unquoted where asked, and with standard input in its place.
fn arguments(options: &Options) -> Result<Vec<Vec<u8>>, Trouble> {
    let mut args = if options.quoted_input {
        let unquoted: Option<Vec<_>> = options.command.iter().map(|word| unquote(word)).collect();
        unquoted.ok_or(Trouble::Arguments("Invalid quoted string"))?
    } else {
        options.command.clone()
    };
    match &options.stdin_argument {
        StdinArgument::Absent => {}
        StdinArgument::Last => args.push(read_stdin()?),
        StdinArgument::Tagged(tag) => {
            let place = args.iter_mut().find(|arg| *arg == tag);
            *place.ok_or(Trouble::Arguments(
                "Using -X option but stdin tag not match.",
            ))? = read_stdin()?;
        }
    }
    Ok(args)
}

fn read_stdin() -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(Trouble::Input)?;
    Ok(bytes)
}
