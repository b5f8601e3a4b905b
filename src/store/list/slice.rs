//! Elements of a list as they were at one moment, read chunk by chunk at leisure.
//!
//! Big replies are made of this: it shares the chunks it needs with the list and lets go of each once it is
//! read, so taking one costs a reference count per chunk, and what becomes of the list meanwhile is no matter.

use super::chunks::{Chunk, ChunksIter};
use super::{List, Repr, Side};
use crate::store::string::StringRef;
use std::collections::VecDeque;
use triomphe::Arc;

/// Consecutive elements of a list, beginning at either end of the slice.
#[derive(Debug, Clone)]
pub struct ListSlice {
    chunks: VecDeque<Arc<Chunk>>,
    /// Elements of the next chunk that do not belong to the slice.
    skip: usize,
    /// Elements that were not read yet.
    left: usize,
    /// Where reading begins.
    side: Side,
}

impl List {
    /// `count` elements from index `start` on, as far as they are there, to be read from `side`.
    pub fn slice(&self, start: usize, count: usize, side: Side) -> ListSlice {
        let start = start.min(self.len());
        let left = count.min(self.len() - start);
        let edge = match side {
            Side::Front => start,
            Side::Back => (start + left).saturating_sub(1),
        };
        let (chunks, skip) = match &self.0 {
            _ if left == 0 => (VecDeque::new(), 0),
            Repr::Packed(packed) => {
                let skip = if side == Side::Front { edge } else { self.len() - 1 - edge };
                (VecDeque::from([Arc::new(Chunk::Packed(packed.clone()))]), skip)
            }
            Repr::Quick(chunks) => chunks.around(start, left, side),
        };
        ListSlice { chunks, skip, left, side }
    }
}

impl ListSlice {
    /// How many elements are still to be read.
    pub fn len(&self) -> usize {
        self.left
    }

    /// Whether all elements were read.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Visits the elements of the next chunk, a few kilobytes unless one element alone is bigger.
    pub fn visit_chunk(&mut self, visit: impl FnMut(StringRef<'_>)) {
        let next = match self.side {
            Side::Front => self.chunks.pop_front(),
            Side::Back => self.chunks.pop_back(),
        };
        let Some(chunk) = next else { return };
        let skip = std::mem::take(&mut self.skip);
        let count = self.left.min(chunk.len() - skip);
        self.left -= count;
        ChunksIter::of(&chunk, skip, self.side).take(count).for_each(visit);
    }
}
