//! What the prompt shows in other ways than reply by reply: a key at a glance, a command again and again with
//! its changes marked, and replies handed to other programs.

use std::io::{self, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use memora::resp::Reply;
use nu_ansi_term::Style;

use crate::command::{self, Answer};
use crate::prompt::catalog::{bytes, items, text};
use crate::render::Format;
use crate::runner::{Runner, Trouble};

/// So many elements of a key are shown.
const PEEK_ELEMENTS: i64 = 20;

/// So many bytes of a string are shown.
const PEEK_BYTES: i64 = 1000;

/// How long `:watch` waits between two runs.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Puts the cursor in the corner of an empty screen.
pub(crate) const CLEAR_SCREEN: &str = "\x1b[H\x1b[2J";

fn request(words: &[&str], key: &[u8]) -> Vec<Vec<u8>> {
    words.iter().map(|word| if *word == "KEY" { key.to_vec() } else { word.as_bytes().to_vec() }).collect()
}

/// Shows type, time to live, encoding, memory and the beginning of the value at a key.
///
/// # Errors
/// When the connection breaks.
pub(crate) fn peek(key: &[u8], runner: &mut Runner) -> Result<(), Trouble> {
    let Some(kind) = runner.ask(&request(&["TYPE", "KEY"], key))? else { return Ok(()) };
    if kind.is_error() || text(&kind) == "none" || text(&kind) == "QUEUED" {
        let told = if text(&kind) == "none" { "there is no such key".to_owned() } else { text(&kind) };
        return Ok(runner.say(&format!("{told}\n"))?);
    }
    let kind = text(&kind);
    let mut facts = Vec::new();
    for words in
        [&["PTTL", "KEY"][..], &["OBJECT", "ENCODING", "KEY"], &["MEMORY", "USAGE", "KEY"], size_of(&kind)]
    {
        let Some(fact) = runner.ask(&request(words, key))? else { return Ok(()) };
        facts.push(fact);
    }
    let size = number(&facts[3]).unwrap_or(0);
    let ttl = match number(&facts[0]) {
        Some(ms @ 0..) => format!("expires in {:.1} s", ms as f64 / 1000.0),
        _ => "does not expire".to_owned(),
    };
    let memory = number(&facts[2]).map(|bytes| format!(", {bytes} bytes of memory")).unwrap_or_default();
    runner.say(&format!("{kind} ({}), {size} {}, {ttl}{memory}\n", text(&facts[1]), unit_of(&kind)))?;
    let Some(value) = runner.ask(&request(value_of(&kind), key))? else { return Ok(()) };
    let value = match (kind.as_str(), items(&value)) {
        ("set" | "hash", [_, elements]) => elements,
        _ => &value,
    };
    let shown = runner.render(&[], value, Format::Typed);
    runner.say_bytes(&shown)?;
    let more = size - shown_of(&kind, value);
    if more > 0 { Ok(runner.say(&format!("... and {more} more {}\n", unit_of(&kind)))?) } else { Ok(()) }
}

fn number(reply: &Reply) -> Option<i64> {
    if let Reply::Integer(value) = reply { Some(*value) } else { None }
}

fn size_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["STRLEN", "KEY"],
        "list" => &["LLEN", "KEY"],
        "set" => &["SCARD", "KEY"],
        "hash" => &["HLEN", "KEY"],
        "zset" => &["ZCARD", "KEY"],
        _ => &["XLEN", "KEY"],
    }
}

fn unit_of(kind: &str) -> &'static str {
    match kind {
        "string" => "bytes",
        "list" => "items",
        "hash" => "fields",
        "stream" => "entries",
        _ => "members",
    }
}

fn value_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["GETRANGE", "KEY", "0", "999"],
        "list" => &["LRANGE", "KEY", "0", "19"],
        "set" => &["SSCAN", "KEY", "0", "COUNT", "20"],
        "hash" => &["HSCAN", "KEY", "0", "COUNT", "20"],
        "zset" => &["ZRANGE", "KEY", "0", "19", "WITHSCORES"],
        _ => &["XRANGE", "KEY", "-", "+", "COUNT", "20"],
    }
}

