//! All members in steps (ZSCAN), and some at random (ZRANDMEMBER).

use super::READ;
use super::replies::Shape;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::picks::{Form, Picks, Pool, read_count};
use crate::commands::scanning::CollectionScan;
use crate::commands::spec::{Command, Spec};
use crate::resp::number::format_double;
use crate::resp::{Encoder, Reply, Span};
use crate::store::Random;
use crate::store::{IntText, SortedSet, StringRef};

/// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
pub(in crate::commands) struct Zscan(CollectionScan);

impl Command for Zscan {
    const SPEC: Spec = Spec {
        name: "zscan",
        arity: -3,
        since: "2.8.0",
        complexity: "O(1) for every call, O(N) for a complete iteration over N members",
        summary: "Walks over all members of a sorted set in steps; a member that stays is returned exactly once",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output"],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        CollectionScan::parse(args).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let Some(set) = context.read_as::<SortedSet>(self.0.key)? else {
            return Ok(CollectionScan::nothing());
        };
        self.0.step(argv, |cursor, count, pattern, found| {
            set.scan(cursor, count, |member, score| {
                if pattern.matches(member.text(&mut IntText::default())) {
                    found.extend([string_reply(member), Reply::bulk(format_double(score))]);
                }
            })
        })
    }
}

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub(in crate::commands) struct Zrandmember {
    key: Span,
    /// Below zero: so many picks, one member as often as it comes up.
    count: Option<i64>,
    with_scores: bool,
}

impl Command for Zrandmember {
    const SPEC: Spec = Spec {
        name: "zrandmember",
        arity: -2,
        since: "6.2.0",
        complexity: "O(N) where N is the number of members returned",
        summary: "Returns members of a sorted set picked at random",
        syntax: "key [options: count [WITHSCORES]]",
        tips: &["nondeterministic_output"],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let count = (args.left() > 0).then(|| read_count(args));
        let with_scores = args.left() > 0 && args.option("WITHSCORES");
        if args.left() > 0 {
            args.fail(faults::SYNTAX);
        }
        if with_scores && count.is_some_and(|count| !(-i64::MAX / 2..=i64::MAX / 2).contains(&count)) {
            args.fail(faults::COUNT_OUT_OF_RANGE);
        }
        args.done(Self { key, count, with_scores })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (mut random, protocol) = (Random::new(context.random), context.session().protocol);
        let set = context.read_as::<SortedSet>(self.key)?;
        let Some(count) = self.count else {
            let picked = set.and_then(|set| set.random(|| random.draw()));
            return Ok(picked.map_or(Reply::Null, |(member, _)| string_reply(member)));
        };
        let Some(set) = set.filter(|_| count != 0) else { return Ok(Reply::EMPTY_ARRAY) };
        let shape = Shape::of(self.with_scores, protocol);
        Ok(Picks::new(set, count, random).reply(set, shape, protocol))
    }
}

impl Pool for SortedSet {
    type Pick<'p> = (StringRef<'p>, f64);

    fn len(&self) -> usize {
        SortedSet::len(self)
    }

    fn is_packed(&self) -> bool {
        SortedSet::is_packed(self)
    }

    fn all(&self) -> Vec<Self::Pick<'_>> {
        self.iter().collect()
    }

    fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Self::Pick<'_>)) -> u64 {
        SortedSet::scan(self, cursor, count, |member, score| visit((member, score)))
    }

    fn random(&self, random: impl FnMut() -> u64) -> Option<Self::Pick<'_>> {
        SortedSet::random(self, random)
    }

    fn name<'p>(&'p self, (member, _): Self::Pick<'p>) -> StringRef<'p> {
        member
    }
}

impl Form<SortedSet> for Shape {
    fn begin(&self, out: &mut Encoder<'_>, len: usize) {
        Shape::begin(*self, out, len);
    }

    fn write(&self, out: &mut Encoder<'_>, (member, score): (StringRef<'_>, f64)) {
        Shape::write(*self, out, member, score);
    }
}
