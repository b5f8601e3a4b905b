//! Keys of any type: DEL, UNLINK, EXISTS, TOUCH, TYPE, RANDOMKEY, KEYS, SCAN.
//!
//! Times to live are in `ttl`, other names and places in `transfers`.

use super::args::{Args, Rest};
use super::big_replies::{KeysPieces, shown};
use super::categories::Category;
use super::context::{Context, Outcome};
use super::events::Class;
use super::family::family;
use super::faults::Fault;
use super::scanning::{ScanOptions, parse_cursor};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::Kind;

/// `DEL key [key ...]`
pub(super) struct Del {
    keys: Rest,
}

impl Command for Del {
    const SPEC: Spec = Spec {
        name: "del",
        arity: -2,
        flags: &[Flag::Write],
        keys: &[KeySpec::all(&[KeyFlag::Rm, KeyFlag::Delete])],
        group: Group::Generic,
        complexity: "O(N) where N is the number of keys; big values are freed in the background",
        summary: "Removes keys and counts those that were there",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(remove(context, self.keys))
    }
}

/// `UNLINK key [key ...]`
pub(super) struct Unlink {
    keys: Rest,
}

impl Command for Unlink {
    const SPEC: Spec = Spec {
        name: "unlink",
        flags: &[Flag::Write, Flag::Fast],
        since: "4.0.0",
        complexity: "O(1) for each key; the values are freed in the background",
        summary: "Removes keys and counts those that were there, without waiting for the memory",
        ..Del::SPEC
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(remove(context, self.keys))
    }
}

/// Big values are freed elsewhere, whatever the command.
fn remove(context: &mut Context<'_>, keys: Rest) -> Reply {
    let (argv, now_ms) = (context.argv, context.now_ms);
    let mut removed = 0;
    for key in keys.of(argv) {
        let detached = context.db().remove(key, now_ms);
        if detached.is_some() {
            removed += 1;
            context.changed(Class::Generic, "del", key);
        }
        context.effects.discard(detached);
    }
    context.effects.touched_times(removed);
    Reply::from_count(removed as usize)
}

/// `EXISTS key [key ...]`
pub(super) struct Exists {
    keys: Rest,
}

impl Command for Exists {
    const SPEC: Spec = Spec {
        name: "exists",
        arity: -2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::all(&[KeyFlag::Ro])],
        group: Group::Generic,
        complexity: "O(N) where N is the number of keys",
        summary: "Counts how many of the keys are there",
        syntax: "key [key ...]",
        history: &[("3.0.3", "More than one key")],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let spans = self.keys.spans(context.argv);
        Ok(Reply::from_count(spans.filter(|key| context.read_unmarked(*key).is_some()).count()))
    }
}

/// `TOUCH key [key ...]`
pub(super) struct Touch {
    keys: Rest,
}

impl Command for Touch {
    const SPEC: Spec = Spec {
        name: "touch",
        since: "3.2.1",
        summary: "Counts how many of the keys are there, as one who uses them",
        history: &[],
        ..Exists::SPEC
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let spans = self.keys.spans(context.argv);
        Ok(Reply::from_count(spans.filter(|key| context.read(*key).is_some()).count()))
    }
}

/// `TYPE key`
pub(super) struct Type {
    key: Span,
}

impl Command for Type {
    const SPEC: Spec = Spec {
        name: "type",
        arity: 2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        group: Group::Generic,
        summary: "Tells the type of the value at a key",
        syntax: "key",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let kind = context.read_unmarked(self.key).map(|value| value.kind());
        Ok(Reply::simple(kind.map_or("none", Kind::type_name)))
    }
}

/// `RANDOMKEY`
pub(super) struct Randomkey;

/// What sets successive random numbers of one command apart; any odd number with mixed bits does.
const RANDOM_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Command for Randomkey {
    const SPEC: Spec = Spec {
        name: "randomkey",
        arity: 1,
        flags: &[Flag::Readonly],
        group: Group::Generic,
        summary: "Returns some key of the database",
        tips: &["request_policy:all_shards", "nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (mut random, now_ms) = (context.random, context.now_ms);
        let next = || {
            random = random.rotate_left(23).wrapping_mul(RANDOM_STEP).wrapping_add(RANDOM_STEP);
            random
        };
        Ok(Reply::bulk_or_null(context.db().random_key(next, now_ms)))
    }
}

/// Databases with at least this many keys are listed piece by piece.
const MANY_KEYS: usize = 4096;

/// `KEYS pattern`
pub(super) struct KeysCommand {
    pattern: Span,
}

impl Command for KeysCommand {
    const SPEC: Spec = Spec {
        name: "keys",
        arity: 2,
        flags: &[Flag::Readonly],
        categories: &[Category::Dangerous],
        group: Group::Generic,
        complexity: "O(N) where N is the number of keys in the database",
        summary: "Lists the keys that match a pattern",
        syntax: "pattern",
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let pattern = args.bytes();
        args.done(Self { pattern })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (pattern, now_ms) = (context.argv.bytes(self.pattern), context.now_ms);
        let db = context.db();
        if db.len() >= MANY_KEYS {
            return Ok(Reply::Stream(Box::new(KeysPieces::new(db.snapshot(), pattern, now_ms))));
        }
        let matching = db.iter(now_ms).filter(|item| shown(item, pattern));
        Ok(Reply::array(matching.map(|item| Reply::bulk(item.key))))
    }
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
pub(super) struct Scan {
    cursor: u64,
    options: ScanOptions,
}

impl Command for Scan {
    const SPEC: Spec = Spec {
        name: "scan",
        arity: -2,
        flags: &[Flag::Readonly],
        group: Group::Generic,
        since: "2.8.0",
        complexity: "O(1) for every call, O(N) for a complete iteration over N keys",
        summary: "Walks over all keys in steps; a key that stays is returned exactly once",
        syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        history: &[("6.0.0", "Option `TYPE`")],
        tips: &["nondeterministic_output", "request_policy:special"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let cursor = parse_cursor(args);
        Ok(Self { cursor, options: ScanOptions::parse(args, true)? })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (argv, now_ms) = (context.argv, context.now_ms);
        let pattern = self.options.pattern(argv);
        let kind = self.options.kind.map(|kind| argv.bytes(kind));
        let mut keys = Vec::new();
        let next = context.db().scan(self.cursor, self.options.count, now_ms, |item| {
            let wanted =
                kind.is_none_or(|kind| kind.eq_ignore_ascii_case(item.value.kind().type_name().as_bytes()));
            if wanted && pattern.matches(item.key) {
                keys.push(Reply::bulk(item.key));
            }
        });
        Ok(Reply::Array(vec![Reply::bulk(next), Reply::Array(keys)]))
    }
}

family!(Keys {
    Del(Del),
    Unlink(Unlink),
    Exists(Exists),
    Touch(Touch),
    Type(Type),
    Randomkey(Randomkey),
    Keys(KeysCommand),
    Scan(Scan),
});
