//! What the prompt is told about itself: `:set …`, typed or written in a file that is read at the start.

use std::env;
use std::fs;
use std::path::PathBuf;

use rustyline::EditMode;

use crate::comparison;
use crate::input::{self, Input};
use crate::runner::{Runner, Trouble};

/// Names another file of preferences.
const FILE_VARIABLE: &str = "REDISCLI_RCFILE";

/// The file of preferences in the home directory.
const FILE: &str = ".memoraclirc";

/// Does what the lines of the file say, if there is one.
///
/// # Errors
/// When nobody reads what there is to say about them.
pub(crate) fn apply_file(runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    let Some(text) = file().and_then(|path| fs::read_to_string(path).ok()) else {
        return Ok(());
    };
    for line in text.lines().map(str::trim).filter(|line| line.starts_with(':')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        apply(&words, runner, input)?;
    }
    Ok(())
}

/// Does what one line says.
///
/// # Errors
/// When nobody reads what there is to say about it.
pub(crate) fn apply(words: &[&str], runner: &mut Runner, input: &mut Input) -> Result<(), Trouble> {
    match words {
        [":set", "hints"] => set_hints(true, input),
        [":set", "nohints"] => set_hints(false, input),
        [":set", "vi"] => input.set_edit_mode(EditMode::Vi),
        [":set", "emacs"] => input.set_edit_mode(EditMode::Emacs),
        [":time", "on"] => runner.times = true,
        [":time", "off"] => runner.times = false,
        [":diff", uri] => comparison::set(uri, runner)?,
        [":set", "pager"] => runner.pages = true,
        [":set", "nopager"] => runner.pages = false,
        _ => runner.say(&format!(
            "unknown memora-cli preference '{}', `help` lists what there is\n",
            words.join(" ")
        ))?,
    }
    Ok(())
}

fn set_hints(shown: bool, input: &mut Input) {
    if let Some(assistant) = input.assistant() {
        assistant.hints = shown;
    }
}

fn file() -> Option<PathBuf> {
    match env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty()) {
        Some(name) => Some(name.into()),
        None => input::in_home(FILE),
    }
}
