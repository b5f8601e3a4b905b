//! Setting and removing fields: HSET, HMSET, HSETNX, HDEL.

use super::WRITE;
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Deprecated, Flag, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::FieldChange;

/// Fields and values for one hash.
struct Pairs {
    key: Span,
    pairs: Rest,
}

impl Pairs {
    fn parse(args: &mut Args<'_>, name: &str) -> Result<Self, Fault> {
        let key = args.bytes();
        if args.left() % 2 != 0 {
            args.fail(faults::wrong_arity(name));
        }
        let pairs = args.rest();
        args.done(Self { key, pairs })
    }

    /// Sets all fields. Answers how many are new.
    fn set(&self, context: &mut Context<'_>) -> Result<usize, Fault> {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let mut words = self.pairs.of(argv);
        let pairs = words.len() / 2;
        let mut hash = context.db().hash_or_create(argv.bytes(self.key), now_ms)?;
        hash.expect(pairs);
        let mut created = 0;
        while let (Some(field), Some(value)) = (words.next(), words.next()) {
            created += usize::from(hash.set(field, value) == FieldChange::Created);
        }
        drop(hash);
        context.effects.touched_times(pairs as u64);
        context.changed_at(Class::Hash, "hset", self.key);
        Ok(created)
    }
}

/// `HSET key field value [field value ...]`
pub(in crate::commands) struct Hset(Pairs);

impl Command for Hset {
    const SPEC: Spec = Spec {
        name: "hset",
        arity: -4,
        complexity: "O(N) where N is the number of fields set",
        summary: "Sets fields of a hash and counts the new ones",
        syntax: "key field value [field value ...]",
        history: &[("4.0.0", "Several fields at once")],
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Pairs::parse(args, Self::SPEC.name).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.set(context).map(Reply::from_count)
    }
}

/// `HMSET key field value [field value ...]`
pub(in crate::commands) struct Hmset(Pairs);

impl Command for Hmset {
    const SPEC: Spec = Spec {
        name: "hmset",
        summary: "Sets fields of a hash",
        history: &[],
        deprecated: Some(Deprecated { since: "4.0.0", replaced_by: "`HSET`, which takes several fields" }),
        ..Hset::SPEC
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Pairs::parse(args, Self::SPEC.name).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.set(context).map(|_| Reply::OK)
    }
}

/// `HSETNX key field value`
pub(in crate::commands) struct Hsetnx {
    key: Span,
    field: Span,
    value: Span,
}

impl Command for Hsetnx {
    const SPEC: Spec = Spec {
        name: "hsetnx",
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Insert])],
        summary: "Sets a field of a hash that is not there yet",
        syntax: "key field value",
        ..WRITE
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, field, value) = (args.bytes(), args.bytes(), args.bytes());
        args.done(Self { key, field, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let (field, value) = (argv.bytes(self.field), argv.bytes(self.value));
        let mut hash = context.db().hash_or_create(argv.bytes(self.key), now_ms)?;
        if hash.contains(field) {
            return Ok(Reply::ZERO);
        }
        hash.expect(1);
        hash.set(field, value);
        drop(hash);
        context.effects.touched();
        context.changed_at(Class::Hash, "hset", self.key);
        Ok(Reply::ONE)
    }
}

/// `HDEL key field [field ...]`
pub(in crate::commands) struct Hdel {
    key: Span,
    fields: Rest,
}

impl Command for Hdel {
    const SPEC: Spec = Spec {
        name: "hdel",
        arity: -3,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Delete])],
        complexity: "O(N) where N is the number of fields removed",
        summary: "Removes fields of a hash, and the hash with its last field",
        syntax: "key field [field ...]",
        history: &[("2.4.0", "Several fields at once")],
        ..WRITE
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
        let emptied = hash.is_empty();
        drop(hash);
        if removed > 0 {
            context.effects.touched_times(removed as u64);
            context.taken_from(Class::Hash, "hdel", argv.bytes(self.key), emptied);
        }
        Ok(Reply::from_count(removed))
    }
}
