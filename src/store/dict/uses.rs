//! When the entries of one segment were last used, or how often: a mark of 32 bits for each, which eviction reads.
//!
//! A mark is changed through a shared reference, so that reading an entry of a segment that a snapshot shares copies
//! nothing. A snapshot may therefore see later marks, which nobody minds. What a mark says is up to the owner of the
//! dict; a dict of entries that nobody evicts has none.

use super::{growth, room_for};
use crate::store::usage::allocated;
use std::sync::atomic::{AtomicU32, Ordering};

/// Marks by position in the segment; empty where there are none.
#[derive(Debug, Default)]
pub(super) struct Uses(Vec<AtomicU32>);

impl Uses {
    /// The mark of the entry at `index`.
    pub(super) fn get(&self, index: usize) -> u32 {
        self.0.get(index).map_or(0, |mark| mark.load(Ordering::Relaxed))
    }

    /// Marks the entry at `index`.
    pub(super) fn set(&self, index: usize, mark: u32) {
        if let Some(old) = self.0.get(index) {
            old.store(mark, Ordering::Relaxed);
        }
    }

    /// Makes room for an entry that comes in at `index`.
    pub(super) fn open(&mut self, index: usize) {
        self.0.reserve_exact(growth(&self.0));
        self.0.insert(index, AtomicU32::default());
    }

    /// Forgets the entry at `index`, which goes away.
    pub(super) fn close(&mut self, index: usize) {
        if index < self.0.len() {
            self.0.remove(index);
        }
    }

    /// Cuts off the marks from position `at` on.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        if self.0.is_empty() { Self::default() } else { Self(self.0.split_off(at)) }
    }

    /// Takes over the marks of a segment whose entries come to stand behind these.
    pub(super) fn append(&mut self, tail: Self) {
        self.0.extend(tail.0);
    }

    /// The memory of the marks, with the room for more.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(self.0.capacity() * size_of::<AtomicU32>())
    }

    /// Gives back room that so many entries do not need.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to(room_for(self.0.len()));
    }

    /// Whether there are marks for so many entries, or none at all.
    pub(super) fn is_sound(&self, entries: usize, is_marked: bool) -> bool {
        self.0.len() == if is_marked { entries } else { 0 }
    }
}

impl Clone for Uses {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|mark| AtomicU32::new(mark.load(Ordering::Relaxed))).collect())
    }
}
