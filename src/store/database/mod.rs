//! `Database`: keys, their values and deadlines.
//!
//! Facts go out, never replies. A key whose deadline has passed is never visible: whoever comes
//! across it takes it out and notes it in a list that the owner drains ([`Database::take_expired`]),
//! so that the log and keyspace events hear of it. Each access hashes the key once.
//! Absent on purpose: the clock. `now_ms` is Unix time in milliseconds.

mod findings;
mod guards;
mod keys;
mod strings;
mod uses;

#[cfg(test)]
mod tests;

use super::build::Builder;
use super::dict::{Dict, HashKey, Keyed, Seek, Spot};
use super::entry::Entry;
use super::error::StoreError;
use super::hash::HashLimits;
use super::list::ListLimits;
use super::set::SetLimits;
use super::sorted_set::SortedSetLimits;
use super::string::StringRef;
use super::value::{Kind, Value, ValueRef};
use findings::Findings;
use std::sync::Arc;

pub use findings::Finding;
pub use guards::{CollectionMut, HashMut, ListMut, SetMut, SortedSetMut};
pub use keys::Purged;
pub(super) use uses::UseClock;
use uses::Uses;
pub use uses::{Measure, NEW_FREQUENCY, Use};

/// When collections leave their packed form; settable at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// For hashes.
    pub hash: HashLimits,
    /// For lists.
    pub list: ListLimits,
    /// For sets.
    pub set: SetLimits,
    /// For sorted sets.
    pub sorted_set: SortedSetLimits,
}

/// What becomes of a key's deadline when its value is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// It stays, if there was one.
    Keep,
    /// It goes.
    Clear,
    /// It becomes this Unix time in milliseconds.
    At(u64),
}

/// A key with its value and deadline, outside the database: to be put back under another name or
/// into another database, to be read, or to be dropped where that disturbs nobody.
#[derive(Debug, Clone)]
pub struct Detached {
    entry: Entry,
    deadline_ms: Option<u64>,
    /// Its mark of use, if that goes with it.
    mark: Option<u32>,
}

/// A key that may be evicted, where it stands; valid until the next change.
pub(super) struct Evictable {
    spot: Spot,
    pub(super) mark: u32,
    pub(super) deadline_ms: Option<u64>,
}

/// One key as it is read.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Its value.
    pub value: ValueRef<'a>,
    /// Its deadline as Unix time in milliseconds.
    pub deadline_ms: Option<u64>,
}

/// The contents of a database at one moment: cheap to take, unmoved by what happens later, and
/// free to be read or dropped on another thread.
#[derive(Debug, Clone)]
pub struct Snapshot {
    dict: Dict<Entry>,
    uses: Uses,
    /// As long as it is there, [`Database::is_lent`] says yes.
    _loan: Arc<()>,
}

/// One numbered database.
#[derive(Debug, Clone)]
pub struct Database {
    dict: Dict<Entry>,
    hash_key: HashKey,
    limits: Limits,
    expired: Vec<Detached>,
    expired_count: u64,
    findings: Findings,
    uses: Uses,
    /// Every snapshot has a share of it.
    lent: Arc<()>,
}

impl Database {
    /// An empty database.
    pub fn new(hash_key: HashKey, limits: Limits) -> Self {
        Database {
            dict: Dict::new(hash_key),
            hash_key,
            limits,
            expired: Vec::new(),
            expired_count: 0,
            findings: Findings::default(),
            uses: Uses::new(UseClock::default()),
            lent: Arc::default(),
        }
    }

    /// Number of keys, those past their deadline included until they are found; as `DBSIZE`.
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// Number of keys with a deadline.
    pub fn volatile_len(&self) -> usize {
        self.dict.volatile_len()
    }

