//! Random numbers for commands: SplitMix64, seeded by the system once per process.
//!
//! Good enough to pick keys and fields evenly, and one multiplication per command. Nothing secret is made of
//! it; the hash key of the dictionaries comes straight from the system.

use std::hash::{BuildHasher, RandomState};

/// A stream of random numbers.
pub(crate) struct Random(u64);

impl Random {
    /// A stream that nobody has seen before.
    pub(crate) fn from_system() -> Self {
        Self(system_random())
    }

    /// The next number, evenly distributed over all 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// 64 bits from the system's source of randomness.
///
/// The standard library seeds every `RandomState` from it and mixes the seed with SipHash.
pub(crate) fn system_random() -> u64 {
    RandomState::new().hash_one(0_u64)
}
