//! `:diff redis://other`: every command runs on a second server too, and what differs is shown.

use std::ffi::OsString;

use memora::resp::Reply;
use nu_ansi_term::Color;

use crate::options::{self, Request};
use crate::render::Format;
use crate::runner::{Runner, Trouble, complain};
use crate::session::Session;
use crate::views;

/// Turns the second server on by its address, or off.
///
/// # Errors
/// When nobody reads what there is to say about it.
pub(crate) fn set(uri: &str, runner: &mut Runner) -> Result<(), Trouble> {
    runner.other = None;
    if uri == "off" {
        return Ok(());
    }
    let words = ["-u", uri].map(OsString::from).to_vec();
    let mut session = match options::parse(words, None) {
        Ok(Request::Run(options)) => Session::new(&options),
        Ok(_) => return Ok(()),
        Err(refusal) => return Ok(runner.say(&format!("{refusal}\n"))?),
    };
    match session.connect() {
        Ok(()) => runner.other = Some(session),
        Err(complaint) => complain(&complaint),
    }
    Ok(())
}

/// Runs a command on both servers; says whether it was one that can be.
///
/// # Errors
/// When the connection to the first breaks.
pub(crate) fn run(args: &[Vec<u8>], runner: &mut Runner) -> Result<bool, Trouble> {
    if runner.other.is_none() || !views::can_be_handed_on(args) {
        return Ok(false);
    }
    let Some(reply) = runner.ask(args)? else { return Ok(true) };
    let ours = shown(args, &reply, runner);
    let Some(mut other) = runner.other.take() else { return Ok(true) };
    match other.query(args) {
        Ok(reply) => {
            let theirs = shown(args, &reply, runner);
            // A SELECT there is a SELECT here; what could go wrong with it was told with the reply.
            let _ = other.follow(args, &reply);
            let text = compare(&ours, &theirs, &other.address().to_string(), runner.colours());
            runner.other = Some(other);
            runner.say(&text)?;
        }
        Err(error) => {
            runner.say(&ours)?;
            complain(format!("{}: {error}; :diff is off", other.address()).as_bytes());
        }
    }
    Ok(true)
}

fn shown(args: &[Vec<u8>], reply: &Reply, runner: &Runner) -> String {
    String::from_utf8_lossy(&runner.render(args, reply, Format::Typed)).into_owned()
}

/// What both have at the beginning and at the end once, and between that ours and then theirs.
fn compare(ours: &str, theirs: &str, other: &str, colours: bool) -> String {
    if ours == theirs {
        return format!("{ours}(the same at {other})\n");
    }
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let before = ours.iter().zip(&theirs).take_while(same).count();
    let after = ours[before..].iter().rev().zip(theirs[before..].iter().rev()).take_while(same).count();
    let paint = |colour: Color, line: String| if colours { colour.paint(line).to_string() } else { line };
    let mut text = String::new();
    ours[..before].iter().for_each(|line| text += &format!("  {line}\n"));
    for line in &ours[before..ours.len() - after] {
        text += &(paint(Color::Red, format!("- {line}")) + "\n");
    }
    for line in &theirs[before..theirs.len() - after] {
        text += &(paint(Color::Green, format!("+ {line}")) + "\n");
    }
    ours[ours.len() - after..].iter().for_each(|line| text += &format!("  {line}\n"));
    text + &format!("(- here, + at {other})\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(compare("OK\n", "OK\n", "h:1", false), "OK\n(the same at h:1)\n");
        let ours = "1) \"a\"\n2) \"b\"\n3) \"z\"\n";
        let theirs = "1) \"a\"\n2) \"c\"\n3) \"z\"\n";
        let text = compare(ours, theirs, "h:1", false);
        assert_eq!(text, "  1) \"a\"\n- 2) \"b\"\n+ 2) \"c\"\n  3) \"z\"\n(- here, + at h:1)\n");
        assert_eq!(compare("a\na\n", "a\n", "h:1", false), "  a\n- a\n(- here, + at h:1)\n");
    }
}
