//! Differences between the servers that are meant, each with its reason and the way to know it by.

use crate::wire::Value;

/// A difference that is meant: the request and both replies, Memora's first.
type Excuse = fn(&[Vec<u8>], &Value, &Value) -> bool;

/// The differences that are meant, each with its reason; where a mark in a script means the same, it has the same words.
pub(crate) const EXCUSES: &[(&str, Excuse)] = &[
    ("small lists are one listpack since 7.2", |_, memora, redis| {
        memora.bytes() == b"listpack" && redis.bytes() == b"quicklist"
    }),
    ("small sets of text are a listpack since 7.2", |_, memora, redis| {
        memora.bytes() == b"listpack" && redis.bytes() == b"hashtable"
    }),
    ("what SORT leaves unsorted of a set comes in each server's own order", |request, memora, redis| {
        let is_sort = is(request, b"sort") || is(request, b"sort_ro");
        let by = request.iter().any(|word| word.eq_ignore_ascii_case(b"by"));
        // To C a text ends at a zero byte, so that texts may be equal there which are not.
        let cut = redis.items().iter().any(|item| item.bytes().contains(&0));
        is_sort
            && (by || cut)
            && !memora.is_error()
            && !redis.is_error()
            && memora.items().len() == redis.items().len()
    }),
    (
        "Redis's self-test fails where hll-sparse-max-bytes leaves no room for the sparse form",
        |request, _, redis| is(request, b"pfselftest") && redis.bytes().starts_with(b"ERR TESTFAILED"),
    ),
    (
        "since 7.2 HSET makes a table by the number of its arguments, also where fields repeat",
        |_, memora, redis| memora.bytes() == b"hashtable" && redis.bytes() == b"listpack",
    ),
    (
        "since 7.2 ZADD makes a tree by the number of its arguments, and a tree knows the sign of zero",
        |request, memora, redis| {
            let number = |value: &Value| std::str::from_utf8(value.bytes()).ok()?.parse::<f64>().ok();
            let is_same = |one: &Value, other: &Value| {
                one == other || number(one).is_some_and(|one| number(other) == Some(one))
            };
            is(request, b"zrange")
                && memora.items().len() == redis.items().len()
                && memora.items().iter().zip(redis.items()).all(|(one, other)| is_same(one, other))
        },
    ),
    ("a copy of a small integer is not the shared one in Redis", |request, memora, redis| {
        is(request, b"object") && memora.integer() == Some(i32::MAX.into()) && redis.integer() == Some(1)
    }),
    ("a cursor means something to the server alone that gave it", |request, memora, redis| {
        let at = if is(request, b"scan") { 1 } else { 2 };
        let is_step = [&b"scan"[..], b"hscan", b"sscan", b"zscan"].into_iter().any(|name| is(request, name));
        is_step
            && request.get(at).is_some_and(|cursor| cursor != b"0")
            && !memora.is_error()
            && !redis.is_error()
    }),
    ("SORT leaves a sorted set packed, where Redis unpacks it for good", |request, memora, redis| {
        is(request, b"object") && memora.bytes() == b"listpack" && redis.bytes() == b"skiplist"
    }),
    ("ZRANK and ZREVRANK take an option since 7.2", |request, memora, redis| {
        (is(request, b"zrank") || is(request, b"zrevrank")) && memora.is_error() && redis.is_error()
    }),
    ("Redis 7.2 does not take the smallest number as LPOS's rank", |request, memora, _| {
        is(request, b"lpos") && memora.bytes().starts_with(b"ERR value is out of range, value must between")
    }),
    ("a number out of C's range makes later numbers wrong for Redis's SORT", |request, _, redis| {
        let is_sort = is(request, b"sort") || is(request, b"sort_ro");
        is_sort && redis.bytes() == b"ERR One or more scores can't be converted into double"
    }),
    (
        "Memora has not all commands of Redis, and lists them in an order of its own",
        |request, memora, redis| {
            is(request, b"command") && request.len() <= 2 && !memora.is_error() && !redis.is_error()
        },
    ),
];

fn is(request: &[Vec<u8>], name: &[u8]) -> bool {
    request.first().is_some_and(|first| first.eq_ignore_ascii_case(name))
}
