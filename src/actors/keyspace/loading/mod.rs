//! Loading the data at the start, in slices, so that clients are answered in between.
//!
//! Files are read where the data is, by the Keyspace; after each slice it looks into its mailbox, and whoever asks
//! for data hears that it is still loading. What is loaded was acknowledged once: whatever cannot be read in full is
//! refused with its place, and no byte on disk changes, but for the torn end that a crash leaves.

mod plan;
mod reload;
mod source;

use super::Keyspace;
use crate::actors::aof_writer::{Mark, Position, Start};
use crate::commands::context::Context as CommandContext;
use crate::commands::durability::Loading;
use crate::commands::effects::Effects;
use crate::commands::session::{Clients, Session, Slot};
use crate::commands::{prepare, propagation};
use crate::exit::Exit;
use crate::persistence::aof::units::encode_words;
use crate::persistence::aof::{Replay, ReplayError};
use crate::persistence::rdb::file::{ReadOptions, Record};
use crate::resp::Batch;
use crate::store::Snapshot;
use actix::fut::wrap_future;
use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message};
pub(super) use plan::{After, Plan, plan_rebuild};
use plan::{DataFile, Role, plan, take_over};
pub(super) use reload::Reload;
use source::Source;
use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Read;
use std::time::{Duration, Instant};

/// How long the Keyspace loads before it looks after its clients.
const SLICE: Duration = Duration::from_millis(10);

/// Records between two looks at the time.
const RECORDS_PER_LOOK: usize = 256;

/// How often the log says how far the loading is.
const NOTE_PERIOD: Duration = Duration::from_secs(1);

/// What to do about a file that cannot be read.
const ADVICE: &str = "nothing was changed; look at it with memora-server --check-aof or --check-rdb";

/// Keyspace → itself: load the next slice.
pub(super) struct LoadSlice;

impl Message for LoadSlice {
    type Result = ();
}

/// The loading, as far as it has come.
pub(super) struct Loader {
    files: VecDeque<DataFile>,
    current: Option<(DataFile, Source)>,
    pub(super) after: After,
    /// The client that commands of the log run for.
    clients: Clients,
    slot: Slot,
    started: Instant,
    noted: Instant,
    /// Bytes of the files that are done.
    done_bytes: u64,
    /// How much of the last file is whole.
    end_bytes: u64,
    expired_keys: u64,
    /// The data before, where it is loaded anew.
    before: Option<Vec<Snapshot>>,
}

/// How a step ended.
enum Step {
    /// There is more.
    More,
    /// The file is done.
    FileEnded,
}

impl Loader {
    fn new(files: Vec<DataFile>, after: After) -> Self {
        let mut clients = Clients::default();
        let mut session = Session::new(0, String::new(), String::new(), false);
        session.authenticated = true;
        let slot = clients.insert(session);
        Self {
            files: files.into(),
            current: None,
            after,
            clients,
            slot,
            started: Instant::now(),
            noted: Instant::now(),
            done_bytes: 0,
            end_bytes: 0,
            expired_keys: 0,
            before: None,
        }
    }
}

impl Keyspace {
    /// Begins to load what the data directory holds.
    pub(super) fn begin_loading(&mut self, ctx: &mut Context<Self>) {
        self.durability.snapshot.last_save_ms = self.now_ms;
        match plan(&self.config) {
            Ok(plan) if plan.files.is_empty() => self.loaded(&Loader::new(Vec::new(), plan.after)),
            Ok(plan) => self.load_files(plan, ctx),
            Err(reason) => self.cannot_load(reason),
        }
    }

    /// Begins to load these files.
    pub(super) fn load_files(&mut self, plan: Plan, ctx: &mut Context<Self>) {
        let total_bytes = plan.files.iter().map(|file| file.len_bytes).sum();
        self.durability.loading = Some(Loading { started_ms: self.now_ms, total_bytes, loaded_bytes: 0 });
        tracing::info!(files = plan.files.len(), bytes = total_bytes, "loading the data");
        self.loader = Some(Box::new(Loader::new(plan.files, plan.after)));
        ctx.notify(LoadSlice);
    }

