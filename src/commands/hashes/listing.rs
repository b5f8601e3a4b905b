//! All fields of a hash: HGETALL, HKEYS, HVALS, and HSCAN in steps.

use super::READ;
use crate::commands::args::Args;
use crate::commands::big_replies::{self, HashPart};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::Fault;
use crate::commands::scanning::CollectionScan;
use crate::commands::spec::{Command, Flag, Spec};
use crate::resp::{Reply, Span};
use crate::store::IntText;

/// What the commands that list a whole hash declare alike.
const LIST: Spec = Spec {
    flags: &[Flag::Readonly],
    complexity: "O(N) where N is the number of fields",
    tips: &["nondeterministic_output_order"],
    ..READ
};

/// `HGETALL key`
pub(in crate::commands) struct Hgetall {
    key: Span,
}

impl Command for Hgetall {
    const SPEC: Spec = Spec { name: "hgetall", summary: "Lists the fields and values of a hash", ..LIST };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let protocol = context.session().protocol;
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::Map(Vec::new()), |hash| big_replies::hash(hash, HashPart::Map, protocol)))
    }
}

/// `HKEYS key`
pub(in crate::commands) struct Hkeys {
    key: Span,
}

impl Command for Hkeys {
    const SPEC: Spec = Spec { name: "hkeys", summary: "Lists the fields of a hash", ..LIST };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let protocol = context.session().protocol;
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::EMPTY_ARRAY, |hash| big_replies::hash(hash, HashPart::Fields, protocol)))
    }
}

/// `HVALS key`
pub(in crate::commands) struct Hvals {
    key: Span,
}

impl Command for Hvals {
    const SPEC: Spec = Spec { name: "hvals", summary: "Lists the values of a hash", ..LIST };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let protocol = context.session().protocol;
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::EMPTY_ARRAY, |hash| big_replies::hash(hash, HashPart::Values, protocol)))
    }
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count]`
pub(in crate::commands) struct Hscan(CollectionScan);

impl Command for Hscan {
    const SPEC: Spec = Spec {
        name: "hscan",
        arity: -3,
        flags: &[Flag::Readonly],
        since: "2.8.0",
        complexity: "O(1) for every call, O(N) for a complete iteration over N fields",
        summary: "Walks over all fields of a hash in steps; a field that stays is returned exactly once",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output"],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        CollectionScan::parse(args).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let Some(hash) = context.read_hash(self.0.key)? else { return Ok(CollectionScan::nothing()) };
        self.0.step(argv, |cursor, count, pattern, found| {
            hash.scan(cursor, count, |field, value| {
                if pattern.matches(field.text(&mut IntText::default())) {
                    found.extend([string_reply(field), string_reply(value)]);
                }
            })
        })
    }
}
