//! Reads the words of the command line, from left to right.

use std::ffi::OsString;

use super::{Options, ProtocolChoice, Refusal, Request, StdinArgument, number, uri};
use crate::render::Format;

/// Reads `words` (without the program's own name) and the password of the environment, if it has one.
///
/// # Errors
/// What redis-cli says about an option it does not know or a value that is missing.
pub(crate) fn parse(words: Vec<OsString>, env_password: Option<OsString>) -> Result<Request, Refusal> {
    let mut parser = Parser {
        words: words.into_iter().map(into_bytes).collect::<Vec<_>>().into_iter(),
        options: Options::new(),
        resp2: false,
        resp3: false,
        json: false,
        no_auth_warning: false,
    };
    match parser.read_all()? {
        Some(other) => Ok(other),
        None => parser.finish(env_password.map(into_bytes)),
    }
}

struct Parser {
    words: std::vec::IntoIter<Vec<u8>>,
    options: Options,
    resp2: bool,
    resp3: bool,
    json: bool,
    no_auth_warning: bool,
}

impl Parser {
    /// Reads the options and leaves the command; answers early when an option asks for something else.
    fn read_all(&mut self) -> Result<Option<Request>, Refusal> {
        while let Some(word) = self.words.as_slice().first() {
            if !word.starts_with(b"-") {
                break;
            }
            let word = self.words.next().expect("the first word was just looked at");
            if let Some(other) = self.read(&word)? {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn read(&mut self, word: &[u8]) -> Result<Option<Request>, Refusal> {
        match word {
            // Alone, -h cannot be the host.
            b"-h" if self.words.as_slice().is_empty() => return Ok(Some(Request::Usage)),
            b"--help" => return Ok(Some(Request::Usage)),
            b"-v" | b"--version" => return Ok(Some(Request::Version)),
            _ => {}
        }
        if !self.read_switch(word)? && !self.read_value(word)? {
            return Err(unrecognized(word));
        }
        Ok(None)
    }

    /// Reads an option that stands alone; says whether it was one.
    fn read_switch(&mut self, word: &[u8]) -> Result<bool, Refusal> {
        match word {
            b"-2" => self.resp2 = true,
            b"-3" => self.resp3 = true,
            b"-e" => self.options.exit_on_error = true,
            b"-x" => self.set_stdin_argument(StdinArgument::Last)?,
            b"--raw" => self.options.format = Some(Format::Raw),
            b"--no-raw" => self.options.format = Some(Format::Typed),
            b"--csv" => self.options.format = Some(Format::Csv),
            b"--json" => self.set_json(Format::Json),
            b"--quoted-json" => self.set_json(Format::QuotedJson),
            b"--quoted-input" => self.options.quoted_input = true,
            b"--no-auth-warning" => self.no_auth_warning = true,
            b"--verbose" => self.options.verbose = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads an option and its value; says whether it was one.
    fn read_value(&mut self, word: &[u8]) -> Result<bool, Refusal> {
        let Some(value) = self.words.as_slice().first().cloned() else {
            return Ok(false);
        };
        let options = &mut self.options;
        match word {
            b"-h" => options.host = text(&value),
            b"-p" => options.port = number::port(&value)?,
            b"-s" => options.socket = Some(text(&value)),
            b"-u" => uri::apply(&value, options)?,
            b"-a" | b"--pass" => options.password = Some(value),
            b"--user" => options.user = Some(value),
            b"-n" => options.db = number::integer(&value),
            b"-r" => options.repeat = number::integer(&value),
            b"-i" => options.interval = number::interval(&value),
            b"-X" => self.set_stdin_argument(StdinArgument::Tagged(value))?,
            b"-d" => options.element_delimiter = value,
            b"-D" => options.reply_delimiter = value,
            b"--show-pushes" => options.show_pushes = Some(yes_or_no(&value)?),
            _ => return Ok(false),
        }
        self.words.next();
        Ok(true)
    }

    fn set_stdin_argument(&mut self, wanted: StdinArgument) -> Result<(), Refusal> {
        let present = &mut self.options.stdin_argument;
        if *present != StdinArgument::Absent
            && std::mem::discriminant(present) != std::mem::discriminant(&wanted)
        {
            return Err(Refusal::new("Options -x and -X are mutually exclusive."));
        }
        *present = wanted;
        Ok(())
    }

    /// JSON can tell a map from a list, so it asks for the protocol that does.
    fn set_json(&mut self, format: Format) {
        self.options.format = Some(format);
        self.json = true;
    }

    fn finish(mut self, env_password: Option<Vec<u8>>) -> Result<Request, Refusal> {
        if self.resp2 && self.resp3 {
            return Err(Refusal::new("Options -2 and -3 are mutually exclusive."));
        }
        self.options.protocol = match (self.resp2, self.resp3 || self.json) {
            (true, _) => ProtocolChoice::Resp2,
            (false, true) => ProtocolChoice::Resp3,
            (false, false) => ProtocolChoice::Unsaid,
        };
        self.options.warn_of_password = self.options.password.is_some() && !self.no_auth_warning;
        self.options.password = self.options.password.or(env_password);
        self.options.command = self.words.collect();
        Ok(Request::Run(Box::new(self.options)))
    }
}

fn unrecognized(word: &[u8]) -> Refusal {
    Refusal::new(format!("Unrecognized option or bad number of args for: '{}'", text(word)))
}

fn yes_or_no(value: &[u8]) -> Result<bool, Refusal> {
    match value.first() {
        Some(b'y' | b'Y') => Ok(true),
        Some(b'n' | b'N') => Ok(false),
        _ => Err(Refusal::new(format!(
            "Unknown --show-pushes value '{}' (valid: '[y]es', '[n]o')",
            text(value)
        ))),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The bytes of a word: exactly those given on Unix, UTF-8 on Windows.
#[cfg(unix)]
fn into_bytes(word: OsString) -> Vec<u8> {
    std::os::unix::ffi::OsStringExt::into_vec(word)
}

#[cfg(not(unix))]
fn into_bytes(word: OsString) -> Vec<u8> {
    word.to_string_lossy().into_owned().into_bytes()
}
