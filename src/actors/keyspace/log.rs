//! The Keyspace's end of the log: units are numbered and gathered here, handed to the AofWriter in pieces, and
//! kept until they are durable.
//!
//! What is kept is the backlog from which an AofWriter that was restarted gets everything once more. Replies wait
//! here, too: with `appendfsync always` until everything that they could have seen is durable, otherwise only
//! while so much is on its way that the disk cannot keep up, which slows the writers instead of eating memory.

mod reports;

use super::Keyspace;
use super::batch::Finished;
use crate::actors::aof_writer::folder::{DiskFolder, Folder};
use crate::actors::aof_writer::{AofWriterHandle, Append, Begin, Piece, Rotate, SetPolicy, Start, SyncNow};
use crate::commands::session::ClientId;
use crate::commands::{self, propagation};
use crate::config::Config;
use crate::config::values::AppendFsync;
use crate::persistence::aof::{UnitWriter, units};
use crate::store::Detached;
use actix::{AsyncContext, Context};
use bytes::Bytes;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A piece is sent before the mailbox is empty when it has grown to this size.
const PIECE_BYTES: usize = 256 * 1024;

/// The backlog from which on replies wait for the disk.
const BACKLOG_BYTES: u64 = 256 * 1024 * 1024;

/// How long units are gathered before they are sent. With `appendfsync always` this is the longest that a sync waits
/// for clients that are expected to write again.
const GATHER_TIME: Duration = Duration::from_millis(1);

/// When what was gathered is to be sent.
enum Readiness {
    /// There is nothing, or the end of a sync will bring it up again.
    Idle,
    /// More is likely to come soon.
    Soon,
    /// At once.
    Now,
}

/// What a client is to be sent.
pub(super) enum Outgoing {
    /// The replies of its batch.
    Replies(Finished),
    /// Messages that it listens to.
    Letter(ClientId, Bytes),
}

/// Replies or messages that wait.
struct Held {
    /// They may go when everything up to here is durable.
    seq: u64,
    /// Whether their own batch left units.
    wrote: bool,
    outgoing: Outgoing,
}

/// The Keyspace's end of the log.
pub(super) struct LogFeed {
    pub(super) writer: AofWriterHandle,
    on: bool,
    policy: AppendFsync,
    pub(super) units: UnitWriter,
    /// Units that are not sent yet.
    pub(super) gathered: Vec<u8>,
    /// How much of it is whole units.
    whole_bytes: usize,
    /// The last unit; counting goes on when the log is switched off and on.
    seq: u64,
    /// The last unit that was sent.
    sent_seq: u64,
    written_seq: u64,
    durable_seq: u64,
    /// Sent, but not known to be durable: oldest first.
    backlog: VecDeque<Piece>,
    backlog_bytes: u64,
    held: VecDeque<Held>,
    /// Whether the timer is set that sends what was gathered.
    timer_set: bool,
    /// With `appendfsync always`, how many batches are likely to wait for the next sync: those that the last one set
    /// free will come back. One sync for all of them is worth a short wait.
    expected: usize,
    /// Whether the disk refuses what is written, and nobody waits for it.
    in_trouble: bool,
    /// Whether there is no AofWriter any more.
    gave_up: bool,
    /// Whether the files on disk were removed, and the log is being begun anew.
    removed: bool,
    /// The option `aof-timestamp-enabled`.
    pub(super) timestamps: bool,
    /// When the log last noted the time, Unix time in seconds.
    noted_s: u64,
}

impl LogFeed {
    pub(super) fn new(writer: AofWriterHandle) -> Self {
        Self {
            writer,
            on: false,
            policy: AppendFsync::default(),
            units: UnitWriter::default(),
            gathered: Vec::new(),
            whole_bytes: 0,
            seq: 0,
            sent_seq: 0,
            written_seq: 0,
            durable_seq: 0,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            held: VecDeque::new(),
            timer_set: false,
            expected: 0,
            in_trouble: false,
            gave_up: false,
            removed: false,
            timestamps: false,
            noted_s: 0,
        }
    }

