//! Reading a command's arguments: read everything, check once, the first fault wins.
//!
//! A command's `parse` walks over its arguments with an [`Args`] cursor and ends with [`Args::done`]. Nothing
//! is copied: keys and values stay [`Span`]s into the request, only numbers and options become typed.
//! The number of arguments has been checked against the arity before, so that reading a mandatory argument
//! cannot run past the end; if it does, the fault is Redis's syntax error.

use super::doubles::parse_double;
use super::faults::{self, Fault};
use super::long_double::LongDouble;
use crate::resp::{Argv, BIG_ARGUMENT_BYTES, Span};
use crate::store::{NewString, parse_int};

/// In a second.
const MILLISECONDS: f64 = 1000.0;

/// A cursor over the arguments after the command's name.
#[derive(Clone)]
pub struct Args<'a> {
    argv: Argv<'a>,
    next: usize,
    fault: Option<Fault>,
}

/// The remaining arguments of a request, to be walked when the command runs.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    from: u32,
}

impl Rest {
    /// The arguments themselves.
    pub fn of<'a>(self, argv: Argv<'a>) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        argv.iter().skip(self.from as usize)
    }

    /// Where the arguments lie.
    pub fn spans<'a>(self, argv: Argv<'a>) -> impl ExactSizeIterator<Item = Span> + use<'a> {
        let from = self.from as usize;
        (from..argv.len()).map(move |index| argv.span(index).unwrap_or_default())
    }

    /// The arguments as values to be stored; big ones are not copied.
    pub fn values<'a>(
        self,
        argv: Argv<'a>,
    ) -> impl ExactSizeIterator<Item = NewString<'a>> + Clone + use<'a> {
        let from = self.from as usize;
        (from..argv.len()).map(move |index| new_string(argv, argv.span(index).unwrap_or_default()))
    }
}

