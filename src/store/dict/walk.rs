//! Ways through a dict: whole, in steps, at random, and to what is due.

use super::deadlines::NEVER_MS;
use super::segment::Segment;
use super::{Dict, HASH_BITS, Held, Keyed, SEGMENT_MAX_ENTRIES, Spot};
use triomphe::Arc;

/// In so many segments at most an entry is found fastest by its rank.
const FEW_SEGMENTS: usize = 16;

/// How often [`Dict::random_spot`] throws before it counts instead. Segments are at least a quarter full on
/// average, so that practically never happens.
const MAX_THROWS: usize = 64;

/// All entries of a dict with their deadlines, in no promised order.
pub struct Iter<'a, T> {
    segments: std::slice::Iter<'a, Arc<Segment<T>>>,
    segment: Option<&'a Segment<T>>,
    index: usize,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a T, Option<u64>);

    fn next(&mut self) -> Option<Self::Item> {
        let (segment, index) = self.advance()?;
        Some((segment.entry(index), segment.deadlines.get(index)))
    }
}

impl<'a, T> Iter<'a, T> {
    /// The next entry with its hash instead of its deadline.
    pub(in crate::store) fn next_hashed(&mut self) -> Option<(u32, &'a T)> {
        let (segment, index) = self.advance()?;
        Some((segment.hash(index), segment.entry(index)))
    }

    /// Where the next entry stands.
    fn advance(&mut self) -> Option<(&'a Segment<T>, usize)> {
        loop {
            if let Some(segment) = self.segment.filter(|segment| self.index < segment.len()) {
                self.index += 1;
                return Some((segment, self.index - 1));
            }
            self.segment = Some(self.segments.next()?);
            self.index = 0;
        }
    }
}

