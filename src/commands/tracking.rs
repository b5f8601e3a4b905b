//! Client-side caching: who is to hear which keys are not any more what he has read (CLIENT TRACKING).
//!
//! As documented for Redis: <https://redis.io/docs/latest/develop/reference/client-side-caching/>. In the ordinary mode the
//! keys that a client reads are remembered (`table`), and the first change of each is told; in broadcasting mode a
//! client names prefixes, and hears of all changes below them behind the batch that made them (`prefixes`). Under
//! RESP3 that is a push, to another client under RESP2 a message of the channel `__redis__:invalidate`.
//!
//! Deliberately absent: the commands, which are in `client`.

mod prefixes;
mod table;

use super::context::Context;
use super::effects::Control;
use super::key_specs::{Words, keys_of};
use super::prepare::Prepared;
use super::session::{ClientId, Clients, Session, Slot};
use super::spec::Flag;
use crate::resp::{Protocol, Reply, ReplyBuffer};
use bytes::Bytes;
use prefixes::{Broadcast, Prefixes};
use std::collections::BTreeSet;
use table::Table;

/// What is known for all clients that track.
#[derive(Debug, Default)]
pub(super) struct Tracking {
    table: Table,
    prefixes: Prefixes,
    /// How many clients track.
    clients: usize,
    /// How many clients track or did so and may do so again.
    known: usize,
}

impl Tracking {
    /// Whether changes to keys matter.
    pub(super) fn is_active(&self) -> bool {
        self.clients > 0 || self.table.len() > 0
    }
}

/// How a client tracks; it outlives `CLIENT TRACKING OFF`, as what the client had read does.
#[derive(Debug, Default)]
pub struct Tracked {
    /// Whether it does at all.
    pub on: bool,
    /// What it asked for.
    pub options: Options,
    /// Whether CLIENT CACHING has said the opposite for the next command.
    pub caching: bool,
    /// Whether the client that was to hear in its place has gone.
    pub is_broken: bool,
    /// The prefixes it hears of in broadcasting mode.
    pub prefixes: BTreeSet<Bytes>,
}

/// The options of CLIENT TRACKING.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Who is to hear instead of the client itself.
    pub redirect: Option<ClientId>,
    /// Hear of all changes below prefixes, whatever was read.
    pub broadcast: bool,
    /// Only what is read behind CLIENT CACHING YES counts.
    pub opt_in: bool,
    /// What is read behind CLIENT CACHING NO does not count.
    pub opt_out: bool,
    /// Do not hear of its own changes.
    pub no_loop: bool,
}

impl Tracked {
    /// Whether the keys of the command that runs are remembered.
    fn remembers(&self) -> bool {
        let asked = if self.options.opt_in { self.caching } else { !(self.options.opt_out && self.caching) };
        self.on && !self.options.broadcast && asked
    }
}

impl Session {
    /// How it tracks, if it does.
    #[must_use]
    pub fn tracks(&self) -> Option<&Tracked> {
        self.tracked.as_deref().filter(|tracked| tracked.on)
    }
}

/// What somebody hears.
enum News<'a> {
    Key(&'a [u8]),
    Keys(Vec<Bytes>),
    /// Everything was removed.
    Everything,
}

impl News<'_> {
    fn reply(&self) -> Reply {
        match self {
            Self::Key(key) => Reply::Array(vec![Reply::bulk(*key)]),
            Self::Keys(keys) => Reply::array(keys.iter().cloned().map(Reply::bulk)),
            Self::Everything => Reply::Null,
        }
    }
}

/// The same news as it was encoded already, for each protocol.
type Encoded = [Option<Bytes>; 2];

impl Clients {
    /// Has a client track from now on, with other options if it does already; prefixes are added to those it has.
    pub(super) fn track(&mut self, slot: Slot, options: Options, mut prefixes: Vec<Bytes>) {
        let tracking = &mut self.tracking;
        let tracked = self.sessions[slot].tracked.get_or_insert_with(|| {
            tracking.known += 1;
            Box::default()
        });
        tracking.clients += usize::from(!tracked.on);
        (tracked.on, tracked.is_broken, tracked.options) = (true, false, options);
        if options.broadcast && prefixes.is_empty() {
            prefixes.push(Bytes::new());
        }
        for prefix in prefixes {
            tracking.prefixes.add(&prefix, slot);
            tracked.prefixes.insert(prefix);
        }
        self.note_listening();
    }

