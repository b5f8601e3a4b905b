//! Numbers on the command line, read as C's `atoi`, `strtoll` and `atof` read them: as far as they go.

use std::time::Duration;

use super::Refusal;

/// The longest pause `-i` can ask for (ten years), so that it always fits a clock.
const MAX_INTERVAL_SECONDS: f64 = 10.0 * 365.0 * 86400.0;

/// The whole number `text` begins with; zero when there is none, the nearest possible when it is too big.
pub(super) fn integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0'));
    match negative {
        true => digits.fold(0, |sum: i64, digit| sum.saturating_mul(10).saturating_sub(digit)),
        false => digits.fold(0, |sum: i64, digit| sum.saturating_mul(10).saturating_add(digit)),
    }
}

/// A TCP port.
pub(super) fn port(text: &[u8]) -> Result<u16, Refusal> {
    u16::try_from(integer(text)).map_err(|_| Refusal::new("Invalid server port."))
}

/// A pause in seconds, with a fraction where there is one; no pause when it is no number above zero.
pub(super) fn interval(text: &[u8]) -> Duration {
    let text = text.trim_ascii_start();
    let longest = text.iter().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
    let seconds = (1..=longest)
        .rev()
        .filter_map(|end| std::str::from_utf8(&text[..end]).ok())
        .find_map(|number| number.parse::<f64>().ok())
        .unwrap_or(0.0);
    Duration::from_secs_f64(seconds.clamp(0.0, MAX_INTERVAL_SECONDS))
}
