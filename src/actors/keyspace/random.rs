//! Where random numbers begin: the system's source of randomness.

use std::hash::{BuildHasher, RandomState};

/// 64 bits from the system's source of randomness.
///
/// The standard library seeds every `RandomState` from it and mixes the seed with SipHash.
pub(crate) fn system_random() -> u64 {
    RandomState::new().hash_one(0_u64)
}
