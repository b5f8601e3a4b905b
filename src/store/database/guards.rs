//! Collections while they are changed.
//!
//! A guard lends the collection together with the limits in force, and settles matters when it
//! goes: an empty collection vanishes with its key, so no command can forget that.

use super::Database;
use crate::store::dict::Spot;
use crate::store::error::StoreError;
use crate::store::hash::{FieldChange, Hash};
use crate::store::list::{List, Side};
use crate::store::string::NewString;
use crate::store::value::{Value, ValueRef};
use bytes::Bytes;
use std::ops::Deref;

/// A list to be changed. Reading goes through [`List`].
pub struct ListMut<'a> {
    database: &'a mut Database,
    spot: Spot,
}

/// A hash to be changed. Reading goes through [`Hash`](struct@Hash).
pub struct HashMut<'a> {
    database: &'a mut Database,
    spot: Spot,
}

impl<'a> ListMut<'a> {
    pub(super) fn at(database: &'a mut Database, spot: Spot) -> Result<Self, StoreError> {
        match database.dict.entry(spot).read() {
            ValueRef::List(_) => Ok(ListMut { database, spot }),
            _ => Err(StoreError::WrongType),
        }
    }

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
        self.expect(count, bytes);
        let list = self.inner();
        elements.for_each(|element| list.push(side, element));
        list.len()
    }

    /// Takes the element at an end out.
    pub fn pop(&mut self, side: Side) -> Option<Bytes> {
        let popped = self.inner().pop(side);
        self.relax();
        popped
    }

    /// Takes the element at an end out and puts it in at an end, as `LMOVE` within one list; the encoding is
    /// settled only then, as in Redis. Answers the element.
    pub fn rotate(&mut self, from: Side, to: Side) -> Option<Bytes> {
        let moved = self.inner().pop(from)?;
        self.expect(1, moved.len());
        self.inner().push(to, moved.clone().into());
        self.relax();
        Some(moved)
    }

    /// Puts an element before the one at `index`, at the end when there is none.
    pub fn insert<'b>(&mut self, index: usize, element: impl Into<NewString<'b>>) {
        let element = element.into();
        self.expect(1, element.as_slice().len());
        match index < self.len() {
            true => self.inner().insert(index, element),
            false => self.inner().push(Side::Back, element),
        }
    }

    /// Replaces the element at `index`. Answers whether there is one.
    pub fn set<'b>(&mut self, index: usize, element: impl Into<NewString<'b>>) -> bool {
        let element = element.into();
        if index >= self.len() {
            return false;
        }
        self.expect(1, element.as_slice().len());
        self.inner().set(index, element);
        self.relax();
        true
    }

    /// Takes `count` elements out, from `start` on, as far as they are there.
    pub fn remove_range(&mut self, start: usize, count: usize) {
        let count = count.min(self.len().saturating_sub(start));
        if count > 0 {
            self.inner().remove_range(start, count);
            self.relax();
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
        let removed = self.inner().remove_matching(text, side, max);
        if removed > 0 {
            self.relax();
        }
        removed
    }

    fn relax(&mut self) {
        let limits = self.database.limits.list;
        self.inner().relax(&limits);
    }

    fn inner(&mut self) -> &mut List {
        match self.database.dict.entry_mut(self.spot).value_mut() {
            Some(Value::List(list)) => list,
            _ => unreachable!("a guard is made for a list and nobody else can change it meanwhile"),
        }
    }
}

impl<'a> HashMut<'a> {
    pub(super) fn at(database: &'a mut Database, spot: Spot) -> Result<Self, StoreError> {
        match database.dict.entry(spot).read() {
            ValueRef::Hash(_) => Ok(HashMut { database, spot }),
            _ => Err(StoreError::WrongType),
        }
    }

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

    fn inner(&mut self) -> &mut Hash {
        match self.database.dict.entry_mut(self.spot).value_mut() {
            Some(Value::Hash(hash)) => hash,
            _ => unreachable!("a guard is made for a hash and nobody else can change it meanwhile"),
        }
    }
}

impl Deref for ListMut<'_> {
    type Target = List;

    fn deref(&self) -> &List {
        match self.database.dict.entry(self.spot).read() {
            ValueRef::List(list) => list,
            _ => unreachable!("a guard is made for a list and nobody else can change it meanwhile"),
        }
    }
}

impl Deref for HashMut<'_> {
    type Target = Hash;

    fn deref(&self) -> &Hash {
        match self.database.dict.entry(self.spot).read() {
            ValueRef::Hash(hash) => hash,
            _ => unreachable!("a guard is made for a hash and nobody else can change it meanwhile"),
        }
    }
}

impl Drop for ListMut<'_> {
    fn drop(&mut self) {
        if self.is_empty() {
            self.database.dict.remove_at(self.spot);
        }
    }
}

impl Drop for HashMut<'_> {
    fn drop(&mut self) {
        if self.is_empty() {
            self.database.dict.remove_at(self.spot);
        }
    }
}
