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
mod messages;
#[cfg(test)]
pub(crate) mod simulated;

pub(crate) use log::{Mark, Piece, Position, Start, manifest_name};
pub(crate) use messages::{
    AofWriterHandle, Append, Begin, LogReport, Rotate, SetPolicy, Settle, SwitchBase, SyncNow,
};

use super::keyspace::KeyspaceHandle;
use super::supervision::{Health, provocable};
use crate::config::values::AppendFsync;
use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};
use folder::Folder;
use log::Log;
use messages::{Flush, Seal};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// With `appendfsync everysec`, how long a write may wait to be made durable.
const SYNC_PERIOD: Duration = Duration::from_secs(1);

/// With `appendfsync everysec`, more than this is not left to the next second: it would be one long wait.
const SYNC_BYTES: u64 = 16 * 1024 * 1024;

/// Pause before a disk that failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The actor that writes the log.
pub(crate) struct AofWriter {
    open: Option<OpenLog>,
    /// Whether somebody waits to hear that the log is open.
    begins: bool,
    policy: AppendFsync,
    keyspace: KeyspaceHandle,
    health: Arc<Health>,
    flush_due: bool,
    sync_timer: Option<SpawnHandle>,
    retry_timer: Option<SpawnHandle>,
    synced_at: Instant,
}

/// The log and what it takes to open it once more.
struct OpenLog {
    log: Log,
    folder: Arc<dyn Folder>,
    name: String,
    /// Where to go on after a panic, whatever state `log` is in then.
    position: Position,
}

impl AofWriter {
    /// An AofWriter without a log.
    pub(crate) fn new(keyspace: KeyspaceHandle, health: Arc<Health>) -> Self {
        Self {
            open: None,
            begins: false,
            policy: AppendFsync::default(),
            keyspace,
            health,
            flush_due: false,
            sync_timer: None,
            retry_timer: None,
            synced_at: Instant::now(),
        }
    }

    /// Does something with the log, and keeps where it stands where that survives a panic.
    fn with_log<T>(&mut self, act: impl FnOnce(&mut Log) -> io::Result<T>) -> io::Result<T> {
        let open = self.open.as_mut().ok_or_else(|| io::Error::other("there is no open log"))?;
        let outcome = act(&mut open.log);
        open.position = open.log.position();
        outcome
    }

    /// Writes what waits and syncs it as the policy says; the Keyspace hears of it.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        let written = self.with_log(Log::write);
        let Some(open) = &self.open else { return };
        let due = match self.policy {
            AppendFsync::Always => true,
            AppendFsync::Everysec => {
                self.synced_at.elapsed() >= SYNC_PERIOD || open.log.unsynced_bytes() >= SYNC_BYTES
            }
            AppendFsync::No => false,
        };
        let (synced, sync_time) = if due { self.sync() } else { (Ok(()), None) };
        if self.policy == AppendFsync::No {
            // Nobody is promised more than that the system has it; an error here is that of `write`.
            let _ = self.with_log(|log| {
                log.trust_written();
                Ok(())
            });
        }
        self.sync_later_if_needed(ctx);
        self.report(written.and(synced), sync_time, ctx);
    }

    fn sync(&mut self) -> (io::Result<()>, Option<Duration>) {
        let started = Instant::now();
        let synced = self.with_log(|log| {
            log.sync()?;
            if log.is_gone() { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
        });
        self.synced_at = Instant::now();
        (synced, Some(started.elapsed()))
    }

    fn sync_later_if_needed(&mut self, ctx: &mut Context<Self>) {
        let waits = self.open.as_ref().is_some_and(|open| open.log.durable() != open.log.written());
        if self.policy == AppendFsync::Everysec && waits && self.sync_timer.is_none() {
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
        let Some(open) = &self.open else { return };
        if outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            tracing::error!(folder = %open.log.folder_path().display(), "the file of the log has been removed");
            self.open = None;
            self.keyspace.report(LogReport::Removed);
            return;
        }
        let trouble = outcome.err().map(|error| error.to_string());
        if let Some(trouble) = &trouble {
            tracing::error!(trouble, folder = %open.log.folder_path().display(), "the log cannot be written");
        }
        self.keyspace.report(LogReport::Progress {
            written_seq: open.log.written().seq,
            durable_seq: open.log.durable().seq,
            synced_seq: open.log.synced_seq(),
            len_bytes: open.log.len_bytes(),
            sync_time,
            trouble: trouble.clone(),
        });
        if trouble.is_some() {
            self.retry_later(ctx);
        }
    }

    fn retry_later(&mut self, ctx: &mut Context<Self>) {
        if self.retry_timer.is_none() {
            self.retry_timer = Some(ctx.run_later(RETRY_PAUSE, |writer, ctx| {
                writer.retry_timer = None;
                writer.flush(ctx);
            }));
        }
    }

    fn open(&mut self, begin: Begin) -> io::Result<u64> {
        let Begin { folder, name, start, policy } = begin;
        let log = Log::open(Arc::clone(&folder), name.clone(), start)?;
        let (position, len_bytes) = (log.position(), log.len_bytes());
        self.policy = policy;
        self.open = Some(OpenLog { log, folder, name, position });
        Ok(len_bytes)
    }
}

