//! Extended precision numbers, as `INCRBYFLOAT` and `HINCRBYFLOAT` reckon with them.
//!
//! Redis uses C's `long double`, which on the machines it mostly runs on is the 80-bit format of the x87: a
//! mantissa of 64 bits. Clients see that precision (0.1 + 0.2 is 0.3 there), so it is rebuilt here in integers,
//! the same on every machine: [`LongDouble::parse`] is `strtold` as Redis's `string2ld` calls it,
//! [`LongDouble::to_text`] is `%.17Lf` without trailing zeros. Each rounds once, to the nearest, ties to even.
//! Deliberately absent: every operation but the sum, and NaN, which cannot come out of what is here.

mod big;
#[cfg(test)]
mod tests;

use big::Big;

/// Texts of this length and longer are no numbers to Redis, whatever they say.
const TEXT_MAX_BYTES: usize = 5 * 1024;

/// Digits after the point before trailing zeros go.
const DECIMALS: usize = 17;

/// Ten to the power of [`DECIMALS`].
const DECIMALS_UNIT: u128 = 100_000_000_000_000_000;

/// Weight of the lowest bit of the smallest number: two to this power.
const EXPONENT_MIN: i32 = -16445;

/// Weight of the lowest mantissa bit of the largest number: two to this power.
const EXPONENT_MAX: i32 = 16320;

/// No finite number has as many digits before the point, nor zeros behind it before the first digit.
const MAGNITUDE_MAX: i64 = 5000;

/// Exponents are read up to here; what lies beyond is as good as this for texts of [`TEXT_MAX_BYTES`].
const TEXT_EXPONENT_MAX: i64 = 1_000_000;

/// An 80-bit floating point number: finite or infinite, never NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LongDouble {
    negative: bool,
    magnitude: Magnitude,
}

/// A number without its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magnitude {
    Zero,
    /// `mantissa` times two to the power of `exponent`; the mantissa's highest bit is set.
    Finite {
        mantissa: u64,
        exponent: i32,
    },
    Infinite,
}

impl LongDouble {
    /// Zero, at which every counter starts.
    pub(super) const ZERO: Self = Self { negative: false, magnitude: Magnitude::Zero };

    /// Reads a number as Redis does: decimal or hexadecimal with an optional exponent, or `inf`.
    /// Nothing for other texts, for numbers out of range, and for those so small that zero is nearest.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= TEXT_MAX_BYTES {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let magnitude = match text {
            [b'0', b'x' | b'X', rest @ ..] => Written::read(rest, 16)?.hexadecimal()?,
            _ if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") => {
                Magnitude::Infinite
            }
            _ => Written::read(text, 10)?.decimal()?,
        };
        Some(Self { negative, magnitude })
    }

    /// Whether this is not infinite.
    #[allow(dead_code, reason = "HINCRBYFLOAT asks it of its increment")]
    pub(super) fn is_finite(self) -> bool {
        self.magnitude != Magnitude::Infinite
    }

    /// The sum; nothing when that is infinite or no number, for which Redis has one error.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        use Magnitude::{Finite, Infinite, Zero};
        match (self.magnitude, other.magnitude) {
            (Infinite, _) | (_, Infinite) => None,
            (Zero, _) => Some(other),
            (_, Zero) => Some(self),
            (Finite { mantissa: a, exponent: x }, Finite { mantissa: b, exponent: y }) if x >= y => {
                Self::sum((self.negative, a, x), (other.negative, b, y))
            }
            (Finite { mantissa: a, exponent: x }, Finite { mantissa: b, exponent: y }) => {
                Self::sum((other.negative, b, y), (self.negative, a, x))
            }
        }
    }

    /// In decimal, with at most seventeen digits after the point and never an exponent.
    pub(super) fn to_text(self) -> String {
        let (whole, decimals) = match self.magnitude {
            Magnitude::Zero => return "0".to_owned(),
            Magnitude::Infinite => ("inf".to_owned(), 0),
            Magnitude::Finite { mantissa, exponent } if exponent < 0 => {
                let scaled = shift_right(u128::from(mantissa) * DECIMALS_UNIT, exponent.unsigned_abs());
                ((scaled / DECIMALS_UNIT).to_string(), scaled % DECIMALS_UNIT)
            }
            Magnitude::Finite { mantissa, exponent } if exponent <= 64 => {
                ((u128::from(mantissa) << exponent).to_string(), 0)
            }
            Magnitude::Finite { mantissa, exponent } => {
                (Big::from(mantissa).shifted(exponent.unsigned_abs() as usize).into_decimal(), 0)
            }
        };
        let mut text = whole;
        if decimals > 0 {
            let digits = format!(".{decimals:0DECIMALS$}");
            text.push_str(digits.trim_end_matches('0'));
        }
        if self.negative && text != "0" {
            text.insert(0, '-');
        }
        text
    }

    /// Adds two numbers, each a sign, a mantissa and an exponent; the first has the greater exponent.
    fn sum(high: (bool, u64, i32), low: (bool, u64, i32)) -> Option<Self> {
        // With 63 bits of room below, the only sums that lose a bit are those that cannot cancel by more
        // than one bit, and there a sticky lowest bit is enough to round properly.
        let a = u128::from(high.1) << 63;
        let b = shift_right_sticky(u128::from(low.1) << 63, high.2.abs_diff(low.2));
        let (negative, sum) = match (high.0 == low.0, a.checked_sub(b)) {
            (true, _) => (high.0, a + b),
            (false, Some(0)) => (false, 0),
            (false, Some(difference)) => (high.0, difference),
            (false, None) => (low.0, b - a),
        };
        let magnitude = Magnitude::nearest(sum, high.2 - 63);
        (magnitude != Magnitude::Infinite).then_some(Self { negative, magnitude })
    }
}

