//! `SHUTDOWN` with a snapshot: the snapshot comes first, while clients are still served, so that a shutdown whose
//! snapshot cannot be written can be refused, and one that takes long be aborted. `FORCE` leaves that out.
//!
//! What changes while the snapshot is written goes into another one at the very end.

use super::Keyspace;

impl Keyspace {
    /// Writes a snapshot, after which the server ends.
    pub(super) fn shut_down_once_saved(&mut self, now: bool, save: Option<bool>) {
        self.saving.shutdown = Some((now, save));
        self.durability.snapshot.ends_server = true;
        // One that runs already is as good.
        self.start_snapshot();
    }

    /// A snapshot has ended, after which the server may be to end.
    pub(super) fn shutdown_saved(&mut self, ok: bool) {
        if !ok {
            self.refuse_shutdown("the snapshot could not be written");
            return;
        }
        if let Some((now, save)) = self.saving.shutdown {
            self.links.supervisor.shut_down(now, save);
        }
    }

    /// Somebody has changed their mind.
    pub(super) fn abort_shutdown(&mut self) {
        self.refuse_shutdown("asked to go on");
    }

    fn refuse_shutdown(&mut self, reason: &str) {
        self.durability.snapshot.ends_server = false;
        if self.saving.shutdown.take().is_some() {
            tracing::warn!(reason, "the server does not end");
            self.resume_without_shutdown();
        }
    }

    /// Whether the snapshot that a shutdown waited for holds everything still.
    pub(super) fn is_saved_for_shutdown(&self) -> bool {
        let snapshot = &self.durability.snapshot;
        snapshot.ends_server && snapshot.save.last_ok && self.statistics.changes == 0
    }
}
