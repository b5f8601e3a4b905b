//! From an executed command to its unit in the log, and back.
//!
//! The log repeats what happened, so a command leaves in it what has the same outcome whenever it is run: most
//! leave the request as it came, those that count from now leave a moment, those that picked or reckoned leave the
//! result, as documented for Redis (<https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/>)
//! and to the byte what Redis 7 writes. What a command leaves it says to its [`Record`]; a command that says nothing
//! leaves its request if it changed anything.
//!
//! A key that was found past its deadline leaves a DEL, before the command that found it. That order is always
//! right: no command looks for a key again after it has written it with a deadline that has passed. So a reader of
//! the log needs no clock: **nothing expires by itself while a log is replayed**, the DELs say when it did. That is
//! what [`replay`] takes care of.
//!
//! Absent on purpose: sequence numbers, files, and when to write; that is for the actors.

use super::context::Context;
use super::faults::Fault;
use super::prepare::Prepared;
use crate::persistence::aof::{UnitWriter, units};
use crate::resp::{Argv, Reply, Span};
use crate::store::{Deadline, Detached};

/// What the log is to hold of one command. It is lent to one command after the other, so that its memory is used
/// again.
#[derive(Debug, Default)]
pub struct Record {
    entry: Entry,
    /// The commands of [`Entry::Commands`] in RESP's canonical form.
    encoded: Vec<u8>,
    /// How many those are.
    commands: usize,
    /// The database the command ran in, whatever the client has selected since.
    database: usize,
    /// Another database in which it looked for keys.
    other_database: Option<usize>,
}

/// The command's own entry in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Entry {
    /// The request as it came, if it changed anything.
    #[default]
    IfChanged,
    /// The request as it came, in any case.
    Request,
    /// Other commands instead of it.
    Commands,
}

/// A record that is used again keeps at most this much memory.
const KEPT_BYTES: usize = 64 * 1024;

impl Record {
    /// Forgets the last command, for one that runs in this database.
    pub(super) fn begin(&mut self, database: usize) {
        self.entry = Entry::IfChanged;
        self.database = database;
        self.other_database = None;
    }

    /// Notes that keys are looked for in another database.
    pub(super) fn looks_in(&mut self, database: usize) {
        self.other_database = Some(database);
    }

    fn add<'w>(&mut self, words: impl IntoIterator<Item = &'w [u8], IntoIter: Clone>) {
        if self.entry != Entry::Commands {
            self.entry = Entry::Commands;
            self.encoded.clear();
            self.encoded.shrink_to(KEPT_BYTES);
            self.commands = 0;
        }
        self.commands += 1;
        units::encode_words(words, &mut self.encoded);
    }

    fn write(&self, units: &mut UnitWriter, out: &mut Vec<u8>) {
        match self.commands {
            1 => units.command(self.database, &self.encoded, out),
            _ => {
                units::commands(&self.encoded).for_each(|command| units.command(self.database, command, out))
            }
        }
    }
}

/// Appends the unit that the executed command leaves to `out`: the DELs of keys it found past their deadline, then
/// its own entry. Answers whether there is anything. Expired keys that take long to free come into
/// `context.effects.garbage`.
///
/// To be called after each [`execute`](super::execute) with a record, before `effects.garbage` is carried off;
/// without a record there is nothing to write, and expired keys stay where they are.
pub fn log(context: &mut Context<'_>, units: &mut UnitWriter, out: &mut Vec<u8>) -> bool {
    if context.record.is_none() {
        return false;
    }
    units.begin(out);
    log_part(context, units, out);
    units.end(out)
}

/// The same for a command of a transaction, which is a part of the unit that was begun.
pub fn log_part(context: &mut Context<'_>, units: &mut UnitWriter, out: &mut Vec<u8>) {
    let Some(record) = context.record.as_deref() else { return };
    for database in [Some(record.database), record.other_database].into_iter().flatten() {
        for detached in context.store.db(database).take_expired() {
            units.words(database, &[b"DEL", detached.key()], out);
            context.effects.discard(Some(detached));
        }
    }
    match record.entry {
        Entry::IfChanged if context.effects.changes == 0 => {}
        Entry::IfChanged | Entry::Request => units.command(record.database, context.argv.encoded(), out),
        Entry::Commands => record.write(units, out),
    }
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
/// database from one call to the next. It needs no record, and of its effects only the garbage matters.
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
    context.forget_creations();
    (context.statistics.keyspace_hits, context.statistics.keyspace_misses) = counted;
    outcome.map_err(|(fault, _)| fault)
}

