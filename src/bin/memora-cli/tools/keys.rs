//! `--bigkeys`, `--memkeys` and `--hotkeys`: walks over all keys and reports the greatest.

use std::collections::BTreeMap;

use memora::resp::Reply;
use memora::resp::quoting::write_quoted;

use super::stat::human;
use super::walk::{Walked, walk};
use super::{Bench, progress};
use crate::prompt::catalog::text;
use crate::runner::Trouble;

/// How many of the most used keys are listed.
const HOTTEST: usize = 16;

/// What makes a key great.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many elements it has; bytes for a string.
    Elements,
    /// How many bytes of memory it takes.
    Memory,
    /// How often it is used, on the logarithmic scale of OBJECT FREQ.
    Frequency,
}

/// What is known of the keys of one type.
#[derive(Default)]
struct Kind {
    keys: u64,
    total: u64,
    greatest: Option<(u64, Vec<u8>)>,
}

#[derive(Default)]
struct Findings {
    kinds: BTreeMap<String, Kind>,
    name_bytes: u64,
    /// The greatest of all types, greatest first.
    top: Vec<(u64, Vec<u8>)>,
}

/// Walks over all keys, which Ctrl-C cuts short, and reports.
pub(super) fn run(bench: &mut Bench<'_>, measure: Measure) -> Result<(), Trouble> {
    let bar = progress::of_all_keys(bench)?;
    let mut findings = Findings::default();
    let walked = walk(bench, None, |bench, keys| {
        bar.inc(keys.len() as u64);
        weigh(bench, measure, keys, &mut findings)
    });
    bar.finish_and_clear();
    if let Walked::Stopped { cursor } = walked? {
        bench.line(&format!(
            "Interrupted: this is about the keys seen so far; --cursor {} goes on from here.",
            String::from_utf8_lossy(&cursor)
        ))?;
    }
    report(bench, measure, &findings)
}

fn weigh(
    bench: &mut Bench<'_>,
    measure: Measure,
    keys: Vec<Vec<u8>>,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let requests: Vec<_> = keys.iter().map(|key| vec![b"TYPE".to_vec(), key.clone()]).collect();
    let kinds: Vec<String> = bench.session.pipeline(&requests)?.iter().map(text).collect();
    let samples = bench.options.memory_samples;
    let known = keys.into_iter().zip(kinds);
    let asked: Vec<_> =
        known.filter_map(|(key, kind)| Some((question(measure, &kind, &key, samples)?, key, kind))).collect();
    let requests: Vec<_> = asked.iter().map(|(request, ..)| request.clone()).collect();
    for (reply, (_, key, kind)) in bench.session.pipeline(&requests)?.into_iter().zip(asked) {
        match reply {
            Reply::Integer(size) => findings.add(kind, key, u64::try_from(size).unwrap_or(0)),
            Reply::Error(text) if measure == Measure::Frequency => {
                return Err(Trouble::ErrorReply(text.to_vec()));
            }
            // It is gone, or has become something else, since it was listed.
            _ => {}
        }
    }
    Ok(())
}

/// What to ask about a key of this type; nothing about one that is gone.
pub(super) fn question(
    measure: Measure,
    kind: &str,
    key: &[u8],
    samples: Option<u64>,
) -> Option<Vec<Vec<u8>>> {
    let words: Vec<&str> = match (measure, kind) {
        (_, "none") => return None,
        (Measure::Memory, _) => vec!["MEMORY", "USAGE"],
        (Measure::Frequency, _) => vec!["OBJECT", "FREQ"],
        (Measure::Elements, "string") => vec!["STRLEN"],
        (Measure::Elements, "list") => vec!["LLEN"],
        (Measure::Elements, "set") => vec!["SCARD"],
        (Measure::Elements, "hash") => vec!["HLEN"],
        (Measure::Elements, "zset") => vec!["ZCARD"],
        (Measure::Elements, "stream") => vec!["XLEN"],
        _ => return None,
    };
    let mut request: Vec<Vec<u8>> = words.into_iter().map(|word| word.as_bytes().to_vec()).collect();
    request.push(key.to_vec());
    if let Some(samples) = samples.filter(|_| measure == Measure::Memory) {
        request.extend([b"SAMPLES".to_vec(), samples.to_string().into_bytes()]);
    }
    Some(request)
}

impl Findings {
    fn add(&mut self, kind: String, key: Vec<u8>, size: u64) {
        self.name_bytes += key.len() as u64;
        let entry = self.kinds.entry(kind).or_default();
        entry.keys += 1;
        entry.total += size;
        if entry.greatest.as_ref().is_none_or(|(greatest, _)| size > *greatest) {
            entry.greatest = Some((size, key.clone()));
        }
        let place = self.top.partition_point(|(greater, _)| *greater >= size);
        if place < HOTTEST {
            self.top.insert(place, (size, key));
            self.top.truncate(HOTTEST);
        }
    }
}

fn report(bench: &mut Bench<'_>, measure: Measure, findings: &Findings) -> Result<(), Trouble> {
    let keys: u64 = findings.kinds.values().map(|kind| kind.keys).sum();
    let average = findings.name_bytes as f64 / keys.max(1) as f64;
    bench.line(&format!(
        "{keys} keys seen, with names of {} bytes, {average:.2} on average",
        findings.name_bytes
    ))?;
    if measure == Measure::Frequency {
        for (frequency, key) in &findings.top {
            bench.line(&format!("{frequency:>5}  {}", quoted(key)))?;
        }
        return Ok(());
    }
    for (name, kind) in &findings.kinds {
        let share = kind.keys as f64 * 100.0 / keys as f64;
        let average = kind.total as f64 / kind.keys as f64;
        let total = amount(measure, name, kind.total);
        bench.line(&format!(
            "{:<7} {} keys ({share:.2}%), {total}, {average:.2} on average",
            name, kind.keys
        ))?;
        if let Some((size, key)) = &kind.greatest {
            bench.line(&format!(
                "        the biggest is {} with {}",
                quoted(key),
                amount(measure, name, *size)
            ))?;
        }
    }
    Ok(())
}

/// A size in the words of its type.
pub(super) fn amount(measure: Measure, kind: &str, size: u64) -> String {
    let unit = match (measure, kind) {
        (Measure::Memory, _) => return format!("{size} bytes ({})", human(size)),
        (_, "string") => "bytes",
        (_, "list") => "items",
        (_, "hash") => "fields",
        (_, "stream") => "entries",
        _ => "members",
    };
    format!("{size} {unit}")
}

/// A key as it would be typed in quotes.
pub(super) fn quoted(key: &[u8]) -> String {
    let mut text = Vec::new();
    write_quoted(key, &mut text).expect("a vector takes every byte");
    String::from_utf8_lossy(&text).into_owned()
}
