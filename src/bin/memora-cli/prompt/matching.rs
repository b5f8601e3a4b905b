//! What a command still takes after the words typed so far.
//!
//! Greedy and without going back, as a reader would do it: options in any order, repeated arguments until a
//! word that has a meaning of its own behind them.

use super::syntax::{Arg, Kind};

/// What may come next, and what is too much.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The rest of the syntax, in order.
    pub(super) rest: Vec<String>,
    /// What the next word may be.
    pub(super) next: Vec<Expected>,
    /// How many of the words make sense.
    pub(super) taken: usize,
}

/// What a word may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// This word.
    Token(String),
    /// The name of a key.
    Key,
    /// A value with this name.
    Value(String),
}

/// Matches the words after a command's name with its arguments.
pub(super) fn progress(args: &[Arg], words: &[&[u8]]) -> Progress {
    let mut progress = Progress::default();
    progress.taken = sequence(args, words, &[], &mut progress.rest, &mut progress.next);
    progress
}

/// Matches arguments in their order; what remains of them goes to `rest`, and how many words were used is told.
///
/// `after` are the arguments behind these, whose tokens end a repetition.
fn sequence(
    args: &[Arg],
    words: &[&[u8]],
    after: &[Arg],
    rest: &mut Vec<String>,
    next: &mut Vec<Expected>,
) -> usize {
    let mut taken = 0;
    let mut index = 0;
    while index < args.len() {
        let run = args[index..].iter().take_while(|arg| arg.optional).count();
        let count = if run == 0 { 1 } else { run };
        let behind: Vec<Arg> = args[index + count..].iter().chain(after).cloned().collect();
        let words = &words[taken..];
        let was_open = rest.is_empty();
        taken += match run {
            0 => required(&args[index], words, &behind, rest, next),
            _ => options(&args[index..index + run], words, &behind, rest, next),
        };
        // Behind a required argument that is missing nothing can be typed yet.
        let is_missing = run == 0 && was_open && !rest.is_empty() && !is_repetition(rest);
        index += count;
        if is_missing {
            rest.extend(args[index..].iter().map(Arg::to_string));
            break;
        }
    }
    taken
}

/// Whether all that remains may as well be left out.
fn is_repetition(rest: &[String]) -> bool {
    rest.iter().all(|piece| piece.starts_with('['))
}

fn required(
    arg: &Arg,
    words: &[&[u8]],
    behind: &[Arg],
    rest: &mut Vec<String>,
    next: &mut Vec<Expected>,
) -> usize {
    match take(arg, words, behind) {
        Some(found) => found.leave(rest, next),
        None => {
            rest.push(arg.to_string());
            firsts(arg, next);
            0
        }
    }
}

fn options(
    run: &[Arg],
    words: &[&[u8]],
    behind: &[Arg],
    rest: &mut Vec<String>,
    next: &mut Vec<Expected>,
) -> usize {
    let mut open: Vec<&Arg> = run.iter().collect();
    let mut taken = 0;
    let all: Vec<Arg> = run.iter().chain(behind).cloned().collect();
    while let Some((index, found)) =
        open.iter().enumerate().find_map(|(index, arg)| Some((index, take(arg, &words[taken..], &all)?)))
    {
        open.remove(index);
        let incomplete = found.is_incomplete();
        taken += found.leave(rest, next);
        if incomplete {
            rest.extend(open.iter().map(|arg| arg.to_string()));
            return taken;
        }
    }
    rest.extend(open.iter().map(|arg| arg.to_string()));
    open.iter().for_each(|arg| firsts(arg, next));
    taken
}

/// An argument that was found in the words.
#[derive(Default)]
struct Found {
    words: usize,
    /// What is left of it.
    rest: Vec<String>,
    next: Vec<Expected>,
}

impl Found {
    fn is_incomplete(&self) -> bool {
        !is_repetition(&self.rest)
    }

    fn leave(self, rest: &mut Vec<String>, next: &mut Vec<Expected>) -> usize {
        rest.extend(self.rest);
        next.extend(self.next);
        self.words
    }
}

/// Takes an argument and its repetitions off the front of the words.
fn take(arg: &Arg, words: &[&[u8]], behind: &[Arg]) -> Option<Found> {
    let mut found = take_once(arg, words, behind)?;
    if !arg.multiple {
        return Some(found);
    }
    let again = Arg {
        token: arg.token.clone().filter(|_| arg.multiple_token),
        optional: true,
        multiple: false,
        ..arg.clone()
    };
    while found.rest.is_empty() && !words[found.words..].is_empty() && !begins(behind, words[found.words]) {
        let Some(more) = take_once(&again, &words[found.words..], behind) else { break };
        found.words += more.words;
        found.rest = more.rest;
        found.next = more.next;
    }
    if found.rest.is_empty() {
        found.rest.push(format!("[{} ...]", again.bare()));
        firsts(&again, &mut found.next);
    }
    Some(found)
}

