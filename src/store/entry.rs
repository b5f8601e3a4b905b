//! `Entry`: a key and its value, sixteen bytes in the table.
//!
//! A string of up to [`PACKED_VALUE_MAX_BYTES`] and an integer lie in one allocation with their key:
//! flags, length of the key, key, value. Everything else is shared: a snapshot taken earlier keeps
//! what it saw, and the owner copies the parts it changes.
//! The deadline is not here but in the dict's segment, see [`super::dict`].

use super::dict::{Held, Keyed};
use super::string::{IntText, NewString, StringRef, parse_int};
use super::value::{Value, ValueRef, text_encoding};
use super::varint;
use bytes::{Bytes, BytesMut};
use triomphe::Arc;

/// Strings longer than this are kept apart from their key, so that replies can share them.
pub(super) const PACKED_VALUE_MAX_BYTES: usize = 1024;

/// The value is an integer in eight bytes, little-endian.
const INT: u8 = 1;
/// The string was changed in place, for which Redis shows the encoding `raw`.
const RAW: u8 = 2;

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// Flags, length of the key, key, value.
    Packed(Box<[u8]>),
    /// Anything else.
    Shared(Arc<Full>),
}

/// A key and a value that stand apart.
#[derive(Debug, Clone)]
pub(super) struct Full {
    key: Box<[u8]>,
    value: Value,
}

impl Held for Entry {
    const IS_MARKED: bool = true;
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        match self {
            Entry::Packed(bytes) => {
                let (len, rest) = varint::split(&bytes[1..]);
                &rest[..len]
            }
            Entry::Shared(full) => &full.key,
        }
    }

    fn touch(&self) {
        std::hint::black_box(matches!(self, Entry::Packed(_)));
    }
}

impl Entry {
    /// A string as it came in: an integer where its text is the canonical form of one.
    pub(super) fn string(key: &[u8], value: NewString<'_>) -> Self {
        match parse_int(value.as_slice()) {
            Some(int) => Entry::int(key, int),
            None => Entry::text(key, value),
        }
    }

    /// A string that stays text whatever it says.
    pub(super) fn text(key: &[u8], value: NewString<'_>) -> Self {
        if value.as_slice().len() <= PACKED_VALUE_MAX_BYTES {
            Entry::packed(0, key, value.as_slice())
        } else {
            Entry::value(key, Value::String(value.into_bytes()))
        }
    }

    /// An integer.
    pub(super) fn int(key: &[u8], int: i64) -> Self {
        Entry::packed(INT, key, &int.to_le_bytes())
    }

    /// A value that stands apart from its key.
    pub(super) fn value(key: &[u8], value: Value) -> Self {
        Entry::Shared(Arc::new(Full { key: key.into(), value }))
    }

    /// The same value under another key.
    pub(super) fn renamed(self, key: &[u8]) -> Self {
        match self {
            Entry::Packed(bytes) => {
                let (len, rest) = varint::split(&bytes[1..]);
                Entry::packed(bytes[0], key, &rest[len..])
            }
            Entry::Shared(full) => Entry::value(key, Arc::unwrap_or_clone(full).value),
        }
    }

