//! Taking members out: ZREM, and those from one place to another.

use super::selection::{By, Selection};
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use std::ops::Range;

/// What all of them declare alike.
const REMOVE: Spec = Spec {
    arity: 4,
    flags: &[Flag::Write],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
    group: Group::SortedSet,
    complexity: "O(log(N)+M) where N is the number of members and M of those taken out",
    ..Spec::EMPTY
};

/// Takes the members of these ranks out of the sorted set at a key, which was found there; with all of them goes the
/// key, and where that takes long it is freed elsewhere.
pub(super) fn remove_ranks(context: &mut Context<'_>, key: &[u8], ranks: Range<usize>, event: &'static str) {
    let now_ms = context.now_ms;
    let count = ranks.len();
    let detached = context.db().again(|db| {
        let Ok(Some(mut set)) = db.sorted_set_mut(key, now_ms) else { return None };
        if set.len() > count {
            set.remove_ranks(ranks);
            return None;
        }
        drop(set);
        db.remove(key, now_ms)
    });
    let emptied = detached.is_some();
    context.effects.discard(detached);
    context.effects.touched_times(count as u64);
    context.taken_from(Class::SortedSet, event, key, emptied);
}

/// `ZREM key member [member ...]`
pub(in crate::commands) struct Zrem {
    key: Span,
    members: Rest,
}

impl Command for Zrem {
    const SPEC: Spec = Spec {
        name: "zrem",
        arity: -3,
        flags: &[Flag::Write, Flag::Fast],
        since: "1.2.0",
        complexity: "O(M*log(N)) where N is the number of members and M of those named",
        summary: "Takes members out",
        syntax: "key member [member ...]",
        history: &[("2.4.0", "Several members at once")],
        ..REMOVE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let members = args.rest();
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let key = argv.bytes(self.key);
        let Some(mut set) = context.db().sorted_set_mut(key, now_ms)? else { return Ok(Reply::ZERO) };
        let removed = self.members.of(argv).filter(|member| set.remove(member).is_some()).count();
        let emptied = set.is_empty();
        drop(set);
        if removed > 0 {
            context.effects.touched_times(removed as u64);
            context.taken_from(Class::SortedSet, "zrem", key, emptied);
        }
        Ok(Reply::from_count(removed))
    }
}

fn remove(context: &mut Context<'_>, key: Span, selection: &Selection, event: &'static str) -> Outcome {
    let (argv, now_ms) = (context.argv, context.now_ms);
    let key = argv.bytes(key);
    let Some(set) = context.db().sorted_set(key, now_ms)? else { return Ok(Reply::ZERO) };
    let ranks = selection.ranks(set, argv, false);
    let count = ranks.len();
    if count > 0 {
        remove_ranks(context, key, ranks, event);
    }
    Ok(Reply::from_count(count))
}

macro_rules! remove_range {
    ($(#[$doc:meta])* $command:ident, $by:expr, $spec:expr) => {
        $(#[$doc])*
        pub(in crate::commands) struct $command {
            key: Span,
            selection: Selection,
        }

        impl Command for $command {
            const SPEC: Spec = $spec;

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                let (key, selection) = (args.bytes(), Selection::read(args, $by, false));
                args.done(Self { key, selection })
            }

            fn run(&self, context: &mut Context<'_>) -> Outcome {
                remove(context, self.key, &self.selection, Self::SPEC.name)
            }
        }
    };
}

remove_range!(
    /// `ZREMRANGEBYRANK key start stop`
    Zremrangebyrank,
    By::Rank,
    Spec {
        name: "zremrangebyrank",
        since: "2.0.0",
        summary: "Takes out the members of some ranks",
        syntax: "key start:integer stop:integer",
        ..REMOVE
    }
);

remove_range!(
    /// `ZREMRANGEBYSCORE key min max`
    Zremrangebyscore,
    By::Score,
    Spec {
        name: "zremrangebyscore",
        since: "1.2.0",
        summary: "Takes out the members with scores from one to another",
        syntax: "key min:double max:double",
        ..REMOVE
    }
);

remove_range!(
    /// `ZREMRANGEBYLEX key min max`
    Zremrangebylex,
    By::Lex,
    Spec {
        name: "zremrangebylex",
        since: "2.8.9",
        summary: "Takes out the members from one text to another, where all scores are equal",
        syntax: "key min:string max:string",
        ..REMOVE
    }
);
