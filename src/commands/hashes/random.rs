//! HRANDFIELD: some fields of a hash, picked evenly.

use super::READ;
use crate::commands::args::Args;
use crate::commands::big_replies::HashPart;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::picks::{Form, Picks, Pool, read_count};
use crate::commands::spec::{Command, Flag, Spec};
use crate::resp::{Encoder, Reply, Span};
use crate::store::Random;
use crate::store::{Hash, StringRef};

/// `HRANDFIELD key [count [WITHVALUES]]`
pub(in crate::commands) struct Hrandfield {
    key: Span,
    /// Below zero: so many picks, one field as often as it comes up.
    count: Option<i64>,
    with_values: bool,
}

impl Command for Hrandfield {
    const SPEC: Spec = Spec {
        name: "hrandfield",
        arity: -2,
        flags: &[Flag::Readonly],
        since: "6.2.0",
        complexity: "O(N) where N is the number of fields returned",
        summary: "Returns fields of a hash picked at random",
        syntax: "key [options: count [WITHVALUES]]",
        tips: &["nondeterministic_output"],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let count = (args.left() > 0).then(|| read_count(args));
        let with_values = args.left() > 0 && args.option("WITHVALUES");
        if args.left() > 0 {
            args.fail(faults::SYNTAX);
        }
        if with_values && count.is_some_and(|count| !(-i64::MAX / 2..=i64::MAX / 2).contains(&count)) {
            args.fail(faults::COUNT_OUT_OF_RANGE);
        }
        args.done(Self { key, count, with_values })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (mut random, protocol) = (Random::new(context.random), context.session().protocol);
        let hash = context.read_hash(self.key)?;
        let Some(count) = self.count else {
            let picked = hash.and_then(|hash| hash.random(|| random.draw()));
            return Ok(picked.map_or(Reply::Null, |(field, _)| string_reply(field)));
        };
        let Some(hash) = hash.filter(|_| count != 0) else { return Ok(Reply::EMPTY_ARRAY) };
        let part = if self.with_values { HashPart::Pairs } else { HashPart::Fields };
        Ok(Picks::new(hash, count, random).reply(hash, part, protocol))
    }
}

impl Pool for Hash {
    type Pick<'p> = (StringRef<'p>, StringRef<'p>);

    fn len(&self) -> usize {
        Hash::len(self)
    }

    fn is_packed(&self) -> bool {
        Hash::is_packed(self)
    }

    fn all(&self) -> Vec<Self::Pick<'_>> {
        self.iter().collect()
    }

    fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Self::Pick<'_>)) -> u64 {
        Hash::scan(self, cursor, count, |field, value| visit((field, value)))
    }

    fn random(&self, random: impl FnMut() -> u64) -> Option<Self::Pick<'_>> {
        Hash::random(self, random)
    }

    fn name<'p>(&'p self, (field, _): Self::Pick<'p>) -> StringRef<'p> {
        field
    }
}

impl Form<Hash> for HashPart {
    fn begin(&self, out: &mut Encoder<'_>, len: usize) {
        HashPart::begin(*self, out, len);
    }

    fn write(&self, out: &mut Encoder<'_>, (field, value): (StringRef<'_>, StringRef<'_>)) {
        HashPart::write(*self, out, field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, HashKey, Limits};
    use std::collections::{HashMap, HashSet};

    fn database(fields: usize, packed: bool) -> Database {
        let mut limits = Limits::default();
        limits.hash.max_listpack_entries = if packed { fields } else { 0 };
        let mut database = Database::new(HashKey(1, 2), limits);
        let mut hash = database.hash_or_create(b"h", 0).unwrap();
        for number in 0..fields {
            hash.set(number.to_string().as_bytes(), b"v");
        }
        drop(hash);
        database
    }

    /// How often each field comes up in so many rounds.
    fn times(hash: &Hash, count: i64, rounds: u64) -> HashMap<Vec<u8>, u32> {
        let mut times = HashMap::new();
        for round in 0..rounds {
            let mut picks = Picks::new(hash, count, Random::new(round));
            let mut seen = HashSet::new();
            while picks.left > 0 {
                picks.visit_some(hash, |(field, _)| {
                    let again = !seen.insert(field.to_vec());
                    assert!(count < 0 || !again, "a field came twice");
                    *times.entry(field.to_vec()).or_insert(0) += 1;
                });
            }
        }
        times
    }

    #[test]
    fn every_way_picks_so_many_and_each_field_as_often() {
        // Packed and as a table; with repetitions, by a walk, and in a table by throws.
        for (packed, count) in [(true, -40), (true, 40), (false, -40), (false, 40), (false, 120)] {
            let mut database = database(200, packed);
            let hash = database.hash(b"h", 0).unwrap().unwrap();
            assert_eq!(hash.is_packed(), packed);
            let rounds = 40_000 / i64::abs(count) as u64;
            let times = times(hash, count, rounds);
            assert_eq!(
                times.values().map(|times| u64::from(*times)).sum::<u64>(),
                rounds * count.unsigned_abs()
            );
            // Two hundred on average, and five times the deviation of independent picks around that.
            assert_eq!(times.len(), 200);
            assert!(times.values().all(|times| (130..270).contains(times)), "{times:?}");
        }
    }

    #[test]
    fn no_more_fields_than_there_are() {
        let mut database = database(5, true);
        let hash = database.hash(b"h", 0).unwrap().unwrap();
        assert!(times(hash, 9, 1).values().all(|times| *times == 1));
        assert_eq!(times(hash, 9, 1).len(), 5);
    }
}