    /// Has a client track no longer.
    pub(super) fn untrack(&mut self, slot: Slot) {
        let tracked = self.sessions.get_mut(slot).and_then(|session| session.tracked.as_deref_mut());
        let Some(tracked) = tracked.filter(|tracked| tracked.on) else { return };
        for prefix in std::mem::take(tracked).prefixes {
            self.tracking.prefixes.remove(&prefix, slot);
        }
        self.tracking.clients -= 1;
        self.note_listening();
    }

    /// A client goes. What it has read is forgotten as it changes, or at once if nobody else has ever tracked.
    pub(super) fn forget_tracking(&mut self, slot: Slot) {
        self.untrack(slot);
        if self.sessions.get_mut(slot).is_some_and(|session| session.tracked.take().is_some()) {
            self.tracking.known -= 1;
            if self.tracking.known == 0 {
                self.tracking.table.take();
                self.note_listening();
            }
        }
    }

    /// How many clients track.
    pub(super) fn tracking_len(&self) -> usize {
        self.tracking.clients
    }

    /// How many keys are remembered, how many pairs of a key and a client, and how many prefixes.
    pub(super) fn tracking_sizes(&self) -> (usize, usize, usize) {
        let Tracking { table, prefixes, .. } = &self.tracking;
        (table.len(), table.items(), prefixes.len())
    }

    /// A key has changed, by a client or by time, while a client's command runs.
    pub(super) fn invalidate(&mut self, key: &[u8], by: Option<Slot>, running: Option<Slot>) {
        if !self.tracking.is_active() {
            return;
        }
        self.tracking.prefixes.note(key, by);
        self.tell_readers(key, running);
    }

    /// Tells those who have read a key, but one who does not want to hear of what it does itself.
    fn tell_readers(&mut self, key: &[u8], running: Option<Slot>) {
        let mut encoded = Encoded::default();
        for client in self.tracking.table.remove(key) {
            let Some(slot) = self.present(client) else { continue };
            let heard = self.sessions[slot].tracks().is_some_and(|tracked| {
                let own = tracked.options.no_loop && running == Some(slot);
                !tracked.options.broadcast && !own
            });
            if heard {
                self.send_news(slot, &News::Key(key), &mut encoded);
            }
        }
    }

    /// All keys of a database go, and with them everything that anybody has read, of whatever database.
    pub(super) fn invalidate_all(&mut self) {
        if !self.tracking.is_active() {
            return;
        }
        self.tracking.table.take();
        let tracks = |(slot, session): (Slot, &Session)| session.tracks().map(|_| slot);
        let slots: Vec<_> = self.iter().filter_map(tracks).collect();
        let mut encoded = Encoded::default();
        for slot in slots {
            self.send_news(slot, &News::Everything, &mut encoded);
        }
    }

    /// Sends what changed below prefixes. To be called behind each batch.
    pub fn broadcast(&mut self) {
        if !self.tracking.prefixes.has_changes() {
            return;
        }
        for Broadcast { clients, changes } in self.tracking.prefixes.take_changes() {
            let (all, mut encoded) = (News::Keys(changes.keys().cloned().collect()), Encoded::default());
            for slot in clients {
                let skips_own = self.sessions[slot].tracks().is_some_and(|tracked| tracked.options.no_loop);
                if !skips_own {
                    self.send_news(slot, &all, &mut encoded);
                    continue;
                }
                let others = changes.iter().filter(|(_, by)| **by != Some(slot));
                let others: Vec<_> = others.map(|(key, _)| key.clone()).collect();
                if !others.is_empty() {
                    self.send_news(slot, &News::Keys(others), &mut Encoded::default());
                }
            }
        }
    }