    /// After a panic while loading: what is there is not the data. The old data is put back where there is some, or
    /// will be rebuilt from the log; at the start there is nothing to go on with.
    pub(super) fn loading_failed(&mut self) {
        const REASON: &str = "the keyspace failed while it loaded the data";
        if self.durability.loading.is_none() || self.rebuilding.is_some() {
            return;
        }
        self.reload = Reload::Idle;
        match self.loader.take().and_then(|mut loader| loader.before.take()) {
            Some(before) => self.reload_failed(before, REASON),
            None if self.is_rebuildable() => self.resume_after_reload(false),
            None => self.cannot_load(REASON.to_owned()),
        }
    }

    fn cannot_load(&mut self, reason: String) {
        self.loader = None;
        tracing::error!(reason, "the data cannot be loaded");
        if let Some(loaded) = self.links.loaded.take() {
            // Whoever started the server may have stopped waiting.
            let _ = loaded.send(Err(reason));
        }
        // Nobody is to work with half of the data, or write it over the whole: the state stays "loading".
        self.durability.loading.get_or_insert_with(Loading::default);
        let exit = if self.rebuilding.is_some() { Exit::ChildGaveUp } else { Exit::CouldNotStart };
        self.links.supervisor.escalate(exit);
    }

    /// The data is there: the log goes on behind it, and clients are served.
    fn loaded(&mut self, loader: &Loader) {
        self.durability.loading = None;
        if loader.is_rebuilding() {
            self.rebuilt();
            return;
        }
        self.statistics.changes = 0;
        let start = match loader.after.clone() {
            After::NoLog | After::GoesOn => None,
            After::Resume(file) => {
                let durable = Mark { seq: 0, len_bytes: loader.end_bytes };
                Some(Start::Resume(Position { file, listed: true, durable }))
            }
            After::Next => Some(Start::Next),
            After::Afresh => Some(Start::Afresh { seq: 0 }),
            After::TakeOver(old) => match take_over(&old, &self.config) {
                Ok(()) => Some(Start::Next),
                Err(reason) => {
                    self.cannot_load(reason);
                    return;
                }
            },
        };
        let Some(start) = start else {
            self.announce_loaded(Ok(()));
            self.switch_log();
            return;
        };
        self.durability.log.enabled = true;
        let awaits_base = matches!(start, Start::Afresh { .. });
        self.durability.log.awaits_base = awaits_base;
        self.log.begin(&self.config, start);
        if awaits_base {
            self.start_rewrite();
        }
        self.switch_log();
    }

    /// The AofWriter has opened the log, or cannot.
    pub(super) fn log_begun(&mut self, outcome: Result<u64, String>) {
        match &outcome {
            Ok(len_bytes) => {
                let log = &mut self.durability.log;
                (log.size_bytes, log.base_size_bytes) = (*len_bytes, *len_bytes);
            }
            Err(reason) => {
                tracing::error!(reason, "the log cannot be opened");
                self.durability.log.trouble = Some(reason.clone());
            }
        }
        let failed_at_start = outcome.is_err() && self.links.loaded.is_some();
        self.announce_loaded(
            outcome.map(drop).map_err(|reason| format!("the log cannot be opened: {reason}")),
        );
        if failed_at_start {
            self.links.supervisor.escalate(Exit::CouldNotStart);
        }
    }

    fn announce_loaded(&mut self, outcome: Result<(), String>) {
        if let Some(loaded) = self.links.loaded.take() {
            // Whoever started the server may have stopped waiting.
            let _ = loaded.send(outcome);
        }
    }

