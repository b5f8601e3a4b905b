//! How much memory counts as used where it is limited (`maxmemory`).
//!
//! The counter of the allocator says it, but for what goes by itself: what waits to be written to the log, and what is
//! being freed. While a snapshot of the data lives (a save, KEYS on its way to a slow client) the counter says little, as
//! what is evicted stays for the snapshot and what is changed is copied. Redis sees nothing of that, since its child process
//! has the old pages. So meanwhile memory is reckoned from the number of keys and what one took before: values that
//! grow in place count when the snapshot is gone.

use super::Keyspace;

/// A snapshot keeps no more than there was when it was taken, and tables that are copied are taken to be no more than a
/// quarter of that. What is used beyond is no snapshot's, whatever was reckoned.
const HELD_MOST: f64 = 1.25;

/// How it was when a snapshot was first noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Before {
    /// Memory that was used, bytes.
    used_bytes: u64,
    /// What of it does not go with the keys: the program's own, bytes.
    base_bytes: u64,
    keys: usize,
    /// Whether the snapshot is gone, and what it kept is being given back.
    is_gone: bool,
}

impl Before {
    /// The memory that is used, with so many keys, where the counter says `counted_bytes`.
    fn reckon(&self, keys: usize, counted_bytes: u64) -> u64 {
        let of_keys = self.used_bytes.saturating_sub(self.base_bytes) as f64;
        let reckoned = self.base_bytes as f64 + of_keys * keys as f64 / self.keys.max(1) as f64;
        let least = counted_bytes as f64 - HELD_MOST * self.used_bytes as f64;
        (reckoned.max(least) as u64).min(counted_bytes)
    }
}

impl Keyspace {
    /// By how much memory is over its limit.
    pub(super) fn excess_bytes(&mut self) -> Option<u64> {
        let limit = self.config.maxmemory as u64;
        let counted = self.facts.used_bytes()?;
        if limit == 0 || counted <= limit {
            self.eviction.before = None;
            return None;
        }
        let uncounted = self.log.waiting_bytes() + self.facts.reclaimer.pending_bytes();
        let used = self.live_bytes(counted.saturating_sub(uncounted));
        used.checked_sub(limit).filter(|excess| *excess > 0)
    }

    /// What of the memory the data takes, and not a snapshot of it.
    fn live_bytes(&mut self, counted_bytes: u64) -> u64 {
        if !self.is_lent() {
            self.eviction.before = None;
            return counted_bytes;
        }
        let (keys, base_bytes) = (self.store.keys(), self.facts.startup_bytes());
        let now = Before { used_bytes: counted_bytes, base_bytes, keys, is_gone: false };
        self.eviction.before.get_or_insert(now).reckon(keys, counted_bytes)
    }

    /// Whether a snapshot lives, or what one kept is still being given back.
    fn is_lent(&mut self) -> bool {
        if self.store.is_lent() {
            return true;
        }
        let Some(before) = &mut self.eviction.before else { return false };
        if !std::mem::replace(&mut before.is_gone, true) {
            self.start_settling();
        }
        self.is_settling()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_a_snapshot_lives_keys_are_counted_and_not_bytes() {
        let before = Before { used_bytes: 1100, base_bytes: 100, keys: 10, is_gone: false };
        assert_eq!(before.reckon(10, 1100), 1100);
        assert_eq!(before.reckon(9, 1150), 1000, "what was evicted does not count, though it stays");
        assert_eq!(before.reckon(11, 1250), 1200);
        assert_eq!(before.reckon(11, 1150), 1150, "never more than there is");
        assert_eq!(before.reckon(10, 4000), 2625, "nor is more left out than a snapshot can hold");
        assert_eq!(before.reckon(0, 1100), 100);
    }
}
