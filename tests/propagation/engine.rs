//! Commands, data and a log without a server: the smallest thing that runs requests one after another.

use bytes::BytesMut;
use memora::commands::context::{ActorReport, Context, CpuTimes, Facts, Fixed, MemoryFigures};
use memora::commands::durability::Durability;
use memora::commands::effects::{Control, Effects};
use memora::commands::history::History;
use memora::commands::propagation::Record;
use memora::commands::session::{Clients, Session, Slot};
use memora::commands::statistics::Statistics;
use memora::commands::transactions::Queue;
use memora::commands::{execute, execute_queued, prepare, propagation};
use memora::config::Config;
use memora::persistence::aof::{Replay, UnitWriter};
use memora::resp::{Argv, DetachedRequest, Protocol, Reply, ReplyBuffer, ReplyDecoder};
use memora::store::{HashKey, Store, StringRef, ValueRef};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

/// As many as Redis has.
const DATABASES: usize = 16;

/// Data, a client, and the log of what it did.
pub(crate) struct Engine {
    world: World,
    record: Record,
    units: UnitWriter,
    pub(crate) log: Vec<u8>,
    /// What is to be freed elsewhere.
    pub(crate) garbage: Vec<Box<dyn Any + Send>>,
}

/// What a context is lent.
struct World {
    store: Store,
    clients: Clients,
    me: Slot,
    config: Config,
    statistics: Statistics,
    history: History,
    durability: Durability,
    facts: MadeUp,
    now_ms: u64,
    random: u64,
}

/// What a key holds, in a form that tells equal things to be equal: the type, the parts, the deadline.
pub(crate) type Content = (&'static str, Vec<Vec<u8>>, Option<u64>);

impl Engine {
    /// No data, at a moment.
    pub(crate) fn new(now_ms: u64) -> Self {
        let mut clients = Clients::default();
        let mut session = Session::new(1, String::new(), String::new(), false);
        session.authenticated = true;
        let me = clients.insert(session);
        let world = World {
            store: Store::new(DATABASES, HashKey(3, 4)),
            clients,
            me,
            config: Config::default(),
            statistics: Statistics::default(),
            history: History::default(),
            durability: Durability::default(),
            facts: MadeUp { fixed: Fixed::default(), now_us: now_ms * 1000 },
            now_ms,
            random: 1,
        };
        Self {
            world,
            record: Record::default(),
            units: UnitWriter::default(),
            log: Vec::new(),
            garbage: Vec::new(),
        }
    }

    /// What is picked at random from now on is decided by this seed.
    pub(crate) fn pick_by(&mut self, seed: u64) {
        self.world.random = seed;
    }

    /// Lets the time pass, or go back.
    pub(crate) fn set_time(&mut self, now_ms: u64) {
        self.world.now_ms = now_ms;
        self.world.facts.now_us = now_ms * 1000;
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.world.now_ms
    }

    /// Runs a request and logs it.
    pub(crate) fn run(&mut self, words: &[impl AsRef<[u8]>]) -> Reply {
        let request = DetachedRequest::new(words);
        self.run_argv(request.argv())
    }

    /// Runs a request; answers what a client reads.
    pub(crate) fn ask(&mut self, words: &[impl AsRef<[u8]>]) -> Reply {
        let mut buffer = ReplyBuffer::default();
        buffer.push(self.run(words), Protocol::Resp2);
        let mut bytes = BytesMut::from(&buffer.drain_to_vec()[..]);
        ReplyDecoder::default().decode(&mut bytes).unwrap().expect("a whole reply")
    }

    pub(crate) fn run_argv(&mut self, argv: Argv<'_>) -> Reply {
        let prepared = prepare(argv);
        let mut context = self.world.context(argv, Some(&mut self.record));
        let mut reply = execute(&mut context, &prepared);
        let before = self.log.len();
        let written = propagation::log(&mut context, &mut self.units, &mut self.log);
        assert_eq!(written, self.log.len() > before);
        self.garbage.append(&mut context.effects.garbage);
        let controls = std::mem::take(&mut context.effects.controls);
        if context.effects.queued {
            context.queue(prepared);
        }
        for control in controls {
            if let Control::RunTransaction(queue) = control {
                reply = self.run_transaction(&queue);
            }
        }
        assert!(self.world.store.iter_mut().all(|database| database.take_expired().is_empty()), "not logged");
        reply
    }

    fn run_transaction(&mut self, queue: &Queue) -> Reply {
        self.units.begin(&self.log);
        let mut replies = Vec::new();
        for queued in &queue.commands {
            let mut context = self.world.context(queued.request.argv(), Some(&mut self.record));
            replies.push(execute_queued(&mut context, &queued.prepared));
            propagation::log_part(&mut context, &mut self.units, &mut self.log);
            self.garbage.append(&mut context.effects.garbage);
        }
        self.units.end(&mut self.log);
        self.world.clients[self.world.me].denies_blocking = false;
        Reply::Array(replies)
    }

    /// Removes due keys as a tick does, at most so many of each database.
    pub(crate) fn purge(&mut self, budget: usize) {
        let now_ms = self.world.now_ms;
        for (number, database) in self.world.store.iter_mut().enumerate() {
            database.purge_due(now_ms, budget);
            let expired = database.take_expired();
            propagation::log_expired(number, &expired, &mut self.units, &mut self.log);
        }
    }

    /// Runs a whole log, of which every command has to succeed.
    pub(crate) fn replay(&mut self, log: &[u8]) {
        let mut replay = Replay::new(log, 0);
        while let Some(batch) = replay.next_batch().expect("the log is whole") {
            assert!(batch.error().is_none());
            for argv in batch.iter() {
                let prepared = prepare(argv);
                let mut context = self.world.context(argv, None);
                if let Err(fault) = propagation::replay(&mut context, &prepared) {
                    let words: Vec<_> = argv.iter().map(|word| word.escape_ascii().to_string()).collect();
                    panic!("{}: {}", words.join(" "), fault.into_bytes().escape_ascii());
                }
            }
            replay.recycle(batch);
        }
        assert_eq!(self.world.statistics.commands_processed, 0);
        assert_eq!(self.world.statistics.keyspace_hits + self.world.statistics.keyspace_misses, 0);
    }

    /// The data is sound.
    pub(crate) fn verify(&self) {
        self.world.store.verify().unwrap();
    }

    /// All keys, also those past their deadline that nobody has come across.
    pub(crate) fn contents(&self) -> BTreeMap<(usize, Vec<u8>), Content> {
        self.world.store.verify().unwrap();
        let items = |(number, database): (usize, &_)| {
            let database: &memora::store::Database = database;
            let items: Vec<_> = database
                .iter(0)
                .map(|item| ((number, item.key.to_vec()), content(item.value, item.deadline_ms)))
                .collect();
            items
        };
        self.world.store.iter().enumerate().flat_map(items).collect()
    }
}

impl World {
    fn context<'a>(&'a mut self, argv: Argv<'a>, record: Option<&'a mut Record>) -> Context<'a> {
        self.random = self.random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        Context {
            is_full: false,
            argv,
            store: &mut self.store,
            clients: &mut self.clients,
            me: self.me,
            config: &mut self.config,
            statistics: &mut self.statistics,
            history: &mut self.history,
            durability: &mut self.durability,
            facts: &self.facts,
            now_ms: self.now_ms,
            random: self.random,
            effects: Effects::default(),
            record,
        }
    }
}

