//! `--keystats`: walks over all keys once and reports sizes and lengths: the greatest keys, figures for each
//! type, and how the sizes and the lengths of names are distributed.
//!
//! What redis-cli has had since version 8 under this name; the report is in words of our own. The
//! distributions are kept with a precision of three digits, so that memory does not grow with the keys.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use memora::resp::Reply;

use super::keys::{Measure, amount, question, quoted};
use super::stat::human;
use super::walk::{Walked, walk};
use super::{Bench, progress};
use crate::prompt::catalog::text;
use crate::runner::Trouble;

/// How many keys are listed unless `--top` says otherwise, as in redis-cli.
const TOP: usize = 10;

/// How exact distributions are, in digits.
const PRECISION_DIGITS: u8 = 3;

/// Which points of a distribution are shown.
const PERCENTILES: [f64; 10] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0];

/// How wide the bars are, in letters.
const BAR_WIDTH: u64 = 30;

/// What is known of the keys of one type.
#[derive(Default)]
struct Kind {
    keys: u64,
    memory: u64,
    length: u64,
    greatest: Option<(u64, Vec<u8>)>,
    longest: Option<(u64, Vec<u8>)>,
}

/// A key among the greatest.
struct Great {
    memory: u64,
    kind: String,
    key: Vec<u8>,
}

/// All that has been seen.
struct Findings {
    kinds: BTreeMap<String, Kind>,
    /// Greatest first.
    top: Vec<Great>,
    wanted_top: usize,
    sizes: Histogram<u64>,
    names: Histogram<u64>,
    name_bytes: u64,
}

/// Walks over all keys, which Ctrl-C cuts short, and reports.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let bar = progress::of_all_keys(bench)?;
    let mut findings = Findings::new(bench.options.top.unwrap_or(TOP));
    let walked = walk(bench, None, |bench, keys| {
        bar.inc(keys.len() as u64);
        weigh(bench, keys, &mut findings)
    });
    bar.finish_and_clear();
    if let Walked::Stopped { cursor } = walked? {
        bench.line(&format!(
            "Interrupted: this is about the keys seen so far; --cursor {} goes on from here.",
            String::from_utf8_lossy(&cursor)
        ))?;
    }
    report(bench, &findings)
}

fn weigh(bench: &mut Bench<'_>, keys: Vec<Vec<u8>>, findings: &mut Findings) -> Result<(), Trouble> {
    let requests: Vec<_> = keys.iter().map(|key| vec![b"TYPE".to_vec(), key.clone()]).collect();
    let kinds: Vec<String> = bench.session.pipeline(&requests)?.iter().map(text).collect();
    let samples = bench.options.memory_samples;
    let there: Vec<_> = keys.into_iter().zip(kinds).filter(|(_, kind)| kind != "none").collect();
    let mut requests = Vec::with_capacity(there.len() * 2);
    for (key, kind) in &there {
        requests.extend(question(Measure::Memory, kind, key, samples));
        // Nothing tells the length of a type that is not known here; this is as good as no answer.
        requests.push(question(Measure::Elements, kind, key, None).unwrap_or_else(|| vec![b"PING".to_vec()]));
    }
    let replies = bench.session.pipeline(&requests)?;
    for ((key, kind), answers) in there.into_iter().zip(replies.chunks_exact(2)) {
        let size = |reply: &Reply| match reply {
            Reply::Integer(size) => u64::try_from(*size).ok(),
            _ => None,
        };
        // Without an answer it is gone, or has become something else, since it was listed.
        if let Some(memory) = size(&answers[0]) {
            findings.add(kind, key, memory, size(&answers[1]).unwrap_or(0));
        }
    }
    Ok(())
}

impl Findings {
    fn new(wanted_top: usize) -> Self {
        let histogram = || Histogram::new(PRECISION_DIGITS).expect("three digits are a possible precision");
        Self {
            kinds: BTreeMap::new(),
            top: Vec::new(),
            wanted_top,
            sizes: histogram(),
            names: histogram(),
            name_bytes: 0,
        }
    }

    fn add(&mut self, kind: String, key: Vec<u8>, memory: u64, length: u64) {
        // A histogram that grows by itself takes every number.
        let _ = self.sizes.record(memory);
        let _ = self.names.record(key.len() as u64);
        self.name_bytes += key.len() as u64;
        let entry = self.kinds.entry(kind.clone()).or_default();
        entry.keys += 1;
        entry.memory += memory;
        entry.length += length;
        keep_greater(&mut entry.greatest, memory, &key);
        keep_greater(&mut entry.longest, length, &key);
        let place = self.top.partition_point(|great| great.memory >= memory);
        if place < self.wanted_top {
            self.top.insert(place, Great { memory, kind, key });
            self.top.truncate(self.wanted_top);
        }
    }
}

fn keep_greater(present: &mut Option<(u64, Vec<u8>)>, size: u64, key: &[u8]) {
    if present.as_ref().is_none_or(|(greatest, _)| size > *greatest) {
        *present = Some((size, key.to_vec()));
    }
}

