//! The AofWriter: writes the log on a thread of its own.
//!
//! The Keyspace sends pieces of the log; the AofWriter writes and syncs them and answers how far the log is
//! written and durable. Pieces that arrive together are written together: the flush runs when the mailbox is
//! empty, so that with `appendfsync always` one sync serves everyone who waits. A disk that fails is tried
//! again until it heals; meanwhile the Keyspace knows, and refuses writes.
//!
//! After a panic the log is opened again at the last durable place and the Keyspace asked to send again what
//! follows it.

pub(crate) mod folder;
mod log;
#[cfg(test)]
pub(crate) mod simulated;

pub(crate) use log::{Log, Mark, Piece, manifest_name};

use super::keyspace::KeyspaceHandle;
use super::supervision::Health;
use crate::config::values::AppendFsync;
use crate::persistence::aof::Manifest;
use actix::{
    Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, MessageResult, SpawnHandle,
    Supervised,
};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// With `appendfsync everysec`, how long a write may wait to be made durable.
const SYNC_PERIOD: Duration = Duration::from_secs(1);

/// Pause before a disk that failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// What a restart goes on from; kept outside the actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The files of the log.
    pub(crate) manifest: Manifest,
    /// How far it is durable.
    pub(crate) durable: Mark,
}

/// Opens the log at a place: at the start and after a panic.
pub(crate) type OpenLog = Box<dyn Fn(&Progress) -> io::Result<Log> + Send>;

/// The actor that writes the log.
pub(crate) struct AofWriter {
    log: Log,
    open: OpenLog,
    policy: AppendFsync,
    progress: Arc<Mutex<Progress>>,
    keyspace: KeyspaceHandle,
    health: Arc<Health>,
    flush_due: bool,
    sync_timer: Option<SpawnHandle>,
    retry_timer: Option<SpawnHandle>,
    synced_at: Instant,
}

/// AofWriter → Keyspace: how far the log has come.
pub(crate) struct Logged {
    /// The last unit that is written.
    pub(crate) written_seq: u64,
    /// The last unit that is durable.
    pub(crate) durable_seq: u64,
    /// What is wrong with the disk, if anything.
    pub(crate) trouble: Option<String>,
    /// How long the sync took, if there was one.
    pub(crate) sync_time: Option<Duration>,
}

/// Keyspace → AofWriter: append a piece.
pub(crate) struct Append(pub(crate) Piece);

/// AofWriter → itself: the mailbox is empty, write.
struct Flush;

/// Keyspace → AofWriter: the option `appendfsync` changed.
pub(crate) struct SetPolicy(pub(crate) AppendFsync);

/// Keyspace → AofWriter: begin a new increment; answers its number.
pub(crate) struct Rotate;

/// Rewriter → AofWriter: a new base is finished.
pub(crate) struct SwitchBase {
    /// The finished file's name in the log's folder.
    pub(crate) finished: String,
    /// Whether it is RDB rather than commands.
    pub(crate) rdb: bool,
    /// The increment that follows it.
    pub(crate) first_increment: u64,
}

/// Supervisor → AofWriter: write and sync everything, then stop; answers whether that worked.
pub(crate) struct Seal;

impl Message for Append {
    type Result = ();
}
impl Message for Flush {
    type Result = ();
}
impl Message for SetPolicy {
    type Result = ();
}
impl Message for Rotate {
    type Result = io::Result<u64>;
}
impl Message for SwitchBase {
    type Result = io::Result<Manifest>;
}
impl Message for Seal {
    type Result = io::Result<u64>;
}

