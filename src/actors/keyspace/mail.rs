//! Messages on their way to those who listen (PUBLISH) or track (CLIENT TRACKING): gathered for a batch, then one letter
//! for each who hears some.
//!
//! What the batch's own client hears stands behind the reply of the command that caused it, in a transaction behind
//! EXEC's. Those who hear the same messages in the same order, mostly all who listen to a channel, are sent the same
//! bytes: letters grow as chains of messages, and a chain that is continued alike for two is one chain.

use super::Keyspace;
use super::log::Outgoing;
use crate::actors::connection::{Adjust, Hear};
use crate::commands::session::{ClientId, Slot};
use crate::config::values::ClientClass;
use bytes::{Bytes, BytesMut};

/// Letters that are being written, by who is to get them.
#[derive(Default)]
pub(super) struct Mail {
    /// The last link of each client's letter, counted from one; zero is no letter.
    ends: Vec<usize>,
    /// Those who get a letter.
    filled: Vec<Slot>,
    links: Vec<Link>,
    /// Those who have been told to go with the message that is being dealt with: nothing is sent to them any more, but
    /// they count as listeners until it has been dealt with.
    pub(super) leaving: Vec<ClientId>,
}

/// A message behind others.
struct Link {
    message: Bytes,
    /// The link before it, counted from one.
    before: usize,
    /// The link that was last put behind it, counted from one.
    behind: usize,
    /// The whole letter up to here, once somebody gets it.
    letter: Option<Bytes>,
}

impl Mail {
    /// Puts a message at the end of a client's letter.
    fn add(&mut self, slot: Slot, message: Bytes) {
        if slot >= self.ends.len() {
            self.ends.resize(slot + 1, 0);
        }
        let before = self.ends[slot];
        let known = match before.checked_sub(1) {
            None => {
                self.filled.push(slot);
                // Where nobody's letter has begun otherwise meanwhile, the last link is the first of a letter as well.
                self.links.len()
            }
            Some(index) => self.links[index].behind,
        };
        self.ends[slot] = match known.checked_sub(1).map(|index| &self.links[index]) {
            Some(link) if link.before == before && link.message.as_ptr() == message.as_ptr() => known,
            _ => self.link(message, before),
        };
    }

    fn link(&mut self, message: Bytes, before: usize) -> usize {
        self.links.push(Link { message, before, behind: 0, letter: None });
        let added = self.links.len();
        if let Some(index) = before.checked_sub(1) {
            self.links[index].behind = added;
        }
        added
    }

    /// A client's letter, which is put together for the first who gets it.
    fn letter(&mut self, slot: Slot) -> Bytes {
        let end = std::mem::take(&mut self.ends[slot]) - 1;
        if let Some(letter) = &self.links[end].letter {
            return letter.clone();
        }
        let letter = self.written(end);
        self.links[end].letter = Some(letter.clone());
        letter
    }

    fn written(&self, end: usize) -> Bytes {
        let before = |link: &usize| self.links[*link].before.checked_sub(1);
        let mut chain: Vec<_> = std::iter::successors(Some(end), before).collect();
        if let [alone] = chain[..] {
            return self.links[alone].message.clone();
        }
        chain.reverse();
        let len = chain.iter().map(|link| self.links[*link].message.len()).sum();
        let mut letter = BytesMut::with_capacity(len);
        chain.iter().for_each(|link| letter.extend_from_slice(&self.links[*link].message));
        letter.freeze()
    }
}

impl Keyspace {
    /// Gathers the messages that the last command has sent.
    pub(super) fn gather_messages(&mut self) {
        let mut messages = self.clients.take_messages();
        for message in messages.drain(..) {
            let batches = [&mut self.current, &mut self.interrupted].into_iter().flatten();
            match batches.into_iter().find(|batch| batch.slot == message.slot) {
                Some(batch) => batch.work.replies.push_shared(message.bytes),
                // Behind the reply that its batch has got and that is not sent yet.
                None => match self.blocked.unsent_replies(message.slot) {
                    Some(replies) => replies.push_shared(message.bytes),
                    None => self.mail.add(message.slot, message.bytes),
                },
            }
        }
        self.clients.recycle_messages(messages);
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
        let mut filled = std::mem::take(&mut self.mail.filled);
        for slot in filled.drain(..) {
            let letter = self.mail.letter(slot);
            let Some(session) = self.clients.get_mut(slot) else { continue };
            let client = session.id;
            if self.mail.leaving.contains(&client) {
                continue;
            }
            session.active_ms = self.now_ms;
            if self.log.must_hold() {
                self.log.hold(Outgoing::Letter(client, letter), false);
            } else {
                self.send_letter(slot, letter);
            }
        }
        self.mail.links.clear();
        self.mail.filled = filled;
    }

    /// Those who have been told to go are there no longer: their connections live until they close their own sides,
    /// and nobody is to see them meanwhile.
    pub(super) fn see_off(&mut self) {
        for client in std::mem::take(&mut self.mail.leaving) {
            if let Some(slot) = self.clients.slot(client) {
                self.clients.dismiss(slot);
            }
        }
    }

    fn send_letter(&mut self, slot: Slot, letter: Bytes) {
        self.statistics.output_bytes += letter.len() as u64;
        if let Some(connection) = self.connection(slot) {
            connection.do_send(Hear(letter));
        }
    }

    /// Sends replies or messages, unless their client has gone meanwhile.
    pub(super) fn send_outgoing(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Replies(finished) => self.send_finished(finished),
            Outgoing::Letter(client, letter) => {
                if let Some(slot) = self.clients.slot(client) {
                    self.send_letter(slot, letter);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_what_was_meant_for_him_in_order() {
        let mut mail = Mail::default();
        let [a, b, c] = ["a", "b", "c"].map(Bytes::from);
        for (slot, message) in
            [(1, &a), (4, &a), (1, &b), (4, &b), (1, &c), (2, &b), (2, &a), (4, &a), (3, &a)]
        {
            mail.add(slot, message.clone());
        }
        assert_eq!(mail.filled, [1, 4, 2, 3]);
        let letters = [1, 4, 2, 3].map(|slot| mail.letter(slot));
        assert_eq!(letters, ["abc", "aba", "ba", "a"]);
        assert!(mail.ends.iter().all(|end| *end == 0));
    }

    #[test]
    fn those_who_hear_the_same_share_it() {
        let mut mail = Mail::default();
        for message in ["one", "two", "three"].map(Bytes::from) {
            (0..100).for_each(|slot| mail.add(slot, message.clone()));
        }
        assert_eq!(mail.links.len(), 3);
        let letters: Vec<_> = (0..100).map(|slot| mail.letter(slot)).collect();
        assert!(letters.iter().all(|letter| letter == "onetwothree"));
        assert!(letters.iter().all(|letter| letter.as_ptr() == letters[0].as_ptr()));
    }
}