fn report(bench: &mut Bench<'_>, findings: &Findings) -> Result<(), Trouble> {
    let keys = findings.sizes.len();
    let memory: u64 = findings.kinds.values().map(|kind| kind.memory).sum();
    let average = findings.name_bytes as f64 / keys.max(1) as f64;
    bench.line(&format!(
        "{keys} keys seen with {} of memory; names take {}, {average:.2} bytes on average",
        human(memory),
        human(findings.name_bytes)
    ))?;
    if keys == 0 {
        return Ok(());
    }
    bench.line(&format!("\nThe greatest {} keys by memory\n", findings.top.len()))?;
    for (index, great) in findings.top.iter().enumerate() {
        let (rank, size) = (index + 1, human(great.memory));
        bench.line(&format!("{rank:>5}  {size:>9}  {:<8}  {}", great.kind, quoted(&great.key)))?;
    }
    bench.line("\nTypes\n")?;
    for (name, kind) in &findings.kinds {
        report_kind(bench, name, kind, keys)?;
    }
    bench.line("\nMemory of keys\n")?;
    report_percentiles(bench, &findings.sizes, human)?;
    bench.line("\nKeys by memory\n")?;
    report_classes(bench, &findings.sizes)?;
    bench.line("\nLength of names\n")?;
    report_percentiles(bench, &findings.names, human)
}

fn report_kind(bench: &mut Bench<'_>, name: &str, kind: &Kind, keys: u64) -> Result<(), Trouble> {
    let average = |total: u64| total as f64 / kind.keys as f64;
    bench.line(&format!(
        "{name:<7} {} keys ({:.2}%), {} of memory, {:.2} bytes on average; {}, {:.2} on average",
        kind.keys,
        kind.keys as f64 * 100.0 / keys as f64,
        human(kind.memory),
        average(kind.memory),
        amount(Measure::Elements, name, kind.length),
        average(kind.length),
    ))?;
    if let (Some((memory, greatest)), Some((length, longest))) = (&kind.greatest, &kind.longest) {
        bench.line(&format!(
            "        most memory: {} with {}; longest: {} with {}",
            quoted(greatest),
            human(*memory),
            quoted(longest),
            amount(Measure::Elements, name, *length)
        ))?;
    }
    Ok(())
}

/// A line for each percentile: the size that so many per cent of the keys do not exceed, and how many those are.
fn report_percentiles(
    bench: &mut Bench<'_>,
    histogram: &Histogram<u64>,
    show: fn(u64) -> String,
) -> Result<(), Trouble> {
    bench.line(&format!("{:>9}  {:>10}  {:>12}", "at most", "percentile", "keys"))?;
    for percentile in PERCENTILES {
        let size = match percentile {
            0.0 => histogram.min(),
            _ => histogram.value_at_percentile(percentile).min(histogram.max()),
        };
        let keys = histogram.count_between(0, size);
        bench.line(&format!("{:>9}  {percentile:>9}%  {keys:>12}", show(size)))?;
    }
    bench.line(&format!(
        "  mean {}, standard deviation {}",
        show(histogram.mean().round() as u64),
        show(histogram.stdev().round() as u64)
    ))?;
    Ok(())
}

/// A bar for each power of two between the smallest and the greatest size.
fn report_classes(bench: &mut Bench<'_>, histogram: &Histogram<u64>) -> Result<(), Trouble> {
    let mut upper = histogram.min().max(1).next_power_of_two();
    let mut lower = 0;
    let total = histogram.len();
    let mut classes = Vec::new();
    loop {
        classes.push((upper, histogram.count_between(lower, upper)));
        if upper >= histogram.max() {
            break;
        }
        lower = histogram.next_non_equivalent(upper);
        upper = upper.saturating_mul(2);
    }
    let most = classes.iter().map(|(_, keys)| *keys).max().unwrap_or(1).max(1);
    for (upper, keys) in classes {
        // Few are not none.
        let width = (keys * BAR_WIDTH).div_ceil(most);
        let bar = "#".repeat(usize::try_from(width).unwrap_or_default());
        let share = keys as f64 * 100.0 / total as f64;
        bench.line(format!("{:>9}  {keys:>12}  {share:>6.2}%  {bar}", human(upper)).trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_are_kept_in_order() {
        let mut findings = Findings::new(2);
        for (key, memory) in [("a", 10), ("b", 30), ("c", 20), ("d", 30)] {
            findings.add("string".to_owned(), key.as_bytes().to_vec(), memory, 1);
        }
        let top: Vec<_> = findings.top.iter().map(|great| great.key.as_slice()).collect();
        assert_eq!(top, [b"b", b"d"]);
        assert_eq!(findings.sizes.len(), 4);
        assert_eq!(findings.kinds["string"].memory, 90);
        assert_eq!(findings.kinds["string"].greatest, Some((30, b"b".to_vec())));
    }
}