/// Makes a log of a base alone, as `BGREWRITEAOF` does while nothing is logged.
fn adopt_base(folder: Arc<dyn Folder>, name: String, finished: &str, rdb: bool) -> io::Result<u64> {
    let mut log = Log::open(folder, name, Start::Afresh { seq: 0 })?;
    let increment = log.position().file.number;
    log.switch_base(finished, rdb, increment).map(|()| log.len_bytes())
}

impl Actor for AofWriter {
    type Context = Context<Self>;
}

impl Supervised for AofWriter {
    fn restarting(&mut self, _: &mut Context<Self>) {
        (self.flush_due, self.sync_timer, self.retry_timer) = (false, None, None);
        if std::mem::take(&mut self.begins) {
            self.open = None;
            self.keyspace.report(LogReport::Begun(Err("the aof_writer failed".to_owned())));
        }
        let Some(open) = &mut self.open else { return };
        let start = Start::Resume(open.position.clone());
        // A log that cannot be opened is one more failure, which the guard counts.
        open.log = Log::open(Arc::clone(&open.folder), open.name.clone(), start)
            .unwrap_or_else(|error| panic!("cannot open the log again: {error}"));
        self.keyspace.report(LogReport::Resend { durable_seq: open.position.durable.seq });
    }
}

provocable!(AofWriter, health);

impl Handler<Begin> for AofWriter {
    type Result = ();

    fn handle(&mut self, begin: Begin, _: &mut Context<Self>) {
        self.health.taken();
        self.begins = true;
        let begun = self.open(begin);
        self.begins = false;
        self.keyspace.report(LogReport::Begun(begun.map_err(|error| error.to_string())));
    }
}

impl Handler<Append> for AofWriter {
    type Result = ();

    fn handle(&mut self, Append(piece): Append, ctx: &mut Context<Self>) {
        self.health.taken();
        if let Some(open) = &mut self.open {
            open.log.keep(piece);
        }
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

impl Handler<SyncNow> for AofWriter {
    type Result = ();

    fn handle(&mut self, _: SyncNow, ctx: &mut Context<Self>) {
        self.health.taken();
        let written = self.with_log(Log::write);
        let (synced, sync_time) = self.sync();
        self.report(written.and(synced), sync_time, ctx);
    }
}

impl Handler<Settle> for AofWriter {
    type Result = ();

    fn handle(&mut self, Settle { number }: Settle, ctx: &mut Context<Self>) {
        self.health.taken();
        let written = self.with_log(Log::write);
        let (synced, sync_time) = self.sync();
        let durable_seq = self.open.as_ref().map(|open| open.log.durable().seq);
        let outcome = match (&written, &synced, durable_seq) {
            (Ok(()), Ok(()), Some(durable_seq)) => Ok(durable_seq),
            (Err(error), ..) | (_, Err(error), _) => Err(error.to_string()),
            (.., None) => Err("there is no open log".to_owned()),
        };
        self.report(written.and(synced), sync_time, ctx);
        self.keyspace.report(LogReport::Settled { number, outcome });
    }
}

impl Handler<Rotate> for AofWriter {
    type Result = ();

    fn handle(&mut self, _: Rotate, _: &mut Context<Self>) {
        self.health.taken();
        let rotated = self.with_log(Log::rotate);
        self.keyspace.report(LogReport::Rotated(rotated.map_err(|error| error.to_string())));
    }
}

impl Handler<SwitchBase> for AofWriter {
    type Result = ();

    fn handle(&mut self, switch: SwitchBase, _: &mut Context<Self>) {
        self.health.taken();
        let SwitchBase { finished, rdb, first_increment, folder, name } = switch;
        let switched = match &self.open {
            Some(_) => self
                .with_log(|log| log.switch_base(&finished, rdb, first_increment).map(|()| log.len_bytes())),
            None => adopt_base(folder, name, &finished, rdb),
        };
        self.keyspace.report(LogReport::Switched(switched.map_err(|error| error.to_string())));
    }
}

impl Handler<Seal> for AofWriter {
    type Result = ();

    fn handle(&mut self, Seal { sealed }: Seal, ctx: &mut Context<Self>) {
        self.health.taken();
        let outcome = match &self.open {
            Some(_) => self.with_log(|log| log.write().and_then(|()| log.sync())),
            None => Ok(()),
        };
        for timer in [self.sync_timer.take(), self.retry_timer.take()].into_iter().flatten() {
            ctx.cancel_future(timer);
        }
        self.open = None;
        // Whoever asked may have passed its deadline.
        let _ = sealed.send(outcome);
    }
}
