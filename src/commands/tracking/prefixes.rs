//! Prefixes of keys, who wants to hear of all changes below them, and what changed since they heard last.
//!
//! A change looks once for each length that a prefix has, not at each prefix.

use crate::commands::session::Slot;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// All prefixes that somebody registered.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    prefixes: BTreeMap<Bytes, Prefix>,
    /// How many prefixes there are of each length.
    lengths: BTreeMap<usize, usize>,
    /// Whether there are changes of which nobody has heard.
    has_changes: bool,
}

/// One prefix.
#[derive(Debug, Default)]
struct Prefix {
    clients: BTreeSet<Slot>,
    /// Keys that changed, with the client that changed each last.
    changes: BTreeMap<Bytes, Option<Slot>>,
}

/// What those who registered a prefix are to hear.
pub(super) struct Broadcast {
    /// Who.
    pub(super) clients: Vec<Slot>,
    /// The keys in order, with the client that changed each last.
    pub(super) changes: BTreeMap<Bytes, Option<Slot>>,
}

impl Prefixes {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// Whether there are changes of which nobody has heard.
    #[inline]
    pub(super) fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// Has a client hear of changes below a prefix.
    pub(super) fn add(&mut self, prefix: &Bytes, slot: Slot) {
        if !self.prefixes.contains_key(prefix) {
            *self.lengths.entry(prefix.len()).or_default() += 1;
        }
        self.prefixes.entry(prefix.clone()).or_default().clients.insert(slot);
    }

    /// The reverse. What the last client has not heard yet is lost with the prefix, as in Redis.
    pub(super) fn remove(&mut self, prefix: &Bytes, slot: Slot) {
        let Some(known) = self.prefixes.get_mut(prefix) else { return };
        known.clients.remove(&slot);
        if !known.clients.is_empty() {
            return;
        }
        self.prefixes.remove(prefix);
        if let Some(count) = self.lengths.get_mut(&prefix.len()) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&prefix.len());
            }
        }
    }

    /// Notes that a client, or time, has changed a key.
    pub(super) fn note(&mut self, key: &[u8], by: Option<Slot>) {
        for len in self.lengths.range(..=key.len()).map(|(len, _)| *len) {
            if let Some(prefix) = self.prefixes.get_mut(&key[..len]) {
                prefix.changes.insert(Bytes::copy_from_slice(key), by);
                self.has_changes = true;
            }
        }
    }

    /// Takes what changed, in the order of the prefixes.
    pub(super) fn take_changes(&mut self) -> Vec<Broadcast> {
        self.has_changes = false;
        let changed = self.prefixes.values_mut().filter(|prefix| !prefix.changes.is_empty());
        let broadcast = |prefix: &mut Prefix| Broadcast {
            clients: prefix.clients.iter().copied().collect(),
            changes: std::mem::take(&mut prefix.changes),
        };
        changed.map(broadcast).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_noted_below_each_of_its_prefixes() {
        let mut prefixes = Prefixes::default();
        for (prefix, slot) in [("", 1), ("a", 2), ("ab", 3), ("b", 4), ("abcd", 5), ("a", 6)] {
            prefixes.add(&Bytes::from(prefix), slot);
        }
        prefixes.note(b"abc", Some(9));
        prefixes.note(b"abc", None);
        prefixes.note(b"a", Some(9));
        let broadcasts = prefixes.take_changes();
        let heard: Vec<_> = broadcasts.iter().map(|it| (it.clients.clone(), it.changes.len())).collect();
        assert_eq!(heard, [(vec![1], 2), (vec![2, 6], 2), (vec![3], 1)]);
        assert_eq!(broadcasts[2].changes[&b"abc"[..]], None);
        assert!(!prefixes.has_changes() && prefixes.take_changes().is_empty());
        prefixes.remove(&Bytes::from("a"), 2);
        assert_eq!(prefixes.len(), 5);
        prefixes.remove(&Bytes::from("a"), 6);
        prefixes.remove(&Bytes::from("b"), 4);
        assert_eq!((prefixes.len(), prefixes.lengths.get(&1)), (3, None));
    }
}
