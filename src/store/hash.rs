//! `Hash`: fields and their values.
//!
//! Small ones are one packed buffer ("listpack": field, value, field, value …), others a
//! [`Dict`] ("hashtable"). As in Redis a hash that became a table stays one.

#[cfg(test)]
mod tests;

use super::dict::{Dict, HashKey, Held, Keyed, Seek};
use super::packed::{Packed, PackedIter};
use super::string::StringRef;

/// When a hash stops being a packed buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`: more fields than this make it a table.
    pub max_listpack_entries: usize,
    /// `hash-max-listpack-value`: a longer field or value, in bytes, makes it a table.
    pub max_listpack_value: usize,
}

impl Default for HashLimits {
    fn default() -> Self {
        HashLimits { max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

/// A hash.
#[derive(Debug, Clone)]
pub struct Hash(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Packed(Packed),
    Table(Box<Dict<Field>>),
}

/// A field and its value in one allocation: length of the field, field, value.
#[derive(Debug, Clone)]
struct Field(Box<[u8]>);

/// What [`HashMut::set`](super::HashMut::set) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldChange {
    /// The field is new.
    Created,
    /// The field was there and has another value now.
    Updated,
}

/// The fields and values of a hash, in no promised order.
pub struct HashIter<'a>(HashIterRepr<'a>);

enum HashIterRepr<'a> {
    Packed(PackedIter<'a>),
    Table(super::dict::Iter<'a, Field>),
}

impl Hash {
    /// An empty hash. The store keeps none: it is on its way in.
    pub(super) fn new() -> Self {
        Hash(Repr::Packed(Packed::default()))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.len() / 2,
            Repr::Table(dict) => dict.len(),
        }
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name `OBJECT ENCODING` has for the present form.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Repr::Packed(_) => "listpack",
            Repr::Table(_) => "hashtable",
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<StringRef<'_>> {
        match &self.0 {
            Repr::Packed(packed) => {
                let at = packed.find(packed.first(), 2, field)?;
                Some(packed.at(packed.next(at)))
            }
            Repr::Table(dict) => dict.get(field).map(|field| StringRef::Slice(field.value())),
        }
    }

    /// Whether the field is there.
    pub fn contains(&self, field: &[u8]) -> bool {
        match &self.0 {
            Repr::Packed(packed) => packed.find(packed.first(), 2, field).is_some(),
            Repr::Table(dict) => dict.get(field).is_some(),
        }
    }

    /// The memory its parts take, looking at `samples` fields at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.heap_bytes(),
            Repr::Table(dict) => {
                let table = dict.memory_bytes(samples, |field| super::usage::allocated(field.0.len()));
                super::usage::allocated(size_of::<Dict<Field>>()) + table
            }
        }
    }

    /// The buffer of a packed hash: field, value, field, value …
    pub fn packed(&self) -> Option<&Packed> {
        match &self.0 {
            Repr::Packed(packed) => Some(packed),
            Repr::Table(_) => None,
        }
    }

    /// All fields with their values.
    pub fn iter(&self) -> HashIter<'_> {
        HashIter(match &self.0 {
            Repr::Packed(packed) => HashIterRepr::Packed(packed.iter()),
            Repr::Table(dict) => HashIterRepr::Table(dict.iter()),
        })
    }

    /// Visits fields as [`Dict::scan`] does; a packed hash is visited whole, as in Redis.
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(StringRef<'_>, StringRef<'_>),
    ) -> u64 {
        match &self.0 {
            Repr::Packed(_) => {
                self.iter().for_each(|(field, value)| visit(field, value));
                0
            }
            Repr::Table(dict) => dict.scan(cursor, count, |field, _| {
                visit(StringRef::Slice(field.key()), StringRef::Slice(field.value()));
            }),
        }
    }

    /// Whether this is one packed buffer: then only walking through it finds a field.
    pub fn is_packed(&self) -> bool {
        matches!(self.0, Repr::Packed(_))
    }

    /// A field with its value, picked uniformly with random bits from `random`.
    pub fn random(&self, mut random: impl FnMut() -> u64) -> Option<(StringRef<'_>, StringRef<'_>)> {
        match &self.0 {
            Repr::Packed(packed) => {
                let index = (u128::from(random()) * self.len() as u128) >> u64::BITS;
                let mut strings = packed.iter_from(2 * index as usize);
                Some((strings.next()?, strings.next()?))
            }
            Repr::Table(dict) => dict.random(random).map(Field::pair),
        }
    }

    /// Turns into a table where a command that brings `new_fields` fields at once does in Redis 7.2.
    pub(super) fn expect(&mut self, new_fields: usize, limits: &HashLimits, hash_key: HashKey) {
        if new_fields > limits.max_listpack_entries {
            self.make_table(hash_key);
        }
    }

    pub(super) fn set(
        &mut self,
        field: &[u8],
        value: &[u8],
        limits: &HashLimits,
        hash_key: HashKey,
    ) -> FieldChange {
        if field.len().max(value.len()) > limits.max_listpack_value {
            self.make_table(hash_key);
        }
        let change = match &mut self.0 {
            Repr::Packed(packed) => set_packed(packed, field, value),
            Repr::Table(dict) => set_in_table(dict, field, value),
        };
        if self.len() > limits.max_listpack_entries {
            self.make_table(hash_key);
        }
        change
    }

    /// A hash from a buffer of fields and values; none where a value is missing or a field is there twice.
    pub(super) fn from_packed(packed: Packed, limits: &HashLimits, hash_key: HashKey) -> Option<Self> {
        if packed.len() % 2 == 1 {
            return None;
        }
        if packed.len() / 2 <= limits.max_listpack_entries {
            return fields_differ(&packed).then_some(Self(Repr::Packed(packed)));
        }
        let mut dict = Box::new(Dict::new(hash_key));
        let mut strings = packed.iter();
        while let (Some(field), Some(value)) = (strings.next(), strings.next()) {
            if dict.replace(Field::new(&field.to_vec(), &value.to_vec())).is_some() {
                return None;
            }
        }
        Some(Self(Repr::Table(dict)))
    }

    /// Takes a field out. Answers whether it was there.
    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Repr::Packed(packed) => match packed.find(packed.first(), 2, field) {
                Some(at) => {
                    packed.remove(at, 2);
                    true
                }
                None => false,
            },
            Repr::Table(dict) => dict.remove(field).is_some(),
        }
    }

    /// Says what is wrong with this hash.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        match &self.0 {
            Repr::Packed(packed) => {
                packed.verify()?;
                if packed.len() % 2 == 1 {
                    return Err("a hash has a field without a value");
                }
                Ok(())
            }
            Repr::Table(dict) => dict.verify(),
        }
    }

    fn make_table(&mut self, hash_key: HashKey) {
        if let Repr::Packed(_) = &self.0 {
            let mut dict = Box::new(Dict::new(hash_key));
            for (field, value) in self.iter() {
                dict.replace(Field::new(&field.to_vec(), &value.to_vec()));
            }
            self.0 = Repr::Table(dict);
        }
    }
}