impl From<i64> for LongDouble {
    fn from(int: i64) -> Self {
        Self { negative: int < 0, magnitude: Magnitude::nearest(int.unsigned_abs().into(), 0) }
    }
}

impl Magnitude {
    /// The number nearest to `bits` times two to the power of `exponent`. A lowest bit may be sticky, that is
    /// set for whatever lies below, if there are two more bits than the mantissa has.
    fn nearest(bits: u128, exponent: i32) -> Self {
        if bits == 0 {
            return Self::Zero;
        }
        let surplus = 64 - bits.leading_zeros() as i32;
        let drop = surplus.max(EXPONENT_MIN.saturating_sub(exponent)).max(0);
        let rounded = shift_right(bits, drop.unsigned_abs());
        if rounded == 0 {
            return Self::Zero;
        }
        let normal = rounded.leading_zeros() as i32 - 64;
        // Rounding up can make one bit too many, which is then a zero.
        let mantissa = (if normal < 0 { rounded >> 1 } else { rounded << normal }) as u64;
        let exponent = exponent + drop - normal;
        if exponent > EXPONENT_MAX { Self::Infinite } else { Self::Finite { mantissa, exponent } }
    }

    /// What was read, unless it is out of range: too large, or not zero and yet rounded to it.
    fn in_range(self) -> Option<Self> {
        matches!(self, Self::Finite { .. }).then_some(self)
    }
}

/// A number as it is written: its digits without leading zeros, and where the point is.
struct Written {
    digits: Vec<u8>,
    /// How many digits stand before the point; negative when there are zeros between it and the first digit.
    whole: i64,
    /// The exponent: of ten, or of two where the digits are hexadecimal.
    exponent: i64,
}

impl Written {
    /// Reads the whole text, or nothing.
    fn read(text: &[u8], radix: u32) -> Option<Self> {
        let (mut digits, mut whole, mut point, mut any) = (Vec::new(), 0, false, false);
        let mut rest = text;
        while let [byte, after @ ..] = rest {
            match char::from(*byte).to_digit(radix) {
                Some(digit) => {
                    any = true;
                    let significant = digit > 0 || !digits.is_empty();
                    whole += i64::from(significant && !point) - i64::from(!significant && point);
                    if significant {
                        digits.push(digit as u8);
                    }
                }
                None if *byte == b'.' && !point => point = true,
                None => break,
            }
            rest = after;
        }
        let exponent = read_exponent(rest, if radix == 16 { b'p' } else { b'e' })?;
        any.then_some(Self { digits, whole, exponent })
    }

