//! Reading ahead: the memory that a batch of look-ups will touch, fetched for all of them together.
//!
//! A look-up in a big dict waits for memory four times, each wait needing what the one before
//! brought. Taking a group of keys through each of the four steps in turn lets the processor wait
//! for the whole group at once. Nothing is answered; the look-ups afterwards find things near.

use super::segment::Segment;
use super::{Dict, Keyed};
use std::hint::black_box;

/// How many keys are taken through the steps together: about what a processor can wait for.
pub const WARM_GROUP_KEYS: usize = 16;

impl<T: Keyed> Dict<T> {
    /// Brings the entries with these keys near, where there are any.
    pub(in crate::store) fn warm<'k>(&self, keys: impl IntoIterator<Item = &'k [u8]>) {
        let mut group: [Option<(u32, &Segment<T>)>; WARM_GROUP_KEYS] = [None; WARM_GROUP_KEYS];
        let mut len = 0;
        for key in keys {
            let hash = self.hash(key);
            let segment = &*self.segments[self.directory[self.slot(hash)] as usize];
            black_box(segment.depth);
            group[len] = Some((hash, segment));
            len += 1;
            if len == WARM_GROUP_KEYS {
                warm_group(&group);
                len = 0;
            }
        }
        warm_group(&group[..len]);
    }
}

fn warm_group<T: Keyed>(group: &[Option<(u32, &Segment<T>)>]) {
    let mut entries: [Option<&T>; WARM_GROUP_KEYS] = [None; WARM_GROUP_KEYS];
    for (entry, (hash, segment)) in entries.iter_mut().zip(group.iter().flatten()) {
        *entry = segment.first_from(*hash);
    }
    for entry in entries.iter().flatten() {
        entry.touch();
    }
    for entry in entries.iter().flatten() {
        black_box(entry.key().first());
    }
}
