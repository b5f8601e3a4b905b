//! ZUNION, ZINTER, ZDIFF, the commands that store what they answer, and ZINTERCARD.

use super::algebra::{Operation, Purpose, Query};
use super::replies::{self, Shape};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::Span;
use crate::store::Value;

/// What the commands that answer a result declare alike.
const ANSWER: Spec = Spec {
    arity: -3,
    flags: &[Flag::Readonly],
    keys: &[KeySpec::counted(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::SortedSet,
    since: "6.2.0",
    ..Spec::EMPTY
};

/// What the commands that store a result declare alike.
const STORE: Spec = Spec {
    arity: -4,
    flags: &[Flag::Write, Flag::Denyoom],
    keys: &[
        KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]),
        KeySpec::counted(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
    ],
    group: Group::SortedSet,
    since: "2.0.0",
    ..Spec::EMPTY
};

const UNION_COMPLEXITY: &str =
    "O(N)+O(M*log(M)) where N is the sum of the sizes of the sets and M the number of members in the result";

const INTERSECTION_COMPLEXITY: &str = "O(N*K)+O(M*log(M)) where N is the size of the smallest set, K the number of sets and M the number of members in the result";

const DIFFERENCE_COMPLEXITY: &str = "O(N*K)+O(M*log(M)) where N is the size of the first set, K the number of sets and M the number of members in the result";

macro_rules! answered {
    ($(#[$doc:meta])* $command:ident, $operation:expr, $spec:expr) => {
        $(#[$doc])*
        pub(in crate::commands) struct $command(Box<Query>);

        impl Command for $command {
            const SPEC: Spec = $spec;

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                Query::read(args, $operation, Purpose::Reply, Self::SPEC.name).map(Self)
            }

            fn run(&self, context: &mut Context<'_>) -> Outcome {
                let protocol = context.session().protocol;
                let result = self.0.result(context, false)?;
                let shape = Shape::of(self.0.options()?.with_scores, protocol);
                Ok(replies::range(&result, 0..result.len(), false, shape, protocol))
            }
        }
    };
}

answered!(
    /// `ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
    Zunion,
    Operation::Union,
    Spec {
        name: "zunion",
        complexity: UNION_COMPLEXITY,
        summary: "Returns what is in any of several sorted sets",
        syntax: "numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        ..ANSWER
    }
);

answered!(
    /// `ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
    Zinter,
    Operation::Intersection,
    Spec {
        name: "zinter",
        complexity: INTERSECTION_COMPLEXITY,
        summary: "Returns what is in all of several sorted sets",
        syntax: "numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        ..ANSWER
    }
);

answered!(
    /// `ZDIFF numkeys key [key ...] [WITHSCORES]`
    Zdiff,
    Operation::Difference,
    Spec {
        name: "zdiff",
        complexity: DIFFERENCE_COMPLEXITY,
        summary: "Returns what is in the first sorted set and in none of the others",
        syntax: "numkeys key [key ...] [WITHSCORES]",
        ..ANSWER
    }
);

macro_rules! stored {
    ($(#[$doc:meta])* $command:ident, $operation:expr, $spec:expr) => {
        $(#[$doc])*
        pub(in crate::commands) struct $command {
            destination: Span,
            query: Box<Query>,
        }

        impl Command for $command {
            const SPEC: Spec = $spec;

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                let destination = args.bytes();
                let query = Query::read(args, $operation, Purpose::Store, Self::SPEC.name)?;
                Ok(Self { destination, query })
            }

            fn run(&self, context: &mut Context<'_>) -> Outcome {
                let result = Value::SortedSet(self.query.result(context, true)?);
                let event = (Class::SortedSet, Self::SPEC.name);
                Ok(context.store_result(self.destination, result, 1, event))
            }
        }
    };
}

stored!(
    /// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]`
    Zunionstore,
    Operation::Union,
    Spec {
        name: "zunionstore",
        complexity: UNION_COMPLEXITY,
        summary: "Stores what is in any of several sorted sets",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>]",
        ..STORE
    }
);

stored!(
    /// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]`
    Zinterstore,
    Operation::Intersection,
    Spec {
        name: "zinterstore",
        complexity: INTERSECTION_COMPLEXITY,
        summary: "Stores what is in all of several sorted sets",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>]",
        ..STORE
    }
);

stored!(
    /// `ZDIFFSTORE destination numkeys key [key ...]`
    Zdiffstore,
    Operation::Difference,
    Spec {
        name: "zdiffstore",
        since: "6.2.0",
        complexity: DIFFERENCE_COMPLEXITY,
        summary: "Stores what is in the first sorted set and in none of the others",
        syntax: "destination numkeys key [key ...]",
        ..STORE
    }
);

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(in crate::commands) struct Zintercard(Box<Query>);

impl Command for Zintercard {
    const SPEC: Spec = Spec {
        name: "zintercard",
        since: "7.0.0",
        complexity: "O(N*K) where N is the size of the smallest set and K the number of sets",
        summary: "Counts what is in all of several sorted sets",
        syntax: "numkeys key [key ...] [LIMIT limit:integer]",
        ..ANSWER
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Query::read(args, Operation::Intersection, Purpose::Count, Self::SPEC.name).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.count(context)
    }
}
