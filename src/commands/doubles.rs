//! Numbers as clients give them where Redis reads a double: as C's `strtod` does, in three moods.
//!
//! [`parse_double`] is for scores, weights and distances, [`parse_bound`] for the ends of a range of scores,
//! [`parse_sorted`] for what SORT sorts by. They differ in what they make of spaces, of nothing, of a zero byte in the
//! text, and of numbers that no double can hold.

/// The most hexadecimal digits that are looked at one by one; whether there is more than zeros behind them only
/// matters for rounding.
const HEX_DIGITS_MAX: u32 = 30;

/// Exponents beyond this are as good as this one: no finite number has them.
const EXPONENT_MAX: i32 = 100_000;

/// What `strtod` makes of a text.
struct Scanned {
    /// Never NaN.
    value: f64,
    /// The text says infinity, or zero, itself; any other number that becomes one of them is out of range.
    is_meant: bool,
}

/// The number that `text` is: decimal or hexadecimal, or `inf`. None for any other text and for what no double can
/// hold.
pub(super) fn parse_double(text: &[u8]) -> Option<f64> {
    if text.first().is_none_or(|byte| is_space(*byte)) || text.contains(&0) {
        return None;
    }
    let Scanned { value, is_meant } = scan(text)?;
    (is_meant || value.is_finite() && value != 0.0).then_some(value)
}

/// The same for the end of a range: spaces before it are skipped, nothing is zero, a zero byte ends the text, and
/// what no double can hold is infinite or zero.
pub(super) fn parse_bound(text: &[u8]) -> Option<f64> {
    let text = c_string(text);
    if text.is_empty() { Some(0.0) } else { scan(text).map(|scanned| scanned.value) }
}

/// The same for a weight of SORT: as for the end of a range, but numbers too big or too small for all digits of a
/// double are none.
pub(super) fn parse_sorted(text: &[u8]) -> Option<f64> {
    let text = c_string(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let Scanned { value, is_meant } = scan(text)?;
    (is_meant || value.is_normal()).then_some(value)
}

/// A text as C sees it: up to a zero byte.
pub(super) fn c_string(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

fn scan(text: &[u8]) -> Option<Scanned> {
    let spaces = text.iter().take_while(|byte| is_space(**byte)).count();
    let (negative, digits) = match &text[spaces..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let Scanned { value, is_meant } = match digits {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits),
        [b'+' | b'-', ..] => None,
        digits => decimal(digits),
    }?;
    Some(Scanned { value: if negative { -value } else { value }, is_meant })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn decimal(text: &[u8]) -> Option<Scanned> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let is_infinity = text[0].eq_ignore_ascii_case(&b'i');
    let mantissa = text.split(|byte| byte.eq_ignore_ascii_case(&b'e')).next().unwrap_or_default();
    let is_zero = !is_infinity && !mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9'));
    (!value.is_nan()).then_some(Scanned { value, is_meant: is_infinity || is_zero })
}

fn hexadecimal(text: &[u8]) -> Option<Scanned> {
    let mut mark = text.splitn(2, |byte| byte.eq_ignore_ascii_case(&b'p'));
    let digits = mark.next().unwrap_or_default();
    let mut exponent = match mark.next() {
        Some(exponent) => parse_exponent(exponent)?,
        None => 0,
    };
    let (mut bits, mut kept, mut sticky, mut point, mut any) = (0_u128, 0, false, false, false);
    for byte in digits {
        if *byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(16)?;
        any = true;
        if kept < HEX_DIGITS_MAX {
            bits = bits << 4 | u128::from(digit);
            kept += u32::from(bits > 0);
            exponent -= if point { 4 } else { 0 };
        } else {
            sticky |= digit > 0;
            exponent += if point { 0 } else { 4 };
        }
    }
    let value = scale((bits << 1 | u128::from(sticky)) as f64, exponent - 1);
    any.then_some(Scanned { value, is_meant: bits == 0 })
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let magnitude = digits.iter().try_fold(0_i32, |sum, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        Some((sum * 10 + digit as i32).min(EXPONENT_MAX))
    })?;
    (!digits.is_empty()).then_some(if negative { -magnitude } else { magnitude })
}

/// `value` times two to the power of `exponent`, in two steps, since the power alone may be out of range.
fn scale(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2_f64.powi(half) * 2_f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_c_reads_them() {
        let numbers: &[(&str, f64)] = &[
            ("", 0.0),
            (" \t\n1.5", 1.5),
            ("+5", 5.0),
            ("-.5e1", -5.0),
            ("5.", 5.0),
            ("1E+3", 1000.0),
            ("-INF", f64::NEG_INFINITY),
            ("infinity", f64::INFINITY),
            ("0x1F", 31.0),
            ("-0X.8p1", -1.0),
            ("0x1p-3", 0.125),
            ("0x123456789abcdef0123456789abcdef0123p-140", 0.071_111_111_111_111_11),
            // Half a unit above one goes to the even neighbour, a digit far behind decides otherwise.
            ("0x1.00000000000008", 1.0),
            ("0x1.000000000000080000000000000000000000001", 1.0 + f64::EPSILON),
            ("5\0abc", 5.0),
            ("0e999999", 0.0),
        ];
        for (text, number) in numbers {
            assert_eq!(parse_sorted(text.as_bytes()), Some(*number), "{text:?}");
        }
        for text in [
            " ",
            "-",
            "1 ",
            "1x",
            "nan",
            "-nan",
            "nan(1)",
            "0x",
            "0x.",
            "0xg",
            "0x1p",
            "1e",
            "e5",
            ".",
            "--1",
            "+-1",
            "1e400",
            "1e-400",
            "4e-320",
            "0x1p5000",
            "0x1p-5000",
            "- 1",
        ] {
            assert_eq!(parse_sorted(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn scores_are_read_more_strictly_and_bounds_less() {
        for (text, score, bound) in [
            ("", None, Some(0.0)),
            (" 1", None, Some(1.0)),
            ("1\0", None, Some(1.0)),
            ("1e400", None, Some(f64::INFINITY)),
            ("1e-400", None, Some(0.0)),
            ("4e-320", Some(4e-320), Some(4e-320)),
            ("-inf", Some(f64::NEG_INFINITY), Some(f64::NEG_INFINITY)),
            ("0x1p3", Some(8.0), Some(8.0)),
            ("0x1p-1080", None, Some(0.0)),
            ("nan", None, None),
            ("1 ", None, None),
            ("1e", None, None),
        ] {
            assert_eq!(
                (parse_double(text.as_bytes()), parse_bound(text.as_bytes())),
                (score, bound),
                "{text:?}"
            );
        }
    }
}
