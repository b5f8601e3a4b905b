//! Where command lines come from: a line editor on a terminal, plain lines otherwise.
//!
//! Only typed lines are remembered, in `~/.memoracli_history` or the file `REDISCLI_HISTFILE` names;
//! `/dev/null` there means nowhere.

use std::env;
use std::io::{self, BufRead, StdinLock};
use std::path::{Path, PathBuf};

use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Config, EditMode, Editor};

use crate::prompt::Assistant;

/// How many lines are remembered.
const HISTORY_LINES: usize = 1000;

/// Names another history file.
const HISTORY_VARIABLE: &str = "REDISCLI_HISTFILE";

/// The history file in the home directory.
const HISTORY_FILE: &str = ".memoracli_history";

/// A source of lines.
pub(crate) enum Input {
    /// A person at a terminal.
    Terminal(Box<Terminal>),
    /// A file or another program.
    Piped(StdinLock<'static>),
}

/// A line editor and its history.
pub(crate) struct Terminal {
    editor: Editor<Assistant, DefaultHistory>,
    history: Option<PathBuf>,
}

impl Input {
    /// Lines typed at the terminal, with the history of former sessions.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    pub(crate) fn terminal() -> Result<Self, ReadlineError> {
        let colours = wants_colours();
        let config = Config::builder()
            .max_history_size(HISTORY_LINES)?
            .history_ignore_dups(true)?
            .auto_add_history(false)
            .completion_type(CompletionType::List)
            .color_mode(if colours { ColorMode::Enabled } else { ColorMode::Disabled })
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant::new(colours)));
        let history = history_file();
        if let Some(path) = &history {
            // The first session has no history, and an unreadable one must not keep anybody from working.
            let _ = editor.load_history(path);
        }
        Ok(Self::Terminal(Box::new(Terminal { editor, history })))
    }

    /// Lines from standard input.
    pub(crate) fn piped() -> Self {
        Self::Piped(io::stdin().lock())
    }

    /// What helps a person who types; nobody helps a file.
    pub(crate) fn assistant(&mut self) -> Option<&mut Assistant> {
        match self {
            Self::Terminal(terminal) => terminal.editor.helper_mut(),
            Self::Piped(_) => None,
        }
    }

    /// Has the line editor understand the keys of vi, or those of Emacs.
    pub(crate) fn set_edit_mode(&mut self, mode: EditMode) {
        if let Self::Terminal(terminal) = self {
            terminal.editor.set_edit_mode(mode);
        }
    }

    /// Whether a person types.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next line, or nothing after the last; a line given up with Ctrl-C is empty.
    pub(crate) fn read_line(&mut self, prompt: &str) -> Option<Vec<u8>> {
        match self {
            Self::Terminal(terminal) => terminal.read_line(prompt),
            Self::Piped(stdin) => {
                let mut line = Vec::new();
                let count = stdin.read_until(b'\n', &mut line).ok()?;
                (count > 0).then_some(line)
            }
        }
    }

    /// The answer to a question; nothing when there will be none, or when Ctrl-C was pressed.
    pub(crate) fn read_answer(&mut self, question: &str) -> Option<Vec<u8>> {
        match self {
            Self::Terminal(terminal) => terminal.editor.readline(question).ok().map(String::into_bytes),
            Self::Piped(_) => self.read_line(question),
        }
    }

    /// How many columns and rows the window has, where there is one.
    pub(crate) fn window(&mut self) -> Option<(usize, usize)> {
        let Self::Terminal(terminal) = self else { return None };
        let (columns, rows) = terminal.editor.dimensions()?;
        Some((usize::from(columns).max(1), usize::from(rows).max(1)))
    }

    /// Keeps a line for later, where lines are kept.
    pub(crate) fn remember(&mut self, line: &[u8]) {
        if let Self::Terminal(terminal) = self {
            terminal.remember(&String::from_utf8_lossy(line));
        }
    }
}

impl Terminal {
    fn read_line(&mut self, prompt: &str) -> Option<Vec<u8>> {
        match self.editor.readline(prompt) {
            Ok(line) => Some(line.into_bytes()),
            // A signal can be an old one, of a command that was interrupted.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Some(Vec::new()),
            Err(_) => None,
        }
    }

    fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line).unwrap_or(false);
        if let Some(path) = self.history.as_deref().filter(|_| added) {
            // A full disk must not get in the way of the next command.
            let _ = append(&mut self.editor, path);
        }
    }
}

fn append(editor: &mut Editor<Assistant, DefaultHistory>, path: &Path) -> Result<(), ReadlineError> {
    editor.append_history(path)
}

fn history_file() -> Option<PathBuf> {
    match env::var_os(HISTORY_VARIABLE).filter(|name| !name.is_empty()) {
        Some(name) if name == "/dev/null" => None,
        Some(name) => Some(name.into()),
        None => in_home(HISTORY_FILE),
    }
}

/// Colours, unless <https://no-color.org> is followed or the terminal has none.
pub(crate) fn wants_colours() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// A file in the home directory.
pub(crate) fn in_home(name: &str) -> Option<PathBuf> {
    home().map(|home| home.join(name))
}

fn home() -> Option<PathBuf> {
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    env::var_os(variable).filter(|home| !home.is_empty()).map(PathBuf::from)
}