    /// Loads until the slice is over. Answers whether all is loaded.
    fn load_slice(&mut self, loader: &mut Loader) -> Result<bool, String> {
        let slice = Instant::now();
        while slice.elapsed() < SLICE {
            let Some((file, mut source)) = loader.current.take() else {
                let Some(file) = loader.files.pop_front() else { return Ok(true) };
                let options = ReadOptions {
                    checksum: self.config.rdbchecksum,
                    databases: self.store.databases(),
                    ..ReadOptions::default()
                };
                let source = Source::open(&file, options, self.store.db_ref(0).builder())?;
                loader.current = Some((file, source));
                // Every file selects its database anew.
                loader.clients[loader.slot].database = 0;
                continue;
            };
            match self.load_step(loader, &file, &mut source)? {
                Step::More => {
                    let in_file = source.offset().unwrap_or(0);
                    loader.current = Some((file, source));
                    self.note_progress(loader, in_file);
                }
                Step::FileEnded => loader.done_bytes += file.len_bytes,
            }
        }
        Ok(false)
    }

    fn load_step(
        &mut self,
        loader: &mut Loader,
        file: &DataFile,
        source: &mut Source,
    ) -> Result<Step, String> {
        match source {
            Source::Ended => Ok(Step::FileEnded),
            Source::Rdb(_) => {
                if self.load_records(loader, file, source)? {
                    let rdb = std::mem::replace(source, Source::Ended);
                    *source = rdb.rdb_ended(file.role != Role::Snapshot);
                }
                Ok(Step::More)
            }
            Source::Commands(replay) => self.load_commands(loader, file, replay),
        }
    }

    /// Loads some records of an RDB file. Answers whether it has ended.
    fn load_records(
        &mut self,
        loader: &mut Loader,
        file: &DataFile,
        source: &mut Source,
    ) -> Result<bool, String> {
        let Source::Rdb(reader) = source else { return Ok(true) };
        let failed = |error| format!("{} {error}; {ADVICE}", file.path.display());
        for _ in 0..RECORDS_PER_LOOK {
            let Some(record) = reader.next_record().map_err(failed)? else { return Ok(true) };
            let Record::Key(key) = record else { continue };
            let is_due = key.deadline_ms.is_some_and(|deadline_ms| deadline_ms < self.now_ms);
            // A log goes on as if a key past its deadline were there; it tells itself when the key went.
            if is_due && file.role == Role::Snapshot {
                loader.expired_keys += 1;
                continue;
            }
            let database = self.store.db(key.database);
            if !key.insert(database) {
                return Err(failed(reader.twice()));
            }
            self.durability.loaded_keys += 1;
        }
        Ok(false)
    }

    fn load_commands(
        &mut self,
        loader: &mut Loader,
        file: &DataFile,
        replay: &mut Replay<Box<dyn Read + Send>>,
    ) -> Result<Step, String> {
        let before = replay.offset();
        match replay.next_batch() {
            Ok(Some(batch)) => {
                self.replay_batch(loader, file, &batch, before)?;
                replay.recycle(batch);
                Ok(Step::More)
            }
            Ok(None) => {
                loader.end_bytes = replay.offset();
                Ok(Step::FileEnded)
            }
            Err(ReplayError::Torn { whole_bytes }) => {
                self.cut_torn_end(file, whole_bytes)?;
                loader.end_bytes = whole_bytes;
                Ok(Step::FileEnded)
            }
            Err(error) => Err(format!("{}: {error}; {ADVICE}", file.path.display())),
        }
    }

    /// Cuts the last file off behind its last whole unit, where the options allow it.
    fn cut_torn_end(&self, file: &DataFile, whole_bytes: u64) -> Result<(), String> {
        let path = file.path.display();
        let cut_bytes = file.len_bytes.saturating_sub(whole_bytes);
        if file.role != Role::LogEnd {
            return Err(format!(
                "{path} ends in the middle of an entry, {whole_bytes} bytes of it are whole, and other files follow it; {ADVICE}"
            ));
        }
        if !self.config.aof_load_truncated {
            return Err(format!(
                "{path} ends in the middle of an entry, {whole_bytes} bytes of it are whole; aof-load-truncated yes, or memora-server --check-aof --fix, cuts off the rest; nothing was changed"
            ));
        }
        tracing::warn!(file = %path, whole_bytes, cut_bytes, "the log ends in the middle of an entry, which is cut off");
        let cut = OpenOptions::new().write(true).open(&file.path).and_then(|file| {
            file.set_len(whole_bytes)?;
            file.sync_all()
        });
        cut.map_err(|error| format!("{path}: cannot cut it off after {whole_bytes} bytes: {error}"))
    }

