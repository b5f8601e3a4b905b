//! Whether two replies to the same request say the same.

use super::rules::{Compare, EXCUSES, RULES, Rule};
use crate::wire::Value;

/// Whether Memora may answer `memora` where Redis answers `redis`.
pub(crate) fn is_alike(request: &[Vec<u8>], memora: &Value, redis: &Value) -> bool {
    is_alike_as(rule_for(request), memora, redis)
        || EXCUSES.iter().any(|(_, excuse)| excuse(request, memora, redis))
}

/// The same for a known way to compare.
pub(crate) fn is_alike_as(compare: Compare, memora: &Value, redis: &Value) -> bool {
    if memora == redis {
        return true;
    }
    if memora.is_error() || redis.is_error() || *memora == Value::Closed || *redis == Value::Closed {
        return false;
    }
    match compare {
        Compare::Exact => false,
        Compare::Unordered => memora.clone().sorted() == redis.clone().sorted(),
        Compare::Pairs => pairs(memora) == pairs(redis),
        Compare::Within(bound) => match (memora.integer(), redis.integer()) {
            (Some(a), Some(b)) => a >= 0 && b >= 0 && a.abs_diff(b) <= bound.unsigned_abs(),
            _ => false,
        },
        Compare::Scan => {
            let ended = |value: &Value| value.items().first().is_some_and(|cursor| cursor.bytes() == b"0");
            !(ended(memora) && ended(redis)) || memora.clone().sorted() == redis.clone().sorted()
        }
        Compare::Numbers => numbers(memora) == numbers(redis),
        Compare::ScanNumbers => is_alike_as(Compare::Scan, &numbers(memora), &numbers(redis)),
        Compare::Outcome => true,
    }
}

/// The same with every number in one way to write it.
fn numbers(value: &Value) -> Value {
    let rewrite = |text: &[u8]| match std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok())
    {
        Some(number) => number.to_string().into_bytes(),
        None => text.to_vec(),
    };
    match value {
        Value::Line(mark @ b',', text) => Value::Line(*mark, rewrite(text)),
        Value::Bulk(mark @ b'$', text) => Value::Bulk(*mark, rewrite(text)),
        Value::List(mark, items) => Value::List(*mark, items.iter().map(numbers).collect()),
        other => other.clone(),
    }
}

/// The pairs in order, without those that tell servers and connections apart.
fn pairs(value: &Value) -> Value {
    const OWN: [&[u8]; 2] = [b"id", b"version"];
    let is_own = |key: &Value| OWN.contains(&key.bytes());
    match value.clone() {
        Value::Map(pairs) => Value::Map(pairs.into_iter().filter(|(key, _)| !is_own(key)).collect()).sorted(),
        Value::List(mark, items) => {
            let pairs = items.chunks(2).filter(|pair| !is_own(&pair[0]));
            Value::List(mark, pairs.flatten().cloned().collect()).sorted_pairs()
        }
        other => other,
    }
}

/// How the replies to `request` are compared: by the rule with the most words in common.
fn rule_for(request: &[Vec<u8>]) -> Compare {
    let is_for = |rule: &&Rule| {
        let mut words = request.iter();
        rule.name().all(|name| words.next().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())))
    };
    RULES.iter().find(is_for).map_or(Compare::Exact, |rule| rule.compare)
}
