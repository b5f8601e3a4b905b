//! Strings, one at a time and as a whole: GET, SET and what stands for a SET with options.
//!
//! Several strings at once are in `many_strings`, parts of a string in `substrings`, numbers in `counters`, bits in
//! `bitmaps` and `bitfields`; what works on keys of any type is in `keys`.

use super::args::{Args, new_string};
use super::context::{Context, Outcome};
use super::events::Class;
use super::expiration::{Expiration, Unit};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Deprecated, Flag, Group, KeyAt, KeyFlag, KeyFlags, KeySpec, Spec, Words};
use crate::resp::{Reply, Span};
use crate::store::{Deadline, parse_int};
use std::marker::PhantomData;

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
        } else if self.keepttl || !args.expire_option(&mut self.expire) {
            args.fail(faults::SYNTAX);
        }
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
            Ttl::Set(expiration) => {
                Deadline::At(expiration.deadline_ms(context.clock_ms(), Self::SPEC.name)?)
            }
        };
        let old = if self.get { Some(context.read_string(self.key)?) } else { None };
        if !self.applies(context) {
            return Ok(old.unwrap_or(Reply::Null));
        }
        context.set_string(self.key, self.value, deadline);
        if self.get && context.is_logged() && !matches!(deadline, Deadline::At(_)) {
            log_without_get(context);
        }
        Ok(old.unwrap_or(Reply::OK))
    }
}

impl Set {
    fn applies(&self, context: &mut Context<'_>) -> bool {
        match self.condition {
            Condition::Always => true,
            Condition::IfAbsent => !context.touch(self.key),
            Condition::IfPresent => context.exists(self.key),
        }
    }
}

/// The log needs no old values.
#[inline(never)]
fn log_without_get(context: &mut Context<'_>) {
    let words = context.argv.iter().enumerate();
    let needed = words.filter(|(at, word)| *at <= 2 || !word.eq_ignore_ascii_case(b"GET"));
    context.log_words(needed.map(|(_, word)| word));
}

/// `SETNX key value`
pub(super) struct SetNx {
    key: Span,
    value: Span,
}

impl Command for SetNx {
    const SPEC: Spec = Spec {
        name: "setnx",
        arity: 3,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ow, KeyFlag::Insert])],
        group: Group::String,
        summary: "Sets a key to a string unless the key is there",
        syntax: "key value",
        deprecated: Some(Deprecated { since: "2.6.12", replaced_by: "`SET` with the `NX` argument" }),
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, value) = (args.bytes(), args.bytes());
        args.done(Self { key, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let absent = !context.touch(self.key);
        if absent {
            context.set_string(self.key, self.value, Deadline::Clear);
        }
        Ok(Reply::from_flag(absent))
    }
}

/// What tells SETEX and PSETEX apart.
pub(super) trait Scale: Send + 'static {
    const UNIT: Unit;
    const SPEC: Spec;
}

/// What both declare alike.
const SET_EX: Spec = Spec {
    arity: 4,
    flags: &[Flag::Write, Flag::Denyoom],
    keys: &[KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update])],
    group: Group::String,
    ..Spec::EMPTY
};

/// SETEX's.
pub(super) struct Seconds;

impl Scale for Seconds {
    const UNIT: Unit = Unit::Seconds;
    const SPEC: Spec = Spec {
        name: "setex",
        since: "2.0.0",
        summary: "Sets a key to a string that expires after some seconds",
        syntax: "key seconds value",
        deprecated: Some(Deprecated { since: "2.6.12", replaced_by: "`SET` with the `EX` argument" }),
        ..SET_EX
    };
}

/// PSETEX's.
pub(super) struct Milliseconds;

impl Scale for Milliseconds {
    const UNIT: Unit = Unit::Milliseconds;
    const SPEC: Spec = Spec {
        name: "psetex",
        since: "2.6.0",
        summary: "Sets a key to a string that expires after some milliseconds",
        syntax: "key milliseconds value",
        deprecated: Some(Deprecated { since: "2.6.12", replaced_by: "`SET` with the `PX` argument" }),
        ..SET_EX
    };
}

/// `SETEX key seconds value` and PSETEX
pub(super) struct SetEx<S> {
    key: Span,
    expiration: Expiration,
    value: Span,
    scale: PhantomData<S>,
}

impl<S: Scale> Command for SetEx<S> {
    const SPEC: Spec = S::SPEC;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, amount, value) = (args.bytes(), args.bytes(), args.bytes());
        let expiration = args.expiration(S::UNIT, amount, Self::SPEC.name);
        args.done(Self { key, expiration, value, scale: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let deadline_ms = self.expiration.deadline_ms(context.clock_ms(), Self::SPEC.name)?;
        context.set_string(self.key, self.value, Deadline::At(deadline_ms));
        Ok(Reply::OK)
    }
}

