//! All that a running command can see and change.
//!
//! The Keyspace lends it for the time of one command: the request's bytes, the data, the clients, the
//! server's facts and figures, the time. There is nothing here to wait on and nothing that reaches a socket.

use super::durability::Durability;
use super::effects::Effects;
use super::faults::{self, Fault};
use super::history::History;
use super::propagation::Record;
use super::session::{Clients, Session, Slot};
use super::statistics::Statistics;
use crate::config::Config;
use crate::resp::{Argv, Reply, Span};
use crate::store::{Database, Hash, List, Set, Store, StoreError, Stored, StringRef, ValueRef};
use std::time::Duration;

/// What a command ends with.
pub type Outcome = Result<Reply, Fault>;

/// All that a running command can see and change.
pub struct Context<'a> {
    /// The request as the client sent it.
    pub argv: Argv<'a>,
    /// The data.
    pub store: &'a mut Store,
    /// Everyone connected.
    pub clients: &'a mut Clients,
    /// The client that sent the command.
    pub me: Slot,
    /// Options.
    pub config: &'a mut Config,
    /// Counters.
    pub statistics: &'a mut Statistics,
    /// What was slow.
    pub history: &'a mut History,
    /// The data on disk.
    pub durability: &'a mut Durability,
    /// What never changes while the process runs, and what only the system can tell.
    pub facts: &'a dyn Facts,
    /// Unix time in milliseconds, read once per batch.
    pub now_ms: u64,
    /// Whether memory is full, so that commands that take some are refused.
    pub is_full: bool,
    /// A random number, new for each command.
    pub random: u64,
    /// What the command asks for beyond its reply.
    pub effects: Effects,
    /// What the command leaves in the log; none where nothing is logged.
    pub record: Option<&'a mut Record>,
}

/// Counts a look for a key.
fn count_look(statistics: &mut Statistics, found: bool) {
    if found {
        statistics.keyspace_hits += 1;
    } else {
        statistics.keyspace_misses += 1;
    }
}

impl Context<'_> {
    /// The client that sent the command.
    pub fn session(&mut self) -> &mut Session {
        &mut self.clients[self.me]
    }

    /// The database the client has selected.
    pub fn db(&mut self) -> &mut Database {
        let number = self.clients[self.me].database;
        self.store.db(number)
    }

    /// Another database than the selected one. The log then looks there, too, for keys that were found past their
    /// deadline: whoever looks for keys outside of [`Self::db`] does it here.
    pub(super) fn other_db(&mut self, number: usize) -> &mut Database {
        self.effects.other_database = Some(number);
        if let Some(record) = &mut self.record {
            record.looks_in(number);
        }
        self.store.db(number)
    }

    /// The memory that clients occupy, bytes.
    #[must_use]
    pub fn clients_bytes(&self) -> u64 {
        self.clients.iter().map(|(_, session)| session.memory_bytes()).sum()
    }

    /// The number of a database, as a client gave it.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn database(&self, number: i64) -> Result<usize, Fault> {
        let number = usize::try_from(number).ok().filter(|number| *number < self.store.databases());
        number.ok_or(faults::DB_OUT_OF_RANGE)
    }

    /// Whether a key is there.
    pub fn exists(&mut self, key: Span) -> bool {
        let (key, now_ms) = (self.argv.bytes(key), self.now_ms);
        self.db().contains(key, now_ms)
    }

    /// The same as a use of the key.
    pub(super) fn touch(&mut self, key: Span) -> bool {
        let (key, now_ms) = (self.argv.bytes(key), self.now_ms);
        self.db().touch(key, now_ms)
    }

    /// Looks a key up for a reader, who counts as a hit or a miss.
    pub fn read(&mut self, key: Span) -> Option<ValueRef<'_>> {
        self.read_key(self.argv.bytes(key))
    }

    /// The same for a key that does not stand in the request.
    pub fn read_key(&mut self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.tell_miss(key);
        let number = self.clients[self.me].database;
        let value = self.store.db(number).get(key, self.now_ms);
        count_look(self.statistics, value.is_some());
        value
    }

    /// The same for a reader whose look is no use of the key.
    pub(super) fn read_unmarked(&mut self, key: Span) -> Option<ValueRef<'_>> {
        self.tell_miss(self.argv.bytes(key));
        self.read_unheard(key)
    }

    /// The same for a reader whose miss nobody is to hear of either.
    pub(super) fn read_unheard(&mut self, key: Span) -> Option<ValueRef<'_>> {
        let (number, key) = (self.clients[self.me].database, self.argv.bytes(key));
        let value = self.store.db(number).get_unmarked(key, self.now_ms);
        count_look(self.statistics, value.is_some());
        value
    }

    /// Looks a key's deadline up for a reader: none without the key, none inside without a deadline.
    pub fn read_deadline(&mut self, key: Span) -> Option<Option<u64>> {
        let (key, now_ms) = (self.argv.bytes(key), self.now_ms);
        self.tell_miss(key);
        let deadline_ms = self.db().deadline(key, now_ms);
        count_look(self.statistics, deadline_ms.is_some());
        deadline_ms
    }

    /// The string at a key as a reply, null where there is none.
    ///
    /// # Errors
    /// When the key holds another type.
    pub fn read_string(&mut self, key: Span) -> Outcome {
        match self.read(key) {
            Some(ValueRef::String(string)) => Ok(string_reply(string)),
            Some(_) => Err(faults::WRONG_TYPE),
            None => Ok(Reply::Null),
        }
    }

    /// The list at a key.
    ///
    /// # Errors
    /// When the key holds another type.
    pub fn read_list(&mut self, key: Span) -> Result<Option<&List>, Fault> {
        self.read_as(key)
    }

    /// The hash at a key.
    ///
    /// # Errors
    /// When the key holds another type.
    pub fn read_hash(&mut self, key: Span) -> Result<Option<&Hash>, Fault> {
        self.read_as(key)
    }

    /// The set at a key.
    ///
    /// # Errors
    /// When the key holds another type.
    pub fn read_set(&mut self, key: Span) -> Result<Option<&Set>, Fault> {
        self.read_as(key)
    }

    /// The collection of some type at a key.
    ///
    /// # Errors
    /// When the key holds another type.
    pub fn read_as<C: Stored>(&mut self, key: Span) -> Result<Option<&C>, Fault> {
        self.read(key).map(|value| C::of(value).ok_or(faults::WRONG_TYPE)).transpose()
    }
}

