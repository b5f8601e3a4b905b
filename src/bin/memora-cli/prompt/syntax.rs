//! The syntax of a command as a tree, out of COMMAND DOCS or a line of text, and back to text.

use std::fmt::{self, Write};

use memora::resp::Reply;

use super::catalog::{field, fields, items, text};

/// One argument, or several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arg {
    /// What to call it.
    pub(crate) name: String,
    /// The word that has to stand before it, or for it.
    pub(crate) token: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    /// Whether it may be repeated.
    pub(crate) multiple: bool,
    /// Whether its token is repeated with it.
    pub(crate) multiple_token: bool,
}

/// What an argument is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The name of a key.
    Key,
    /// A whole number.
    Integer,
    /// Anything else.
    Text,
    /// Nothing but the token.
    Token,
    /// One of these.
    OneOf(Vec<Arg>),
    /// All of these, one after another.
    Block(Vec<Arg>),
}

impl Arg {
    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            token: None,
            kind,
            optional: false,
            multiple: false,
            multiple_token: false,
        }
    }

    /// The arguments COMMAND DOCS lists.
    pub(crate) fn list_from_docs(list: &Reply) -> Vec<Self> {
        items(list).iter().map(Self::from_docs).collect()
    }

    fn from_docs(docs: &Reply) -> Self {
        let entries = fields(docs);
        let get = |name| field(&entries, name).map(text);
        let children = || field(&entries, "arguments").map(Self::list_from_docs).unwrap_or_default();
        let kind = match get("type").as_deref() {
            Some("key") => Kind::Key,
            Some("integer" | "unix-time") => Kind::Integer,
            Some("pure-token") => Kind::Token,
            Some("oneof") => Kind::OneOf(children()),
            Some("block") => Kind::Block(children()),
            _ => Kind::Text,
        };
        let flags: Vec<String> =
            field(&entries, "flags").map(|list| items(list).iter().map(text).collect()).unwrap_or_default();
        let has = |flag: &str| flags.iter().any(|present| present == flag);
        Self {
            name: get("display_text").or_else(|| get("name")).unwrap_or_default(),
            token: get("token"),
            kind,
            optional: has("optional"),
            multiple: has("multiple"),
            multiple_token: has("multiple_token"),
        }
    }

    /// Reads `key [NX | XX] [EX seconds] [key ...]`; words in capitals are tokens.
    pub(crate) fn list_from_text(syntax: &str) -> Vec<Self> {
        let spaced = syntax.replace('[', " [ ").replace(']', " ] ").replace('<', " < ").replace('>', " > ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        Reader { words: &words, at: 0 }.sequence()
    }

    /// The syntax without the brackets of an optional argument.
    pub(crate) fn bare(&self) -> String {
        let value = self.value();
        let token = self.token.as_deref().unwrap_or_default();
        let first = match (token, value.as_str()) {
            ("", value) => value.to_owned(),
            (token, "") => token.to_owned(),
            (token, value) => format!("{token} {value}"),
        };
        match (self.multiple, self.multiple_token) {
            (false, _) => first,
            (true, true) => format!("{first} [{first} ...]"),
            (true, false) => format!("{first} [{value} ...]"),
        }
    }

    fn value(&self) -> String {
        match &self.kind {
            Kind::Token => String::new(),
            Kind::Key | Kind::Integer | Kind::Text => self.name.clone(),
            Kind::Block(children) => join(children, " "),
            Kind::OneOf(children) if self.optional && self.token.is_none() => join(children, " | "),
            Kind::OneOf(children) => format!("<{}>", join(children, " | ")),
        }
    }
}

/// The syntax as documentation shows it.
impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.optional {
            true => write!(f, "[{}]", self.bare()),
            false => f.write_str(&self.bare()),
        }
    }
}

/// Several arguments with something between them.
pub(crate) fn join(args: &[Arg], between: &str) -> String {
    let mut joined = String::new();
    for (index, arg) in args.iter().enumerate() {
        let before = if index == 0 { "" } else { between };
        write!(joined, "{before}{arg}").expect("a string takes every text");
    }
    joined
}

