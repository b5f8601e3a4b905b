//! What the commands that walk in steps have in common: their cursor and options.
//!
//! See <https://redis.io/docs/latest/commands/scan/>. A cursor is a hash value (see the store's `Dict`), so
//! COUNT is honoured and what stays is returned exactly once.

use super::args::Args;
use super::context::Outcome;
use super::faults::{self, Fault};
use crate::resp::{Argv, Reply, Span};
use crate::store::glob_matches;

/// How many entries one step looks at unless told otherwise, as in Redis.
const DEFAULT_COUNT: i64 = 10;

/// `[MATCH pattern] [COUNT count]`, and `[TYPE type]` where keys are walked over.
pub(super) struct ScanOptions {
    /// How many entries to look at, one at least.
    pub(super) count: usize,
    /// The type of value to be shown.
    pub(super) kind: Option<Span>,
    pattern: Option<Span>,
}

impl ScanOptions {
    /// Reads all arguments that are left; `TYPE` is known only `with_kind`.
    ///
    /// # Errors
    /// The first fault, those before the options included.
    pub(super) fn parse(args: &mut Args<'_>, with_kind: bool) -> Result<Self, Fault> {
        let (mut pattern, mut count, mut kind) = (None, DEFAULT_COUNT, None);
        while args.more() {
            if args.option_with_value("COUNT") {
                count = args.integer();
                if count < 1 {
                    args.fail(faults::SYNTAX);
                }
            } else if args.option_with_value("MATCH") {
                pattern = Some(args.bytes());
            } else if with_kind && args.option_with_value("TYPE") {
                kind = Some(args.bytes());
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        args.done(Self { count, kind, pattern })
    }

    /// What a name has to match to be shown.
    pub(super) fn pattern<'a>(&self, argv: Argv<'a>) -> Pattern<'a> {
        Pattern(self.pattern.map(|pattern| argv.bytes(pattern)).filter(|pattern| *pattern != b"*"))
    }
}

/// `key cursor [MATCH pattern] [COUNT count]`: what HSCAN, SSCAN and ZSCAN are told.
pub(super) struct CollectionScan {
    /// The key of the collection.
    pub(super) key: Span,
    cursor: u64,
    /// Looked at only when there is a collection.
    options: Result<ScanOptions, Fault>,
}

impl CollectionScan {
    /// Reads all arguments.
    ///
    /// # Errors
    /// A cursor that is none.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, cursor) = (args.bytes(), parse_cursor(args));
        if let Some(fault) = args.fault() {
            return Err(fault);
        }
        Ok(Self { key, cursor, options: ScanOptions::parse(args, false) })
    }

    /// The reply where there is no collection.
    pub(super) fn nothing() -> Reply {
        Reply::Array(vec![Reply::bulk(0_i64), Reply::EMPTY_ARRAY])
    }

    /// Makes one step: `scan` gets the cursor, how many elements to look at, what they have to match and the replies
    /// that it adds to, and answers the next cursor.
    ///
    /// # Errors
    /// A wrong option.
    pub(super) fn step(
        &self,
        argv: Argv<'_>,
        scan: impl FnOnce(u64, usize, Pattern<'_>, &mut Vec<Reply>) -> u64,
    ) -> Outcome {
        let options = self.options.as_ref().map_err(Fault::clone)?;
        let mut found = Vec::new();
        let next = scan(self.cursor, options.count, options.pattern(argv), &mut found);
        Ok(Reply::Array(vec![Reply::bulk(next), Reply::Array(found)]))
    }
}

/// A glob pattern, if any; `*` is none, so that it matches the empty name, too.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a>(Option<&'a [u8]>);

impl Pattern<'_> {
    /// Whether `name` is to be shown.
    pub(super) fn matches(self, name: &[u8]) -> bool {
        self.0.is_none_or(|pattern| glob_matches(pattern, name))
    }
}

/// Reads a cursor: a hash value, 64 bits without a sign.
pub(super) fn parse_cursor(args: &mut Args<'_>) -> u64 {
    unsigned(args.word()).unwrap_or_else(|| {
        args.fail(faults::INVALID_CURSOR);
        0
    })
}

/// Reads a number as C's `strtoul` does, which Redis uses here: nothing is 0, a sign is allowed, a negative
/// number counts down from 2^64, and a zero byte ends the text.
fn unsigned(text: &[u8]) -> Option<u64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let (digits, negative) = match text {
        [b'+', digits @ ..] => (digits, false),
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let add = |sum: u64, digit: &u8| {
        let value = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(value)
    };
    if digits.is_empty() {
        return text.is_empty().then_some(0);
    }
    let value = digits.iter().try_fold(0, add)?;
    Some(if negative { value.wrapping_neg() } else { value })
}
