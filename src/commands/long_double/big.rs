//! Natural numbers of any size: just what reading and writing a [`LongDouble`](super::LongDouble) exactly takes.
//!
//! Numbers here have at most about 33 000 bits, so that the simplest methods are fast enough.

use std::cmp::Ordering;

/// The greatest power of ten in a limb.
const TEN_POWER: u64 = 10_000_000_000_000_000_000;

/// Decimal digits that surely fit a limb.
const TEN_DIGITS: usize = 19;

/// The greatest power of five in a limb is five to the power of this.
const FIVE_EXPONENT: u32 = 27;

/// Bits of a quotient: those of a mantissa, one to round by and some to spare.
const QUOTIENT_BITS: u32 = 68;

/// A natural number: limbs of 64 bits, the lowest first, the highest of them not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Big(Vec<u64>);

impl From<u64> for Big {
    fn from(value: u64) -> Self {
        Self(if value == 0 { Vec::new() } else { vec![value] })
    }
}

impl Big {
    /// The number with these digits (values, not characters).
    pub(super) fn from_decimal(digits: &[u8]) -> Self {
        digits.chunks(TEN_DIGITS).fold(Self(Vec::new()), |mut big, chunk| {
            let value = chunk.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit));
            big.multiply_add(10u64.pow(chunk.len() as u32), value);
            big
        })
    }

    /// In decimal.
    pub(super) fn into_decimal(mut self) -> String {
        let mut chunks = Vec::new();
        while !self.0.is_empty() {
            chunks.push(self.divide(TEN_POWER));
        }
        let first = chunks.pop().unwrap_or(0).to_string();
        chunks.iter().rev().fold(first, |text, chunk| text + &format!("{chunk:0TEN_DIGITS$}"))
    }

    /// Times five to the power of `exponent`.
    pub(super) fn times_five_to(mut self, exponent: u32) -> Self {
        for _ in 0..exponent / FIVE_EXPONENT {
            self.multiply_add(5u64.pow(FIVE_EXPONENT), 0);
        }
        self.multiply_add(5u64.pow(exponent % FIVE_EXPONENT), 0);
        self
    }

    /// Times two to the power of `count`.
    pub(super) fn shifted(mut self, count: usize) -> Self {
        let (limbs, bits) = (count / 64, count % 64);
        if bits > 0 {
            self.multiply_add(1 << bits, 0);
        }
        self.0.splice(0..0, std::iter::repeat_n(0, limbs));
        self
    }

    /// The number as its highest 128 bits and their exponent; the lowest of them is sticky.
    pub(super) fn top_bits(self) -> (u128, i32) {
        let len = self.0.len();
        let limb = |back: usize| len.checked_sub(back).map_or(0, |index| self.0[index]);
        let room = limb(1).leading_zeros();
        let high = u128::from(limb(1)) << 64 | u128::from(limb(2));
        let next = u128::from(limb(3)) << room;
        let below = self.0.iter().rev().skip(3).any(|limb| *limb > 0);
        let sticky = next as u64 > 0 || below;
        (high << room | next >> 64 | u128::from(sticky), (len as i32 - 2) * 64 - room as i32)
    }

    /// This number divided by another, which is not zero: bits and their exponent; the lowest is sticky.
    pub(super) fn quotient(mut self, mut divisor: Self) -> (u128, i32) {
        let exponent = self.bits() as i32 - divisor.bits() as i32;
        if exponent >= 0 {
            divisor = divisor.shifted(exponent.unsigned_abs() as usize);
        } else {
            self = self.shifted(exponent.unsigned_abs() as usize);
        }
        let mut quotient = 0;
        for _ in 0..QUOTIENT_BITS {
            let fits = self.compare(&divisor) != Ordering::Less;
            if fits {
                self.subtract(&divisor);
            }
            quotient = quotient << 1 | u128::from(fits);
            self.multiply_add(2, 0);
        }
        (quotient << 1 | u128::from(!self.0.is_empty()), exponent - QUOTIENT_BITS as i32)
    }

    fn bits(&self) -> usize {
        self.0.last().map_or(0, |highest| self.0.len() * 64 - highest.leading_zeros() as usize)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let limbs = || self.0.iter().rev().cmp(other.0.iter().rev());
        self.0.len().cmp(&other.0.len()).then_with(limbs)
    }

    /// Takes away what is not more than this.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        let padded = other.0.iter().copied().chain(std::iter::repeat(0));
        for (limb, less) in self.0.iter_mut().zip(padded) {
            let (difference, first) = limb.overflowing_sub(less);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (difference, first || second);
        }
        self.trim();
    }

    fn multiply_add(&mut self, factor: u64, summand: u64) {
        let mut carry = summand;
        for limb in &mut self.0 {
            let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
            (*limb, carry) = (product as u64, (product >> 64) as u64);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    /// Divides, and answers the remainder.
    fn divide(&mut self, divisor: u64) -> u64 {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let dividend = u128::from(rest) << 64 | u128::from(*limb);
            (*limb, rest) =
                ((dividend / u128::from(divisor)) as u64, (dividend % u128::from(divisor)) as u64);
        }
        self.trim();
        rest
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
