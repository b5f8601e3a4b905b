//! The long form of a list: a row of chunks, each copied on write.

use super::{CHUNK_MAX_BYTES, ListNode, NODE_MARGIN_BYTES, Side};
use crate::store::packed::{Packed, PackedIter};
use crate::store::string::{NewString, StringRef};
use crate::store::usage::{COUNT_BYTES, allocated, extrapolated};
use bytes::Bytes;
use std::collections::{VecDeque, vec_deque};
use triomphe::Arc;

/// A longer element gets a chunk of its own, in bytes.
const PACKED_ELEMENT_MAX_BYTES: usize = 2048;

/// A row of chunks, none of them empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunks {
    chunks: VecDeque<Arc<Chunk>>,
    len: usize,
}

/// A part of a list, shared with whoever took a copy.
#[derive(Debug, Clone)]
pub(super) enum Chunk {
    /// Some elements.
    Packed(Packed),
    /// One big element.
    Big(Bytes),
}

/// Elements in one direction: what is left of a chunk, and the chunks after that.
pub(super) struct ChunksIter<'a> {
    current: ChunkIter<'a>,
    rest: vec_deque::Iter<'a, Arc<Chunk>>,
    backward: bool,
}

enum ChunkIter<'a> {
    Packed(PackedIter<'a>),
    Big(Option<StringRef<'a>>),
}

impl From<Packed> for Chunks {
    fn from(packed: Packed) -> Self {
        let len = packed.len();
        let chunks =
            if len == 0 { VecDeque::new() } else { VecDeque::from([Arc::new(Chunk::Packed(packed))]) };
        Chunks { chunks, len }
    }
}

impl Chunks {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The memory the chunks take, looking at `samples` of them at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        let sizes = self.chunks.iter().map(|chunk| {
            let frame = allocated(size_of::<Chunk>() + COUNT_BYTES);
            frame
                + match &**chunk {
                    Chunk::Packed(packed) => packed.heap_bytes(),
                    Chunk::Big(bytes) => allocated(bytes.len()),
                }
        });
        let row = allocated(self.chunks.capacity() * size_of::<Arc<Chunk>>());
        allocated(size_of::<Self>()) + row + extrapolated(self.chunks.len(), samples, sizes)
    }

    /// Number of chunks.
    pub(super) fn nodes(&self) -> usize {
        self.chunks.len()
    }

    pub(super) fn node(&self, index: usize) -> Option<ListNode<'_>> {
        self.chunks.get(index).map(|chunk| match &**chunk {
            Chunk::Packed(packed) => ListNode::Packed(packed),
            Chunk::Big(bytes) => ListNode::Plain(bytes),
        })
    }

    /// Adds a chunk at the end.
    pub(super) fn push_packed(&mut self, packed: Packed) {
        self.len += packed.len();
        self.chunks.push_back(Arc::new(Chunk::Packed(packed)));
    }

    /// The only chunk, when there is one and it is packed.
    pub(super) fn single(&self) -> Option<&Packed> {
        match self.chunks.front().map(|chunk| &**chunk) {
            Some(Chunk::Packed(packed)) if self.chunks.len() == 1 => Some(packed),
            _ => None,
        }
    }

    pub(super) fn iter_from(&self, index: usize) -> ChunksIter<'_> {
        let (place, inside) = self.locate(index);
        let current = self.chunks.get(place).map(|chunk| chunk.iter(inside, chunk.len()));
        let rest = self.chunks.range((place + 1).min(self.chunks.len())..);
        ChunksIter { current: current.unwrap_or(ChunkIter::Big(None)), rest, backward: false }
    }

    /// The elements before index `to`, backwards.
    pub(super) fn iter_to(&self, to: usize) -> ChunksIter<'_> {
        let (place, inside) = self.locate(to);
        let current = self.chunks.get(place).map(|chunk| chunk.iter(0, inside));
        let rest = self.chunks.range(..place);
        ChunksIter { current: current.unwrap_or(ChunkIter::Big(None)), rest, backward: true }
    }

    /// The chunks that `count` elements from `start` on are in, and how many other elements their outermost
    /// chunk at `side` holds on that side. There is at least one element.
    pub(super) fn around(&self, start: usize, count: usize, side: Side) -> (VecDeque<Arc<Chunk>>, usize) {
        let (first, before) = self.locate(start);
        let (last, inside) = self.locate(start + count - 1);
        let chunks = self.chunks.range(first..=last).cloned().collect();
        let skip = match side {
            Side::Front => before,
            Side::Back => self.chunks[last].len() - 1 - inside,
        };
        (chunks, skip)
    }

    pub(super) fn push(&mut self, side: Side, text: NewString<'_>) {
        self.len += 1;
        let end = match side {
            Side::Front => self.chunks.front_mut(),
            Side::Back => self.chunks.back_mut(),
        };
        if let Some(packed) = end.and_then(|chunk| Chunk::with_room(chunk, text.as_slice(), 0)) {
            return match side {
                Side::Front => packed.push_front(text.as_slice()),
                Side::Back => packed.push_back(text.as_slice()),
            };
        }
        match side {
            Side::Front => self.chunks.push_front(Chunk::of(text)),
            Side::Back => self.chunks.push_back(Chunk::of(text)),
        }
    }

    pub(super) fn pop(&mut self, side: Side) -> Option<Bytes> {
        let end = match side {
            Side::Front => self.chunks.front_mut(),
            Side::Back => self.chunks.back_mut(),
        }?;
        self.len -= 1;
        if end.len() > 1 {
            let Chunk::Packed(packed) = Arc::make_mut(end) else { return None };
            return packed.pop(side == Side::Back);
        }
        let alone = match side {
            Side::Front => self.chunks.pop_front(),
            Side::Back => self.chunks.pop_back(),
        }?;
        Some(match &*alone {
            Chunk::Packed(packed) => packed.at(packed.first()).to_bytes(),
            Chunk::Big(bytes) => bytes.clone(),
        })
    }

    pub(super) fn insert(&mut self, index: usize, text: NewString<'_>) {
        if index == 0 {
            return self.push(Side::Front, text);
        }
        // Beside the element before it, so that there is always one.
        let (place, before) = self.locate(index - 1);
        self.len += 1;
        if let Some(packed) = Chunk::with_room(&mut self.chunks[place], text.as_slice(), 0) {
            return packed.insert(packed.offset(before + 1), text.as_slice());
        }
        self.split(place, before + 1);
        let next = self.chunks.get_mut(place + 1);
        match next.and_then(|chunk| Chunk::with_room(chunk, text.as_slice(), 0)) {
            Some(packed) => packed.push_front(text.as_slice()),
            None => self.chunks.insert(place + 1, Chunk::of(text)),
        }
    }

    pub(super) fn set(&mut self, index: usize, text: NewString<'_>) {
        let (place, inside) = self.locate(index);
        let old_len = self.iter_from(index).next().map_or(0, |old| old.len());
        if let Some(packed) = Chunk::with_room(&mut self.chunks[place], text.as_slice(), old_len) {
            return packed.replace(packed.offset(inside), text.as_slice());
        }
        self.split(place, inside + 1);
        self.split(place, inside);
        let place = if inside == 0 { place } else { place + 1 };
        self.chunks[place] = Chunk::of(text);
    }

    pub(super) fn remove_range(&mut self, start: usize, count: usize) {
        let (mut place, mut inside) = self.locate(start);
        let mut left = count;
        let mut emptied = 0..0;
        while left > 0 {
            let chunk = &mut self.chunks[place];
            let here = left.min(chunk.len() - inside);
            if here == chunk.len() {
                // Emptied chunks stand together: only the first and the last can keep something.
                emptied.start = if emptied.is_empty() { place } else { emptied.start };
                emptied.end = place + 1;
            } else if let Chunk::Packed(packed) = Arc::make_mut(chunk) {
                packed.remove(packed.offset(inside), here);
            }
            left -= here;
            (place, inside) = (place + 1, 0);
        }
        self.chunks.drain(emptied);
        self.len -= count;
    }

    pub(super) fn remove_matching(&mut self, text: &[u8], side: Side, max: usize) -> usize {
        let mut removed = 0;
        let places = 0..self.chunks.len();
        let mut visit = |place: usize| {
            let chunk = &mut self.chunks[place];
            if removed < max && chunk.contains(text) {
                removed += match Arc::make_mut(chunk) {
                    Chunk::Packed(packed) => packed.remove_matching(text, side == Side::Back, max - removed),
                    big @ Chunk::Big(_) => {
                        *big = Chunk::Packed(Packed::default());
                        1
                    }
                };
            }
        };
        match side {
            Side::Front => places.for_each(&mut visit),
            Side::Back => places.rev().for_each(&mut visit),
        }
        self.chunks.retain(|chunk| chunk.len() > 0);
        self.len -= removed;
        removed
    }

    pub(super) fn verify(&self) -> Result<(), &'static str> {
        for chunk in &self.chunks {
            match &**chunk {
                Chunk::Packed(packed) if packed.is_empty() => {
                    return Err("a list has an empty chunk");
                }
                Chunk::Packed(packed) => packed.verify()?,
                Chunk::Big(_) => {}
            }
        }
        if self.len == self.chunks.iter().map(|chunk| chunk.len()).sum::<usize>() {
            Ok(())
        } else {
            Err("a list has a wrong length")
        }
    }

    /// Which chunk the element at `index` is in, and its index there.
    fn locate(&self, index: usize) -> (usize, usize) {
        if index >= self.len {
            return (self.chunks.len(), 0);
        }
        if index < self.len / 2 {
            let mut before = 0;
            for (place, chunk) in self.chunks.iter().enumerate() {
                if index < before + chunk.len() {
                    return (place, index - before);
                }
                before += chunk.len();
            }
        }
        let mut before = self.len;
        for (place, chunk) in self.chunks.iter().enumerate().rev() {
            before -= chunk.len();
            if index >= before {
                return (place, index - before);
            }
        }
        (0, 0)
    }

    /// Lets a chunk end before its element `inside`; the others go to a new one behind it.
    fn split(&mut self, place: usize, inside: usize) {
        let chunk = &mut self.chunks[place];
        if inside == 0 || inside == chunk.len() {
            return;
        }
        if let Chunk::Packed(packed) = Arc::make_mut(chunk) {
            let tail = packed.split_off(packed.offset(inside));
            self.chunks.insert(place + 1, Arc::new(Chunk::Packed(tail)));
        }
    }
}