    fn replay_batch(
        &mut self,
        loader: &mut Loader,
        file: &DataFile,
        batch: &Batch,
        at: u64,
    ) -> Result<(), String> {
        for (index, argv) in batch.iter().enumerate() {
            let prepared = prepare(argv);
            if prepared.is_unknown() && !propagation::is_limit_of_unit(argv) {
                let name = argv.get(0).unwrap_or_default().escape_ascii();
                let at = at + bytes_before(batch, index);
                return Err(format!(
                    "{}: behind byte {at} there is the command '{name}', which Memora does not have; {ADVICE}",
                    file.path.display()
                ));
            }
            let mut context = CommandContext {
                is_full: false,
                argv,
                store: &mut self.store,
                clients: &mut loader.clients,
                me: loader.slot,
                config: &mut self.config,
                statistics: &mut self.statistics,
                history: &mut self.history,
                durability: &mut self.durability,
                facts: &self.facts,
                now_ms: self.now_ms,
                random: 0,
                effects: Effects::default(),
                record: None,
            };
            if let Err(fault) = propagation::replay(&mut context, &prepared) {
                let fault = String::from_utf8_lossy(&fault.into_bytes()).into_owned();
                tracing::warn!(file = %file.path.display(), behind_byte = at, fault, "a command of the log fails");
            }
        }
        Ok(())
    }

    fn note_progress(&mut self, loader: &mut Loader, in_file: u64) {
        let Some(loading) = &mut self.durability.loading else { return };
        loading.loaded_bytes = loader.done_bytes + in_file;
        if loader.noted.elapsed() < NOTE_PERIOD {
            return;
        }
        loader.noted = Instant::now();
        let share = loading.loaded_bytes as f64 / loading.total_bytes.max(1) as f64;
        let elapsed_s = loader.started.elapsed().as_secs_f64();
        let keys: usize = self.store.iter().map(crate::store::Database::len).sum();
        tracing::info!(
            percent = (share * 100.0) as u64,
            keys,
            megabytes_per_second = (loading.loaded_bytes as f64 / 1e6 / elapsed_s) as u64,
            seconds_left = (elapsed_s / share.max(f64::EPSILON) - elapsed_s) as u64,
            "loading"
        );
    }
}

/// How many bytes the requests before one of a batch take at least; remarks may stand between them.
fn bytes_before(batch: &Batch, index: usize) -> u64 {
    let mut bytes = Vec::new();
    batch.iter().take(index).for_each(|argv| encode_words(argv.iter(), &mut bytes));
    bytes.len() as u64
}

/// Asks for the next slice behind everyone who shares the thread: a message to oneself would come before them, and no
/// client would be heard until all is loaded.
fn load_next_slice(ctx: &mut Context<Keyspace>) {
    let others = wrap_future(tokio::task::yield_now());
    ctx.spawn(others.map(|(), _: &mut Keyspace, ctx| ctx.notify(LoadSlice)));
}

impl Handler<LoadSlice> for Keyspace {
    type Result = ();

    fn handle(&mut self, _: LoadSlice, ctx: &mut Context<Self>) {
        let Some(mut loader) = self.loader.take() else { return };
        self.read_clock();
        match self.load_slice(&mut loader) {
            Ok(false) => {
                self.loader = Some(loader);
                load_next_slice(ctx);
            }
            Ok(true) => {
                let keys: usize = self.store.iter().map(crate::store::Database::len).sum();
                self.durability.loaded_expired_keys = loader.expired_keys;
                tracing::info!(keys, duration = ?loader.started.elapsed(), "the data is loaded");
                match loader.before.take() {
                    Some(before) => self.reloaded(before),
                    None => self.loaded(&loader),
                }
                self.serve_ready();
                self.wind_up(ctx);
            }
            Err(reason) => match loader.before.take() {
                Some(before) => self.reload_failed(before, &reason),
                None => self.cannot_load(reason),
            },
        }
    }
}
