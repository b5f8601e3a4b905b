//! `List`: strings in order, quick at both ends.
//!
//! Small ones are one packed buffer ("listpack"), others a row of packed buffers of about
//! [`CHUNK_MAX_BYTES`] ("quicklist"), each copied on write, with big elements standing alone so
//! that replies can share them. When one becomes the other is what Redis 7.2 does.

#[cfg(test)]
mod tests;

use super::packed::Packed;
use super::string::{NewString, StringRef};
use bytes::Bytes;

mod builder;
mod chunks;
mod slice;

use chunks::{Chunks, ChunksIter};

pub use builder::ListBuilder;
pub use slice::ListSlice;

/// How many bytes of elements a buffer of a quicklist holds at most.
const CHUNK_MAX_BYTES: usize = 8192;

/// The biggest node that is taken over from elsewhere as it is, in bytes: Redis's own biggest.
const NODE_MAX_BYTES: usize = 65_536;

/// What Redis reckons an element takes besides its text.
pub(super) const NODE_MARGIN_BYTES: usize = 8;

/// When a list stops being one packed buffer: `list-max-listpack-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimits {
    /// Positive: so many elements. -1 to -5: so many bytes, 4 KiB to 64 KiB.
    pub max_listpack_size: i32,
}

impl Default for ListLimits {
    fn default() -> Self {
        ListLimits { max_listpack_size: -2 }
    }
}

/// Which end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The left end, index 0.
    Front,
    /// The right end, index -1.
    Back,
}

/// A list.
#[derive(Debug, Clone)]
pub struct List(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Packed(Packed),
    Quick(Box<Chunks>),
}

/// A piece of a list: a node of Redis's quicklist.
#[derive(Debug, Clone, Copy)]
pub enum ListNode<'a> {
    /// Small elements in one buffer.
    Packed(&'a Packed),
    /// One big element.
    Plain(&'a Bytes),
}

/// Elements of a list in one direction.
pub struct ListIter<'a>(ChunksIter<'a>);

