//! The arguments of a command as a tree, read from the one line that a specification spells them in.
//!
//! The notation is that of Redis's command pages: `key value [NX | XX] [EX seconds | PX milliseconds]`.
//! Capitals and signs are tokens, other words are arguments; `[…]` may be left out, `<A | B>` is a choice,
//! `member [member ...]` and `[member ...]` repeat. A token belongs to the words that follow it, or only to the
//! choice that does. What an argument is (a key, an integer, …) follows from its name ([`names`]).
//!
//! Three escapes say what the notation cannot and are not shown to people: `name:double` gives a type,
//! `pattern/1` ties an argument to a key specification, and a bracket may begin with its name, `<unit: M | KM>`.
//! Deliberately absent: how arguments are read; that is each command's `parse`.

use super::key_specs::KeySpec;
use super::spec::Spec;
use std::fmt::Write;

pub mod names;
mod notation;

use names::{group_name, is_token, leaf_kind, token_name};
use notation::{Group, Item};

/// What an argument is, as `COMMAND DOCS` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any bytes.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// A key.
    Key,
    /// A glob pattern.
    Pattern,
    /// A time, in seconds or milliseconds since 1970.
    UnixTime,
    /// A word that stands for itself.
    PureToken,
    /// One of several arguments.
    OneOf,
    /// Several arguments that belong together.
    Block,
}

impl Kind {
    /// The name in `COMMAND DOCS`, and in the escape that gives a type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Double => "double",
            Self::Key => "key",
            Self::Pattern => "pattern",
            Self::UnixTime => "unix-time",
            Self::PureToken => "pure-token",
            Self::OneOf => "oneof",
            Self::Block => "block",
        }
    }
}

/// One argument, with its parts if it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The word that announces it; for a pure token, the word it is.
    pub token: Option<&'static str>,
    /// The key specification that finds it.
    pub key_spec: Option<usize>,
    /// The version it came with, if later than the command.
    pub since: Option<&'static str>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Repeats its token as well.
    pub multiple_token: bool,
    /// The alternatives or parts.
    pub parts: Vec<Argument>,
}

/// The arguments that `spec` declares.
///
/// # Errors
/// What is wrong with its syntax; a test sees to it that nothing is.
pub fn arguments(spec: &Spec) -> Result<Vec<Argument>, String> {
    let mut arguments = sequence(&notation::read(spec.syntax)?);
    tie_keys(&mut arguments, spec.keys, &mut 0);
    for (version, change) in spec.history {
        let words: Vec<&str> = change.split('`').skip(1).step_by(2).collect();
        arguments.iter_mut().for_each(|argument| argument.came_with(version, &words));
    }
    Ok(arguments)
}

/// `syntax` without the escapes, as people read it; a syntax that cannot be read is shown as it is.
#[must_use]
pub fn shown(syntax: &'static str) -> String {
    notation::read(syntax).map_or_else(|_| syntax.to_owned(), |items| notation::render(&items))
}

/// The fewest and the most words these arguments take; no most where something repeats.
#[must_use]
pub fn word_counts(arguments: &[Argument]) -> (usize, Option<usize>) {
    arguments.iter().map(Argument::word_counts).fold((0, Some(0)), |(least, most), (low, high)| {
        (least + low, most.zip(high).map(|(most, high)| most + high))
    })
}

impl Argument {
    fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            token: None,
            key_spec: None,
            since: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            parts: Vec::new(),
        }
    }

    fn pure_token(word: &'static str) -> Self {
        Self { token: Some(word), ..Self::new(token_name(word), Kind::PureToken) }
    }

    /// A word as written: name, type and key specification.
    fn leaf(word: &'static str) -> Self {
        let (word, key_spec) = match word.rsplit_once('/') {
            Some((word, index)) if index.parse::<usize>().is_ok() => (word, index.parse().ok()),
            _ => (word, None),
        };
        let (name, kind) = leaf_kind(word);
        Self { key_spec, ..Self::new(name, kind) }
    }

    fn composite(kind: Kind, name: Option<&'static str>, parts: Vec<Self>) -> Self {
        let name = name.map_or_else(|| group_name(kind, &parts), str::to_owned);
        Self { parts, ..Self::new(name, kind) }
    }

    fn word_counts(&self) -> (usize, Option<usize>) {
        let (least, most) = match self.kind {
            Kind::PureToken => (1, Some(1)),
            Kind::Block => with_token(self, word_counts(&self.parts)),
            Kind::OneOf => {
                let counts: Vec<_> = self.parts.iter().map(Self::word_counts).collect();
                let least = counts.iter().map(|(least, _)| *least).min().unwrap_or(0);
                let most = counts.iter().try_fold(0, |most, (_, high)| Some(most.max((*high)?)));
                with_token(self, (least, most))
            }
            _ => with_token(self, (1, Some(1))),
        };
        (if self.optional { 0 } else { least }, most.filter(|_| !self.multiple))
    }

    /// Notes that what is named in `words` came with `version`. Alternatives that all did are noted once.
    fn came_with(&mut self, version: &'static str, words: &[&str]) {
        if self.since.is_some() {
            return;
        }
        if self.is_named(words) {
            self.since = Some(version);
        } else {
            self.parts.iter_mut().for_each(|part| part.came_with(version, words));
        }
    }

    fn is_named(&self, words: &[&str]) -> bool {
        let own = self.token.unwrap_or(&self.name);
        match self.kind {
            Kind::OneOf if self.token.is_none() => {
                self.optional && self.parts.iter().all(|part| part.since.is_none() && part.is_named(words))
            }
            _ => words.contains(&own),
        }
    }
}

