//! Times to live: EXPIRE, PEXPIRE, TTL, PTTL.

use super::args::Args;
use super::context::{Context, Outcome};
use super::expiration::{Expiration, Unit};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use std::marker::PhantomData;

/// Seconds or milliseconds: what tells the two commands of each pair apart.
pub(super) trait Scale: Send + 'static {
    const UNIT: Unit;
    const MILLISECONDS: u64;
    const EXPIRE: Spec;
    const TTL: Spec;
}

/// What both EXPIRE commands declare alike.
const EXPIRE: Spec = Spec {
    arity: -3,
    flags: &[Flag::Write, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
    history: &[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`")],
    group: Group::Generic,
    ..Spec::EMPTY
};

/// What both TTL commands declare alike.
const TTL: Spec = Spec {
    arity: 2,
    flags: &[Flag::Readonly, Flag::Fast],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    history: &[("2.8.0", "Tells a missing key from one without a time to live")],
    group: Group::Generic,
    syntax: "key",
    tips: &["nondeterministic_output"],
    ..Spec::EMPTY
};

/// EXPIRE and TTL.
pub(super) struct Seconds;

impl Scale for Seconds {
    const UNIT: Unit = Unit::Seconds;
    const MILLISECONDS: u64 = 1000;
    const EXPIRE: Spec = Spec {
        name: "expire",
        summary: "Has a key expire after a number of seconds",
        syntax: "key seconds [NX | XX | GT | LT]",
        ..EXPIRE
    };
    const TTL: Spec = Spec { name: "ttl", summary: "Tells how many seconds a key has left", ..TTL };
}

/// PEXPIRE and PTTL.
pub(super) struct Milliseconds;

impl Scale for Milliseconds {
    const UNIT: Unit = Unit::Milliseconds;
    const MILLISECONDS: u64 = 1;
    const EXPIRE: Spec = Spec {
        name: "pexpire",
        since: "2.6.0",
        summary: "Has a key expire after a number of milliseconds",
        syntax: "key milliseconds [NX | XX | GT | LT]",
        ..EXPIRE
    };
    const TTL: Spec =
        Spec { name: "pttl", since: "2.6.0", summary: "Tells how many milliseconds a key has left", ..TTL };
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

/// `EXPIRE key seconds [NX | XX | GT | LT]` and PEXPIRE
pub(super) struct Expire<S> {
    key: Span,
    amount: i64,
    conditions: Conditions,
    scale: PhantomData<S>,
}

impl<S: Scale> Command for Expire<S> {
    const SPEC: Spec = S::EXPIRE;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, amount) = (args.bytes(), args.bytes());
        let conditions = Conditions::read(args);
        let amount = args.integer_at(amount);
        args.done(Self { key, amount, conditions, scale: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let time_ms = Expiration::new(S::UNIT, self.amount).time_ms(now_ms, Self::SPEC.name)?;
        let Some(old_ms) = context.db().deadline(key, now_ms) else { return Ok(Reply::ZERO) };
        if !self.conditions.allow(old_ms, time_ms) {
            return Ok(Reply::ZERO);
        }
        match u64::try_from(time_ms).ok().filter(|deadline_ms| *deadline_ms > now_ms) {
            Some(deadline_ms) => {
                context.db().set_deadline(key, deadline_ms, now_ms);
            }
            // A time that has passed already removes the key at once.
            None => {
                let removed = context.db().remove(key, now_ms);
                context.effects.discard(removed);
            }
        }
        context.effects.touched();
        Ok(Reply::ONE)
    }
}

/// `TTL key` and PTTL
pub(super) struct TimeLeft<S> {
    key: Span,
    scale: PhantomData<S>,
}

impl<S: Scale> Command for TimeLeft<S> {
    const SPEC: Spec = S::TTL;

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key, scale: PhantomData })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let left = match context.db().deadline(key, now_ms) {
            None => -2,
            Some(None) => -1,
            // Rounded to the nearest unit, as Redis does.
            Some(Some(deadline_ms)) => {
                let left_ms = deadline_ms.saturating_sub(now_ms);
                i64::try_from((left_ms + S::MILLISECONDS / 2) / S::MILLISECONDS).unwrap_or(i64::MAX)
            }
        };
        Ok(Reply::Integer(left))
    }
}

family!(Ttl {
    Expire(Expire<Seconds>),
    Pexpire(Expire<Milliseconds>),
    Ttl(TimeLeft<Seconds>),
    Pttl(TimeLeft<Milliseconds>),
});
