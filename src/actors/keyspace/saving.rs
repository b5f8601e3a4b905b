//! Snapshots and rewrites of the log: when they begin, and what follows from each report.
//!
//! A rewrite goes through three hands: the AofWriter begins a new increment at the very point of the image, the
//! Rewriter writes the image as a base, the AofWriter lets the base take the place of what came before. Until that
//! last step, which is one rename, the old files count. SAVE may come while a base is written, and so the Rewriter can
//! have a job of each kind, which it does one after the other.

use super::Keyspace;
use super::log::log_folder;
use crate::actors::aof_writer::folder::DiskFolder;
use crate::actors::aof_writer::{Start, SwitchBase};
use crate::actors::lock::DirectoryLock;
use crate::actors::rewriter::{Finished, Form, JobKind, JobReport, RewriterHandle, WriteFile};
use crate::commands::context::Facts;
use crate::config::values::AppendFsync;
use crate::persistence::rdb::file::WriteOptions;
use crate::store::Snapshot;
use actix::{Context, Handler, Message};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// After a snapshot that failed, the rules of `save` wait so long.
const SAVE_RETRY_MS: u64 = 5_000;

/// After a rewrite that failed, the next waits so long; twice as long after each further failure.
const REWRITE_RETRY_MS: u64 = 1_000;

/// The longest wait is this many doublings.
const REWRITE_RETRY_DOUBLINGS: u64 = 12;

/// Supervisor → Keyspace: nothing changes any more; hand over what is not written yet.
pub(crate) struct Quiesce {
    /// Whether to write a snapshot as the last thing; none leaves it to the options.
    pub(crate) save: Option<bool>,
    /// Told whether everything that was to be written here is on its way or written.
    pub(crate) done: oneshot::Sender<bool>,
}

impl Message for Quiesce {
    type Result = ();
}

/// How far a rewrite is.
#[derive(Default)]
enum Step {
    #[default]
    Idle,
    /// The AofWriter begins a new increment; the image is of that moment.
    Rotating(Vec<Snapshot>),
    /// The Rewriter writes the base.
    Writing,
    /// The AofWriter lets the base count.
    Switching,
}

/// What the Keyspace knows of the jobs.
pub(super) struct Saving {
    rewriter: RewriterHandle,
    step: Step,
    /// The number of the last job.
    number: u64,
    /// The jobs that the Rewriter has, one behind the other.
    snapshot: Option<Task>,
    base: Option<Task>,
    /// The shutdown that follows the snapshot if that succeeds: `now` and `save`.
    pub(super) shutdown: Option<(bool, Option<bool>)>,
    /// What is still to be done at the end of the server.
    farewell: Option<Farewell>,
    /// How far the memory is put in order that changes during a job have cost.
    settling: Option<(usize, usize)>,
    /// The lock on the data directory, once something was written there.
    lock: Option<DirectoryLock>,
}

/// The end of the server: a log without its first base gets it, as it would not count otherwise, then a last snapshot
/// is written.
struct Farewell {
    base: bool,
    snapshot: bool,
    ok: bool,
    /// Told whether everything that was to be written here is on its way or written.
    done: oneshot::Sender<bool>,
}

/// A job of the Rewriter; reports of others are late.
struct Task {
    number: u64,
    /// Ends it.
    cancel: Arc<AtomicBool>,
}

impl Saving {
    fn task(&mut self, job: &JobKind) -> &mut Option<Task> {
        match job {
            JobKind::Snapshot { .. } => &mut self.snapshot,
            JobKind::Base { .. } => &mut self.base,
        }
    }

