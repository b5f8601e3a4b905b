//! `:set pager`: replies that do not fit into the window go through a program that pages, all others do not.
//!
//! That program is `PAGER`, else `less`, else `more` on Windows; where there is none of them, pages are made here.

use std::env;
use std::io::ErrorKind;
use std::process::Command;

use crate::input::Input;
use crate::render::Format;
use crate::runner::{Runner, Trouble};
use crate::views::{self, feed, shell};

/// What pages when `PAGER` does not say.
const PAGERS: &[(&str, &[&str])] = if cfg!(windows) {
    &[("less", &["-R"]), ("more.com", &[])]
} else {
    // It leaves the text on the screen when it ends.
    &[("less", &["-R", "-X"])]
};

/// What a shell ends with that does not find its program.
const NOT_FOUND: i32 = 127;

/// Runs a command and shows its reply, page by page if it is longer than the window.
///
/// # Errors
/// When the connection breaks, or the output.
pub(crate) fn page(args: &[Vec<u8>], runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    let Some(shown) = views::answer(args, Format::Typed, runner)? else { return Ok(()) };
    match input.window() {
        Some((columns, rows)) if rows_of(&shown, columns) >= rows => {
            if !hand_on(&shown, runner)? {
                show_pages(&shown, columns, rows, runner, input)?;
            }
            Ok(())
        }
        _ => Ok(runner.say_bytes(&shown)?),
    }
}

/// How many rows of a window a text takes.
fn rows_of(text: &[u8], columns: usize) -> usize {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| line.chars().count().div_ceil(columns).max(1)).sum()
}

/// Hands a text to a pager; says whether there was one.
fn hand_on(text: &[u8], runner: &mut Runner) -> Result<bool, Trouble> {
    let named = env::var("PAGER").ok().filter(|pager| !pager.is_empty());
    let commands: Vec<Command> = match named {
        Some(pager) => vec![shell(&pager)],
        None => PAGERS.iter().map(|(program, args)| pager(program, args)).collect(),
    };
    for command in commands {
        match feed(command, text, runner) {
            Ok(status) if status.code() == Some(NOT_FOUND) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => {
                other?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn pager(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Shows a text so many rows at a time, and asks in between.
fn show_pages(
    text: &[u8],
    columns: usize,
    rows: usize,
    runner: &mut Runner,
    input: &mut Input,
) -> Result<(), Trouble> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let mut left = lines.as_slice();
    while !left.is_empty() {
        let count = fitting(left, columns, rows.saturating_sub(1));
        let (page, others) = left.split_at(count);
        runner.say_bytes(&page.concat())?;
        left = others;
        if left.is_empty() {
            break;
        }
        let question = format!("-- {} more lines: Enter goes on, q ends -- ", left.len());
        match input.read_answer(&question) {
            Some(answer) if !answer.starts_with(b"q") => {}
            _ => break,
        }
    }
    Ok(())
}

/// How many of the first lines fit into so many rows, at least one.
fn fitting(lines: &[&[u8]], columns: usize, rows: usize) -> usize {
    let mut used = 0;
    let fitting = lines.iter().take_while(|line| {
        used += rows_of(line, columns);
        used <= rows
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_take_several_rows() {
        assert_eq!(rows_of(b"a\n\nb\n", 10), 3);
        assert_eq!(rows_of("äöüäöüäöüä\n".as_bytes(), 10), 1);
        assert_eq!(rows_of(&b"x".repeat(21), 10), 3);
        let lines: Vec<&[u8]> = vec![b"a\n", b"0123456789x\n", b"b\n"];
        assert_eq!(fitting(&lines, 10, 2), 1);
        assert_eq!(fitting(&lines, 10, 3), 2);
        assert_eq!(fitting(&lines[1..], 10, 1), 1);
    }
}
