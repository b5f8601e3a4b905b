//! `Dict`: the hash table under everything, in segments that are copied on write.
//!
//! Extendible hashing: a directory indexed by the leading bits of a keyed hash names segments of
//! at most [`SEGMENT_MAX_ENTRIES`] entries. A full segment splits alone and near-empty
//! neighbours merge, so no operation ever stops for a rehash. What follows from it:
//!
//! - **Snapshots.** Segments are `Arc`s, so a clone of the dict costs one reference count per
//!   segment, and later changes to a segment copy its hashes and what they change (`shared.rs`).
//! - **SCAN.** Entries are visited in hash order and the cursor is the next hash, so no growing
//!   or shrinking in between can lose or repeat an entry that stays.
//! - **Deadlines** lie with the segments (`deadlines.rs`), with the soonest one of each segment in
//!   one array: due entries are found by reading that array.
//!
//! Absent on purpose: clocks and random sources, and any opinion about what an entry is.

mod deadlines;
mod segment;
mod shared;
mod uses;
mod walk;
mod warm;

#[cfg(test)]
mod tests;

use super::random::Random;
use super::usage::extrapolated;
use ahash::RandomState;
use deadlines::NEVER_MS;
use segment::Segment;
use std::hash::{BuildHasher, Hasher};
use triomphe::Arc;

pub use walk::Iter;
pub use warm::WARM_GROUP_KEYS;

/// A segment with this many entries splits before the next one comes in.
pub const SEGMENT_MAX_ENTRIES: usize = 256;

/// Neighbours merge when they have no more entries than this together: far enough below the
/// maximum that the next insertion does not split them again.
const MERGE_MAX_ENTRIES: usize = SEGMENT_MAX_ENTRIES / 2;

/// How many segments are looked at to tell how much memory all of them take: those of neighbouring hashes are as full as
/// any others.
const MEASURED_SEGMENTS: usize = 64;

/// The least capacity a growing vector gets.
const MIN_ROOM: usize = 4;

/// Only the upper half of the hash is used; it is kept beside each entry.
const HASH_BITS: u32 = u32::BITS;

/// The secret that makes hashes unpredictable to clients; random for each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashKey(pub u64, pub u64);

impl HashKey {
    /// The four seeds that the hash function wants, two of them made from the two there are.
    fn expanded(self) -> RandomState {
        let HashKey(low, high) = self;
        let mut more = Random::new(low ^ high.rotate_left(u64::BITS / 2));
        RandomState::with_seeds(low, high, more.draw(), more.draw())
    }
}

/// What a dict can hold.
pub trait Held: Clone {
    /// Whether the dict keeps a mark of use for each entry, see `uses.rs`.
    const IS_MARKED: bool = false;
}

/// What a dict finds by itself: something with a name.
pub trait Keyed: Held {
    /// The bytes this entry is found by.
    fn key(&self) -> &[u8];

    /// Reads the entry itself, but nothing that it points to.
    fn touch(&self);
}

/// A hash table of `T`, see the module's page.
#[derive(Debug, Clone)]
pub struct Dict<T> {
    hash_key: HashKey,
    /// What [`Dict::hash_key`] is to the hash function.
    hashes: RandomState,
    /// The directory is indexed by this many leading bits of a hash.
    depth: u32,
    /// Which segment; neighbouring slots may name the same one.
    directory: Vec<u32>,
    segments: Vec<Arc<Segment<T>>>,
    /// For each segment, a time before which none of its entries is due.
    soonest_ms: Vec<u64>,
    len: usize,
    volatile_len: usize,
}

/// Where an entry stands, or would stand. Worthless after the dict was changed in any other way
/// than through `set`, `entry_mut` and `set_deadline` at a spot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    hash: u32,
    segment: u32,
    index: u32,
}

/// The outcome of looking for a key once: the spot serves the change that follows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seek {
    /// The entry stands here.
    Found(Spot),
    /// It would stand here.
    Vacant(Spot),
}

