//! Strings: setting them whole, and changing them in place.

use super::{Database, Deadline, Detached};
use crate::store::dict::{Seek, Spot};
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::string::NewString;
use crate::store::value::ValueRef;
use bytes::BytesMut;

impl Database {
    /// Sets a string; canonical text of an integer becomes the integer. Answers what it replaces
    /// if that is of another size or type, to be dropped wherever the caller likes.
    pub fn set_string<'a>(
        &mut self,
        key: &[u8],
        value: impl Into<NewString<'a>>,
        deadline: Deadline,
        now_ms: u64,
    ) -> Option<Detached> {
        let value = value.into();
        match self.seek(key, now_ms) {
            Seek::Found(spot) => {
                if self.dict.entry_mut(spot).overwrite(value.as_slice()) {
                    self.apply(spot, deadline);
                    return None;
                }
                Some(self.overwrite(spot, Entry::string(key, value), deadline))
            }
            Seek::Vacant(spot) => {
                self.add(spot, Entry::string(key, value), deadline);
                None
            }
        }
    }

    /// Sets a string that stays text even if an integer would do, as `INCRBYFLOAT` does.
    pub fn set_text(
        &mut self,
        key: &[u8],
        value: &[u8],
        deadline: Deadline,
        now_ms: u64,
    ) -> Option<Detached> {
        let entry = Entry::text(key, NewString::Copy(value));
        self.set_entry(key, entry, deadline, now_ms)
    }

    /// Sets an integer.
    pub fn set_int(&mut self, key: &[u8], int: i64, deadline: Deadline, now_ms: u64) -> Option<Detached> {
        self.set_entry(key, Entry::int(key, int), deadline, now_ms)
    }

    /// Adds `delta` to the integer at a key, 0 where there is none. Answers the sum.
    pub fn increment(&mut self, key: &[u8], delta: i64, now_ms: u64) -> Result<i64, StoreError> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => {
                let ValueRef::String(old) = self.dict.entry(spot).read() else {
                    return Err(StoreError::WrongType);
                };
                let old = old.as_int().ok_or(StoreError::NotInteger)?;
                let sum = old.checked_add(delta).ok_or(StoreError::Overflow)?;
                let entry = self.dict.entry_mut(spot);
                if !entry.overwrite_int(sum) {
                    *entry = Entry::int(key, sum);
                }
                Ok(sum)
            }
            Seek::Vacant(spot) => {
                self.insert_at(spot, Entry::int(key, delta));
                Ok(delta)
            }
        }
    }

    /// Appends to the string at a key, an empty one where there is none. Answers the new length
    /// in bytes.
    ///
    /// As in Redis the result shows the encoding `raw`, but that of `SET` where the key is new, and
    /// there `max_bytes` does not count.
    pub fn append(
        &mut self,
        key: &[u8],
        suffix: &[u8],
        max_bytes: usize,
        now_ms: u64,
    ) -> Result<usize, StoreError> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => {
                let ValueRef::String(old) = self.dict.entry(spot).read() else {
                    return Err(StoreError::WrongType);
                };
                let len = old.len();
                self.patch(spot, len, suffix, max_bytes)
            }
            Seek::Vacant(spot) => {
                self.insert_at(spot, Entry::string(key, suffix.into()));
                Ok(suffix.len())
            }
        }
    }

    /// Writes `patch` at `offset` of the string at a key, with zero bytes up to there if it was
    /// shorter. Answers the new length in bytes. As in Redis an empty patch changes nothing, and
    /// the end of the patch has to be within `max_bytes`.
    pub fn set_range(
        &mut self,
        key: &[u8],
        offset: usize,
        patch: &[u8],
        max_bytes: usize,
        now_ms: u64,
    ) -> Result<usize, StoreError> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => match self.dict.entry(spot).read() {
                ValueRef::String(old) if patch.is_empty() => Ok(old.len()),
                ValueRef::String(_) => self.patch(spot, offset, patch, max_bytes),
                _ => Err(StoreError::WrongType),
            },
            Seek::Vacant(_) if patch.is_empty() => Ok(0),
            Seek::Vacant(spot) => {
                let mut text = BytesMut::zeroed(within(offset, patch, max_bytes)?);
                text[offset..].copy_from_slice(patch);
                let len = text.len();
                self.insert_at(spot, Entry::raw(key, text));
                Ok(len)
            }
        }
    }

    /// Lends the bytes of the string at a key to be changed in place, after zero bytes were added
    /// up to `len_min_bytes`, and the length it had before; a new string where there is no key.
    /// Answers what `edit` answers.
    pub fn edit_string<T>(
        &mut self,
        key: &[u8],
        len_min_bytes: usize,
        now_ms: u64,
        edit: impl FnOnce(&mut [u8], usize) -> T,
    ) -> Result<T, StoreError> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => {
                self.dict.entry_mut(spot).edit(len_min_bytes, edit).ok_or(StoreError::WrongType)
            }
            Seek::Vacant(spot) => {
                let mut text = BytesMut::zeroed(len_min_bytes);
                let answer = edit(&mut text, 0);
                self.insert_at(spot, Entry::raw(key, text));
                Ok(answer)
            }
        }
    }

    /// Sets a string that was computed: it shows the encoding `raw` even if an integer would do.
    pub fn set_raw(
        &mut self,
        key: &[u8],
        text: BytesMut,
        deadline: Deadline,
        now_ms: u64,
    ) -> Option<Detached> {
        self.set_entry(key, Entry::raw(key, text), deadline, now_ms)
    }

    fn patch(
        &mut self,
        spot: Spot,
        offset: usize,
        patch: &[u8],
        max_bytes: usize,
    ) -> Result<usize, StoreError> {
        let end = within(offset, patch, max_bytes)?;
        let write = |text: &mut [u8], _| {
            text[offset..end].copy_from_slice(patch);
            text.len()
        };
        self.dict.entry_mut(spot).edit(end, write).ok_or(StoreError::WrongType)
    }

    fn set_entry(&mut self, key: &[u8], entry: Entry, deadline: Deadline, now_ms: u64) -> Option<Detached> {
        match self.seek(key, now_ms) {
            Seek::Found(spot) => Some(self.overwrite(spot, entry, deadline)),
            Seek::Vacant(spot) => {
                self.add(spot, entry, deadline);
                None
            }
        }
    }

    /// Replaces what stands here, but for its mark.
    pub(super) fn overwrite(&mut self, spot: Spot, entry: Entry, deadline: Deadline) -> Detached {
        let (deadline_ms, mark) = (self.dict.deadline(spot), Some(self.dict.mark(spot)));
        let entry = std::mem::replace(self.dict.entry_mut(spot), entry);
        self.apply(spot, deadline);
        Detached { entry, deadline_ms, mark }
    }

    pub(super) fn add(&mut self, vacant: Spot, entry: Entry, deadline: Deadline) -> Spot {
        let spot = self.insert_at(vacant, entry);
        self.apply(spot, deadline);
        spot
    }

    pub(super) fn apply(&mut self, spot: Spot, deadline: Deadline) {
        match deadline {
            Deadline::Keep => {}
            Deadline::Clear => {
                self.dict.set_deadline(spot, None);
            }
            Deadline::At(time_ms) => {
                self.dict.set_deadline(spot, Some(time_ms));
            }
        }
    }
}

/// Where a patch ends, if that is allowed.
fn within(offset: usize, patch: &[u8], max_bytes: usize) -> Result<usize, StoreError> {
    let end = offset.checked_add(patch.len()).filter(|end| *end <= max_bytes);
    end.ok_or(StoreError::TooLong)
}
