//! Counters for `INFO` and `CONFIG RESETSTAT`.
//!
//! The Keyspace and the commands count here; nobody else writes. Rates are sampled by the ticks.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many samples an instantaneous rate is averaged over, as in Redis.
const RATE_SAMPLES: usize = 16;

/// Everything that is counted while the server runs.
#[derive(Default)]
pub struct Statistics {
    /// Connections accepted.
    pub connections_received: u64,
    /// Connections turned away at `maxclients`.
    pub connections_rejected: u64,
    /// Commands executed.
    pub commands_processed: u64,
    /// Request bytes received.
    pub input_bytes: u64,
    /// Reply bytes handed to connections.
    pub output_bytes: u64,
    /// Lookups that found a key.
    pub keyspace_hits: u64,
    /// Lookups that found none.
    pub keyspace_misses: u64,
    /// Error replies.
    pub error_replies: u64,
    /// Error replies by code.
    pub errors: BTreeMap<String, u64>,
    /// Per command: calls and errors, by the command's place in the catalog.
    pub commands: Vec<CommandStatistics>,
    /// Clients closed because they did not read their replies.
    pub output_limit_disconnections: u64,
    /// Clients closed because their request was too large.
    pub query_limit_disconnections: u64,
    /// Keys that expired, counted at the last reset, to be subtracted from the store's own count.
    pub expired_at_reset: u64,
    /// Things freed elsewhere, counted at the last reset, to be subtracted likewise.
    pub lazyfreed_at_reset: u64,
    /// Time spent removing due keys in the background.
    pub expire_cycles_ns: u64,
    /// How often the removal of due keys stopped because its time was up.
    pub expire_cycles_cut_short: u64,
    /// Keys that had to go, as memory was full.
    pub evicted_keys: u64,
    /// Clients closed because all together had too much memory.
    pub evicted_clients: u64,
    /// How long memory was over its limit, without the present time.
    pub exceeded_time: Duration,
    /// Since when it is over its limit, if it is.
    pub exceeded_since: Option<Instant>,
    /// Changes to data since the last save.
    pub changes: u64,
    /// Commands per second.
    pub commands_rate: Rate,
    /// Received bytes per second.
    pub input_rate: Rate,
    /// Sent bytes per second.
    pub output_rate: Rate,
}

/// How one command fared.
#[derive(Clone, Debug, Default)]
pub struct CommandStatistics {
    /// Times it ran.
    pub calls: u64,
    /// Times a gate refused it, its arguments included.
    pub rejected: u64,
    /// Times it ran and failed.
    pub failed: u64,
    /// How long it ran, all calls together.
    pub time_ns: u64,
    /// How long single calls took, in nanoseconds; made at the first call that is tracked.
    histogram: Option<Box<Histogram<u64>>>,
}

/// The longest duration the distributions tell apart from longer ones, as in Redis.
const LONGEST_TRACKED_NS: u64 = 1_000_000_000;

/// Decimal digits to which durations are told apart, as in Redis.
const TRACKED_DIGITS: u8 = 2;

/// The upper end of the first bucket of a distribution; each next bucket is twice as wide.
const FIRST_BUCKET_NS: u64 = 1024;

impl CommandStatistics {
    /// Counts a call that took so long; `tracked`: also among the distribution of single calls.
    pub fn called(&mut self, duration_ns: u64, tracked: bool) {
        self.calls += 1;
        self.time_ns += duration_ns;
        if tracked {
            let histogram = self.histogram.get_or_insert_with(|| Box::new(new_histogram()));
            histogram.saturating_record(duration_ns.max(1));
        }
    }

    /// How long single calls took, in nanoseconds; none before the first that was tracked.
    #[must_use]
    pub fn histogram(&self) -> Option<&Histogram<u64>> {
        self.histogram.as_deref()
    }
}

fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_TRACKED_NS, TRACKED_DIGITS)
        .expect("the bounds are constants the library accepts; a test makes one")
}

/// A histogram as `LATENCY HISTOGRAM` shows it: the upper end of each bucket in microseconds, and how many
/// calls took at most so long. Buckets that add nothing are left out.
#[must_use]
pub fn distribution(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let mut buckets = Vec::new();
    let (mut end_ns, mut counted) = (FIRST_BUCKET_NS, 0);
    while counted < histogram.len() {
        let below = histogram.count_between(0, end_ns - 1);
        if below > counted {
            buckets.push((histogram.highest_equivalent(end_ns) / 1000, below));
            counted = below;
        }
        end_ns *= 2;
    }
    buckets
}

/// Codes that are counted one by one; beyond this many, clients could fill memory with made-up codes.
const ERROR_CODES: usize = 128;

impl Statistics {
    /// Counts an error reply under its code.
    pub fn count_error(&mut self, code: &[u8]) {
        self.error_replies += 1;
        let code = String::from_utf8_lossy(code);
        if let Some(count) = self.errors.get_mut(code.as_ref()) {
            *count += 1;
        } else if self.errors.len() < ERROR_CODES {
            self.errors.insert(code.into_owned(), 1);
        }
    }

    /// The counters of the command at `index` in the catalog.
    pub fn command(&mut self, index: usize) -> &mut CommandStatistics {
        if index >= self.commands.len() {
            self.commands.resize(index + 1, CommandStatistics::default());
        }
        &mut self.commands[index]
    }

    /// Takes a sample of every rate.
    pub fn sample(&mut self, now_ms: u64) {
        self.commands_rate.sample(self.commands_processed, now_ms);
        self.input_rate.sample(self.input_bytes, now_ms);
        self.output_rate.sample(self.output_bytes, now_ms);
    }

    /// What `CONFIG RESETSTAT` does; `expired` and `lazyfreed` are the counts so far that others keep.
    pub fn reset(&mut self, expired: u64, lazyfreed: u64) {
        let (changes, exceeded_since) = (self.changes, self.exceeded_since);
        *self = Self {
            expired_at_reset: expired,
            lazyfreed_at_reset: lazyfreed,
            changes,
            exceeded_since,
            ..Self::default()
        };
    }
}

/// A rate per second, averaged over the last samples.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    samples: [u64; RATE_SAMPLES],
    next: usize,
    last_count: u64,
    last_ms: u64,
}

impl Rate {
    fn sample(&mut self, count: u64, now_ms: u64) {
        let elapsed_ms = now_ms.saturating_sub(self.last_ms);
        if elapsed_ms == 0 {
            return;
        }
        if self.last_ms > 0 {
            self.samples[self.next] = count.saturating_sub(self.last_count) * 1000 / elapsed_ms;
            self.next = (self.next + 1) % RATE_SAMPLES;
        }
        self.last_count = count;
        self.last_ms = now_ms;
    }

    /// The average.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / RATE_SAMPLES as u64
    }
}
