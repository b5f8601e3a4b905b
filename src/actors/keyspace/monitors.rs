//! Those who watch (`MONITOR`): what is shown to them, and how it gets there.
//!
//! The lines of a batch go out together, one message for each who watches, after the batch's own replies. A
//! client that reads too slowly is closed by its output limit; the Keyspace never waits for one.

use super::Keyspace;
use crate::actors::connection::{Connection, Push};
use crate::commands::Prepared;
use crate::commands::context::Context;
use crate::commands::monitor::write_line;
use crate::commands::session::Slot;
use crate::resp::ReplyBuffer;
use actix::Addr;
use bytes::Bytes;

/// Those who watch, and the lines they have not been sent yet.
#[derive(Default)]
pub(super) struct Monitors {
    slots: Vec<Slot>,
    lines: Vec<u8>,
}

impl Monitors {
    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Notes the command that was just executed.
    pub(super) fn note(&mut self, context: &Context<'_>, prepared: &Prepared) {
        write_line(&mut self.lines, context, prepared);
    }

    /// Adds one who watches from now on: what was noted before goes to the others.
    pub(super) fn add(&mut self, slot: Slot, connections: &[Option<Addr<Connection>>]) {
        self.send(connections);
        self.slots.push(slot);
    }

    /// Sends what was noted; answers the number of bytes sent.
    fn send(&mut self, connections: &[Option<Addr<Connection>>]) -> usize {
        if self.lines.is_empty() {
            return 0;
        }
        let lines = Bytes::from(std::mem::take(&mut self.lines));
        let watching = self.slots.iter().filter_map(|slot| connections.get(*slot)?.as_ref());
        let sent = watching.map(|connection| {
            let mut replies = ReplyBuffer::default();
            replies.push_shared(lines.clone());
            connection.do_send(Push(replies));
            lines.len()
        });
        sent.sum()
    }
}

impl Keyspace {
    /// Sends what those who watch have not seen; forgets those who do not watch any more, `gone` among them.
    pub(super) fn feed_monitors(&mut self, gone: Option<Slot>) {
        if self.monitors.is_watched() {
            let clients = &self.clients;
            let watches = |slot: &Slot| clients.get(*slot).is_some_and(|session| session.monitors);
            self.monitors.slots.retain(|slot| gone != Some(*slot) && watches(slot));
            self.statistics.output_bytes += self.monitors.send(&self.connections) as u64;
        }
    }
}
