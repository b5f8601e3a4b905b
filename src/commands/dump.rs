//! DUMP and RESTORE: values as bytes, in Redis's own format.
//!
//! The format is [`rdb`](crate::persistence::rdb)'s business. A big value is put into bytes while it is sent,
//! from a shared copy, and not by the Keyspace.

use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::results::UNASKED_MS;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::persistence::rdb::payload::{self, PayloadWriter};
use crate::resp::{Encoder, Pieces, Reply, Span};
use crate::store::{Use, Value, ValueRef, parse_int};

/// Collections with at least this many elements are put into bytes while they are sent.
const BIG_LEN: usize = 1024;

/// Strings of at least this many bytes likewise.
const BIG_BYTES: usize = 1 << 20;

/// Elements put into bytes for one piece.
const ELEMENTS_PER_PIECE: usize = 512;

/// `DUMP key`
pub(super) struct Dump {
    key: Span,
}

impl Command for Dump {
    const SPEC: Spec = Spec {
        name: "dump",
        arity: 2,
        flags: &[Flag::Readonly],
        keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
        group: Group::Generic,
        since: "2.6.0",
        complexity: "O(N) where N is the size of the value in bytes",
        summary: "Returns a value as bytes that RESTORE takes",
        syntax: "key",
        tips: &["nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(match context.read(self.key) {
            None => Reply::Null,
            Some(value) if is_big(value) => Reply::Stream(Box::new(DumpPieces::new(value.share()))),
            Some(value) => Reply::bulk(payload::dump(value)),
        })
    }
}

fn is_big(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::String(string) => string.len() >= BIG_BYTES,
        other => other.elements().is_some_and(|len| len >= BIG_LEN),
    }
}

/// A big value on its way out. Its length comes first, so nothing is sent before all is written.
struct DumpPieces {
    value: Value,
    writer: Option<PayloadWriter>,
}

impl DumpPieces {
    fn new(value: Value) -> Self {
        Self { writer: Some(PayloadWriter::new(value.as_ref())), value }
    }
}

impl Pieces for DumpPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        let Some(mut writer) = self.writer.take() else { return false };
        if writer.write(self.value.as_ref(), ELEMENTS_PER_PIECE) {
            out.blob(writer.finish().into());
            return false;
        }
        self.writer = Some(writer);
        true
    }
}

/// `RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
///
/// Idle time or frequency is kept where that is what `maxmemory-policy` goes by.
pub(super) struct Restore {
    key: Span,
    ttl: Result<i64, Fault>,
    payload: Span,
    replace: bool,
    absolute: bool,
    /// How the key was used where it came from.
    used: Option<Use>,
}

/// The greatest frequency there is.
const FREQUENCY_MAX: i64 = 255;

impl Command for Restore {
    const SPEC: Spec = Spec {
        name: "restore",
        arity: -4,
        flags: &[Flag::Write, Flag::Denyoom],
        categories: &[Category::Dangerous],
        keys: &[KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update])],
        group: Group::Generic,
        since: "2.6.0",
        complexity: "O(N) where N is the size of the value in bytes",
        summary: "Makes a key from the bytes that DUMP returned",
        syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
        history: &[
            ("3.0.0", "Option `REPLACE`"),
            ("5.0.0", "Option `ABSTTL`"),
            ("5.0.0", "Options `IDLETIME` and `FREQ`"),
        ],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, ttl, payload) = (args.bytes(), args.word(), args.bytes());
        let (mut replace, mut absolute) = (false, false);
        let mut used = None;
        while args.more() {
            if args.option("REPLACE") {
                replace = true;
            } else if args.option("ABSTTL") {
                absolute = true;
            } else if !matches!(used, Some(Use::Frequency(_))) && args.option_with_value("IDLETIME") {
                let seconds = within(args, i64::MAX, faults::INVALID_IDLETIME);
                used = Some(Use::IdleMs(seconds.unsigned_abs().saturating_mul(1000)));
            } else if !matches!(used, Some(Use::IdleMs(_))) && args.option_with_value("FREQ") {
                let frequency = within(args, FREQUENCY_MAX, faults::INVALID_FREQ);
                used = Some(Use::Frequency(u8::try_from(frequency).unwrap_or_default()));
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        args.done(Self { key, ttl: parse_ttl(ttl), payload, replace, absolute, used })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let key = argv.bytes(self.key);
        if !self.replace && context.db().contains(key, now_ms) {
            return Err(faults::BUSY_KEY);
        }
        let ttl_ms = self.ttl.clone()?;
        let body = payload::open(argv.bytes(self.payload)).map_err(|_| faults::BAD_PAYLOAD)?;
        let value = payload::restore(body, &context.db().builder()).map_err(|_| faults::BAD_FORMAT)?;
        let deadline_ms = self.deadline_ms(ttl_ms, context.clock_ms());
        // What is replaced is not looked at first, so nothing expires; without REPLACE nothing is left to do so.
        if deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms) {
            if context.remove(self.key) {
                context.log_removal(self.key);
            }
            return Ok(Reply::OK);
        }
        let replaced = context.db().insert(key, value, deadline_ms, UNASKED_MS);
        if replaced.is_some() {
            context.db().note_created(key);
        }
        context.effects.discard(replaced);
        if let Some(used) = self.used {
            context.db().set_use(key, used, now_ms);
        }
        context.effects.touched();
        context.changed(Class::Generic, "restore", key);
        if let (Some(deadline_ms), false) = (deadline_ms, self.absolute) {
            log_absolute(context, deadline_ms);
        }
        Ok(Reply::OK)
    }
}

/// The log holds the moment instead of the time left.
fn log_absolute(context: &mut Context<'_>, deadline_ms: u64) {
    const TTL: usize = 2;
    if context.is_logged() {
        let mut digits = itoa::Buffer::new();
        let deadline = digits.format(deadline_ms).as_bytes();
        let words = context.argv.iter().enumerate().map(|(at, word)| if at == TTL { deadline } else { word });
        context.log_words(words.chain([&b"ABSTTL"[..]]));
    }
}

impl Restore {
    /// The deadline; none for a time of zero. A sum beyond 64 bits has passed already, as in Redis.
    fn deadline_ms(&self, ttl_ms: i64, clock_ms: u64) -> Option<u64> {
        let ttl_ms = u64::try_from(ttl_ms).ok().filter(|ttl_ms| *ttl_ms > 0)?;
        let deadline_ms = if self.absolute { ttl_ms } else { clock_ms.saturating_add(ttl_ms) };
        Some(if i64::try_from(deadline_ms).is_ok() { deadline_ms } else { 0 })
    }
}

/// Reads a number from 0 to `max`.
fn within(args: &mut Args<'_>, max: i64, fault: Fault) -> i64 {
    let number = args.integer();
    if !(0..=max).contains(&number) {
        args.fail(fault);
    }
    number
}

/// The time is looked at only when the key is free.
fn parse_ttl(word: &[u8]) -> Result<i64, Fault> {
    match parse_int(word) {
        None => Err(faults::NOT_AN_INTEGER),
        Some(..0) => Err(faults::INVALID_TTL),
        Some(ttl) => Ok(ttl),
    }
}

family!(Dumps {
    Dump(Dump),
    Restore(Restore),
});
