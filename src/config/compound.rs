//! The kinds whose values are several words: `bind`, `client-output-buffer-limit`,
//! `latency-tracking-info-percentiles` and `save`.
//!
//! Error texts are those Redis 7.0.15 answers to CONFIG SET.

use super::error::Invalid;
use super::kinds::{Kind, integer};
use super::quantities::{in_largest_unit, memory};
use super::values::{BindAddress, ClientClass, OutputBufferLimit, OutputBufferLimits, SavePoint};
use std::time::Duration;
use toml_edit::{Array, Value};

/// The most addresses Redis admits in `bind`.
const MAX_BIND_ADDRESSES: usize = 16;
/// The words that describe the limit of one class: class, hard, soft, seconds.
const WORDS_PER_LIMIT: usize = 4;

/// Addresses, each optionally with a leading `-`.
pub(super) struct Bind;

impl Kind<Vec<BindAddress>> for Bind {
    fn parse(&self, words: &[&str], _: &Vec<BindAddress>) -> Result<Vec<BindAddress>, Invalid> {
        if words.len() > MAX_BIND_ADDRESSES {
            return Err(Invalid::Other("Too many bind addresses specified."));
        }
        // Redis listens on no TCP address at all when the only word is empty.
        Ok(words.iter().filter(|word| !word.is_empty()).map(|word| address(word)).collect())
    }

    fn format(&self, value: &Vec<BindAddress>) -> String {
        joined(value.iter())
    }

    fn to_toml(&self, value: &Vec<BindAddress>) -> Value {
        Value::Array(value.iter().map(ToString::to_string).collect::<Array>())
    }

    fn allowed(&self) -> String {
        format!("up to {MAX_BIND_ADDRESSES} addresses")
    }

    fn takes_many(&self) -> bool {
        true
    }
}

fn address(word: &str) -> BindAddress {
    match word.strip_prefix('-') {
        Some(host) => BindAddress { host: host.to_owned(), optional: true },
        None => BindAddress { host: word.to_owned(), optional: false },
    }
}

/// Four words per class; classes that are not named keep their limit.
pub(super) struct BufferLimits;

impl Kind<OutputBufferLimits> for BufferLimits {
    fn parse(&self, words: &[&str], current: &OutputBufferLimits) -> Result<OutputBufferLimits, Invalid> {
        if words.len() % WORDS_PER_LIMIT != 0 {
            return Err(Invalid::Other("Wrong number of arguments in buffer limit configuration."));
        }
        let mut limits = *current;
        for group in words.chunks_exact(WORDS_PER_LIMIT) {
            *limits.of_mut(class(group[0])?) = limit(&group[1..])?;
        }
        Ok(limits)
    }

    fn format(&self, value: &OutputBufferLimits) -> String {
        // CONFIG GET answers the older word for replicas in Redis 7 too.
        let named = [("normal", value.normal), ("slave", value.replica), ("pubsub", value.pubsub)];
        joined(named.map(|(name, limit)| {
            format!("{name} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_for.as_secs())
        }))
    }

    fn to_toml(&self, value: &OutputBufferLimits) -> Value {
        let named = [("normal", value.normal), ("replica", value.replica), ("pubsub", value.pubsub)];
        let lines = named.map(|(name, limit)| {
            let (hard, soft) = (in_largest_unit(limit.hard_bytes), in_largest_unit(limit.soft_bytes));
            format!("{name} {hard} {soft} {}", limit.soft_for.as_secs())
        });
        Value::Array(lines.into_iter().collect::<Array>())
    }

    fn allowed(&self) -> String {
        "for each class four words, such as: pubsub 32mb 8mb 60".to_owned()
    }

    fn takes_many(&self) -> bool {
        true
    }
}

fn class(word: &str) -> Result<ClientClass, Invalid> {
    match word.to_ascii_lowercase().as_str() {
        "normal" => Ok(ClientClass::Normal),
        "slave" | "replica" => Ok(ClientClass::Replica),
        "pubsub" => Ok(ClientClass::Pubsub),
        _ => Err(Invalid::Other("Invalid client class specified in buffer limit configuration.")),
    }
}

fn limit(words: &[&str]) -> Result<OutputBufferLimit, Invalid> {
    let bad =
        |_| Invalid::Other("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    let bytes = |word| memory(word).map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)).map_err(bad);
    let seconds = seconds(words[2]).ok_or_else(|| bad(Invalid::NotInteger))?;
    Ok(OutputBufferLimit {
        hard_bytes: bytes(words[0])?,
        soft_bytes: bytes(words[1])?,
        soft_for: Duration::from_secs(seconds.into()),
    })
}

/// Seconds as C reads a number: with a sign or zeros in front, and nothing is 0.
fn seconds(word: &str) -> Option<u32> {
    if word.is_empty() { Some(0) } else { word.parse().ok() }
}

/// Pairs of seconds and changes; the empty value is none.
pub(super) struct SavePoints;

impl Kind<Vec<SavePoint>> for SavePoints {
    fn parse(&self, words: &[&str], _: &Vec<SavePoint>) -> Result<Vec<SavePoint>, Invalid> {
        if matches!(words, [] | [""]) {
            return Ok(Vec::new());
        }
        let points: Option<Vec<_>> = words.chunks(2).map(save_point).collect();
        points.ok_or(Invalid::Other("Invalid save parameters"))
    }

    fn format(&self, value: &Vec<SavePoint>) -> String {
        joined(value.iter().map(|point| format!("{} {}", point.seconds, point.changes)))
    }

    fn allowed(&self) -> String {
        "pairs of seconds and changes, such as: 3600 1 300 100".to_owned()
    }

    fn takes_many(&self) -> bool {
        true
    }
}

fn save_point(pair: &[&str]) -> Option<SavePoint> {
    let [seconds, changes] = pair else {
        return None;
    };
    let number = |word| integer(word).ok().and_then(|number| u32::try_from(number).ok());
    let point = SavePoint { seconds: number(seconds)?, changes: number(changes)? };
    (point.seconds >= 1).then_some(point)
}

/// Numbers from 0 to 100; the empty value is none.
pub(super) struct Percentiles;

impl Kind<Vec<f64>> for Percentiles {
    fn parse(&self, words: &[&str], _: &Vec<f64>) -> Result<Vec<f64>, Invalid> {
        words.iter().filter(|word| !word.is_empty()).map(|word| percentile(word)).collect()
    }

    fn format(&self, value: &Vec<f64>) -> String {
        joined(value.iter())
    }

    fn to_toml(&self, value: &Vec<f64>) -> Value {
        Value::Array(value.iter().map(|percentile| Value::from(*percentile)).collect::<Array>())
    }

    fn allowed(&self) -> String {
        "numbers from 0 to 100".to_owned()
    }

    fn takes_many(&self) -> bool {
        true
    }
}

fn percentile(word: &str) -> Result<f64, Invalid> {
    let bad = Invalid::Other("Invalid latency-tracking-info-percentiles parameters");
    let number: f64 = word.parse().map_err(|_| bad)?;
    if (0.0..=100.0).contains(&number) {
        return Ok(number);
    }
    Err(Invalid::Other("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"))
}

fn joined(parts: impl IntoIterator<Item = impl ToString>) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(" ")
}