fn take_once(arg: &Arg, words: &[&[u8]], behind: &[Arg]) -> Option<Found> {
    let first = words.first()?;
    if let Some(token) = &arg.token {
        if !first.eq_ignore_ascii_case(token.as_bytes()) {
            return None;
        }
        return Some(after_token(arg, &words[1..], behind));
    }
    take_value(&arg.kind, words, behind)
}

fn after_token(arg: &Arg, words: &[&[u8]], behind: &[Arg]) -> Found {
    if arg.kind == Kind::Token {
        return Found { words: 1, ..Found::default() };
    }
    let mut found = take_value(&arg.kind, words, behind).unwrap_or_else(|| {
        let bare = Arg { token: None, optional: false, multiple: false, ..arg.clone() };
        let mut next = Vec::new();
        firsts(&bare, &mut next);
        Found { words: 0, rest: vec![bare.to_string()], next }
    });
    found.words += 1;
    found
}

fn take_value(kind: &Kind, words: &[&[u8]], behind: &[Arg]) -> Option<Found> {
    let first = words.first()?;
    let one = || Some(Found { words: 1, ..Found::default() });
    match kind {
        Kind::Token => None,
        Kind::Key | Kind::Text => one(),
        Kind::Integer => is_number(first).then(one)?,
        Kind::OneOf(choices) => choices.iter().find_map(|choice| take(choice, words, behind)),
        Kind::Block(parts) => {
            let mut found = Found::default();
            found.words = sequence(parts, words, behind, &mut found.rest, &mut found.next);
            (found.words > 0).then_some(found)
        }
    }
}

fn is_number(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether a word is the token one of these arguments begins with.
fn begins(args: &[Arg], word: &[u8]) -> bool {
    let mut next = Vec::new();
    args.iter().for_each(|arg| firsts(arg, &mut next));
    next.iter().any(
        |expected| matches!(expected, Expected::Token(token) if word.eq_ignore_ascii_case(token.as_bytes())),
    )
}

/// What an argument may begin with.
fn firsts(arg: &Arg, next: &mut Vec<Expected>) {
    if let Some(token) = &arg.token {
        next.push(Expected::Token(token.clone()));
        return;
    }
    match &arg.kind {
        Kind::Key => next.push(Expected::Key),
        Kind::OneOf(choices) => choices.iter().for_each(|choice| firsts(choice, next)),
        Kind::Block(parts) => {
            let leading = parts.iter().take_while(|part| part.optional).count();
            parts.iter().take(leading + 1).for_each(|part| firsts(part, next));
        }
        Kind::Integer | Kind::Text | Kind::Token => next.push(Expected::Value(arg.name.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(syntax: &str, line: &str) -> String {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let progress = progress(&Arg::list_from_text(syntax), &words);
        let extra = words.len() - progress.taken;
        format!("{}{}", progress.rest.join(" "), if extra > 0 { format!(" +{extra}") } else { String::new() })
    }

    const SET: &str = "key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]";

    #[test]
    fn arguments_are_ticked_off() {
        assert_eq!(rest(SET, ""), SET);
        assert_eq!(rest(SET, "k"), "value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]");
        assert_eq!(rest(SET, "k v"), "[NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]");
        assert_eq!(rest(SET, "k v get"), "[NX | XX] [EX seconds | PX milliseconds | KEEPTTL]");
        assert_eq!(rest(SET, "k v EX"), "seconds [NX | XX] [GET]");
        assert_eq!(rest(SET, "k v EX 5 xx"), "[GET]");
        assert_eq!(rest(SET, "k v EX 5 xx GET"), "");
        assert_eq!(rest(SET, "k v what ever"), "[NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL] +2");
    }

    #[test]
    fn repetitions_go_on_until_a_token() {
        assert_eq!(rest("key [key ...]", "a b"), "[key ...]");
        assert_eq!(rest("key value [key value ...]", "a 1 b"), "value");
        assert_eq!(rest("key value [key value ...]", "a 1 b 2"), "[key value ...]");
        let lmpop = "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]";
        assert_eq!(rest(lmpop, "2 a"), "[key ...] <LEFT | RIGHT> [COUNT count]");
        assert_eq!(rest(lmpop, "2 a b left"), "[key ...] [COUNT count]");
        assert_eq!(rest(lmpop, "2 a b left count 3"), "[key ...]");
    }

    #[test]
    fn what_may_come_next_is_known() {
        let next = |syntax: &str, words: &[&[u8]]| progress(&Arg::list_from_text(syntax), words).next;
        assert_eq!(next("key [key ...]", &[b"a"]), [Expected::Key]);
        let tokens = next(SET, &[b"k", b"v", b"NX"]);
        let names = ["GET", "EX", "PX", "KEEPTTL"].map(|token| Expected::Token(token.to_owned()));
        assert_eq!(tokens, names);
    }
}
