//! `Packed`: a small collection in one buffer.
//!
//! The elements are encoded as in Redis's listpack (the format its author published): a tag, the
//! payload, and the element's size once more behind it so that it can be walked backwards. Keeping
//! to that format means that sizes, and with them the thresholds clients can observe through
//! `OBJECT ENCODING`, are Redis's own, and that a dump file holds the buffer as it stands.
//! Unlike a listpack the buffer may have free room in front, so that taking from the front of a
//! queue moves nothing. Absent on purpose: limits, which lists and hashes each have their own.

mod foreign;

#[cfg(test)]
mod tests;

use super::string::{NewString, StringRef, parse_int};
use super::usage::allocated;
use bytes::Bytes;

/// What a listpack has besides its elements: total size, number of elements, end mark.
const LISTPACK_FRAME_BYTES: usize = 7;

/// Where an element begins in the buffer. Worthless after any change before or at it.
pub(super) type Offset = usize;

/// A sequence of strings in one buffer.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    buffer: Vec<u8>,
    /// Free bytes in front of the first element.
    start: u32,
    len: u32,
}

/// The strings of a [`Packed`], usable from both ends.
#[derive(Clone)]
pub struct PackedIter<'a> {
    packed: &'a Packed,
    front: Offset,
    back: Offset,
}

/// An element ready to be written: tag and number or length, the bytes, the size behind.
struct Encoded<'a> {
    head: [u8; 9],
    head_len: usize,
    body: &'a [u8],
    tail: [u8; 5],
    tail_len: usize,
}

