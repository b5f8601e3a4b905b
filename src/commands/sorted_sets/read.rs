//! What is known of members: ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT.

use super::QUICK_READ;
use super::selection::{By, Selection};
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::SortedSet;

/// `ZCARD key`
pub(in crate::commands) struct Zcard {
    key: Span,
}

impl Command for Zcard {
    const SPEC: Spec = Spec {
        name: "zcard",
        arity: 2,
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        since: "1.2.0",
        summary: "Returns the number of members",
        syntax: "key",
        ..QUICK_READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let set = context.read_as::<SortedSet>(self.key)?;
        Ok(Reply::from_count(set.map_or(0, SortedSet::len)))
    }
}

fn score_reply(score: Option<f64>) -> Reply {
    score.map_or(Reply::Null, Reply::Double)
}

/// `ZSCORE key member`
pub(in crate::commands) struct Zscore {
    key: Span,
    member: Span,
}

impl Command for Zscore {
    const SPEC: Spec = Spec {
        name: "zscore",
        arity: 3,
        since: "1.2.0",
        summary: "Returns a member's score",
        syntax: "key member",
        ..QUICK_READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, member) = (args.bytes(), args.bytes());
        args.done(Self { key, member })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let member = context.argv.bytes(self.member);
        let set = context.read_as::<SortedSet>(self.key)?;
        Ok(score_reply(set.and_then(|set| set.score(member))))
    }
}

/// `ZMSCORE key member [member ...]`
pub(in crate::commands) struct Zmscore {
    key: Span,
    members: Rest,
}

impl Command for Zmscore {
    const SPEC: Spec = Spec {
        name: "zmscore",
        arity: -3,
        since: "6.2.0",
        complexity: "O(N) where N is the number of members asked for",
        summary: "Returns the scores of several members",
        syntax: "key member [member ...]",
        ..QUICK_READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let members = args.rest();
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let set = context.read_as::<SortedSet>(self.key)?;
        let score = |member: &[u8]| score_reply(set.and_then(|set| set.score(member)));
        Ok(Reply::array(self.members.of(argv).map(score)))
    }
}

/// What ZRANK and ZREVRANK declare alike.
const RANK: Spec = Spec {
    arity: -3,
    since: "2.0.0",
    complexity: "O(log(N)) where N is the number of members",
    syntax: "key member [WITHSCORE]",
    history: &[("7.2.0", "The option `WITHSCORE`")],
    ..QUICK_READ
};

/// The arguments of both.
struct RankQuery {
    key: Span,
    member: Span,
    with_score: bool,
}

impl RankQuery {
    fn parse(args: &mut Args<'_>, name: &str) -> Result<Self, Fault> {
        let (key, member) = (args.bytes(), args.bytes());
        if args.left() > 1 {
            return Err(faults::wrong_arity(name));
        }
        let with_score = args.option("WITHSCORE");
        args.done(Self { key, member, with_score })
    }

    fn run(&self, context: &mut Context<'_>, backward: bool) -> Outcome {
        let member = context.argv.bytes(self.member);
        let set = context.read_as::<SortedSet>(self.key)?;
        let found = set.and_then(|set| {
            let (rank, score) = set.rank(member)?;
            Some((if backward { set.len() - 1 - rank } else { rank }, score))
        });
        Ok(match (found, self.with_score) {
            (None, true) => Reply::NullArray,
            (None, false) => Reply::Null,
            (Some((rank, _)), false) => Reply::from_count(rank),
            (Some((rank, score)), true) => Reply::Array(vec![Reply::from_count(rank), Reply::Double(score)]),
        })
    }
}

/// `ZRANK key member [WITHSCORE]`
pub(in crate::commands) struct Zrank(RankQuery);

impl Command for Zrank {
    const SPEC: Spec =
        Spec { name: "zrank", summary: "Returns a member's rank, counted from the lowest score", ..RANK };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        RankQuery::parse(args, "zrank").map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.run(context, false)
    }
}

/// `ZREVRANK key member [WITHSCORE]`
pub(in crate::commands) struct Zrevrank(RankQuery);

impl Command for Zrevrank {
    const SPEC: Spec =
        Spec { name: "zrevrank", summary: "Returns a member's rank, counted from the highest score", ..RANK };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        RankQuery::parse(args, "zrevrank").map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.run(context, true)
    }
}

fn count(context: &mut Context<'_>, key: Span, selection: &Selection) -> Outcome {
    let argv = context.argv;
    let set = context.read_as::<SortedSet>(key)?;
    Ok(Reply::from_count(set.map_or(0, |set| selection.ranks(set, argv, false).len())))
}

/// `ZCOUNT key min max`
pub(in crate::commands) struct Zcount {
    key: Span,
    selection: Selection,
}

impl Command for Zcount {
    const SPEC: Spec = Spec {
        name: "zcount",
        arity: 4,
        since: "2.0.0",
        complexity: "O(log(N)) where N is the number of members",
        summary: "Counts the members with scores from one to another",
        syntax: "key min:double max:double",
        ..QUICK_READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, selection) = (args.bytes(), Selection::read(args, By::Score, false));
        args.done(Self { key, selection })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        count(context, self.key, &self.selection)
    }
}

/// `ZLEXCOUNT key min max`
pub(in crate::commands) struct Zlexcount {
    key: Span,
    selection: Selection,
}

impl Command for Zlexcount {
    const SPEC: Spec = Spec {
        name: "zlexcount",
        arity: 4,
        since: "2.8.9",
        complexity: "O(log(N)) where N is the number of members",
        summary: "Counts the members from one text to another, where all scores are equal",
        syntax: "key min:string max:string",
        ..QUICK_READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, selection) = (args.bytes(), Selection::read(args, By::Lex, false));
        args.done(Self { key, selection })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        count(context, self.key, &self.selection)
    }
}
