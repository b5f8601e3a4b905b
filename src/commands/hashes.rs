//! Hashes: HSET, HGET, HDEL, HLEN, HKEYS, HVALS.

use super::args::{Args, Rest};
use super::big_replies::{self, HashPart};
use super::context::{Context, Outcome, string_reply};
use super::family::family;
use super::faults::Fault;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::FieldChange;

/// What every command that reads one hash declares alike.
const READ: Spec = Spec {
    arity: 2,
    flags: &[Flag::Readonly, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::Hash,
    since: "2.0.0",
    syntax: "key",
    ..Spec::EMPTY
};

/// `HSET key field value [field value ...]`
pub(super) struct Hset {
    key: Span,
    pairs: Rest,
}

impl Command for Hset {
    const SPEC: Spec = Spec {
        name: "hset",
        arity: -4,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
        group: Group::Hash,
        since: "2.0.0",
        complexity: "O(N) where N is the number of fields set",
        summary: "Sets fields of a hash and counts the new ones",
        syntax: "key field value [field value ...]",
        history: &[("4.0.0", "More than one field")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        if args.left() % 2 != 0 {
            args.fail(super::faults::wrong_arity(Self::SPEC.name));
        }
        let pairs = args.rest();
        args.done(Self { key, pairs })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let mut words = self.pairs.of(argv);
        let pairs = words.len() / 2;
        let mut hash = context.db().hash_or_create(argv.bytes(self.key), now_ms)?;
        hash.expect(pairs);
        let mut created = 0;
        while let (Some(field), Some(value)) = (words.next(), words.next()) {
            created += i64::from(hash.set(field, value) == FieldChange::Created);
        }
        drop(hash);
        context.effects.touched_times(pairs as u64);
        Ok(Reply::Integer(created))
    }
}

/// `HGET key field`
pub(super) struct Hget {
    key: Span,
    field: Span,
}

impl Command for Hget {
    const SPEC: Spec = Spec {
        name: "hget",
        arity: 3,
        summary: "Returns the value of a hash's field",
        syntax: "key field",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, field) = (args.bytes(), args.bytes());
        args.done(Self { key, field })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let field = context.argv.bytes(self.field);
        let value = context.read_hash(self.key)?.and_then(|hash| hash.get(field));
        Ok(value.map_or(Reply::Null, string_reply))
    }
}

/// `HDEL key field [field ...]`
pub(super) struct Hdel {
    key: Span,
    fields: Rest,
}

impl Command for Hdel {
    const SPEC: Spec = Spec {
        name: "hdel",
        arity: -3,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
        group: Group::Hash,
        since: "2.0.0",
        complexity: "O(N) where N is the number of fields removed",
        summary: "Removes fields of a hash, and the hash with its last field",
        syntax: "key field [field ...]",
        history: &[("2.4.0", "More than one field")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, fields) = (args.bytes(), args.rest());
        args.done(Self { key, fields })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let Some(mut hash) = context.db().hash_mut(argv.bytes(self.key), now_ms)? else {
            return Ok(Reply::ZERO);
        };
        let removed = self.fields.of(argv).filter(|field| hash.remove(field)).count();
        drop(hash);
        context.effects.touched_times(removed as u64);
        Ok(Reply::from_count(removed))
    }
}

/// `HLEN key`
pub(super) struct Hlen {
    key: Span,
}

impl Command for Hlen {
    const SPEC: Spec = Spec {
        name: "hlen",
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        summary: "Counts the fields of a hash",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let len = context.read_hash(self.key)?.map_or(0, |hash| hash.len());
        Ok(Reply::from_count(len))
    }
}

/// What both commands that list one part of every field declare alike.
const LIST: Spec = Spec {
    flags: &[Flag::Readonly],
    complexity: "O(N) where N is the number of fields",
    tips: &["nondeterministic_output_order"],
    ..READ
};

/// `HKEYS key`
pub(super) struct Hkeys {
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
pub(super) struct Hvals {
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

family!(Hashes {
    Hset(Hset),
    Hget(Hget),
    Hdel(Hdel),
    Hlen(Hlen),
    Hkeys(Hkeys),
    Hvals(Hvals),
});
