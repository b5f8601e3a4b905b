//! The commands that ZRANGE took the place of: a range of one kind in one direction each.

use super::READ;
use super::ranges::{Fixed, RangeQuery};
use super::selection::By;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Deprecated, Spec};
use crate::resp::Span;

/// What all of them declare alike.
const OLD: Spec = Spec {
    arity: -4,
    complexity: "O(log(N)+M) where N is the number of members and M of those returned",
    ..READ
};

const fn deprecated(replaced_by: &'static str) -> Option<Deprecated> {
    Some(Deprecated { since: "6.2.0", replaced_by })
}

macro_rules! old_range {
    ($(#[$doc:meta])* $command:ident, $by:expr, $backward:expr, $spec:expr) => {
        $(#[$doc])*
        pub(in crate::commands) struct $command {
            key: Span,
            query: RangeQuery,
        }

        impl Command for $command {
            const SPEC: Spec = $spec;

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                let key = args.bytes();
                let fixed = Fixed { by: Some($by), backward: Some($backward), is_stored: false };
                let query = RangeQuery::read(args, fixed);
                args.done(Self { key, query })
            }

            fn run(&self, context: &mut Context<'_>) -> Outcome {
                self.query.list(context, self.key)
            }
        }
    };
}

old_range!(
    /// `ZREVRANGE key start stop [WITHSCORES]`
    Zrevrange,
    By::Rank,
    true,
    Spec {
        name: "zrevrange",
        since: "1.2.0",
        summary: "Returns the members of some ranks, counted from the highest score",
        syntax: "key start:integer stop:integer [WITHSCORES]",
        deprecated: deprecated("`ZRANGE` with the `REV` argument"),
        ..OLD
    }
);

old_range!(
    /// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
    Zrangebyscore,
    By::Score,
    false,
    Spec {
        name: "zrangebyscore",
        since: "1.0.5",
        summary: "Returns the members with scores from one to another",
        syntax: "key min:double max:double [WITHSCORES] [LIMIT offset count]",
        deprecated: deprecated("`ZRANGE` with the `BYSCORE` argument"),
        history: &[("2.0.0", "The option `WITHSCORES`")],
        ..OLD
    }
);

old_range!(
    /// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
    Zrevrangebyscore,
    By::Score,
    true,
    Spec {
        name: "zrevrangebyscore",
        since: "2.2.0",
        summary: "Returns the members with scores from one to another, the highest first",
        syntax: "key max:double min:double [WITHSCORES] [LIMIT offset count]",
        deprecated: deprecated("`ZRANGE` with the `REV` and `BYSCORE` arguments"),
        ..OLD
    }
);

old_range!(
    /// `ZRANGEBYLEX key min max [LIMIT offset count]`
    Zrangebylex,
    By::Lex,
    false,
    Spec {
        name: "zrangebylex",
        since: "2.8.9",
        summary: "Returns the members from one text to another, where all scores are equal",
        syntax: "key min:string max:string [LIMIT offset count]",
        deprecated: deprecated("`ZRANGE` with the `BYLEX` argument"),
        ..OLD
    }
);

old_range!(
    /// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
    Zrevrangebylex,
    By::Lex,
    true,
    Spec {
        name: "zrevrangebylex",
        since: "2.8.9",
        summary: "Returns the members from one text to another backwards, where all scores are equal",
        syntax: "key max:string min:string [LIMIT offset count]",
        deprecated: deprecated("`ZRANGE` with the `REV` and `BYLEX` arguments"),
        ..OLD
    }
);
