//! A leaf: some members in order, with their scores, in four flat arrays.
//!
//! The members lie one behind the other in one buffer, so a leaf is five allocations however many members it has,
//! copying one for a change beside a snapshot copies bytes and counts no references, and a range is read in the
//! order of memory. The hashes stand in an array of their own: comparing all of them finds a member without
//! reading any other.

use super::bounds::Cut;
use crate::store::dict::growth;
use crate::store::usage::{COUNT_BYTES, allocated};

/// A leaf with this many members is full.
pub(super) const LEAF_MAX_MEMBERS: usize = 128;

/// A leaf whose members have this many bytes together is full.
const LEAF_MAX_BYTES: usize = 4096;

/// A longer member stands alone in its leaf, so that nothing beside it ever moves it.
const SMALL_MEMBER_MAX_BYTES: usize = 512;

/// Neighbours become one when they have no more members, and no more of the bytes, than this together.
const MERGED_MAX_MEMBERS: usize = LEAF_MAX_MEMBERS * 3 / 4;

/// So many hashes are compared at once.
const HASHES_AT_ONCE: usize = 16;

/// Members in order of score and bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaf {
    scores: Vec<f64>,
    hashes: Vec<u32>,
    /// Where each member begins; only a member that stands alone can end beyond what fits here.
    starts: Vec<u16>,
    text: Vec<u8>,
}

impl Leaf {
    /// A leaf with one member.
    pub(super) fn of(hash: u32, score: f64, member: &[u8]) -> Self {
        Leaf { scores: vec![score], hashes: vec![hash], starts: vec![0], text: member.to_vec() }
    }

    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn score(&self, index: usize) -> f64 {
        self.scores[index]
    }

    pub(super) fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    pub(super) fn member(&self, index: usize) -> &[u8] {
        let end = self.starts.get(index + 1).map_or(self.text.len(), |start| usize::from(*start));
        &self.text[usize::from(self.starts[index])..end]
    }

