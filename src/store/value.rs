//! Values: what a key can hold, owned and as it is read.

use super::hash::Hash;
use super::list::List;
use super::string::{NewString, StringRef};
use bytes::Bytes;

/// The longest string whose encoding is `embstr`.
const EMBSTR_MAX_BYTES: usize = 44;

/// A value of its own, on its way in or out.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string of any length.
    String(Bytes),
    /// A list; never empty inside a database.
    List(List),
    /// A hash; never empty inside a database.
    Hash(Hash),
}

/// A value as it is read.
#[derive(Debug, Clone, Copy)]
pub enum ValueRef<'a> {
    /// A string.
    String(StringRef<'a>),
    /// A list.
    List(&'a List),
    /// A hash.
    Hash(&'a Hash),
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `list`
    List,
    /// `hash`
    Hash,
}

impl Kind {
    /// The name `TYPE` answers.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Hash => "hash",
        }
    }
}

impl Value {
    /// The value, to be read.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::String(bytes) => ValueRef::String(StringRef::Shared(bytes)),
            Value::List(list) => ValueRef::List(list),
            Value::Hash(hash) => ValueRef::Hash(hash),
        }
    }
}

impl ValueRef<'_> {
    /// The value for its own, as it is now; the parts of a big one are shared.
    pub fn share(&self) -> Value {
        match self {
            ValueRef::String(string) => Value::String(string.to_bytes()),
            ValueRef::List(list) => Value::List((*list).clone()),
            ValueRef::Hash(hash) => Value::Hash((*hash).clone()),
        }
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            ValueRef::String(_) => Kind::String,
            ValueRef::List(_) => Kind::List,
            ValueRef::Hash(_) => Kind::Hash,
        }
    }
}

/// The encoding of a string that is not an integer and was not changed in place.
pub(super) fn text_encoding(text: &StringRef<'_>) -> &'static str {
    match text {
        StringRef::Int(_) => "int",
        other if other.len() <= EMBSTR_MAX_BYTES => "embstr",
        _ => "raw",
    }
}

impl From<NewString<'_>> for Value {
    fn from(string: NewString<'_>) -> Self {
        Value::String(string.into_bytes())
    }
}
