//! The deadlines of one segment: a bit per entry, and the times of the marked ones in order.
//!
//! A key without a deadline costs one bit, a key with one costs eight bytes more. The time lies
//! with the segment and not with the entry, so that the search for due keys reads one dense
//! array instead of visiting every entry, and so that there is no second index that could
//! disagree with the entries after an overwrite, `PERSIST` or `RENAME`.

use super::SEGMENT_MAX_ENTRIES;

const WORD_BITS: usize = u64::BITS as usize;
const WORDS: usize = SEGMENT_MAX_ENTRIES / WORD_BITS;

/// No deadline: a time that no clock passes.
pub(super) const NEVER_MS: u64 = u64::MAX;

/// Deadlines by position in the segment; Unix times in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadlines {
    marks: [u64; WORDS],
    times_ms: Vec<u64>,
}

impl Deadlines {
    /// How many entries have a deadline.
    pub(super) fn len(&self) -> usize {
        self.times_ms.len()
    }

    /// The deadline of the entry at `index`.
    pub(super) fn get(&self, index: usize) -> Option<u64> {
        if self.times_ms.is_empty() || !self.is_marked(index) {
            return None;
        }
        Some(self.times_ms[self.rank(index)])
    }

    /// Gives the entry at `index` another deadline, or none. Answers the old one.
    pub(super) fn set(&mut self, index: usize, deadline_ms: Option<u64>) -> Option<u64> {
        let rank = self.rank(index);
        match (self.is_marked(index), deadline_ms) {
            (true, Some(time)) => Some(std::mem::replace(&mut self.times_ms[rank], time)),
            (true, None) => {
                self.marks[index / WORD_BITS] &= !(1 << (index % WORD_BITS));
                Some(self.times_ms.remove(rank))
            }
            (false, Some(time)) => {
                self.marks[index / WORD_BITS] |= 1 << (index % WORD_BITS);
                self.times_ms.reserve_exact(super::growth(&self.times_ms));
                self.times_ms.insert(rank, time);
                None
            }
            (false, None) => None,
        }
    }

    /// Makes room for an entry without a deadline that comes in at `index`.
    pub(super) fn open(&mut self, index: usize) {
        if self.times_ms.is_empty() {
            return;
        }
        let (word, low) = (index / WORD_BITS, (1 << (index % WORD_BITS)) - 1);
        let mut carry = self.marks[word] >> (WORD_BITS - 1);
        self.marks[word] = (self.marks[word] & low) | ((self.marks[word] & !low) << 1);
        for mark in &mut self.marks[word + 1..] {
            let next = *mark >> (WORD_BITS - 1);
            *mark = (*mark << 1) | carry;
            carry = next;
        }
    }

    /// Forgets the entry at `index`, which goes away. Answers its deadline.
    pub(super) fn close(&mut self, index: usize) -> Option<u64> {
        if self.times_ms.is_empty() {
            return None;
        }
        let old = self.set(index, None);
        let (word, low) = (index / WORD_BITS, (1 << (index % WORD_BITS)) - 1);
        self.marks[word] = (self.marks[word] & low) | ((self.marks[word] >> 1) & !low);
        for next in word + 1..WORDS {
            self.marks[next - 1] |= self.marks[next] << (WORD_BITS - 1);
            self.marks[next] >>= 1;
        }
        old
    }

    /// Cuts off the deadlines from position `at` on.
    pub(super) fn split_off(&mut self, at: usize) -> Deadlines {
        let mut tail = Deadlines::default();
        if self.times_ms.is_empty() {
            return tail;
        }
        tail.times_ms = self.times_ms.split_off(self.rank(at));
        for index in at..SEGMENT_MAX_ENTRIES {
            if self.is_marked(index) {
                self.marks[index / WORD_BITS] &= !(1 << (index % WORD_BITS));
                tail.marks[(index - at) / WORD_BITS] |= 1 << ((index - at) % WORD_BITS);
            }
        }
        tail
    }

    /// Takes over the deadlines of a segment whose first entry comes to stand at `at`.
    pub(super) fn append(&mut self, tail: &Deadlines, at: usize) {
        for index in (0..SEGMENT_MAX_ENTRIES - at).filter(|index| tail.is_marked(*index)) {
            self.marks[(index + at) / WORD_BITS] |= 1 << ((index + at) % WORD_BITS);
        }
        self.times_ms.extend_from_slice(&tail.times_ms);
    }

    /// The earliest deadline, [`NEVER_MS`] where there is none.
    pub(super) fn soonest(&self) -> u64 {
        self.times_ms.iter().copied().min().unwrap_or(NEVER_MS)
    }

    /// Says what is wrong with the bookkeeping of a segment with `entries` entries.
    pub(super) fn verify(&self, entries: usize) -> Result<(), &'static str> {
        let marked = self.marks.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        if marked != self.times_ms.len() {
            return Err("marks and deadlines differ in number");
        }
        if (entries..SEGMENT_MAX_ENTRIES).any(|index| self.is_marked(index)) {
            return Err("a deadline stands past the last entry");
        }
        Ok(())
    }

    fn is_marked(&self, index: usize) -> bool {
        self.marks[index / WORD_BITS] >> (index % WORD_BITS) & 1 == 1
    }

    /// How many marked entries stand before `index`.
    fn rank(&self, index: usize) -> usize {
        let whole = index / WORD_BITS;
        let before: u32 = self.marks[..whole].iter().map(|word| word.count_ones()).sum();
        let rest =
            self.marks.get(whole).map_or(0, |word| (word & ((1 << (index % WORD_BITS)) - 1)).count_ones());
        (before + rest) as usize
    }
}
