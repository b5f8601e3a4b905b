//! Bits in strings: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP.
//!
//! The algorithms are in `bits`; numbers of some bits are in `bitfields`.

use super::args::{Args, Rest};
use super::bits;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{Deadline, IntText, ValueRef, parse_int};
use bytes::BytesMut;
use std::ops::Range;

/// What every command that reads the bits of one string declares alike.
const READ: Spec = Spec {
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::Bitmap,
    complexity: "O(N) where N is the number of bytes looked at",
    ..Spec::EMPTY
};

impl Args<'_> {
    /// The next argument as the position of a bit. How far is too far is asked of [`Context::bit_offset`].
    fn bit_offset(&mut self) -> u64 {
        let offset = parse_int(self.word()).and_then(|offset| u64::try_from(offset).ok());
        offset.unwrap_or_else(|| {
            self.fail(faults::BAD_BIT_OFFSET);
            0
        })
    }
}

impl Context<'_> {
    /// The position of a bit, if a string may be so long.
    pub(super) fn bit_offset(&self, offset: u64) -> Result<usize, Fault> {
        let offset = usize::try_from(offset).map_err(|_| faults::BAD_BIT_OFFSET)?;
        if offset / 8 < self.config.proto_max_bulk_len { Ok(offset) } else { Err(faults::BAD_BIT_OFFSET) }
    }

    /// Looks at the string at a key, if there is one.
    pub(super) fn read_text<T>(
        &mut self,
        key: Span,
        look: impl FnOnce(Option<&[u8]>) -> T,
    ) -> Result<T, Fault> {
        match self.read(key) {
            Some(ValueRef::String(string)) => Ok(look(Some(string.text(&mut IntText::default())))),
            Some(_) => Err(faults::WRONG_TYPE),
            None => Ok(look(None)),
        }
    }
}

/// `SETBIT key offset value`
pub(super) struct SetBit {
    key: Span,
    offset: u64,
    /// None for what is no bit, which Redis says only after it has found the offset to be one.
    bit: Option<bool>,
}

impl Command for SetBit {
    const SPEC: Spec = Spec {
        name: "setbit",
        arity: 4,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        group: Group::Bitmap,
        since: "2.2.0",
        summary: "Sets a bit of the string at a key, which is made longer where needed, and returns the old one",
        syntax: "key offset value:integer",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, offset) = (args.bytes(), args.bit_offset());
        let bit = match parse_int(args.word()) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        };
        args.done(Self { key, offset, bit })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let offset = context.bit_offset(self.offset)?;
        let bit = self.bit.ok_or(faults::BAD_BIT)?;
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let (old, grown) = context.db().edit_string(key, offset / 8 + 1, now_ms, |text, old_len| {
            (bits::set(text, offset, bit), text.len() > old_len)
        })?;
        if old != bit || grown {
            context.effects.touched();
            context.changed(Class::String, "setbit", key);
        }
        Ok(Reply::from_flag(old))
    }
}

/// `GETBIT key offset`
pub(super) struct GetBit {
    key: Span,
    offset: u64,
}

impl Command for GetBit {
    const SPEC: Spec = Spec {
        name: "getbit",
        arity: 3,
        flags: &[Flag::Readonly, Flag::Fast],
        since: "2.2.0",
        complexity: "O(1)",
        summary: "Returns a bit of the string at a key",
        syntax: "key offset",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, offset) = (args.bytes(), args.bit_offset());
        args.done(Self { key, offset })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let offset = context.bit_offset(self.offset)?;
        let bit = |text: Option<&[u8]>| bits::get(text.unwrap_or_default(), offset as u64);
        context.read_text(self.key, bit).map(Reply::from_flag)
    }
}

/// A part of a string, as BITCOUNT and BITPOS are told: both ends count from zero, negative ones from behind, and
/// the end is included.
#[derive(Clone, Copy)]
struct Part {
    start: i64,
    /// None for the end of the string.
    end: Option<i64>,
    /// Whether bits are counted instead of bytes.
    bits: bool,
}

