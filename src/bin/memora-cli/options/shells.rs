//! The same options for shells and manual readers: completions and a page in troff, made of the one table.
//!
//! clap writes both out of a description of the command line; the words themselves are read by hand, for
//! the reasons [`super`] gives.

use std::io::{self, Write};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::Shell;

use super::table::{Flag, ROWS, Row};
use crate::usage::EXAMPLES;

/// The name of the program.
const NAME: &str = "memora-cli";

/// How the program is started, as a manual page has it.
const SYNOPSIS: &str = "\\fBmemora\\-cli\\fR [\\fIOPTIONS\\fR] [\\fIcommand\\fR [\\fIargument\\fR ...]]";

/// Writes the completions for a shell: `bash`, `zsh`, `fish` or `powershell`.
///
/// # Errors
/// When nobody reads them.
pub(crate) fn write_completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    memora::shells::write_completions(shell, description(), out)
}

/// Writes the manual page.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn write_manual(out: &mut dyn Write) -> io::Result<()> {
    memora::shells::write_manual(description(), SYNOPSIS, EXAMPLES, out)
}

/// The command line as clap describes such things.
fn description() -> Command {
    let about = "The command line of Memora and of every Redis-compatible server";
    let words = Arg::new("command").num_args(0..).help("A command and its arguments; none for a prompt");
    let command = Command::new(NAME).version(env!("CARGO_PKG_VERSION")).about(about);
    let command = command.disable_help_flag(true).disable_version_flag(true).args(ROWS.iter().map(argument));
    command.arg(words)
}

fn argument(row: &'static Row) -> Arg {
    let mut argument = Arg::new(row.names[0]).help(row.help).help_heading(row.group.title());
    for name in row.names {
        argument = match (name.strip_prefix("--"), name.as_bytes()) {
            (Some(long), _) => argument.long(long),
            (None, [_, short, ..]) => argument.short(char::from(*short)),
            (None, _) => argument,
        };
    }
    let Some(value) = row.value else { return argument.action(ArgAction::SetTrue) };
    let argument = argument.value_name(value).action(ArgAction::Set);
    match row.flag {
        Flag::Socket | Flag::Eval | Flag::Export | Flag::Import => argument.value_hint(ValueHint::FilePath),
        Flag::Host => argument.value_hint(ValueHint::Hostname),
        Flag::Completions => argument.value_parser(clap::value_parser!(Shell)),
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completions(shell: Shell) -> String {
        let mut script = Vec::new();
        write_completions(shell, &mut script).unwrap();
        String::from_utf8(script).unwrap()
    }

    #[test]
    fn every_option_is_completed_in_every_shell() {
        description().debug_assert();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let script = completions(shell);
            for row in ROWS {
                for name in row.names {
                    assert!(script.contains(name.trim_start_matches('-')), "{shell}: {name}");
                }
            }
        }
    }

    #[test]
    fn every_option_is_in_the_manual() {
        let mut page = Vec::new();
        write_manual(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap().replace("\\-", "-");
        for name in ROWS.iter().flat_map(|row| row.names) {
            assert!(page.contains(name), "{name}");
        }
    }
}
