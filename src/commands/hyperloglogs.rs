//! HyperLogLogs: strings that estimate how many different elements they have seen.
//!
//! See <https://redis.io/docs/latest/develop/data-types/probabilistic/hyperloglogs/>. The string is Redis's to the byte:
//! its layout is in [`sketch`] and [`sparse`], the estimate in [`estimate`]. Absent on purpose: a type of its own; GET,
//! SET, DUMP and the files see a string, as in Redis.

mod debug;
mod estimate;
mod sketch;
mod sparse;

#[cfg(test)]
mod tests;

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{Database, Deadline, IntText, StringRef, ValueRef};
use bytes::BytesMut;
use debug::{Pfdebug, Pfselftest};
use sketch::{Corrupt, Form, REGISTERS, Registers};

impl From<Corrupt> for Fault {
    fn from(_: Corrupt) -> Self {
        faults::HLL_CORRUPT
    }
}

/// The sketch at a key of the selected database and its form.
///
/// # Errors
/// When the key holds something else.
fn read<'c>(context: &'c mut Context<'_>, key: Span) -> Result<Option<(StringRef<'c>, Form)>, Fault> {
    match context.read(key) {
        None => Ok(None),
        Some(ValueRef::String(string)) => with_form(string).map(Some),
        Some(_) => Err(faults::WRONG_TYPE),
    }
}

/// The same for who is about to change it, which counts neither as a hit nor as a miss.
fn find<'c>(context: &'c mut Context<'_>, key: Span) -> Result<Option<(StringRef<'c>, Form)>, Fault> {
    let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
    context.db().string(key, now_ms)?.map(with_form).transpose()
}

fn with_form(string: StringRef<'_>) -> Result<(StringRef<'_>, Form), Fault> {
    let form = sketch::form(string.text(&mut IntText::default())).ok_or(faults::NOT_A_HLL)?;
    Ok((string, form))
}

/// Puts a sketch in that was looked for before, under the key's deadline.
fn write(context: &mut Context<'_>, key: Span, sketch: &[u8]) {
    let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
    let set = |db: &mut Database| db.set_raw(key, BytesMut::from(sketch), Deadline::Keep, now_ms);
    let replaced = context.db().again(set);
    context.effects.discard(replaced);
}

/// Lends the sketch at a key, which was looked for before, to be changed in place.
fn edit<T>(context: &mut Context<'_>, key: Span, change: impl FnOnce(&mut [u8]) -> T) -> Result<T, Fault> {
    let (key, now_ms) = (context.argv.bytes(key), context.now_ms);
    let edited = context.db().again(|db| db.edit_string(key, 0, now_ms, |bytes, _| change(bytes)));
    Ok(edited?)
}

/// `PFADD key [element [element ...]]`
pub(super) struct Pfadd {
    key: Span,
    elements: Rest,
}

impl Command for Pfadd {
    const SPEC: Spec = Spec {
        name: "pfadd",
        arity: -2,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
        complexity: "O(1) for each element",
        summary: "Shows elements to a HyperLogLog and tells whether its estimate may have changed",
        syntax: "key [element [element ...]]",
        ..HYPERLOGLOG
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, elements) = (args.bytes(), args.rest());
        args.done(Self { key, elements })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let old = read_to_change(context, self.key)?;
        let updated = match old {
            Some(Old::Dense) => edit(context, self.key, |bytes| {
                let updated =
                    self.elements.of(argv).filter(|element| sketch::add_dense(bytes, element)).count();
                if updated > 0 {
                    sketch::invalidate(bytes);
                }
                updated
            })?,
            old => {
                let (mut bytes, mut updated) = match old {
                    Some(Old::Sparse(bytes)) => (bytes, 0),
                    _ => (sketch::empty(), 1),
                };
                let max_bytes = context.config.hll_sparse_max_bytes;
                for element in self.elements.of(argv) {
                    updated += usize::from(sketch::add(&mut bytes, element, max_bytes)?);
                }
                if updated > 0 {
                    sketch::invalidate(&mut bytes);
                    write(context, self.key, &bytes);
                }
                updated
            }
        };
        if updated > 0 {
            context.effects.touched_times(updated as u64);
            context.changed_at(Class::String, "pfadd", self.key);
        }
        Ok(Reply::from_flag(updated > 0))
    }
}

/// What stands at a key that is about to change: a dense sketch is changed in place, a sparse one in a copy.
enum Old {
    Dense,
    Sparse(Vec<u8>),
}

fn read_to_change(context: &mut Context<'_>, key: Span) -> Result<Option<Old>, Fault> {
    let found = find(context, key)?.map(|(string, form)| match form {
        Form::Dense => Old::Dense,
        Form::Sparse => Old::Sparse(string.to_vec()),
    });
    if let Some(Old::Sparse(bytes)) = &found {
        show_raw(context, key, bytes.len())?;
    }
    Ok(found)
}