/// An argument as a value to be stored; a big one is not copied.
pub(super) fn new_string(argv: Argv<'_>, span: Span) -> NewString<'_> {
    if span.len() < BIG_ARGUMENT_BYTES {
        NewString::Copy(argv.bytes(span))
    } else {
        NewString::Share(argv.share(span))
    }
}

impl<'a> Args<'a> {
    /// A cursor that stands behind the first `skip` words: one for a command, two for a subcommand.
    #[must_use]
    pub fn new(argv: Argv<'a>, skip: usize) -> Self {
        Self { argv, next: skip, fault: None }
    }

    /// How many arguments are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.argv.len().saturating_sub(self.next)
    }

    /// Which argument is next; the command's name is number 0.
    #[must_use]
    pub fn position(&self) -> usize {
        self.next
    }

    /// The next argument as bytes: a key, a value, a pattern.
    pub fn bytes(&mut self) -> Span {
        let span = self.argv.span(self.next);
        self.next += 1;
        span.unwrap_or_else(|| {
            self.fail(faults::SYNTAX);
            Span::default()
        })
    }

    /// The next argument as text to look at while parsing.
    pub fn word(&mut self) -> &'a [u8] {
        let word = self.argv.get(self.next);
        self.next += 1;
        word.unwrap_or_else(|| {
            self.fail(faults::SYNTAX);
            &[]
        })
    }

    /// The next argument as a 64-bit integer.
    pub fn integer(&mut self) -> i64 {
        self.integer_or(faults::NOT_AN_INTEGER)
    }

    /// The next argument as a 64-bit integer, with a fault of the command's own.
    pub fn integer_or(&mut self, fault: Fault) -> i64 {
        parse_int(self.word()).unwrap_or_else(|| {
            self.fail(fault);
            0
        })
    }

    /// The next argument as a number of things above zero, with a fault of the command's own.
    pub fn positive(&mut self, fault: Fault) -> u64 {
        let number = self.integer_or(fault.clone());
        if number < 1 {
            self.fail(fault);
        }
        number.unsigned_abs()
    }

    /// The next argument as an integer that Redis keeps in 32 bits.
    pub fn int32(&mut self) -> i64 {
        let value = self.integer();
        if i32::try_from(value).is_err() {
            self.fail(faults::OUT_OF_INT_RANGE);
        }
        value
    }

    /// The next argument as an integer of 32 bits, with a fault of the command's own.
    pub fn int32_or(&mut self, fault: Fault) -> i64 {
        let value = self.integer_or(fault.clone());
        if i32::try_from(value).is_err() {
            self.fail(fault);
        }
        value
    }

    /// The next argument as a number, with a fault of the command's own.
    pub fn double(&mut self, fault: Fault) -> f64 {
        parse_double(self.word()).unwrap_or_else(|| {
            self.fail(fault);
            0.0
        })
    }

    /// An argument read before, as a 64-bit integer.
    pub fn integer_at(&mut self, span: Span) -> i64 {
        parse_int(self.argv.bytes(span)).unwrap_or_else(|| {
            self.fail(faults::NOT_AN_INTEGER);
            0
        })
    }

    /// An argument read before, as a time to wait in milliseconds.
    pub fn timeout_ms_at(&mut self, span: Span) -> u64 {
        let Some(timeout) = parse_int(self.argv.bytes(span)) else {
            self.fail(faults::TIMEOUT_NOT_AN_INTEGER);
            return 0;
        };
        u64::try_from(timeout).unwrap_or_else(|_| {
            self.fail(faults::TIMEOUT_NEGATIVE);
            0
        })
    }

    /// The next argument as a time to wait in seconds, in milliseconds; 0 is for ever.
    pub fn timeout_seconds(&mut self) -> u64 {
        let Some(seconds) = LongDouble::parse(self.word()) else {
            self.fail(faults::TIMEOUT_NOT_A_FLOAT);
            return 0;
        };
        // What is infinite as a number of 64 bits is out of range anyway.
        let seconds: f64 = seconds.to_text().parse().unwrap_or(f64::INFINITY);
        let milliseconds = (seconds * MILLISECONDS).ceil();
        if milliseconds >= i64::MAX as f64 {
            self.fail(faults::TIMEOUT_OUT_OF_RANGE);
        } else if milliseconds < 0.0 {
            self.fail(faults::TIMEOUT_NEGATIVE);
        }
        milliseconds as u64
    }

    /// The word before the next argument: at first, the command's or subcommand's name as the client spelled it.
    #[must_use]
    pub fn word_before(&self) -> &'a [u8] {
        self.next.checked_sub(1).and_then(|index| self.argv.get(index)).unwrap_or_default()
    }

    /// The next argument as a number of things, zero or more.
    pub fn count(&mut self) -> u64 {
        let word = self.word();
        parse_int(word).and_then(|value| u64::try_from(value).ok()).unwrap_or_else(|| {
            self.fail(faults::NOT_POSITIVE);
            0
        })
    }

    /// Steps over the next argument if it is `option`, in any case.
    pub fn option(&mut self, option: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.eq_ignore_ascii_case(option.as_bytes()));
        self.next += usize::from(found);
        found
    }

    /// Like [`Self::option`], for an option that has to be followed by a value.
    pub fn option_with_value(&mut self, option: &str) -> bool {
        self.left() > 1 && self.option(option)
    }

    /// The next argument without stepping over it.
    #[must_use]
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.argv.get(self.next)
    }

    /// All arguments that are left, as keys or values for later.
    pub fn rest(&mut self) -> Rest {
        let from = u32::try_from(self.next).unwrap_or(u32::MAX);
        self.next = self.argv.len();
        Rest { from }
    }

    /// Notes a fault; the first one noted is the one the client sees.
    pub fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// The first fault noted so far.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault.clone()
    }

    /// Whether reading can go on: something is left and nothing went wrong.
    #[must_use]
    pub fn more(&self) -> bool {
        self.fault.is_none() && self.left() > 0
    }

    /// Ends reading: the command, unless something went wrong or an argument was left over.
    ///
    /// # Errors
    /// The first fault that was noted, or a syntax error for left-over arguments.
    pub fn done<T>(&mut self, command: T) -> Result<T, Fault> {
        match self.fault.take() {
            Some(fault) => Err(fault),
            None if self.left() > 0 => Err(faults::SYNTAX),
            None => Ok(command),
        }
    }
}
