//! HRANDFIELD: some fields of a hash, picked evenly.
//!
//! How they are picked depends on how many are asked for, as in Redis: a walk over all fields that takes each
//! with the probability that makes the number come out right, or throws at the table that are repeated when
//! they hit a field twice. Many fields leave piece by piece, picked while the socket drains.

use super::READ;
use crate::commands::args::Args;
use crate::commands::big_replies::{BIG_LEN, ENTRIES_PER_PIECE, HashPart};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::random::Random;
use crate::commands::spec::{Command, Flag, Spec};
use crate::resp::{Encoder, Pieces, Protocol, Reply, Span};
use crate::store::{Hash, StringRef};
use bytes::Bytes;
use std::collections::HashSet;

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
        let mut picks = Picks::new(hash, count, random);
        if picks.left >= BIG_LEN {
            return Ok(Reply::Stream(Box::new(RandomPieces {
                hash: hash.clone(),
                part,
                picks,
                begun: false,
            })));
        }
        let mut fields = Vec::with_capacity(picks.left);
        while picks.left > 0 {
            picks.visit_some(hash, |field, value| push(&mut fields, part, protocol, field, value));
        }
        Ok(Reply::Array(fields))
    }
}

/// Adds one picked field to a reply.
fn push(
    fields: &mut Vec<Reply>,
    part: HashPart,
    protocol: Protocol,
    field: StringRef<'_>,
    value: StringRef<'_>,
) {
    match (part, protocol) {
        (HashPart::Pairs, Protocol::Resp2) => fields.extend([string_reply(field), string_reply(value)]),
        (HashPart::Pairs, Protocol::Resp3) => {
            fields.push(Reply::Array(vec![string_reply(field), string_reply(value)]));
        }
        _ => fields.push(string_reply(field)),
    }
}

/// Reads how many fields are wanted.
fn read_count(args: &mut Args<'_>) -> i64 {
    let count = args.integer();
    if count == i64::MIN {
        args.fail(faults::NOT_NEGATABLE);
    }
    count
}

/// A way to pick fields.
enum Way {
    /// Each by itself, the same one perhaps again.
    Repeat,
    /// All in order, taking each with the probability that makes the number come out right.
    Walk {
        /// Where in the hash the walk is.
        cursor: u64,
        /// Fields that it has not come to.
        ahead: usize,
    },
    /// Each by itself, but none again.
    Throw {
        /// Those that were picked.
        seen: HashSet<Bytes>,
    },
}

/// Fields being picked.
struct Picks {
    way: Way,
    /// How many are still to be picked.
    left: usize,
    random: Random,
}

impl Picks {
    fn new(hash: &Hash, count: i64, random: Random) -> Self {
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let (len, few) = (hash.len(), wanted.saturating_mul(WALK_FACTOR) <= hash.len());
        let way = match count {
            ..0 => Way::Repeat,
            _ if few && !hash.is_packed() => Way::Throw { seen: HashSet::new() },
            _ => Way::Walk { cursor: 0, ahead: len },
        };
        let left = if count < 0 { wanted } else { wanted.min(len) };
        Self { way, left, random }
    }

    /// Picks some more, as many as belong into one piece of a reply or somewhat fewer.
    fn visit_some(&mut self, hash: &Hash, mut visit: impl FnMut(StringRef<'_>, StringRef<'_>)) {
        let Self { way, left, random } = self;
        match way {
            Way::Repeat if hash.is_packed() => {
                let fields: Vec<_> = hash.iter().collect();
                for _ in 0..ENTRIES_PER_PIECE.min(*left) {
                    let (field, value) = fields[random.below(fields.len())];
                    visit(field, value);
                    *left -= 1;
                }
            }
            Way::Walk { cursor, ahead } => {
                *cursor = hash.scan(*cursor, ENTRIES_PER_PIECE, |field, value| {
                    if random.below(*ahead) < *left {
                        visit(field, value);
                        *left -= 1;
                    }
                    *ahead -= 1;
                });
            }
            Way::Repeat | Way::Throw { .. } => {
                for _ in 0..ENTRIES_PER_PIECE.min(*left) {
                    let picked = hash.random(|| random.draw());
                    let (field, value) = picked.expect("a hash in a database has a field");
                    let new = match way {
                        Way::Throw { seen } => seen.insert(field.to_bytes()),
                        _ => true,
                    };
                    if new {
                        visit(field, value);
                        *left -= 1;
                    }
                }
            }
        }
    }
}

/// Many picks on their way out.
struct RandomPieces {
    hash: Hash,
    part: HashPart,
    picks: Picks,
    begun: bool,
}

impl Pieces for RandomPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if !self.begun {
            self.part.begin(out, self.picks.left);
            self.begun = true;
        }
        self.picks.visit_some(&self.hash, |field, value| self.part.write(out, field, value));
        self.picks.left > 0
    }
}

/// Where more than one field in so many is wanted, a walk over all of them picks faster, as in Redis.
const WALK_FACTOR: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, HashKey, Limits};
    use std::collections::HashMap;

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
                picks.visit_some(hash, |field, _| {
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
