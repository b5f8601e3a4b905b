//! Strings: GET and SET.
//!
//! Numbers in strings are in `counters`; what works on keys of any type is in `keys`.

use super::args::{Args, new_string};
use super::context::{Context, Outcome};
use super::expiration::{Expiration, Unit};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyAt, KeyFlag, KeyFlags, KeySpec, Spec, Words};
use crate::resp::{Reply, Span};
use crate::store::Deadline;

/// `GET key`
pub(super) struct Get {
    key: Span,
}

impl Command for Get {
    const SPEC: Spec = Spec {
        name: "get",
        arity: 2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
        group: Group::String,
        summary: "Returns the string at a key",
        syntax: "key",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.read_string(self.key)
    }
}

/// `SET key value [NX | XX] [GET] [EX … | PX … | EXAT … | PXAT … | KEEPTTL]`
pub(super) struct Set {
    key: Span,
    value: Span,
    condition: Condition,
    get: bool,
    ttl: Ttl,
}

/// When SET sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    IfAbsent,
    IfPresent,
}

/// What SET makes of the key's time to live.
#[derive(Clone, Copy)]
enum Ttl {
    Clear,
    Keep,
    Set(Expiration),
}

/// SET's options as they are read: which were given, and the argument of the one about time.
#[derive(Default)]
struct SetOptions {
    nx: bool,
    xx: bool,
    get: bool,
    keepttl: bool,
    expire: Option<(Unit, Span)>,
}

impl SetOptions {
    /// Reads one option. Options that exclude each other are a syntax error, the same one twice is not.
    fn read(&mut self, args: &mut Args<'_>) {
        if !self.xx && args.option("NX") {
            self.nx = true;
        } else if !self.nx && args.option("XX") {
            self.xx = true;
        } else if args.option("GET") {
            self.get = true;
        } else if self.expire.is_none() && args.option("KEEPTTL") {
            self.keepttl = true;
        } else if self.keepttl || !self.read_expire(args) {
            args.fail(faults::SYNTAX);
        }
    }

    fn read_expire(&mut self, args: &mut Args<'_>) -> bool {
        let given = self.expire.map(|(unit, _)| unit);
        let fits = |unit: &Unit| given.is_none_or(|given| given == *unit);
        let unit = Unit::ALL.into_iter().filter(fits).find(|unit| args.option_with_value(unit.option()));
        if let Some(unit) = unit {
            self.expire = Some((unit, args.bytes()));
        }
        unit.is_some()
    }
}

/// SET reads the key only with GET; without, the old value does not matter.
fn find_set_keys(words: Words<'_>, keys: &mut Vec<KeyAt>) {
    const SETS: KeyFlags = KeyFlags::of(&[KeyFlag::Ow, KeyFlag::Update]);
    const SETS_AND_GETS: KeyFlags = KeyFlags::of(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update]);
    let gets = (3..words.len()).any(|index| words.is(index, "GET"));
    keys.push(KeyAt { index: 1, flags: if gets { SETS_AND_GETS } else { SETS } });
}

impl Command for Set {
    const SPEC: Spec = Spec {
        name: "set",
        arity: -3,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update, KeyFlag::VariableFlags])
            .with_notes("RW and ACCESS due to the optional `GET` argument")],
        find_keys: Some(find_set_keys),
        group: Group::String,
        summary: "Sets a key to a string, whatever it held before",
        syntax: "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        history: &[
            ("2.6.12", "Options: `NX`, `XX`, `EX` and `PX`"),
            ("6.0.0", "Option `KEEPTTL`"),
            ("6.2.0", "Options `GET`, `EXAT` and `PXAT`"),
            ("7.0.0", "`GET` goes together with `NX`"),
        ],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, value) = (args.bytes(), args.bytes());
        let mut options = SetOptions::default();
        while args.more() {
            options.read(args);
        }
        let condition = match (options.nx, options.xx) {
            (true, _) => Condition::IfAbsent,
            (_, true) => Condition::IfPresent,
            _ => Condition::Always,
        };
        let ttl = match options.expire {
            _ if options.keepttl => Ttl::Keep,
            None => Ttl::Clear,
            Some((unit, amount)) => Ttl::Set(args.expiration(unit, amount, Self::SPEC.name)),
        };
        args.done(Self { key, value, condition, get: options.get, ttl })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let deadline = match self.ttl {
            Ttl::Clear => Deadline::Clear,
            Ttl::Keep => Deadline::Keep,
            Ttl::Set(expiration) => Deadline::At(expiration.deadline_ms(context.now_ms, Self::SPEC.name)?),
        };
        let old = if self.get { Some(context.read_string(self.key)?) } else { None };
        if !self.applies(context) {
            return Ok(old.unwrap_or(Reply::Null));
        }
        let (key, value, now_ms) =
            (context.argv.bytes(self.key), new_string(context.argv, self.value), context.now_ms);
        let replaced = context.db().set_string(key, value, deadline, now_ms);
        context.effects.discard(replaced);
        context.effects.touched();
        Ok(old.unwrap_or(Reply::OK))
    }
}

impl Set {
    fn applies(&self, context: &mut Context<'_>) -> bool {
        match self.condition {
            Condition::Always => true,
            Condition::IfAbsent => !context.exists(self.key),
            Condition::IfPresent => context.exists(self.key),
        }
    }
}

family!(Strings {
    Get(Get),
    Set(Set),
});