    /// Whether nothing is lost that was promised: a writer that has given up leaves behind what it had not written.
    pub(super) fn is_safe(&self) -> bool {
        !self.gave_up || !self.on || self.seq == self.durable_seq
    }

    /// Whether commands are logged.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// The last unit so far.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Gathers the unit that a command left; says whether it left one.
    pub(super) fn record(&mut self, context: &mut commands::Context<'_>) -> bool {
        if self.timestamps {
            self.note_time(context.now_ms);
        }
        let left = propagation::log(context, &mut self.units, &mut self.gathered);
        if left {
            self.unit_gathered();
        }
        left
    }

    /// Begins the unit of a transaction.
    pub(super) fn begin_transaction(&mut self, now_ms: u64) {
        if self.timestamps {
            self.note_time(now_ms);
        }
        self.units.begin(&self.gathered);
    }

    /// Gathers what a command of a transaction left.
    pub(super) fn record_part(&mut self, context: &mut commands::Context<'_>) {
        propagation::log_part(context, &mut self.units, &mut self.gathered);
    }

    /// Ends the unit of a transaction; says whether it left one.
    pub(super) fn end_transaction(&mut self) -> bool {
        let left = self.units.end(&mut self.gathered);
        if left {
            self.unit_gathered();
        }
        left
    }

    /// Gathers the removal of keys that were found past their deadline while no command ran.
    pub(super) fn record_expired(&mut self, database: usize, expired: &[Detached]) {
        if self.on && !expired.is_empty() {
            propagation::log_expired(database, expired, &mut self.units, &mut self.gathered);
            self.unit_gathered();
        }
    }

    fn unit_gathered(&mut self) {
        self.seq += 1;
        self.whole_bytes = self.gathered.len();
    }

    /// Notes the time between units, at most once a second.
    fn note_time(&mut self, now_ms: u64) {
        let now_s = now_ms / 1000;
        if self.noted_s != now_s {
            self.noted_s = now_s;
            units::timestamp(now_s, &mut self.gathered);
            self.whole_bytes = self.gathered.len();
        }
    }

    /// After a panic: what a command left in part is taken back.
    pub(super) fn forget_torn_unit(&mut self) {
        self.gathered.truncate(self.whole_bytes);
        // It died with the panic.
        self.timer_set = false;
        // The database that a reader has selected by then is not known any more.
        self.units.begin_file();
    }

    /// Opens the log.
    pub(super) fn begin(&mut self, config: &Config, start: Start) {
        if let Start::Afresh { .. } = start {
            // Earlier units count as durable: the base that is going to be written holds what they did.
            (self.sent_seq, self.written_seq, self.durable_seq) = (self.seq, self.seq, self.seq);
            self.backlog.clear();
            self.backlog_bytes = 0;
            self.gathered.clear();
            self.whole_bytes = 0;
        }
        self.on = true;
        self.policy = config.appendfsync;
        self.timestamps = config.aof_timestamp_enabled;
        self.units.begin_file();
        let folder = log_folder(config);
        self.writer.send(Begin { folder, name: config.appendfilename.clone(), start, policy: self.policy });
    }

    /// Has everything so far made durable at once, as somebody waits for it.
    pub(super) fn sync_now(&mut self) {
        self.send();
        self.writer.send(SyncNow);
    }

    /// Stops logging; everything so far is on its way to the disk.
    pub(super) fn end(&mut self) {
        self.send();
        self.on = false;
    }

    /// Syncs in another rhythm from now on.
    pub(super) fn set_policy(&mut self, policy: AppendFsync) {
        if self.on && self.policy != policy {
            self.send();
            self.policy = policy;
            self.writer.send(SetPolicy(policy));
        }
    }

    /// Sends what was gathered.
    pub(super) fn send(&mut self) {
        if self.seq == self.sent_seq {
            return;
        }
        // The next piece will probably need as much room.
        let room = Vec::with_capacity(self.gathered.len());
        let bytes = Bytes::from(std::mem::replace(&mut self.gathered, room));
        self.whole_bytes = 0;
        let piece = Piece { bytes, after_seq: self.sent_seq, seq: self.seq };
        self.sent_seq = self.seq;
        self.backlog_bytes += piece.bytes.len() as u64;
        self.backlog.push_back(piece.clone());
        self.writer.send(Append(piece));
    }

