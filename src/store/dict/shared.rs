//! Changing a segment that a snapshot shares, without copying its entries.
//!
//! Copying a whole segment for the first change would copy almost everything during a snapshot of a busy dict:
//! with random changes every segment is hit soon. So the changed segment gets hashes and deadlines of its own but
//! leaves the unchanged entries with the *lender*, the segment as the snapshot sees it, and has only the changed
//! ones itself. When the snapshot lets go of the lender, the next change takes the entries back without a copy, and
//! [`Dict::settle`] does where no change comes.
//!
//! A lender never borrows itself: what is changed while it borrows is copied with its few own entries.

use super::segment::Segment;
use super::{Dict, room_for};
use triomphe::Arc;

/// Places from here on are those of own entries.
const OWN: u16 = super::SEGMENT_MAX_ENTRIES as u16;

/// Where the entries of a segment are that does not have all of them.
#[derive(Debug, Clone)]
pub(super) struct Borrowed<T> {
    lender: Arc<Segment<T>>,
    /// For each entry its index at the lender, ascending, or among the own ones counted from [`OWN`].
    places: Vec<u16>,
}

impl<T> Dict<T> {
    /// Takes back what was lent to snapshots that are gone, in `count` segments from the one with the number `from`
    /// on. Answers the number to go on with, `None` after the last. Segments that move meanwhile may be missed.
    pub(in crate::store) fn settle(&mut self, from: usize, count: usize) -> Option<usize>
    where
        T: Clone,
    {
        let to = from.saturating_add(count).min(self.segments.len());
        for segment in
            self.segments.get_mut(from..to)?.iter_mut().filter(|segment| segment.borrowed.is_some())
        {
            // One that a snapshot shares stays as it is.
            if let Some(segment) = Arc::get_mut(segment) {
                segment.settle_if_free();
            }
        }
        (to < self.segments.len()).then_some(to)
    }
}

impl<T: Clone> Segment<T> {
    /// The segment to be changed: itself when nobody shares it, else in its place one that borrows from it.
    pub(super) fn to_change(this: &mut Arc<Self>) -> &mut Self {
        if !this.is_unique() {
            let changed = match &this.borrowed {
                None => Self::borrowing(Arc::clone(this)),
                Some(_) => Self::clone(this),
            };
            *this = Arc::new(changed);
        }
        let segment =
            Arc::get_mut(this).expect("nobody can share what is unique or new while it is lent out");
        segment.settle_if_free();
        segment
    }

    /// Takes back what is borrowed if nobody else has it.
    fn settle_if_free(&mut self) {
        if self.borrowed.as_ref().is_some_and(|borrowed| borrowed.lender.is_unique()) {
            self.settle();
        }
    }

    fn borrowing(lender: Arc<Self>) -> Self {
        let places = (0..OWN).take(lender.len()).collect();
        Segment {
            hashes: lender.hashes.clone(),
            entries: Vec::new(),
            depth: lender.depth,
            prefix: lender.prefix,
            deadlines: lender.deadlines.clone(),
            uses: lender.uses.clone(),
            borrowed: Some(Box::new(Borrowed { lender, places })),
        }
    }

    /// Takes back or copies what is borrowed, so that all entries are here.
    pub(super) fn settle(&mut self) {
        let Some(borrowed) = self.borrowed.take() else { return };
        let Borrowed { lender, places } = *borrowed;
        let own = std::mem::take(&mut self.entries);
        self.entries = match Arc::try_unwrap(lender) {
            Ok(lender) => {
                let (mut rest, mut passed) = (lender.entries.into_iter(), 0);
                gather(&places, own, |index| {
                    let skipped = index - std::mem::replace(&mut passed, index + 1);
                    rest.nth(skipped).expect("places ascend and are within the lender")
                })
            }
            Err(lender) => gather(&places, own, |index| lender.entries[index].clone()),
        };
    }
}

/// The entries at their places.
fn gather<T>(places: &[u16], own: Vec<T>, mut from_lender: impl FnMut(usize) -> T) -> Vec<T> {
    let mut own: Vec<Option<T>> = own.into_iter().map(Some).collect();
    let mut entries = Vec::with_capacity(room_for(places.len()));
    entries.extend(places.iter().map(|place| match own_index(*place) {
        Some(index) => own[index].take().expect("each own entry has one place"),
        None => from_lender(usize::from(*place)),
    }));
    entries
}

fn own_index(place: u16) -> Option<usize> {
    place.checked_sub(OWN).map(usize::from)
}