impl Part {
    const WHOLE: Self = Self { start: 0, end: None, bits: false };

    /// Reads BITCOUNT's `start end [BYTE | BIT]`; nothing is the whole string. As in Redis the unit is not looked at
    /// where the part is empty anyway.
    fn read(args: &mut Args<'_>) -> Result<Self, Fault> {
        let mut part = Self::WHOLE;
        match args.left() {
            0 => {}
            2 | 3 => {
                part.start = args.integer();
                part.end = Some(args.integer());
                if part.is_reversed() {
                    args.rest();
                }
                part.bits = read_unit(args);
            }
            _ => args.fail(faults::SYNTAX),
        }
        args.done(part)
    }

    /// Reads BITPOS's `start [end [BYTE | BIT]]`; nothing is the whole string. As in Redis a wrong unit is found
    /// before a wrong end.
    fn read_open(args: &mut Args<'_>) -> Result<Self, Fault> {
        let mut part = Self::WHOLE;
        match args.left() {
            0 => {}
            1 => part.start = args.integer(),
            2 | 3 => {
                part.start = args.integer();
                let end = args.bytes();
                part.bits = read_unit(args);
                part.end = Some(args.integer_at(end));
            }
            _ => args.fail(faults::SYNTAX),
        }
        args.done(part)
    }

    /// Whether both ends count from behind and the end is before the start.
    fn is_reversed(self) -> bool {
        self.start < 0 && self.end.is_some_and(|end| end < 0 && self.start > end)
    }

    /// The bits meant in a string of so many bytes.
    fn of(self, len_bytes: usize) -> Range<usize> {
        let unit_bits = if self.bits { 1 } else { 8 };
        let len = i64::try_from(len_bytes * 8 / unit_bits).unwrap_or(i64::MAX);
        let from_front = |index: i64| if index < 0 { (len + index.max(-len)).max(0) } else { index };
        let start = from_front(self.start);
        let end = self.end.map_or(len, |end| from_front(end).min(len - 1) + 1);
        if start < end { start as usize * unit_bits..end as usize * unit_bits } else { 0..0 }
    }
}

/// Whether positions are those of bits: reads `BYTE` or `BIT`, or nothing.
fn read_unit(args: &mut Args<'_>) -> bool {
    let bits = args.option("BIT");
    if !bits && args.left() > 0 && !args.option("BYTE") {
        args.fail(faults::SYNTAX);
    }
    bits
}

/// `BITCOUNT key [start end [BYTE | BIT]]`
pub(super) struct BitCount {
    key: Span,
    /// What is wrong with it is said only when the key is known to hold a string.
    part: Result<Part, Fault>,
}

impl Command for BitCount {
    const SPEC: Spec = Spec {
        name: "bitcount",
        arity: -2,
        since: "2.6.0",
        summary: "Counts the ones among the bits of the string at a key",
        syntax: "key [index: start end [BYTE | BIT]]",
        history: &[("7.0.0", "Added the options `BYTE` and `BIT`")],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        Ok(Self { key, part: Part::read(args) })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.read_text(self.key, |text| {
            let Some(text) = text else {
                return Ok(Reply::ZERO);
            };
            let part = self.part.clone()?;
            let range = if part.is_reversed() { 0..0 } else { part.of(text.len()) };
            Ok(Reply::from_count(bits::count(text, range)))
        })?
    }
}

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
pub(super) struct BitPos {
    key: Span,
    bit: bool,
    /// What is wrong with it is said only when the key is known to hold a string.
    part: Result<Part, Fault>,
}