    /// The value of a key.
    pub fn get(&mut self, key: &[u8], now_ms: u64) -> Option<ValueRef<'_>> {
        let spot = self.find(key, now_ms)?;
        Some(self.dict.entry(spot).read())
    }

    /// The value of a key for somebody whose look at it is no use of it.
    pub fn get_unmarked(&mut self, key: &[u8], now_ms: u64) -> Option<ValueRef<'_>> {
        let spot = self.look(key, now_ms)?;
        Some(self.dict.entry(spot).read())
    }

    /// The value of a key, without taking it out when it is past its deadline.
    pub fn peek(&self, key: &[u8], now_ms: u64) -> Option<ValueRef<'_>> {
        match self.dict.seek(key) {
            Seek::Found(spot) if !self.dict.is_due(spot, now_ms) => Some(self.dict.entry(spot).read()),
            _ => None,
        }
    }

    /// Fetches what look-ups of these keys will read, for all of them together: worth it before a
    /// batch of commands when the database is bigger than the processor's caches.
    pub fn warm<'k>(&self, keys: impl IntoIterator<Item = &'k [u8]>) {
        self.dict.warm(keys);
    }

    /// Whether the key is there.
    pub fn contains(&mut self, key: &[u8], now_ms: u64) -> bool {
        self.look(key, now_ms).is_some()
    }

    /// The type of the value.
    pub fn kind(&mut self, key: &[u8], now_ms: u64) -> Option<Kind> {
        self.get(key, now_ms).map(|value| value.kind())
    }

    /// The name `OBJECT ENCODING` answers.
    pub fn encoding(&mut self, key: &[u8], now_ms: u64) -> Option<&'static str> {
        let spot = self.look(key, now_ms)?;
        Some(self.dict.entry(spot).encoding())
    }

    /// The string at a key.
    pub fn string(&mut self, key: &[u8], now_ms: u64) -> Result<Option<StringRef<'_>>, StoreError> {
        match self.get(key, now_ms) {
            Some(ValueRef::String(string)) => Ok(Some(string)),
            None => Ok(None),
            Some(_) => Err(StoreError::WrongType),
        }
    }

    /// What makes values for this database to take in with [`Database::insert`].
    pub fn builder(&self) -> Builder {
        Builder::new(self.limits, self.hash_key)
    }

    /// Sets the limits for changes from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Hands all keys over and stays behind empty.
    pub fn flush(&mut self) -> Snapshot {
        Snapshot { dict: self.dict.take(), uses: self.uses.clone(), _loan: Arc::default() }
    }

    /// Has these contents in the place of its own.
    pub(super) fn restore(&mut self, contents: Snapshot) {
        self.dict = contents.dict;
    }

    /// The contents at this moment, for one reference count per segment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { dict: self.dict.clone(), uses: self.uses.clone(), _loan: Arc::clone(&self.lent) }
    }

    /// Whether a snapshot of the contents lives.
    pub(super) fn is_lent(&self) -> bool {
        Arc::strong_count(&self.lent) > 1
    }

    /// Takes back memory that changes during a snapshot cost, once the snapshot is gone; see [`Store::settle`].
    ///
    /// [`Store::settle`]: crate::store::Store::settle
    pub(super) fn settle(&mut self, from: usize, count: usize) -> Option<usize> {
        self.dict.settle(from, count)
    }

    /// How many keys were found past their deadline since the start.
    pub fn expired_count(&self) -> u64 {
        self.expired_count
    }

    /// The keys found past their deadline since the last call. To be called after every command.
    pub fn take_expired(&mut self) -> Vec<Detached> {
        self.findings.told = 0;
        std::mem::take(&mut self.expired)
    }

    pub(super) fn verify_table(&self) -> Result<(), &'static str> {
        self.dict.verify()
    }

    /// What is wrong with each key's value.
    pub(super) fn verify_values(&self) -> impl Iterator<Item = (&[u8], Result<(), &'static str>)> {
        self.dict.iter().map(|(entry, _)| (entry.key(), entry.verify()))
    }

    /// Where the key stands, unless it is past its deadline.
    fn find(&mut self, key: &[u8], now_ms: u64) -> Option<Spot> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => Some(spot),
            Seek::Vacant(_) => None,
        }
    }

    /// The same for somebody whose look at the key is no use of it.
    fn look(&mut self, key: &[u8], now_ms: u64) -> Option<Spot> {
        match self.seek_unmarked(key, now_ms) {
            Seek::Found(spot) => Some(spot),
            Seek::Vacant(_) => None,
        }
    }

    fn seek(&mut self, key: &[u8], now_ms: u64) -> Seek {
        match self.dict.seek(key) {
            Seek::Found(spot) if !self.dict.is_due(spot, now_ms) => {
                self.mark_use(spot);
                Seek::Found(spot)
            }
            Seek::Found(_) => self.seek_unmarked(key, now_ms),
            vacant => vacant,
        }
    }

    fn seek_unmarked(&mut self, key: &[u8], now_ms: u64) -> Seek {
        match self.dict.seek(key) {
            Seek::Found(spot) if self.dict.is_due(spot, now_ms) => {
                let detached = self.detach(spot);
                self.note_expired(detached);
                self.dict.seek(key)
            }
            seek => seek,
        }
    }

    /// The entry of a key and its deadline.
    pub(super) fn entry_of(&mut self, key: &[u8], now_ms: u64) -> Option<(&Entry, Option<u64>)> {
        let spot = self.look(key, now_ms)?;
        Some((self.dict.entry(spot), self.dict.deadline(spot)))
    }

    pub(super) fn table_frame_bytes(&self) -> usize {
        self.dict.frame_bytes()
    }

    fn find_or_insert(&mut self, key: &[u8], now_ms: u64, value: impl FnOnce() -> Value) -> Spot {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => spot,
            Seek::Vacant(spot) => self.insert_at(spot, Entry::value(key, value())),
        }
    }

    fn detach(&mut self, spot: Spot) -> Detached {
        let mark = Some(self.dict.mark(spot));
        let (entry, deadline_ms) = self.dict.remove_at(spot);
        Detached { entry, deadline_ms, mark }
    }

    /// A key that may be evicted: it is still there, and has the deadline that it may have to have.
    pub(super) fn find_evictable(&self, key: &[u8], only_volatile: bool) -> Option<Evictable> {
        let Seek::Found(spot) = self.dict.seek(key) else { return None };
        let (mark, deadline_ms) = (self.dict.mark(spot), self.dict.deadline(spot));
        (!only_volatile || deadline_ms.is_some()).then_some(Evictable { spot, mark, deadline_ms })
    }

    /// Some key that may be evicted, each with the same probability as far as `tries` are enough for that.
    pub(super) fn any_evictable(
        &self,
        mut random: impl FnMut() -> u64,
        only_volatile: bool,
        tries: usize,
    ) -> Option<Evictable> {
        if self.dict.is_empty() || only_volatile && self.dict.volatile_len() == 0 {
            return None;
        }
        for _ in 0..tries {
            let spot = self.dict.random_spot(&mut random)?;
            let (mark, deadline_ms) = (self.dict.mark(spot), self.dict.deadline(spot));
            if !only_volatile || deadline_ms.is_some() {
                return Some(Evictable { spot, mark, deadline_ms });
            }
        }
        let mut key = None;
        self.sample(random(), 1, only_volatile, |entry, _, _| key = Some(Box::from(entry.key())));
        key.and_then(|key: Box<[u8]>| self.find_evictable(&key, only_volatile))
    }

    /// Takes out a key that was found and is evicted.
    pub(super) fn take(&mut self, found: Evictable) -> Detached {
        self.detach(found.spot)
    }

    /// Looks at some keys picked by random bits, see [`Dict::sample`], with their marks of use.
    pub(super) fn sample(
        &self,
        random: u64,
        count: usize,
        only_volatile: bool,
        visit: impl FnMut(&Entry, u32, Option<u64>),
    ) {
        self.dict.sample(random as u32, count, only_volatile, visit);
    }

    /// Has this clock tell when a key is used.
    pub(super) fn set_use_clock(&mut self, clock: UseClock) {
        self.uses = Uses::new(clock);
    }

    fn note_expired(&mut self, detached: Detached) {
        self.expired_count += 1;
        self.expired.push(detached);
    }
}

