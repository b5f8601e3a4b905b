//! Messages on their way to those who listen (PUBLISH) or track (CLIENT TRACKING): gathered for a batch, then one `Push` for each who hears some.
//!
//! What the batch's own client hears stands behind the reply of the command that caused it, in a transaction behind
//! EXEC's.

use super::Keyspace;
use super::log::Outgoing;
use crate::actors::connection::{Adjust, Push};
use crate::commands::session::Slot;
use crate::config::values::ClientClass;
use crate::resp::ReplyBuffer;

/// Messages that are gathered, by who hears them.
#[derive(Default)]
pub(super) struct Mail {
    buffers: Vec<ReplyBuffer>,
    /// Those who have something in their buffers.
    filled: Vec<Slot>,
}

impl Mail {
    fn buffer(&mut self, slot: Slot) -> &mut ReplyBuffer {
        if slot >= self.buffers.len() {
            self.buffers.resize_with(slot + 1, ReplyBuffer::default);
        }
        let buffer = &mut self.buffers[slot];
        if buffer.is_empty() {
            self.filled.push(slot);
        }
        buffer
    }
}

impl Keyspace {
    /// Gathers the messages that the last command has sent.
    pub(super) fn gather_messages(&mut self) {
        for message in self.clients.take_messages() {
            match &mut self.current {
                Some(current) if current.slot == message.slot => {
                    current.work.replies.push_shared(message.bytes);
                }
                _ => self.mail.buffer(message.slot).push_shared(message.bytes),
            }
        }
    }

    /// Sends what was gathered.
    pub(super) fn send_mail(&mut self) {
        self.clients.broadcast();
        if self.clients.has_messages() {
            self.gather_messages();
        }
        if self.mail.filled.is_empty() {
            return;
        }
        for slot in std::mem::take(&mut self.mail.filled) {
            let messages = std::mem::take(&mut self.mail.buffers[slot]);
            let Some(client) = self.clients.get(slot).map(|session| session.id) else { continue };
            let outgoing = Outgoing::Push(client, messages);
            if self.log.must_hold() {
                self.log.hold(outgoing, false);
            } else {
                self.send_outgoing(outgoing);
            }
        }
    }

    /// Sends replies or messages, unless their client has gone meanwhile.
    pub(super) fn send_outgoing(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Replies(finished) => self.send_finished(finished),
            Outgoing::Push(client, messages) => {
                let slot = self.clients.slot(client);
                self.statistics.output_bytes += messages.len_bytes() as u64;
                if let Some(connection) = slot.and_then(|slot| self.connection(slot)) {
                    connection.do_send(Push(messages));
                }
            }
        }
    }

    /// A client listens from now on, or no longer: other limits hold for what waits for it.
    pub(super) fn adjust_class(&self, slot: Slot) {
        if let Some(connection) = self.connection(slot) {
            connection.do_send(Adjust(super::connection_settings(&self.config, self.class(slot))));
        }
    }

    /// To which class of clients one belongs.
    pub(super) fn class(&self, slot: Slot) -> ClientClass {
        let listens = self.clients.get(slot).is_some_and(|session| !session.subscribed.is_empty());
        if listens { ClientClass::Pubsub } else { ClientClass::Normal }
    }
}
