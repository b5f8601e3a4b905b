//! The register of all clients: their sessions, and who watches, waits, listens and tracks what.

use super::{ClientId, Session};
use crate::commands::acl::Acl;
use crate::commands::subscriptions::{Message, Subscriptions, Topic};
use crate::commands::tracking::Tracking;
use crate::commands::waiting::Waiting;
use crate::commands::watches::{WatchedKey, Watches};
use crate::config::notifications::EventClasses;
use crate::store::Kind;
use ahash::AHasher;
use bytes::Bytes;
use slab::Slab;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::{Index, IndexMut};

/// Where a session lies in the register; valid until the client is removed.
pub type Slot = usize;

/// A pause of all clients, as `CLIENT PAUSE` asks for one.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// When it ends, Unix time in milliseconds.
    pub until_ms: u64,
    /// Whether all commands wait, or only those that write.
    pub all: bool,
}

/// All connected clients.
///
/// A batch finds its session once by number; its commands then use the slot, a plain index.
#[derive(Default)]
pub struct Clients {
    pub(in crate::commands) sessions: Slab<Session>,
    /// By a hash without a secret: nobody chooses the numbers.
    slots: HashMap<ClientId, Slot, BuildHasherDefault<AHasher>>,
    pause: Option<Pause>,
    watches: Watches,
    waiting: Waiting,
    pub(in crate::commands) subscriptions: Subscriptions,
    pub(in crate::commands) acl: Acl,
    /// Which events of keys are published.
    pub(in crate::commands) events: EventClasses,
    pub(in crate::commands) tracking: Tracking,
    /// Whether events are published or anybody tracks.
    pub(in crate::commands) is_listening: bool,
}

impl Clients {
    /// Adds a client.
    pub fn insert(&mut self, mut session: Session) -> Slot {
        self.acl.receive(&mut session);
        let id = session.id;
        let slot = self.sessions.insert(session);
        self.slots.insert(id, slot);
        slot
    }

    /// Forgets a client.
    pub fn remove(&mut self, id: ClientId) -> Option<Session> {
        let slot = self.slots.remove(&id)?;
        self.unwatch_all(slot);
        self.waiting.remove(slot);
        self.unsubscribe_all(slot);
        self.forget_tracking(slot);
        self.sessions.try_remove(slot)
    }

    /// A client that has been told to go: as soon as it has been sent what it was answered nobody sees it any more, and its
    /// session lives until its connection is closed.
    pub fn dismiss(&mut self, slot: Slot) {
        self.unsubscribe_all(slot);
        if let Some(session) = self.sessions.get_mut(slot) {
            session.dismissed = true;
        }
    }