/// The names of all commands in a log, in upper case.
pub(crate) fn names(log: &[u8]) -> BTreeSet<String> {
    let (mut replay, mut names) = (Replay::new(log, 0), BTreeSet::new());
    while let Some(batch) = replay.next_batch().expect("the log is whole") {
        names.extend(
            batch.iter().map(|argv| String::from_utf8_lossy(argv.get(0).unwrap_or_default()).to_uppercase()),
        );
        replay.recycle(batch);
    }
    names
}

fn content(value: ValueRef<'_>, deadline_ms: Option<u64>) -> Content {
    let text = |string: StringRef<'_>| string.to_vec();
    let parts = match value {
        ValueRef::String(string) => vec![text(string)],
        ValueRef::List(list) => list.iter().map(text).collect(),
        ValueRef::Hash(hash) => {
            let fields: BTreeMap<_, _> =
                hash.iter().map(|(field, value)| (text(field), text(value))).collect();
            fields.into_iter().flat_map(|(field, value)| [field, value]).collect()
        }
        ValueRef::Set(set) => {
            let members: BTreeSet<_> = set.iter().map(|member| text(member.text())).collect();
            members.into_iter().collect()
        }
        ValueRef::SortedSet(set) => set
            .iter()
            .flat_map(|(member, score)| [text(member), score.to_bits().to_string().into_bytes()])
            .collect(),
    };
    (value.kind().type_name(), parts, deadline_ms)
}

/// Facts about nothing but the time.
struct MadeUp {
    fixed: Fixed,
    now_us: u64,
}

impl Facts for MadeUp {
    fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    fn now_us(&self) -> u64 {
        self.now_us
    }

    fn memory(&self) -> MemoryFigures {
        MemoryFigures::default()
    }

    fn cpu(&self) -> Option<CpuTimes> {
        None
    }

    fn actors(&self) -> Vec<ActorReport> {
        Vec::new()
    }

    fn lazyfree_pending(&self) -> u64 {
        0
    }

    fn lazyfreed(&self) -> u64 {
        0
    }

    fn rewrite_config(&self, _: &Config) -> Result<(), String> {
        Ok(())
    }

    fn read_users(&self, _: &Config) -> Result<Vec<u8>, String> {
        Err("no files".to_owned())
    }

    fn write_users(&self, _: &Config, _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn fill_secret(&self, _: &mut [u8]) -> Result<(), String> {
        Ok(())
    }
}