/// What a client has SET becomes a string that shows the encoding `raw` when it is about to change, as in Redis.
fn show_raw(context: &mut Context<'_>, key: Span, len: usize) -> Result<(), Fault> {
    if len <= SHORT_BYTES {
        edit(context, key, |_| ())?;
    }
    Ok(())
}

/// `PFCOUNT key [key ...]`
pub(super) struct Pfcount {
    key: Span,
    keys: Rest,
}

/// Longer strings always show the encoding `raw`.
const SHORT_BYTES: usize = 44;

/// The remark of Redis 7, to the byte.
const COUNT_NOTES: &str =
    "RW because it may change the internal representation of the key, and propagate to replicas";

impl Command for Pfcount {
    const SPEC: Spec = Spec {
        name: "pfcount",
        arity: -2,
        flags: &[Flag::Readonly],
        keys: &[KeySpec::all(&[KeyFlag::Rw, KeyFlag::Access]).with_notes(COUNT_NOTES)],
        complexity: "O(1) for one key; O(N) for N keys, with a greater constant",
        summary: "Estimates how many different elements HyperLogLogs have seen",
        syntax: "key [key ...]",
        ..HYPERLOGLOG
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.clone().rest();
        let key = args.bytes();
        args.rest();
        args.done(Self { key, keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        if self.keys.spans(argv).len() > 1 {
            let (registers, _) = union(context, self.keys.spans(argv))?;
            let mut histogram = [0; 64];
            registers.iter().for_each(|rank| histogram[usize::from(*rank)] += 1);
            return Ok(count_reply(estimate::cardinality(&histogram)));
        }
        let Some((string, _)) = read(context, self.key)? else { return Ok(Reply::ZERO) };
        let (cached, len) = (sketch::cached(string.text(&mut IntText::default())), string.len());
        let card = match cached {
            Some(card) => card,
            None => estimate::cardinality(&sketch::histogram(string.text(&mut IntText::default()))?),
        };
        if cached.is_none() {
            edit(context, self.key, |bytes| sketch::cache(bytes, card))?;
            context.effects.touched();
            context.changed_unpublished(argv.bytes(self.key));
        } else {
            show_raw(context, self.key, len)?;
        }
        Ok(count_reply(card))
    }
}

/// A cardinality as Redis answers it: what a client wrote into the cache may be beyond what an integer holds.
fn count_reply(card: u64) -> Reply {
    Reply::Integer(card as i64)
}

/// The registers that the sketches at these keys have together, and whether one of them is dense.
fn union(
    context: &mut Context<'_>,
    keys: impl Iterator<Item = Span>,
) -> Result<(Box<Registers>, bool), Fault> {
    let (mut registers, mut dense) = (Box::new([0; REGISTERS]), false);
    for key in keys {
        if let Some((string, form)) = read(context, key)? {
            dense |= form == Form::Dense;
            sketch::merge(&mut registers, string.text(&mut IntText::default()))?;
        }
    }
    Ok((registers, dense))
}

/// `PFMERGE destkey [sourcekey [sourcekey ...]]`
pub(super) struct Pfmerge {
    destination: Span,
    keys: Rest,
}

impl Command for Pfmerge {
    const SPEC: Spec = Spec {
        name: "pfmerge",
        arity: -2,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Insert]),
            KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
        ],
        complexity: "O(N) to merge N HyperLogLogs",
        summary: "Makes a HyperLogLog one that has seen what several others have seen",
        syntax: "destkey [sourcekey [sourcekey ...]]",
        ..HYPERLOGLOG
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.clone().rest();
        let destination = args.bytes();
        args.rest();
        args.done(Self { destination, keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (registers, dense) = union(context, self.keys.spans(context.argv))?;
        let mut bytes = match find(context, self.destination)? {
            Some((string, _)) => string.to_vec(),
            None => sketch::empty(),
        };
        if dense {
            sketch::make_dense(&mut bytes)?;
        }
        let max_bytes = context.config.hll_sparse_max_bytes;
        for (index, rank) in registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            sketch::set(&mut bytes, index, *rank, max_bytes)?;
        }
        sketch::invalidate(&mut bytes);
        write(context, self.destination, &bytes);
        context.effects.touched();
        context.changed_at(Class::String, "pfadd", self.destination);
        Ok(Reply::OK)
    }
}

/// What all of them declare alike.
const HYPERLOGLOG: Spec = Spec { group: Group::Hyperloglog, since: "2.8.9", ..Spec::EMPTY };

family!(Hyperloglogs {
    Pfadd(Pfadd),
    Pfcount(Pfcount),
    Pfmerge(Pfmerge),
    Pfdebug(Pfdebug),
    Pfselftest(Pfselftest),
});