impl List {
    /// An empty list. The store keeps none: it is on its way in.
    pub(super) fn new() -> Self {
        List(Repr::Packed(Packed::default()))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.len(),
            Repr::Quick(chunks) => chunks.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name `OBJECT ENCODING` has for the present form.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Repr::Packed(_) => "listpack",
            Repr::Quick(_) => "quicklist",
        }
    }

    /// The element at `index`, counted from the front.
    pub fn get(&self, index: usize) -> Option<StringRef<'_>> {
        self.iter_from(index).next()
    }

    /// The element at an end.
    pub fn peek(&self, side: Side) -> Option<StringRef<'_>> {
        match side {
            Side::Front => self.get(0),
            Side::Back => self.get(self.len().checked_sub(1)?),
        }
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        match &self.0 {
            Repr::Packed(packed) => usize::from(!packed.is_empty()),
            Repr::Quick(chunks) => chunks.nodes(),
        }
    }

    /// The node at `index`, counted from the front.
    pub fn node(&self, index: usize) -> Option<ListNode<'_>> {
        match &self.0 {
            Repr::Packed(packed) => (index == 0 && !packed.is_empty()).then_some(ListNode::Packed(packed)),
            Repr::Quick(chunks) => chunks.node(index),
        }
    }

    /// All elements from the front on.
    pub fn iter(&self) -> ListIter<'_> {
        self.iter_from(0)
    }

    /// The element at `index` and those behind it.
    pub fn iter_from(&self, index: usize) -> ListIter<'_> {
        ListIter(match &self.0 {
            Repr::Packed(packed) => ChunksIter::forward_in(packed.iter_from(index.min(packed.len()))),
            Repr::Quick(chunks) => chunks.iter_from(index),
        })
    }

    /// The element at `index` and those before it, backwards.
    pub fn iter_back_from(&self, index: usize) -> ListIter<'_> {
        let to = index.saturating_add(1).min(self.len());
        ListIter(match &self.0 {
            Repr::Packed(packed) => ChunksIter::backward_in(packed.iter_to(to)),
            Repr::Quick(chunks) => chunks.iter_to(to),
        })
    }

    /// Turns into a quicklist when `count` more elements of `bytes` bytes together would be too
    /// much for one buffer. Redis asks this once for all elements of a command.
    pub(super) fn expect(&mut self, count: usize, bytes: usize, limits: &ListLimits) {
        if let Repr::Packed(packed) = &mut self.0 {
            if limits.exceeded(packed.listpack_bytes() + bytes, packed.len() + count) {
                self.0 = Repr::Quick(Box::new(Chunks::from(std::mem::take(packed))));
            }
        }
    }

    /// Turns back into one packed buffer when that would be half full at most.
    pub(super) fn relax(&mut self, limits: &ListLimits) {
        if let Repr::Quick(chunks) = &mut self.0 {
            if let Some(packed) = chunks.single() {
                if limits.half_fits(packed.listpack_bytes(), packed.len()) {
                    self.0 = Repr::Packed(packed.clone());
                }
            }
        }
    }

    /// Adds the elements of a whole buffer at the end, as a node of its own where it is not too big for one.
    pub(super) fn push_node(&mut self, packed: Packed, limits: &ListLimits) {
        if packed.listpack_bytes() > NODE_MAX_BYTES {
            return packed.iter().for_each(|text| {
                self.expect(1, text.len() + NODE_MARGIN_BYTES, limits);
                self.push(Side::Back, text.into());
            });
        }
        match &mut self.0 {
            _ if packed.is_empty() => {}
            Repr::Packed(empty) if empty.is_empty() => *empty = packed,
            Repr::Packed(first) => {
                let mut chunks = Chunks::from(std::mem::take(first));
                chunks.push_packed(packed);
                self.0 = Repr::Quick(Box::new(chunks));
            }
            Repr::Quick(chunks) => chunks.push_packed(packed),
        }
    }

    /// Gives a list that was built from nodes the form it should have.
    pub(super) fn settle(&mut self, limits: &ListLimits) {
        match &mut self.0 {
            Repr::Packed(packed) if limits.exceeded(packed.listpack_bytes(), packed.len()) => {
                self.0 = Repr::Quick(Box::new(Chunks::from(std::mem::take(packed))));
            }
            Repr::Packed(_) => {}
            Repr::Quick(chunks) => {
                if let Some(packed) = chunks.single() {
                    if !limits.exceeded(packed.listpack_bytes(), packed.len()) {
                        self.0 = Repr::Packed(packed.clone());
                    }
                }
            }
        }
    }

    /// Adds an element; whether it fits has been asked with [`List::expect`].
    pub(super) fn push(&mut self, side: Side, text: NewString<'_>) {
        match (&mut self.0, side) {
            (Repr::Packed(packed), Side::Front) => packed.push_front(text.as_slice()),
            (Repr::Packed(packed), Side::Back) => packed.push_back(text.as_slice()),
            (Repr::Quick(chunks), side) => chunks.push(side, text),
        }
    }

    /// Takes the element at an end out.
    pub(super) fn pop(&mut self, side: Side) -> Option<Bytes> {
        match &mut self.0 {
            Repr::Packed(packed) => packed.pop(side == Side::Back),
            Repr::Quick(chunks) => chunks.pop(side),
        }
    }

    /// Puts an element before the one at `index`; the caller has asked [`List::expect`].
    pub(super) fn insert(&mut self, index: usize, text: NewString<'_>) {
        match &mut self.0 {
            Repr::Packed(packed) => packed.insert(packed.offset(index), text.as_slice()),
            Repr::Quick(chunks) => chunks.insert(index, text),
        }
    }

    /// Replaces the element at `index`, which is there; the caller has asked [`List::expect`].
    pub(super) fn set(&mut self, index: usize, text: NewString<'_>) {
        match &mut self.0 {
            Repr::Packed(packed) => packed.replace(packed.offset(index), text.as_slice()),
            Repr::Quick(chunks) => chunks.set(index, text),
        }
    }

    /// Takes `count` elements out, from `start` on; they are there.
    pub(super) fn remove_range(&mut self, start: usize, count: usize) {
        match &mut self.0 {
            Repr::Packed(packed) => {
                packed.remove(packed.offset(start), count);
            }
            Repr::Quick(chunks) => chunks.remove_range(start, count),
        }
    }

    /// Takes elements with this text out, at most `max` of them, beginning at `side`. Answers how
    /// many there were.
    pub(super) fn remove_matching(&mut self, text: &[u8], side: Side, max: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(packed) => packed.remove_matching(text, side == Side::Back, max),
            Repr::Quick(chunks) => chunks.remove_matching(text, side, max),
        }
    }

    /// The memory its parts take, looking at `samples` of them at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.heap_bytes(),
            Repr::Quick(chunks) => chunks.heap_bytes(samples),
        }
    }

    /// Says what is wrong with this list.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        match &self.0 {
            Repr::Packed(packed) => packed.verify(),
            Repr::Quick(chunks) => chunks.verify(),
        }
    }
}

impl ListLimits {
    /// What a size of 0 or more is safe up to, in bytes (`SIZE_SAFETY_LIMIT` in Redis).
    const SAFE_BYTES: usize = 8192;
    const BYTES: [usize; 5] = [4096, 8192, 16_384, 32_768, 65_536];

    fn max_bytes(&self) -> Option<usize> {
        let step = usize::try_from(-1 - i64::from(self.max_listpack_size)).ok()?;
        Some(Self::BYTES[step.min(Self::BYTES.len() - 1)])
    }

    fn max_count(&self) -> usize {
        usize::try_from(self.max_listpack_size).unwrap_or(usize::MAX).max(1)
    }

    /// Whether a listpack of this size is too big.
    fn exceeded(&self, bytes: usize, count: usize) -> bool {
        match self.max_bytes() {
            Some(max_bytes) => bytes > max_bytes,
            None => bytes > Self::SAFE_BYTES || count > self.max_count(),
        }
    }

    /// Whether a listpack of this size uses at most half of what is allowed.
    fn half_fits(&self, bytes: usize, count: usize) -> bool {
        match self.max_bytes() {
            Some(max_bytes) => bytes <= max_bytes / 2,
            None => count <= self.max_count() / 2,
        }
    }
}

impl<'a> Iterator for ListIter<'a> {
    type Item = StringRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