/// `GETSET key value`
pub(super) struct GetSet {
    key: Span,
    value: Span,
}

impl Command for GetSet {
    const SPEC: Spec = Spec {
        name: "getset",
        arity: 3,
        flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        group: Group::String,
        summary: "Sets a key to a string and returns the one it held before",
        syntax: "key value",
        deprecated: Some(Deprecated { since: "6.2.0", replaced_by: "`SET` with the `!GET` argument" }),
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, value) = (args.bytes(), args.bytes());
        args.done(Self { key, value })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let old = context.read_string(self.key)?;
        context.set_string(self.key, self.value, Deadline::Clear);
        let argv = context.argv;
        context.log([b"SET", argv.bytes(self.key), argv.bytes(self.value)]);
        Ok(old)
    }
}

/// `GETDEL key`
pub(super) struct GetDel {
    key: Span,
}

impl Command for GetDel {
    const SPEC: Spec = Spec {
        name: "getdel",
        arity: 2,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        group: Group::String,
        since: "6.2.0",
        summary: "Returns the string at a key and removes the key",
        syntax: "key",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let old = context.read_string(self.key)?;
        if old != Reply::Null {
            context.remove(self.key);
            context.log_removal(self.key);
        }
        Ok(old)
    }
}

/// `GETEX key [EX … | PX … | EXAT … | PXAT … | PERSIST]`
pub(super) struct GetEx {
    key: Span,
    ttl: NewTtl,
}

/// What GETEX makes of the key's time to live; whether a time is one is seen only where there is a string.
enum NewTtl {
    Keep,
    Persist,
    Expire(Unit, Span),
}

impl Command for GetEx {
    const SPEC: Spec = Spec {
        name: "getex",
        arity: -2,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])
            .with_notes("RW and UPDATE because it changes the TTL")],
        group: Group::String,
        since: "6.2.0",
        summary: "Returns the string at a key and changes when it expires",
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let (mut expire, mut persist) = (None, false);
        while args.more() {
            if expire.is_none() && args.option("PERSIST") {
                persist = true;
            } else if persist || !args.expire_option(&mut expire) {
                args.fail(faults::SYNTAX);
            }
        }
        let ttl = match expire {
            _ if persist => NewTtl::Persist,
            None => NewTtl::Keep,
            Some((unit, amount)) => NewTtl::Expire(unit, amount),
        };
        args.done(Self { key, ttl })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let value = context.read_string(self.key)?;
        if value != Reply::Null {
            self.change_ttl(context)?;
        }
        Ok(value)
    }
}

impl GetEx {
    fn change_ttl(&self, context: &mut Context<'_>) -> Result<(), Fault> {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let event = match self.ttl {
            NewTtl::Keep => return Ok(()),
            NewTtl::Persist => {
                if !context.db().again(|db| db.persist(key, now_ms)) {
                    return Ok(());
                }
                context.log([b"PERSIST", key]);
                "persist"
            }
            NewTtl::Expire(unit, amount) => {
                let amount = parse_int(context.argv.bytes(amount)).ok_or(faults::NOT_AN_INTEGER)?;
                let expiration = Expiration::positive(unit, amount, Self::SPEC.name)?;
                let deadline_ms = expiration.deadline_ms(context.clock_ms(), Self::SPEC.name)?;
                if expiration.is_absolute() && deadline_ms <= now_ms {
                    context.remove(self.key);
                    context.log_removal(self.key);
                    return Ok(());
                }
                context.log_deadline(self.key, deadline_ms, context.argv.len());
                context.db().again(|db| db.set_deadline(key, deadline_ms, now_ms));
                "expire"
            }
        };
        context.effects.touched();
        context.changed(Class::Generic, event, key);
        Ok(())
    }
}

impl Context<'_> {
    /// Sets a key to the string of an argument; one change. A deadline stands in the log as a moment.
    pub(super) fn set_string(&mut self, key: Span, value: Span, deadline: Deadline) {
        let (argv, now_ms) = (self.argv, self.now_ms);
        let replaced = self.db().set_string(argv.bytes(key), new_string(argv, value), deadline, now_ms);
        self.effects.discard(replaced);
        self.effects.touched();
        self.changed_at(Class::String, "set", key);
        if let Deadline::At(_) = deadline {
            self.changed_at(Class::Generic, "expire", key);
        }
        if self.is_logged() {
            self.log_string(key, value, deadline);
        }
    }
}

family!(Strings {
    Get(Get),
    Set(Set),
    SetNx(SetNx),
    SetEx(SetEx<Seconds>),
    PSetEx(SetEx<Milliseconds>),
    GetSet(GetSet),
    GetDel(GetDel),
    GetEx(GetEx),
});
