//! What is written for people out of the table: `--help`, `--version` and `config/memora.toml`.

use super::options::{Change, Config, Group, OPTIONS, OptionRow};
use std::fmt::Write;

/// The width of the help text, which suits the narrowest usual terminal.
const HELP_WIDTH: usize = 80;
/// The width of a comment in `config/memora.toml`, without its mark.
const TOML_WIDTH: usize = 98;
/// Spaces between the longest flag and its description.
const GUTTER: usize = 3;

const USAGE: &str = "\
Usage: memora-server [FILE] [--OPTION VALUE ...]

FILE is a redis.conf, or TOML if its name ends in .toml; - reads a redis.conf
from standard input. Flags win over the file, and the file over the defaults.
A flag takes all words up to the next one that starts with --.

Examples:
  memora-server
  memora-server --port 7001 --requirepass secret
  memora-server memora.toml --loglevel verbose --save \"\"
  memora-server my-redis.conf --port 7001
  echo \"port 7001\" | memora-server -

  --user NAME RULES  makes a user by the rules of ACL SETUSER
  -h, --help         shows this text
  -v, --version      shows the version
  --check-rdb FILE   says what is in an RDB file and whether it is whole
  --check-aof PATH   does so for an append-only log: its folder, its manifest
                     or a single file; with --fix it offers to cut a torn end
                     off, with --fix --yes it does so without asking
  --manual           prints the manual page: memora-server --manual | man -l -
  --completions SHELL
                     prints completions for bash, zsh, fish or powershell

Options marked * can also be changed at run time with CONFIG SET.
";

const TOML_HEAD: &str = "\
# The configuration of memora-server: every option with its default.
# Start with it:  memora-server memora.toml
# Options marked * can also be changed at run time with CONFIG SET.
";

/// Lines `user` are no option, but somebody may look for them.
const USERS_IN_TOML: &str = "
# Users, where there is no aclfile: each a name and the rules of ACL SETUSER.
# user = [\"app on >secret ~app:* &app:* +@all -@dangerous\", \"default off\"]
";

/// The answer to `--version`.
#[must_use]
pub fn version() -> String {
    format!("memora-server {} (follows Redis 7.2)\n", env!("CARGO_PKG_VERSION"))
}

/// The answer to `--help`.
#[must_use]
pub fn text() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut help = format!(
        "memora-server {version}, a Redis-compatible in-memory data store

{USAGE}"
    );
    let longest = OPTIONS.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let indent = "  --".len() + longest + GUTTER;
    for (index, row) in OPTIONS.iter().enumerate() {
        heading(&mut help, index, |help, group| help.push_str(group.title()));
        let mut lines = wrap(&described(row), HELP_WIDTH - indent);
        lines.extend(wrap(&format!("[{}; {}]", row.allowed(), default(row)), HELP_WIDTH - indent));
        let flag = format!("  --{}", row.name);
        for (number, line) in lines.iter().enumerate() {
            let left = if number == 0 { flag.as_str() } else { "" };
            line_of(&mut help, &format!("{left:indent$}{line}"));
        }
    }
    help
}

/// The text of `config/memora.toml`.
#[must_use]
pub fn toml() -> String {
    let defaults = Config::default();
    let mut text = TOML_HEAD.to_owned();
    for (index, row) in OPTIONS.iter().enumerate() {
        heading(&mut text, index, |text, group| {
            let _ = write!(text, "# {0}\n# {1}", group.title(), "-".repeat(group.title().len()));
        });
        text.push('\n');
        let expected = format!("Expected: {}.", row.allowed());
        for line in wrap(&described(row), TOML_WIDTH).into_iter().chain([expected]) {
            line_of(&mut text, &format!("# {line}"));
        }
        line_of(&mut text, &format!("{} = {}", row.name, row.slot.to_toml(&defaults)));
        if row.name == "aclfile" {
            text.push_str(USERS_IN_TOML);
        }
    }
    text
}

/// Writes the heading of a group before its first row.
fn heading(text: &mut String, index: usize, write: impl Fn(&mut String, Group)) {
    let group = OPTIONS[index].group;
    if index == 0 || OPTIONS[index - 1].group != group {
        text.push('\n');
        write(text, group);
        text.push('\n');
    }
}

fn described(row: &OptionRow) -> String {
    let mark = if row.change == Change::Live { "* " } else { "" };
    format!("{mark}{}", row.doc)
}

fn default(row: &OptionRow) -> String {
    let none = if row.default.is_empty() { "none" } else { row.default };
    format!("default {none}")
}

fn line_of(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Breaks a sentence into lines of at most so many letters; a longer word gets a line of its own.
fn wrap(sentence: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