fn with_token(argument: &Argument, (least, most): (usize, Option<usize>)) -> (usize, Option<usize>) {
    let token = usize::from(argument.token.is_some());
    (least + token, most.map(|most| most + token))
}

/// The arguments that follow each other in `items`.
fn sequence(items: &[Item]) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut rest = items;
    while let [item, behind @ ..] = rest {
        rest = behind;
        let token = match item {
            Item::Word(word) if is_token(word) => *word,
            _ => {
                arguments.push(single(item));
                continue;
            }
        };
        let values = values_of_token(rest);
        rest = &rest[values..];
        arguments.push(announced(token, sequence(&behind[..values])));
    }
    arguments
}

/// How many of the items belong to the token before them: one group, or all words up to the next token.
fn values_of_token(items: &[Item]) -> usize {
    match items.first() {
        Some(Item::Group(group)) if !group.optional => 1,
        _ => items.iter().take_while(|item| item.is_plain()).count(),
    }
}

fn announced(token: &'static str, mut values: Vec<Argument>) -> Argument {
    match values.len() {
        0 => Argument::pure_token(token),
        1 => Argument { token: Some(token), ..values.remove(0) },
        _ => Argument { token: Some(token), ..Argument::composite(Kind::Block, None, values) },
    }
}

/// The argument that a single item is.
fn single(item: &Item) -> Argument {
    match item {
        Item::Word(word) => Argument::leaf(word),
        Item::Repeated(items) => {
            let multiple_token = matches!(items.first(), Some(Item::Word(word)) if is_token(word));
            Argument { multiple: true, multiple_token, ..together(None, items) }
        }
        Item::Group(group) => grouped(group),
    }
}

fn grouped(group: &Group) -> Argument {
    let argument = match group.alternatives.as_slice() {
        [only] => together(group.name, only),
        several => {
            let parts = several.iter().map(|items| together(None, items)).collect();
            Argument::composite(Kind::OneOf, group.name, parts)
        }
    };
    let multiple = argument.multiple || group.repeats;
    Argument { optional: group.optional, multiple, ..argument }
}

/// Several items as one argument: a block unless there is only one.
fn together(name: Option<&'static str>, items: &[Item]) -> Argument {
    let mut parts = sequence(items);
    match (parts.len(), name) {
        (1, None) => parts.remove(0),
        _ => Argument::composite(Kind::Block, name, parts),
    }
}

/// Numbers the keys: each belongs to the next specification, the last one covers what is left.
fn tie_keys(arguments: &mut [Argument], specs: &[KeySpec], next: &mut usize) {
    for argument in arguments {
        if argument.kind == Kind::Key {
            if specs.is_empty() {
                argument.kind = Kind::String;
                continue;
            }
            argument.key_spec.get_or_insert((*next).min(specs.len() - 1));
        }
        if let Some(index) = argument.key_spec {
            *next = (*next).max(index + 1);
        }
        tie_keys(&mut argument.parts, specs, next);
    }
}

/// The tree in one line, for the messages of tests: `key:key/0 [condition(nx:pure-token xx:pure-token)]`.
#[must_use]
pub fn outline(arguments: &[Argument]) -> String {
    let mut text = String::new();
    for argument in arguments {
        let (open, close) = if argument.optional { ("[", "]") } else { ("", "") };
        let separator = if text.is_empty() { "" } else { " " };
        let token = argument.token.map_or(String::new(), |token| format!("{token}="));
        let parts = match argument.parts.as_slice() {
            [] => String::new(),
            parts => format!("({})", outline(parts)),
        };
        let repeats = if argument.multiple { "..." } else { "" };
        let (name, kind) = (&argument.name, argument.kind.name());
        let _ = write!(text, "{separator}{open}{token}{name}:{kind}{parts}{repeats}{close}");
    }
    text
}

#[cfg(test)]
mod tests;