impl Command for BitPos {
    const SPEC: Spec = Spec {
        name: "bitpos",
        arity: -3,
        since: "2.8.7",
        summary: "Finds the first one or zero among the bits of the string at a key",
        syntax: "key bit [index: start [end_index: end [BYTE | BIT]]]",
        history: &[("7.0.0", "Added the options `BYTE` and `BIT`")],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, bit) = (args.bytes(), args.integer());
        if bit != 0 && bit != 1 {
            args.fail(faults::BAD_BIT_ARGUMENT);
        }
        match args.fault() {
            Some(fault) => Err(fault),
            None => Ok(Self { key, bit: bit == 1, part: Part::read_open(args) }),
        }
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let bit = self.bit;
        context.read_text(self.key, |text| {
            let Some(text) = text else {
                return Ok(Reply::Integer(if bit { -1 } else { 0 }));
            };
            let part = self.part.clone()?;
            let range = part.of(text.len());
            // Where no end was given, the string is as if zeros went on behind it.
            let behind = Some(range.end).filter(|_| part.end.is_none() && !bit && !range.is_empty());
            let found = bits::find(text, range, bit).or(behind);
            Ok(found.map_or(Reply::Integer(-1), Reply::from_count))
        })?
    }
}

/// `BITOP operation destkey key [key ...]`
pub(super) struct BitOp {
    operation: Operation,
    destination: Span,
    sources: Rest,
}

/// What BITOP does to bits in the same place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn read(args: &mut Args<'_>) -> Self {
        let all = [("AND", Self::And), ("OR", Self::Or), ("XOR", Self::Xor), ("NOT", Self::Not)];
        let named = all.into_iter().find(|(name, _)| args.option(name)).map(|(_, operation)| operation);
        named.unwrap_or_else(|| {
            args.fail(faults::SYNTAX);
            Self::And
        })
    }

    /// Combines one more string with the result so far; the shorter of them goes on with zeros.
    fn combine(self, result: &mut BytesMut, source: &[u8]) {
        result.resize(result.len().max(source.len()), 0);
        let (both, beyond) = result.split_at_mut(source.len());
        let pairs = both.iter_mut().zip(source);
        match self {
            Self::And => {
                pairs.for_each(|(byte, other)| *byte &= other);
                beyond.fill(0);
            }
            Self::Or => pairs.for_each(|(byte, other)| *byte |= other),
            Self::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
            Self::Not => pairs.for_each(|(byte, other)| *byte = !other),
        }
    }
}

impl Command for BitOp {
    const SPEC: Spec = Spec {
        name: "bitop",
        arity: -4,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).at(2),
            KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access]).at(3),
        ],
        group: Group::Bitmap,
        since: "2.6.0",
        complexity: "O(N) where N is the length of the strings together",
        summary: "Combines the bits of strings and stores the result",
        syntax: "<operation: AND | OR | XOR | NOT> destkey key [key ...]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let operation = Operation::read(args);
        let (destination, sources) = (args.bytes(), args.left());
        if operation == Operation::Not && sources != 1 {
            args.fail(faults::BITOP_NOT_ONE_KEY);
        }
        let sources = args.rest();
        args.done(Self { operation, destination, sources })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let mut result = BytesMut::new();
        for (number, key) in self.sources.spans(context.argv).enumerate() {
            context.read_text(key, |source| {
                let source = source.unwrap_or_default();
                match self.operation {
                    Operation::And | Operation::Or | Operation::Xor if number == 0 => {
                        result.extend_from_slice(source)
                    }
                    operation => operation.combine(&mut result, source),
                }
            })?;
        }
        let len = result.len();
        if len == 0 {
            context.remove(self.destination);
            return Ok(Reply::ZERO);
        }
        let (key, now_ms) = (context.argv.bytes(self.destination), context.now_ms);
        let replaced = context.db().set_raw(key, result, Deadline::Clear, now_ms);
        context.effects.discard(replaced);
        context.effects.touched();
        context.changed(Class::String, "set", key);
        Ok(Reply::from_count(len))
    }
}

family!(Bitmaps {
    SetBit(SetBit),
    GetBit(GetBit),
    BitCount(BitCount),
    BitPos(BitPos),
    BitOp(BitOp),
});
