//! The Rewriter: writes snapshots and bases of the log from point-in-time images, on a thread of its own.
//!
//! An image shares its memory with the data and is copied on write, so nothing is forked and nobody waits. The
//! file is written beside the old one under a temporary name, synced, and put in its place at the end: whatever
//! happens before, the old file is whole. A panic loses the job, which is reported as failed. The thread has less
//! weight than others where the system allows it.

use super::aof_writer::folder::{Folder, NewFile};
use super::keyspace::KeyspaceHandle;
use super::supervision::{Health, provocable};
use crate::persistence::aof::base;
use crate::persistence::output::Written;
use crate::persistence::rdb::file::{self, WriteOptions};
use crate::store::Snapshot;
use actix::{Actor, Addr, Context, Handler, Message, Supervised};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is written is synced every so many bytes, so that the last sync is short and the system's caches are not
/// filled with what nobody reads.
const SYNC_BYTES: u64 = 32 * 1024 * 1024;

/// Keyspace → Rewriter: write a file; answered by [`JobReport`].
pub(crate) struct WriteFile {
    /// The data, one image for each database.
    pub(crate) databases: Vec<Snapshot>,
    /// Where the file is.
    pub(crate) folder: Arc<dyn Folder>,
    pub(crate) form: Form,
    pub(crate) job: JobKind,
    /// Tells its report from those of other jobs.
    pub(crate) number: u64,
    /// Set to end the job soon, which is then reported as failed.
    pub(crate) cancelled: Arc<AtomicBool>,
}

/// What the file looks like.
pub(crate) enum Form {
    Rdb(WriteOptions),
    /// Commands, with a remark about the time if one is given.
    Commands(Option<u64>),
}

/// What the file is for.
#[derive(Clone, Debug)]
pub(crate) enum JobKind {
    /// A snapshot, to be put in the place of the file of this name.
    Snapshot { name: String },
    /// A base of the log, which the AofWriter will put in its place.
    Base {
        /// The increment that follows it.
        first_increment: u64,
        /// Whether it is RDB rather than commands.
        rdb: bool,
    },
}

/// Rewriter → Keyspace: a job is over.
pub(crate) struct JobReport {
    pub(crate) number: u64,
    pub(crate) job: JobKind,
    /// The temporary name of a base, or why there is no file.
    pub(crate) outcome: Result<Finished, String>,
}

/// A file that is complete and durable.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) name: String,
    pub(crate) written: Written,
    pub(crate) took: Duration,
}

impl Message for WriteFile {
    type Result = ();
}

impl Message for JobReport {
    type Result = ();
}

/// The actor that writes whole files.
pub(crate) struct Rewriter {
    keyspace: KeyspaceHandle,
    health: Arc<Health>,
    /// The job in progress.
    job: Option<(u64, JobKind)>,
}

impl Rewriter {
    pub(crate) fn new(keyspace: KeyspaceHandle, health: Arc<Health>) -> Self {
        Self { keyspace, health, job: None }
    }
}

fn write(request: &WriteFile, health: &Health) -> io::Result<Finished> {
    let started = Instant::now();
    let folder = request.folder.as_ref();
    folder.create()?;
    let temporary = temporary_name(&request.job);
    let written = write_temporary(folder, &temporary, request, health).inspect_err(|_| {
        // What failed is of no use to anybody; that it cannot be removed is not worth another error.
        let _ = folder.remove(&temporary);
    })?;
    let name = match &request.job {
        JobKind::Snapshot { name } => {
            folder.rename(&temporary, name)?;
            name.clone()
        }
        JobKind::Base { .. } => temporary,
    };
    Ok(Finished { name, written, took: started.elapsed() })
}

fn write_temporary(
    folder: &dyn Folder,
    name: &str,
    request: &WriteFile,
    health: &Health,
) -> io::Result<Written> {
    let mut file = folder.create_file(name)?;
    let mut synced_bytes = 0;
    let step = |file: &mut &mut dyn NewFile, written: Written| {
        // A big file takes long; the heartbeat is not to take that for a standstill.
        health.gets_on();
        if request.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other("cancelled"));
        }
        if written.bytes - synced_bytes >= SYNC_BYTES {
            synced_bytes = written.bytes;
            file.sync()?;
        }
        Ok(())
    };
    let out: &mut dyn NewFile = file.as_mut();
    let written = match &request.form {
        Form::Rdb(options) => file::write(out, &request.databases, options, step),
        Form::Commands(time_s) => base::write(out, &request.databases, *time_s, step),
    }?;
    file.sync()?;
    Ok(written)
}

