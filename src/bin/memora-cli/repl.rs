//! Reads commands and runs them, until there are no more: the prompt, and standard input.
//!
//! A broken connection does not end it; the next command connects again.

use std::time::{Duration, Instant};

use crate::command;
use crate::comparison;
use crate::danger;
use crate::input::Input;
use crate::lesson::{self, Teacher};
use crate::pager;
use crate::preferences;
use crate::prompt::bar;
use crate::runner::{Runner, Trouble, complain};
use crate::views::{self, CLEAR_SCREEN};
use memora::resp::quoting::split_words;

/// A command that takes at least so long has its duration printed below.
const SLOW: Duration = Duration::from_millis(500);

/// Reads and runs commands until the input ends.
///
/// # Errors
/// Trouble that leaves nothing to go on with.
pub(crate) fn run(runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    let mut teacher = Teacher::default();
    loop {
        teacher.teach(runner, input);
        let Some(typed) = read_line(runner, input) else { break };
        for line in pasted_lines(&typed) {
            if handle(&line, runner, input)? == Next::Leave {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The commands in what was typed at once: several lines can be pasted, also in the middle of quotes.
fn pasted_lines(typed: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut open = false;
    for part in typed.split_inclusive(|&byte| byte == b'\n') {
        match lines.last_mut().filter(|_| open) {
            Some(last) => last.extend_from_slice(part),
            None => lines.push(part.to_vec()),
        }
        open = lines.last().is_some_and(|line| split_words(line).is_none());
    }
    lines
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Line,
    Leave,
}

fn read_line(runner: &Runner, input: &mut Input) -> Option<Vec<u8>> {
    let editing = runner.interrupts().filter(|_| input.is_terminal());
    if let Some(interrupts) = editing {
        interrupts.editing();
    }
    let line = input.read_line(&runner.session.prompt());
    if let Some(interrupts) = editing {
        interrupts.waiting();
    }
    line
}

fn handle(line: &[u8], runner: &mut Runner, input: &mut Input) -> Result<Next, Trouble> {
    // A string of C ends at a zero byte, and so does a line for redis-cli.
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = line.trim_ascii_end();
    let (line, shell_command) = match runner.is_at_prompt().then(|| split_pipe(line)).flatten() {
        Some((line, shell_command)) => (line, Some(shell_command)),
        None => (line, None),
    };
    let Some(words) = split_words(line) else {
        remember_unless_secret(text, &rough_words(text), input);
        runner.say("Invalid argument(s)\n")?;
        return Ok(Next::Line);
    };
    if words.is_empty() {
        return Ok(Next::Line);
    }
    let Some((repeat, args)) = split_repeat(&words) else {
        runner.say("Invalid redis-cli repeat command option value.\n")?;
        return Ok(Next::Line);
    };
    remember_unless_secret(text, args, input);
    match shell_command {
        Some(_) if runner.asks_first() && !danger::may_run(args, runner, input) => Ok(Next::Line),
        Some(shell_command) => {
            let result = views::pipe(args, &String::from_utf8_lossy(shell_command), runner);
            survive(result, runner).map(|()| Next::Line)
        }
        None => dispatch(&words, repeat, args, runner, input),
    }
}

/// Splits `GET page | wc -c` where a word is nothing but the bar, outside of quotes.
fn split_pipe(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = std::str::from_utf8(line).ok()?;
    let bar = bar(text)?;
    Some((&line[..bar], line[bar + 1..].trim_ascii()))
}

fn remember_unless_secret(line: &[u8], args: &[Vec<u8>], input: &mut Input) {
    if !command::is_secret(args) {
        input.remember(line);
    }
}

/// The words of a line whose quotes do not match up: enough to see that it holds a password.
fn rough_words(line: &[u8]) -> Vec<Vec<u8>> {
    let words = line.split(u8::is_ascii_whitespace);
    words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Takes the number off `3 PING`; nothing when that number makes no sense.
fn split_repeat(words: &[Vec<u8>]) -> Option<(i64, &[Vec<u8>])> {
    match words {
        [first, rest @ ..] if !rest.is_empty() && looks_like_number(first) => {
            let repeat = std::str::from_utf8(first).ok()?.trim_start().parse().ok()?;
            (repeat > 0).then_some((repeat, rest))
        }
        all => Some((1, all)),
    }
}

/// Whether C's `strtol` would read all of it; it reads all of nothing, too.
fn looks_like_number(word: &[u8]) -> bool {
    let word = word.trim_ascii_start();
    let digits = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
    word.is_empty() || (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// Does what the words say: some are for us, all others for the server.
fn dispatch(
    words: &[Vec<u8>],
    repeat: i64,
    args: &[Vec<u8>],
    runner: &mut Runner,
    input: &mut Input,
) -> Result<Next, Trouble> {
    let name = words[0].to_ascii_lowercase();
    match (name.as_slice(), words.len()) {
        (b"quit" | b"exit", _) => return Ok(Next::Leave),
        (b"clear", 1) => runner.say(CLEAR_SCREEN)?,
        (b"connect", 3) => connect(&words[1], &words[2], runner)?,
        (b"help" | b"?" | b"\\h", _) => lesson::help(&words[1..], runner, input)?,
        (b"peek", 2) if runner.is_at_prompt() => {
            let result = views::peek(&words[1], runner);
            survive(result, runner)?;
        }
        (b":watch", 2..) if runner.asks_first() && !danger::may_run(&words[1..], runner, input) => {}
        (b":watch", 2..) if runner.is_at_prompt() && views::can_be_handed_on(&words[1..]) => {
            let result = views::watch(&words[1..], runner);
            survive(result, runner)?;
        }
        (b":listen", 1) if runner.is_at_prompt() => {
            let result = runner.listen_again();
            survive(result, runner)?;
        }
        _ if name.starts_with(b":") => {
            let words: Vec<String> =
                words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            preferences::apply(&words.iter().map(String::as_str).collect::<Vec<_>>(), runner, input)?;
        }
        _ if runner.asks_first() && !danger::may_run(args, runner, input) => {}
        _ => run_timed(args, repeat, runner, input)?,
    }
    Ok(Next::Line)
}

fn connect(host: &[u8], port: &[u8], runner: &mut Runner) -> Result<(), Trouble> {
    match std::str::from_utf8(port).ok().and_then(|port| port.parse().ok()) {
        Some(port) => {
            runner.session.move_to(String::from_utf8_lossy(host).into_owned(), port);
            runner.session.connect().unwrap_or_else(|complaint| complain(&complaint));
            runner.tell_losses();
        }
        None => runner.say("Invalid server port.\n")?,
    }
    Ok(())
}

fn run_timed(args: &[Vec<u8>], repeat: i64, runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    let start = Instant::now();
    let compared = comparison::run(args, runner);
    if matches!(compared, Ok(true) | Err(_)) {
        return survive(compared.map(drop), runner);
    }
    let result = match runner.pages && runner.is_typed() && repeat == 1 && views::can_be_handed_on(args) {
        true => pager::page(args, runner, input),
        false => runner.run(args, repeat),
    };
    survive(result, runner)?;
    let elapsed = start.elapsed();
    if runner.times {
        runner.say(&format!("({:.3} ms)\n", elapsed.as_secs_f64() * 1000.0))?;
    } else if elapsed >= SLOW && runner.is_typed() {
        runner.say(&format!("({:.2}s)\n", elapsed.as_secs_f64()))?;
    }
    Ok(())
}

/// Passes on only what leaves nothing to go on with.
fn survive(result: Result<(), Trouble>, runner: &mut Runner) -> Result<(), Trouble> {
    match result {
        Err(Trouble::NotConnected(complaint)) => complain(&complaint),
        Err(Trouble::Link(error)) if error.invites_reconnect() => {
            complain(format!("Error: {error}").as_bytes());
            runner.session.disconnect();
        }
        Err(Trouble::Stream(error)) if runner.is_at_prompt() => {
            complain(format!("Error: {error}").as_bytes());
            runner.session.disconnect();
        }
        other => return other,
    }
    Ok(())
}
