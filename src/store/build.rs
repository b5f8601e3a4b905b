//! Values made outside a database, as loading them takes: whole, checked, in the form their size asks for.

use super::Limits;
use super::dict::HashKey;
use super::hash::{FieldChange, Hash};
use super::list::ListBuilder;
use super::packed::Packed;

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