    fn decimal(mut self) -> Option<Magnitude> {
        let trailing = self.digits.iter().rev().take_while(|digit| **digit == 0).count();
        self.digits.truncate(self.digits.len() - trailing);
        if self.digits.is_empty() {
            return Some(Magnitude::Zero);
        }
        let magnitude = self.whole + self.exponent;
        if magnitude.abs() > MAGNITUDE_MAX {
            return None;
        }
        let power = i32::try_from(magnitude - self.digits.len() as i64).ok()?;
        let (bits, exponent) =
            small_decimal(&self.digits, power).unwrap_or_else(|| big_decimal(&self.digits, power));
        // Ten is five times two: the fives are in the bits, the twos in the exponent.
        Magnitude::nearest(bits, exponent + power).in_range()
    }

    fn hexadecimal(self) -> Option<Magnitude> {
        if self.digits.is_empty() {
            return Some(Magnitude::Zero);
        }
        let (kept, rest) = self.digits.split_at(self.digits.len().min(31));
        let bits = kept.iter().fold(0, |bits, digit| bits << 4 | u128::from(*digit));
        let sticky = u128::from(rest.iter().any(|digit| *digit > 0));
        let exponent = 4 * (self.whole - kept.len() as i64) + self.exponent;
        let exponent = i32::try_from(exponent).ok()?;
        Magnitude::nearest(bits << 1 | sticky, exponent - 1).in_range()
    }
}

/// Reads `e` or `p` and a decimal number, or nothing at all, which is the exponent zero.
fn read_exponent(text: &[u8], letter: u8) -> Option<i64> {
    let (negative, digits) = match text {
        [] => return Some(0),
        [first, rest @ ..] if first.eq_ignore_ascii_case(&letter) => match rest {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] | digits => (false, digits),
        },
        _ => return None,
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let saturating = |sum: i64, digit: &u8| (sum * 10 + i64::from(digit - b'0')).min(TEXT_EXPONENT_MAX);
    let exponent = digits.iter().fold(0, saturating);
    Some(if negative { -exponent } else { exponent })
}

/// The digits times five to the `power`, as bits and their exponent, where 128 bits are enough to know it.
fn small_decimal(digits: &[u8], power: i32) -> Option<(u128, i32)> {
    const DIGITS_MAX: usize = 19;
    // The quotient below keeps at least three bits more than a mantissa has, one of them sticky.
    const POWER_MAX: u32 = 26;
    if digits.len() > DIGITS_MAX || power.unsigned_abs() > POWER_MAX {
        return None;
    }
    let digits = digits.iter().fold(0, |sum: u128, digit| sum * 10 + u128::from(*digit));
    let fives = 5u128.pow(power.unsigned_abs());
    if power >= 0 {
        return Some((digits * fives, 0));
    }
    let room = digits.leading_zeros();
    let dividend = digits << room;
    let sticky = u128::from(dividend % fives > 0);
    Some(((dividend / fives) | sticky, -(room as i32)))
}

/// As [`small_decimal`], for any digits and power.
fn big_decimal(digits: &[u8], power: i32) -> (u128, i32) {
    let digits = Big::from_decimal(digits);
    let fives = power.unsigned_abs();
    if power >= 0 {
        digits.times_five_to(fives).top_bits()
    } else {
        digits.quotient(Big::from(1).times_five_to(fives))
    }
}

/// Divides by two to the power of `count`, to the nearest, ties to even.
fn shift_right(bits: u128, count: u32) -> u128 {
    match count {
        0 => bits,
        1..128 => {
            let (quotient, half) = (bits >> count, 1u128 << (count - 1));
            let rest = bits & ((half << 1) - 1);
            quotient + u128::from(rest > half || rest == half && quotient & 1 == 1)
        }
        128 => u128::from(bits > 1 << 127),
        _ => 0,
    }
}

/// Divides by two to the power of `count`, downwards; the lowest bit says whether anything was lost.
fn shift_right_sticky(bits: u128, count: u32) -> u128 {
    let quotient = bits.checked_shr(count).unwrap_or(0);
    let lost = quotient.checked_shl(count).unwrap_or(0) != bits;
    quotient | u128::from(lost)
}
