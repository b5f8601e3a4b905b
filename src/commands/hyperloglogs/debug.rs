//! A look inside: PFDEBUG, and PFSELFTEST.

use super::sketch::{self, Form, REGISTERS};
use super::{HYPERLOGLOG, estimate, find, show_raw, sparse, write};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::Random;
use std::fmt::Write;

/// `PFDEBUG subcommand key`
pub(in crate::commands) struct Pfdebug {
    subcommand: Span,
    key: Span,
}

impl Command for Pfdebug {
    const SPEC: Spec = Spec {
        name: "pfdebug",
        arity: 3,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Admin],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access]).at(2)],
        complexity: "O(1)",
        summary: "Looks inside a HyperLogLog",
        syntax: "subcommand key",
        is_internal: true,
        ..HYPERLOGLOG
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (subcommand, key) = (args.bytes(), args.bytes());
        args.done(Self { subcommand, key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let subcommand = context.argv.bytes(self.subcommand);
        let (mut bytes, form) = match find(context, self.key)? {
            Some((string, form)) => (string.to_vec(), form),
            None => return Err(faults::HLL_NO_KEY),
        };
        show_raw(context, self.key, bytes.len())?;
        match subcommand.to_ascii_lowercase().as_slice() {
            b"encoding" => Ok(Reply::simple(if form == Form::Dense { "dense" } else { "sparse" })),
            b"decode" if form == Form::Dense => Err(faults::HLL_NOT_SPARSE),
            b"decode" => Ok(Reply::bulk(decoded(&bytes))),
            b"todense" => Ok(Reply::from_flag(self.make_dense(context, &mut bytes)?)),
            b"getreg" => {
                self.make_dense(context, &mut bytes)?;
                let register = |index| Reply::Integer(i64::from(sketch::get(&bytes, index)));
                Ok(Reply::array((0..REGISTERS).map(register)))
            }
            _ => Err(faults::with_argument("ERR Unknown PFDEBUG subcommand '", subcommand, "'")),
        }
    }
}

impl Pfdebug {
    /// Makes the sketch at the key dense. Answers whether it was sparse.
    fn make_dense(&self, context: &mut Context<'_>, bytes: &mut Vec<u8>) -> Result<bool, Fault> {
        let was_sparse = sketch::make_dense(bytes)?;
        if was_sparse {
            write(context, self.key, bytes);
            context.effects.touched();
        }
        Ok(was_sparse)
    }
}

/// The runs as Redis shows them: `z` and `Z` for zeros of one and two bytes, `v` for a rank and its length.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for run in sparse::runs(bytes) {
        let separator = if text.is_empty() { "" } else { " " };
        let written = match run {
            run if run.rank > 0 => write!(text, "{separator}v:{},{}", run.rank, run.len),
            run if run.is_long() => write!(text, "{separator}Z:{}", run.len),
            run => write!(text, "{separator}z:{}", run.len),
        };
        written.expect("a string takes any text");
    }
    text.into_bytes()
}

/// `PFSELFTEST`
pub(in crate::commands) struct Pfselftest;

/// So many elements are shown to the sketches of the test.
const TEST_ELEMENTS: usize = 50_000;

/// How far an estimate may be off: six times the error that is expected, 1.04 / sqrt(16384).
const TEST_ERROR: f64 = 6.0 * 1.04 / 128.0;

/// How far an estimate of few elements may be off: two of 32 meet in a register once in thirty tests.
const TEST_ERROR_MIN: f64 = 8.0;

impl Command for Pfselftest {
    const SPEC: Spec = Spec {
        name: "pfselftest",
        arity: 1,
        flags: &[Flag::Admin],
        complexity: "O(1)",
        summary: "Tries HyperLogLogs out: both forms have to agree, and the estimates to be near",
        is_internal: true,
        ..HYPERLOGLOG
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if self_test(Random::new(context.random)).is_some() {
            Ok(Reply::OK)
        } else {
            Err(faults::HLL_SELF_TEST)
        }
    }
}

/// Shows the same elements to a sketch that may stay sparse and to a dense one. Answers nothing if they disagree, or
/// if an estimate is far off.
fn self_test(mut random: Random) -> Option<()> {
    let (mut sparse, mut dense) = (sketch::empty(), sketch::empty());
    sketch::make_dense(&mut dense).ok()?;
    for shown in 1..=TEST_ELEMENTS {
        let element = random.draw().to_le_bytes();
        let changed = sketch::add(&mut sparse, &element, usize::MAX).ok()?;
        if changed != sketch::add_dense(&mut dense, &element) {
            return None;
        }
        if shown.is_power_of_two() || shown == TEST_ELEMENTS {
            let histograms = [sketch::histogram(&sparse).ok()?, sketch::histogram(&dense).ok()?];
            let off = (estimate::cardinality(&histograms[0]) as f64 - shown as f64).abs();
            if histograms[0] != histograms[1] || off > (shown as f64 * TEST_ERROR).max(TEST_ERROR_MIN) {
                return None;
            }
            // Farther on the sparse form would be slow and is never so long.
            if shown == LAST_SPARSE {
                sketch::make_dense(&mut sparse).ok()?;
            }
        }
    }
    Some(())
}

/// From here on both sketches of the test are dense.
const LAST_SPARSE: usize = 1 << 11;
