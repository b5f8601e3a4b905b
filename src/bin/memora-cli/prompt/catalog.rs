//! What is known about every command: its syntax, what it does, since when, and how long it takes.

use std::collections::{BTreeMap, BTreeSet};

use memora::resp::Reply;

use super::syntax::Arg;

/// The table of the README, which a test keeps up to date.
const README: &str = include_str!("../../../../README.md");

/// What is known about one command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// In capitals, with its container: `CONFIG GET`.
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The version that had it first, where that is known.
    pub(crate) since: String,
    /// Such as `sorted-set`.
    pub(crate) group: String,
    pub(crate) complexity: String,
    pub(crate) args: Vec<Arg>,
}

/// All commands of a server by name.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    commands: BTreeMap<String, Command>,
}

impl Catalog {
    /// Out of the reply to COMMAND DOCS; `None` when that is an error or empty.
    pub(crate) fn from_docs(reply: &Reply) -> Option<Self> {
        let mut catalog = Self::default();
        for (name, docs) in fields(reply) {
            catalog.add_docs(&text(name), docs);
        }
        (!catalog.commands.is_empty()).then_some(catalog)
    }

    fn add_docs(&mut self, name: &str, docs: &Reply) {
        let entries = fields(docs);
        let get = |name| field(&entries, name).map(text).unwrap_or_default();
        for (name, docs) in field(&entries, "subcommands").map(fields).unwrap_or_default() {
            self.add_docs(&text(name).replace('|', " "), docs);
        }
        self.add(Command {
            name: name.to_uppercase(),
            summary: get("summary"),
            since: get("since"),
            group: get("group"),
            complexity: get("complexity"),
            args: field(&entries, "arguments").map(Arg::list_from_docs).unwrap_or_default(),
        });
    }

    /// Memora's own commands, for servers that say nothing about theirs.
    pub(crate) fn built_in() -> Self {
        let mut catalog = Self::default();
        let mut group = String::new();
        for line in README.lines() {
            if let Some(title) = line.strip_prefix("### ") {
                group = title.to_lowercase().replace(' ', "-");
            }
            if let Some(row) = line.strip_prefix("| `") {
                catalog.add_row(&row.replace("\\|", "\0"), &group);
            }
        }
        catalog
    }

    fn add_row(&mut self, row: &str, group: &str) {
        let Some((usage, summary)) = row.split_once("` | ") else { return };
        let words = usage.split(' ');
        // A second word in capitals is a subcommand only where nothing of the syntax looks like it.
        let name: Vec<&str> = words.take_while(|word| word.chars().all(is_of_name)).take(2).collect();
        let syntax = usage[name.join(" ").len()..].trim().replace('\0', "|");
        self.add(Command {
            name: name.join(" "),
            summary: summary.trim_end_matches(" |").replace('\0', "|"),
            group: group.to_owned(),
            args: Arg::list_from_text(&syntax),
            ..Command::default()
        });
    }

    fn add(&mut self, command: Command) {
        self.commands.insert(command.name.clone(), command);
    }

    /// The command these words begin with, and how many of them are its name.
    pub(crate) fn find(&self, words: &[impl AsRef<[u8]>]) -> Option<(&Command, usize)> {
        let upper = |word: &[u8]| String::from_utf8_lossy(word).to_uppercase();
        let first = upper(words.first()?.as_ref());
        let second = words.get(1).map(|word| format!("{first} {}", upper(word.as_ref())));
        if let Some(command) = second.and_then(|name| self.commands.get(&name)) {
            return Some((command, 2));
        }
        self.commands.get(&first).map(|command| (command, 1))
    }

    /// The commands whose names begin so, in order.
    pub(crate) fn starting_with<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a Command> + use<'a> {
        let prefix = prefix.to_uppercase();
        let from = self.commands.range(prefix.clone()..);
        from.map(|(_, command)| command).take_while(move |command| command.name.starts_with(&prefix))
    }

    /// The commands inside one that has subcommands.
    pub(crate) fn inside<'a>(&'a self, container: &str) -> impl Iterator<Item = &'a Command> + use<'a> {
        self.starting_with(&format!("{container} "))
    }

    /// The commands of a group, in order.
    pub(crate) fn group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Command> {
        self.commands.values().filter(move |command| command.group == group)
    }

    /// The groups, in order.
    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        self.commands.values().map(|command| command.group.as_str()).collect()
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-' || letter == '_'
}

/// The pairs of a map, which is a flat list under RESP2.
pub(crate) fn fields(reply: &Reply) -> Vec<(&Reply, &Reply)> {
    match reply {
        Reply::Map(pairs) => pairs.iter().map(|(key, value)| (key, value)).collect(),
        other => items(other).chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect(),
    }
}

/// The value of a field.
pub(crate) fn field<'a>(fields: &[(&'a Reply, &'a Reply)], name: &str) -> Option<&'a Reply> {
    fields.iter().find(|(key, _)| bytes(key) == name.as_bytes()).map(|(_, value)| *value)
}

/// The elements of a list of any kind; none when it is no list.
pub(crate) fn items(reply: &Reply) -> &[Reply] {
    match reply {
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => items,
        _ => &[],
    }
}

/// The bytes of a string of any kind; none when it is no string.
pub(crate) fn bytes(reply: &Reply) -> &[u8] {
    match reply {
        Reply::Simple(text) => text.as_bytes(),
        Reply::Bulk(blob) => blob.as_bytes(),
        Reply::Error(text) | Reply::Verbatim { text, .. } | Reply::BigNumber(text) => text,
        _ => &[],
    }
}

/// The same as text.
pub(crate) fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(bytes(reply)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::syntax::join;
    use super::*;

    #[test]
    fn the_built_in_table_is_complete() {
        let catalog = Catalog::built_in();
        let (get, words) = catalog.find(&["get"]).unwrap();
        assert_eq!(
            (get.summary.as_str(), get.group.as_str(), words),
            ("Returns the string at a key", "string", 1)
        );
        let (set, words) = catalog.find(&["Config", "set", "port"]).unwrap();
        assert_eq!((set.name.as_str(), words), ("CONFIG SET", 2));
        assert_eq!(join(&set.args, " "), "parameter value [parameter value ...]");
        assert!(catalog.groups().contains("hash"));
        assert!(catalog.find(&["NOSUCH"]).is_none());
    }

    #[test]
    fn documentation_of_both_protocols_is_understood() {
        let word = |text: &'static str| Reply::bulk(text);
        let argument = || vec![word("name"), word("k"), word("type"), word("key"), word("token"), word("BY")];
        let flat = Reply::array([
            word("get"),
            Reply::array([word("arguments"), Reply::array([Reply::array(argument())])]),
        ]);
        let catalog = Catalog::from_docs(&flat).unwrap();
        assert_eq!(join(&catalog.find(&["GET"]).unwrap().0.args, " "), "BY k");
        assert!(Catalog::from_docs(&Reply::error("ERR unknown")).is_none());
        assert!(Catalog::from_docs(&Reply::EMPTY_ARRAY).is_none());
    }
}
