//! ACL LOG: what was refused to whom, newest first.
//!
//! Refusals that are alike and close together are one entry with a count, as in Redis.

use bytes::Bytes;
use std::collections::VecDeque;

/// So far apart may refusals be that are one entry.
const GROUPED_MS: u64 = 60_000;

/// So many of the newest entries are looked at for one that is alike.
const LOOKED_AT: usize = 10;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A command.
    Command,
    /// A key.
    Key,
    /// A channel.
    Channel,
    /// A name or a password.
    Auth,
}

impl Reason {
    /// Its name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Key => "key",
            Self::Channel => "channel",
            Self::Auth => "auth",
        }
    }
}

/// A refusal, and how often there was one like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// How often.
    pub count: u64,
    /// Why.
    pub reason: Reason,
    /// Whether in a transaction.
    pub in_multi: bool,
    /// The command, key or channel.
    pub object: Bytes,
    /// The user.
    pub username: Bytes,
    /// When it last happened, Unix time in milliseconds.
    pub at_ms: u64,
    /// The client that it last happened to, as CLIENT LIST shows it.
    pub client: String,
}

impl LogEntry {
    fn is_like(&self, other: &Self) -> bool {
        self.reason == other.reason
            && self.in_multi == other.in_multi
            && self.at_ms.abs_diff(other.at_ms) <= GROUPED_MS
            && self.object == other.object
            && self.username == other.username
    }
}

/// All entries.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<LogEntry>,
}

impl Log {
    /// Adds a refusal; the oldest go when there are more than `max_len`.
    pub fn add(&mut self, entry: LogEntry, max_len: usize) {
        let alike = self.entries.iter().take(LOOKED_AT).position(|known| known.is_like(&entry));
        match alike.and_then(|place| self.entries.remove(place)) {
            Some(known) => self.entries.push_front(LogEntry { count: known.count + entry.count, ..entry }),
            None => {
                self.entries.push_front(entry);
                self.entries.truncate(max_len);
            }
        }
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(object: &'static str, at_ms: u64) -> LogEntry {
        LogEntry {
            count: 1,
            reason: Reason::Key,
            in_multi: false,
            object: object.into(),
            username: "u".into(),
            at_ms,
            client: at_ms.to_string(),
        }
    }

    fn counts(log: &Log) -> Vec<(&[u8], u64)> {
        log.iter().map(|entry| (entry.object.as_ref(), entry.count)).collect()
    }

    #[test]
    fn what_is_alike_and_close_together_is_one_entry() {
        let mut log = Log::default();
        for (object, at_ms) in [("a", 0), ("b", 10), ("a", 60_000), ("a", 120_000), ("b", 60_011)] {
            log.add(entry(object, at_ms), 128);
        }
        assert_eq!(counts(&log), [(&b"b"[..], 1), (b"a", 3), (b"b", 1)]);
        assert_eq!(log.iter().nth(1).map(|entry| entry.client.as_str()), Some("120000"));
        let multi = LogEntry { in_multi: true, ..entry("b", 60_011) };
        log.add(multi, 128);
        assert_eq!(log.iter().len(), 4);
    }

    #[test]
    fn the_log_is_bounded_and_only_the_newest_entries_are_compared() {
        let mut log = Log::default();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        names.into_iter().for_each(|name| log.add(entry(name, 0), 128));
        log.add(entry("a", 1), 128);
        assert_eq!(log.iter().len(), names.len() + 1);
        log.add(entry("z", 1), 3);
        assert_eq!(counts(&log), [(&b"z"[..], 1), (b"a", 1), (b"k", 1)]);
        log.add(entry("y", 1), 0);
        assert_eq!(log.iter().len(), 0);
    }
}
