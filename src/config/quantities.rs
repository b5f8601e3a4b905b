//! The kinds with units: sizes in bytes and durations.

use super::error::Invalid;
use super::kinds::{Kind, bounded, integer, single};
use super::values::ClientsMemory;
use std::time::Duration;
use toml_edit::Value;

/// The most bytes Redis admits for a size, which is the largest number of its type.
const MAX_BYTES: u64 = i64::MAX as u64;

/// The most digits Redis reads of a size.
const MAX_SIZE_DIGITS: usize = 127;

/// A number of bytes, at least so many, with Redis's units.
pub(super) struct Memory(pub(super) u64);

impl Kind<usize> for Memory {
    fn parse(&self, words: &[&str], _: &usize) -> Result<usize, Invalid> {
        let out_of_range = || Invalid::OutOfRange { min: self.0.to_string(), max: MAX_BYTES.to_string() };
        let number = memory(single(words)?)?;
        if number < self.0 || number > MAX_BYTES {
            return Err(out_of_range());
        }
        usize::try_from(number).map_err(|_| out_of_range())
    }

    fn format(&self, value: &usize) -> String {
        value.to_string()
    }

    fn to_toml(&self, value: &usize) -> Value {
        let text = in_largest_unit(*value);
        text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
    }

    fn allowed(&self) -> String {
        match self.0 {
            0 => "a size such as 64, 10kb or 1gb".to_owned(),
            min => format!("a size from {} on, such as 512mb or 1gb", in_largest_unit(min as usize)),
        }
    }
}

/// A number of bytes with Redis's units, or a share of `maxmemory` such as `5%`.
pub(super) struct MemoryOrPercent;

impl Kind<ClientsMemory> for MemoryOrPercent {
    fn parse(&self, words: &[&str], _: &ClientsMemory) -> Result<ClientsMemory, Invalid> {
        let word = single(words)?;
        let Some(digits) = word.strip_suffix('%') else {
            let bytes = memory(word).map_err(|_| Invalid::NotMemoryOrPercent)?;
            return usize::try_from(bytes).map(ClientsMemory::Bytes).map_err(|_| Invalid::NotMemoryOrPercent);
        };
        let percent: i64 = digits.parse().map_err(|_| Invalid::NotMemoryOrPercent)?;
        match u8::try_from(percent) {
            // A share is written as Redis writes it: without a sign or zeros in front.
            _ if percent < 0 || percent.to_string() != digits => Err(Invalid::NotMemoryOrPercent),
            Ok(0) => Ok(ClientsMemory::default()),
            Ok(percent) if percent <= 100 => Ok(ClientsMemory::Percent(percent)),
            _ => Err(Invalid::TooManyPercent),
        }
    }

    fn format(&self, value: &ClientsMemory) -> String {
        match value {
            ClientsMemory::Bytes(bytes) => bytes.to_string(),
            ClientsMemory::Percent(percent) => format!("{percent}%"),
        }
    }

    fn allowed(&self) -> String {
        "a size such as 64mb, or a share of maxmemory such as 5%".to_owned()
    }
}

/// A duration that Redis counts in whole seconds, up to so many.
pub(super) struct Seconds(pub(super) i64);

impl Kind<Duration> for Seconds {
    fn parse(&self, words: &[&str], _: &Duration) -> Result<Duration, Invalid> {
        let word = single(words)?;
        let seconds = integer(word).or_else(|invalid| match humantime::parse_duration(word) {
            Ok(time) if time.subsec_nanos() == 0 => i64::try_from(time.as_secs()).map_err(|_| invalid),
            Ok(_) => Err(Invalid::Other("argument must be a whole number of seconds")),
            Err(_) => Err(invalid),
        })?;
        bounded(seconds, 0, self.0)?;
        Ok(Duration::from_secs(seconds.unsigned_abs()))
    }

    fn format(&self, value: &Duration) -> String {
        value.as_secs().to_string()
    }

    fn to_toml(&self, value: &Duration) -> Value {
        Value::from(humantime::format_duration(*value).to_string())
    }

    fn allowed(&self) -> String {
        "a number of seconds, or a time such as 10s or 5m".to_owned()
    }
}

/// A duration of an option that is Memora's own; a bare number means seconds, as elsewhere.
pub(super) struct HumanTime;

impl Kind<Duration> for HumanTime {
    fn parse(&self, words: &[&str], _: &Duration) -> Result<Duration, Invalid> {
        let word = single(words)?;
        if let Ok(seconds) = word.parse() {
            return Ok(Duration::from_secs(seconds));
        }
        humantime::parse_duration(word)
            .map_err(|_| Invalid::Other("argument must be a time such as 50ms, 10s or 1m"))
    }

    fn format(&self, value: &Duration) -> String {
        humantime::format_duration(*value).to_string()
    }

    fn allowed(&self) -> String {
        "a time such as 50ms, 10s or 1m".to_owned()
    }
}

/// A number of bytes with Redis's units: `k` is 1000, `kb` 1024, and so on. Without digits it is 0, as in Redis, whether
/// or not there is a unit. Too large a number saturates, where Redis counts on from 0.
pub(super) fn memory(word: &str) -> Result<u64, Invalid> {
    let digits_len = word.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = word.split_at(digits_len);
    if digits_len > MAX_SIZE_DIGITS {
        return Err(Invalid::NotMemory);
    }
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return Err(Invalid::NotMemory),
    };
    let number = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Ok(number.saturating_mul(factor))
}

/// A number of bytes in the largest unit that divides it.
pub(super) fn in_largest_unit(bytes: usize) -> String {
    let units = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];
    match units.iter().find(|(_, size)| bytes > 0 && bytes % size == 0) {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => bytes.to_string(),
    }
}
