//! What happened to keys that no command says: that they were found past their deadline, that they are new.
//!
//! Both are noted where they happen and told when the owner asks, in order, each once. New keys are noted only where
//! somebody wants to hear of them. What is past its deadline stays in the list of [`Database::take_expired`].

use super::{Database, Entry};
use crate::store::dict::{Keyed, Seek, Spot};

/// What was noticed of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It was past its deadline and is gone.
    Expired,
    /// It has come into being.
    Created,
}

/// What is noted and not told yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    /// How many keys of the list of those past their deadline were told.
    pub(super) told: usize,
    notes_creations: bool,
    created: Vec<Box<[u8]>>,
}

impl Database {
    /// Tells what was found since the last call: first keys past their deadline, then new ones.
    pub fn report(&mut self, mut hear: impl FnMut(Finding, &[u8])) {
        for detached in &self.expired[self.findings.told..] {
            hear(Finding::Expired, detached.key());
        }
        self.findings.told = self.expired.len();
        for key in self.findings.created.drain(..) {
            hear(Finding::Created, &key);
        }
    }

    /// Forgets which keys are new without telling it.
    pub fn forget_creations(&mut self) {
        self.findings.created.clear();
    }

    pub(in crate::store) fn note_creations(&mut self, noted: bool) {
        self.findings.notes_creations = noted;
        self.findings.created.clear();
    }

    /// Has a key count as new, which nobody has used, where its value only replaced another.
    pub fn note_created(&mut self, key: &[u8]) {
        if let Seek::Found(spot) = self.dict.seek(key) {
            self.mark_new(spot);
        }
        self.tell_created(key);
    }

    #[inline]
    pub(super) fn tell_created(&mut self, key: &[u8]) {
        if self.findings.notes_creations {
            self.findings.created.push(key.into());
        }
    }

    /// Puts a new key in.
    pub(super) fn insert_at(&mut self, vacant: Spot, entry: Entry) -> Spot {
        self.tell_created(entry.key());
        let spot = self.dict.insert(vacant, entry);
        self.mark_new(spot);
        spot
    }
}
