//! What is done with keys whatever they hold.

use super::{Database, Deadline, Detached, Item, item};
use crate::store::dict::{Keyed, Seek, Spot};
use crate::store::entry::Entry;
use crate::store::string::NewString;
use crate::store::value::Value;

/// How many keys past their deadline [`Database::random_key`] takes out before it looks at them in order.
const RANDOM_TRIES: usize = 100;

/// What [`Database::purge_due`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// So many keys were taken out.
    pub removed: usize,
    /// There may be more that are due.
    pub more: bool,
}

impl Database {
    /// Takes a key out.
    pub fn remove(&mut self, key: &[u8], now_ms: u64) -> Option<Detached> {
        let spot = self.find(key, now_ms)?;
        Some(self.detach(spot))
    }

    /// A copy of a key with its value and deadline; big values are shared until one is changed. To copy it is no use.
    pub fn duplicate(&mut self, key: &[u8], now_ms: u64) -> Option<Detached> {
        let spot = self.look(key, now_ms)?;
        let (entry, deadline_ms) = (self.dict.entry(spot).clone(), self.dict.deadline(spot));
        // A copy has not been used.
        Some(Detached { entry, deadline_ms, mark: None })
    }

    /// Puts something detached in under `key`, with its deadline. Answers what it replaces.
    ///
    /// With [`Database::remove`] and [`Database::duplicate`] this makes `RENAME`, `MOVE` and `COPY`, which count as the
    /// creation of the key even where they replace another.
    pub fn put(&mut self, key: &[u8], detached: Detached, now_ms: u64) -> Option<Detached> {
        let entry = if detached.key() == key { detached.entry } else { detached.entry.renamed(key) };
        let (spot, replaced) = self.place(entry, detached.deadline_ms, now_ms);
        if replaced.is_some() {
            self.mark_new(spot);
            self.tell_created(key);
        }
        if let Some(mark) = detached.mark {
            self.dict.set_mark(spot, mark);
        }
        replaced
    }

    /// Puts a whole value in under `key`. Answers what it replaces, which counts as one more use of the key. An empty
    /// collection is not put in: it only replaces.
    pub fn insert(
        &mut self,
        key: &[u8],
        value: Value,
        deadline_ms: Option<u64>,
        now_ms: u64,
    ) -> Option<Detached> {
        let entry = match value {
            empty if empty.as_ref().is_empty_collection() => return self.remove(key, now_ms),
            Value::String(bytes) => Entry::string(key, bytes.into()),
            other => Entry::value(key, other),
        };
        let (spot, replaced) = self.place(entry, deadline_ms, now_ms);
        if replaced.is_some() {
            self.mark_use(spot);
        }
        replaced
    }

    /// Puts a whole value in under a new key, as loading a file does: whatever its deadline. Answers false, and
    /// changes nothing, if the key is there already or a collection is empty.
    pub fn add_value(&mut self, key: &[u8], value: Value, deadline_ms: Option<u64>) -> bool {
        match value {
            empty if empty.as_ref().is_empty_collection() => false,
            Value::String(bytes) => self.add_string(key, bytes.into(), deadline_ms),
            other => self.add_entry(key, deadline_ms, || Entry::value(key, other)),
        }
    }

    /// [`Database::add_value`] for a string, which costs no more than the key's own memory.
    pub fn add_string(&mut self, key: &[u8], value: NewString<'_>, deadline_ms: Option<u64>) -> bool {
        self.add_entry(key, deadline_ms, || Entry::string(key, value))
    }

    fn add_entry(&mut self, key: &[u8], deadline_ms: Option<u64>, entry: impl FnOnce() -> Entry) -> bool {
        match self.dict.seek(key) {
            Seek::Found(_) => false,
            Seek::Vacant(spot) => {
                let spot = self.dict.insert(spot, entry());
                self.mark_new(spot);
                self.apply(spot, deadline_ms.map_or(Deadline::Clear, Deadline::At));
                true
            }
        }
    }

    /// The deadline of a key: outside whether the key is there, inside whether it has one, as Unix
    /// time in milliseconds.
    pub fn deadline(&mut self, key: &[u8], now_ms: u64) -> Option<Option<u64>> {
        let spot = self.look(key, now_ms)?;
        Some(self.dict.deadline(spot))
    }

    /// Gives a key a deadline, also one that has passed. Answers whether the key is there.
    pub fn set_deadline(&mut self, key: &[u8], deadline_ms: u64, now_ms: u64) -> bool {
        let spot = self.find(key, now_ms);
        spot.inspect(|spot| {
            self.dict.set_deadline(*spot, Some(deadline_ms));
        })
        .is_some()
    }

    /// Takes a key's deadline away. Answers whether it had one.
    pub fn persist(&mut self, key: &[u8], now_ms: u64) -> bool {
        let spot = self.find(key, now_ms);
        spot.and_then(|spot| self.dict.set_deadline(spot, None)).is_some()
    }

    /// A key picked nearly uniformly with random bits from `random`, as `RANDOMKEY`. Where
    /// nearly every key is past its deadline it is some key that is not.
    pub fn random_key(&mut self, mut random: impl FnMut() -> u64, now_ms: u64) -> Option<&[u8]> {
        for _ in 0..RANDOM_TRIES {
            let spot = self.dict.random_spot(&mut random)?;
            if !self.dict.is_due(spot, now_ms) {
                return Some(self.dict.entry(spot).key());
            }
            let detached = self.detach(spot);
            self.note_expired(detached);
        }
        self.iter(now_ms).next().map(|item| item.key)
    }

    /// Visits keys from `cursor` on as [`Dict::scan`](crate::store::Dict::scan) does, without those
    /// past their deadline.
    pub fn scan(&self, cursor: u64, count: usize, now_ms: u64, mut visit: impl FnMut(Item<'_>)) -> u64 {
        self.dict.scan(cursor, count, |entry, deadline_ms| {
            if deadline_ms.is_none_or(|deadline_ms| deadline_ms >= now_ms) {
                visit(item((entry, deadline_ms)));
            }
        })
    }

    /// All keys, without those past their deadline.
    pub fn iter(&self, now_ms: u64) -> impl Iterator<Item = Item<'_>> {
        let visible = move |item: &Item<'_>| item.deadline_ms.is_none_or(|deadline_ms| deadline_ms >= now_ms);
        self.dict.iter().map(item).filter(visible)
    }

    /// Takes keys past their deadline out, at most `budget` of them.
    pub fn purge_due(&mut self, now_ms: u64, budget: usize) -> Purged {
        let before = self.expired.len();
        let expired = &mut self.expired;
        let more = self.dict.purge_due(now_ms, budget, |entry, deadline_ms| {
            expired.push(Detached { entry, deadline_ms: Some(deadline_ms), mark: None });
        });
        let removed = self.expired.len() - before;
        self.expired_count += removed as u64;
        Purged { removed, more }
    }

    /// A Unix time in milliseconds up to which no key is past its deadline; `None` when there is
    /// no deadline. Keys that went early can make it too early, until the next purge.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.dict.soonest_ms()
    }

    /// Puts an entry where its key belongs, with the mark of what it replaces.
    fn place(&mut self, entry: Entry, deadline_ms: Option<u64>, now_ms: u64) -> (Spot, Option<Detached>) {
        let deadline = deadline_ms.map_or(Deadline::Clear, Deadline::At);
        match self.seek_unmarked(entry.key(), now_ms) {
            Seek::Found(spot) => (spot, Some(self.overwrite(spot, entry, deadline))),
            Seek::Vacant(vacant) => (self.add(vacant, entry, deadline), None),
        }
    }
}
