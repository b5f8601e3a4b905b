//! Latency events: what took longer than `latency-monitor-threshold`, by the name of the event.
//!
//! Each event keeps its last [`SAMPLES`] seconds in which something was slow, the longest duration of each
//! second, as Redis does. What `LATENCY` shows is worked out here; nothing is stored twice.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

/// The most seconds kept for one event.
const SAMPLES: usize = 160;

/// Lines of a graph, without its head.
const GRAPH_ROWS: usize = 4;

/// Columns of a graph.
const GRAPH_COLUMNS: usize = 80;

/// The glyphs of a graph within one line, lowest first.
const GLYPHS: [char; 3] = ['_', 'o', '#'];

/// One second in which something was slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Unix time.
    pub at_secs: u64,
    /// The longest duration in that second.
    pub duration_ms: u64,
}

/// One event's record.
#[derive(Default)]
pub struct Series {
    samples: VecDeque<Sample>,
    worst_ms: u64,
}

/// All events' records.
#[derive(Default)]
pub struct Spikes {
    series: BTreeMap<&'static str, Series>,
}

/// What `LATENCY DOCTOR` says of one event.
pub struct Summary {
    /// The average of the samples.
    pub average_ms: u64,
    /// How far the samples are from the average, on average.
    pub deviation_ms: u64,
    /// The average time between two samples.
    pub period_secs: f64,
}

impl Spikes {
    /// Puts an event on record.
    pub fn add(&mut self, event: &'static str, at_secs: u64, duration_ms: u64) {
        let series = self.series.entry(event).or_default();
        series.worst_ms = series.worst_ms.max(duration_ms);
        match series.samples.back_mut() {
            Some(last) if last.at_secs == at_secs => last.duration_ms = last.duration_ms.max(duration_ms),
            _ => series.samples.push_back(Sample { at_secs, duration_ms }),
        }
        if series.samples.len() > SAMPLES {
            series.samples.pop_front();
        }
    }

    /// The record of one event.
    #[must_use]
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        std::str::from_utf8(event).ok().and_then(|event| self.series.get(event))
    }

    /// All events in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Series)> {
        self.series.iter().map(|(name, series)| (*name, series))
    }

    /// Forgets one event; says whether there was one.
    pub fn forget(&mut self, event: &[u8]) -> bool {
        std::str::from_utf8(event).is_ok_and(|event| self.series.remove(event).is_some())
    }

    /// Forgets all events; says how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.series).len()
    }
}

impl Series {
    /// The samples, oldest first; there is at least one.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.samples.iter()
    }

    /// The newest sample.
    #[must_use]
    pub fn latest(&self) -> Sample {
        self.samples.back().copied().unwrap_or(Sample { at_secs: 0, duration_ms: 0 })
    }

    /// The longest duration ever seen.
    #[must_use]
    pub fn worst_ms(&self) -> u64 {
        self.worst_ms
    }

    /// Averages over the samples.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = self.samples.len().max(1) as u64;
        let average_ms = self.samples.iter().map(|sample| sample.duration_ms).sum::<u64>() / count;
        let deviations = self.samples.iter().map(|sample| sample.duration_ms.abs_diff(average_ms));
        let deviation_ms = deviations.sum::<u64>() / count;
        let first_secs = self.samples.front().map_or(0, |sample| sample.at_secs);
        let span_secs = self.latest().at_secs.saturating_sub(first_secs);
        let period_secs = (span_secs as f64 / count as f64).max(1.0);
        Summary { average_ms, deviation_ms, period_secs }
    }

    /// The samples as a picture: a column each, the age below it.
    #[must_use]
    pub fn graph(&self, event: &str, now_secs: u64) -> String {
        let skipped = self.samples.len().saturating_sub(GRAPH_COLUMNS);
        let shown: Vec<Sample> = self.samples.iter().skip(skipped).copied().collect();
        let durations = || shown.iter().map(|sample| sample.duration_ms);
        let (low, high) = (durations().min().unwrap_or(0), durations().max().unwrap_or(0));
        let mut graph = format!(
            "{event} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
            self.worst_ms,
            "-".repeat(GRAPH_COLUMNS)
        );
        for row in (0..GRAPH_ROWS).rev() {
            let line = shown.iter().map(|sample| glyph(height(sample.duration_ms, low, high), row));
            push_line(&mut graph, line);
        }
        graph.push('\n');
        let ages: Vec<Vec<char>> = shown
            .iter()
            .map(|sample| age(now_secs.saturating_sub(sample.at_secs)).chars().collect())
            .collect();
        for row in 0..ages.iter().map(Vec::len).max().unwrap_or(0) {
            push_line(&mut graph, ages.iter().map(|age| age.get(row).copied().unwrap_or(' ')));
        }
        graph
    }
}

fn push_line(text: &mut String, letters: impl Iterator<Item = char>) {
    text.extend(letters);
    text.push('\n');
}

/// How high a column is, in glyphs.
fn height(value: u64, low: u64, high: u64) -> usize {
    let steps = (GRAPH_ROWS * GLYPHS.len() - 1) as u64;
    usize::try_from((value - low) * steps / (high - low).max(1)).unwrap_or(0)
}

/// The glyph that a column of this height has in a row counted from below.
fn glyph(height: usize, row: usize) -> char {
    let (own_row, own_glyph) = (height / GLYPHS.len(), height % GLYPHS.len());
    match own_row.cmp(&row) {
        std::cmp::Ordering::Less => ' ',
        std::cmp::Ordering::Equal => GLYPHS[own_glyph],
        std::cmp::Ordering::Greater => '|',
    }
}

/// An age with its unit, as short as it gets.
fn age(secs: u64) -> String {
    const UNITS: [(u64, char); 3] = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let mut text = String::new();
    let (size, unit) = UNITS.into_iter().find(|(size, _)| secs >= *size).unwrap_or((1, 's'));
    // Writing to a string cannot fail.
    let _ = write!(text, "{}{unit}", secs / size);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_sample_with_its_worst() {
        let mut spikes = Spikes::default();
        for (at_secs, duration_ms) in [(1, 5), (1, 9), (1, 7), (3, 6)] {
            spikes.add("command", at_secs, duration_ms);
        }
        let series = spikes.get(b"command").unwrap();
        let samples: Vec<_> = series.samples().map(|sample| (sample.at_secs, sample.duration_ms)).collect();
        assert_eq!(samples, [(1, 9), (3, 6)]);
        assert_eq!((series.worst_ms(), series.summary().average_ms), (9, 7));
    }

    #[test]
    fn the_record_is_bounded() {
        let mut spikes = Spikes::default();
        (0..1000).for_each(|at_secs| spikes.add("command", at_secs, 1));
        let series = spikes.get(b"command").unwrap();
        assert_eq!(series.samples().len(), SAMPLES);
        assert_eq!(series.latest().at_secs, 999);
        assert!(spikes.forget(b"command") && !spikes.forget(b"command"));
    }

    #[test]
    fn a_graph_rises_with_the_durations() {
        let mut spikes = Spikes::default();
        (0..12).for_each(|step| spikes.add("command", step, 10 + step));
        let graph = spikes.get(b"command").unwrap().graph("command", 11);
        let rows: Vec<_> = graph.lines().skip(2).take(GRAPH_ROWS).collect();
        assert_eq!(rows, ["         _o#", "      _o#|||", "   _o#||||||", "_o#|||||||||"]);
        assert!(graph.ends_with("119876543210\n10ssssssssss\nss          \n"), "{graph}");
    }
}
