//! Lengths and coordinates as Redis writes them.

use crate::resp::{Blob, Reply};

/// A length with four decimals.
pub(super) fn distance(distance: f64) -> Reply {
    Reply::bulk(format!("{distance:.4}"))
}

/// A coordinate with as many of 17 decimals as it needs; in RESP3 a double.
pub(super) fn coordinate(degrees: f64) -> Reply {
    let text = format!("{degrees:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Reply::Decimal(Blob::from(text.as_bytes()))
}