    /// The value.
    pub(super) fn read(&self) -> ValueRef<'_> {
        match self {
            Entry::Packed(bytes) => {
                let (len, rest) = varint::split(&bytes[1..]);
                let value = &rest[len..];
                ValueRef::String(if bytes[0] & INT != 0 {
                    StringRef::Int(i64::from_le_bytes(value.try_into().expect("an integer has eight bytes")))
                } else {
                    StringRef::Slice(value)
                })
            }
            Entry::Shared(full) => full.value.as_ref(),
        }
    }

    /// A value that stands apart, to be changed. A string is never changed through this.
    pub(super) fn value_mut(&mut self) -> Option<&mut Value> {
        match self {
            Entry::Packed(_) => None,
            Entry::Shared(full) => Some(&mut Arc::make_mut(full).value),
        }
    }

    /// Changes a string in place where its new form has the old size.
    pub(super) fn overwrite(&mut self, value: &[u8]) -> bool {
        match (self, parse_int(value)) {
            (Entry::Packed(bytes), Some(int)) if bytes[0] & INT != 0 => {
                put_tail(bytes, &int.to_le_bytes());
                true
            }
            (Entry::Packed(bytes), None) if bytes[0] & INT == 0 && packed_value_len(bytes) == value.len() => {
                bytes[0] = 0;
                put_tail(bytes, value);
                true
            }
            _ => false,
        }
    }

    /// Changes an integer in place. Answers whether this is one.
    pub(super) fn overwrite_int(&mut self, int: i64) -> bool {
        match self {
            Entry::Packed(bytes) if bytes[0] & INT != 0 => {
                put_tail(bytes, &int.to_le_bytes());
                true
            }
            _ => false,
        }
    }

    /// Lends the bytes of a string to be changed in place, after zero bytes were added up to `len_min_bytes`,
    /// and the length it had before. `None` when this is no string.
    pub(super) fn edit<T>(
        &mut self,
        len_min_bytes: usize,
        edit: impl FnOnce(&mut [u8], usize) -> T,
    ) -> Option<T> {
        match self {
            Entry::Shared(full) => match &mut Arc::make_mut(full).value {
                Value::String(bytes) => Some(edit_bytes(bytes, len_min_bytes, edit)),
                _ => None,
            },
            Entry::Packed(bytes) => {
                let (int, from) = (bytes[0] & INT != 0, bytes.len() - packed_value_len(bytes));
                if !int && len_min_bytes <= bytes.len() - from {
                    bytes[0] = RAW;
                    let len = bytes.len() - from;
                    return Some(edit(&mut bytes[from..], len));
                }
                let ValueRef::String(old) = self.read() else {
                    return None;
                };
                let old_len = old.len();
                let mut text = copy_to_grow(old.text(&mut IntText::default()), len_min_bytes);
                let answer = edit(&mut text, old_len);
                *self = Entry::raw(self.key(), text);
                Some(answer)
            }
        }
    }

    /// A string that was changed in place.
    pub(super) fn raw(key: &[u8], text: BytesMut) -> Self {
        if text.len() <= PACKED_VALUE_MAX_BYTES {
            Entry::packed(RAW, key, &text)
        } else {
            Entry::value(key, Value::String(text.freeze()))
        }
    }

    /// The name `OBJECT ENCODING` answers.
    pub(super) fn encoding(&self) -> &'static str {
        match (self, self.read()) {
            (Entry::Packed(bytes), _) if bytes[0] & RAW != 0 => "raw",
            (_, ValueRef::String(string)) => text_encoding(&string),
            (_, other) => other.collection().map_or("raw", |collection| collection.encoding()),
        }
    }

    /// Says what is wrong with this entry.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        match (self, self.read()) {
            (Entry::Packed(bytes), ValueRef::String(StringRef::Slice(text))) => {
                if text.len() > PACKED_VALUE_MAX_BYTES || bytes[0] & !RAW != 0 {
                    return Err("a packed string is too long or has unknown flags");
                }
                Ok(())
            }
            (Entry::Packed(bytes), _) if bytes[0] != INT => Err("a packed integer has other flags"),
            (Entry::Packed(_), _) => Ok(()),
            (_, ValueRef::String(text)) if text.len() <= PACKED_VALUE_MAX_BYTES => {
                Err("a short string stands apart from its key")
            }
            (_, ValueRef::String(_)) => Ok(()),
            (_, other) if other.is_empty_collection() => Err("a key holds an empty collection"),
            (_, other) => other.collection().map_or(Ok(()), |collection| collection.verify()),
        }
    }

    fn packed(flags: u8, key: &[u8], value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(1 + varint::len(key.len()) + key.len() + value.len());
        bytes.push(flags);
        varint::push(&mut bytes, key.len());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
        Entry::Packed(bytes.into_boxed_slice())
    }
}

fn packed_value_len(bytes: &[u8]) -> usize {
    let (len, rest) = varint::split(&bytes[1..]);
    rest.len() - len
}

fn put_tail(bytes: &mut [u8], tail: &[u8]) {
    let from = bytes.len() - tail.len();
    bytes[from..].copy_from_slice(tail);
}

/// Changes a big string: in place when nobody shares it, in a copy otherwise.
fn edit_bytes<T>(bytes: &mut Bytes, len_min_bytes: usize, edit: impl FnOnce(&mut [u8], usize) -> T) -> T {
    let old_len = bytes.len();
    let mut text = match std::mem::take(bytes).try_into_mut() {
        Ok(mut own) => {
            own.resize(own.len().max(len_min_bytes), 0);
            own
        }
        Err(shared) => copy_to_grow(&shared, len_min_bytes),
    };
    let answer = edit(&mut text, old_len);
    *bytes = text.freeze();
    answer
}

/// A copy with zero bytes behind it up to `len_min_bytes`.
fn copy_to_grow(text: &[u8], len_min_bytes: usize) -> BytesMut {
    let len = text.len().max(len_min_bytes);
    let mut copy = BytesMut::with_capacity(len);
    copy.extend_from_slice(text);
    copy.resize(len, 0);
    copy
}
