//! Times to live: EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST.
//!
//! Each command for setting and asking comes in four units; what differs between them is an [`InUnit`].

use super::args::Args;
use super::context::{Context, Outcome};
use super::events::Class;
use super::expiration::{Expiration, Unit};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use std::marker::PhantomData;

/// The unit that tells the commands of one kind apart.
pub(super) trait InUnit: Send + 'static {
    const UNIT: Unit;
    /// What the command that sets a deadline in this unit declares.
    const SET: Spec;
    /// What the command that asks for it declares.
    const GET: Spec;
}

/// What the commands that set a deadline declare alike.
const SET: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
    history: &[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`")],
    group: Group::Generic,
    ..Spec::EMPTY
};

/// What the commands that ask for it declare alike.
const GET: Spec = Spec {
    arity: 2,
    flags: &[Flag::Readonly, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    history: &[("2.8.0", "Tells a missing key from one without a time to live")],
    group: Group::Generic,
    syntax: "key",
    ..Spec::EMPTY
};

/// EXPIRE and TTL.
pub(super) struct Seconds;

impl InUnit for Seconds {
    const UNIT: Unit = Unit::Seconds;
    const SET: Spec = Spec {
        name: "expire",
        summary: "Has a key expire after a number of seconds",
        syntax: "key seconds [NX | XX | GT | LT]",
        ..SET
    };
    const GET: Spec = Spec {
        name: "ttl",
        summary: "Tells how many seconds a key has left",
        tips: &["nondeterministic_output"],
        ..GET
    };
}

/// PEXPIRE and PTTL.
pub(super) struct Milliseconds;

impl InUnit for Milliseconds {
    const UNIT: Unit = Unit::Milliseconds;
    const SET: Spec = Spec {
        name: "pexpire",
        since: "2.6.0",
        summary: "Has a key expire after a number of milliseconds",
        syntax: "key milliseconds [NX | XX | GT | LT]",
        ..SET
    };
    const GET: Spec = Spec {
        name: "pttl",
        since: "2.6.0",
        summary: "Tells how many milliseconds a key has left",
        tips: &["nondeterministic_output"],
        ..GET
    };
}

/// EXPIREAT and EXPIRETIME.
pub(super) struct UnixSeconds;

impl InUnit for UnixSeconds {
    const UNIT: Unit = Unit::UnixSeconds;
    const SET: Spec = Spec {
        name: "expireat",
        since: "1.2.0",
        summary: "Has a key expire at a Unix time in seconds",
        syntax: "key unix-time-seconds [NX | XX | GT | LT]",
        ..SET
    };
    const GET: Spec = Spec {
        name: "expiretime",
        since: "7.0.0",
        summary: "Tells the Unix time in seconds at which a key expires",
        history: &[],
        ..GET
    };
}

/// PEXPIREAT and PEXPIRETIME.
pub(super) struct UnixMilliseconds;

impl InUnit for UnixMilliseconds {
    const UNIT: Unit = Unit::UnixMilliseconds;
    const SET: Spec = Spec {
        name: "pexpireat",
        since: "2.6.0",
        summary: "Has a key expire at a Unix time in milliseconds",
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
        ..SET
    };
    const GET: Spec = Spec {
        name: "pexpiretime",
        since: "7.0.0",
        summary: "Tells the Unix time in milliseconds at which a key expires",
        history: &[],
        ..GET
    };
}

/// When EXPIRE sets the deadline.
#[derive(Clone, Copy, Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn read(args: &mut Args<'_>) -> Self {
        let mut conditions = Self::default();
        while args.more() {
            if args.option("NX") {
                conditions.nx = true;
            } else if args.option("XX") {
                conditions.xx = true;
            } else if args.option("GT") {
                conditions.gt = true;
            } else if args.option("LT") {
                conditions.lt = true;
            } else {
                let option = args.word();
                args.fail(faults::unsupported_option(option));
            }
        }
        if conditions.nx && (conditions.xx || conditions.gt || conditions.lt) {
            args.fail(faults::EXPIRE_NX_ALONE);
        }
        if conditions.gt && conditions.lt {
            args.fail(faults::EXPIRE_GT_AND_LT);
        }
        conditions
    }

    /// Whether `new_ms` may replace `old_ms`; a key without a deadline counts as living for ever.
    fn allow(self, old_ms: Option<u64>, new_ms: i64) -> bool {
        let old_ms = old_ms.map(|old_ms| i64::try_from(old_ms).unwrap_or(i64::MAX));
        let later = old_ms.is_some_and(|old_ms| new_ms > old_ms);
        let earlier = old_ms.is_none_or(|old_ms| new_ms < old_ms);
        !(self.nx && old_ms.is_some()
            || self.xx && old_ms.is_none()
            || self.gt && !later
            || self.lt && !earlier)
    }
}

/// `EXPIRE key seconds [NX | XX | GT | LT]` and the like
pub(super) struct Expire<U> {
    key: Span,
    amount: i64,
    conditions: Conditions,
    unit: PhantomData<U>,
}

/// Where `NX` and the like begin; the command's name is 0.
const FIRST_CONDITION: usize = 3;

impl<U: InUnit> Command for Expire<U> {
    const SPEC: Spec = U::SET;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, amount) = (args.bytes(), args.bytes());
        let conditions = Conditions::read(args);
        let amount = args.integer_at(amount);
        args.done(Self { key, amount, conditions, unit: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let time_ms = Expiration::new(U::UNIT, self.amount).time_ms(context.clock_ms(), Self::SPEC.name)?;
        let Some(old_ms) = context.db().deadline(key, now_ms) else { return Ok(Reply::ZERO) };
        if !self.conditions.allow(old_ms, time_ms) {
            context.touch(self.key);
            return Ok(Reply::ZERO);
        }
        match u64::try_from(time_ms).ok().filter(|deadline_ms| *deadline_ms > now_ms) {
            Some(deadline_ms) => {
                context.db().set_deadline(key, deadline_ms, now_ms);
                context.log_deadline(self.key, deadline_ms, FIRST_CONDITION);
                context.changed(Class::Generic, "expire", key);
            }
            // A time that has passed already removes the key at once.
            None => {
                let removed = context.db().remove(key, now_ms);
                context.effects.discard(removed);
                context.log_removal(self.key);
                context.changed(Class::Generic, "del", key);
            }
        }
        context.effects.touched();
        Ok(Reply::ONE)
    }
}

/// `TTL key` and the like
pub(super) struct TimeLeft<U> {
    key: Span,
    unit: PhantomData<U>,
}

impl<U: InUnit> Command for TimeLeft<U> {
    const SPEC: Spec = U::GET;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key, unit: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::Integer(match context.read_deadline(self.key) {
            None => -2,
            Some(None) => -1,
            Some(Some(deadline_ms)) => U::UNIT.amount_until(deadline_ms, context.now_ms),
        }))
    }
}

/// `PERSIST key`
pub(super) struct Persist {
    key: Span,
}

impl Command for Persist {
    const SPEC: Spec = Spec {
        name: "persist",
        arity: 2,
        since: "2.2.0",
        summary: "Has a key live until it is removed",
        history: &[],
        syntax: "key",
        ..SET
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let persisted = context.db().persist(key, now_ms);
        if persisted {
            context.effects.touched();
            context.changed(Class::Generic, "persist", key);
        }
        Ok(if persisted { Reply::ONE } else { Reply::ZERO })
    }
}

family!(Ttl {
    Expire(Expire<Seconds>),
    Pexpire(Expire<Milliseconds>),
    Expireat(Expire<UnixSeconds>),
    Pexpireat(Expire<UnixMilliseconds>),
    Ttl(TimeLeft<Seconds>),
    Pttl(TimeLeft<Milliseconds>),
    Expiretime(TimeLeft<UnixSeconds>),
    Pexpiretime(TimeLeft<UnixMilliseconds>),
    Persist(Persist),
});
