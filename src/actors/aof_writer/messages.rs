//! What the AofWriter is told, what it tells the Keyspace, and the handle through which it is told.

use super::folder::Folder;
use super::{AofWriter, Piece, Start};
use crate::actors::supervision::Health;
use crate::config::values::AppendFsync;
use actix::{Addr, Handler, Message};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Keyspace → AofWriter: open the log; answered by [`LogReport::Begun`].
pub(crate) struct Begin {
    /// Where its files are.
    pub(crate) folder: Arc<dyn Folder>,
    /// The option `appendfilename`.
    pub(crate) name: String,
    pub(crate) start: Start,
    pub(crate) policy: AppendFsync,
}

/// Keyspace → AofWriter: append a piece; answered, sooner or later, by [`LogReport::Progress`].
pub(crate) struct Append(pub(crate) Piece);

/// AofWriter → itself: the mailbox is empty, write.
pub(super) struct Flush;

/// Keyspace → AofWriter: from now on sync in this rhythm.
pub(crate) struct SetPolicy(pub(crate) AppendFsync);

/// Keyspace → AofWriter: somebody waits, sync at once.
pub(crate) struct SyncNow;

/// Keyspace → AofWriter: write and sync all that came before this, to be read back; answered by
/// [`LogReport::Settled`].
pub(crate) struct Settle {
    /// Tells its answer from that to another one.
    pub(crate) number: u64,
}

/// Keyspace → AofWriter: begin a new increment; answered by [`LogReport::Rotated`].
pub(crate) struct Rotate;

/// Keyspace → AofWriter: a new base is finished; answered by [`LogReport::Switched`].
pub(crate) struct SwitchBase {
    /// The finished file's name in the log's folder.
    pub(crate) finished: String,
    /// Whether it is RDB rather than commands.
    pub(crate) rdb: bool,
    /// The increment that follows it; without an open log, one is made.
    pub(crate) first_increment: u64,
    /// Where the log is, should it not be open.
    pub(crate) folder: Arc<dyn Folder>,
    /// The option `appendfilename`.
    pub(crate) name: String,
}

/// Keyspace or Supervisor → AofWriter: write and sync everything and close the files; answers whether that worked.
pub(crate) struct Seal {
    /// Told the outcome.
    pub(crate) sealed: oneshot::Sender<io::Result<()>>,
}

/// AofWriter → Keyspace.
#[derive(Debug)]
pub(crate) enum LogReport {
    /// The log is open, or cannot be opened.
    Begun(Result<u64, String>),
    /// How far it has come.
    Progress {
        /// The last unit that is written.
        written_seq: u64,
        /// The last unit that is durable.
        durable_seq: u64,
        /// The last unit that a sync has covered.
        synced_seq: u64,
        /// What is wrong with the disk, if anything.
        trouble: Option<String>,
        /// How long the sync took, if there was one.
        sync_time: Option<Duration>,
        /// The length of all files, bytes.
        len_bytes: u64,
    },
    /// All is written and synced, up to this unit, or cannot be.
    Settled {
        /// The number of the wish.
        number: u64,
        /// The last unit that is durable.
        outcome: Result<u64, String>,
    },
    /// The number of the new increment, which begins with the next piece.
    Rotated(Result<u64, String>),
    /// The new base counts, and the files before it are gone.
    Switched(Result<u64, String>),
    /// After a panic: everything behind this unit has to be sent once more.
    Resend {
        /// The last unit that is durable.
        durable_seq: u64,
    },
    /// Somebody has removed the file that it writes to: the log on disk is lost and has to be begun anew.
    Removed,
    /// It panicked too often and is gone.
    GaveUp,
}

macro_rules! message {
    ($($name:ty),*) => { $(impl Message for $name { type Result = (); })* };
}
message!(Begin, Append, Flush, SetPolicy, SyncNow, Settle, Rotate, SwitchBase, Seal, LogReport);

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

    /// Sends a message. What bounds the mailbox is that the Keyspace holds replies back when much is on its way.
    pub(crate) fn send<M>(&self, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        AofWriter: Handler<M>,
    {
        self.health.queued();
        self.address.do_send(message);
    }

    /// Ends the log durably; the receiver hears whether that worked.
    pub(crate) fn seal(&self) -> oneshot::Receiver<io::Result<()>> {
        let (sealed, heard) = oneshot::channel();
        self.send(Seal { sealed });
        heard
    }
}
