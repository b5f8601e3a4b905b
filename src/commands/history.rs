//! What stays on record about slow things: the slow log and the latency events.
//!
//! Both are asked rarely and written rarely. A command's duration is compared with one number, the smaller of
//! the two thresholds; only what exceeds it is looked at any closer.

use super::context::Context;
use super::prepare::Prepared;
use super::slowlog::SlowLog;
use super::spec::Flag;
use super::spikes::Spikes;
use crate::config::Config;

/// Nanoseconds in a microsecond.
const US_NS: u64 = 1_000;
/// Nanoseconds in a millisecond.
const MS_NS: u64 = 1_000_000;

/// The slow log and the latency events.
#[derive(Default)]
pub struct History {
    /// Commands that took long.
    pub slowlog: SlowLog,
    /// Events that took long.
    pub spikes: Spikes,
    /// Durations from here on are worth a closer look.
    notable_ns: u64,
}

impl History {
    /// Follows the options.
    pub fn adjust(&mut self, config: &Config) {
        let slow_ns =
            u64::try_from(config.slowlog_log_slower_than).map_or(u64::MAX, |us| us.saturating_mul(US_NS));
        let spike_ns = match config.latency_monitor_threshold {
            0 => u64::MAX,
            ms => ms.saturating_mul(MS_NS),
        };
        self.notable_ns = slow_ns.min(spike_ns);
    }

    /// Whether a command that took so long is to be looked at more closely.
    #[must_use]
    pub fn is_notable(&self, duration_ns: u64) -> bool {
        duration_ns >= self.notable_ns
    }

    /// Puts an event other than a command on record if it took long; `at_secs` is Unix time.
    pub fn event(&mut self, name: &'static str, duration_ns: u64, at_secs: u64, config: &Config) {
        let duration_ms = duration_ns / MS_NS;
        if config.latency_monitor_threshold > 0 && duration_ms >= config.latency_monitor_threshold {
            self.spikes.add(name, at_secs, duration_ms);
        }
    }
}

/// Puts a command that took long on record.
pub(super) fn note_slow(context: &mut Context<'_>, prepared: &Prepared, duration_ns: u64) {
    let Some(row) = prepared.row() else { return };
    let at_secs = context.now_ms / 1000;
    let event = if row.flags.has(Flag::Fast) { "fast-command" } else { "command" };
    context.history.event(event, duration_ns, at_secs, context.config);
    let duration_us = duration_ns / US_NS;
    let is_slow =
        u64::try_from(context.config.slowlog_log_slower_than).is_ok_and(|limit| duration_us >= limit);
    if is_slow && !row.flags.has(Flag::SkipSlowlog) {
        let redacted = context.effects.redacted;
        let session = &context.clients[context.me];
        let max_len = context.config.slowlog_max_len;
        context.history.slowlog.add(context.argv, redacted, session, at_secs, duration_us, max_len);
    }
}
