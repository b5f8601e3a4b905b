//! The notation of a syntax line: words, brackets, bars and dots, and the way back to text.

use super::names::leaf_kind;

/// What can stand in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A token or an argument, as written.
    Word(&'static str),
    /// `a b [a b ...]`: these items once or more often.
    Repeated(Vec<Item>),
    /// Something in brackets.
    Group(Group),
}

/// `[…]` or `<…>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// The name it begins with.
    pub(super) name: Option<&'static str>,
    /// What the bars separate; one if there is none.
    pub(super) alternatives: Vec<Vec<Item>>,
    /// Whether it ends in dots: all of it repeats, also when it is a choice.
    pub(super) repeats: bool,
}

impl Item {
    /// Whether it is an argument without a token, or several.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Word(word) => !super::is_token(word),
            Self::Repeated(items) => items.iter().all(Self::is_plain),
            Self::Group(_) => false,
        }
    }
}

/// Reads a line.
pub(super) fn read(line: &'static str) -> Result<Vec<Item>, String> {
    let mut reader = Reader { marks: marks(line), line };
    let group = reader.group(None)?;
    match group.alternatives.as_slice() {
        [items] if !group.repeats => Ok(items.clone()),
        _ => Err(format!("a bar or dots outside of brackets in {line:?}")),
    }
}

/// The marks of a line: brackets and bars each for itself, and the words between them.
fn marks(line: &'static str) -> std::vec::IntoIter<&'static str> {
    let is_sign = |c| matches!(c, '[' | ']' | '<' | '>' | '|');
    let mut marks = Vec::new();
    for piece in line.split(' ').filter(|piece| !piece.is_empty()) {
        let mut rest = piece;
        while !rest.is_empty() {
            let end = if rest.starts_with(is_sign) { 1 } else { rest.find(is_sign).unwrap_or(rest.len()) };
            let (mark, behind) = rest.split_at(end);
            marks.push(mark);
            rest = behind;
        }
    }
    marks.into_iter()
}

struct Reader {
    marks: std::vec::IntoIter<&'static str>,
    line: &'static str,
}

impl Reader {
    /// Reads up to the bracket that closes what `open` opened, or to the end of the line.
    fn group(&mut self, open: Option<&'static str>) -> Result<Group, String> {
        let close = open.map(|open| if open == "[" { "]" } else { ">" });
        let mut group =
            Group { optional: open == Some("["), name: None, alternatives: vec![vec![]], repeats: false };
        let mut is_first = true;
        loop {
            let mark = self.marks.next();
            if mark == close {
                return self.checked(group);
            }
            let mark = mark.ok_or_else(|| self.wrong("an open bracket"))?;
            if group.repeats {
                return Err(self.wrong("something behind dots"));
            }
            match mark {
                "[" | "<" => {
                    let inner = self.group(Some(mark))?;
                    push(&mut group, inner);
                }
                "]" | ">" => return Err(self.wrong("a closing bracket too many")),
                "|" => group.alternatives.push(vec![]),
                "..." => group.repeats = true,
                name if is_first && open.is_some() && name.ends_with(':') => {
                    group.name = name.strip_suffix(':');
                }
                word => last(&mut group).push(Item::Word(word)),
            }
            is_first = false;
        }
    }

    fn checked(&self, group: Group) -> Result<Group, String> {
        let is_empty = |items: &Vec<Item>| items.is_empty() && !self.line.is_empty();
        if group.alternatives.iter().any(is_empty) {
            return Err(self.wrong("empty brackets or bars"));
        }
        Ok(group)
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what} in {:?}", self.line)
    }
}

fn last(group: &mut Group) -> &mut Vec<Item> {
    group.alternatives.last_mut().expect("a group has at least one alternative")
}

/// Adds a group; one that only repeats the items before it turns them into [`Item::Repeated`].
fn push(group: &mut Group, inner: Group) {
    let items = last(group);
    let again = inner.alternatives[0].as_slice();
    if inner.optional && inner.repeats && items.ends_with(again) {
        let start = items.len() - again.len();
        let repeated = items.split_off(start);
        items.push(Item::Repeated(repeated));
    } else {
        items.push(Item::Group(inner));
    }
}

/// Items as people read them, without escapes.
pub(super) fn render(items: &[Item]) -> String {
    items.iter().map(render_item).collect::<Vec<_>>().join(" ")
}

fn render_item(item: &Item) -> String {
    match item {
        Item::Word(word) => render_word(word).to_owned(),
        Item::Repeated(items) => format!("{0} [{0} ...]", render(items)),
        Item::Group(group) => {
            let inner = group.alternatives.iter().map(|items| render(items)).collect::<Vec<_>>().join(" | ");
            let dots = if group.repeats { " ..." } else { "" };
            match (group.optional, group.alternatives.len()) {
                (true, _) => format!("[{inner}{dots}]"),
                // Such brackets are there for their name only.
                (false, 1) => format!("{inner}{dots}"),
                (false, _) => format!("<{inner}{dots}>"),
            }
        }
    }
}

fn render_word(word: &'static str) -> &'static str {
    let word = match word.rsplit_once('/') {
        Some((name, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => word,
    };
    leaf_kind(word).0
}
