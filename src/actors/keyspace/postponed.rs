//! Batches that wait for the end of a `CLIENT PAUSE`.
//!
//! A batch stops at the first command that the pause holds; what it has answered so far is sent. Each client
//! has at most one batch in flight, so that there are never more of these than clients.

use super::Keyspace;
use super::batch::Current;
use crate::actors::connection::{Push, Suspend};
use crate::commands::session::ClientId;

/// A batch that waits, and whose it is.
pub(super) struct Postponed {
    client: ClientId,
    current: Current,
}

impl Keyspace {
    /// Sets the batch in progress aside.
    pub(super) fn postpone_current(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        self.send_so_far(&mut current);
        let session = &mut self.clients[current.slot];
        session.postponed = true;
        self.postponed.push(Postponed { client: session.id, current });
    }

    /// Tells the Connection that its batch is set aside, and sends the replies that it has made so far, unless they have to wait for the log: then they go with the
    /// others.
    pub(super) fn send_so_far(&mut self, current: &mut Current) {
        current.work.batch.shrink();
        if let Some(connection) = self.connection(current.slot) {
            connection.do_send(Suspend);
        }
        let must_wait = self.log.must_hold() || current.wrote && self.log.is_unsafe();
        if must_wait || current.work.replies.is_empty() {
            return;
        }
        let replies = std::mem::take(&mut current.work.replies);
        current.replies = 0;
        self.statistics.output_bytes += replies.len_bytes() as u64;
        if let Some(connection) = self.connection(current.slot) {
            connection.do_send(Push(replies));
        }
    }

    /// Lets the batches that wait go on if the pause is over; each begins with the gates it has passed.
    pub(super) fn resume_postponed(&mut self) {
        if self.postponed.is_empty() || self.clients.paused(self.now_ms).is_some() {
            return;
        }
        for Postponed { client, current } in std::mem::take(&mut self.postponed) {
            // A client that has gone meanwhile takes its batch along.
            if let Some(slot) = self.clients.slot(client) {
                self.clients[slot].postponed = false;
                self.current = Some(current);
                self.run_and_answer();
            }
        }
    }
}