/// The name of an unfinished file. Each kind of job has one of its own and runs one at a time, so what a crash left
/// behind is overwritten by the next.
fn temporary_name(job: &JobKind) -> String {
    match job {
        JobKind::Snapshot { name } => format!("temp-{name}"),
        JobKind::Base { .. } => "temp-rewriteaof.aof".to_owned(),
    }
}

/// Lets clients go first where there are not enough cores for all: a file may take longer, a reply may not. Niceness
/// is a thread's own on Linux only.
#[cfg(target_os = "linux")]
fn lower_priority() {
    /// Of 19: about a tenth of the share of each who competes for the same core.
    const NICENESS: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the rewriter cannot give way to others");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

impl Actor for Rewriter {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        lower_priority();
    }
}

impl Supervised for Rewriter {
    fn restarting(&mut self, _: &mut Context<Self>) {
        if let Some((number, job)) = self.job.take() {
            self.keyspace.job_done(JobReport { number, job, outcome: Err("the rewriter failed".to_owned()) });
        }
    }
}

provocable!(Rewriter, health);

impl Handler<WriteFile> for Rewriter {
    type Result = ();

    fn handle(&mut self, request: WriteFile, _: &mut Context<Self>) {
        self.health.taken();
        let (number, job) = (request.number, request.job.clone());
        self.job = Some((number, job.clone()));
        let outcome = write(&request, &self.health).map_err(|error| error.to_string());
        self.job = None;
        // The image goes before the report does: memory is free when the Keyspace hears of it.
        drop(request);
        self.keyspace.job_done(JobReport { number, job, outcome });
    }
}

/// How the Keyspace reaches the Rewriter.
#[derive(Clone)]
pub(crate) struct RewriterHandle {
    address: Addr<Rewriter>,
    health: Arc<Health>,
}

impl RewriterHandle {
    pub(crate) fn new(address: Addr<Rewriter>, health: Arc<Health>) -> Self {
        Self { address, health }
    }

    /// Has a file written; the Keyspace sees to it that only one is at a time.
    pub(crate) fn write(&self, request: WriteFile) {
        self.health.queued();
        self.address.do_send(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::aof_writer::simulated::{Faults, SimulatedFolder};
    use crate::store::{HashKey, Store};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    const NAME: &str = "dump.rdb";

    fn request(folder: &SimulatedFolder) -> WriteFile {
        let options = WriteOptions {
            compression: true,
            checksum: true,
            aof_base: false,
            uses: false,
            created_unix_s: 1,
            used_memory_bytes: 0,
        };
        WriteFile {
            databases: Store::new(2, HashKey(1, 2)).snapshot(),
            folder: Arc::new(folder.clone()),
            form: Form::Rdb(options),
            job: JobKind::Snapshot { name: NAME.to_owned() },
            number: 1,
            cancelled: Arc::default(),
        }
    }

    fn written(folder: &SimulatedFolder) -> io::Result<Finished> {
        write(&request(folder), &Health::new("rewriter"))
    }

    #[test]
    fn a_panic_at_any_stage_leaves_the_old_snapshot_or_the_new_one() {
        let fresh = SimulatedFolder::default();
        written(&fresh).unwrap();
        let new = fresh.read(NAME).unwrap();
        for operations in 0.. {
            let folder = SimulatedFolder::default();
            folder.replace(NAME, b"old").unwrap();
            folder.set_faults(Faults {
                panics_after: Some(operations),
                short_write_bytes: Some(7),
                ..Faults::default()
            });
            let ended = catch_unwind(AssertUnwindSafe(|| written(&folder)));
            let found = folder.read(NAME).unwrap();
            if ended.is_ok() {
                assert!(found == new && operations > 5, "{operations} operations");
                return;
            }
            assert!(found == b"old", "after {operations} operations");
            folder.set_faults(Faults::default());
            written(&folder).unwrap();
            assert!(folder.read(NAME).unwrap() == new, "the next one is written");
            assert_eq!(folder.names().unwrap(), [NAME]);
        }
    }
}
