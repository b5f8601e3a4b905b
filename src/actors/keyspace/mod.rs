//! The Keyspace: the one actor that owns all data; every command runs here, one after another.
//!
//! It takes [`messages`] from Connections (batches of commands), the Expiry (ticks) and the Supervisor, lends
//! store, sessions and options to the commands (`batch`), and carries out what they ask for beyond their reply
//! (`controls`). It never waits: whatever needs waiting for is another actor's work.
//!
//! After a panic the guard calls [`restarting`](actix::Supervised::restarting): the batch in progress is
//! answered, and the data is made sound again (`rebuilding`).

mod batch;
mod blocked;
mod eviction;
mod execution;
mod controls;
mod log;
mod saving;
mod loading;
mod suspended;
mod facts;
mod farewell;
mod mail;
mod memory;
mod messages;
mod monitors;
mod plain;
mod postponed;
mod random;
mod rebuilding;
mod reclaim;
mod suspects;
mod ticks;

pub(crate) use controls::connection_settings;
pub(crate) use facts::SystemFacts;
pub(crate) use messages::{CloseClients, Count, Disconnect, KeyspaceHandle, Tick, Work};
pub(crate) use random::system_random;
pub(crate) use reclaim::Reclaimer;
pub(crate) use saving::Quiesce;

use self::batch::Current;
use self::blocked::Blocked;
use self::eviction::Eviction;
use self::loading::{Loader, Reload};
use self::log::LogFeed;
use self::mail::Mail;
use self::messages::{Connect, Execute};
use self::monitors::Monitors;
use self::postponed::Postponed;
use self::rebuilding::Rebuilding;
use self::saving::Saving;
use self::suspects::Suspects;
use self::suspended::Suspended;
use super::aof_writer::AofWriterHandle;
use super::clock::Clock;
use super::connection::{Connection, Drain};
use super::expiry::ExpiryHandle;
use super::listener::Admission;
use super::lock::DirectoryLock;
use super::rewriter::RewriterHandle;
use super::supervision::{Health, Provocable, SupervisorHandle, provocable};
use crate::commands::acl::Acl;
use crate::commands::durability::Durability;
use crate::commands::effects::Control;
use crate::commands::history::History;
use crate::commands::propagation::Record;
use crate::commands::session::{Clients, Slot};
use crate::commands::statistics::Statistics;
use crate::config::Config;
use crate::server::SetLogLevel;
use crate::store::Random;
use crate::store::{HashKey, Store};
use actix::{Actor, Addr, Context, Handler, Supervised};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The actor that owns all data.
pub(crate) struct Keyspace {
    store: Store,
    clients: Clients,
    /// Where each client's replies go, by the session's slot.
    connections: Vec<Option<Addr<Connection>>>,
    config: Config,
    statistics: Statistics,
    history: History,
    /// Measures how long commands take.
    stopwatch: quanta::Clock,
    facts: SystemFacts,
    clock: Clock,
    /// Unix time in milliseconds, read once per message.
    now_ms: u64,
    random: Random,
    current: Option<Current>,
    /// The batch in whose middle others are served.
    interrupted: Option<Current>,
    /// Batches that wait for keys.
    blocked: Blocked,
    /// Batches that wait for the end of a pause.
    postponed: Vec<Postponed>,
    /// Batches that wait for something to happen.
    suspended: Vec<Suspended>,
    durability: Durability,
    log: LogFeed,
    /// What the command that runs leaves in the log.
    record: Record,
    saving: Saving,
    /// The loading at the start, while it lasts.
    loader: Option<Box<Loader>>,
    /// The rebuilding of the data after a panic, while it lasts.
    rebuilding: Option<Rebuilding>,
    suspects: Suspects,
    eviction: Eviction,
    reload: Reload,
    /// Whether the server is at its end, and nothing changes any more.
    quiesced: bool,
    /// Whether due keys are removed in the background (`DEBUG SET-ACTIVE-EXPIRE`).
    active_expire: bool,
    /// Messages that the batch in progress sends to others.
    mail: Mail,
    /// Clients that are shown every command.
    monitors: Monitors,
    /// Wishes of the batch in progress that reach beyond it.
    controls: Vec<Control>,
    /// Requests of the batch in progress that named no command.
    unknown: Vec<usize>,
    unknown_names: HashSet<String>,
    /// Told when the last client is gone, once the server shuts down.
    closing: Option<oneshot::Sender<()>>,
    links: Links,
}

/// The other actors as the Keyspace knows them.
pub(crate) struct Links {
    pub(crate) expiry: ExpiryHandle,
    pub(crate) supervisor: SupervisorHandle,
    pub(crate) aof_writer: AofWriterHandle,
    pub(crate) rewriter: RewriterHandle,
    /// Told when the data is loaded, or why it cannot be.
    pub(crate) loaded: Option<oneshot::Sender<Result<(), String>>>,
    /// The lock on the data directory, where the options ask for files from the beginning.
    pub(crate) lock: Option<DirectoryLock>,
    pub(crate) admission: Arc<Admission>,
    /// Whom `DEBUG PANIC` and `DEBUG FREEZE` reach.
    pub(crate) provocable: Provocable,
    pub(crate) health: Arc<Health>,
    /// Changes how much the program logs, where the program has handed that over.
    pub(crate) set_log_level: Option<SetLogLevel>,
}

