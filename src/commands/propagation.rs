//! From an executed command to its unit in the log, and back.
//!
//! The log repeats what happened, so a command leaves in it what has the same outcome whenever it is run: most
//! leave the request as it came, those that count from now leave a moment, those that picked or reckoned leave the
//! result, as documented for Redis (<https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/>)
//! and to the byte what Redis 7 writes. What a command leaves it says through its
//! [`effects`](super::effects::Effects); a command that says nothing leaves its request if it changed anything.
//!
//! A key that was found past its deadline leaves a DEL, before the command that found it. That order is always
//! right: no command looks for a key again after it has written it with a deadline that has passed. So a reader of
//! the log needs no clock: **nothing expires by itself while a log is replayed**, the DELs say when it did. That is
//! what [`replay`] takes care of.
//!
//! Absent on purpose: sequence numbers, files, and when to write; that is for the actors.

use super::context::Context;
use super::effects::Logged;
use super::faults::Fault;
use super::prepare::Prepared;
use crate::persistence::aof::{UnitWriter, units};
use crate::resp::{Argv, Reply, Span};
use crate::store::Detached;

/// Appends the unit that the executed command leaves to `out`: the DELs of keys it found past their deadline, then
/// its own entry. Answers whether there is anything. Expired keys that take long to free come into
/// `context.effects.garbage`.
///
/// To be called after each [`execute`](super::execute) while there is a log, whose effects then have to be
/// [`Effects::logged`](super::effects::Effects::logged) ones; before `effects.garbage` is carried off.
pub fn log(context: &mut Context<'_>, units: &mut UnitWriter, out: &mut Vec<u8>) -> bool {
    debug_assert!(context.effects.is_logged(), "a command was run as if there were no log");
    units.begin(out);
    let (own, other) = (context.effects.database as usize, context.effects.other_database);
    drain_expired(context, own, units, out);
    if let Some(other) = other {
        drain_expired(context, other as usize, units, out);
    }
    match std::mem::take(&mut context.effects.logged) {
        Logged::Changes if context.effects.changes == 0 => {}
        Logged::Changes | Logged::Request => units.command(own, context.argv.encoded(), out),
        Logged::Commands(commands) => {
            units::commands(&commands).for_each(|command| units.command(own, command, out));
        }
        Logged::Off => {}
    }
    units.end(out)
}

/// Appends the DELs of keys that were taken out of a database past their deadline while no command ran: a unit
/// each, as none has to do with the other.
pub fn log_expired(database: usize, expired: &[Detached], units: &mut UnitWriter, out: &mut Vec<u8>) {
    for detached in expired {
        units.begin(out);
        units.words(database, &[b"DEL", detached.key()], out);
        units.end(out);
    }
}

/// Runs a command of the log once more: as [`execute`](super::execute), but no gate is asked, nothing is counted
/// and no key expires. MULTI and EXEC, which mark a unit's limits, do nothing, as only whole units are replayed.
///
/// `context.now_ms` is set so that nothing is past its deadline; `context.clock_ms` still tells the time for the
/// relative times that logs of older versions of Redis may hold. The client of `context` keeps the selected
/// database from one call to the next. Its effects are to be [`Effects::default`](super::effects::Effects), of
/// which only the garbage matters.
///
/// # Errors
/// What the command would have answered. [`Prepared::is_unknown`] tells apart what is not even a command.
pub fn replay(context: &mut Context<'_>, prepared: &Prepared) -> Result<Reply, Fault> {
    if is_limit_of_unit(context.argv) {
        return Ok(Reply::OK);
    }
    context.now_ms = REPLAY_NOW_MS;
    let counted = (context.statistics.keyspace_hits, context.statistics.keyspace_misses);
    let outcome = super::run(context, prepared);
    (context.statistics.keyspace_hits, context.statistics.keyspace_misses) = counted;
    outcome.map_err(|(fault, _)| fault)
}

/// The time while a log is replayed: no deadline has passed.
const REPLAY_NOW_MS: u64 = 0;

fn drain_expired(context: &mut Context<'_>, database: usize, units: &mut UnitWriter, out: &mut Vec<u8>) {
    for detached in context.store.db(database).take_expired() {
        units.words(database, &[b"DEL", detached.key()], out);
        context.effects.discard(Some(detached));
    }
}

fn is_limit_of_unit(argv: Argv<'_>) -> bool {
    let named = |name: &[u8]| argv.get(0).is_some_and(|word| word.eq_ignore_ascii_case(name));
    argv.len() == 1 && (named(b"MULTI") || named(b"EXEC"))
}

impl Context<'_> {
    /// The moment from which times relative to now count. That is `now_ms`, but for the replay of a log, where
    /// `now_ms` lies before all deadlines.
    pub(super) fn clock_ms(&self) -> u64 {
        const MILLISECOND_US: u64 = 1000;
        match self.now_ms {
            REPLAY_NOW_MS => self.facts.now_us() / MILLISECOND_US,
            now_ms => now_ms,
        }
    }

    /// Has the log remove a key instead of doing what led to that.
    pub(super) fn log_removal(&mut self, key: Span) {
        self.effects.log([b"DEL", self.argv.bytes(key)]);
    }

    /// Has the log give a key a deadline, under the conditions that the arguments from `conditions` on are.
    pub(super) fn log_deadline(&mut self, key: Span, deadline_ms: u64, conditions: usize) {
        if self.effects.is_logged() {
            let (argv, mut digits) = (self.argv, itoa::Buffer::new());
            let words = [&b"PEXPIREAT"[..], argv.bytes(key), digits.format(deadline_ms).as_bytes()];
            self.effects.log_words(words.into_iter().chain(argv.iter().skip(conditions)));
        }
    }

    /// Has the log set a key to a string with a deadline.
    pub(super) fn log_string(&mut self, key: Span, value: Span, deadline_ms: u64) {
        if self.effects.is_logged() {
            let (argv, mut digits) = (self.argv, itoa::Buffer::new());
            let deadline = digits.format(deadline_ms).as_bytes();
            self.effects.log([b"SET", argv.bytes(key), argv.bytes(value), b"PXAT", deadline]);
        }
    }
}
