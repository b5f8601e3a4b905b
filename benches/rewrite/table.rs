//! The table: medians over the rounds.

use super::process::Kind;
use super::server::Memory;
use std::time::Duration;

/// What one round showed of one server.
pub(crate) struct Round {
    /// Latencies without a rewrite, sorted.
    pub(crate) quiet: Vec<Duration>,
    /// And during rewrites.
    pub(crate) busy: Vec<Duration>,
    pub(crate) memory: Memory,
    pub(crate) rewrite_s: f64,
}

const PERMILLES: [(&str, usize); 4] = [("p50", 500), ("p99", 990), ("p99.9", 999), ("max", 1000)];

pub(crate) fn print(results: &[(Kind, Round)]) {
    println!("| latency, ms | without rewrite | during rewrite | ratio |\n|---|--:|--:|--:|");
    for kind in [Kind::Memora, Kind::Redis] {
        for (label, permille) in PERMILLES {
            let quiet = median(results, kind, |round| at(&round.quiet, permille));
            let busy = median(results, kind, |round| at(&round.busy, permille));
            let ratio = median(results, kind, |round| at(&round.busy, permille) / at(&round.quiet, permille));
            println!("| {}, {label} | {quiet:.2} | {busy:.2} | {ratio:.2} |", kind.name());
        }
    }
    println!("\n| rewrite | resident before, MiB | peak, MiB | ratio | duration, s |\n|---|--:|--:|--:|--:|");
    for kind in [Kind::Memora, Kind::Redis] {
        let before = median(results, kind, |round| round.memory.before_kib / 1024.0);
        let peak = median(results, kind, |round| round.memory.peak_kib / 1024.0);
        let ratio = median(results, kind, |round| round.memory.peak_kib / round.memory.before_kib);
        let took_s = median(results, kind, |round| round.rewrite_s);
        println!("| {} | {before:.0} | {peak:.0} | {ratio:.2} | {took_s:.2} |", kind.name());
    }
}

/// The latency that so many in a thousand do not exceed, in milliseconds.
fn at(sorted: &[Duration], permille: usize) -> f64 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1) - 1;
    sorted[rank].as_secs_f64() * 1000.0
}

fn median(results: &[(Kind, Round)], kind: Kind, value: impl Fn(&Round) -> f64) -> f64 {
    let of_kind = results.iter().filter(|(other, _)| *other == kind);
    let mut values: Vec<f64> = of_kind.map(|(_, round)| value(round)).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
