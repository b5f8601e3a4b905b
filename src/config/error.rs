//! What can be wrong with an option, in Redis's words for CONFIG SET and in Memora's for files and flags.
//!
//! A client may rely on the bytes of the former. The latter are for the person who has to mend a file: which
//! place, which option, which value, what is allowed. Sensitive values are never repeated.

use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// Why a value was not accepted. `Display` is the text of Redis's CONFIG SET.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Invalid {
    /// Not a word for yes or no.
    #[error("argument must be 'yes' or 'no'")]
    NotYesNo,
    /// Not a decimal integer.
    #[error("argument couldn't be parsed into an integer")]
    NotInteger,
    /// Not an octal integer.
    #[error("argument couldn't be parsed as an octal number")]
    NotOctal,
    /// Not a number of bytes.
    #[error("argument must be a memory value")]
    NotMemory,
    /// Neither a number of bytes nor a share.
    #[error("argument must be a memory or percent value")]
    NotMemoryOrPercent,
    /// More than the whole.
    #[error("percentage argument must be less or equal to 100")]
    TooManyPercent,
    /// Outside of the bounds, which are part of the range.
    #[error("argument must be between {min} and {max} inclusive")]
    OutOfRange {
        /// The smallest value.
        min: String,
        /// The largest value.
        max: String,
    },
    /// None of the words of a choice.
    #[error("argument(s) must be one of the following: {0}")]
    NotOneOf(String),
    /// Too few or too many words.
    #[error("wrong number of arguments")]
    WrongNumber,
    /// A mistake with a text of its own.
    #[error("{0}")]
    Other(&'static str),
    /// Understood, but Memora cannot do it; the text says what to do instead.
    #[error("{0}")]
    NotAvailable(&'static str),
}

/// Why CONFIG SET changed nothing. `Display` is the error's text as Redis words it, without the `ERR ` in front.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetError {
    /// No option has this name.
    #[error("Unknown option or number of arguments for CONFIG SET - '{0}'")]
    Unknown(String),
    /// A known option that may not be set, was named twice, or was given a bad value.
    #[error("CONFIG SET failed (possibly related to argument '{name}') - {reason}")]
    Failed {
        /// The option.
        name: String,
        /// Redis's words.
        reason: String,
    },
}

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of a file, counted from 1.
    Line(PathBuf, usize),
    /// A file as a whole.
    File(PathBuf),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(path, line) => write!(f, "{}:{line}", path.display()),
            Place::File(path) => write!(f, "{}", path.display()),
            Place::CommandLine => f.write_str("command line"),
        }
    }
}

/// One mistake and where it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, as one line without a full stop.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// Everything that is wrong with the files and the command line; at least one problem, in reading order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigError {
    /// The problems, at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        Ok(())
    }
}
