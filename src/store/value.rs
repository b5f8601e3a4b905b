//! Values: what a key can hold, owned and as it is read.
//!
//! The collections stand in one table at the end: a type that has what [`Collection`] asks for becomes a kind of
//! value by one line there. What the store does with values of any kind it does through that trait.

use super::hash::Hash;
use super::list::List;
use super::set::Set;
use super::sorted_set::SortedSet;
use super::string::{NewString, StringRef};
use bytes::Bytes;

/// The longest string whose encoding is `embstr`.
const EMBSTR_MAX_BYTES: usize = 44;

/// What every collection can be asked.
pub trait Collection {
    /// Number of elements; a field with its value is one.
    fn len(&self) -> usize;

    /// Whether there is no element, which is so in no collection inside a database.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name `OBJECT ENCODING` has for the present form.
    fn encoding(&self) -> &'static str;

    /// The memory its parts take, looking at `samples` elements at most; 0: all.
    fn heap_bytes(&self, samples: usize) -> usize;

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// What should not be.
    fn verify(&self) -> Result<(), &'static str>;
}

/// A collection as a kind of value.
pub trait Stored: Collection + Sized {
    /// An empty one, on its way in.
    fn empty() -> Self;

    /// The collection, if the value is one of this kind.
    fn of(value: ValueRef<'_>) -> Option<&Self>;

    /// The same to be changed.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;

    /// The value that this collection is.
    fn into_value(self) -> Value;
}

macro_rules! collections {
    ($($kind:ident, $name:literal;)*) => {
        /// A value of its own, on its way in or out.
        #[derive(Debug, Clone)]
        pub enum Value {
            /// A string of any length.
            String(Bytes),
            $(
                #[doc = concat!("A ", $name, "; never empty inside a database.")]
                $kind($kind),
            )*
        }

        /// A value as it is read.
        #[derive(Debug, Clone, Copy)]
        pub enum ValueRef<'a> {
            /// A string.
            String(StringRef<'a>),
            $(
                #[doc = concat!("A ", $name, ".")]
                $kind(&'a $kind),
            )*
        }

        /// The type of a value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            /// `string`
            String,
            $(
                #[doc = concat!("`", $name, "`")]
                $kind,
            )*
        }

        impl Kind {
            /// The name `TYPE` answers.
            pub fn type_name(self) -> &'static str {
                match self {
                    Kind::String => "string",
                    $(Kind::$kind => $name,)*
                }
            }
        }

        impl Value {
            /// The value, to be read.
            pub fn as_ref(&self) -> ValueRef<'_> {
                match self {
                    Value::String(bytes) => ValueRef::String(StringRef::Shared(bytes)),
                    $(Value::$kind(collection) => ValueRef::$kind(collection),)*
                }
            }
        }

        impl<'a> ValueRef<'a> {
            /// The value for its own, as it is now; the parts of a big one are shared.
            pub fn share(&self) -> Value {
                match self {
                    ValueRef::String(string) => Value::String(string.to_bytes()),
                    $(ValueRef::$kind(collection) => Value::$kind((*collection).clone()),)*
                }
            }

            /// The type.
            pub fn kind(&self) -> Kind {
                match self {
                    ValueRef::String(_) => Kind::String,
                    $(ValueRef::$kind(_) => Kind::$kind,)*
                }
            }

            /// The collection that it is, whichever; none for a string.
            pub(super) fn collection(&self) -> Option<&'a dyn Collection> {
                match *self {
                    ValueRef::String(_) => None,
                    $(ValueRef::$kind(collection) => Some(collection),)*
                }
            }
        }

        $(
            impl Collection for $kind {
                fn len(&self) -> usize {
                    $kind::len(self)
                }

                fn encoding(&self) -> &'static str {
                    $kind::encoding(self)
                }

                fn heap_bytes(&self, samples: usize) -> usize {
                    $kind::heap_bytes(self, samples)
                }

                fn verify(&self) -> Result<(), &'static str> {
                    $kind::verify(self)
                }
            }

            impl Stored for $kind {
                fn empty() -> Self {
                    $kind::new()
                }

                fn of(value: ValueRef<'_>) -> Option<&Self> {
                    match value {
                        ValueRef::$kind(collection) => Some(collection),
                        _ => None,
                    }
                }

                fn of_mut(value: &mut Value) -> Option<&mut Self> {
                    match value {
                        Value::$kind(collection) => Some(collection),
                        _ => None,
                    }
                }

                fn into_value(self) -> Value {
                    Value::$kind(self)
                }
            }
        )*
    };
}

collections! {
    List, "list";
    Hash, "hash";
    Set, "set";
    SortedSet, "zset";
}

impl ValueRef<'_> {
    /// Number of elements of a collection; none for a string.
    pub fn elements(&self) -> Option<usize> {
        self.collection().map(Collection::len)
    }

    /// Whether this is a collection without elements, which no key may hold.
    pub(super) fn is_empty_collection(&self) -> bool {
        self.elements() == Some(0)
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
