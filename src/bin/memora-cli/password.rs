//! Asks for the password where `--askpass` wants it asked.

use std::io::{self, BufRead, IsTerminal};

use crate::options::Options;
use crate::runner::Trouble;

const PROMPT: &str = "Please input password: ";

/// The options with the password in them; nothing that is typed is shown.
///
/// Where standard input is no terminal the password is its first line, and no line means no password.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn ask_if_wanted(mut options: Options) -> Result<Options, Trouble> {
    if options.ask_password {
        options.password = ask().map_err(Trouble::Input)?;
    }
    Ok(options)
}

fn ask() -> io::Result<Option<Vec<u8>>> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(PROMPT).map(|typed| Some(typed.into_bytes()));
    }
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    let typed = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok((!typed.is_empty()).then(|| typed.to_vec()))
}
