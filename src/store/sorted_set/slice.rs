//! A part of a sorted set for its own, to be read while the set changes.

use super::leaf::Leaf;
use super::tree::Tree;
use super::{Repr, SortedSet, small};
use crate::store::packed::Packed;
use crate::store::string::StringRef;
use std::collections::VecDeque;
use std::ops::Range;
use triomphe::Arc;

/// The members of some ranks, shared with the sorted set until that changes: taking it costs a reference count per
/// leaf. It is read from its first member on, which is the highest if it goes backwards.
#[derive(Debug)]
pub struct SortedSetSlice {
    parts: VecDeque<Part>,
    len: usize,
    backward: bool,
}

#[derive(Debug)]
struct Part {
    content: Content,
    /// What of it belongs to the slice.
    places: Range<usize>,
}

#[derive(Debug)]
enum Content {
    Leaf(Arc<Leaf>),
    Packed(Packed),
}

impl SortedSet {
    /// The members of these ranks as far as they are there, from the lowest on or backwards.
    pub fn slice(&self, ranks: Range<usize>, backward: bool) -> SortedSetSlice {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        let len = ranks.len();
        let parts = match &self.0 {
            Repr::Packed(packed) => {
                VecDeque::from([Part { content: Content::Packed(packed.clone()), places: ranks }])
            }
            Repr::Tree(tree) => leaves(tree, ranks),
        };
        SortedSetSlice { parts, len, backward }
    }
}

fn leaves(tree: &Tree, ranks: Range<usize>) -> VecDeque<Part> {
    let part = |(leaf, places): (&Arc<Leaf>, _)| Part { content: Content::Leaf(Arc::clone(leaf)), places };
    tree.leaves_of(ranks).map(part).collect()
}

impl SortedSetSlice {
    /// How many members have not been read.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether all members have been read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads some more members, a leaf of them.
    pub fn visit_some(&mut self, mut visit: impl FnMut(StringRef<'_>, f64)) {
        let part = if self.backward { self.parts.pop_back() } else { self.parts.pop_front() };
        let Some(Part { content, places }) = part else { return };
        self.len -= places.len();
        match content {
            Content::Packed(packed) => {
                small::pairs(&packed, places, self.backward).for_each(|(member, score)| visit(member, score));
            }
            Content::Leaf(leaf) => {
                let mut show = |index| visit(StringRef::Slice(leaf.member(index)), leaf.score(index));
                if self.backward { places.rev().for_each(&mut show) } else { places.for_each(&mut show) }
            }
        }
    }
}