impl AofWriter {
    /// Opens the log at `progress`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn new(
        open: OpenLog,
        progress: Progress,
        policy: AppendFsync,
        keyspace: KeyspaceHandle,
        health: Arc<Health>,
    ) -> io::Result<Self> {
        let log = open(&progress)?;
        let progress = Progress { manifest: log.manifest().clone(), durable: log.durable() };
        Ok(Self {
            log,
            open,
            policy,
            progress: Arc::new(Mutex::new(progress)),
            keyspace,
            health,
            flush_due: false,
            sync_timer: None,
            retry_timer: None,
            synced_at: Instant::now(),
        })
    }

    /// Writes what waits and syncs it as the policy says; the Keyspace hears of it.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        let written = self.log.write();
        let due = match self.policy {
            AppendFsync::Always => true,
            AppendFsync::Everysec => self.synced_at.elapsed() >= SYNC_PERIOD,
            AppendFsync::No => {
                self.log.trust_written();
                false
            }
        };
        let (synced, sync_time) = if due { self.sync() } else { (Ok(()), None) };
        if self.policy == AppendFsync::Everysec && self.log.durable() != self.log.written() {
            self.sync_later(ctx);
        }
        self.report(written.and(synced), sync_time, ctx);
    }

    fn sync(&mut self) -> (io::Result<()>, Option<Duration>) {
        let started = Instant::now();
        let synced = self.log.sync();
        self.synced_at = Instant::now();
        (synced, Some(started.elapsed()))
    }

    fn sync_later(&mut self, ctx: &mut Context<Self>) {
        if self.sync_timer.is_none() {
            let pause = SYNC_PERIOD.saturating_sub(self.synced_at.elapsed());
            self.sync_timer = Some(ctx.run_later(pause, |writer, ctx| {
                writer.sync_timer = None;
                let (synced, sync_time) = writer.sync();
                writer.report(synced, sync_time, ctx);
            }));
        }
    }

    /// Tells the Keyspace how far the log has come, and tries again later where that is not far enough.
    fn report(&mut self, outcome: io::Result<()>, sync_time: Option<Duration>, ctx: &mut Context<Self>) {
        let trouble = outcome.err().map(|error| error.to_string());
        if let Some(trouble) = &trouble {
            tracing::error!(trouble, folder = %self.log.folder_path().display(), "the log cannot be written");
            self.retry_later(ctx);
        }
        self.remember();
        self.keyspace.logged(Logged {
            written_seq: self.log.written().seq,
            durable_seq: self.log.durable().seq,
            trouble,
            sync_time,
        });
    }

    fn retry_later(&mut self, ctx: &mut Context<Self>) {
        if self.retry_timer.is_none() {
            self.retry_timer = Some(ctx.run_later(RETRY_PAUSE, |writer, ctx| {
                writer.retry_timer = None;
                writer.flush(ctx);
            }));
        }
    }

    /// Keeps what a restart needs where it survives.
    fn remember(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.durable = self.log.durable();
        if progress.manifest != *self.log.manifest() {
            progress.manifest = self.log.manifest().clone();
        }
    }
}

impl Actor for AofWriter {
    type Context = Context<Self>;
}

impl Supervised for AofWriter {
    fn restarting(&mut self, _: &mut Context<Self>) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A log that cannot be opened is one more failure, which the guard counts.
        self.log =
            (self.open)(&progress).unwrap_or_else(|error| panic!("cannot open the log again: {error}"));
        (self.flush_due, self.sync_timer, self.retry_timer) = (false, None, None);
        self.keyspace.resend_log(progress.durable.seq);
    }
}

impl Handler<Append> for AofWriter {
    type Result = ();

    fn handle(&mut self, Append(piece): Append, ctx: &mut Context<Self>) {
        self.health.taken();
        self.log.keep(piece);
        if !self.flush_due {
            self.flush_due = true;
            ctx.notify(Flush);
        }
    }
}

impl Handler<Flush> for AofWriter {
    type Result = ();

    fn handle(&mut self, _: Flush, ctx: &mut Context<Self>) {
        self.flush_due = false;
        // While the disk is in trouble, only the retry's timer tries.
        if self.retry_timer.is_none() {
            self.flush(ctx);
        }
    }
}

impl Handler<SetPolicy> for AofWriter {
    type Result = ();

    fn handle(&mut self, SetPolicy(policy): SetPolicy, ctx: &mut Context<Self>) {
        self.health.taken();
        self.policy = policy;
        self.flush(ctx);
    }
}

impl Handler<Rotate> for AofWriter {
    type Result = MessageResult<Rotate>;

    fn handle(&mut self, _: Rotate, _: &mut Context<Self>) -> Self::Result {
        let rotated = self.log.rotate();
        self.remember();
        MessageResult(rotated)
    }
}

impl Handler<SwitchBase> for AofWriter {
    type Result = MessageResult<SwitchBase>;

    fn handle(&mut self, switch: SwitchBase, _: &mut Context<Self>) -> Self::Result {
        let switched = self.log.switch_base(&switch.finished, switch.rdb, switch.first_increment);
        self.remember();
        MessageResult(switched.map(|()| self.log.manifest().clone()))
    }
}

impl Handler<Seal> for AofWriter {
    type Result = MessageResult<Seal>;

    fn handle(&mut self, _: Seal, ctx: &mut Context<Self>) -> Self::Result {
        let sealed = self.log.write().and_then(|()| self.log.sync()).map(|()| self.log.durable().seq);
        ctx.stop();
        MessageResult(sealed)
    }
}

/// How others reach the AofWriter.
#[derive(Clone)]
pub(crate) struct AofWriterHandle {
    address: Addr<AofWriter>,
    health: Arc<Health>,
}

impl AofWriterHandle {
    pub(crate) fn new(address: Addr<AofWriter>, health: Arc<Health>) -> Self {
        Self { address, health }
    }

    /// Sends a piece of the log.
    pub(crate) fn append(&self, piece: Piece) {
        self.health.queued();
        self.address.do_send(Append(piece));
    }

    pub(crate) fn set_policy(&self, policy: AppendFsync) {
        self.health.queued();
        self.address.do_send(SetPolicy(policy));
    }

    /// Ends the log durably; says the last unit.
    pub(crate) async fn seal(&self) -> io::Result<u64> {
        self.address.send(Seal).await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    }
}
