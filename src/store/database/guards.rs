//! Collections while they are changed.
//!
//! A guard lends the collection together with the limits in force, and settles matters when it
//! goes: an empty collection vanishes with its key, so no command can forget that.

use super::Database;
use crate::store::dict::Spot;
use crate::store::error::StoreError;
use crate::store::hash::{FieldChange, Hash};
use crate::store::list::{List, ListLimits, Side};
use crate::store::set::Set;
use crate::store::sorted_set::{ScoreChange, SortedSet};
use crate::store::string::{NewString, StringRef};
use crate::store::value::Stored;
use bytes::Bytes;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

/// A collection to be changed. Reading goes through the collection itself.
pub struct CollectionMut<'a, C: Stored> {
    database: &'a mut Database,
    spot: Spot,
    collection: PhantomData<&'a mut C>,
}

macro_rules! access {
    ($($read:ident, $change:ident, $create:ident, $guard:ident: $kind:ident;)*) => {
        $(
            #[doc = concat!("A ", stringify!($read), " to be changed. Reading goes through [`", stringify!($kind), "`](struct@crate::store::", stringify!($kind), ").")]
            pub type $guard<'a> = CollectionMut<'a, $kind>;
        )*

        impl Database {
            $(
                #[doc = concat!("The ", stringify!($read), " at a key.")]
                pub fn $read(&mut self, key: &[u8], now_ms: u64) -> Result<Option<&$kind>, StoreError> {
                    self.read_as(key, now_ms)
                }

                #[doc = concat!("The ", stringify!($read), " at a key, to be changed.")]
                pub fn $change(&mut self, key: &[u8], now_ms: u64) -> Result<Option<$guard<'_>>, StoreError> {
                    self.change_as(key, now_ms)
                }

                #[doc = concat!("The ", stringify!($read), " at a key, to be changed; an empty one where there is no key.")]
                pub fn $create(&mut self, key: &[u8], now_ms: u64) -> Result<$guard<'_>, StoreError> {
                    self.change_or_create(key, now_ms)
                }
            )*
        }
    };
}

access! {
    list, list_mut, list_or_create, ListMut: List;
    hash, hash_mut, hash_or_create, HashMut: Hash;
    set, set_mut, set_or_create, SetMut: Set;
    sorted_set, sorted_set_mut, sorted_set_or_create, SortedSetMut: SortedSet;
}

impl Database {
    fn read_as<C: Stored>(&mut self, key: &[u8], now_ms: u64) -> Result<Option<&C>, StoreError> {
        let value = self.get(key, now_ms);
        value.map(|value| C::of(value).ok_or(StoreError::WrongType)).transpose()
    }

    fn change_as<C: Stored>(
        &mut self,
        key: &[u8],
        now_ms: u64,
    ) -> Result<Option<CollectionMut<'_, C>>, StoreError> {
        match self.find(key, now_ms) {
            Some(spot) => CollectionMut::at(self, spot).map(Some),
            None => Ok(None),
        }
    }

    fn change_or_create<C: Stored>(
        &mut self,
        key: &[u8],
        now_ms: u64,
    ) -> Result<CollectionMut<'_, C>, StoreError> {
        let spot = self.find_or_insert(key, now_ms, || C::empty().into_value());
        CollectionMut::at(self, spot)
    }
}

impl<'a, C: Stored> CollectionMut<'a, C> {
    fn at(database: &'a mut Database, spot: Spot) -> Result<Self, StoreError> {
        match C::of(database.dict.entry(spot).read()) {
            Some(_) => Ok(CollectionMut { database, spot, collection: PhantomData }),
            None => Err(StoreError::WrongType),
        }
    }

    fn inner(&mut self) -> &mut C {
        let value = self.database.dict.entry_mut(self.spot).value_mut();
        value.and_then(C::of_mut).expect(ITS_KIND)
    }
}

/// Why a guard finds what it was made for.
const ITS_KIND: &str = "a guard is made for one kind and nobody else can change the value meanwhile";

impl<C: Stored> Deref for CollectionMut<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        C::of(self.database.dict.entry(self.spot).read()).expect(ITS_KIND)
    }
}

impl<C: Stored> Drop for CollectionMut<'_, C> {
    fn drop(&mut self) {
        if self.is_empty() {
            self.database.dict.remove_at(self.spot);
        }
    }
}

