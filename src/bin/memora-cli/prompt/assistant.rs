//! What the line editor asks while a line is typed.

use std::borrow::Cow;
use std::cell::RefCell;

use nu_ansi_term::{Color, Style};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::aside::{Aside, Login};
use super::catalog::{Catalog, Command};
use super::complete::complete;
use super::matching::progress;
use super::words::{Word, bar, words};

/// Hints, completion and colours for one prompt.
pub(crate) struct Assistant {
    catalog: Catalog,
    aside: RefCell<Aside>,
    /// Whether the rest of the syntax is shown.
    pub(crate) hints: bool,
    /// Whether anything is coloured.
    colours: bool,
}

impl Assistant {
    /// An assistant that knows the built-in table until the server has told more.
    pub(crate) fn new(colours: bool) -> Self {
        Self { catalog: Catalog::built_in(), aside: RefCell::default(), hints: true, colours }
    }

    /// Takes what the server says about its commands.
    pub(crate) fn learn(&mut self, catalog: Catalog) {
        self.catalog = catalog;
    }

    /// What is known about commands.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Turns to the server and database the prompt is at.
    pub(crate) fn follow(&self, login: Login) {
        self.aside.borrow_mut().follow(login);
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colours { style.paint(text).to_string() } else { text.to_owned() }
    }

    /// How a word is shown, given what the command makes of it.
    fn style_of(&self, word: &Word, line: &str, meaning: Meaning) -> Style {
        match meaning {
            _ if word.broken => Color::Red.normal(),
            Meaning::Unknown | Meaning::TooMuch => Color::Red.normal(),
            Meaning::Name => Color::Cyan.bold(),
            Meaning::Argument if word.is_quoted(line) => Color::Green.normal(),
            Meaning::Argument | Meaning::Unfinished => Style::new(),
        }
    }
}

/// What a word of the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The name of a command, or of its subcommand.
    Name,
    /// What may still become a name.
    Unfinished,
    /// No name of a command.
    Unknown,
    /// An argument.
    Argument,
    /// More than the command takes.
    TooMuch,
}

impl Assistant {
    /// What each word of the line is.
    fn meanings(&self, words: &[Word], line: &str) -> Vec<Meaning> {
        let typed: Vec<&[u8]> = words.iter().map(|word| word.bytes.as_slice()).collect();
        let skipped = usize::from(typed.len() > 1 && is_count(typed[0]));
        let mut meanings = vec![Meaning::Argument; skipped];
        let typed = &typed[skipped..];
        let Some(first) = words.get(skipped) else { return meanings };
        match self.catalog.find(typed) {
            Some((command, names)) => {
                let too_many = first_too_many(command, &typed[names..]).map_or(typed.len(), |at| names + at);
                meanings.extend((0..typed.len()).map(|index| match index {
                    index if index < names => Meaning::Name,
                    index if index < too_many => Meaning::Argument,
                    _ => Meaning::TooMuch,
                }));
            }
            None => {
                let name = String::from_utf8_lossy(typed[0]);
                let ends_here = first.end == line.len();
                meanings.push(match () {
                    () if is_own(&name) || self.catalog.inside(&name.to_uppercase()).next().is_some() => {
                        Meaning::Name
                    }
                    () if ends_here && self.catalog.starting_with(&name).next().is_some() => {
                        Meaning::Unfinished
                    }
                    () => Meaning::Unknown,
                });
                meanings.resize(words.len(), Meaning::Argument);
            }
        }
        meanings
    }
}

/// The index of the first argument the command has no place for; a module's commands are not described.
fn first_too_many(command: &Command, args: &[&[u8]]) -> Option<usize> {
    let taken = progress(&command.args, args).taken;
    (taken < args.len() && !command.summary.is_empty()).then_some(taken)
}

fn is_count(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

fn is_own(name: &str) -> bool {
    name.starts_with([':', '\\', '?'])
        || ["help", "quit", "exit", "clear", "connect", "peek"]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(name))
}

/// The rest of a command's syntax.
pub(crate) struct Rest(String);

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.0
    }

    /// Nobody wants the word `seconds` typed for them.
    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assistant {
    type Hint = Rest;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Rest> {
        if !self.hints || pos < line.len() {
            return None;
        }
        if bar(line).is_some() {
            return None;
        }
        let words = words(line);
        let typed: Vec<&[u8]> = words.iter().map(|word| word.bytes.as_slice()).collect();
        let typed = if typed.len() > 1 && is_count(typed[0]) { &typed[1..] } else { &typed[..] };
        let (command, names) = self.catalog.find(typed)?;
        let rest = progress(&command.args, &typed[names..]).rest.join(" ");
        let space = if line.ends_with(' ') { "" } else { " " };
        (!rest.is_empty()).then(|| Rest(format!("{space}{rest}")))
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete(&line[..pos], &self.catalog, &mut self.aside.borrow_mut()))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.colours {
            return Cow::Borrowed(line);
        }
        let command = &line[..bar(line).unwrap_or(line.len())];
        let words = words(command);
        let mut shown = String::new();
        let mut at = 0;
        for (word, meaning) in words.iter().zip(self.meanings(&words, command)) {
            shown += &line[at..word.start];
            shown += &self.paint(self.style_of(word, line, meaning), &line[word.start..word.end]);
            at = word.end;
        }
        shown += &line[at..];
        Cow::Owned(shown)
    }

    /// The argument at the cursor stands out from those behind it.
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let end = first_piece(hint);
        let (first, others) = hint.split_at(end);
        Cow::Owned(self.paint(Color::DarkGray.bold(), first) + &self.paint(Color::DarkGray.normal(), others))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match prompt.starts_with("not connected") {
            true => Cow::Owned(self.paint(Color::Red.normal(), prompt)),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colours
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}

/// Where the first argument of a syntax ends: at a space outside of brackets.
fn first_piece(hint: &str) -> usize {
    let mut depth = 0usize;
    let start = hint.len() - hint.trim_start().len();
    for (index, letter) in hint[start..].char_indices() {
        match letter {
            '[' | '<' => depth += 1,
            ']' | '>' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => return start + index,
            _ => {}
        }
    }
    hint.len()
}
