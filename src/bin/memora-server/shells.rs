//! The options for shells and manual readers: completions and a page in troff, made of the table of options.
//!
//! clap writes both out of a description of the command line; the command line itself is read by
//! [`memora::config`], whose rules are Redis's.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::Shell;
use memora::config::{OPTIONS, OptionRow};

/// The name of the program.
const NAME: &str = "memora-server";

/// What the program can be asked for instead of serving: name, value, short name, and what it does.
const OTHERS: &[(&str, Option<&str>, Option<char>, &str)] = &[
    ("help", None, Some('h'), "Show every option with its values and its default"),
    ("version", None, Some('v'), "Show the version"),
    ("check-rdb", Some("FILE"), None, "Say what is in an RDB file and whether it is whole"),
    ("check-aof", Some("PATH"), None, "Say what is in an append-only log and whether it is whole"),
    ("fix", None, None, "With --check-aof, offer to cut a torn end off"),
    ("yes", None, None, "With --fix, do so without asking"),
    ("manual", None, None, "Print the manual page: memora-server --manual | man -l -"),
    ("completions", Some("SHELL"), None, "Print completions for bash, zsh, fish or powershell"),
];

/// How the program is started, as a manual page has it.
const SYNOPSIS: &str = "\\fBmemora\\-server\\fR [\\fIFILE\\fR] [\\fB\\-\\-OPTION\\fR \\fIVALUE\\fR ...]";

const EXAMPLES: &[&str] = &[
    "memora-server",
    "memora-server --port 7001 --requirepass secret",
    "memora-server memora.toml --loglevel verbose --save \"\"",
    "memora-server my-redis.conf --appendonly yes",
];

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
    let about = "A Redis-compatible in-memory data store built as a system of supervised actors";
    let file = "A redis.conf, or TOML if its name ends in .toml; - reads a redis.conf from standard input";
    let file = Arg::new("file").value_name("FILE").help(file).value_hint(ValueHint::FilePath);
    let command = Command::new(NAME).version(env!("CARGO_PKG_VERSION")).about(about);
    let command = command.disable_help_flag(true).disable_version_flag(true).arg(file);
    let command = command.args(OTHERS.iter().map(|(name, value, short, help)| {
        let argument = Arg::new(*name).long(*name).help(*help).help_heading("Instead of serving");
        let argument = match short {
            Some(short) => argument.short(*short),
            None => argument,
        };
        match value {
            None => argument.action(ArgAction::SetTrue),
            Some("SHELL") => argument.value_name("SHELL").value_parser(clap::value_parser!(Shell)),
            Some(value) => argument.value_name(*value).value_hint(ValueHint::AnyPath),
        }
    }));
    command.args(OPTIONS.iter().map(argument))
}

fn argument(row: &'static OptionRow) -> Arg {
    let argument = Arg::new(row.name).long(row.name).help_heading(row.group.title());
    let argument = argument.value_name("VALUE").action(ArgAction::Set);
    let default = if row.default.is_empty() { "none" } else { row.default };
    let argument = argument.help(format!("{} Default: {default}", row.doc));
    let choices = row.choices();
    match row.allowed() {
        _ if !choices.is_empty() => argument.value_parser(PossibleValuesParser::new(choices)),
        allowed if allowed == "a directory" => argument.value_hint(ValueHint::DirPath),
        allowed if allowed.starts_with("a path") => argument.value_hint(ValueHint::FilePath),
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> impl Iterator<Item = &'static str> {
        OPTIONS.iter().map(|row| row.name).chain(OTHERS.iter().map(|(name, ..)| *name))
    }

    #[test]
    fn every_option_is_completed_in_every_shell() {
        description().debug_assert();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let mut script = Vec::new();
            write_completions(shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for name in names() {
                assert!(script.contains(name), "{shell}: {name}");
            }
            assert!(script.contains("everysec"), "{shell}");
        }
    }

    #[test]
    fn every_option_is_in_the_manual() {
        let mut page = Vec::new();
        write_manual(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap().replace("\\-", "-");
        for name in names() {
            assert!(page.contains(&format!("--{name}")), "{name}");
        }
    }
}
