//! Numbers as Redis writes them: integers, and doubles in the shortest text that reads back the same.
//!
//! The digits come from `ryu`; the layout is that of Redis 7.2's `d2string`, which prints whole numbers
//! in full and uses an exponent sooner than C's `%g`. Portable: nothing here asks the C library.

/// Whole doubles of at most this magnitude are written as integers (half of what an `i64` holds).
const WHOLE_MAX: f64 = (i64::MAX / 2) as f64;

/// The longest text of a finite double: sign, 17 digits, point, `e-308`, or `-0.` and 6 zeros before them.
const DOUBLE_TEXT_BYTES: usize = 32;

/// Up to this many trailing zeros are written out before an exponent is used.
const PLAIN_ZEROS: i32 = 7;

/// Fractions of fewer than this many decimals are always written without an exponent.
const PLAIN_DECIMALS: i32 = 7;

/// Numbers whose exponent is below this are always written without it.
const PLAIN_EXPONENT: i32 = 4;

/// Appends `value` in decimal.
#[inline]
pub fn push_integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The text of a double, on the stack.
#[derive(Debug, Clone, Copy)]
pub struct DoubleText {
    len: u8,
    bytes: [u8; DOUBLE_TEXT_BYTES],
}

impl DoubleText {
    /// The text itself, always ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    const fn empty() -> Self {
        Self { len: 0, bytes: [0; DOUBLE_TEXT_BYTES] }
    }

    fn push(&mut self, text: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + text.len()].copy_from_slice(text);
        self.len += text.len() as u8;
    }

    fn push_zeros(&mut self, count: i32) {
        for _ in 0..count {
            self.push(b"0");
        }
    }
}

/// `value` as Redis 7.2 prints it: `3`, `-0`, `0.1`, `1e+20`, `1.5e-7`, `inf`, `-inf`, `nan`.
pub fn format_double(value: f64) -> DoubleText {
    let mut text = DoubleText::empty();
    if value.is_nan() {
        text.push(b"nan");
    } else if value.is_infinite() {
        text.push(if value > 0.0 { b"inf" } else { b"-inf" });
    } else if value == 0.0 {
        text.push(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if value.abs() <= WHOLE_MAX && value.trunc() == value {
        text.push(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        push_fraction(value, &mut text);
    }
    text
}

/// A count as a reply's integer.
pub(super) fn saturated(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The significant digits of a number, without leading or trailing zeros, and what they stand for:
/// the digits read as an integer, times ten to the power of `scale`.
struct Digits {
    text: [u8; 17],
    len: usize,
    scale: i32,
}

fn push_fraction(value: f64, out: &mut DoubleText) {
    if value < 0.0 {
        out.push(b"-");
    }
    let digits = shortest_digits(value.abs());
    let (len, scale) = (digits.len as i32, digits.scale);
    let exponent = scale + len - 1;
    let all = &digits.text[..digits.len];
    if scale >= 0 && exponent.abs() < len + PLAIN_ZEROS {
        out.push(all);
        out.push_zeros(scale);
    } else if scale < 0 && (scale > -PLAIN_DECIMALS || exponent.abs() < PLAIN_EXPONENT) {
        push_plain(all, len + scale, out);
    } else {
        push_scientific(all, exponent, out);
    }
}

/// `digits` with a point after the first `whole` of them, or after a leading zero when there are none.
fn push_plain(digits: &[u8], whole: i32, out: &mut DoubleText) {
    if whole <= 0 {
        out.push(b"0.");
        out.push_zeros(-whole);
        out.push(digits);
    } else {
        let (before, after) = digits.split_at(whole as usize);
        out.push(before);
        out.push(b".");
        out.push(after);
    }
}

fn push_scientific(digits: &[u8], exponent: i32, out: &mut DoubleText) {
    let (first, rest) = digits.split_at(1);
    out.push(first);
    if !rest.is_empty() {
        out.push(b".");
        out.push(rest);
    }
    out.push(if exponent < 0 { b"e-" } else { b"e+" });
    out.push(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
}

/// Takes `ryu`'s text (`12.5`, `1.5e-7`, `1e20`) apart; `value` is finite and above zero.
fn shortest_digits(value: f64) -> Digits {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().expect("ryu writes exponents in decimal");
    let mut digits = Digits { text: [0; 17], len: 0, scale: exponent - fraction.len() as i32 };
    let significant = whole.bytes().chain(fraction.bytes()).skip_while(|&digit| digit == b'0');
    collect(significant, &mut digits);
    digits
}

/// Keeps trailing zeros back until another digit proves them significant.
fn collect(significant: impl Iterator<Item = u8>, digits: &mut Digits) {
    let mut zeros = 0;
    for digit in significant {
        if digit == b'0' {
            zeros += 1;
            continue;
        }
        for kept in std::iter::repeat_n(b'0', zeros).chain([digit]) {
            digits.text[digits.len] = kept;
            digits.len += 1;
        }
        zeros = 0;
    }
    digits.scale += zeros as i32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        String::from_utf8(format_double(value).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn whole_numbers_have_no_exponent_while_they_fit() {
        assert_eq!(text(3.0), "3");
        assert_eq!(text(-17.0), "-17");
        assert_eq!(text(1e18), "1000000000000000000");
        assert_eq!(text(WHOLE_MAX), "4611686018427387904");
        assert_eq!(text(-WHOLE_MAX), "-4611686018427387904");
        assert_eq!(text(1e19), "1e+19");
        assert_eq!(text(1e20), "1e+20");
        assert_eq!(text(123_456_789_012_345_680_000.0), "123456789012345680000");
    }

    #[test]
    fn fractions_are_the_shortest_that_read_back() {
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(-1.5), "-1.5");
        assert_eq!(text(3.1), "3.1");
        assert_eq!(text(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(text(1.0 / 3.0), "0.3333333333333333");
        assert_eq!(text(123.456), "123.456");
        assert_eq!(text(0.00001), "0.00001");
        assert_eq!(text(0.000001), "0.000001");
    }

    #[test]
    fn exponents_come_where_redis_puts_them() {
        assert_eq!(text(1e-7), "1e-7");
        assert_eq!(text(1.5e-10), "1.5e-10");
        assert_eq!(text(f64::MAX), "1.7976931348623157e+308");
        assert_eq!(text(f64::MIN_POSITIVE), "2.2250738585072014e-308");
        assert_eq!(text(5e-324), "5e-324");
        // More than six decimals and an exponent of four: Redis 7.2 really prints this.
        assert_eq!(text(12_345.678_901_234), "1.2345678901234e+4");
        assert_eq!(text(1_234.567_890_123_4), "1234.5678901234");
    }

    #[test]
    fn what_is_no_number_has_a_name() {
        assert_eq!(text(f64::INFINITY), "inf");
        assert_eq!(text(f64::NEG_INFINITY), "-inf");
        assert_eq!(text(-f64::NAN), "nan");
        assert_eq!(text(0.0), "0");
        assert_eq!(text(-0.0), "-0");
    }

    #[test]
    fn integers_are_appended() {
        let mut out = b":".to_vec();
        push_integer(i64::MIN, &mut out);
        assert_eq!(out, b":-9223372036854775808");
    }

    proptest! {
        #[test]
        fn every_double_reads_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(text(value).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn ordinary_doubles_read_back(digits in -1_000_000_000_000_000i64..1_000_000_000_000_000, scale in -20i32..20) {
            let value = digits as f64 * 10f64.powi(scale);
            prop_assert_eq!(text(value).parse::<f64>().unwrap(), value);
        }
    }
}
