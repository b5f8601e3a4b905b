//! Carries what a server says about its commands to the prompt, and answers HELP with it.

use memora::resp::Reply;

use crate::input::Input;
use crate::link::Address;
use crate::prompt::catalog::{Catalog, bytes, items, text};
use crate::prompt::help::{self, Topic};
use crate::runner::{Runner, Trouble};
use crate::usage;

/// Asks every server once.
#[derive(Default)]
pub(crate) struct Teacher {
    /// The server that has been asked.
    asked: Option<Address>,
}

impl Teacher {
    /// Teaches the prompt the commands of the server it is at now, and where that is.
    pub(crate) fn teach(&mut self, runner: &mut Runner, input: &mut Input) {
        let Some(assistant) = input.assistant() else { return };
        assistant.follow(runner.session.login());
        let address = runner.session.address().clone();
        if !runner.session.can_be_asked() || self.asked.as_ref() == Some(&address) {
            return;
        }
        match runner.session.query(&["COMMAND", "DOCS"]) {
            // Whoever has to log in first is told after that.
            Ok(Reply::Error(text)) if text.starts_with(b"NOAUTH") => {}
            Ok(reply) => {
                assistant.learn(Catalog::from_docs(&reply).unwrap_or_else(Catalog::built_in));
                self.asked = Some(address);
            }
            Err(_) => runner.session.disconnect(),
        }
    }
}

/// Answers HELP; commands that are read from a file are answered by the built-in table.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn help(words: &[Vec<u8>], runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    match input.assistant() {
        Some(assistant) => explain(words, assistant.catalog(), runner),
        None => explain(words, &Catalog::built_in(), runner),
    }
}

/// Answers HELP out of a catalog.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn explain(words: &[Vec<u8>], catalog: &Catalog, runner: &mut Runner) -> Result<(), Trouble> {
    let told = match help::topic(words, catalog) {
        Topic::Prompt => usage::PROMPT.to_owned(),
        Topic::Command(command) => help::about(command, &categories(&command.name, runner)),
        Topic::List(heading, commands) => help::about_all(&heading, &commands),
        Topic::Unknown => {
            let topic = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
            let groups: Vec<String> = catalog.groups().iter().map(|group| format!("@{group}")).collect();
            format!("Nothing is known about {topic}. There are the groups {}.\n", groups.join(" "))
        }
    };
    Ok(runner.say(&told)?)
}

/// The categories an ACL would name the command by, where the server can be asked.
fn categories(name: &str, runner: &mut Runner) -> Vec<String> {
    if !runner.session.can_be_asked() {
        return Vec::new();
    }
    let request = ["COMMAND", "INFO", &name.to_lowercase().replace(' ', "|")];
    let Ok(reply) = runner.session.query(&request) else {
        runner.session.disconnect();
        return Vec::new();
    };
    const CATEGORIES: usize = 6;
    let info = items(&reply).first().map(items).unwrap_or_default();
    let named = info.get(CATEGORIES).map(items).unwrap_or_default();
    named.iter().filter(|category| !bytes(category).is_empty()).map(text).collect()
}
