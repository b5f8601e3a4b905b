//! The sparse form of a sketch: its registers as runs of the same number.
//!
//! A run takes a byte, `00nnnnnn` for up to 64 zeros and `1rrrrrnn` for up to four registers of a rank up to 32, or
//! two, `01nnnnnn nnnnnnnn` for up to 16384 zeros; numbers are one less than what they mean. How runs are split and
//! joined again decides about the bytes that clients can see, so it follows Redis to the byte.

use super::sketch::{Corrupt, HEADER_BYTES};

/// Runs of zeros up to this length take one byte.
const SHORT_ZEROS: usize = 64;

/// The greatest rank of a run.
const RANK_MAX: u8 = 32;

/// The longest run of a rank.
const RANKED_MAX: usize = 4;

/// After a change so many runs from the one before it on are looked at for neighbours to join.
const JOIN_RUNS: usize = 5;

/// The marks in the first byte of a run.
const LONG_ZEROS: u8 = 0x40;
const RANKED: u8 = 0x80;

/// Registers side by side that hold the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The number.
    pub(super) rank: u8,
    /// How many registers.
    pub(super) len: usize,
    /// How many bytes the run takes.
    pub(super) bytes: usize,
}

impl Run {
    /// The run that begins with these bytes; none behind the last.
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        Some(if first & RANKED != 0 {
            Self { rank: (first >> 2 & 31) + 1, len: usize::from(first & 3) + 1, bytes: 1 }
        } else if first & LONG_ZEROS != 0 {
            // Behind a string Redis has a zero byte, which it reads for a torn run.
            let second = bytes.get(1).copied().unwrap_or(0);
            Self { rank: 0, len: (usize::from(first & 63) << 8 | usize::from(second)) + 1, bytes: 2 }
        } else {
            Self { rank: 0, len: usize::from(first & 63) + 1, bytes: 1 }
        })
    }

    /// Whether zeros take two bytes here.
    pub(super) fn is_long(self) -> bool {
        self.bytes == 2
    }
}

/// The runs of a sketch.
pub(super) fn runs(sketch: &[u8]) -> impl Iterator<Item = Run> + '_ {
    let mut rest = sketch.get(HEADER_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let run = Run::read(rest)?;
        rest = rest.get(run.bytes..).unwrap_or_default();
        Some(run)
    })
}

/// Writes a run of zeros in its shortest form.
pub(super) fn push_zeros(out: &mut Vec<u8>, len: usize) {
    let number = len - 1;
    if len > SHORT_ZEROS {
        out.push(LONG_ZEROS | (number >> 8) as u8);
    }
    out.push(number as u8);
}

/// A run of a rank.
fn ranked(rank: u8, len: usize) -> u8 {
    RANKED | (rank - 1) << 2 | (len - 1) as u8
}

fn push_run(out: &mut Vec<u8>, rank: u8, len: usize) {
    match (rank, len) {
        (_, 0) => {}
        (0, len) => push_zeros(out, len),
        (rank, len) => out.push(ranked(rank, len)),
    }
}

/// Makes a register hold `rank` at least. Answers whether it changed; none where that takes the dense form.
pub(super) fn raise(
    sketch: &mut Vec<u8>,
    index: usize,
    rank: u8,
    max_bytes: usize,
) -> Result<Option<bool>, Corrupt> {
    if rank > RANK_MAX {
        return Ok(None);
    }
    let (mut at, mut before, mut first) = (HEADER_BYTES, HEADER_BYTES, 0);
    let run = loop {
        let run = Run::read(&sketch[at..]).filter(|run| at + run.bytes <= sketch.len()).ok_or(Corrupt)?;
        if index < first + run.len {
            break run;
        }
        (before, at, first) = (at, at + run.bytes, first + run.len);
    };
    if run.rank >= rank {
        return Ok(Some(false));
    }
    let mut split = Vec::with_capacity(5);
    push_run(&mut split, run.rank, index - first);
    push_run(&mut split, rank, 1);
    push_run(&mut split, run.rank, first + run.len - 1 - index);
    if split.len() > run.bytes && sketch.len() + split.len() - run.bytes > max_bytes {
        return Ok(None);
    }
    sketch.splice(at..at + run.bytes, split);
    join(sketch, before);
    super::sketch::invalidate(sketch);
    Ok(Some(true))
}

/// Joins neighbours of the same rank, in some runs from the one at `at` on.
fn join(sketch: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_RUNS {
        let Some(run) = sketch.get(at..).and_then(Run::read) else { return };
        let next = sketch.get(at + run.bytes..).and_then(Run::read);
        match next {
            Some(next) if run.rank > 0 && next.rank == run.rank && run.len + next.len <= RANKED_MAX => {
                sketch[at] = ranked(run.rank, run.len + next.len);
                sketch.remove(at + 1);
            }
            _ => at += run.bytes,
        }
    }
}