    /// Whether anybody wants to hear of changes to keys.
    #[inline]
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.is_listening || !self.watches.is_empty() || self.waiting.len() > 0
    }

    /// All subscriptions.
    pub(in crate::commands) fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Has a client listen to something; answers the number that its reply tells.
    pub(in crate::commands) fn subscribe(&mut self, slot: Slot, topic: Topic, name: &Bytes) -> usize {
        let subscribed = &mut self.sessions[slot].subscribed;
        self.subscriptions.add(subscribed, topic, name, slot);
        subscribed.told(topic)
    }

    /// The reverse.
    pub(in crate::commands) fn unsubscribe(&mut self, slot: Slot, topic: Topic, name: &Bytes) -> usize {
        let subscribed = &mut self.sessions[slot].subscribed;
        self.subscriptions.remove(subscribed, topic, name, slot);
        subscribed.told(topic)
    }

    /// Has a client listen to nothing any more.
    pub fn unsubscribe_all(&mut self, slot: Slot) {
        if let Some(session) = self.sessions.get_mut(slot) {
            self.subscriptions.remove_all(&mut session.subscribed, slot);
        }
    }

    /// Sends a message to all who listen to a channel; answers how many hear it.
    pub(in crate::commands) fn publish(&mut self, topic: Topic, channel: &[u8], text: &[u8]) -> usize {
        let sessions = &self.sessions;
        self.subscriptions.publish(topic, channel, text, |slot| sessions[slot].protocol)
    }

    /// Whether messages are on their way.
    #[inline]
    #[must_use]
    pub fn has_messages(&self) -> bool {
        self.subscriptions.has_messages()
    }

    /// The messages on their way, which are the caller's to send.
    pub fn take_messages(&mut self) -> Vec<Message> {
        self.subscriptions.take_messages()
    }

    /// Takes the empty vector back, so that the next messages need no allocation.
    pub fn recycle_messages(&mut self, messages: Vec<Message>) {
        self.subscriptions.recycle_messages(messages);
    }

    /// A key has changed.
    pub(in crate::commands) fn touch(&mut self, database: usize, key: &[u8]) {
        for slot in self.watches.of(database, key) {
            self.sessions[*slot].is_stale = true;
        }
        self.waiting.touch(database, key);
    }

    /// All keys of a database may be there now.
    pub(in crate::commands) fn touch_awaited(&mut self, database: usize) {
        self.waiting.touch_all(database);
    }

    /// The data was loaded anew: any key may be another now, for those who watch it and for those who wait for it.
    pub fn touch_everything(&mut self, databases: usize) {
        for database in 0..databases {
            self.touch_watched_where(database, |_| true);
            self.touch_awaited(database);
        }
        self.invalidate_all();
    }

    /// Lets a client wait for keys to hold a kind of value.
    pub fn wait_for(&mut self, slot: Slot, database: usize, kind: Kind, keys: Vec<Bytes>) {
        self.sessions[slot].blocked = true;
        self.waiting.add(slot, database, kind, keys);
    }

    /// Lets a client wait no longer.
    pub fn stop_waiting(&mut self, slot: Slot) {
        self.sessions[slot].blocked = false;
        self.waiting.remove(slot);
    }

    /// How many clients wait for something that CLIENT UNBLOCK may end.
    #[must_use]
    pub fn blocked_len(&self) -> usize {
        self.sessions.iter().filter(|(_, session)| session.blocked).count()
    }

    /// Whether a key has changed that somebody waits for.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.waiting.has_ready()
    }

    /// The next key that has changed and that somebody waits for, with its database.
    pub fn take_ready(&mut self) -> Option<(usize, Bytes)> {
        self.waiting.take_ready()
    }

    /// Who has waited longest for a key to hold this kind of value.
    #[must_use]
    pub fn first_waiting(&self, database: usize, key: &[u8], kind: Kind) -> Option<Slot> {
        self.waiting.first(database, key, kind)
    }

    /// Has a client watch a key; once is enough.
    pub(in crate::commands) fn watch(&mut self, slot: Slot, watched: WatchedKey) {
        let known = |other: &WatchedKey| other.database == watched.database && other.key == watched.key;
        if !self.sessions[slot].watched.iter().any(known) {
            self.watches.add(&watched, slot);
            self.sessions[slot].watched.push(watched);
        }
    }

    /// Has a client watch nothing any more, and forget that something has changed.
    pub(in crate::commands) fn unwatch_all(&mut self, slot: Slot) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        session.is_stale = false;
        for watched in std::mem::take(&mut session.watched) {
            self.watches.remove(&watched, slot);
        }
    }

    /// Those keys of a database have changed, for those who watch them, to which something applies.
    pub(in crate::commands) fn touch_watched_where(
        &mut self,
        database: usize,
        applies: impl Fn(&[u8]) -> bool,
    ) {
        for slot in self.watches.of_all(database, applies) {
            self.sessions[slot].is_stale = true;
        }
    }

    /// Has clients wait. A longer or stricter pause in force stays.
    pub fn pause(&mut self, pause: Pause) {
        let old = self.pause.unwrap_or(pause);
        self.pause = Some(Pause { until_ms: old.until_ms.max(pause.until_ms), all: old.all || pause.all });
    }

    /// Ends a pause.
    pub fn unpause(&mut self) {
        self.pause = None;
    }

    /// The pause in force, if there is one. It ends by itself when its time is over.
    pub fn paused(&mut self, now_ms: u64) -> Option<Pause> {
        if self.pause.is_some_and(|pause| now_ms >= pause.until_ms) {
            self.pause = None;
        }
        self.pause
    }

    /// Where a client's session lies.
    #[must_use]
    pub fn slot(&self, id: ClientId) -> Option<Slot> {
        self.slots.get(&id).copied()
    }

    /// The same for a client that has not left.
    #[must_use]
    pub fn present(&self, id: ClientId) -> Option<Slot> {
        self.slot(id).filter(|slot| !self.sessions[*slot].has_left())
    }

    /// The session in a slot, if there is one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Session> {
        self.sessions.get(slot)
    }

    /// The same to be changed.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.sessions.get_mut(slot)
    }

    /// How many are connected and have not left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether nobody is connected, not even somebody who has left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// All of them with their slots, in no order; those not who have left.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Session)> {
        self.with_those_who_left().filter(|(_, session)| !session.has_left())
    }

    /// The same with those who have left.
    pub fn with_those_who_left(&self) -> impl Iterator<Item = (Slot, &Session)> {
        self.sessions.iter()
    }

    /// All of them, oldest first; those not who have left.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Session> {
        let mut sessions: Vec<_> = self.iter().map(|(_, session)| session).collect();
        sessions.sort_unstable_by_key(|session| session.id);
        sessions
    }
}

impl Index<Slot> for Clients {
    type Output = Session;

    fn index(&self, slot: Slot) -> &Session {
        &self.sessions[slot]
    }
}

impl IndexMut<Slot> for Clients {
    fn index_mut(&mut self, slot: Slot) -> &mut Session {
        &mut self.sessions[slot]
    }
}