impl Snapshot {
    /// Number of keys, those past their deadline included.
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// Number of keys with a deadline.
    pub fn volatile_len(&self) -> usize {
        self.dict.volatile_len()
    }

    /// All keys, those past their deadline included.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        self.dict.iter().map(item)
    }

    /// The same with how each is used.
    pub fn iter_with_uses(&self) -> impl Iterator<Item = (Item<'_>, Use)> {
        self.dict.iter_with_marks().map(|(entry, mark)| (item(entry), self.uses.of(mark)))
    }

    /// Visits keys from `cursor` on as [`Database::scan`] does.
    pub fn scan(&self, cursor: u64, count: usize, now_ms: u64, mut visit: impl FnMut(Item<'_>)) -> u64 {
        self.dict.scan(cursor, count, |entry, deadline_ms| {
            if deadline_ms.is_none_or(|deadline_ms| deadline_ms >= now_ms) {
                visit(item((entry, deadline_ms)));
            }
        })
    }

    /// The value of a key, whatever its deadline.
    pub fn get(&self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.dict.get(key).map(Entry::read)
    }
}

impl Detached {
    /// The key.
    pub fn key(&self) -> &[u8] {
        self.entry.key()
    }

    /// The value.
    pub fn value(&self) -> ValueRef<'_> {
        self.entry.read()
    }

    /// The deadline as Unix time in milliseconds.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.deadline_ms
    }

    /// The memory it holds, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.entry.heap_bytes(MEMORY_SAMPLES)
    }

    /// Whether dropping it may take long enough to be worth doing elsewhere.
    pub fn is_big(&self) -> bool {
        match self.value() {
            ValueRef::String(string) => string.len() >= BIG_STRING_MIN_BYTES,
            other => other.elements().is_some_and(|len| len >= BIG_COLLECTION_MIN_LEN),
        }
    }
}

/// Returning this much memory at once takes the operating system's help.
const BIG_STRING_MIN_BYTES: usize = 1 << 20;

/// So many elements of a collection are measured for all of them.
const MEMORY_SAMPLES: usize = 5;

/// As Redis's `LAZYFREE_THRESHOLD`: more parts than this are worth another thread.
const BIG_COLLECTION_MIN_LEN: usize = 64;

fn item<'a>((entry, deadline_ms): (&'a Entry, Option<u64>)) -> Item<'a> {
    Item { key: entry.key(), value: entry.read(), deadline_ms }
}