/// How much of the value has been shown, in its own unit.
fn shown_of(kind: &str, value: &Reply) -> i64 {
    let count = |parts: usize| i64::try_from(items(value).len() / parts).unwrap_or(i64::MAX);
    match kind {
        "string" => i64::try_from(bytes(value).len()).unwrap_or(PEEK_BYTES),
        "hash" => count(2),
        "zset" if count(1) > PEEK_ELEMENTS => count(2),
        "zset" if !matches!(items(value).first(), Some(Reply::Array(_))) => count(2),
        _ => count(1),
    }
}

/// Runs a command every second until Ctrl-C, and marks the lines that changed.
///
/// # Errors
/// When the connection breaks.
pub(crate) fn watch(args: &[Vec<u8>], runner: &mut Runner) -> Result<(), Trouble> {
    let mut before: Option<Vec<String>> = None;
    loop {
        let Some(reply) = runner.ask(args)? else { return Ok(()) };
        let shown = String::from_utf8_lossy(&runner.render(args, &reply, Format::Typed)).into_owned();
        let lines: Vec<String> = shown.lines().map(str::to_owned).collect();
        let mut screen = format!("{CLEAR_SCREEN}every second, Ctrl-C ends\n");
        for (index, line) in lines.iter().enumerate() {
            let changed = before.as_ref().is_some_and(|before| before.get(index) != Some(line));
            let line = if changed { Style::new().reverse().paint(line).to_string() } else { line.clone() };
            screen += &format!("{line}\n");
        }
        runner.say(&screen)?;
        before = Some(lines);
        if !runner.pause(WATCH_INTERVAL) {
            return Ok(runner.say("\n")?);
        }
    }
}

/// Hands the raw reply of a command to a shell command.
///
/// # Errors
/// When the connection breaks.
pub(crate) fn pipe(args: &[Vec<u8>], shell_command: &str, runner: &mut Runner) -> Result<(), Trouble> {
    let Some(shown) = answer(args, Format::Raw, runner)? else { return Ok(()) };
    match feed(shell(shell_command), &shown, runner) {
        // One that fails says so itself.
        Ok(_) => Ok(()),
        Err(error) => Ok(runner.say(&format!("'{shell_command}' does not run: {error}\n"))?),
    }
}

/// Whether a command has one reply that can be handed on.
pub(crate) fn can_be_handed_on(args: &[Vec<u8>]) -> bool {
    command::answer(args) == Answer::Reply
}

/// The reply of a command as it would be printed, to be handed on; nothing where there is none, of which the
/// person has been told.
///
/// # Errors
/// When the connection breaks.
pub(crate) fn answer(
    args: &[Vec<u8>],
    format: Format,
    runner: &mut Runner,
) -> Result<Option<Vec<u8>>, Trouble> {
    if !can_be_handed_on(args) {
        runner.say("What goes on without end cannot be handed to another program here.\n")?;
        return Ok(None);
    }
    Ok(runner.ask(args)?.map(|reply| runner.render(args, &reply, format)))
}

/// A program as the shell finds it.
pub(crate) fn shell(shell_command: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([option, shell_command]);
    command
}

/// Runs a program with a text to read until it ends. Meanwhile Ctrl-C is its business.
///
/// # Errors
/// When it cannot be started. A program that stops reading has what it wanted.
pub(crate) fn feed(mut command: Command, text: &[u8], runner: &Runner) -> io::Result<ExitStatus> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(interrupts) = runner.interrupts() {
        interrupts.editing();
    }
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text));
    let ended = child.wait();
    let written =
        written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) });
    if let Some(interrupts) = runner.interrupts() {
        interrupts.waiting();
    }
    written.and(ended)
}