impl Packed {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The memory its buffer takes.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(self.buffer.capacity())
    }

    /// The size a listpack with these elements has in Redis.
    pub fn listpack_bytes(&self) -> usize {
        self.elements().len() + LISTPACK_FRAME_BYTES
    }

    /// The elements in listpack encoding, without a listpack's header and end mark.
    pub fn elements(&self) -> &[u8] {
        &self.buffer[self.start as usize..]
    }

    /// The strings in order.
    pub fn iter(&self) -> PackedIter<'_> {
        PackedIter { packed: self, front: self.first(), back: self.end() }
    }

    /// The strings from the element at index `from` on.
    pub(super) fn iter_from(&self, from: usize) -> PackedIter<'_> {
        PackedIter { packed: self, front: self.offset(from), back: self.end() }
    }

    /// The strings before the element at index `to`.
    pub(super) fn iter_to(&self, to: usize) -> PackedIter<'_> {
        PackedIter { packed: self, front: self.first(), back: self.offset(to) }
    }

    /// Adds an element at the end.
    pub fn push_back(&mut self, text: &[u8]) {
        self.splice(self.end(), 0, &Encoded::new(text));
        self.len += 1;
    }

    pub(super) fn push_front(&mut self, text: &[u8]) {
        let encoded = Encoded::new(text);
        let size = encoded.len();
        if size > self.start as usize {
            self.open_front(size);
        }
        self.start -= size as u32;
        encoded.write(&mut self.buffer[self.start as usize..][..size]);
        self.len += 1;
    }

    /// Puts an element before the one at `at`.
    pub(super) fn insert(&mut self, at: Offset, text: &[u8]) {
        self.splice(at, 0, &Encoded::new(text));
        self.len += 1;
    }

    /// Gives the element at `at` another text.
    pub(super) fn replace(&mut self, at: Offset, text: &[u8]) {
        self.splice(at, self.size_at(at), &Encoded::new(text));
    }

    /// Takes `count` elements out, from the one at `at` on. Answers where the next one begins now.
    pub(super) fn remove(&mut self, at: Offset, count: usize) -> Offset {
        let end = (0..count).fold(at, |offset, _| self.next(offset));
        self.len -= count as u32;
        let before = at - self.first();
        if before == 0 {
            self.start = end as u32;
        } else {
            self.buffer.drain(at..end);
        }
        self.trim();
        self.first() + before
    }

    /// Takes elements with this text out, at most `max` of them. Answers how many there were.
    pub(super) fn remove_matching(&mut self, text: &[u8], backward: bool, max: usize) -> usize {
        let old_len = self.len();
        let mut at = if backward { self.end() } else { self.first() };
        while old_len - self.len() < max {
            if backward {
                if at == self.first() {
                    break;
                }
                at = self.previous(at);
                if self.at(at) == *text {
                    at = self.remove(at, 1);
                }
            } else {
                let Some(found) = self.find(at, 1, text) else {
                    break;
                };
                at = self.remove(found, 1);
            }
        }
        old_len - self.len()
    }

    /// Cuts the elements from `at` on off into a sequence of their own.
    pub(super) fn split_off(&mut self, at: Offset) -> Packed {
        let buffer = self.buffer.split_off(at);
        let mut tail = Packed { buffer, start: 0, len: 0 };
        let mut at = tail.first();
        while at < tail.end() {
            at = tail.next(at);
            tail.len += 1;
        }
        self.len -= tail.len;
        self.trim();
        tail
    }

    /// Where the first element begins, [`Packed::end`] when there is none.
    pub(super) fn first(&self) -> Offset {
        self.start as usize
    }

    /// Behind the last element.
    pub(super) fn end(&self) -> Offset {
        self.buffer.len()
    }

    /// Where the element after the one at `at` begins.
    pub(super) fn next(&self, at: Offset) -> Offset {
        at + self.size_at(at)
    }

    /// Where the element before `at` begins.
    pub(super) fn previous(&self, at: Offset) -> Offset {
        let (mut size, mut shift, mut read) = (0usize, 0, at);
        loop {
            read -= 1;
            size |= usize::from(self.buffer[read] & 127) << shift;
            if self.buffer[read] & 128 == 0 {
                return read - size;
            }
            shift += 7;
        }
    }

    /// Where the element at `index` begins, walking from the nearer end.
    pub(super) fn offset(&self, index: usize) -> Offset {
        let len = self.len();
        if index <= len / 2 {
            (0..index).fold(self.first(), |offset, _| self.next(offset))
        } else {
            (index..len).fold(self.end(), |offset, _| self.previous(offset))
        }
    }

    /// The encoded elements from the one at `from` up to, and without, the one at `to`.
    pub(super) fn between(&self, from: Offset, to: Offset) -> &[u8] {
        &self.buffer[from..to]
    }

    /// Takes the first element out, or the last.
    pub(super) fn pop(&mut self, last: bool) -> Option<Bytes> {
        let at = self.offset(if last { self.len().checked_sub(1)? } else { 0 });
        let popped = (!self.is_empty()).then(|| self.at(at).to_bytes())?;
        self.remove(at, 1);
        Some(popped)
    }

    /// The element at `at`.
    pub(super) fn at(&self, at: Offset) -> StringRef<'_> {
        read_element(&self.buffer[at..])
    }

    /// Where, from `at` on in steps of `step` elements, an element with this text begins. The
    /// number of elements from `at` on is a multiple of `step`.
    pub(super) fn find(&self, mut at: Offset, step: usize, text: &[u8]) -> Option<Offset> {
        let wanted = parse_int(text).map_or(StringRef::Slice(text), StringRef::Int);
        while at < self.end() {
            let found = match (self.at(at), wanted) {
                (StringRef::Int(a), StringRef::Int(b)) => a == b,
                (StringRef::Slice(a), StringRef::Slice(b)) => a == b,
                _ => false,
            };
            if found {
                return Some(at);
            }
            at = (0..step).fold(at, |offset, _| self.next(offset));
        }
        None
    }

    /// Says what is wrong with the buffer.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        let (mut at, mut count) = (self.first(), 0);
        while at < self.end() {
            let next = self.next(at);
            if next > self.end() || self.previous(next) != at {
                return Err("a packed element has a wrong size");
            }
            (at, count) = (next, count + 1);
        }
        if count == self.len() { Ok(()) } else { Err("a packed buffer has a wrong number of elements") }
    }

    fn size_at(&self, at: Offset) -> usize {
        let bytes = &self.buffer[at..];
        let size = head_len(bytes[0]) + body_len(bytes);
        size + tail_len(size)
    }

    /// Writes an element over the `old_len` bytes at `at`.
    fn splice(&mut self, at: Offset, old_len: usize, encoded: &Encoded<'_>) {
        let new_len = encoded.len();
        if new_len > old_len {
            self.open(at + old_len, new_len - old_len);
        } else {
            self.buffer.drain(at + new_len..at + old_len);
        }
        encoded.write(&mut self.buffer[at..at + new_len]);
    }

    /// Moves what stands from `at` on up by `room` bytes.
    fn open(&mut self, at: Offset, room: usize) {
        let old_end = self.buffer.len();
        let end = old_end + room;
        if self.buffer.capacity() < end {
            // What the allocator would round up to, no more: an eighth or so, so that this happens rarely.
            self.buffer.reserve_exact(allocated(end) - old_end);
        }
        self.buffer.resize(end, 0);
        self.buffer.copy_within(at..old_end, at + room);
    }

    /// Makes room for at least so many bytes in front of the first element.
    fn open_front(&mut self, room: usize) {
        let used = self.elements().len();
        let all = allocated(used + room);
        let mut buffer = Vec::with_capacity(all);
        buffer.resize(all - used, 0);
        buffer.extend_from_slice(self.elements());
        self.buffer = buffer;
        self.start = (all - used) as u32;
    }

    /// Gives room back when most of the buffer is unused.
    fn trim(&mut self) {
        let used = self.elements().len();
        if self.start as usize > used + 64 {
            self.buffer.drain(..self.start as usize);
            self.start = 0;
        }
        if self.buffer.capacity() > 2 * self.buffer.len() + 64 {
            self.buffer.shrink_to(allocated(self.buffer.len()));
        }
    }
}