impl Keyspace {
    /// An empty keyspace.
    pub(crate) fn new(config: Config, acl: Acl, clock: Clock, facts: SystemFacts, mut links: Links) -> Self {
        let mut clients = Clients::default();
        clients.set_acl(acl);
        let log = LogFeed::new(links.aof_writer.clone());
        let saving = Saving::new(links.rewriter.clone(), links.lock.take());
        let hash_key = HashKey(system_random(), system_random());
        let store = Store::new(config.databases, hash_key);
        let mut history = History::default();
        history.adjust(&config);
        let mut keyspace = Self {
            store,
            clients,
            connections: Vec::new(),
            config,
            statistics: Statistics::default(),
            history,
            stopwatch: quanta::Clock::new(),
            facts,
            now_ms: clock.now_ms(),
            clock,
            random: Random::new(system_random()),
            current: None,
            interrupted: None,
            blocked: Blocked::default(),
            postponed: Vec::new(),
            suspended: Vec::new(),
            durability: Durability::default(),
            log,
            record: Record::default(),
            saving,
            loader: None,
            rebuilding: None,
            suspects: Suspects::default(),
            eviction: Eviction::default(),
            reload: Reload::Idle,
            quiesced: false,
            active_expire: true,
            mail: Mail::default(),
            monitors: Monitors::default(),
            controls: Vec::new(),
            unknown: Vec::new(),
            unknown_names: HashSet::new(),
            closing: None,
            links,
        };
        keyspace.adjust_commands();
        keyspace
    }

    /// Looks at the clock, by which commands run and uses of keys are marked until the next look.
    fn read_clock(&mut self) {
        self.now_ms = self.clock.now_ms();
        self.store.set_clock(self.now_ms);
    }

    /// The connection of the client in `slot`.
    fn connection(&self, slot: Slot) -> Option<&Addr<Connection>> {
        self.connections.get(slot).and_then(Option::as_ref)
    }

    /// Tells the Supervisor when it waits for the last client to go and there is none.
    fn check_closing(&mut self) {
        if self.clients.is_empty() {
            if let Some(gone) = self.closing.take() {
                // The Supervisor may have stopped waiting at its deadline.
                let _ = gone.send(());
            }
        }
    }
}

impl Actor for Keyspace {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // After a restart there is nobody left who waits for the data to be loaded.
        if self.links.loaded.is_some() {
            self.begin_loading(ctx);
        }
    }
}

impl Supervised for Keyspace {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.unknown.clear();
        self.log.forget_torn_unit();
        self.loading_failed();
        self.blocked.forget_timer();
        self.forget_eviction();
        self.abandon_current();
        self.current = self.interrupted.take();
        self.abandon_current();
        self.send_mail();
        // The commands before the one that failed are answered, so what they asked for is due as well.
        self.carry_out_controls();
        self.links.expiry.ticked(false);
        self.recover_data();
    }
}

provocable!(Keyspace, links.health);

impl Handler<Connect> for Keyspace {
    type Result = ();

    fn handle(&mut self, Connect { mut session, connection }: Connect, _: &mut Context<Self>) {
        self.links.health.taken();
        self.read_clock();
        session.created_ms = self.now_ms;
        session.active_ms = self.now_ms;
        self.statistics.connections_received += 1;
        if self.closing.is_some() {
            connection.do_send(Drain);
        }
        let slot = self.clients.insert(session);
        if slot >= self.connections.len() {
            self.connections.resize_with(slot + 1, || None);
        }
        self.connections[slot] = Some(connection);
    }
}

impl Handler<Execute> for Keyspace {
    type Result = ();

    fn handle(&mut self, Execute { client, work }: Execute, ctx: &mut Context<Self>) {
        self.links.health.taken();
        if let Some(slot) = self.clients.slot(client) {
            self.run(slot, work);
            self.wind_up(ctx);
        }
    }
}

impl Handler<Disconnect> for Keyspace {
    type Result = ();

    fn handle(&mut self, Disconnect(client): Disconnect, _: &mut Context<Self>) {
        self.links.health.taken();
        self.blocked.forget(client);
        if let Some(slot) = self.clients.slot(client) {
            self.clients.remove(client);
            self.connections[slot] = None;
            self.feed_monitors(Some(slot));
        }
        self.check_closing();
    }
}

impl Handler<Count> for Keyspace {
    type Result = ();

    fn handle(&mut self, what: Count, _: &mut Context<Self>) {
        self.links.health.taken();
        let counter = match what {
            Count::Rejected => &mut self.statistics.connections_rejected,
            Count::OutputLimit => &mut self.statistics.output_limit_disconnections,
            Count::QueryLimit => &mut self.statistics.query_limit_disconnections,
        };
        *counter += 1;
    }
}

impl Handler<CloseClients> for Keyspace {
    type Result = ();

    fn handle(&mut self, CloseClients { gone, now }: CloseClients, _: &mut Context<Self>) {
        self.links.health.taken();
        // Nobody is kept waiting beyond the end.
        self.clients.unpause();
        self.resume_postponed();
        for connection in self.connections.iter().flatten() {
            if now {
                connection.do_send(super::connection::Close);
            } else {
                connection.do_send(Drain);
            }
        }
        self.close_blocked();
        self.closing = Some(gone);
        self.resume_suspended();
        self.check_closing();
    }
}