    /// Begins a new increment behind everything so far.
    pub(super) fn rotate(&mut self) {
        self.send();
        self.units.begin_file();
        self.writer.send(Rotate);
    }

    /// Whether replies to what runs now have to wait.
    pub(super) fn must_hold(&self) -> bool {
        self.on && !self.in_trouble && (self.is_unsafe() || self.is_overrun())
    }

    /// Whether something that a client may only hear of when it is durable is not.
    pub(super) fn is_unsafe(&self) -> bool {
        self.on && self.policy == AppendFsync::Always && self.seq > self.durable_seq
    }

    fn is_overrun(&self) -> bool {
        self.backlog_bytes > BACKLOG_BYTES
    }

    /// Keeps replies until the disk has caught up.
    pub(super) fn hold(&mut self, outgoing: Outgoing, wrote: bool) {
        self.held.push_back(Held { seq: self.seq, wrote, outgoing });
    }

    /// Notes how far the log has come.
    fn progressed(&mut self, written_seq: u64, durable_seq: u64) {
        (self.written_seq, self.durable_seq) = (written_seq, durable_seq);
        while let Some(piece) = self.backlog.front().filter(|piece| piece.seq <= durable_seq) {
            self.backlog_bytes -= piece.bytes.len() as u64;
            self.backlog.pop_front();
        }
    }

    /// The replies that need not wait any longer, in the order in which their batches ran.
    fn released(&mut self) -> Vec<Outgoing> {
        let reached = match self.policy {
            AppendFsync::Always if self.on => self.durable_seq,
            _ if self.is_overrun() => self.written_seq,
            _ => u64::MAX,
        };
        let count = self.held.iter().take_while(|held| held.seq <= reached).count();
        self.expected = self.held.len();
        self.held.drain(..count).map(|held| held.outgoing).collect()
    }

    /// Everything behind a unit, once more.
    fn resend(&mut self, durable_seq: u64) {
        for piece in self.backlog.iter().filter(|piece| piece.seq > durable_seq) {
            self.writer.send(Append(piece.clone()));
        }
    }

    fn readiness(&self) -> Readiness {
        if self.seq == self.sent_seq {
            return Readiness::Idle;
        }
        if self.gathered.len() >= PIECE_BYTES {
            return Readiness::Now;
        }
        match self.policy {
            AppendFsync::Always if self.in_trouble => Readiness::Soon,
            AppendFsync::Always if self.sent_seq != self.durable_seq => Readiness::Idle,
            AppendFsync::Always if self.held.len() >= self.expected => Readiness::Now,
            _ => Readiness::Soon,
        }
    }

    /// Bytes that are not durable yet.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.backlog_bytes + self.gathered.len() as u64
    }
}

impl Drop for LogFeed {
    /// Whatever the Keyspace ends with: units of finished commands, which may be acknowledged, reach the AofWriter.
    fn drop(&mut self) {
        self.gathered.truncate(self.whole_bytes);
        if self.on {
            self.send();
        }
    }
}

/// Where the files of the log are.
pub(super) fn log_folder(config: &Config) -> Arc<dyn Folder> {
    Arc::new(DiskFolder::new(Path::new(&config.dir).join(&config.appenddirname)))
}

impl Keyspace {
    /// Sees to it that what was gathered is sent when it is time.
    pub(super) fn send_log_soon(&mut self, ctx: &mut Context<Self>) {
        match self.log.readiness() {
            Readiness::Idle => {}
            Readiness::Now => self.log.send(),
            Readiness::Soon if self.log.timer_set => {}
            Readiness::Soon => {
                self.log.timer_set = true;
                ctx.run_later(GATHER_TIME, |keyspace, _| {
                    keyspace.log.timer_set = false;
                    keyspace.log.send();
                });
            }
        }
    }
}