impl<'a> Iterator for PackedIter<'a> {
    type Item = StringRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let at = self.front;
        self.front = self.packed.next(at);
        Some(self.packed.at(at))
    }
}

impl DoubleEndedIterator for PackedIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        self.back = self.packed.previous(self.back);
        Some(self.packed.at(self.back))
    }
}

impl<'a> Encoded<'a> {
    fn new(text: &'a [u8]) -> Self {
        let mut encoded = Encoded { head: [0; 9], head_len: 0, body: &[], tail: [0; 5], tail_len: 0 };
        match parse_int(text) {
            Some(int) => encoded.set_int(int),
            None => encoded.set_text(text),
        }
        encoded.set_tail();
        encoded
    }

    fn len(&self) -> usize {
        self.head_len + self.body.len() + self.tail_len
    }

    /// Fills `room`, which is exactly as long as this element.
    fn write(&self, room: &mut [u8]) {
        let (head, rest) = room.split_at_mut(self.head_len);
        let (body, tail) = rest.split_at_mut(self.body.len());
        head.copy_from_slice(&self.head[..self.head_len]);
        body.copy_from_slice(self.body);
        tail.copy_from_slice(&self.tail[..self.tail_len]);
    }

    fn set_int(&mut self, int: i64) {
        let tag = match int {
            0..=127 => int as u8,
            -4096..=4095 => 0xC0 | ((int >> 8) & 0x1F) as u8,
            -0x8000..=0x7FFF => 0xF1,
            -0x80_0000..=0x7F_FFFF => 0xF2,
            -0x8000_0000..=0x7FFF_FFFF => 0xF3,
            _ => 0xF4,
        };
        self.head[0] = tag;
        self.head[1..].copy_from_slice(&int.to_le_bytes());
        self.head_len = head_len(tag);
    }

    fn set_text(&mut self, text: &'a [u8]) {
        let len = text.len();
        match len {
            ..64 => self.head[0] = 0x80 | len as u8,
            64..4096 => self.head[..2].copy_from_slice(&[0xE0 | (len >> 8) as u8, len as u8]),
            _ => {
                self.head[0] = 0xF0;
                self.head[1..5].copy_from_slice(&(len as u32).to_le_bytes());
            }
        }
        self.head_len = head_len(self.head[0]);
        self.body = text;
    }

    /// The size in groups of seven bits, the lowest last; all but the first group are marked.
    fn set_tail(&mut self) {
        let size = self.head_len + self.body.len();
        self.tail_len = tail_len(size);
        for (place, byte) in self.tail[..self.tail_len].iter_mut().rev().enumerate() {
            *byte = (size >> (7 * place)) as u8 | 128;
        }
        self.tail[0] &= 127;
    }
}

impl<'a> From<StringRef<'a>> for NewString<'a> {
    fn from(string: StringRef<'a>) -> Self {
        match string {
            StringRef::Slice(bytes) => NewString::Copy(bytes),
            other => NewString::Share(other.to_bytes()),
        }
    }
}

/// The element that `bytes` begin with.
fn read_element(bytes: &[u8]) -> StringRef<'_> {
    match bytes[0] {
        tag @ ..0x80 => StringRef::Int(i64::from(tag)),
        tag @ 0xC0..=0xDF => {
            let raw = i64::from(tag & 0x1F) << 8 | i64::from(bytes[1]);
            // Thirteen bits with a sign.
            StringRef::Int((raw << 51) >> 51)
        }
        0xF1..=0xF4 => StringRef::Int(read_int(&bytes[1..head_len(bytes[0])])),
        tag => {
            let from = head_len(tag);
            StringRef::Slice(&bytes[from..from + body_len(bytes)])
        }
    }
}

/// Size of the tag with the number or length that belongs to it.
fn head_len(tag: u8) -> usize {
    match tag {
        ..0xC0 => 1,
        0xC0..=0xEF => 2,
        0xF0 => 5,
        0xF1 => 3,
        0xF2 => 4,
        0xF3 => 5,
        _ => 9,
    }
}

/// Length of the text behind the head of the element that `bytes` begin with.
fn body_len(bytes: &[u8]) -> usize {
    match bytes[0] {
        tag @ 0x80..0xC0 => usize::from(tag & 63),
        tag @ 0xE0..0xF0 => usize::from(tag & 15) << 8 | usize::from(bytes[1]),
        0xF0 => u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]) as usize,
        _ => 0,
    }
}

/// How many bytes tell the size of an element; the uneven bounds are the listpack format's own.
fn tail_len(size: usize) -> usize {
    match size {
        ..128 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// A little-endian integer with a sign, of at most eight bytes.
fn read_int(bytes: &[u8]) -> i64 {
    let mut wide = [0; 8];
    wide[8 - bytes.len()..].copy_from_slice(bytes);
    i64::from_le_bytes(wide) >> (8 * (8 - bytes.len()))
}
