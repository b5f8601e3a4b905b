//! Numbers of a few bits inside strings: BITFIELD, BITFIELD_RO.

use super::args::Args;
use super::bits;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyAt, KeyFlag, KeyFlags, KeySpec, Spec, Words};
use crate::resp::{Reply, Span};
use crate::store::parse_int;
use std::marker::PhantomData;

/// The widest signed number; an unsigned one has a bit less, so that replies are integers.
const WIDTH_MAX_BITS: i64 = 64;

/// What tells BITFIELD and BITFIELD_RO apart.
pub(super) trait Access: Send + 'static {
    const WRITES: bool;
    const SPEC: Spec;
}

/// BITFIELD's.
pub(super) struct ReadWrite;

impl Access for ReadWrite {
    const WRITES: bool = true;
    const SPEC: Spec = Spec {
        name: "bitfield",
        arity: -2,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update, KeyFlag::VariableFlags])
            .with_notes("This command allows both access and modification of the key")],
        group: Group::Bitmap,
        since: "3.2.0",
        complexity: "O(1) for each subcommand",
        summary: "Reads and changes numbers of a few bits inside the string at a key",
        syntax: "key [operation: GET encoding offset | <write: [OVERFLOW <WRAP | SAT | FAIL>] <write_operation: SET encoding offset value:integer | INCRBY encoding offset increment>> ...]",
        find_keys: Some(find_bitfield_keys),
        ..Spec::EMPTY
    };
}

/// BITFIELD only reads where all subcommands do; what is wrong is taken for a writing one.
fn find_bitfield_keys(words: Words<'_>, keys: &mut Vec<KeyAt>) {
    const READS: KeyFlags = KeyFlags::of(&[KeyFlag::Ro, KeyFlag::Access]);
    const WRITES: KeyFlags = KeyFlags::of(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update]);
    let mut index = 2;
    while index < words.len() {
        let left = words.len() - index;
        if words.is(index, "GET") && left > 2 {
            index += 3;
        } else if words.is(index, "OVERFLOW") && left > 1 {
            index += 2;
        } else {
            break;
        }
    }
    keys.push(KeyAt { index: 1, flags: if index < words.len() { WRITES } else { READS } });
}

/// BITFIELD_RO's.
pub(super) struct ReadOnly;

impl Access for ReadOnly {
    const WRITES: bool = false;
    const SPEC: Spec = Spec {
        name: "bitfield_ro",
        arity: -2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
        group: Group::Bitmap,
        since: "6.0.0",
        complexity: "O(1) for each subcommand",
        summary: "Reads numbers of a few bits inside the string at a key",
        syntax: "key [GET encoding offset [GET encoding offset ...]]",
        ..Spec::EMPTY
    };
}

/// `BITFIELD key [GET … | [OVERFLOW …] SET … | INCRBY … ...]` and BITFIELD_RO
pub(super) struct BitField<A> {
    key: Span,
    operations: Vec<Operation>,
    /// What is wrong with the arguments behind those operations. Their offsets are looked at first, and how far is
    /// too far is known only when the command runs.
    fault: Option<Fault>,
    access: PhantomData<A>,
}

/// One subcommand.
struct Operation {
    field: Field,
    action: Action,
}

/// Where a number is and what it looks like.
#[derive(Clone, Copy)]
struct Field {
    signed: bool,
    /// Bits, at least one and at most 64.
    width: u32,
    /// The first bit.
    offset: u64,
}

/// What is done with a number.
#[derive(Clone, Copy)]
enum Action {
    Get,
    Set(i64, Overflow),
    Increment(i64, Overflow),
}

/// What becomes of a number that does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