    /// Has a job end soon; its report is not waited for.
    fn cancel(task: &mut Option<Task>) {
        if let Some(task) = task.take() {
            task.cancel.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn new(rewriter: RewriterHandle, lock: Option<DirectoryLock>) -> Self {
        Self {
            rewriter,
            step: Step::Idle,
            number: 0,
            snapshot: None,
            base: None,
            shutdown: None,
            farewell: None,
            settling: None,
            lock,
        }
    }
}

impl Keyspace {
    /// Sees to it that no other server writes into the data directory.
    pub(super) fn lock_directory(&mut self) -> Result<(), String> {
        if self.saving.lock.is_none() {
            let lock = DirectoryLock::acquire(&self.config.dir, self.facts.fixed().port);
            self.saving.lock = Some(lock.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    fn rdb_options(&self, aof_base: bool) -> WriteOptions {
        WriteOptions {
            compression: self.config.rdbcompression,
            checksum: self.config.rdbchecksum,
            aof_base,
            uses: self.config.maxmemory_policy.goes_by_uses(),
            created_unix_s: self.now_ms / 1000,
            used_memory_bytes: self.facts.memory().used_bytes.unwrap_or(0),
        }
    }

    fn write_file(
        &mut self,
        databases: Vec<Snapshot>,
        folder: Arc<dyn crate::actors::aof_writer::folder::Folder>,
        form: Form,
        job: JobKind,
    ) {
        let cancelled = Arc::new(AtomicBool::new(false));
        self.saving.number += 1;
        let number = self.saving.number;
        *self.saving.task(&job) = Some(Task { number, cancel: Arc::clone(&cancelled) });
        self.saving.rewriter.write(WriteFile { databases, folder, form, job, number, cancelled });
    }

    /// Begins to write a snapshot.
    pub(super) fn start_snapshot(&mut self) {
        if self.durability.snapshot.save.runs() {
            return;
        }
        self.durability.snapshot.save.begin(self.now_ms);
        self.durability.snapshot.changes_at_start = self.statistics.changes;
        if let Err(reason) = self.lock_directory() {
            self.snapshot_done(Err(reason));
            self.job_ended();
            return;
        }
        let folder = Arc::new(DiskFolder::new(self.config.dir.clone()));
        let form = Form::Rdb(self.rdb_options(false));
        let job = JobKind::Snapshot { name: self.config.dbfilename.clone() };
        tracing::info!("background saving started");
        self.write_file(self.store.snapshot(), folder, form, job);
        self.adjust_sync_policy();
    }

    fn snapshot_done(&mut self, outcome: Result<Finished, String>) {
        let ok = outcome.is_ok();
        self.durability.snapshot.save.end(self.now_ms, ok);
        match outcome {
            Ok(Finished { written, took, .. }) => {
                self.durability.snapshot.last_save_ms = self.now_ms;
                self.statistics.changes -= self.durability.snapshot.changes_at_start;
                tracing::info!(keys = written.keys, bytes = written.bytes, ?took, "snapshot written");
            }
            Err(reason) => tracing::error!(reason, "the snapshot could not be written"),
        }
        if let Some(farewell) = &mut self.saving.farewell {
            farewell.ok &= ok;
        }
        self.resume_after_snapshot(ok);
        self.shutdown_saved(ok);
        self.reload_after_snapshot(ok);
    }

    /// Begins to rewrite the log.
    pub(super) fn start_rewrite(&mut self) {
        if self.durability.log.rewrite.runs() {
            return;
        }
        if self.durability.snapshot.save.runs() {
            self.durability.log.rewrite.scheduled = true;
            return;
        }
        self.durability.log.rewrite.begin(self.now_ms);
        if let Err(reason) = self.lock_directory() {
            self.rewrite_failed(&reason);
            return;
        }
        self.begin_again_if_removed();
        tracing::info!("rewrite of the log started");
        let image = self.store.snapshot();
        if self.log.is_on() {
            self.log.rotate();
            self.saving.step = Step::Rotating(image);
        } else {
            // Without a log there is nothing to follow the base.
            self.write_base(image, 0);
        }
    }

    /// The AofWriter has begun the increment that follows the image.
    pub(super) fn log_rotated(&mut self, outcome: Result<u64, String>) {
        let Step::Rotating(image) = std::mem::take(&mut self.saving.step) else { return };
        match outcome {
            Ok(first_increment) => self.write_base(image, first_increment),
            Err(reason) => self.rewrite_failed(&reason),
        }
    }

    fn write_base(&mut self, image: Vec<Snapshot>, first_increment: u64) {
        let form = if self.config.aof_use_rdb_preamble {
            Form::Rdb(self.rdb_options(true))
        } else {
            Form::Commands(self.config.aof_timestamp_enabled.then_some(self.now_ms / 1000))
        };
        let rdb = matches!(form, Form::Rdb(_));
        self.saving.step = Step::Writing;
        self.write_file(image, log_folder(&self.config), form, JobKind::Base { first_increment, rdb });
        self.adjust_sync_policy();
    }

    fn base_written(&mut self, outcome: Result<Finished, String>, first_increment: u64, rdb: bool) {
        if !matches!(self.saving.step, Step::Writing) {
            return;
        }
        match outcome {
            Ok(finished) => {
                self.saving.step = Step::Switching;
                self.log.writer.send(SwitchBase {
                    finished: finished.name,
                    rdb,
                    first_increment,
                    folder: log_folder(&self.config),
                    name: self.config.appendfilename.clone(),
                });
            }
            Err(reason) => self.rewrite_failed(&reason),
        }
    }

    /// The new base counts.
    pub(super) fn base_switched(&mut self, outcome: Result<u64, String>) {
        if !matches!(std::mem::take(&mut self.saving.step), Step::Switching) {
            return;
        }
        match outcome {
            Ok(len_bytes) => {
                let log = &mut self.durability.log;
                (log.size_bytes, log.base_size_bytes) = (len_bytes, len_bytes);
                log.awaits_base = false;
                self.log_restored();
                let log = &mut self.durability.log;
                log.rewrite.end(self.now_ms, true);
                tracing::info!(bytes = len_bytes, "the log is rewritten");
                self.resume_suspended();
                self.job_ended();
            }
            Err(reason) => self.rewrite_failed(&reason),
        }
    }

    /// A rewrite in the hands of an actor that has failed is over.
    pub(super) fn rewrite_interrupted(&mut self, reason: &str) {
        if matches!(self.saving.step, Step::Rotating(_) | Step::Switching) {
            self.rewrite_failed(reason);
        }
    }

    fn rewrite_failed(&mut self, reason: &str) {
        self.saving.step = Step::Idle;
        self.durability.log.rewrite.end(self.now_ms, false);
        tracing::error!(reason, "the log could not be rewritten; the old files still count");
        self.job_ended();
    }

    /// Gives up a rewrite, as the log ends.
    pub(super) fn cancel_rewrite(&mut self, reason: &str) {
        if self.durability.log.rewrite.runs() {
            Saving::cancel(&mut self.saving.base);
            self.rewrite_failed(reason);
        }
        self.durability.log.rewrite.scheduled = false;
    }

    /// Begins what had to wait for the end of another job.
    fn job_ended(&mut self) {
        self.start_settling();
        self.adjust_sync_policy();
        if self.quiesced {
            self.go_on_ending();
            return;
        }
        // An image of half of the data is none; the next tick after it begins what is scheduled.
        if self.durability.loading.is_some() {
            return;
        }
        if self.durability.log.rewrite.scheduled {
            self.start_rewrite();
        } else if self.durability.snapshot.save.scheduled && !self.durability.log.rewrite.runs() {
            self.start_snapshot();
        }
    }

    /// Begins to put memory in order after a snapshot.
    pub(super) fn start_settling(&mut self) {
        self.saving.settling = Some((0, 0));
    }

    /// Whether that is still being done.
    pub(super) fn is_settling(&self) -> bool {
        self.saving.settling.is_some()
    }

    /// With every tick: goes on to put memory in order after a snapshot.
    pub(super) fn settle_store(&mut self) {
        if let Some(place) = self.saving.settling {
            self.saving.settling = self.store.settle(place);
        }
    }

    /// With every tick: begins what is scheduled and what the options ask for.
    pub(super) fn check_jobs(&mut self) {
        let runs = self.durability.snapshot.save.runs() || self.durability.log.rewrite.runs();
        if runs || self.durability.loading.is_some() || self.quiesced {
            return;
        }
        if self.durability.log.rewrite.scheduled || self.rewrite_is_due() {
            self.start_rewrite();
        } else if self.durability.snapshot.save.scheduled || self.snapshot_is_due() {
            self.start_snapshot();
        }
    }

    fn snapshot_is_due(&self) -> bool {
        let (snapshot, changes) = (&self.durability.snapshot, self.statistics.changes);
        let rested =
            snapshot.save.last_ok || self.now_ms.saturating_sub(snapshot.save.ended_ms) > SAVE_RETRY_MS;
        let elapsed_ms = self.now_ms.saturating_sub(snapshot.last_save_ms);
        rested
            && self.config.save.iter().any(|point| {
                changes >= u64::from(point.changes) && elapsed_ms > u64::from(point.seconds) * 1000
            })
    }

    fn rewrite_is_due(&self) -> bool {
        let log = &self.durability.log;
        let doublings = log.rewrite.failures_in_a_row.saturating_sub(1).min(REWRITE_RETRY_DOUBLINGS);
        let pause_ms = if log.rewrite.failures_in_a_row == 0 { 0 } else { REWRITE_RETRY_MS << doublings };
        if !log.enabled || self.now_ms.saturating_sub(log.rewrite.ended_ms) < pause_ms {
            return false;
        }
        let percentage = u64::from(self.config.auto_aof_rewrite_percentage);
        let growth = log.size_bytes.saturating_sub(log.base_size_bytes) * 100 / log.base_size_bytes.max(1);
        let grown = percentage > 0
            && log.size_bytes > self.config.auto_aof_rewrite_min_size as u64
            && growth >= percentage;
        log.awaits_base || grown
    }

    /// `no-appendfsync-on-rewrite`: the disk is left to the job.
    pub(super) fn adjust_sync_policy(&mut self) {
        let runs = self.durability.snapshot.save.runs() || self.durability.log.rewrite.runs();
        let spared = runs && self.config.no_appendfsync_on_rewrite;
        self.log.set_policy(if spared { AppendFsync::No } else { self.config.appendfsync });
    }

    /// Puts a change of `appendonly` into effect.
    pub(super) fn switch_log(&mut self) {
        // Half of the data is not to become a base; the end of the loading comes back to it.
        if self.durability.loading.is_some() {
            return;
        }
        if self.config.appendonly && !self.durability.log.enabled {
            if let Err(reason) = self.lock_directory() {
                tracing::error!(reason, "appendonly cannot be switched on");
                self.config.appendonly = false;
                return;
            }
            self.durability.log.enabled = true;
            self.durability.log.awaits_base = true;
            let seq = self.log.seq();
            self.log.begin(&self.config, Start::Afresh { seq });
            self.start_rewrite();
        } else if !self.config.appendonly && self.durability.log.enabled {
            self.cancel_rewrite("appendonly was switched off");
            self.log.end();
            self.log_restored();
            self.durability.log = crate::commands::durability::LogState {
                rewrite: self.durability.log.rewrite.clone(),
                ..Default::default()
            };
        }
    }

    /// Does what is next at the end of the server.
    fn go_on_ending(&mut self) {
        let Some(farewell) = &mut self.saving.farewell else { return };
        if std::mem::take(&mut farewell.base) {
            // One that runs is as good.
            self.start_rewrite();
            return;
        }
        farewell.ok &= !self.durability.log.awaits_base;
        if std::mem::take(&mut farewell.snapshot) {
            self.start_snapshot();
            return;
        }
        if let Some(Farewell { ok, done, .. }) = self.saving.farewell.take() {
            // The Supervisor may not wait any longer.
            let _ = done.send(ok);
        }
    }
}

impl Handler<JobReport> for Keyspace {
    type Result = ();

    fn handle(&mut self, JobReport { number, job, outcome }: JobReport, ctx: &mut Context<Self>) {
        self.links.health.taken();
        self.read_clock();
        if self.saving.task(&job).take_if(|task| task.number == number).is_none() {
            return;
        }
        match job {
            JobKind::Snapshot { .. } => {
                self.snapshot_done(outcome);
                self.job_ended();
            }
            JobKind::Base { first_increment, rdb } => self.base_written(outcome, first_increment, rdb),
        }
        self.wind_up(ctx);
    }
}

impl Handler<Quiesce> for Keyspace {
    type Result = ();

    fn handle(&mut self, Quiesce { save, done }: Quiesce, _: &mut Context<Self>) {
        self.links.health.taken();
        self.read_clock();
        self.quiesced = true;
        Saving::cancel(&mut self.saving.snapshot);
        self.saving.shutdown = None;
        self.durability.snapshot.save.started_ms = None;
        let base = self.durability.log.awaits_base;
        if !base {
            Saving::cancel(&mut self.saving.base);
            // An increment that has just begun is one more, no base follows it.
            self.saving.step = Step::Idle;
        }
        self.log.send();
        let snapshot = self.durability.loading.is_none()
            && save.unwrap_or(!self.config.save.is_empty())
            && !self.is_saved_for_shutdown();
        self.saving.farewell = Some(Farewell { base, snapshot, ok: self.log.is_safe(), done });
        self.go_on_ending();
    }
}
