//! Clients that wait for keys to hold a list or a sorted set: first come, first served.
//!
//! A key has a line only while somebody waits for it. What a command does to such a key makes it ready; the Keyspace
//! then serves those in its line who wait for what it holds, as far as there is something in it.

use super::context::Context;
use super::effects::{Control, KeyWait};
use super::faults::{self, Fault};
use super::session::Slot;
use crate::resp::Reply;
use crate::store::Kind;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// All who wait, and the keys that they wait for.
#[derive(Default)]
pub(super) struct Waiting {
    databases: HashMap<usize, HashMap<Bytes, Line>>,
    clients: HashMap<Slot, Wait>,
    last_ticket: u64,
    ready: VecDeque<(usize, Bytes)>,
}

/// Those who wait for a key, by their tickets, which rise, and for what.
#[derive(Default)]
struct Line {
    slots: BTreeMap<u64, (Slot, Kind)>,
    is_ready: bool,
}

/// What a client waits for.
struct Wait {
    ticket: u64,
    database: usize,
    keys: Vec<Bytes>,
}

impl Waiting {
    /// How many clients wait.
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Lets a client wait for keys to hold a kind of value, each at the end of its line; the same key twice is one place in it.
    pub(super) fn add(&mut self, slot: Slot, database: usize, kind: Kind, keys: Vec<Bytes>) {
        self.last_ticket += 1;
        let lines = self.databases.entry(database).or_default();
        for key in &keys {
            lines.entry(key.clone()).or_default().slots.insert(self.last_ticket, (slot, kind));
        }
        self.clients.insert(slot, Wait { ticket: self.last_ticket, database, keys });
    }

    /// Lets a client wait no longer; says whether it did.
    pub(super) fn remove(&mut self, slot: Slot) -> bool {
        let Some(wait) = self.clients.remove(&slot) else { return false };
        let Some(lines) = self.databases.get_mut(&wait.database) else { return true };
        for key in &wait.keys {
            let Some(line) = lines.get_mut(key) else { continue };
            line.slots.remove(&wait.ticket);
            if line.slots.is_empty() {
                lines.remove(key);
            }
        }
        if lines.is_empty() {
            self.databases.remove(&wait.database);
        }
        true
    }

    /// A key has changed: whoever waits for it is to be served.
    pub(super) fn touch(&mut self, database: usize, key: &[u8]) {
        let lines = self.databases.get_mut(&database);
        if let Some(line) = lines.and_then(|lines| lines.get_mut(key)) {
            if !std::mem::replace(&mut line.is_ready, true) {
                self.ready.push_back((database, Bytes::copy_from_slice(key)));
            }
        }
    }

    /// All keys of a database may have changed.
    pub(super) fn touch_all(&mut self, database: usize) {
        for (key, line) in self.databases.get_mut(&database).into_iter().flatten() {
            if !std::mem::replace(&mut line.is_ready, true) {
                self.ready.push_back((database, key.clone()));
            }
        }
    }

    /// Whether somebody may be to be served.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The next key for which somebody may be to be served.
    pub(super) fn take_ready(&mut self) -> Option<(usize, Bytes)> {
        let (database, key) = self.ready.pop_front()?;
        if let Some(line) = self.databases.get_mut(&database).and_then(|lines| lines.get_mut(&key)) {
            line.is_ready = false;
        }
        Some((database, key))
    }

    /// Who has waited longest for a key to hold this kind of value.
    pub(super) fn first(&self, database: usize, key: &[u8], kind: Kind) -> Option<Slot> {
        let line = self.databases.get(&database)?.get(key)?;
        line.slots.values().find(|(_, wanted)| *wanted == kind).map(|(slot, _)| *slot)
    }
}

impl Context<'_> {
    /// Lets the client wait until one of these keys holds such a collection, or until the time is up; answers nothing
    /// in a transaction, where nobody waits.
    pub(super) fn wait_for_keys<'k>(
        &mut self,
        kind: Kind,
        keys: impl Iterator<Item = &'k [u8]>,
        timeout_ms: u64,
    ) -> Result<Option<Reply>, Fault> {
        if self.session().denies_blocking {
            return Ok(None);
        }
        let deadline_ms = self.now_ms.saturating_add(timeout_ms);
        if i64::try_from(deadline_ms).is_err() {
            return Err(faults::TIMEOUT_OUT_OF_RANGE);
        }
        let wait = KeyWait {
            database: self.session().database,
            kind,
            keys: keys.map(Bytes::copy_from_slice).collect(),
            deadline_ms: (timeout_ms > 0).then_some(deadline_ms),
        };
        self.effects.control(Control::AwaitKeys(Box::new(wait)));
        Ok(Some(Reply::Silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &'static str) -> Bytes {
        Bytes::from_static(name.as_bytes())
    }

    #[test]
    fn first_come_first_served_by_key() {
        let mut waiting = Waiting::default();
        waiting.add(7, 0, Kind::List, vec![key("a"), key("b"), key("a")]);
        waiting.add(3, 0, Kind::List, vec![key("b")]);
        waiting.add(5, 1, Kind::List, vec![key("a")]);
        assert_eq!(
            (
                waiting.first(0, b"a", Kind::List),
                waiting.first(0, b"b", Kind::List),
                waiting.first(1, b"a", Kind::List)
            ),
            (Some(7), Some(7), Some(5))
        );
        assert!(waiting.remove(7) && !waiting.remove(7));
        assert_eq!(
            (waiting.first(0, b"a", Kind::List), waiting.first(0, b"b", Kind::List), waiting.len()),
            (None, Some(3), 2)
        );
        waiting.add(7, 0, Kind::List, vec![key("b")]);
        assert_eq!(waiting.first(0, b"b", Kind::List), Some(3));
        waiting.add(8, 0, Kind::SortedSet, vec![key("b")]);
        assert_eq!(waiting.first(0, b"b", Kind::SortedSet), Some(8));
    }

    #[test]
    fn a_key_is_ready_once_and_only_where_somebody_waits() {
        let mut waiting = Waiting::default();
        waiting.touch(0, b"a");
        waiting.add(1, 0, Kind::List, vec![key("a")]);
        assert!(!waiting.has_ready());
        waiting.touch(0, b"a");
        waiting.touch_all(0);
        waiting.touch(1, b"a");
        assert_eq!(waiting.take_ready(), Some((0, key("a"))));
        assert_eq!(waiting.take_ready(), None);
        waiting.touch(0, b"a");
        assert!(waiting.has_ready());
        waiting.remove(1);
        assert!(waiting.databases.is_empty() && waiting.clients.is_empty());
    }
}