impl<T> Borrowed<T> {
    /// The entry at `index`, which may be among the own ones.
    pub(super) fn entry<'a>(&'a self, own: &'a [T], index: usize) -> &'a T {
        let place = self.places[index];
        match own_index(place) {
            Some(index) => &own[index],
            None => &self.lender.entries[usize::from(place)],
        }
    }

    /// The entry at `index` to be changed; it is an own one from now on.
    pub(super) fn entry_mut<'a>(&mut self, own: &'a mut Vec<T>, index: usize) -> &'a mut T
    where
        T: Clone,
    {
        let place = self.places[index];
        let own_index = own_index(place).unwrap_or_else(|| {
            own.push(self.lender.entries[usize::from(place)].clone());
            self.places[index] = OWN + own.len() as u16 - 1;
            own.len() - 1
        });
        &mut own[own_index]
    }

    pub(super) fn insert(&mut self, own: &mut Vec<T>, index: usize, entry: T) {
        self.places.insert(index, OWN + own.len() as u16);
        own.push(entry);
    }

    pub(super) fn remove(&mut self, own: &mut Vec<T>, index: usize) -> T
    where
        T: Clone,
    {
        let place = self.places.remove(index);
        let Some(index) = own_index(place) else {
            return self.lender.entries[usize::from(place)].clone();
        };
        // The last own entry moves into the gap.
        let last = OWN + own.len() as u16 - 1;
        self.places.iter_mut().filter(|other| **other == last).for_each(|other| *other = place);
        own.swap_remove(index)
    }

    /// Whether each place names another entry that is there.
    pub(super) fn is_sound(&self, own: &[T], len: usize) -> bool {
        let borrowed: Vec<u16> = self.places.iter().copied().filter(|place| *place < OWN).collect();
        let mut owned: Vec<usize> = self.places.iter().copied().filter_map(own_index).collect();
        owned.sort_unstable();
        self.places.len() == len
            && self.lender.borrowed.is_none()
            && borrowed.is_sorted_by(|a, b| a < b)
            && borrowed.last().is_none_or(|last| usize::from(*last) < self.lender.entries.len())
            && owned.into_iter().eq(0..own.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dict, HashKey, Held, Keyed};
    use std::cell::Cell;

    thread_local!(static COPIES: Cell<usize> = const { Cell::new(0) });

    /// Counts its copies.
    struct Counted(Vec<u8>, u32);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            COPIES.set(COPIES.get() + 1);
            Counted(self.0.clone(), self.1)
        }
    }

    impl Held for Counted {}

    impl Keyed for Counted {
        fn key(&self) -> &[u8] {
            &self.0
        }

        fn touch(&self) {}
    }

    fn entry(number: u32) -> Counted {
        Counted(number.to_le_bytes().into(), number)
    }

    fn change(dict: &mut Dict<Counted>, number: u32) {
        dict.get_mut(&number.to_le_bytes()).expect("it is there").1 += 1000;
    }

    #[test]
    fn only_what_changes_is_copied_and_the_rest_comes_back() {
        let mut dict = Dict::new(HashKey(1, 2));
        (0..200).for_each(|number| drop(dict.replace(entry(number))));
        let snapshot = dict.clone();
        assert_eq!((dict.segments.len(), COPIES.take()), (1, 0));
        (0..5).chain(0..5).for_each(|number| change(&mut dict, number));
        assert_eq!(COPIES.take(), 5);
        assert_eq!(dict.remove(entry(7).key()).map(|entry| entry.1), Some(7));
        assert_eq!(dict.remove(entry(1).key()).map(|entry| entry.1), Some(2001));
        dict.replace(entry(300));
        assert_eq!(COPIES.take(), 1);
        dict.verify().unwrap();
        let second = dict.clone();
        change(&mut dict, 9);
        // What was changed before is copied once more, as the second snapshot shares it.
        assert_eq!(COPIES.take(), 6);
        drop(snapshot);
        assert_eq!(dict.settle(0, 1), None);
        assert!(dict.segments[0].borrowed.is_some());
        drop(second);
        assert_eq!((dict.settle(0, 1), dict.settle(1, 1)), (None, None));
        assert_eq!(COPIES.take(), 0);
        assert!(dict.segments[0].borrowed.is_none());
        dict.verify().unwrap();
        drop(dict.clone());
        change(&mut dict, 10);
        assert_eq!(COPIES.take(), 0);
        let mut values: Vec<u32> = dict.iter().map(|(entry, _)| entry.1).collect();
        values.sort_unstable();
        let expected = [5, 6, 8].into_iter().chain(11..200).chain([300, 1009, 1010, 2000, 2002, 2003, 2004]);
        assert!(values.into_iter().eq(expected));
    }
}
