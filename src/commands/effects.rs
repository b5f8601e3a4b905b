//! What a command asks for beyond its reply.
//!
//! A command never calls an actor, sleeps, or closes anything: it records its wish here, and the Keyspace
//! carries the wishes out after the command, in one fixed order. That keeps commands pure functions over data
//! that tests call without a server. What a command leaves in the log it says elsewhere, in its
//! [record](super::propagation::Record).

use super::session::{ClientId, Slot};
use super::transactions::Queue;
use crate::store::{Detached, Kind};
use bytes::Bytes;
use std::any::Any;
use std::time::Duration;

/// The wishes of one executed command.
#[derive(Default)]
pub struct Effects {
    /// How many changes to data the command made; what `rdb_changes_since_last_save` counts.
    pub changes: u64,
    /// Big values that left the store, to be freed on another thread.
    pub garbage: Vec<Box<dyn Any + Send>>,
    /// Another database than the selected one in which keys were looked for.
    pub other_database: Option<usize>,
    /// What the Keyspace is asked to do after the reply.
    pub controls: Vec<Control>,
    /// Arguments that must not be shown to anybody.
    pub redacted: Redacted,
    /// Whether the command ran: no gate refused it.
    pub ran: bool,
    /// Whether it is to be queued instead of run, as its client has said MULTI.
    pub queued: bool,
}

/// Arguments that neither the slow log nor `MONITOR` shows: passwords.
///
/// One bit for each of the first arguments; the last bit stands for all that follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redacted(u64);

impl Redacted {
    /// What is shown instead, as in Redis.
    pub const TEXT: &'static [u8] = b"(redacted)";

    /// Hides the argument at `index`; the command's name is number 0.
    pub fn hide(&mut self, index: usize) {
        self.0 |= 1 << index.min(u64::BITS as usize - 1);
    }

    /// Whether the argument at `index` is hidden.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        self.0 & 1 << index.min(u64::BITS as usize - 1) != 0
    }
}

impl Effects {
    /// As before the command that asked for nothing but its reply.
    pub fn forget(&mut self) {
        let Self { changes, garbage: _, other_database, controls: _, redacted, ran, queued } = self;
        (*changes, *other_database, *redacted, *ran, *queued) = (0, None, Redacted::default(), false, false);
    }

    /// Records one change to a key's value or deadline.
    pub fn touched(&mut self) {
        self.changes += 1;
    }

    /// Records `count` changes at once.
    pub fn touched_times(&mut self, count: u64) {
        self.changes += count;
    }

    /// Hands over a key that left the store; a small one is freed at once.
    pub fn discard(&mut self, detached: Option<Detached>) {
        if let Some(detached) = detached.filter(Detached::is_big) {
            self.discard_elsewhere(detached);
        }
    }

    /// Hands over something that takes long to free.
    pub fn discard_elsewhere(&mut self, garbage: impl Any + Send) {
        self.garbage.push(Box::new(garbage));
    }

    /// Asks for something after the reply.
    pub fn control(&mut self, control: Control) {
        self.controls.push(control);
    }
}

/// A wish that reaches beyond the data.
pub enum Control {
    /// Close this connection once its replies are written.
    CloseAfterReply,
    /// Close the connection of another client at once, whose session is gone from this slot.
    CloseClient(Slot),
    /// Whether to remove due keys in the background.
    SetActiveExpire(bool),
    /// Run these commands now, as the reply, and nothing else between them.
    RunTransaction(Box<Queue>),
    /// This client listens to channels from now on, or no longer.
    ClassChanged,
    /// From now on show this client every command.
    Monitor,
    /// End the process in order.
    Shutdown {
        /// Do not wait for slow clients.
        now: bool,
        /// Whether to write a snapshot at the end; none leaves it to the options.
        save: Option<bool>,
    },
    /// End the process in order once a snapshot is written; if that fails, do not.
    ShutdownOnceSaved {
        /// Do not wait for slow clients.
        now: bool,
        /// Whether to write a snapshot at the end; none leaves it to the options.
        save: Option<bool>,
    },
    /// Give up a shutdown that waits for its snapshot.
    AbortShutdown,
    /// Begin to write a snapshot.
    Snapshot,
    /// Load the data from the snapshot file, in the place of what is there (`DEBUG RELOAD`).
    Reload {
        /// Whether the file is written first.
        save: bool,
    },
    /// Begin to rewrite the log.
    Rewrite,
    /// Answer this client, and go on with its requests, only when something has happened.
    Await(Awaited),
    /// Let this client wait for keys; its command is run again when one holds what it waits for.
    AwaitKeys(Box<KeyWait>),
    /// Have a client that waits do so no longer (`CLIENT UNBLOCK`).
    Unblock {
        /// Who.
        client: ClientId,
        /// Whether it is answered with an error instead of as if its time were up.
        error: bool,
    },
    /// Keep the whole server busy for a while, before the reply (`DEBUG SLEEP`).
    Sleep(Duration),
    /// Fail in the middle of this command, to show what happens then (`DEBUG PANIC`).
    Panic,
    /// Have the actor of this name fail (`DEBUG PANIC actor`).
    PanicIn(&'static str),
    /// Have the actor of this name stand still for so long (`DEBUG FREEZE`).
    FreezeIn(&'static str, Duration),
    /// Have every command fail, once it has changed the data, whose first argument is this key; none ends it
    /// (`DEBUG BUG`).
    Bug(Option<Bytes>),
    /// Options changed that others than the Keyspace live by.
    ConfigChanged,
    /// Users changed, and with them who may come in without a password.
    UsersChanged,
    /// Set the counters of `INFO` back to zero.
    ResetStatistics,
}

/// Keys that a client waits for.
pub struct KeyWait {
    /// Their database.
    pub database: usize,
    /// What they are to hold.
    pub kind: Kind,
    /// Their keys; the first that is there counts.
    pub keys: Vec<Bytes>,
    /// How long, Unix time in milliseconds; none is for ever.
    pub deadline_ms: Option<u64>,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug)]
pub enum Awaited {
    /// The end of the snapshot that is being written.
    Snapshot,
    /// The end of the server, unless its snapshot fails.
    Shutdown,
    /// That the data has been loaded anew.
    Reload,
    /// That the log is on disk up to a unit.
    Synced {
        /// The unit.
        seq: u64,
        /// Whether this server's log was asked for.
        local: bool,
        /// Whether it waits for replicas as well, of which there are none.
        replicas: bool,
        /// How long; 0 is for ever.
        timeout_ms: u64,
    },
}