impl Chunk {
    /// A chunk with this element alone.
    fn of(text: NewString<'_>) -> Arc<Chunk> {
        Arc::new(if text.as_slice().len() > PACKED_ELEMENT_MAX_BYTES {
            Chunk::Big(text.into_bytes())
        } else {
            let mut packed = Packed::default();
            packed.push_back(text.as_slice());
            Chunk::Packed(packed)
        })
    }

    /// The packed buffer of a chunk that can take this element, for one of `old_len` bytes.
    fn with_room<'a>(chunk: &'a mut Arc<Chunk>, text: &[u8], old_len: usize) -> Option<&'a mut Packed> {
        let fits = match &**chunk {
            Chunk::Packed(packed) => {
                text.len() <= PACKED_ELEMENT_MAX_BYTES
                    && packed.listpack_bytes() + text.len() + NODE_MARGIN_BYTES <= CHUNK_MAX_BYTES + old_len
            }
            Chunk::Big(_) => false,
        };
        match fits.then(|| Arc::make_mut(chunk))? {
            Chunk::Packed(packed) => Some(packed),
            Chunk::Big(_) => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Chunk::Packed(packed) => packed.len(),
            Chunk::Big(_) => 1,
        }
    }

    fn contains(&self, text: &[u8]) -> bool {
        match self {
            Chunk::Packed(packed) => packed.find(packed.first(), 1, text).is_some(),
            Chunk::Big(bytes) => bytes == text,
        }
    }

    /// The elements from index `from` up to, and without, `to`.
    fn iter(&self, from: usize, to: usize) -> ChunkIter<'_> {
        match self {
            Chunk::Packed(packed) if from == 0 => ChunkIter::Packed(packed.iter_to(to)),
            Chunk::Packed(packed) => ChunkIter::Packed(packed.iter_from(from)),
            Chunk::Big(bytes) => ChunkIter::Big((from < to).then_some(StringRef::Shared(bytes))),
        }
    }
}

