//! Reading single fields: HGET, HMGET, HEXISTS, HSTRLEN, HLEN.

use super::READ;
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// `HGET key field`
pub(in crate::commands) struct Hget {
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

/// `HMGET key field [field ...]`
pub(in crate::commands) struct Hmget {
    key: Span,
    fields: Rest,
}

impl Command for Hmget {
    const SPEC: Spec = Spec {
        name: "hmget",
        arity: -3,
        complexity: "O(N) where N is the number of fields asked for",
        summary: "Returns the values of several fields of a hash",
        syntax: "key field [field ...]",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, fields) = (args.bytes(), args.rest());
        args.done(Self { key, fields })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let fields = self.fields.of(context.argv);
        let hash = context.read_hash(self.key)?;
        let value = |field| hash.and_then(|hash| hash.get(field)).map_or(Reply::Null, string_reply);
        Ok(Reply::array(fields.map(value)))
    }
}

/// `HEXISTS key field`
pub(in crate::commands) struct Hexists {
    key: Span,
    field: Span,
}

impl Command for Hexists {
    const SPEC: Spec = Spec {
        name: "hexists",
        arity: 3,
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        summary: "Tells whether a hash has a field",
        syntax: "key field",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, field) = (args.bytes(), args.bytes());
        args.done(Self { key, field })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let field = context.argv.bytes(self.field);
        Ok(Reply::from_flag(context.read_hash(self.key)?.is_some_and(|hash| hash.contains(field))))
    }
}

/// `HSTRLEN key field`
pub(in crate::commands) struct Hstrlen {
    key: Span,
    field: Span,
}

impl Command for Hstrlen {
    const SPEC: Spec = Spec {
        name: "hstrlen",
        arity: 3,
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        since: "3.2.0",
        summary: "Returns the length of a field's value in bytes",
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
        Ok(Reply::from_count(value.map_or(0, |value| value.len())))
    }
}

/// `HLEN key`
pub(in crate::commands) struct Hlen {
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
