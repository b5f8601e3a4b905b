//! `HELP`: what a command does, what a group holds, and how the prompt works.

use super::catalog::{Catalog, Command};
use super::examples;
use super::syntax::join;

/// What HELP is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Topic<'a> {
    /// The prompt itself.
    Prompt,
    /// One command.
    Command(&'a Command),
    /// Several commands, under a heading.
    List(String, Vec<&'a Command>),
    /// Nothing that is known.
    Unknown,
}

/// Finds what the words after HELP are about.
pub(crate) fn topic<'a>(words: &'a [Vec<u8>], catalog: &'a Catalog) -> Topic<'a> {
    let Some(first) = words.first() else { return Topic::Prompt };
    let name =
        words.iter().map(|word| String::from_utf8_lossy(word).to_uppercase()).collect::<Vec<_>>().join(" ");
    if let Some(group) = first.strip_prefix(b"@") {
        return group_topic(&String::from_utf8_lossy(group).to_lowercase(), catalog);
    }
    match catalog.find(words) {
        Some((command, names)) if names == words.len() => {
            let inside: Vec<_> = catalog.inside(&command.name).collect();
            match inside.is_empty() {
                true => Topic::Command(command),
                false => Topic::List(format!("{}: {}", command.name, command.summary), inside),
            }
        }
        _ => list(format!("Commands that begin with {name}:"), catalog.starting_with(&name).collect()),
    }
}

fn group_topic<'a>(group: &str, catalog: &'a Catalog) -> Topic<'a> {
    let of = |name: &str| catalog.groups().into_iter().find(|known| known.replace('_', "-") == name);
    match of(&group.replace('_', "-")) {
        Some(known) => list(format!("Commands of the group {known}:"), catalog.group(known).collect()),
        None => Topic::Unknown,
    }
}

fn list(heading: String, commands: Vec<&Command>) -> Topic<'_> {
    if commands.is_empty() { Topic::Unknown } else { Topic::List(heading, commands) }
}

/// The text about a command; `categories` are those of ACLs, where the server has told them.
pub(crate) fn about(command: &Command, categories: &[String]) -> String {
    let syntax = join(&command.args, " ");
    let mut text = format!("\n  {} {syntax}", command.name).trim_end().to_owned() + "\n";
    let rows = [
        ("summary", command.summary.as_str()),
        ("since", &command.since),
        ("group", &command.group),
        ("complexity", &command.complexity),
        ("categories", &categories.join(" ")),
    ];
    for (label, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        text += &format!("  {label}: {value}\n");
    }
    for (index, line) in examples::of(&command.name).enumerate() {
        let label = if index == 0 { "  example:\n" } else { "" };
        text += &format!("{label}    {line}\n");
    }
    text + "\n"
}

/// The text about several commands: a line each.
pub(crate) fn about_all(heading: &str, commands: &[&Command]) -> String {
    let mut text = format!("\n  {heading}\n\n");
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0);
    for command in commands {
        text += &format!("  {:width$}  {}\n", command.name, command.summary);
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let words: Vec<_> = line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        match topic(&words, &Catalog::built_in()) {
            Topic::Command(command) => about(command, &["@read".to_owned()]),
            Topic::List(heading, commands) => about_all(&heading, &commands),
            Topic::Prompt => "prompt".to_owned(),
            Topic::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn commands_groups_and_beginnings_have_help() {
        let get = "\n  ECHO message\n  summary: Answers the message\n  group: connection\n  categories: @read\n  \
                   example:\n    > ECHO \"hello, world\"\n    \"hello, world\"\n\n";
        assert_eq!(shown("echo"), get);
        assert!(shown("config set").starts_with("\n  CONFIG SET parameter value"));
        assert!(shown("@hash").contains("HGETALL"));
        assert!(shown("hincr").contains("HINCRBYFLOAT"));
        assert_eq!(shown(""), "prompt");
        assert_eq!(shown("nosuch"), "unknown");
        assert_eq!(shown("@nosuch"), "unknown");
    }
}
