//! From the command line to a [`Config`]: defaults, then the file, then standard input, then flags.
//!
//! All problems of all sources are reported at once, so that a file is mended in one go. A value is repeated in
//! its message unless it is a password.

use super::check::Check;
use super::error::{ConfigError, Invalid, Place, Problem};
use super::flags::{self, CommandLine};
use super::options::{Config, OptionRow};
use super::values::UserLine;
use super::{file, help, names};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// A name and its words, and where they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) words: Vec<String>,
}

/// What the command line asks the program to do.
#[derive(Debug)]
pub enum Invocation {
    /// Run the server.
    Run(Box<Config>, ConfigOrigin),
    /// Look into data files.
    Check(Check),
    /// Print this help to standard output.
    Help(String),
    /// Print this version to standard output.
    Version(String),
    /// Print the manual page.
    Manual,
    /// Print completions for a shell with this name.
    Completions(String),
}

/// Where a configuration came from. `Display` names the sources for a log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigOrigin {
    /// The file, as an absolute path, which is what INFO answers as `config_file`.
    pub file: Option<PathBuf>,
    /// Whether standard input was read.
    pub stdin: bool,
    /// The options that were set on the command line, in their order.
    pub flags: Vec<&'static str>,
}

impl fmt::Display for ConfigOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.iter().map(|file| file.display().to_string());
        let stdin = self.stdin.then(|| "standard input".to_owned());
        let flags = (!self.flags.is_empty()).then(|| format!("--{}", self.flags.join(" --")));
        let sources: Vec<_> = file.chain(stdin).chain(flags).collect();
        f.write_str(if sources.is_empty() { "defaults" } else { "" })?;
        f.write_str(&sources.join(", "))
    }
}

impl Config {
    /// Reads the command line, without the program's name, and the files it names.
    ///
    /// # Errors
    /// Every problem that was found, in reading order. The process then ends with code 64.
    pub fn load(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, ConfigError> {
        match flags::parse(args) {
            CommandLine::Help => Ok(Invocation::Help(help::text())),
            CommandLine::Version => Ok(Invocation::Version(help::version())),
            CommandLine::Manual => Ok(Invocation::Manual),
            CommandLine::Completions(shell) => Ok(Invocation::Completions(shell)),
            CommandLine::Check(Ok(check)) => Ok(Invocation::Check(check)),
            CommandLine::Check(Err(problem)) => Err(ConfigError { problems: vec![problem] }),
            CommandLine::Run { file, stdin, flags } => run(file, stdin, flags),
        }
    }
}

fn run(path: Option<PathBuf>, stdin: bool, flags: Vec<file::Found>) -> Result<Invocation, ConfigError> {
    let from_file = path.as_deref().map(file::read_file).unwrap_or_default();
    let from_stdin = if stdin { file::read_stdin(std::io::stdin()) } else { Vec::new() };
    let origin = ConfigOrigin {
        file: path.map(|path| std::path::absolute(&path).unwrap_or(path)),
        stdin,
        flags: flags
            .iter()
            .flatten()
            .filter_map(|flag| OptionRow::find(&flag.name))
            .map(|row| row.name)
            .collect(),
    };
    let config = apply(from_file.into_iter().chain(from_stdin).chain(flags))?;
    Ok(Invocation::Run(Box::new(config), origin))
}

/// Applies settings to the defaults, one after another; a later one wins.
fn apply(found: impl IntoIterator<Item = file::Found>) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let applied = found.into_iter().map(|setting| setting.and_then(|setting| setting.apply(&mut config)));
    let problems: Vec<_> = applied.filter_map(Result::err).collect();
    if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
}

impl Setting {
    fn apply(self, config: &mut Config) -> Result<(), Problem> {
        if self.name.eq_ignore_ascii_case(names::USER) {
            config.users.push(UserLine { place: self.place.to_string(), words: self.words });
            return Ok(());
        }
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        let applied = match OptionRow::find(&self.name) {
            Some(row) => row.set(config, &words).map_err(|invalid| self.explain(row, &invalid)),
            None => Err(names::explain_unknown(&self.name)),
        };
        applied.map_err(|text| Problem { place: self.place, text })
    }

    /// The message for a known option with a bad value.
    fn explain(&self, row: &OptionRow, invalid: &Invalid) -> String {
        let (name, allowed) = (&self.name, row.allowed());
        let value = if row.is_sensitive() { "<hidden>".to_owned() } else { self.words.join(" ") };
        match invalid {
            Invalid::WrongNumber if self.words.is_empty() => {
                format!("{name}: expected {allowed}, but there is no value")
            }
            Invalid::WrongNumber => {
                let count = self.words.len();
                format!("{name}: expected {allowed}, but there are {count} words; quote one that has spaces")
            }
            Invalid::NotAvailable(reason) => format!("{name} \"{value}\": {reason}"),
            Invalid::OutOfRange { .. } => format!("{name} \"{value}\": {invalid}"),
            Invalid::Other(reason) => {
                let reason = reason.trim_end_matches('.');
                format!("{name} \"{value}\": {reason}; expected {allowed}")
            }
            _ => format!("{name} \"{value}\": expected {allowed}"),
        }
    }
}

#[cfg(test)]
mod tests;
