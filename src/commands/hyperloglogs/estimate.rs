//! How many elements a sketch has seen.
//!
//! The estimator is the one of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (arXiv:1702.01284), algorithm 6, which Redis uses, too: it needs no tables and no thresholds between small and
//! great numbers.

use super::sketch::{RANK_MAX, REGISTERS};

/// The constant of the estimator, 1 / (2 ln 2), as Redis writes it.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The cardinality, from how many registers hold each number.
pub(super) fn cardinality(histogram: &[u32; 64]) -> u64 {
    let registers = REGISTERS as f64;
    let share = |count: u32| f64::from(count) / registers;
    let full = (registers - f64::from(histogram[RANK_MAX])) / registers;
    let mut sum = registers * tau(full);
    for rank in (1..RANK_MAX).rev() {
        sum = (sum + f64::from(histogram[rank])) * 0.5;
    }
    sum += registers * sigma(share(histogram[0]));
    (ALPHA * registers * registers / sum).round() as u64
}

/// What registers that hold zero stand for; a share of all.
fn sigma(share: f64) -> f64 {
    if share == 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut factor, mut sum) = (share, 1.0, share);
    loop {
        power *= power;
        let before = sum;
        sum += power * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

/// What registers that are full stand for, where `share` of all are not.
fn tau(share: f64) -> f64 {
    if share == 0.0 || share == 1.0 {
        return 0.0;
    }
    let (mut root, mut factor, mut sum) = (share, 1.0, 1.0 - share);
    loop {
        root = root.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - root).powi(2) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}