    /// Where a member stands.
    pub(super) fn find(&self, hash: u32, member: &[u8]) -> Option<usize> {
        for (number, hashes) in self.hashes.chunks(HASHES_AT_ONCE).enumerate() {
            // Without a way out in between, so that it is a few instructions for all of them.
            if hashes.iter().fold(false, |found, other| found | (*other == hash)) {
                let from = number * HASHES_AT_ONCE;
                let found = (from..from + hashes.len())
                    .find(|index| self.hashes[*index] == hash && self.member(*index) == member);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// How many members stand before a cut.
    pub(super) fn before(&self, cut: &Cut<'_>) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if cut.is_behind(self.scores[middle], self.member(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether one more member of `len_bytes` can come in. Whoever is too long to share a leaf fits nowhere.
    pub(super) fn has_room(&self, len_bytes: usize) -> bool {
        !is_long(len_bytes)
            && !self.is_taken_by_one()
            && self.len() < LEAF_MAX_MEMBERS
            && self.text.len() + len_bytes <= LEAF_MAX_BYTES
    }

    pub(super) fn insert(&mut self, index: usize, hash: u32, score: f64, member: &[u8]) {
        self.scores.reserve_exact(growth(&self.scores));
        self.hashes.reserve_exact(growth(&self.hashes));
        self.starts.reserve_exact(growth(&self.starts));
        let at = self.starts.get(index).map_or(self.text.len(), |start| usize::from(*start));
        let old_end = self.text.len();
        if self.text.capacity() - old_end < member.len() {
            self.text.reserve_exact(member.len() + old_end / 8);
        }
        self.text.resize(old_end + member.len(), 0);
        self.text.copy_within(at..old_end, at + member.len());
        self.text[at..at + member.len()].copy_from_slice(member);
        self.starts.insert(index, at as u16);
        for start in &mut self.starts[index + 1..] {
            *start += member.len() as u16;
        }
        self.scores.insert(index, score);
        self.hashes.insert(index, hash);
    }

    /// Gives a member a score that leaves it where it stands.
    pub(super) fn set_score(&mut self, index: usize, score: f64) {
        self.scores[index] = score;
    }

    /// Whether a member would stay at its place with another score, judging by its neighbours in this leaf.
    pub(super) fn stays(&self, index: usize, score: f64) -> bool {
        if index == 0 || index + 1 >= self.len() {
            return false;
        }
        let cut = Cut::Member(score, self.member(index));
        cut.is_behind(self.scores[index - 1], self.member(index - 1))
            && !cut.is_behind(self.scores[index + 1], self.member(index + 1))
    }

    /// Takes `count` members out from `index` on.
    pub(super) fn remove(&mut self, index: usize, count: usize) {
        let at = usize::from(self.starts[index]);
        let end = self.starts.get(index + count).map_or(self.text.len(), |start| usize::from(*start));
        self.text.drain(at..end);
        self.starts.drain(index..index + count);
        for start in &mut self.starts[index..] {
            *start -= (end - at) as u16;
        }
        self.scores.drain(index..index + count);
        self.hashes.drain(index..index + count);
        if self.scores.capacity() > 2 * self.len() + HASHES_AT_ONCE {
            self.shrink();
        }
    }

    /// Where a full leaf is best split: in the middle of its bytes, so that both parts have room.
    pub(super) fn middle(&self) -> usize {
        let half = self.text.len() / 2;
        let middle = match self.text.is_empty() {
            true => self.len() / 2,
            false => self.starts.partition_point(|start| usize::from(*start) < half),
        };
        middle.clamp(1, self.len() - 1)
    }

    /// Cuts off the members from `index` on.
    pub(super) fn split_off(&mut self, index: usize) -> Leaf {
        let at = self.starts.get(index).map_or(self.text.len(), |start| usize::from(*start));
        let mut starts = self.starts.split_off(index);
        starts.iter_mut().for_each(|start| *start -= at as u16);
        let tail = Leaf {
            scores: self.scores.split_off(index),
            hashes: self.hashes.split_off(index),
            starts,
            text: self.text.split_off(at),
        };
        self.shrink();
        tail
    }

    /// Whether this leaf and the next would be a good single one.
    pub(super) fn merges_with(&self, next: &Leaf) -> bool {
        !self.is_taken_by_one()
            && !next.is_taken_by_one()
            && self.len() + next.len() <= MERGED_MAX_MEMBERS
            && self.text.len() + next.text.len() <= LEAF_MAX_BYTES * 3 / 4
    }

    /// Takes over the members of the next leaf.
    pub(super) fn append(&mut self, next: &Leaf) {
        let from = self.text.len() as u16;
        self.scores.extend(&next.scores);
        self.hashes.extend(&next.hashes);
        self.starts.extend(next.starts.iter().map(|start| start + from));
        self.text.extend(&next.text);
    }

    /// The memory it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(size_of::<Self>() + COUNT_BYTES)
            + allocated(self.scores.capacity() * size_of::<f64>())
            + allocated(self.hashes.capacity() * size_of::<u32>())
            + allocated(self.starts.capacity() * size_of::<u16>())
            + allocated(self.text.capacity())
    }

    /// Says what is wrong with this leaf.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        let len = self.len();
        if len == 0 || self.hashes.len() != len || self.starts.len() != len || self.starts[0] != 0 {
            return Err("a leaf of a sorted set is empty, or its arrays differ in length");
        }
        if !self.starts.is_sorted() || usize::from(self.starts[len - 1]) > self.text.len() {
            return Err("a leaf of a sorted set has members at wrong places");
        }
        let disordered = |index: &usize| {
            !Cut::Member(self.scores[*index], self.member(*index))
                .is_behind(self.scores[index - 1], self.member(index - 1))
        };
        if (1..len).any(|index| disordered(&index)) || self.scores.iter().any(|score| score.is_nan()) {
            return Err("the members of a sorted set are out of order");
        }
        if len > LEAF_MAX_MEMBERS || (0..len).any(|index| len > 1 && is_long(self.member(index).len())) {
            return Err("a leaf of a sorted set holds more than it may");
        }
        Ok(())
    }

    /// Whether a long member stands here alone.
    fn is_taken_by_one(&self) -> bool {
        self.len() == 1 && is_long(self.text.len())
    }

    fn shrink(&mut self) {
        self.scores.shrink_to_fit();
        self.hashes.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.text.shrink_to_fit();
    }
}

/// Whether a member of this length stands alone.
pub(super) fn is_long(len_bytes: usize) -> bool {
    len_bytes > SMALL_MEMBER_MAX_BYTES
}
