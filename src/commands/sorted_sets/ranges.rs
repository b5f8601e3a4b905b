//! Members from one place to another: ZRANGE and ZRANGESTORE.

use super::selection::{By, Selection};
use super::{READ, replies};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Argv, Reply, Span};
use crate::store::{IntText, SortedSet, Value};
use std::ops::Range;

/// What is known of a range before its options are read.
#[derive(Clone, Copy, Default)]
pub(super) struct Fixed {
    /// What the range is of; none leaves it to the options.
    pub(super) by: Option<By>,
    /// Whether it goes backwards; none leaves it to the options.
    pub(super) backward: Option<bool>,
    /// Whether scores cannot be asked for.
    pub(super) is_stored: bool,
}

/// A range of a sorted set's members.
pub(super) struct RangeQuery {
    selection: Selection,
    backward: bool,
    /// How many of the first members are left out, and how many of the others are wanted; below zero: all.
    offset: i64,
    limit: i64,
    with_scores: bool,
}

impl RangeQuery {
    /// Reads both ends and the options.
    pub(super) fn read(args: &mut Args<'_>, fixed: Fixed) -> Self {
        let mut ends = args.clone();
        args.bytes();
        args.bytes();
        let Fixed { mut by, mut backward, is_stored } = fixed;
        let (mut offset, mut limit, mut with_scores) = (0, -1, false);
        while args.more() {
            if !is_stored && args.option("WITHSCORES") {
                with_scores = true;
            } else if args.left() > 2 && args.option("LIMIT") {
                (offset, limit) = (args.integer(), args.integer());
            } else if backward.is_none() && args.option("REV") {
                backward = Some(true);
            } else if by.is_none() && args.option("BYLEX") {
                by = Some(By::Lex);
            } else if by.is_none() && args.option("BYSCORE") {
                by = Some(By::Score);
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        let (by, backward) = (by.unwrap_or(By::Rank), backward.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            args.fail(faults::LIMIT_BY_RANK);
        }
        if with_scores && by == By::Lex {
            args.fail(faults::SCORES_BY_LEX);
        }
        if by == By::Rank {
            // The limit that says nothing is let pass, and its offset says nothing either.
            offset = 0;
        }
        let selection = Selection::read(&mut ends, by, backward);
        ends.fault().into_iter().for_each(|fault| args.fail(fault));
        Self { selection, backward, offset, limit, with_scores }
    }

    fn ranks(&self, set: &SortedSet, argv: Argv<'_>) -> Range<usize> {
        let ranks = self.selection.ranks(set, argv, self.backward);
        // As in Redis an offset below zero leaves nothing.
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX).min(ranks.len());
        let len = usize::try_from(self.limit).unwrap_or(usize::MAX).min(ranks.len() - offset);
        match self.backward {
            true => ranks.end - offset - len..ranks.end - offset,
            false => ranks.start + offset..ranks.start + offset + len,
        }
    }

    /// The members as a reply.
    pub(super) fn list(&self, context: &mut Context<'_>, key: Span) -> Outcome {
        let (argv, protocol) = (context.argv, context.session().protocol);
        let Some(set) = context.read_as::<SortedSet>(key)? else { return Ok(Reply::EMPTY_ARRAY) };
        let shape = replies::Shape::of(self.with_scores, protocol);
        Ok(replies::range(set, self.ranks(set, argv), self.backward, shape, protocol))
    }
}

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub(in crate::commands) struct Zrange {
    key: Span,
    query: RangeQuery,
}

impl Command for Zrange {
    const SPEC: Spec = Spec {
        name: "zrange",
        arity: -4,
        since: "1.2.0",
        complexity: "O(log(N)+M) where N is the number of members and M of those returned",
        summary: "Returns the members from one place to another: by rank, by score or by their bytes",
        syntax: "key start:string stop:string [sortby: BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        history: &[("6.2.0", "The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`")],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let query = RangeQuery::read(args, Fixed::default());
        args.done(Self { key, query })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.query.list(context, self.key)
    }
}

/// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
pub(in crate::commands) struct Zrangestore {
    destination: Span,
    source: Span,
    query: RangeQuery,
}

impl Command for Zrangestore {
    const SPEC: Spec = Spec {
        name: "zrangestore",
        arity: -5,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
        ],
        group: Group::SortedSet,
        since: "6.2.0",
        complexity: "O(log(N)+M) where N is the number of members and M of those stored",
        summary: "Stores the members from one place to another as a sorted set of their own",
        syntax: "dst src min:string max:string [sortby: BYSCORE | BYLEX] [REV] [LIMIT offset count]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (destination, source) = (args.bytes(), args.bytes());
        let query = RangeQuery::read(args, Fixed { is_stored: true, ..Fixed::default() });
        args.done(Self { destination, source, query })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let mut stored = context.db().builder().sorted_set();
        if let Some(set) = context.read_as::<SortedSet>(self.source)? {
            for (member, score) in set.range(self.query.ranks(set, argv), false) {
                stored.add(member.text(&mut IntText::default()), score);
            }
        }
        let event = (Class::SortedSet, "zrangestore");
        Ok(context.store_result(self.destination, Value::SortedSet(stored.finish()), 1, event))
    }
}
