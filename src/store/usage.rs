//! How much memory a key takes: for `MEMORY USAGE`, estimated from sizes, never asked of the allocator.
//!
//! What is counted: the key's place in its table, the allocations that hold key and value, and what the
//! allocator rounds them up to. Of a big collection only some elements are looked at and taken for the rest.

use super::database::Database;
use super::dict::{Dict, Held, Keyed};
use super::entry::{Entry, Full};
use super::string::StringRef;
use super::value::ValueRef;

/// What a reference-counted allocation has besides its content.
pub(super) const COUNT_BYTES: usize = size_of::<usize>();

/// A hash beside each entry of a table.
const HASH_BYTES: usize = size_of::<u32>();

/// The mark of how a key is used.
const USE_BYTES: usize = size_of::<u32>();

/// A deadline beside an entry that has one.
const DEADLINE_BYTES: usize = size_of::<u64>();

/// The smallest allocation, and the smallest step between two sizes of allocations.
const STEP_BYTES: usize = 8;

/// Allocators offer so many sizes between a power of two and the next.
const SIZES_PER_DOUBLING: usize = 8;

/// The memory an allocation of `len` bytes takes.
pub(super) fn allocated(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    len.next_multiple_of((len.next_power_of_two() / SIZES_PER_DOUBLING).max(STEP_BYTES))
}

/// The sum over `total` things of which at most `samples` are looked at; 0: all of them.
pub(super) fn extrapolated(total: usize, samples: usize, sizes: impl Iterator<Item = usize>) -> usize {
    let limit = if samples == 0 { total } else { samples.min(total) };
    if limit == 0 {
        return 0;
    }
    let seen: usize = sizes.take(limit).sum();
    // Through 128 bits, so that no number of elements can overflow.
    (seen as u128 * total as u128 / limit as u128) as usize
}

impl<T: Held> Dict<T> {
    /// The memory of a table; `heap_bytes` tells what an entry has outside of it.
    pub(super) fn memory_bytes(&self, samples: usize, heap_bytes: impl Fn(&T) -> usize) -> usize {
        let heaps = self.iter().map(|(entry, _)| heap_bytes(entry));
        let deadlines = self.volatile_len() * DEADLINE_BYTES;
        self.frame_bytes() + self.room_bytes() + deadlines + extrapolated(self.len(), samples, heaps)
    }
}

impl Database {
    /// The memory a key takes, in bytes; `samples` elements of a collection are looked at, 0: all.
    pub fn memory_usage(&mut self, key: &[u8], samples: usize, now_ms: u64) -> Option<usize> {
        let (entry, deadline_ms) = self.entry_of(key, now_ms)?;
        let deadline = if deadline_ms.is_some() { DEADLINE_BYTES } else { 0 };
        Some(size_of::<Entry>() + HASH_BYTES + USE_BYTES + deadline + entry.heap_bytes(samples))
    }

    /// The memory of the table of keys without the keys and values, and of their deadlines.
    pub fn table_bytes(&self) -> (usize, usize) {
        let deadlines = self.volatile_len() * DEADLINE_BYTES;
        let entries = self.len() * (size_of::<Entry>() + HASH_BYTES + USE_BYTES);
        (self.table_frame_bytes() + entries, deadlines)
    }
}

impl Entry {
    /// The memory that an entry has outside of the table.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        match self {
            Entry::Packed(bytes) => allocated(bytes.len()),
            Entry::Shared(_) => {
                let value = match self.read() {
                    ValueRef::String(StringRef::Shared(bytes)) => allocated(bytes.len()),
                    other => other.collection().map_or(0, |collection| collection.heap_bytes(samples)),
                };
                allocated(size_of::<Full>() + COUNT_BYTES) + allocated(self.key().len()) + value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_rounded_up() {
        for (len, bytes) in
            [(0, 0), (1, 8), (8, 8), (9, 16), (65, 80), (128, 128), (1000, 1024), (1025, 1280)]
        {
            assert_eq!(allocated(len), bytes, "{len}");
        }
    }

    #[test]
    fn what_is_not_looked_at_is_like_what_is() {
        assert_eq!(extrapolated(10, 0, (0..10).map(|_| 3)), 30);
        assert_eq!(extrapolated(10, 2, [5, 7, 100].into_iter()), 60);
        assert_eq!(extrapolated(0, 5, std::iter::empty()), 0);
        assert_eq!(extrapolated(3, 5, [1, 2, 3].into_iter()), 6);
    }
}