impl<'a> ChunksIter<'a> {
    /// The elements of one chunk from `side` on, without the first `skip` there.
    pub(super) fn of(chunk: &'a Chunk, skip: usize, side: Side) -> Self {
        let (current, backward) = match side {
            Side::Front => (chunk.iter(skip, chunk.len()), false),
            Side::Back => (chunk.iter(0, chunk.len() - skip), true),
        };
        ChunksIter { current, rest: vec_deque::Iter::default(), backward }
    }

    /// The elements of one packed buffer.
    pub(super) fn forward_in(packed: PackedIter<'a>) -> Self {
        ChunksIter { current: ChunkIter::Packed(packed), rest: vec_deque::Iter::default(), backward: false }
    }

    /// The elements of one packed buffer, backwards.
    pub(super) fn backward_in(packed: PackedIter<'a>) -> Self {
        ChunksIter { backward: true, ..Self::forward_in(packed) }
    }
}

impl<'a> Iterator for ChunksIter<'a> {
    type Item = StringRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let element = match (&mut self.current, self.backward) {
                (ChunkIter::Packed(packed), false) => packed.next(),
                (ChunkIter::Packed(packed), true) => packed.next_back(),
                (ChunkIter::Big(element), _) => element.take(),
            };
            if element.is_some() {
                return element;
            }
            let chunk = if self.backward { self.rest.next_back() } else { self.rest.next() }?;
            self.current = chunk.iter(0, chunk.len());
        }
    }
}