/// How much room to make in a vector before one element comes in: none while there is some, then
/// a quarter of the power of two below. Those are the sizes allocators have, and memory counts.
pub(super) fn growth<E>(vec: &Vec<E>) -> usize {
    if vec.len() < vec.capacity() {
        return 0;
    }
    room_for(vec.len() + 1) - vec.len()
}

/// The capacity a vector of `len` elements should have.
fn room_for(len: usize) -> usize {
    let step = (len.max(MIN_ROOM) / 4 + 1).next_power_of_two() / 2;
    len.div_ceil(step) * step
}

impl<T: Held> Dict<T> {
    /// An empty dict whose hashes depend on `hash_key`.
    pub fn new(hash_key: HashKey) -> Self {
        Dict {
            hash_key,
            hashes: hash_key.expanded(),
            depth: 0,
            directory: vec![0],
            segments: vec![Arc::new(Segment::new(0, 0))],
            soonest_ms: vec![NEVER_MS],
            len: 0,
            volatile_len: 0,
        }
    }

    /// The memory of the table without its entries: directory and segments.
    pub(super) fn frame_bytes(&self) -> usize {
        let segment = size_of::<Segment<T>>() + size_of::<Arc<Segment<T>>>() + size_of::<u64>();
        size_of_val(self.directory.as_slice()) + self.segments.len() * segment
    }

    /// The memory of the entries and their hashes, with the room for more; of many segments some are looked at.
    pub(super) fn room_bytes(&self) -> usize {
        let rooms = self.segments.iter().map(|segment| segment.room_bytes());
        extrapolated(self.segments.len(), MEASURED_SEGMENTS, rooms)
    }

    /// What the hashes depend on.
    pub(super) fn hash_key(&self) -> HashKey {
        self.hash_key
    }

    /// Number of entries, due ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of entries with a deadline.
    pub fn volatile_len(&self) -> usize {
        self.volatile_len
    }

    /// Hands all entries over and stays behind empty, so that they can be dropped elsewhere.
    pub fn take(&mut self) -> Self {
        let empty = Dict::new(self.hash_key);
        std::mem::replace(self, empty)
    }

    /// Looks among the entries with a hash for the one that `is_it` says yes to.
    pub(super) fn seek_hash(&self, hash: u32, mut is_it: impl FnMut(&T) -> bool) -> Seek {
        let number = self.directory[self.slot(hash)];
        let segment = &self.segments[number as usize];
        let first = segment.lower_bound(hash);
        let spot = |index: usize| Spot { hash, segment: number, index: index as u32 };
        match segment.same_hash(first, hash).find(|index| is_it(segment.entry(*index))) {
            Some(index) => Seek::Found(spot(index)),
            None => Seek::Vacant(spot(first)),
        }
    }

    pub(super) fn entry(&self, spot: Spot) -> &T {
        self.segments[spot.segment as usize].entry(spot.index as usize)
    }

    pub(super) fn entry_mut(&mut self, spot: Spot) -> &mut T {
        Segment::to_change(&mut self.segments[spot.segment as usize]).entry_mut(spot.index as usize)
    }

    /// Puts an entry at a vacant spot. Answers where it stands.
    pub(super) fn insert(&mut self, vacant: Spot, entry: T) -> Spot {
        let spot = if self.segments[vacant.segment as usize].is_full() {
            self.make_room(vacant.hash)
        } else {
            vacant
        };
        let segment = Segment::to_change(&mut self.segments[spot.segment as usize]);
        segment.insert(spot.index as usize, spot.hash, entry);
        self.len += 1;
        spot
    }

    /// Takes the entry and its deadline out.
    pub(super) fn remove_at(&mut self, spot: Spot) -> (T, Option<u64>) {
        let segment = Segment::to_change(&mut self.segments[spot.segment as usize]);
        let (entry, deadline_ms) = segment.remove(spot.index as usize);
        self.len -= 1;
        if deadline_ms.is_some() {
            self.volatile_len -= 1;
            self.forget_deadlines(spot.segment as usize);
        }
        self.merge(spot.hash);
        (entry, deadline_ms)
    }