/// A string of the store as a reply; a big one is shared, not copied.
pub(super) fn string_reply(string: StringRef<'_>) -> Reply {
    match string {
        StringRef::Int(int) => Reply::bulk(int),
        StringRef::Slice(bytes) => Reply::bulk(bytes),
        StringRef::Shared(bytes) => Reply::bulk(bytes.clone()),
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::WrongType => faults::WRONG_TYPE,
            StoreError::NotInteger => faults::NOT_AN_INTEGER,
            StoreError::Overflow => faults::OVERFLOW,
            StoreError::TooLong => faults::STRING_TOO_LONG,
        }
    }
}

/// Facts about the process and its surroundings; the Keyspace answers with the system's, tests with made-up ones.
pub trait Facts {
    /// What is fixed once the server runs.
    fn fixed(&self) -> &Fixed;
    /// Unix time in microseconds, for `TIME`.
    fn now_us(&self) -> u64;
    /// Memory in use.
    fn memory(&self) -> MemoryFigures;
    /// Processor time used so far; none where the system does not tell.
    fn cpu(&self) -> Option<CpuTimes>;
    /// The actors and how they fare, in start order.
    fn actors(&self) -> Vec<ActorReport>;
    /// Data given up to be freed elsewhere and not freed yet, items.
    fn lazyfree_pending(&self) -> u64;
    /// Data freed elsewhere since the start, items.
    fn lazyfreed(&self) -> u64;
    /// Writes the options back to the file they came from.
    ///
    /// # Errors
    /// What the system, or the file's syntax, has against it.
    fn rewrite_config(&self, config: &Config) -> Result<(), String>;
    /// Reads the file of users.
    ///
    /// # Errors
    /// What the system has against it.
    fn read_users(&self, config: &Config) -> Result<Vec<u8>, String>;
    /// Puts a new file of users in the old one's place.
    ///
    /// # Errors
    /// What the system has against it.
    fn write_users(&self, config: &Config, text: &[u8]) -> Result<(), String>;
    /// Fills a buffer from the system's source of randomness, fit for secrets.
    ///
    /// # Errors
    /// What the system has against it.
    fn fill_secret(&self, buffer: &mut [u8]) -> Result<(), String>;
}

/// Memory in use, bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryFigures {
    /// What the process has asked its allocator for and not given back; none where nobody counts.
    pub used_bytes: Option<u64>,
    /// The same before the first client came.
    pub startup_bytes: u64,
    /// The most that was ever seen in use.
    pub peak_bytes: u64,
    /// Resident memory as the operating system counts it; none where it does not tell.
    pub resident_bytes: Option<u64>,
}

/// Processor time, told apart by who used it.
#[derive(Clone, Copy, Debug)]
pub struct CpuTimes {
    /// The whole process.
    pub process: CpuTime,
    /// Its children that have ended.
    pub children: Option<CpuTime>,
    /// The thread that runs the commands.
    pub keyspace_thread: Option<CpuTime>,
}

/// Processor time.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTime {
    /// In the program.
    pub user: Duration,
    /// In the system's kernel.
    pub system: Duration,
}

/// What is fixed once the server runs.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// Forty hexadecimal digits, new at each start.
    pub run_id: String,
    /// The port clients reach, zero without TCP.
    pub port: u16,
    /// When the server started, Unix time in milliseconds.
    pub started_ms: u64,
    /// The program's path, where the system tells.
    pub executable: String,
    /// The configuration file's absolute path; empty if none.
    pub config_file: String,
    /// Threads that serve connections besides the Keyspace's own.
    pub io_threads: usize,
}

/// One actor, for `INFO actors` and `MEMORA ACTORS`.
#[derive(Clone, Debug)]
pub struct ActorReport {
    /// Its name, such as `keyspace`.
    pub name: &'static str,
    /// The thread it runs on.
    pub thread: &'static str,
    /// `running`, `frozen`, `restarting`, `stopped` or `gave_up`.
    pub state: &'static str,
    /// Since when it is running, restarting and so on: since its start or its last restart.
    pub state_for: Duration,
    /// How often it was restarted.
    pub restarts: u64,
    /// How often it gave no sign of life for longer than `heartbeat-timeout`.
    pub freezes: u64,
    /// The text of its last panic; empty if none.
    pub last_panic: String,
    /// Messages waiting in its mailbox.
    pub mailbox: u64,
    /// Messages it has dealt with; for the listener, clients.
    pub handled: u64,
    /// How long it has been at work.
    pub busy: Duration,
}