impl<T: Held> Dict<T> {
    /// All entries with their deadlines.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { segments: self.segments.iter(), segment: None, index: 0 }
    }

    /// All entries with their deadlines, and their marks of use.
    pub(in crate::store) fn iter_with_marks(&self) -> impl Iterator<Item = ((&T, Option<u64>), u32)> {
        self.segments.iter().flat_map(|segment| {
            (0..segment.len()).map(move |index| {
                ((segment.entry(index), segment.deadlines.get(index)), segment.uses.get(index))
            })
        })
    }

    /// Visits at least `count` entries from `cursor` on, as far as there are that many, and
    /// answers the cursor to go on with. 0 begins and 0 says that all were visited.
    ///
    /// An entry that is there from the first call to the last is visited exactly once. Entries
    /// whose hashes are equal are never separated, so a few more than `count` may come.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&T, Option<u64>)) -> u64 {
        self.scan_hashed(cursor, count, |_, entry, deadline_ms| visit(entry, deadline_ms))
    }

    /// [`Dict::scan`] that shows the hashes, too.
    pub(in crate::store) fn scan_hashed<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(u32, &'a T, Option<u64>),
    ) -> u64 {
        let Ok(mut from) = u32::try_from(cursor) else {
            return 0;
        };
        let mut left = count.max(1);
        loop {
            let slot = self.slot(from);
            let segment = &self.segments[self.directory[slot] as usize];
            for index in segment.lower_bound(from)..segment.len() {
                if left == 0 && segment.hash(index) != segment.hash(index - 1) {
                    return u64::from(segment.hash(index));
                }
                visit(segment.hash(index), segment.entry(index), segment.deadlines.get(index));
                left = left.saturating_sub(1);
            }
            let span = 1u64 << (HASH_BITS - segment.depth);
            match u32::try_from(u64::from(segment.prefix) + span) {
                Ok(next) if left == 0 => return u64::from(next),
                Ok(next) => from = next,
                Err(_) => return 0,
            }
        }
    }

    /// Where an entry stands that was picked with random bits, each with the same probability.
    pub(in crate::store) fn random_spot(&self, mut random: impl FnMut() -> u64) -> Option<Spot> {
        if self.is_empty() {
            return None;
        }
        let throws = if self.segments.len() > FEW_SEGMENTS { MAX_THROWS } else { 0 };
        (0..throws).find_map(|_| self.throw(random())).or_else(|| self.nth_spot(random()))
    }

    /// An entry picked with random bits, each with the same probability.
    pub fn random(&self, random: impl FnMut() -> u64) -> Option<&T> {
        self.random_spot(random).map(|spot| self.entry(spot))
    }

    /// The spot that random bits hit, if one stands there. A segment that several slots name is hit as much
    /// more often, so its entries lie that much further apart.
    fn throw(&self, random: u64) -> Option<Spot> {
        let number = self.directory[self.slot((random >> HASH_BITS) as u32)];
        let segment = &self.segments[number as usize];
        let places = (SEGMENT_MAX_ENTRIES as u128) << (self.depth - segment.depth);
        let index = (u128::from(random as u32) * places) >> HASH_BITS;
        let index = usize::try_from(index).ok().filter(|index| *index < segment.len())?;
        Some(Spot { hash: segment.hash(index), segment: number, index: index as u32 })
    }

    /// The spot of the entry whose rank is that share of all entries which `random` is of 64 bits.
    fn nth_spot(&self, random: u64) -> Option<Spot> {
        let mut rank = ((u128::from(random) * self.len as u128) >> u64::BITS) as usize;
        for (number, segment) in self.segments.iter().enumerate() {
            if rank < segment.len() {
                return Some(Spot { hash: segment.hash(rank), segment: number as u32, index: rank as u32 });
            }
            rank -= segment.len();
        }
        None
    }

    /// Visits `count` entries in the order of their hashes behind `hash`, and again from the beginning, with the mark of
    /// use and the deadline of each, or only such as have a deadline. As hashes are random, so is the choice, but for the
    /// first entry behind `hash`, which is left out: one that has a wide gap in front is the first more often.
    ///
    /// Segments without a deadline are passed over unread: where few entries have one, there are thousands of them.
    pub(in crate::store) fn sample(
        &self,
        hash: u32,
        count: usize,
        only_volatile: bool,
        mut visit: impl FnMut(&T, u32, Option<u64>),
    ) {
        let (mut from, mut skip) = (hash, true);
        let mut left = count.min(if only_volatile { self.volatile_len } else { self.len });
        while left > 0 {
            let slot = self.slot(from);
            let number = self.directory[slot] as usize;
            if only_volatile && self.soonest_ms[number] == NEVER_MS {
                from = self.first_behind(slot);
                continue;
            }
            let segment = &self.segments[number];
            for index in segment.lower_bound(from)..segment.len() {
                let deadline_ms = segment.deadlines.get(index);
                if left == 0 {
                    return;
                }
                let is_out = only_volatile && deadline_ms.is_none();
                if is_out || std::mem::take(&mut skip) {
                    continue;
                }
                visit(segment.entry(index), segment.uses.get(index), deadline_ms);
                left -= 1;
            }
            // Behind the last hash comes the first.
            let span = 1u64 << (HASH_BITS - segment.depth);
            from = (u64::from(segment.prefix) + span) as u32;
        }
    }

    /// The first hash that stands behind those of a slot whose segment has no deadline, in a slot whose segment may have
    /// one. Behind the last slot comes the first.
    fn first_behind(&self, slot: usize) -> u32 {
        let may_have = |number: &u32| self.soonest_ms[*number as usize] != NEVER_MS;
        let next = self.directory[slot..].iter().position(may_have);
        let slot = next.map_or(0, |ahead| (slot + ahead) as u32);
        slot.checked_shl(HASH_BITS - self.depth).unwrap_or(0)
    }

    /// A time before which no entry is due; `None` when none will ever be.
    pub fn soonest_ms(&self) -> Option<u64> {
        self.soonest_ms.iter().copied().min().filter(|soonest| *soonest != NEVER_MS)
    }

    /// Takes entries whose deadline has passed out, at most about `budget` of them, and shows
    /// each. Answers whether there may be more.
    pub(in crate::store) fn purge_due(
        &mut self,
        now_ms: u64,
        budget: usize,
        mut purged: impl FnMut(T, u64),
    ) -> bool {
        let (mut left, mut number) = (budget, 0);
        while let Some(ahead) = self.soonest_ms.iter().skip(number).position(|soonest| *soonest < now_ms) {
            number += ahead;
            if left == 0 {
                return true;
            }
            let segment = Segment::to_change(&mut self.segments[number]);
            let hash = segment.prefix;
            for index in (0..segment.len()).rev() {
                if left == 0 || segment.deadlines.get(index).is_none_or(|deadline_ms| deadline_ms >= now_ms) {
                    continue;
                }
                if let (entry, Some(deadline_ms)) = segment.remove(index) {
                    left -= 1;
                    self.len -= 1;
                    self.volatile_len -= 1;
                    purged(entry, deadline_ms);
                }
            }
            self.soonest_ms[number] = segment.deadlines.soonest();
            // A merge may put a segment that was not looked at yet under a lower number.
            number = number.min(self.merge(hash) as usize);
        }
        false
    }

    /// Says what is wrong with the structure, whatever the entries are.
    pub(in crate::store) fn verify_table(&self) -> Result<(), &'static str> {
        if self.directory.len() != 1 << self.depth || self.soonest_ms.len() != self.segments.len() {
            return Err("directory or deadlines have a wrong length");
        }
        let mut named = 0;
        for (number, segment) in self.segments.iter().enumerate() {
            segment.verify()?;
            if segment.depth > self.depth || self.soonest_ms[number] > segment.deadlines.soonest() {
                return Err("a segment is deeper than the directory, or due before its time");
            }
            if segment.deadlines.len() == 0 && self.soonest_ms[number] != NEVER_MS {
                return Err("a segment without deadlines has a time when it is due");
            }
            let (first, slots) = (self.slot(segment.prefix), 1 << (self.depth - segment.depth));
            let ours = self.directory.get(first..first + slots);
            if !ours.is_some_and(|slots| slots.iter().all(|slot| *slot as usize == number)) {
                return Err("the directory does not name a segment where it should");
            }
            named += slots;
        }
        if named != self.directory.len() {
            return Err("the directory names a segment that covers something else");
        }
        if self.len != self.segments.iter().map(|segment| segment.len()).sum::<usize>() {
            return Err("the number of entries is wrong");
        }
        if self.volatile_len != self.segments.iter().map(|segment| segment.deadlines.len()).sum::<usize>() {
            return Err("the number of deadlines is wrong");
        }
        Ok(())
    }
}

impl<T: Keyed> Dict<T> {
    /// Says what is wrong with the structure.
    pub fn verify(&self) -> Result<(), &'static str> {
        self.verify_table()?;
        let misplaced = |segment: &Arc<Segment<T>>| {
            (0..segment.len()).any(|index| self.hash(segment.entry(index).key()) != segment.hash(index))
        };
        if self.segments.iter().any(misplaced) {
            return Err("an entry stands under a hash that is not its own");
        }
        Ok(())
    }
}
