//! Batches that wait for something to happen in the middle: the end of a snapshot, the log on disk.
//!
//! The client of each waits, and nobody else. What waits for time is looked at with every tick.

use super::Keyspace;
use super::batch::Current;
use crate::commands::effects::Awaited;
use crate::commands::faults;
use crate::commands::saving::{reloaded_reply, saved_reply, synced_reply};
use crate::commands::session::ClientId;
use crate::resp::Reply;

/// A batch whose last command is to be answered when something has happened.
pub(super) struct Suspended {
    client: ClientId,
    current: Current,
    awaited: Awaited,
    /// When it is answered at the latest, Unix time in milliseconds.
    deadline_ms: Option<u64>,
}

impl Keyspace {
    /// Sets the batch in progress aside until what it waits for has happened.
    pub(super) fn suspend_current(&mut self, awaited: Awaited) {
        let Some(mut current) = self.current.take() else { return };
        self.send_so_far(&mut current);
        let deadline_ms = match awaited {
            Awaited::Synced { timeout_ms, .. } if timeout_ms > 0 => {
                Some(self.now_ms.saturating_add(timeout_ms))
            }
            _ => None,
        };
        if let Awaited::Synced { .. } = awaited {
            self.log.sync_now();
        }
        let session = &mut self.clients[current.slot];
        session.postponed = true;
        session.blocked = matches!(awaited, Awaited::Synced { .. });
        self.suspended.push(Suspended { client: session.id, current, awaited, deadline_ms });
    }

    /// Answers those for whom the log is far enough on disk, those whose time is up, and at the end of the server all.
    pub(super) fn resume_suspended(&mut self) {
        if self.suspended.is_empty() {
            return;
        }
        let log = self.durability.log.clone();
        let (now_ms, closing) = (self.now_ms, self.closing.is_some());
        self.resume_where(|suspended| match suspended.awaited {
            Awaited::Snapshot | Awaited::Reload => None,
            // The end has come: nothing is answered, as in Redis.
            Awaited::Shutdown => closing.then_some(Reply::Silent),
            Awaited::Synced { local: true, .. } if !log.enabled => {
                Some(Reply::Error(faults::WAITAOF_WITHOUT_LOG.into_bytes()))
            }
            Awaited::Synced { seq, local, replicas, .. } => {
                let is_local = log.has_on_disk(seq);
                let is_enough = !replicas && (is_local || !local);
                let is_over = suspended.deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms);
                (is_enough || is_over || closing).then(|| synced_reply(is_local))
            }
        });
    }

    /// Answers a client that waits for the log as if its time were up, or with an error.
    pub(super) fn unblock_suspended(&mut self, client: ClientId, error: bool) {
        let log = self.durability.log.clone();
        self.resume_where(|suspended| match suspended.awaited {
            Awaited::Synced { .. } if suspended.client != client => None,
            Awaited::Synced { .. } if error => Some(Reply::Error(faults::UNBLOCKED.into_bytes())),
            Awaited::Synced { seq, .. } => Some(synced_reply(log.has_on_disk(seq))),
            Awaited::Snapshot | Awaited::Reload | Awaited::Shutdown => None,
        });
    }

    /// Asks for a sync once more while somebody waits for one: the first may have failed, or gone down with the AofWriter.
    pub(super) fn sync_for_suspended(&mut self) {
        let log = &self.durability.log;
        let waits = |suspended: &Suspended| match suspended.awaited {
            Awaited::Synced { seq, local, .. } => local && log.synced_seq < seq,
            Awaited::Snapshot | Awaited::Reload | Awaited::Shutdown => false,
        };
        if log.enabled && log.trouble.is_none() && self.suspended.iter().any(waits) {
            self.log.sync_now();
        }
    }

    /// Answers those who wait for the snapshot that has just ended.
    pub(super) fn resume_after_snapshot(&mut self, saved: bool) {
        self.resume_where(|suspended| {
            matches!(suspended.awaited, Awaited::Snapshot).then(|| saved_reply(saved))
        });
    }

    /// Answers those who wait for a shutdown that is not to be.
    pub(super) fn resume_without_shutdown(&mut self) {
        self.resume_where(|suspended| {
            let fault = faults::SHUTDOWN_FAILED;
            matches!(suspended.awaited, Awaited::Shutdown).then(|| Reply::Error(fault.into_bytes()))
        });
    }

    /// Answers those who wait for the data to be loaded anew.
    pub(super) fn resume_after_reload(&mut self, loaded: bool) {
        self.resume_where(|suspended| {
            matches!(suspended.awaited, Awaited::Reload).then(|| reloaded_reply(loaded))
        });
    }

    fn resume_where(&mut self, answer: impl Fn(&Suspended) -> Option<Reply>) {
        if self.suspended.is_empty() {
            return;
        }
        // What is answered here may have happened in the middle of another batch.
        let interrupted = self.current.take();
        for mut suspended in std::mem::take(&mut self.suspended) {
            let Some(slot) = self.clients.slot(suspended.client) else { continue };
            let Some(reply) = answer(&suspended) else {
                self.suspended.push(suspended);
                continue;
            };
            self.clients[slot].postponed = false;
            self.clients[slot].blocked = false;
            // Behind a SHUTDOWN nothing is executed any more.
            suspended.current.close |= matches!(reply, Reply::Silent);
            self.answer_suspended(&mut suspended.current, reply);
            self.current = Some(suspended.current);
            self.run_and_answer();
        }
        self.current = interrupted;
    }
}
