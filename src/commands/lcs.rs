//! LCS: the longest common subsequence of two strings.
//!
//! Redis fills a table with one number for each pair of positions. In one row of that table neighbours differ by
//! zero or one, so that a bit for each pair says as much, and 64 of them are computed with a handful of
//! instructions (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004). Which subsequence is found where
//! there are several, and as which matches, is Redis's choice: the way back through the table is the same.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::ValueRef;
use bytes::Bytes;

/// Redis needs this much memory for each pair of positions, and refuses to use more than `proto-max-bulk-len`.
const REDIS_CELL_BYTES: usize = 4;

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]`
pub(super) struct Lcs {
    keys: [Span; 2],
    /// What is wrong with them is said only when both keys are known to hold strings.
    options: Result<Options, Fault>,
}

/// LCS's options.
#[derive(Clone, Copy, Default)]
struct Options {
    len: bool,
    idx: bool,
    with_match_len: bool,
    min_match_len: i64,
}

impl Options {
    fn read(args: &mut Args<'_>) -> Result<Self, Fault> {
        let mut options = Self::default();
        while args.more() {
            if args.option("IDX") {
                options.idx = true;
            } else if args.option("LEN") {
                options.len = true;
            } else if args.option("WITHMATCHLEN") {
                options.with_match_len = true;
            } else if args.option_with_value("MINMATCHLEN") {
                options.min_match_len = args.integer();
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        if options.len && options.idx {
            args.fail(faults::LCS_LEN_AND_IDX);
        }
        args.done(options)
    }
}

impl Command for Lcs {
    const SPEC: Spec = Spec {
        name: "lcs",
        arity: -3,
        flags: &[Flag::Readonly],
        keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]).to(1)],
        group: Group::String,
        since: "7.0.0",
        complexity: "O(N*M) where N and M are the lengths of the strings",
        summary: "Finds the longest common subsequence of two strings",
        syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN len:integer] [WITHMATCHLEN]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = [args.bytes(), args.bytes()];
        Ok(Self { keys, options: Options::read(args) })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let [one, other] = self.keys.map(|key| text(context, key));
        let (a, b) = (one?, other?);
        let options = self.options.clone()?;
        let redis_bytes = (a.len() + 1).saturating_mul(b.len() + 1).saturating_mul(REDIS_CELL_BYTES);
        if redis_bytes > context.config.proto_max_bulk_len {
            return Err(faults::LCS_TOO_BIG);
        }
        let table = Table::fill(&a, &b, !options.len);
        Ok(match options {
            Options { len: true, .. } => Reply::from_count(table.len),
            Options { idx: true, .. } => matches_reply(&table, &matches(&a, &b, &table), options),
            _ => Reply::bulk(subsequence(&a, &matches(&a, &b, &table))),
        })
    }
}

/// The string at a key, empty where there is none.
fn text(context: &mut Context<'_>, key: Span) -> Result<Bytes, Fault> {
    match context.read(key) {
        Some(ValueRef::String(string)) => Ok(string.to_bytes()),
        Some(_) => Err(faults::LCS_NOT_STRINGS),
        None => Ok(Bytes::new()),
    }
}

/// For each pair of prefixes of two strings, whether the last byte of the second prefix makes their longest common
/// subsequence longer; a zero bit says that it does.
struct Table {
    /// One row for each byte of the first string, if the rows were asked for.
    rows: Vec<u64>,
    row_words: usize,
    /// Length of the longest common subsequence of the whole strings.
    len: usize,
}

impl Table {
    fn fill(a: &[u8], b: &[u8], keep_rows: bool) -> Self {
        let row_words = b.len().div_ceil(64);
        let masks = masks(b, row_words);
        let mut row = vec![u64::MAX; row_words];
        let mut rows = Vec::with_capacity(if keep_rows { a.len() * row_words } else { 0 });
        for byte in a {
            let mask = &masks[usize::from(*byte)];
            if !mask.is_empty() {
                advance(&mut row, mask);
            }
            if keep_rows {
                rows.extend_from_slice(&row);
            }
        }
        let len = row.iter().map(|word| word.count_zeros() as usize).sum();
        Self { rows, row_words, len }
    }

    /// Whether the prefix of `i` bytes has a longer subsequence in common with `j` bytes than with `j - 1`.
    fn grows(&self, i: usize, j: usize) -> bool {
        let word = self.rows[(i - 1) * self.row_words + (j - 1) / 64];
        word >> ((j - 1) % 64) & 1 == 0
    }
}

/// For each byte the places where it stands in `text`, as bits; empty for bytes that are not there.
fn masks(text: &[u8], row_words: usize) -> Vec<Vec<u64>> {
    let mut masks = vec![Vec::new(); 256];
    for (index, byte) in text.iter().enumerate() {
        let mask = &mut masks[usize::from(*byte)];
        mask.resize(row_words, 0);
        mask[index / 64] |= 1 << (index % 64);
    }
    masks
}

/// From one row of the table to the next: each run of ones that a place of the mask lies in is an addition.
fn advance(row: &mut [u64], mask: &[u64]) {
    let mut carry = false;
    for (word, mask) in row.iter_mut().zip(mask) {
        let (sum, first) = word.overflowing_add(*word & mask);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        *word = sum | *word & !mask;
    }
}

/// A run of bytes that both strings have: where it begins in each, and its length.
#[derive(Clone, Copy)]
struct Match {
    a: usize,
    b: usize,
    len: usize,
}

/// The longest common subsequence as runs, the last one first.
fn matches(a: &[u8], b: &[u8], table: &Table) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            match matches.last_mut().filter(|run| run.a == i + 1 && run.b == j + 1) {
                Some(run) => *run = Match { a: i, b: j, len: run.len + 1 },
                None => matches.push(Match { a: i, b: j, len: 1 }),
            }
        } else if table.grows(i, j) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    matches
}

fn subsequence(a: &[u8], matches: &[Match]) -> Vec<u8> {
    matches.iter().rev().flat_map(|run| &a[run.a..run.a + run.len]).copied().collect()
}

fn matches_reply(table: &Table, matches: &[Match], options: Options) -> Reply {
    let range = |start: usize, len: usize| {
        Reply::Array(vec![Reply::from_count(start), Reply::from_count(start + len - 1)])
    };
    let reply = |run: &Match| {
        let mut parts = vec![range(run.a, run.len), range(run.b, run.len)];
        if options.with_match_len {
            parts.push(Reply::from_count(run.len));
        }
        Reply::Array(parts)
    };
    let min_len = usize::try_from(options.min_match_len.max(0)).unwrap_or(usize::MAX);
    let long = matches.iter().filter(|run| run.len >= min_len);
    Reply::Map(vec![
        (Reply::bulk(b"matches"), Reply::Array(long.map(reply).collect())),
        (Reply::bulk(b"len"), Reply::from_count(table.len)),
    ])
}

family!(LongestCommon {
    Lcs(Lcs),
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The length as the textbook finds it.
    fn textbook(a: &[u8], b: &[u8]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for byte in a {
            let mut diagonal = 0;
            for j in 1..=b.len() {
                let above = row[j];
                row[j] = if *byte == b[j - 1] { diagonal + 1 } else { above.max(row[j - 1]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
        let mut rest = whole.iter();
        part.iter().all(|byte| rest.any(|other| other == byte))
    }

    #[test]
    fn the_documented_example() {
        let (a, b) = (b"ohmytext", b"mynewtext");
        let table = Table::fill(a, b, true);
        let found = matches(a, b, &table);
        assert_eq!(subsequence(a, &found), b"mytext");
        let places: Vec<_> = found.iter().map(|run| (run.a, run.b, run.len)).collect();
        assert_eq!(places, [(4, 5, 4), (2, 0, 2)]);
    }

    proptest! {
        #[test]
        fn the_result_is_common_and_longest(a in "[abc]{0,200}", b in "[abcd]{0,200}") {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            let table = Table::fill(a, b, true);
            let found = subsequence(a, &matches(a, b, &table));
            prop_assert_eq!(table.len, textbook(a, b));
            prop_assert_eq!(Table::fill(a, b, false).len, table.len);
            prop_assert_eq!(found.len(), table.len);
            prop_assert!(is_subsequence(&found, a) && is_subsequence(&found, b));
        }
    }
}