/// The time while a log is replayed: no deadline has passed.
const REPLAY_NOW_MS: u64 = 0;

/// Whether a request is a MULTI or EXEC, which the log's units begin and end with.
#[must_use]
pub fn is_limit_of_unit(argv: Argv<'_>) -> bool {
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

    /// Whether what the command leaves is recorded, so that it is worth the effort to make it.
    pub(super) fn is_logged(&self) -> bool {
        self.record.is_some()
    }

    /// Has the log hold this command instead of the request; called again, several.
    pub(super) fn log<const WORDS: usize>(&mut self, words: [&[u8]; WORDS]) {
        self.log_words(words);
    }

    /// The same for words that do not lie side by side.
    pub(super) fn log_words<'w>(&mut self, words: impl IntoIterator<Item = &'w [u8], IntoIter: Clone>) {
        if let Some(record) = &mut self.record {
            record.add(words);
        }
    }

    /// Has the log hold the request although it may have changed nothing.
    pub(super) fn log_request(&mut self) {
        if let Some(record) = &mut self.record {
            record.entry = Entry::Request;
        }
    }

    /// Has the log remove a key instead of doing what led to that.
    pub(super) fn log_removal(&mut self, key: Span) {
        self.log([b"DEL", self.argv.bytes(key)]);
    }

    /// Has the log give a key a deadline, under the conditions that the arguments from `conditions` on are.
    pub(super) fn log_deadline(&mut self, key: Span, deadline_ms: u64, conditions: usize) {
        if self.is_logged() {
            let (argv, mut digits) = (self.argv, itoa::Buffer::new());
            let words = [&b"PEXPIREAT"[..], argv.bytes(key), digits.format(deadline_ms).as_bytes()];
            self.log_words(words.into_iter().chain(argv.iter().skip(conditions)));
        }
    }

    /// Has the log set a key to a string and its deadline to a moment, where the command has set one.
    #[inline(never)]
    pub(super) fn log_string(&mut self, key: Span, value: Span, deadline: Deadline) {
        if let Deadline::At(deadline_ms) = deadline {
            let (argv, mut digits) = (self.argv, itoa::Buffer::new());
            let deadline = digits.format(deadline_ms).as_bytes();
            self.log([b"SET", argv.bytes(key), argv.bytes(value), b"PXAT", deadline]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_commands_instead_of_a_request_are_one_unit() {
        let (mut record, mut units, mut out) = (Record::default(), UnitWriter::default(), Vec::new());
        record.begin(2);
        record.add([&b"SREM"[..], b"s", b"a"]);
        record.add([&b"DEL"[..], b"s"]);
        units.begin(&out);
        record.write(&mut units, &mut out);
        assert!(units.end(&mut out));
        let written = String::from_utf8_lossy(&out).replace("\r\n", " ");
        let commands = "*3 $4 SREM $1 s $1 a *2 $3 DEL $1 s ";
        assert_eq!(written, format!("*1 $5 MULTI *2 $6 SELECT $1 2 {commands}*1 $4 EXEC "));
    }

    #[test]
    fn a_record_forgets_the_command_before() {
        let mut record = Record::default();
        record.begin(1);
        record.looks_in(3);
        record.add([&vec![b'x'; 2 * KEPT_BYTES][..]]);
        record.begin(0);
        assert_eq!((record.entry, record.database, record.other_database), (Entry::IfChanged, 0, None));
        record.add([&b"PERSIST"[..], b"k"]);
        assert_eq!(
            (record.commands, record.encoded.as_slice()),
            (1, &b"*2\r\n$7\r\nPERSIST\r\n$1\r\nk\r\n"[..])
        );
        assert!(record.encoded.capacity() <= KEPT_BYTES);
    }
}
