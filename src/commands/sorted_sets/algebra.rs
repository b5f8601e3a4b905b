//! What several sets have together: unions, intersections and differences of sorted sets and sets.
//!
//! A member of a set counts as one with the score 1. Sums are made in Redis's order, the smallest set first, since
//! the order can be seen in the last digits of a sum.

use crate::commands::args::Args;
use crate::commands::context::Context;
use crate::commands::faults::{self, Fault};
use crate::resp::{Argv, Reply};
use crate::store::{IntText, Set, SortedSet, SortedSetBuilder, StringRef, ValueRef};

/// The score of what has none.
const SET_SCORE: f64 = 1.0;

/// What is made of the sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What is made of the scores of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Aggregate {
    #[default]
    Sum,
    Min,
    Max,
}

/// What becomes of the result, which decides about the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Reply,
    Store,
    Count,
}

/// The arguments from the number of keys on.
pub(super) struct Query {
    operation: Operation,
    /// Which argument is the first key, and how many there are.
    first_key: usize,
    numkeys: usize,
    /// Looked at only when all keys hold what they should.
    options: Result<Options, Fault>,
}

/// What may stand behind the keys.
#[derive(Default)]
pub(super) struct Options {
    /// One for each key; empty: all 1.
    weights: Vec<f64>,
    aggregate: Aggregate,
    pub(super) with_scores: bool,
    /// The most members that are counted; 0: all.
    limit: u64,
}

/// One of the sets; a copy, which shares what the key holds.
enum Source {
    Sorted(SortedSet),
    Plain(Set),
}

/// A set with its weight.
struct Weighted {
    source: Source,
    weight: f64,
    /// Which of the different keys it comes from.
    key: usize,
}

impl Query {
    /// Reads the number of keys and all behind it.
    pub(super) fn read(
        args: &mut Args<'_>,
        operation: Operation,
        purpose: Purpose,
        name: &str,
    ) -> Result<Box<Self>, Fault> {
        let numkeys = args.integer();
        if let Some(fault) = args.fault() {
            return Err(fault);
        }
        if numkeys < 1 {
            return Err(faults::no_input_key(name));
        }
        let numkeys = usize::try_from(numkeys).ok().filter(|numkeys| *numkeys <= args.left());
        let numkeys = numkeys.ok_or(faults::SYNTAX)?;
        let first_key = args.position();
        for _ in 0..numkeys {
            args.bytes();
        }
        let options = Options::read(args, operation, purpose, numkeys);
        Ok(Box::new(Self { operation, first_key, numkeys, options: args.done(options) }))
    }

    /// The options.
    pub(super) fn options(&self) -> Result<&Options, Fault> {
        self.options.as_ref().map_err(Fault::clone)
    }

    /// The members with what became of their scores, to be `stored` or only read.
    pub(super) fn result(&self, context: &mut Context<'_>, stored: bool) -> Result<SortedSet, Fault> {
        let (sources, options) = self.sources(context)?;
        let mut result = context.db().builder().sorted_set();
        match self.operation {
            Operation::Union => unite(&sources, options.aggregate, &mut result),
            Operation::Intersection => {
                intersect(&sources, options.aggregate, |member, score| {
                    result.add(member.text(&mut IntText::default()), score);
                    true
                });
            }
            Operation::Difference => subtract(&sources, &mut result),
        }
        Ok(if stored { result.finish() } else { result.finish_exactly() })
    }

    /// How many members the intersection has.
    pub(super) fn count(&self, context: &mut Context<'_>) -> Result<Reply, Fault> {
        let (sources, options) = self.sources(context)?;
        let mut count = 0;
        intersect(&sources, options.aggregate, |_, _| {
            count += 1;
            count != options.limit
        });
        Ok(Reply::Integer(count as i64))
    }

    fn keys<'a>(&self, argv: Argv<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        argv.iter().skip(self.first_key).take(self.numkeys)
    }

    /// The sets that are there, in the order in which they are gone through; of an intersection also an empty one for
    /// each key that is not.
    fn sources(&self, context: &mut Context<'_>) -> Result<(Vec<Weighted>, &Options), Fault> {
        let mut sources = Vec::with_capacity(self.numkeys);
        let empty = context.db().builder().sorted_set().finish();
        let keys: Vec<&[u8]> = self.keys(context.argv).collect();
        for (index, key) in keys.iter().enumerate() {
            let source = match context.read_key(key) {
                Some(ValueRef::SortedSet(set)) => Source::Sorted(set.clone()),
                Some(ValueRef::Set(set)) => Source::Plain(set.clone()),
                Some(_) => return Err(faults::WRONG_TYPE),
                None => Source::Sorted(empty.clone()),
            };
            let first = keys.iter().position(|other| other == key).unwrap_or(index);
            sources.push(Weighted { source, weight: SET_SCORE, key: first });
        }
        let options = self.options()?;
        for (source, weight) in sources.iter_mut().zip(&options.weights) {
            source.weight = *weight;
        }
        if self.operation != Operation::Difference {
            sources.sort_by_key(|source| source.source.len());
        }
        Ok((sources, options))
    }
}