impl CollectionMut<'_, List> {
    /// Announces that `count` elements of `bytes` bytes together will be added by this command:
    /// Redis decides once for all of them whether the packed form is left.
    pub fn expect(&mut self, count: usize, bytes: usize) {
        let limits = self.database.limits.list;
        self.inner().expect(count, bytes, &limits);
    }

    /// Adds elements at an end, one after another. Answers the new length.
    pub fn push<'b>(
        &mut self,
        side: Side,
        elements: impl IntoIterator<Item = NewString<'b>, IntoIter: Clone>,
    ) -> usize {
        let elements = elements.into_iter();
        let (count, bytes) = elements
            .clone()
            .fold((0, 0), |(count, bytes), element| (count + 1, bytes + element.as_slice().len()));
        let (list, limits) = self.with_limits();
        list.expect(count, bytes, &limits);
        elements.for_each(|element| list.push(side, element));
        list.len()
    }

    /// Takes the element at an end out.
    pub fn pop(&mut self, side: Side) -> Option<Bytes> {
        let (list, limits) = self.with_limits();
        let popped = list.pop(side);
        list.relax(&limits);
        popped
    }

    /// Takes the element at an end out and puts it in at an end, as `LMOVE` within one list; the encoding is
    /// settled only then, as in Redis. Answers the element.
    pub fn rotate(&mut self, from: Side, to: Side) -> Option<Bytes> {
        let (list, limits) = self.with_limits();
        let moved = list.pop(from)?;
        list.expect(1, moved.len(), &limits);
        list.push(to, moved.clone().into());
        list.relax(&limits);
        Some(moved)
    }

    /// Puts an element before the one at `index`, at the end when there is none.
    pub fn insert<'b>(&mut self, index: usize, element: impl Into<NewString<'b>>) {
        let element = element.into();
        let (list, limits) = self.with_limits();
        list.expect(1, element.as_slice().len(), &limits);
        match index < list.len() {
            true => list.insert(index, element),
            false => list.push(Side::Back, element),
        }
    }

    /// Replaces the element at `index`. Answers whether there is one.
    pub fn set<'b>(&mut self, index: usize, element: impl Into<NewString<'b>>) -> bool {
        let element = element.into();
        if index >= self.len() {
            return false;
        }
        let (list, limits) = self.with_limits();
        list.expect(1, element.as_slice().len(), &limits);
        list.set(index, element);
        list.relax(&limits);
        true
    }

    /// Takes `count` elements out, from `start` on, as far as they are there.
    pub fn remove_range(&mut self, start: usize, count: usize) {
        let count = count.min(self.len().saturating_sub(start));
        if count > 0 {
            let (list, limits) = self.with_limits();
            list.remove_range(start, count);
            list.relax(&limits);
        }
    }

    /// Keeps `count` elements from `start` on, as `LTRIM`.
    pub fn trim(&mut self, start: usize, count: usize) {
        self.remove_range(start.saturating_add(count), usize::MAX);
        self.remove_range(0, start);
    }

    /// Takes elements with this text out, at most `max` of them, the nearest to `side` first.
    /// Answers how many there were.
    pub fn remove_matching(&mut self, text: &[u8], side: Side, max: usize) -> usize {
        let (list, limits) = self.with_limits();
        let removed = list.remove_matching(text, side, max);
        if removed > 0 {
            list.relax(&limits);
        }
        removed
    }

    fn with_limits(&mut self) -> (&mut List, ListLimits) {
        let limits = self.database.limits.list;
        (self.inner(), limits)
    }
}

impl CollectionMut<'_, Hash> {
    /// Announces how many fields, new or not, this command will set.
    pub fn expect(&mut self, new_fields: usize) {
        let (limits, hash_key) = (self.database.limits.hash, self.database.hash_key);
        self.inner().expect(new_fields, &limits, hash_key);
    }

    /// Sets a field.
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> FieldChange {
        let (limits, hash_key) = (self.database.limits.hash, self.database.hash_key);
        self.inner().set(field, value, &limits, hash_key)
    }

    /// Takes a field out. Answers whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        self.inner().remove(field)
    }
}

impl CollectionMut<'_, Set> {
    /// Announces how many members, new or not, this command will add, and the first of them.
    pub fn expect(&mut self, first: &[u8], count: usize) {
        let (limits, hash_key) = (self.database.limits.set, self.database.hash_key);
        self.inner().expect(first, count, &limits, hash_key);
    }

    /// Adds a member. Answers whether it is a new one.
    pub fn add(&mut self, member: &[u8]) -> bool {
        let (limits, hash_key) = (self.database.limits.set, self.database.hash_key);
        self.inner().add(&StringRef::Slice(member).into(), &limits, hash_key)
    }

    /// Takes a member out. Answers whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.inner().remove(member)
    }

    /// Takes a member out that is picked with random bits, each with the same probability.
    pub fn pop(&mut self, random: impl FnMut() -> u64) -> Option<Bytes> {
        self.inner().pop(random)
    }
}

impl CollectionMut<'_, SortedSet> {
    /// Announces how many members, new or not, this command will give a score.
    pub fn expect(&mut self, members: usize) {
        let (limits, hash_key) = (self.database.limits.sorted_set, self.database.hash_key);
        self.inner().expect(members, &limits, hash_key);
    }

    /// Gives a member a score, which is a number.
    pub fn set(&mut self, member: &[u8], score: f64) -> ScoreChange {
        let (limits, hash_key) = (self.database.limits.sorted_set, self.database.hash_key);
        self.inner().set(member, score, &limits, hash_key)
    }

    /// Takes a member out. Answers its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        self.inner().remove(member)
    }

    /// Takes the members of these ranks out, as far as they are there.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        self.inner().remove_ranks(ranks);
    }
}