    /// Notes that a segment has no deadline left, if that is so.
    fn forget_deadlines(&mut self, number: usize) {
        if self.segments[number].deadlines.len() == 0 {
            self.soonest_ms[number] = NEVER_MS;
        }
    }

    pub(super) fn deadline(&self, spot: Spot) -> Option<u64> {
        self.segments[spot.segment as usize].deadlines.get(spot.index as usize)
    }

    /// Whether the deadline has passed: Redis expires a key when `now` is later than its time.
    pub(super) fn is_due(&self, spot: Spot, now_ms: u64) -> bool {
        self.soonest_ms[spot.segment as usize] < now_ms
            && self.deadline(spot).is_some_and(|deadline_ms| deadline_ms < now_ms)
    }

    /// Sets or clears the deadline. Answers the old one.
    pub(super) fn set_deadline(&mut self, spot: Spot, deadline_ms: Option<u64>) -> Option<u64> {
        let number = spot.segment as usize;
        if deadline_ms.is_none() && self.soonest_ms[number] == NEVER_MS && self.deadline(spot).is_none() {
            return None;
        }
        let segment = Segment::to_change(&mut self.segments[number]);
        let old_ms = segment.deadlines.set(spot.index as usize, deadline_ms);
        self.volatile_len += usize::from(deadline_ms.is_some());
        self.volatile_len -= usize::from(old_ms.is_some());
        let soonest = &mut self.soonest_ms[number];
        *soonest = if segment.deadlines.len() == 0 {
            NEVER_MS
        } else {
            (*soonest).min(deadline_ms.unwrap_or(NEVER_MS))
        };
        old_ms
    }

    /// The mark of use of an entry; 0 when it is new.
    pub(super) fn mark(&self, spot: Spot) -> u32 {
        self.segments[spot.segment as usize].uses.get(spot.index as usize)
    }

    /// Changes the mark of use of an entry.
    pub(super) fn set_mark(&self, spot: Spot, mark: u32) {
        self.segments[spot.segment as usize].uses.set(spot.index as usize, mark);
    }

