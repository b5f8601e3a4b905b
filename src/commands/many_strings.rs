//! Several strings at once: MGET, MSET, MSETNX.

use super::args::{Args, Rest};
use super::context::{Context, Outcome, string_reply};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Argv, Reply, Span};
use crate::store::{Deadline, ValueRef};

/// `MGET key [key ...]`
pub(super) struct Mget {
    keys: Rest,
}

impl Command for Mget {
    const SPEC: Spec = Spec {
        name: "mget",
        arity: -2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::all(&[KeyFlag::Ro, KeyFlag::Access])],
        group: Group::String,
        complexity: "O(N) where N is the number of keys",
        summary: "Returns the strings at several keys",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let keys = self.keys.spans(context.argv);
        // What is no string is answered like what is not there.
        let reply = |key| match context.read(key) {
            Some(ValueRef::String(string)) => string_reply(string),
            _ => Reply::Null,
        };
        Ok(Reply::Array(keys.map(reply).collect()))
    }
}

/// What MSET and MSETNX declare alike.
const SET_MANY: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Denyoom],
    group: Group::String,
    since: "1.0.1",
    complexity: "O(N) where N is the number of keys",
    syntax: "key value [key value ...]",
    ..Spec::EMPTY
};

/// Keys and values in turn.
struct Pairs(Rest);

impl Pairs {
    fn parse(args: &mut Args<'_>, command: &str) -> Self {
        if args.left() % 2 != 0 {
            args.fail(faults::wrong_arity(command));
        }
        Self(args.rest())
    }

    fn of(&self, argv: Argv<'_>) -> impl Iterator<Item = (Span, Span)> {
        let mut spans = self.0.spans(argv);
        std::iter::from_fn(move || Some((spans.next()?, spans.next()?)))
    }

    fn set(&self, context: &mut Context<'_>) {
        for (key, value) in self.of(context.argv) {
            context.set_string(key, value, Deadline::Clear);
        }
    }
}

/// `MSET key value [key value ...]`
pub(super) struct Mset {
    pairs: Pairs,
}

impl Command for Mset {
    const SPEC: Spec = Spec {
        name: "mset",
        keys: &[KeySpec::all(&[KeyFlag::Ow, KeyFlag::Update]).range(-1, 2, 0)],
        summary: "Sets several keys to strings",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        ..SET_MANY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let pairs = Pairs::parse(args, Self::SPEC.name);
        args.done(Self { pairs })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.pairs.set(context);
        Ok(Reply::OK)
    }
}

/// `MSETNX key value [key value ...]`
pub(super) struct MsetNx {
    pairs: Pairs,
}

impl Command for MsetNx {
    const SPEC: Spec = Spec {
        name: "msetnx",
        keys: &[KeySpec::all(&[KeyFlag::Ow, KeyFlag::Insert]).range(-1, 2, 0)],
        summary: "Sets several keys to strings unless one of them is there",
        tips: &["request_policy:multi_shard", "response_policy:agg_min"],
        ..SET_MANY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let pairs = Pairs::parse(args, Self::SPEC.name);
        args.done(Self { pairs })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let absent = self.pairs.of(context.argv).all(|(key, _)| !context.touch(key));
        if absent {
            self.pairs.set(context);
        }
        Ok(Reply::from_flag(absent))
    }
}

family!(ManyStrings {
    Mget(Mget),
    Mset(Mset),
    MsetNx(MsetNx),
});
