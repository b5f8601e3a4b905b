//! All fields of a hash: HGETALL, HKEYS, HVALS, and HSCAN in steps.

use super::READ;
use crate::commands::args::Args;
use crate::commands::big_replies::{self, HashPart};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::Fault;
use crate::commands::scanning::{ScanOptions, parse_cursor};
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
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::Map(Vec::new()), big_replies::hash_map))
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
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::EMPTY_ARRAY, |hash| big_replies::hash(hash, HashPart::Fields)))
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
        let hash = context.read_hash(self.key)?;
        Ok(hash.map_or(Reply::EMPTY_ARRAY, |hash| big_replies::hash(hash, HashPart::Values)))
    }
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count]`
pub(in crate::commands) struct Hscan {
    key: Span,
    cursor: u64,
    /// Looked at only when there is a hash.
    options: Result<ScanOptions, Fault>,
}

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
        let (key, cursor) = (args.bytes(), parse_cursor(args));
        if let Some(fault) = args.fault() {
            return Err(fault);
        }
        Ok(Self { key, cursor, options: ScanOptions::parse(args, false) })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let Some(hash) = context.read_hash(self.key)? else {
            return Ok(Reply::Array(vec![Reply::bulk(0_i64), Reply::EMPTY_ARRAY]));
        };
        let options = self.options.as_ref().map_err(Fault::clone)?;
        let pattern = options.pattern(argv);
        let mut found = Vec::new();
        let next = hash.scan(self.cursor, options.count, |field, value| {
            if pattern.matches(field.text(&mut IntText::default())) {
                found.extend([string_reply(field), string_reply(value)]);
            }
        });
        Ok(Reply::Array(vec![Reply::bulk(next), Reply::Array(found)]))
    }
}
