//! All members in steps (ZSCAN), and some at random (ZRANDMEMBER).

use super::READ;
use super::replies::Shape;
use crate::commands::args::Args;
use crate::commands::big_replies::BIG_LEN;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::picks::{Form, PickPieces, Picks, Pool, read_count};
use crate::commands::random::Random;
use crate::commands::scanning::{ScanOptions, parse_cursor};
use crate::commands::spec::{Command, Spec};
use crate::resp::number::format_double;
use crate::resp::{Encoder, Reply, Span};
use crate::store::{IntText, SortedSet, StringRef};

/// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
pub(in crate::commands) struct Zscan {
    key: Span,
    cursor: u64,
    /// Looked at only when there is a sorted set.
    options: Result<ScanOptions, Fault>,
}

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
        let (key, cursor) = (args.bytes(), parse_cursor(args));
        if let Some(fault) = args.fault() {
            return Err(fault);
        }
        Ok(Self { key, cursor, options: ScanOptions::parse(args, false) })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let Some(set) = context.read_as::<SortedSet>(self.key)? else {
            return Ok(Reply::Array(vec![Reply::bulk(0_i64), Reply::EMPTY_ARRAY]));
        };
        let options = self.options.as_ref().map_err(Fault::clone)?;
        let pattern = options.pattern(argv);
        let mut found = Vec::new();
        let next = set.scan(self.cursor, options.count, |member, score| {
            if pattern.matches(member.text(&mut IntText::default())) {
                found.extend([string_reply(member), Reply::bulk(format_double(score))]);
            }
        });
        Ok(Reply::Array(vec![Reply::bulk(next), Reply::Array(found)]))
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
        let mut picks = Picks::new(set, count, random);
        if picks.left >= BIG_LEN {
            return Ok(Reply::Stream(Box::new(PickPieces::new(set, shape, picks))));
        }
        let mut members = Vec::with_capacity(picks.left);
        while picks.left > 0 {
            picks.visit_some(set, |(member, score)| shape.push(&mut members, member, score));
        }
        Ok(Reply::Array(members))
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