impl Options {
    fn read(args: &mut Args<'_>, operation: Operation, purpose: Purpose, numkeys: usize) -> Self {
        let mut options = Self::default();
        let aggregates = operation != Operation::Difference && purpose != Purpose::Count;
        while args.more() {
            if aggregates && args.left() > numkeys && args.option("WEIGHTS") {
                let weights = (0..numkeys).map(|_| args.double(faults::WEIGHT_NOT_A_FLOAT));
                options.weights = weights.collect();
            } else if aggregates && args.option_with_value("AGGREGATE") {
                options.aggregate = match () {
                    () if args.option("SUM") => Aggregate::Sum,
                    () if args.option("MIN") => Aggregate::Min,
                    () if args.option("MAX") => Aggregate::Max,
                    () => {
                        args.fail(faults::SYNTAX);
                        Aggregate::Sum
                    }
                };
            } else if purpose == Purpose::Reply && args.option("WITHSCORES") {
                options.with_scores = true;
            } else if purpose == Purpose::Count && args.option_with_value("LIMIT") {
                let limit = args.integer_or(faults::LIMIT_NEGATIVE);
                options.limit = u64::try_from(limit).unwrap_or_else(|_| {
                    args.fail(faults::LIMIT_NEGATIVE);
                    0
                });
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        options
    }
}

impl Aggregate {
    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Sum => number_or_zero(one + other),
            Self::Min if other < one => other,
            Self::Max if other > one => other,
            Self::Min | Self::Max => one,
        }
    }
}

/// Infinity and its opposite together, or zero times infinity, count as zero.
fn number_or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

impl Source {
    fn len(&self) -> usize {
        match self {
            Self::Sorted(set) => set.len(),
            Self::Plain(set) => set.len(),
        }
    }

    fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Sorted(set) => set.score(member),
            Self::Plain(set) => set.contains(member).then_some(SET_SCORE),
        }
    }

    /// Visits all members until `visit` says no.
    fn visit(&self, mut visit: impl FnMut(StringRef<'_>, f64) -> bool) {
        match self {
            Self::Sorted(set) => {
                set.iter().all(|(member, score)| visit(member, score));
            }
            Self::Plain(set) => {
                set.iter().all(|member| visit(member.text(), SET_SCORE));
            }
        }
    }
}

fn unite(sources: &[Weighted], aggregate: Aggregate, result: &mut SortedSetBuilder) {
    for Weighted { source, weight, .. } in sources {
        source.visit(|member, score| {
            let score = number_or_zero(weight * score);
            let mut text = IntText::default();
            result.combine(member.text(&mut text), score, |old| aggregate.of(old, score));
            true
        });
    }
}

/// Visits the members that all sets have, until `found` says no.
fn intersect(sources: &[Weighted], aggregate: Aggregate, mut found: impl FnMut(StringRef<'_>, f64) -> bool) {
    let Some((smallest, others)) = sources.split_first() else { return };
    smallest.source.visit(|member, own| {
        let mut text = IntText::default();
        let name = member.text(&mut text);
        let mut score = number_or_zero(own * smallest.weight);
        for other in others {
            let theirs = if other.key == smallest.key { Some(own) } else { other.source.score(name) };
            let Some(theirs) = theirs else { return true };
            score = aggregate.of(score, theirs * other.weight);
        }
        found(member, score)
    });
}

fn subtract(sources: &[Weighted], result: &mut SortedSetBuilder) {
    let Some((first, others)) = sources.split_first() else { return };
    if others.iter().any(|other| other.key == first.key) {
        return;
    }
    first.source.visit(|member, score| {
        let mut text = IntText::default();
        let name = member.text(&mut text);
        if others.iter().all(|other| other.source.score(name).is_none()) {
            result.add(name, score);
        }
        true
    });
}
