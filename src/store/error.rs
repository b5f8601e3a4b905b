//! What can be wrong with a request to the store, as facts.
//!
//! The texts a client sees are not here: commands turn a fact into Redis's wording.

use std::fmt;

/// Why the store did not do what it was asked to. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// The key holds a value of another type (`WRONGTYPE` in Redis).
    WrongType,
    /// The value is not a canonical 64-bit signed integer.
    NotInteger,
    /// The sum would not fit a 64-bit signed integer.
    Overflow,
    /// The string would be longer than allowed.
    TooLong,
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            StoreError::WrongType => "the key holds another type",
            StoreError::NotInteger => "the value is not an integer",
            StoreError::Overflow => "the sum does not fit 64 bits",
            StoreError::TooLong => "the string would be too long",
        })
    }
}

impl std::error::Error for StoreError {}