impl<'a> Iterator for HashIter<'a> {
    type Item = (StringRef<'a>, StringRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            HashIterRepr::Packed(strings) => Some((strings.next()?, strings.next()?)),
            HashIterRepr::Table(fields) => fields.next().map(|(field, _)| field.pair()),
        }
    }
}

impl Field {
    fn new(field: &[u8], value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(super::varint::len(field.len()) + field.len() + value.len());
        super::varint::push(&mut bytes, field.len());
        bytes.extend_from_slice(field);
        bytes.extend_from_slice(value);
        Field(bytes.into_boxed_slice())
    }

    fn value(&self) -> &[u8] {
        let (len, rest) = super::varint::split(&self.0);
        &rest[len..]
    }

    fn pair(&self) -> (StringRef<'_>, StringRef<'_>) {
        let (len, rest) = super::varint::split(&self.0);
        let (field, value) = rest.split_at(len);
        (StringRef::Slice(field), StringRef::Slice(value))
    }

    /// Changes the value in place where its length allows that.
    fn overwrite(&mut self, value: &[u8]) -> bool {
        let from = self.0.len() - self.value().len();
        let fits = self.0.len() - from == value.len();
        if fits {
            self.0[from..].copy_from_slice(value);
        }
        fits
    }
}

impl Held for Field {}

impl Keyed for Field {
    fn key(&self) -> &[u8] {
        let (len, rest) = super::varint::split(&self.0);
        &rest[..len]
    }

    fn touch(&self) {
        std::hint::black_box(self.0.len());
    }
}

/// Whether no field is there twice. Equal texts have equal encodings, so bytes are compared.
fn fields_differ(packed: &Packed) -> bool {
    let mut fields = Vec::with_capacity(packed.len() / 2);
    let mut at = packed.first();
    while at < packed.end() {
        let value = packed.next(at);
        fields.push(packed.between(at, value));
        at = packed.next(value);
    }
    fields.sort_unstable();
    fields.windows(2).all(|pair| pair[0] != pair[1])
}

fn set_packed(packed: &mut Packed, field: &[u8], value: &[u8]) -> FieldChange {
    match packed.find(packed.first(), 2, field) {
        Some(at) => {
            let at = packed.next(at);
            packed.replace(at, value);
            FieldChange::Updated
        }
        None => {
            packed.push_back(field);
            packed.push_back(value);
            FieldChange::Created
        }
    }
}

fn set_in_table(dict: &mut Dict<Field>, field: &[u8], value: &[u8]) -> FieldChange {
    match dict.seek(field) {
        Seek::Found(spot) => {
            let entry = dict.entry_mut(spot);
            if !entry.overwrite(value) {
                *entry = Field::new(field, value);
            }
            FieldChange::Updated
        }
        Seek::Vacant(spot) => {
            dict.insert(spot, Field::new(field, value));
            FieldChange::Created
        }
    }
}
