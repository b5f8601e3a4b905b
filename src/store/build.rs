//! Values made outside a database, as loading them takes: whole, checked, in the form their size asks for.

use super::Limits;
use super::dict::HashKey;
use super::hash::{FieldChange, Hash};
use super::list::ListBuilder;
use super::packed::Packed;
use super::set::{Intset, Member, Set};
use super::sorted_set::{ScoreChange, SortedSet};

/// What a value needs to know of the database it is made for.
#[derive(Debug, Clone, Copy)]
pub struct Builder {
    limits: Limits,
    hash_key: HashKey,
}

/// A hash that grows.
#[derive(Debug)]
pub struct HashBuilder {
    hash: Hash,
    builder: Builder,
}

impl Builder {
    pub(super) fn new(limits: Limits, hash_key: HashKey) -> Self {
        Self { limits, hash_key }
    }

    /// An empty list, to be filled.
    #[must_use]
    pub fn list(&self) -> ListBuilder {
        ListBuilder::new(self.limits.list)
    }

    /// An empty hash, to be filled with about so many fields.
    #[must_use]
    pub fn hash(&self, fields: usize) -> HashBuilder {
        let mut hash = Hash::new();
        hash.expect(fields, &self.limits.hash, self.hash_key);
        HashBuilder { hash, builder: *self }
    }

    /// A hash from a buffer of fields and values; none where a value is missing or a field is there twice.
    #[must_use]
    pub fn hash_from_packed(&self, packed: Packed) -> Option<Hash> {
        Hash::from_packed(packed, &self.limits.hash, self.hash_key)
    }
}

/// A sorted set that grows.
#[derive(Debug)]
pub struct SortedSetBuilder {
    set: SortedSet,
    builder: Builder,
}

impl Builder {
    /// An empty sorted set, to be filled.
    #[must_use]
    pub fn sorted_set(&self) -> SortedSetBuilder {
        SortedSetBuilder { set: SortedSet::new(), builder: *self }
    }
}

impl SortedSetBuilder {
    /// Adds a member. Answers false, and leaves it out, if it is there already or the score is no number.
    pub fn add(&mut self, member: &[u8], score: f64) -> bool {
        if score.is_nan() || self.set.score(member).is_some() {
            return false;
        }
        let Builder { limits, hash_key } = &self.builder;
        self.set.set_exactly(member, score, score, &limits.sorted_set, *hash_key) == ScoreChange::Added
    }

    /// Adds a member with this score, or gives one that is there the score that `score_of_both` makes of its old one;
    /// all of them are numbers.
    pub fn combine(&mut self, member: &[u8], score: f64, score_of_both: impl FnOnce(f64) -> f64) {
        let old = self.set.score(member);
        let score = old.map_or(score, score_of_both);
        // A zero of the other sign is no other score to a set, but it is to who reads the outcome.
        if old.is_some_and(|old| old == score && old.is_sign_negative() != score.is_sign_negative()) {
            self.set.remove(member);
        }
        let Builder { limits, hash_key } = &self.builder;
        self.set.set_exactly(member, score, score, &limits.sorted_set, *hash_key);
    }

    /// The sorted set to be read and dropped, with the signs of zeros that a packed one in a database would forget.
    #[must_use]
    pub fn finish_exactly(self) -> SortedSet {
        self.set
    }

    /// The sorted set; it may be empty.
    #[must_use]
    pub fn finish(mut self) -> SortedSet {
        self.set.forget_signs();
        self.set
    }
}

/// A set that grows.
#[derive(Debug)]
pub struct SetBuilder {
    set: Set,
    builder: Builder,
}

impl Builder {
    /// An empty set, to be filled with about so many members as loading does: it begins as an intset if they may
    /// be integers.
    #[must_use]
    pub fn set(&self, members: usize) -> SetBuilder {
        if members <= self.limits.set.max_intset_entries { self.set_of(Set::new()) } else { self.set_table() }
    }

    /// An empty set that begins as packed.
    #[must_use]
    pub fn set_packed(&self) -> SetBuilder {
        self.set_of(Set::new_packed())
    }

    /// An empty set that is a table.
    #[must_use]
    pub fn set_table(&self) -> SetBuilder {
        self.set_of(Set::new_table(self.hash_key))
    }

    /// A set from a buffer of members; none where one is there twice.
    #[must_use]
    pub fn set_from_packed(&self, packed: Packed) -> Option<Set> {
        Set::from_packed(packed, &self.limits.set, self.hash_key)
    }

    /// A set from integers.
    #[must_use]
    pub fn set_from_intset(&self, ints: Intset) -> Set {
        Set::from_intset(ints, &self.limits.set, self.hash_key)
    }

    fn set_of(&self, set: Set) -> SetBuilder {
        SetBuilder { set, builder: *self }
    }
}

impl SetBuilder {
    /// Adds a member. Answers whether it is a new one.
    pub fn add<'a>(&mut self, member: impl Into<Member<'a>>) -> bool {
        let Builder { limits, hash_key } = &self.builder;
        self.set.add(&member.into(), &limits.set, *hash_key)
    }

    /// Takes a member of another set out. Answers whether it was there.
    pub fn remove(&mut self, member: &Member<'_>) -> bool {
        self.set.remove_member(member)
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The set; it may be empty.
    #[must_use]
    pub fn finish(self) -> Set {
        self.set
    }

    /// The set, an intset if all members are integers and not too many.
    #[must_use]
    pub fn finish_with_ints(mut self) -> Set {
        self.set.prefer_ints(&self.builder.limits.set);
        self.set
    }
}

impl HashBuilder {
    /// Adds a field. Answers whether it is a new one.
    pub fn add(&mut self, field: &[u8], value: &[u8]) -> bool {
        let Builder { limits, hash_key } = &self.builder;
        self.hash.set(field, value, &limits.hash, *hash_key) == FieldChange::Created
    }

    /// The hash; it may be empty.
    #[must_use]
    pub fn finish(self) -> Hash {
        self.hash
    }
}
