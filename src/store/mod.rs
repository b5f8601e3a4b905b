//! The store: all data, and nothing but data.
//!
//! Everything big is made of reference-counted chunks that are copied on write: the segments of a
//! [`Dict`], the values beside them, the chunks of a [`List`]. So a point-in-time [`Snapshot`] of a
//! database, or a clone of a value for a reply that takes its time, costs one reference count per
//! chunk, and the first change to a shared chunk afterwards copies that chunk alone. Big replies,
//! log rewrites and dumps read such a copy while the owner goes on, without fork.
//!
//! Here nothing reads a clock, draws a random number, touches a file or knows a protocol: times and
//! random bits are arguments, answers are facts.

mod build;
mod database;
mod dict;
mod entry;
mod error;
mod eviction;
mod glob;
mod hash;
mod list;
mod packed;
mod random;
mod set;
mod sorted_set;
mod string;
mod usage;
mod value;
mod varint;
mod verify;

#[cfg(test)]
mod tests;

pub use build::{Builder, HashBuilder, SetBuilder, SortedSetBuilder};
pub use database::{
    CollectionMut, Database, Deadline, Detached, Finding, HashMut, Item, Limits, ListMut, Measure,
    NEW_FREQUENCY, Purged, SetMut, Snapshot, SortedSetMut, Use,
};
pub use dict::{Dict, HashKey, Iter as DictIter, Keyed, SEGMENT_MAX_ENTRIES, WARM_GROUP_KEYS};
pub use error::StoreError;
pub use eviction::{Choice, Evictor, Order};
pub use glob::{glob_matches, glob_matches_nocase};
pub use hash::{FieldChange, Hash, HashIter, HashLimits};
pub use list::{List, ListBuilder, ListIter, ListLimits, ListNode, ListSlice, Side};
pub use packed::{Packed, PackedIter};
pub use random::Random;
pub use set::{Intset, Member, Set, SetIter, SetLimits};
pub use sorted_set::{
    LexBound, LexRange, ScoreChange, ScoreRange, SortedSet, SortedSetIter, SortedSetLimits, SortedSetSlice,
};
pub use string::{INT_TEXT_MAX_BYTES, IntText, NewString, StringRef, int_text_len, parse_int};
pub use value::{Collection, Kind, Stored, Value, ValueRef};
pub use verify::Broken;

use database::UseClock;
use std::sync::atomic::Ordering;

/// So many segments of a table are put in order by one call of [`Store::settle`]: less than a millisecond's work.
const SETTLED_AT_ONCE: usize = 1024;

/// The numbered databases.
#[derive(Debug, Clone)]
pub struct Store {
    databases: Vec<Database>,
    limits: Limits,
    clock: UseClock,
    holds_marks: bool,
}

impl Store {
    /// So many empty databases; `hash_key` should be random and stay secret.
    pub fn new(databases: usize, hash_key: HashKey) -> Self {
        let limits = Limits::default();
        let clock = UseClock::default();
        let mut databases: Vec<_> = (0..databases).map(|_| Database::new(hash_key, limits)).collect();
        databases.iter_mut().for_each(|database| database.set_use_clock(UseClock::clone(&clock)));
        Store { databases, limits, clock, holds_marks: false }
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.databases.len()
    }

    /// The database with this number, which is less than [`Store::databases`].
    pub fn db(&mut self, number: usize) -> &mut Database {
        &mut self.databases[number]
    }

    /// The database with this number, only to be read.
    pub fn db_ref(&self, number: usize) -> &Database {
        &self.databases[number]
    }

    /// How many keys were found past their deadline since the start.
    pub fn expired_keys(&self) -> u64 {
        self.iter().map(Database::expired_count).sum()
    }

    /// All databases in order.
    pub fn iter(&self) -> impl Iterator<Item = &Database> {
        self.databases.iter()
    }

    /// All databases in order, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Database> {
        self.databases.iter_mut()
    }

    /// Lets two databases change places, as `SWAPDB`.
    pub fn swap(&mut self, one: usize, other: usize) {
        self.databases.swap(one, other);
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets the limits for changes from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.iter_mut().for_each(|database| database.set_limits(limits));
    }

    /// Tells the time by which uses of keys are marked, Unix time in milliseconds.
    #[inline]
    pub fn set_clock(&mut self, now_ms: u64) {
        self.clock.store(now_ms, Ordering::Relaxed);
    }

    /// Has the marks of keys count this from now on.
    pub fn set_measure(&mut self, measure: Measure) {
        self.iter_mut().for_each(|database| database.set_measure(measure));
    }

    /// Whether uses of keys are not marked at present.
    #[inline]
    pub fn holds_marks(&self) -> bool {
        self.holds_marks
    }

    /// Says whether marks stay as they are from now on, whoever uses keys.
    pub fn hold_marks(&mut self, held: bool) {
        self.holds_marks = held;
        self.iter_mut().for_each(|database| database.hold_marks(held));
    }

    /// Whether new keys are noted from now on, for [`Database::report`].
    pub fn note_creations(&mut self, noted: bool) {
        self.iter_mut().for_each(|database| database.note_creations(noted));
    }

    /// Hands all keys over and stays behind empty.
    pub fn flush_all(&mut self) -> Vec<Snapshot> {
        self.iter_mut().map(Database::flush).collect()
    }

    /// Puts back what [`Store::flush_all`] or [`Store::snapshot`] answered, in the place of what is there.
    pub fn restore(&mut self, databases: Vec<Snapshot>) {
        self.iter_mut().zip(databases).for_each(|(database, contents)| database.restore(contents));
    }

    /// The contents of all databases at this moment.
    pub fn snapshot(&self) -> Vec<Snapshot> {
        self.iter().map(Database::snapshot).collect()
    }

    /// Whether a snapshot of any database lives: what is removed or changed meanwhile frees no memory.
    pub fn is_lent(&self) -> bool {
        self.iter().any(Database::is_lent)
    }

    /// How many keys there are in all databases.
    pub fn keys(&self) -> usize {
        self.iter().map(Database::len).sum()
    }

    /// What was changed while a snapshot lived takes more memory until it is changed again. When the snapshot is
    /// gone, this puts it in order: at `place`, the number of a database and of a part of it, and in some parts
    /// behind it. Begins at (0, 0); answers where to go on, `None` at the end.
    pub fn settle(&mut self, (number, part): (usize, usize)) -> Option<(usize, usize)> {
        match self.databases.get_mut(number)?.settle(part, SETTLED_AT_ONCE) {
            Some(part) => Some((number, part)),
            None => (number + 1 < self.databases.len()).then_some((number + 1, 0)),
        }
    }
}
