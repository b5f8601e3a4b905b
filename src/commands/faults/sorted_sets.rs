//! What commands on sorted sets and places may answer.

use super::{Fault, with_argument};

/// INCR of a sorted set's score made no number of it.
pub const SCORE_NOT_A_NUMBER: Fault = Fault::new("ERR resulting score is not a number (NaN)");
/// ZADD: conditions that contradict each other.
pub const XX_AND_NX: Fault = Fault::new("ERR XX and NX options at the same time are not compatible");
/// ZADD: conditions that contradict each other.
pub const GT_LT_AND_NX: Fault =
    Fault::new("ERR GT, LT, and/or NX options at the same time are not compatible");
/// ZADD: INCR answers one score.
pub const INCR_OF_SEVERAL: Fault = Fault::new("ERR INCR option supports a single increment-element pair");
/// An end of a range of scores is none.
pub const BAD_SCORE_RANGE: Fault = Fault::new("ERR min or max is not a float");
/// An end of a range of texts is none.
pub const BAD_LEX_RANGE: Fault = Fault::new("ERR min or max not valid string range item");
/// ZRANGE: ranks say themselves how many.
pub const LIMIT_BY_RANK: Fault =
    Fault::new("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
/// ZRANGE: texts are compared where all scores are equal.
pub const SCORES_BY_LEX: Fault =
    Fault::new("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
/// A weight of ZUNION or ZINTER is no number.
pub const WEIGHT_NOT_A_FLOAT: Fault = Fault::new("ERR weight value is not a float");
/// A unit of length that is none.
pub const BAD_UNIT: Fault = Fault::new("ERR unsupported unit provided. please use M, KM, FT, MI");
/// A radius that is no number.
pub const RADIUS_NOT_NUMERIC: Fault = Fault::new("ERR need numeric radius");
/// A radius below zero.
pub const RADIUS_NEGATIVE: Fault = Fault::new("ERR radius cannot be negative");
/// A box's width that is no number.
pub const WIDTH_NOT_NUMERIC: Fault = Fault::new("ERR need numeric width");
/// A box's height that is no number.
pub const HEIGHT_NOT_NUMERIC: Fault = Fault::new("ERR need numeric height");
/// A box of less than nothing.
pub const BOX_NEGATIVE: Fault = Fault::new("ERR height or width cannot be negative");
/// A geographic search around a member that is not there.
pub const NO_SUCH_PLACE: Fault = Fault::new("ERR could not decode requested zset member");
/// A geographic search for no places.
pub const GEO_COUNT_NOT_POSITIVE: Fault = Fault::new("ERR COUNT must be > 0");
/// ANY says which places to return if not all.
pub const ANY_WITHOUT_COUNT: Fault = Fault::new("ERR the ANY argument requires COUNT argument");
/// GEORADIUS: what is stored is not listed.
pub const GEORADIUS_STORE: Fault = Fault::new(
    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
);
/// GEOSEARCHSTORE: what is stored is not listed.
pub const GEOSEARCHSTORE_OPTIONS: Fault =
    Fault::new("ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options");

/// A place outside of the map.
#[must_use]
pub fn bad_place(longitude: f64, latitude: f64) -> Fault {
    Fault::from_bytes(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"))
}

/// A geographic search without a centre, or without a shape; `name` as the client spelled it.
#[must_use]
pub fn geosearch_needs(what: &str, name: &[u8]) -> Fault {
    with_argument(&format!("ERR exactly one of {what} can be specified for "), name, "")
}

/// A command on several keys was given none.
#[must_use]
pub fn no_input_key(name: &str) -> Fault {
    Fault::from_bytes(format!("ERR at least 1 input key is needed for '{name}' command"))
}