impl<A: Access> Command for BitField<A> {
    const SPEC: Spec = A::SPEC;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let (mut operations, mut overflow) = (Vec::new(), Overflow::Wrap);
        while args.more() {
            let operation = Operation::read(args, &mut overflow);
            operations.extend(operation);
        }
        Ok(Self { key, operations, fault: args.fault(), access: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        for operation in &self.operations {
            context.bit_offset(operation.field.offset)?;
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let ends = self.operations.iter().filter(|operation| operation.writes()).map(|one| one.field.end());
        match ends.max() {
            None => context.read_text(self.key, |text| self.read(text.unwrap_or_default())),
            Some(_) if !A::WRITES => Err(faults::BITFIELD_RO_WRITES),
            Some(end) => self.write(context, end.div_ceil(8)),
        }
    }
}

impl<A: Access> BitField<A> {
    fn read(&self, text: &[u8]) -> Reply {
        Reply::Array(self.operations.iter().map(|one| Reply::Integer(one.field.get(text))).collect())
    }

    fn write(&self, context: &mut Context<'_>, len_min_bytes: usize) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let (replies, changes, grown) =
            context.db().edit_string(key, len_min_bytes, now_ms, |text, old_len| {
                let grown = text.len() > old_len;
                let mut changes = 0;
                let run = |operation: &Operation| {
                    let (reply, changed) = operation.run(text);
                    // As in Redis every write to a string that has grown counts.
                    changes += u64::from(changed.unwrap_or(false) || grown && changed.is_some());
                    reply
                };
                let replies = self.operations.iter().map(run).collect();
                // Where all of them failed, the string is longer all the same.
                (replies, changes, grown)
            })?;
        context.effects.touched_times(changes.max(grown.into()));
        if changes > 0 {
            context.changed(Class::String, "setbit", key);
        } else if grown {
            context.changed_unpublished(key);
        }
        Ok(Reply::Array(replies))
    }
}

impl Operation {
    /// Reads a subcommand; nothing for OVERFLOW, which is about those that follow, and for what is wrong.
    fn read(args: &mut Args<'_>, overflow: &mut Overflow) -> Option<Self> {
        let left = args.left();
        if left > 1 && args.option("OVERFLOW") {
            *overflow = Overflow::read(args);
            return None;
        }
        let (field, action) = if left > 2 && args.option("GET") {
            (Field::read(args), Action::Get)
        } else if left > 3 && args.option("SET") {
            (Field::read(args), Action::Set(args.integer(), *overflow))
        } else if left > 3 && args.option("INCRBY") {
            (Field::read(args), Action::Increment(args.integer(), *overflow))
        } else {
            args.fail(faults::SYNTAX);
            return None;
        };
        // A field stands even where its number is wrong: its offset is looked at before that.
        field.map(|field| Self { field, action })
    }

    const fn writes(&self) -> bool {
        !matches!(self.action, Action::Get)
    }

    /// Carries it out. Answers the reply, and whether the number changed if it was written.
    fn run(&self, text: &mut [u8]) -> (Reply, Option<bool>) {
        let old = self.field.get(text);
        let (new, reply_new) = match self.action {
            Action::Get => return (Reply::Integer(old), None),
            Action::Set(value, overflow) => (self.field.fit(value, 0, overflow), false),
            Action::Increment(increment, overflow) => (self.field.fit(old, increment, overflow), true),
        };
        let Some(new) = new else {
            return (Reply::Null, None);
        };
        self.field.set(text, new);
        (Reply::Integer(if reply_new { new } else { old }), Some(old != new))
    }
}

impl Overflow {
    fn read(args: &mut Args<'_>) -> Self {
        let all = [("WRAP", Self::Wrap), ("SAT", Self::Saturate), ("FAIL", Self::Fail)];
        let named = all.into_iter().find(|(name, _)| args.option(name)).map(|(_, overflow)| overflow);
        named.unwrap_or_else(|| {
            args.fail(faults::BAD_OVERFLOW_TYPE);
            Self::Wrap
        })
    }
}

impl Field {
    /// Reads an encoding, such as `i16`, and an offset: in bits, or behind `#` in numbers of this width.
    fn read(args: &mut Args<'_>) -> Option<Self> {
        let (encoding, offset) = (args.word(), args.word());
        let Some((signed, width)) = encoding_of(encoding) else {
            args.fail(faults::BAD_BITFIELD_TYPE);
            return None;
        };
        let offset = match offset {
            [b'#', number @ ..] => parse_int(number).map(|number| number.wrapping_mul(i64::from(width))),
            bits => parse_int(bits),
        };
        let Some(offset) = offset.and_then(|offset| u64::try_from(offset).ok()) else {
            args.fail(faults::BAD_BIT_OFFSET);
            return None;
        };
        Some(Self { signed, width, offset })
    }

    /// The first bit behind the number.
    fn end(self) -> usize {
        // The offset has been found to be within the longest string before this is asked.
        usize::try_from(self.offset).unwrap_or(usize::MAX).saturating_add(self.width as usize)
    }

    fn get(self, text: &[u8]) -> i64 {
        self.extend(bits::get_number(text, self.offset, self.width))
    }

    fn set(self, text: &mut [u8], number: i64) {
        bits::set_number(text, self.end() - self.width as usize, self.width, number as u64);
    }

    /// The lowest bits of a number as a number of this kind.
    fn extend(self, number: u64) -> i64 {
        let spare = 64 - self.width;
        if self.signed { (number << spare) as i64 >> spare } else { (number << spare >> spare) as i64 }
    }

    /// The sum as it fits; nothing if it does not and that is a failure.
    fn fit(self, value: i64, increment: i64, overflow: Overflow) -> Option<i64> {
        let limit = if self.signed {
            self.exceeded_signed(value, increment)
        } else {
            self.exceeded(value, increment)
        };
        match (limit, overflow) {
            (None, _) => Some(value.wrapping_add(increment)),
            (_, Overflow::Wrap) => Some(self.extend(value.wrapping_add(increment) as u64)),
            (Some(limit), Overflow::Saturate) => Some(limit),
            (Some(_), Overflow::Fail) => None,
        }
    }

    /// The limit that an unsigned sum is beyond. A negative value is read as a huge one, as by Redis.
    fn exceeded(self, value: i64, increment: i64) -> Option<i64> {
        let max = (1i128 << self.width) - 1;
        let value = i128::from(value as u64);
        let sum = value + i128::from(increment);
        if value > max || sum > max { i64::try_from(max).ok() } else { (sum < 0).then_some(0) }
    }

    /// The limit that a signed sum is beyond. The distance to the greatest number wraps around for a value that is
    /// far below the least, which then counts as too great: so it is in Redis, and seen by SET with SAT.
    fn exceeded_signed(self, value: i64, increment: i64) -> Option<i64> {
        let max = i64::MAX >> (64 - self.width);
        let min = -max - 1;
        if self.width < 64 && (value > max || increment > max.wrapping_sub(value)) {
            return Some(max);
        }
        let sum = i128::from(value) + i128::from(increment);
        if sum > i128::from(max) { Some(max) } else { (sum < i128::from(min)).then_some(min) }
    }
}

/// Whether an encoding is signed, and its width in bits.
fn encoding_of(encoding: &[u8]) -> Option<(bool, u32)> {
    let (signed, width) = match encoding {
        [b'i', width @ ..] => (true, width),
        [b'u', width @ ..] => (false, width),
        _ => return None,
    };
    let max = WIDTH_MAX_BITS - i64::from(!signed);
    let width = parse_int(width).filter(|width| (1..=max).contains(width))?;
    Some((signed, u32::try_from(width).ok()?))
}

family!(Bitfields {
    BitField(BitField<ReadWrite>),
    BitFieldRo(BitField<ReadOnly>),
});
