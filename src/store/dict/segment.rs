//! One segment of a dict: a small array in hash order.
//!
//! The upper halves of the hashes stand in an array of their own. Hashes are uniform, so where a
//! hash stands can be computed to within a few places: a look-up reads one or two cache lines of
//! hashes and then the one entry. Against a bucket table this needs no free slots (growth is by
//! an eighth), splits without hashing anything, and is in scan order already.
//! The price, moving half a segment on insertion, is bounded by [`SEGMENT_MAX_ENTRIES`].

use super::deadlines::Deadlines;
use super::shared::Borrowed;
use super::uses::Uses;
use super::{HASH_BITS, Held, SEGMENT_MAX_ENTRIES, growth, room_for};
use crate::store::usage::allocated;

/// How many hashes are compared at once around the place where a hash should stand.
const WINDOW: usize = 32;

/// Entries whose hashes begin with the same `depth` bits, in hash order.
///
/// In this order so that a look-up reads one cache line of it.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Segment<T> {
    pub(super) hashes: Vec<u32>,
    /// In the order of the hashes; while some are borrowed, the own ones in any order.
    pub(super) entries: Vec<T>,
    /// How many leading bits the hashes here have in common.
    pub(super) depth: u32,
    /// Those bits, at the upper end; zeros below.
    pub(super) prefix: u32,
    /// Where the other entries are while a snapshot has them.
    pub(super) borrowed: Option<Box<Borrowed<T>>>,
    pub(super) deadlines: Deadlines,
    pub(super) uses: Uses,
}

impl<T> Segment<T> {
    /// An empty segment.
    pub(super) fn new(depth: u32, prefix: u32) -> Self {
        let (hashes, entries) = (Vec::new(), Vec::new());
        let (deadlines, uses) = (Deadlines::default(), Uses::default());
        Segment { hashes, entries, depth, prefix, borrowed: None, deadlines, uses }
    }

    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The memory of entries, hashes and marks, with the room for more; what a snapshot lent is counted as if it were back.
    pub(super) fn room_bytes(&self) -> usize {
        let entries = self.entries.capacity().max(self.len());
        let hashes = allocated(self.hashes.capacity() * size_of::<u32>());
        hashes + allocated(entries * size_of::<T>()) + self.uses.heap_bytes()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= SEGMENT_MAX_ENTRIES
    }

    pub(super) fn hash(&self, index: usize) -> u32 {
        self.hashes[index]
    }

    pub(super) fn entry(&self, index: usize) -> &T {
        match &self.borrowed {
            None => &self.entries[index],
            Some(borrowed) => borrowed.entry(&self.entries, index),
        }
    }

    /// The first entry whose hash is not below `hash`.
    pub(super) fn first_from(&self, hash: u32) -> Option<&T> {
        let index = self.lower_bound(hash);
        (index < self.len()).then(|| self.entry(index))
    }

    pub(super) fn entry_mut(&mut self, index: usize) -> &mut T
    where
        T: Clone,
    {
        match &mut self.borrowed {
            None => &mut self.entries[index],
            Some(borrowed) => borrowed.entry_mut(&mut self.entries, index),
        }
    }

    /// The place of the first entry whose hash is not below `hash`.
    pub(super) fn lower_bound(&self, hash: u32) -> usize {
        let len = self.hashes.len();
        let below_prefix = hash.checked_shl(self.depth).unwrap_or(0);
        let guess = ((u64::from(below_prefix) * len as u64) >> HASH_BITS) as usize;
        let from = guess.saturating_sub(WINDOW / 2).min(len.saturating_sub(WINDOW));
        let Some(window) = self.hashes.get(from..from + WINDOW) else {
            return self.hashes.iter().map(|other| usize::from(*other < hash)).sum();
        };
        let below = window.iter().map(|other| u32::from(*other < hash)).sum::<u32>() as usize;
        let sure_above = below > 0 || from == 0;
        let sure_below = below < WINDOW || from + WINDOW == len;
        if sure_above && sure_below {
            return from + below;
        }
        self.hashes.partition_point(|other| *other < hash)
    }

    /// The places from `index` on whose hash is `hash`.
    pub(super) fn same_hash(&self, index: usize, hash: u32) -> impl Iterator<Item = usize> + '_ {
        (index..self.len()).take_while(move |index| self.hashes[*index] == hash)
    }

    pub(super) fn insert(&mut self, index: usize, hash: u32, entry: T)
    where
        T: Held,
    {
        self.hashes.reserve_exact(growth(&self.hashes));
        self.hashes.insert(index, hash);
        if let Some(borrowed) = &mut self.borrowed {
            borrowed.insert(&mut self.entries, index, entry);
        } else {
            self.entries.reserve_exact(growth(&self.entries));
            self.entries.insert(index, entry);
        }
        self.deadlines.open(index);
        if T::IS_MARKED {
            self.uses.open(index);
        }
    }

    pub(super) fn remove(&mut self, index: usize) -> (T, Option<u64>)
    where
        T: Clone,
    {
        self.hashes.remove(index);
        let entry = match &mut self.borrowed {
            None => self.entries.remove(index),
            Some(borrowed) => borrowed.remove(&mut self.entries, index),
        };
        let deadline_ms = self.deadlines.close(index);
        self.uses.close(index);
        if self.entries.capacity() > 2 * self.len() + 8 {
            self.shrink();
        }
        (entry, deadline_ms)
    }

    /// Splits off the entries whose next bit is set.
    pub(super) fn split(&mut self) -> Segment<T>
    where
        T: Clone,
    {
        self.settle();
        let bit = 1 << (HASH_BITS - 1 - self.depth);
        let at = self.lower_bound(self.prefix | bit);
        self.depth += 1;
        let upper = Segment {
            depth: self.depth,
            prefix: self.prefix | bit,
            borrowed: None,
            hashes: self.hashes.split_off(at),
            entries: self.entries.split_off(at),
            deadlines: self.deadlines.split_off(at),
            uses: self.uses.split_off(at),
        };
        self.shrink();
        upper
    }

    /// Takes over the entries of the segment that differs in the last common bit only.
    pub(super) fn merge(&mut self, mut upper: Segment<T>)
    where
        T: Clone,
    {
        self.settle();
        upper.settle();
        self.deadlines.append(&upper.deadlines, self.len());
        self.uses.append(upper.uses);
        self.hashes.extend(upper.hashes);
        self.entries.extend(upper.entries);
        self.depth -= 1;
    }

    /// Says what is wrong with this segment.
    pub(super) fn verify(&self) -> Result<(), &'static str>
    where
        T: Held,
    {
        let ours = |hash: &u32| self.depth == 0 || (hash ^ self.prefix) >> (HASH_BITS - self.depth) == 0;
        let complete = match &self.borrowed {
            None => self.entries.len() == self.len(),
            Some(borrowed) => borrowed.is_sound(&self.entries, self.len()),
        };
        if !complete || self.len() > SEGMENT_MAX_ENTRIES {
            return Err("a segment has a wrong number of entries");
        }
        if !self.hashes.is_sorted() || !self.hashes.iter().all(ours) {
            return Err("a segment has an entry in the wrong place");
        }
        if !self.uses.is_sound(self.len(), T::IS_MARKED) {
            return Err("a segment has a wrong number of marks");
        }
        self.deadlines.verify(self.len())
    }

    fn shrink(&mut self) {
        let room = room_for(self.len());
        self.hashes.shrink_to(room);
        self.entries.shrink_to(room);
        self.uses.shrink();
    }
}
