//! Watched keys: who is to hear that one has changed (WATCH).
//!
//! A key's entry is there only while somebody watches it, so that watching costs nothing where nobody does. Each
//! client keeps a list of its own keys, which is the other half of this map.

use super::session::Slot;
use bytes::Bytes;
use std::collections::HashMap;

/// All watched keys, by database, and those who watch them.
#[derive(Default)]
pub(super) struct Watches {
    databases: HashMap<usize, HashMap<Bytes, Vec<Slot>>>,
}

/// A key that a client watches.
#[derive(Clone, Debug)]
pub struct WatchedKey {
    /// The database.
    pub database: usize,
    /// Its name.
    pub key: Bytes,
    /// Whether it was there; a key that was and is not any more has changed, also where its time has passed.
    pub existed: bool,
}

impl Watches {
    /// Whether nothing is watched.
    pub(super) fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// Adds one who watches a key, and does not yet.
    pub(super) fn add(&mut self, watched: &WatchedKey, slot: Slot) {
        self.databases
            .entry(watched.database)
            .or_default()
            .entry(watched.key.clone())
            .or_default()
            .push(slot);
    }

    /// Forgets that somebody watches a key.
    pub(super) fn remove(&mut self, watched: &WatchedKey, slot: Slot) {
        let Some(keys) = self.databases.get_mut(&watched.database) else { return };
        if let Some(slots) = keys.get_mut(&watched.key) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                keys.remove(&watched.key);
            }
        }
        if keys.is_empty() {
            self.databases.remove(&watched.database);
        }
    }

    /// Those who watch a key.
    pub(super) fn of(&self, database: usize, key: &[u8]) -> &[Slot] {
        self.databases.get(&database).and_then(|keys| keys.get(key)).map_or(&[], Vec::as_slice)
    }

    /// Those who watch keys of a database to which something applies.
    pub(super) fn of_all<'w>(
        &'w self,
        database: usize,
        applies: impl Fn(&[u8]) -> bool + 'w,
    ) -> impl Iterator<Item = Slot> + 'w {
        let keys = self.databases.get(&database).into_iter().flatten();
        keys.filter(move |(key, _)| applies(key)).flat_map(|(_, slots)| slots.iter().copied())
    }
}
