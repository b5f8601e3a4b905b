//! Reads the words of the command line, from left to right.

use std::ffi::OsString;
use std::time::Duration;

use clap_complete::Shell;
use memora::resp::quoting::unquote;

use super::table::{self, Flag};
use super::{Options, ProtocolChoice, Refusal, Request, StdinArgument, number, uri};
use crate::render::Format;
use crate::tools::Tool;

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
        // Alone, -h cannot be the host.
        if word == b"-h" && self.words.as_slice().is_empty() {
            return Ok(Some(Request::Usage));
        }
        let row = table::find(word).ok_or_else(|| unrecognized(word))?;
        let value = match row.value {
            Some(_) => self.words.next().ok_or_else(|| unrecognized(word))?,
            None => Vec::new(),
        };
        match row.flag {
            Flag::Help => return Ok(Some(Request::Usage)),
            Flag::Version => return Ok(Some(Request::Version)),
            Flag::Manual => return Ok(Some(Request::Manual)),
            Flag::Completions => return shell(&value).map(|shell| Some(Request::Completions(shell))),
            flag => self.apply(flag, value)?,
        }
        Ok(None)
    }

    /// Writes down one option; `value` is empty where the option has none.
    fn apply(&mut self, flag: Flag, value: Vec<u8>) -> Result<(), Refusal> {
        let options = &mut self.options;
        match flag {
            Flag::Host => options.host = text(&value),
            Flag::Port => options.port = number::port(&value)?,
            Flag::Socket => options.socket = Some(text(&value)),
            Flag::Uri => uri::apply(&value, options)?,
            Flag::User => options.user = Some(value),
            Flag::Password => options.password = Some(value),
            Flag::AskPassword => options.ask_password = true,
            Flag::NoAuthWarning => self.no_auth_warning = true,
            Flag::Database => options.db = number::integer(&value),
            Flag::Resp2 => self.resp2 = true,
            Flag::Resp3 => self.resp3 = true,
            Flag::Cluster => options.cluster = true,
            Flag::Repeat => options.repeat = number::integer(&value),
            Flag::Interval => options.interval = number::interval(&value),
            Flag::LastFromStdin => self.set_stdin_argument(StdinArgument::Last)?,
            Flag::TaggedFromStdin => self.set_stdin_argument(StdinArgument::Tagged(value))?,
            Flag::QuotedInput => options.quoted_input = true,
            Flag::Eval => options.script = Some(text(&value)),
            Flag::Raw => options.format = Some(Format::Raw),
            Flag::NoRaw => options.format = Some(Format::Typed),
            Flag::Csv => options.format = Some(Format::Csv),
            Flag::Json => self.set_json(Format::Json),
            Flag::QuotedJson => self.set_json(Format::QuotedJson),
            Flag::ElementDelimiter => options.element_delimiter = value,
            Flag::ReplyDelimiter => options.reply_delimiter = value,
            Flag::ExitOnError => options.exit_on_error = true,
            Flag::ShowPushes => options.show_pushes = Some(yes_or_no(&value)?),
            Flag::Pattern => options.pattern = Some(value),
            Flag::QuotedPattern => options.pattern = Some(unquoted(&value)?),
            Flag::Count => {
                options.count = u64::try_from(number::integer(&value)).ok().filter(|&count| count > 0)
            }
            Flag::Cursor => options.cursor = cursor(&value)?,
            Flag::Top => options.top = usize::try_from(number::integer(&value)).ok(),
            Flag::PipeTimeout => options.pipe_timeout = seconds(&value),
            Flag::Yes => options.sure = true,
            Flag::Verbose => options.verbose = true,
            tool => self.set_tool(tool, &value),
        }
        Ok(())
    }

    fn set_tool(&mut self, flag: Flag, value: &[u8]) {
        let tool = match flag {
            Flag::Scan => Tool::Scan,
            Flag::Pipe => Tool::Pipe,
            Flag::BigKeys => Tool::BigKeys,
            Flag::MemKeys => Tool::MemKeys,
            Flag::MemKeysSamples => {
                self.options.memory_samples = u64::try_from(number::integer(value)).ok();
                Tool::MemKeys
            }
            Flag::HotKeys => Tool::HotKeys,
            Flag::KeyStats => Tool::KeyStats,
            Flag::KeyStatsSamples => {
                self.options.memory_samples = u64::try_from(number::integer(value)).ok();
                Tool::KeyStats
            }
            Flag::Stat => Tool::Stat,
            Flag::Latency => Tool::Latency,
            Flag::LatencyHistory => Tool::LatencyHistory,
            Flag::LatencyDist => Tool::LatencyDist,
            Flag::IntrinsicLatency => {
                Tool::IntrinsicLatency(u64::try_from(number::integer(value)).unwrap_or(0))
            }
            Flag::Export => Tool::Export(text(value)),
            Flag::Import => Tool::Import(text(value)),
            _ => return,
        };
        self.options.tool = Some(tool);
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
        let env_password = env_password.filter(|_| !self.options.ask_password);
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

fn shell(name: &[u8]) -> Result<Shell, Refusal> {
    let known = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    known.ok_or_else(|| {
        Refusal::new(format!(
            "There are completions for bash, zsh, fish and powershell, not for '{}'",
            text(name)
        ))
    })
}

fn unquoted(value: &[u8]) -> Result<Vec<u8>, Refusal> {
    unquote(value).ok_or_else(|| Refusal::new("Invalid quoted string specified for --quoted-pattern"))
}

/// A cursor as SCAN returns it.
fn cursor(value: &[u8]) -> Result<u64, Refusal> {
    let number = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
    number.ok_or_else(|| Refusal::new(format!("Not a cursor of SCAN: '{}'", text(value))))
}

/// Whole seconds; none at all for zero.
fn seconds(value: &[u8]) -> Option<Duration> {
    u64::try_from(number::integer(value)).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
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
