//! Passwords of users: only their SHA-256 is kept, as in Redis, and two of those are compared in a time that tells
//! nothing of where they differ.

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Bytes of a SHA-256.
const HASH_BYTES: usize = 32;

/// What is kept of a password.
#[derive(Clone, Copy)]
pub struct PasswordHash([u8; HASH_BYTES]);

impl PasswordHash {
    /// The hash of a password.
    #[must_use]
    pub fn of(password: &[u8]) -> Self {
        Self(Sha256::digest(password).into())
    }

    /// Reads a hash as rules write it: 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let mut hash = [0; HASH_BYTES];
        if text.len() != 2 * HASH_BYTES {
            return None;
        }
        for (byte, digits) in hash.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(Self(hash))
    }
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for PasswordHash {}

/// The hexadecimal digits, in lower case.
impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Even a hash is nothing for a log.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_sha256() {
        // The test vector of FIPS 180-4.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = PasswordHash::of(b"abc");
        assert_eq!(hash.to_string(), hex);
        assert_eq!(PasswordHash::from_hex(hex.as_bytes()), Some(hash));
        assert_ne!(PasswordHash::of(b"abd"), hash);
        assert_eq!(format!("{hash:?}"), "<hidden>");
    }

    #[test]
    fn only_64_lower_case_digits_are_a_hash() {
        let right = "0f".repeat(32);
        assert!(PasswordHash::from_hex(right.as_bytes()).is_some());
        for wrong in [String::new(), right.to_uppercase(), "0g".repeat(32), "0f".repeat(31), "0f".repeat(33)]
        {
            assert!(PasswordHash::from_hex(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
