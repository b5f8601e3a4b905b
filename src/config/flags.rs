//! The command line: `memora-server [FILE] [--OPTION VALUE ...]`.
//!
//! Follows redis-server 7.0.15: flags take the names of options, everything up to the next `--` belongs to a
//! flag, `"--port 7001"` may be one argument, `--save` alone means `--save ""`, and the word right after a flag
//! is its value even when it starts with `--` (a password may). Beyond Redis, `--port=7001` works, and a flag
//! followed by the name of another option is reported as lacking its value.

use super::check::{self, Check};
use super::conf::split_words;
use super::error::{Place, Problem};
use super::file::Found;
use super::load::Setting;
use super::names;
use super::options::OptionRow;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The argument that stands for standard input.
const STDIN: &str = "-";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommandLine {
    /// The help text.
    Help,
    /// The version.
    Version,
    /// The manual page.
    Manual,
    /// Completions for a shell with this name, which is empty if it was not said.
    Completions(String),
    /// To look into data files.
    Check(Result<Check, Problem>),
    /// To run, with these sources in their order of precedence.
    Run { file: Option<PathBuf>, stdin: bool, flags: Vec<Found> },
}

/// Reads the arguments, without the program's name.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> CommandLine {
    let mut args: Vec<OsString> = args.into_iter().collect();
    match args.first().and_then(|first| first.to_str()) {
        Some("-h" | "--help") => return CommandLine::Help,
        Some("-v" | "--version") => return CommandLine::Version,
        Some("--manual") => return CommandLine::Manual,
        Some("--completions") => {
            let shell = args.get(1).map(|shell| shell.to_string_lossy().into_owned());
            return CommandLine::Completions(shell.unwrap_or_default());
        }
        _ => {}
    }
    if let Some(check) = check::parse(&args) {
        return CommandLine::Check(check);
    }
    let has_file = args.first().is_some_and(|first| !first.to_string_lossy().starts_with('-'));
    let file = has_file.then(|| PathBuf::from(args.remove(0)));
    // Redis reads standard input where `-` is the first or the last argument.
    let first = args.first().is_some_and(|arg| arg == STDIN).then(|| args.remove(0));
    let last = args.last().is_some_and(|arg| arg == STDIN).then(|| args.pop());
    let stdin = first.is_some() || last.is_some();
    parse_flags(&args, file, stdin)
}

fn parse_flags(args: &[OsString], file: Option<PathBuf>, stdin: bool) -> CommandLine {
    let mut flags = Vec::new();
    let mut rest = args;
    while let [arg, after @ ..] = rest {
        rest = after;
        match arg.to_str() {
            Some("--help") => return CommandLine::Help,
            Some("--version") => return CommandLine::Version,
            Some(arg) if arg.len() > 2 && arg.starts_with("--") => flags.push(flag(arg, &mut rest)),
            Some(arg) => flags.push(Err(stray(arg))),
            None => flags.push(Err(problem(not_utf8(arg)))),
        }
    }
    CommandLine::Run { file, stdin, flags }
}

/// Reads one flag and takes its values off `rest`.
fn flag(arg: &str, rest: &mut &[OsString]) -> Found {
    let (name, mut words) = name_and_words(arg)?;
    // Only a word right after the bare name may start with `--`, and not if it is another option.
    if let ([], [next, after @ ..]) = (words.as_slice(), *rest) {
        if !names_an_option(next) {
            words.push(utf8(next)?);
            *rest = after;
        }
    }
    while let [next, after @ ..] = *rest {
        if next.to_string_lossy().starts_with("--") {
            break;
        }
        words.push(utf8(next)?);
        *rest = after;
    }
    if words.is_empty() && name.eq_ignore_ascii_case("save") {
        words.push(String::new());
    }
    if let (true, [line]) = (name == names::USER, words.as_slice()) {
        // One word with spaces is a line, as in a TOML file.
        words = split_words(line).map_err(|reason| problem(format!("{name}: {reason}")))?;
    }
    Ok(Setting { place: Place::CommandLine, name, words })
}

/// Splits `--port`, `--port=7001` and `--port 7001` (one argument).
fn name_and_words(arg: &str) -> Result<(String, Vec<String>), Problem> {
    let arg = &arg["--".len()..];
    let end = arg.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(arg.len());
    let (name, rest) = arg.split_at(end);
    let words = match rest.strip_prefix('=') {
        Some(value) => vec![value.to_owned()],
        None => split_words(rest).map_err(|reason| problem(format!("{name}: {reason}")))?,
    };
    Ok((name.to_owned(), words))
}

fn names_an_option(arg: &OsStr) -> bool {
    let name = arg.to_str().and_then(|arg| arg.strip_prefix("--"));
    let name = name.map(|name| name.split_once('=').map_or(name, |(name, _)| name));
    name.is_some_and(|name| {
        matches!(name, "help" | "version" | names::USER) || OptionRow::find(name).is_some()
    })
}

fn utf8(arg: &OsStr) -> Result<String, Problem> {
    arg.to_str().map(str::to_owned).ok_or_else(|| problem(not_utf8(arg)))
}

fn not_utf8(arg: &OsStr) -> String {
    format!("`{}` is not valid UTF-8", arg.to_string_lossy())
}

fn stray(arg: &str) -> Problem {
    problem(format!("unexpected `{arg}`: options are written as --port 7001, and a file comes before them"))
}

pub(super) fn problem(text: String) -> Problem {
    Problem { place: Place::CommandLine, text }
}