    /// The hash of a key; only the upper half is used.
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = self.hashes.build_hasher();
        hasher.write(key);
        (hasher.finish() >> HASH_BITS) as u32
    }

    fn slot(&self, hash: u32) -> usize {
        hash.checked_shr(HASH_BITS - self.depth).unwrap_or(0) as usize
    }

    /// Splits until the segment for `hash` has room. Answers the vacant spot in it.
    fn make_room(&mut self, hash: u32) -> Spot {
        loop {
            let number = self.directory[self.slot(hash)];
            let segment = &self.segments[number as usize];
            if !segment.is_full() {
                return Spot { hash, segment: number, index: segment.lower_bound(hash) as u32 };
            }
            self.split(number);
        }
    }

    fn split(&mut self, number: u32) {
        let lower = Segment::to_change(&mut self.segments[number as usize]);
        assert!(lower.depth < HASH_BITS, "256 keys share 32 bits of a keyed hash: there are not enough keys");
        let upper = lower.split();
        let (depth, prefix) = (upper.depth, upper.prefix);
        self.soonest_ms[number as usize] = lower.deadlines.soonest();
        self.soonest_ms.push(upper.deadlines.soonest());
        self.segments.push(Arc::new(upper));
        if depth > self.depth {
            self.directory = self.directory.iter().flat_map(|slot| [*slot, *slot]).collect();
            self.depth = depth;
        }
        self.point_to(prefix, depth, self.segments.len() as u32 - 1);
    }

    /// Lets the directory name segment `number` for all hashes that begin with `prefix`.
    fn point_to(&mut self, prefix: u32, depth: u32, number: u32) {
        let first = self.slot(prefix);
        self.directory[first..first + (1 << (self.depth - depth))].fill(number);
    }

    /// Merges the segment for `hash` with its neighbour while both are nearly empty. Answers the
    /// lowest number under which another segment stands now, `u32::MAX` when none does.
    fn merge(&mut self, hash: u32) -> u32 {
        let mut lowest = u32::MAX;
        while let Some((lower, upper)) = self.mergeable(hash) {
            lowest = lowest.min(lower).min(upper);
            let (segment, soonest_ms) = self.detach(upper);
            // Detaching moved the last segment into the gap, which may have been the lower one.
            let lower = if lower as usize == self.segments.len() { upper } else { lower };
            let number = lower as usize;
            let merged = Segment::to_change(&mut self.segments[number]);
            merged.merge(Arc::unwrap_or_clone(segment));
            self.soonest_ms[number] = self.soonest_ms[number].min(soonest_ms);
            let (prefix, depth) = (merged.prefix, merged.depth);
            self.point_to(prefix, depth, lower);
            self.halve();
        }
        lowest
    }

    /// The segment for `hash` and its neighbour, lower one first, where they should be one.
    fn mergeable(&self, hash: u32) -> Option<(u32, u32)> {
        let number = self.directory[self.slot(hash)];
        let segment = &self.segments[number as usize];
        if segment.depth == 0 || segment.len() > MERGE_MAX_ENTRIES / 2 {
            return None;
        }
        let bit = 1 << (HASH_BITS - segment.depth);
        let other = self.directory[self.slot(segment.prefix ^ bit)];
        let buddy = &self.segments[other as usize];
        if buddy.depth != segment.depth || buddy.len() + segment.len() > MERGE_MAX_ENTRIES {
            return None;
        }
        Some(if segment.prefix & bit == 0 { (number, other) } else { (other, number) })
    }

    /// Takes a segment out; the last one gets its number.
    fn detach(&mut self, number: u32) -> (Arc<Segment<T>>, u64) {
        let segment = self.segments.swap_remove(number as usize);
        let soonest_ms = self.soonest_ms.swap_remove(number as usize);
        if let Some(moved) = self.segments.get(number as usize) {
            let (prefix, depth) = (moved.prefix, moved.depth);
            self.point_to(prefix, depth, number);
        }
        (segment, soonest_ms)
    }

    /// Halves the directory while no segment needs its last bit.
    fn halve(&mut self) {
        while self.depth > 0 && self.directory.chunks_exact(2).all(|pair| pair[0] == pair[1]) {
            self.directory = self.directory.chunks_exact(2).map(|pair| pair[0]).collect();
            self.depth -= 1;
        }
    }
}

impl<T: Keyed> Dict<T> {
    /// The entry named `key`.
    pub fn get(&self, key: &[u8]) -> Option<&T> {
        match self.seek(key) {
            Seek::Found(spot) => Some(self.entry(spot)),
            Seek::Vacant(_) => None,
        }
    }

    /// The entry named `key`, to be changed in place; its key must stay the same.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut T> {
        match self.seek(key) {
            Seek::Found(spot) => Some(self.entry_mut(spot)),
            Seek::Vacant(_) => None,
        }
    }

    /// Puts an entry in and answers the one of the same key that it replaces. A deadline stays.
    pub fn replace(&mut self, entry: T) -> Option<T> {
        match self.seek(entry.key()) {
            Seek::Found(spot) => Some(std::mem::replace(self.entry_mut(spot), entry)),
            Seek::Vacant(spot) => {
                self.insert(spot, entry);
                None
            }
        }
    }

    /// Takes the entry named `key` out.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        match self.seek(key) {
            Seek::Found(spot) => Some(self.remove_at(spot).0),
            Seek::Vacant(_) => None,
        }
    }

    /// Looks for `key`, hashing it once.
    pub(super) fn seek(&self, key: &[u8]) -> Seek {
        self.seek_hashed(self.hash(key), key)
    }

    /// Looks for `key`, whose hash is known from a dict of the same [`HashKey`].
    pub(super) fn seek_hashed(&self, hash: u32, key: &[u8]) -> Seek {
        self.seek_hash(hash, |entry| entry.key() == key)
    }
}

impl Spot {
    /// The hash that stands, or would stand, here.
    pub(super) fn hash(self) -> u32 {
        self.hash
    }
}