    /// Has clients forget keys until no more than `most` are remembered; 0 is no bound.
    fn bound_tracking(&mut self, most: usize, mut random: u64) {
        while most > 0 && self.tracking.table.len() > most {
            let Some(key) = self.tracking.table.pick(random) else { return };
            self.tell_readers(&key, None);
            random = random.wrapping_mul(STEP).wrapping_add(1);
        }
    }

    /// Sends something to a client that tracks, or to the one that hears in its place.
    fn send_news(&mut self, slot: Slot, news: &News<'_>, encoded: &mut Encoded) {
        let redirect = self.sessions[slot].tracks().and_then(|tracked| tracked.options.redirect);
        let receiver = redirect.map_or(Some(slot), |client| self.present(client));
        let Some(receiver) = receiver else { return self.send_broken(slot, redirect.unwrap_or_default()) };
        let session = &self.sessions[receiver];
        let resp3 = session.protocol == Protocol::Resp3;
        // Under RESP2 only one who listens to channels counts on messages.
        if !resp3 && (redirect.is_none() || session.subscribed.is_empty()) {
            return;
        }
        let bytes = encoded[usize::from(resp3)].get_or_insert_with(|| match resp3 {
            true => encode(vec![Reply::bulk("invalidate"), news.reply()], Protocol::Resp3),
            false => {
                let words = vec![Reply::bulk("message"), Reply::bulk("__redis__:invalidate"), news.reply()];
                encode(words, Protocol::Resp2)
            }
        });
        self.subscriptions.post(receiver, bytes.clone());
    }

    /// The client that was to hear in the place of another has gone: the other is told, as far as it can be.
    fn send_broken(&mut self, slot: Slot, redirect: ClientId) {
        let session = &mut self.sessions[slot];
        if let Some(tracked) = &mut session.tracked {
            tracked.is_broken = true;
        }
        if session.protocol == Protocol::Resp3 {
            let id = i64::try_from(redirect).unwrap_or(i64::MAX);
            let words = vec![Reply::bulk("tracking-redir-broken"), Reply::Integer(id)];
            self.subscriptions.post(slot, encode(words, Protocol::Resp3));
        }
    }
}

/// The multiplier of Knuth's generator MMIX, good enough to pick keys by.
const STEP: u64 = 6_364_136_223_846_793_005;

fn encode(words: Vec<Reply>, protocol: Protocol) -> Bytes {
    let mut buffer = ReplyBuffer::default();
    buffer.push(Reply::Push(words), protocol);
    Bytes::from(buffer.drain_to_vec())
}

impl Context<'_> {
    /// What follows a command where somebody listens: keys were found to be gone or new, and its client may remember
    /// what it has read.
    #[cold]
    pub(super) fn hear_out(&mut self, prepared: &Prepared) {
        if self.effects.ran {
            self.tell_found();
            self.remember_keys(prepared);
        }
        self.clients.bound_tracking(self.config.tracking_table_max_keys, self.random);
    }

    fn remember_keys(&mut self, prepared: &Prepared) {
        let session = &self.clients.sessions[self.me];
        let Some(row) = prepared.row().filter(|row| row.flags.has(Flag::Readonly)) else { return };
        if session.tracks().is_some_and(Tracked::remembers) {
            let client = session.id;
            for key in keys_of(row, Words::new(self.argv, 0)) {
                let key = self.argv.get(key.index).unwrap_or_default();
                self.clients.tracking.table.add(key, client);
            }
        }
    }

    /// What CLIENT CACHING has said holds for the next command, or up to the end of the next transaction.
    pub(super) fn forget_caching(&mut self, prepared: &Prepared) {
        let is_client = prepared.entry.is_some_and(|entry| entry.name.starts_with("client|"));
        let begins = matches!(self.effects.controls.first(), Some(Control::RunTransaction(_)));
        let session = self.session();
        if !is_client && !begins && session.queue.is_none() {
            session.end_caching();
        }
    }
}

impl Session {
    /// From now on CLIENT CACHING has said nothing.
    pub(super) fn end_caching(&mut self) {
        if let Some(tracked) = &mut self.tracked {
            tracked.caching = false;
        }
    }
}

#[cfg(test)]
mod tests;