/// Reads a line of syntax word by word.
struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl Reader<'_> {
    fn sequence(&mut self) -> Vec<Arg> {
        let mut args: Vec<Arg> = Vec::new();
        while let Some(word) = self.words.get(self.at).copied() {
            self.at += 1;
            match word {
                "]" | ">" | "|" => {
                    self.at -= 1;
                    break;
                }
                "..." => {
                    if let Some(last) = args.last_mut() {
                        last.multiple = true;
                    }
                }
                "[" => self.bracketed(&mut args),
                "<" => {
                    let choice = self.alternatives(">");
                    args.push(choice);
                }
                word => args.push(leaf(word)),
            }
        }
        attach_tokens(args)
    }

    /// `[key ...]` after `key` says that there may be more keys; anything else is an optional argument.
    fn bracketed(&mut self, args: &mut Vec<Arg>) {
        let mut inner = self.alternatives("]");
        let repeats = match &inner.kind {
            Kind::Block(parts) => parts.last().is_some_and(|last| last.multiple),
            _ => inner.multiple,
        };
        let count = match &inner.kind {
            Kind::Block(parts) => parts.len(),
            _ => 1,
        };
        if repeats && args.len() >= count && tail_matches(&args[args.len() - count..], &inner) {
            let parts = args.split_off(args.len() - count);
            let mut group = match parts.len() {
                1 => parts.into_iter().next().expect("its length was just looked at"),
                _ => Arg::new("", Kind::Block(parts)),
            };
            group.multiple = true;
            args.push(group);
            return;
        }
        inner.optional = true;
        args.push(inner);
    }

    fn alternatives(&mut self, close: &str) -> Arg {
        let mut choices = Vec::new();
        loop {
            let mut sequence = self.sequence();
            let choice =
                if sequence.len() == 1 { sequence.remove(0) } else { Arg::new("", Kind::Block(sequence)) };
            choices.push(choice);
            let word = self.words.get(self.at).copied();
            self.at += 1;
            if word != Some("|") {
                debug_assert!(word.is_none_or(|word| word == close), "{word:?} instead of {close}");
                break;
            }
        }
        match choices.len() {
            1 => choices.remove(0),
            _ => Arg::new("", Kind::OneOf(choices)),
        }
    }
}

/// Whether the last arguments are those that may be repeated.
fn tail_matches(tail: &[Arg], inner: &Arg) -> bool {
    let names = |args: &[Arg]| args.iter().map(|arg| arg.name.clone()).collect::<Vec<_>>();
    match &inner.kind {
        Kind::Block(parts) => names(tail) == names(parts),
        _ => names(tail) == [inner.name.clone()],
    }
}

fn leaf(word: &str) -> Arg {
    let is_token = word.chars().any(char::is_alphabetic) && !word.chars().any(char::is_lowercase);
    if is_token {
        return Arg { token: Some(word.to_owned()), ..Arg::new(&word.to_lowercase(), Kind::Token) };
    }
    let kind = match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "key" | "source" | "destination" | "newkey" | "destkey" => Kind::Key,
        "seconds" | "milliseconds" | "count" | "cursor" | "start" | "stop" | "offset" | "numkeys" => {
            Kind::Integer
        }
        _ => Kind::Text,
    };
    Arg::new(word, kind)
}

/// A token with a value behind it is one argument.
fn attach_tokens(args: Vec<Arg>) -> Vec<Arg> {
    let mut joined: Vec<Arg> = Vec::new();
    for arg in args {
        match joined.last_mut() {
            Some(last) if last.kind == Kind::Token && arg.token.is_none() && !arg.optional => {
                let token = last.token.take();
                *last = Arg { token, ..arg };
            }
            _ => joined.push(arg),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back() {
        for syntax in [
            "key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]",
            "key [key ...]",
            "key value [key value ...]",
            "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
            "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
            "key [count [WITHVALUES]]",
            "[section [section ...]]",
            "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        ] {
            assert_eq!(join(&Arg::list_from_text(syntax), " "), syntax);
        }
    }
}
