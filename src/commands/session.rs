//! What the server knows of each client, and the register of all clients.
//!
//! A session belongs to the Keyspace, not to the Connection: the commands that change it (SELECT, HELLO,
//! CLIENT SETNAME, …) run there, and CLIENT LIST shows all of them. It holds no socket.

use super::subscriptions::{Message, Subscribed, Subscriptions, Topic};
use super::table::Entry;
use super::transactions::Queue;
use super::waiting::Waiting;
use super::watches::{WatchedKey, Watches};
use crate::resp::Protocol;
use crate::store::Kind;
use bytes::Bytes;
use slab::Slab;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A client's number: unique for the life of the process, rising.
pub type ClientId = u64;

/// One client's state, as seen by commands.
pub struct Session {
    /// The client's number.
    pub id: ClientId,
    /// Remote address as `CLIENT LIST` prints it: `127.0.0.1:50312`, `[::1]:50312`, `/path/to/socket:0`.
    pub address: String,
    /// Local address, in the same form.
    pub local_address: String,
    /// Whether the client came through the Unix socket.
    pub unix_socket: bool,
    /// Name set by `CLIENT SETNAME`; empty if none.
    pub name: Bytes,
    /// Library name from `CLIENT SETINFO`; empty if none.
    pub library: Bytes,
    /// Library version from `CLIENT SETINFO`; empty if none.
    pub library_version: Bytes,
    /// The selected database.
    pub database: usize,
    /// The protocol its replies are encoded in.
    pub protocol: Protocol,
    /// Whether it may run commands.
    pub authenticated: bool,
    /// Which replies it wants.
    pub replies: ReplyMode,
    /// Exempt from eviction of clients.
    pub no_evict: bool,
    /// Its commands do not count as use of a key.
    pub no_touch: bool,
    /// Whether it is shown every command (`MONITOR`).
    pub monitors: bool,
    /// Whether its commands wait for the end of a pause.
    pub postponed: bool,
    /// Whether its command waits for something that CLIENT UNBLOCK may end.
    pub blocked: bool,
    /// The commands since MULTI; none outside of a transaction.
    pub queue: Option<Box<Queue>>,
    /// Keys it watches.
    pub watched: Vec<WatchedKey>,
    /// What it has subscribed to.
    pub subscribed: Subscribed,
    /// Whether a key it watches has changed.
    pub is_stale: bool,
    /// Whether its commands are to answer at once instead of waiting, as in a transaction.
    pub denies_blocking: bool,
    /// When it connected, Unix time in milliseconds.
    pub created_ms: u64,
    /// When its last batch arrived, Unix time in milliseconds.
    pub active_ms: u64,
    /// The last command it ran; none before the first.
    pub last_command: Option<&'static Entry>,
    /// The last unit of the log that one of its commands left; 0 before the first.
    pub last_write_seq: u64,
    /// The socket's number in the process as the system knows it; -1 where it has none.
    pub descriptor: i64,
    /// Size of the request being executed, bytes.
    pub request_bytes: usize,
    /// Buffer sizes that its Connection keeps up to date.
    pub gauges: Arc<Gauges>,
}

/// Sizes of a Connection's buffers, written there and read by `CLIENT LIST`.
#[derive(Debug, Default)]
pub struct Gauges {
    query_bytes: AtomicU64,
    query_free_bytes: AtomicU64,
    output_bytes: AtomicU64,
}

impl Gauges {
    /// Notes the bytes waiting in the query buffer, and the room behind them.
    pub fn set_query(&self, used_bytes: usize, free_bytes: usize) {
        self.query_bytes.store(used_bytes as u64, Ordering::Relaxed);
        self.query_free_bytes.store(free_bytes as u64, Ordering::Relaxed);
    }

    /// Notes the reply bytes that wait for the client.
    pub fn set_output(&self, bytes: usize) {
        self.output_bytes.store(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes waiting in the query buffer.
    #[must_use]
    pub fn query_bytes(&self) -> u64 {
        self.query_bytes.load(Ordering::Relaxed)
    }

    /// Unused bytes of the query buffer.
    #[must_use]
    pub fn query_free_bytes(&self) -> u64 {
        self.query_free_bytes.load(Ordering::Relaxed)
    }

    /// Reply bytes waiting for the client.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.output_bytes.load(Ordering::Relaxed)
    }
}

/// `CLIENT REPLY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyMode {
    /// Every command is answered.
    On,
    /// Nothing is answered.
    Off,
    /// The next command is not answered (set by the command before it).
    SkipNext,
    /// This command is not answered.
    Skip,
}

impl Session {
    /// A client that has just connected.
    #[must_use]
    pub fn new(id: ClientId, address: String, local_address: String, unix_socket: bool) -> Self {
        Self {
            id,
            address,
            local_address,
            unix_socket,
            name: Bytes::new(),
            library: Bytes::new(),
            library_version: Bytes::new(),
            database: 0,
            protocol: Protocol::Resp2,
            authenticated: false,
            replies: ReplyMode::On,
            no_evict: false,
            no_touch: false,
            monitors: false,
            postponed: false,
            blocked: false,
            queue: None,
            watched: Vec::new(),
            subscribed: Subscribed::default(),
            is_stale: false,
            denies_blocking: false,
            created_ms: 0,
            active_ms: 0,
            last_command: None,
            last_write_seq: 0,
            descriptor: -1,
            request_bytes: 0,
            gauges: Arc::default(),
        }
    }

    /// Back to the state after connecting, as `RESET` asks for; the client has to authenticate again. What it watches
    /// its register forgets.
    pub fn reset(&mut self, authenticated: bool) {
        self.name = Bytes::new();
        self.database = 0;
        self.protocol = Protocol::Resp2;
        self.authenticated = authenticated;
        self.replies = ReplyMode::On;
        self.no_evict = false;
        self.no_touch = false;
        self.monitors = false;
        self.queue = None;
    }

    /// What its transaction occupies, bytes.
    #[must_use]
    pub fn transaction_bytes(&self) -> u64 {
        let watched: usize = self.watched.iter().map(|watched| watched.key.len()).sum();
        let watched = watched + self.watched.capacity() * size_of::<WatchedKey>();
        (self.queue.as_ref().map_or(0, |queue| queue.len_bytes()) + watched) as u64
    }

    /// The memory it occupies: its buffers, its request, and what is known of it.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let buffers = self.gauges.query_bytes() + self.gauges.query_free_bytes() + self.gauges.output_bytes();
        buffers
            + self.subscribed.len_bytes() as u64
            + self.transaction_bytes()
            + (self.request_bytes + size_of::<Self>()) as u64
    }

    /// Whether the client is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let ip = self.address.parse::<SocketAddr>().map(|address| address.ip().to_canonical());
        self.unix_socket || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether replies are sent at this moment.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        matches!(self.replies, ReplyMode::On | ReplyMode::SkipNext)
    }

    /// Whether the next reply is to be sent; steps the skip mode on.
    pub fn wants_reply(&mut self) -> bool {
        match self.replies {
            ReplyMode::On => true,
            ReplyMode::Off => false,
            ReplyMode::SkipNext => {
                self.replies = ReplyMode::Skip;
                false
            }
            ReplyMode::Skip => {
                self.replies = ReplyMode::On;
                false
            }
        }
    }
}

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
    sessions: Slab<Session>,
    slots: HashMap<ClientId, Slot>,
    pause: Option<Pause>,
    watches: Watches,
    waiting: Waiting,
    subscriptions: Subscriptions,
}

impl Clients {
    /// Adds a client.
    pub fn insert(&mut self, session: Session) -> Slot {
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
        self.sessions.try_remove(slot)
    }

    /// Whether anybody wants to hear of changes to keys.
    #[inline]
    #[must_use]
    pub fn is_heard(&self) -> bool {
        !self.watches.is_empty() || self.waiting.len() > 0
    }

    /// All subscriptions.
    pub(super) fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Has a client listen to something; answers the number that its reply tells.
    pub(super) fn subscribe(&mut self, slot: Slot, topic: Topic, name: &Bytes) -> usize {
        let subscribed = &mut self.sessions[slot].subscribed;
        self.subscriptions.add(subscribed, topic, name, slot);
        subscribed.told(topic)
    }

    /// The reverse.
    pub(super) fn unsubscribe(&mut self, slot: Slot, topic: Topic, name: &Bytes) -> usize {
        let subscribed = &mut self.sessions[slot].subscribed;
        self.subscriptions.remove(subscribed, topic, name, slot);
        subscribed.told(topic)
    }

    /// Has a client listen to nothing any more.
    pub(super) fn unsubscribe_all(&mut self, slot: Slot) {
        if let Some(session) = self.sessions.get_mut(slot) {
            self.subscriptions.remove_all(&mut session.subscribed, slot);
        }
    }

    /// Sends a message to all who listen to a channel; answers how many hear it.
    pub(super) fn publish(&mut self, topic: Topic, channel: &[u8], text: &[u8]) -> usize {
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

    /// A key has changed.
    pub(super) fn touch(&mut self, database: usize, key: &[u8]) {
        for slot in self.watches.of(database, key) {
            self.sessions[*slot].is_stale = true;
        }
        self.waiting.touch(database, key);
    }

    /// All keys of a database may be there now.
    pub(super) fn touch_awaited(&mut self, database: usize) {
        self.waiting.touch_all(database);
    }

    /// The data was loaded anew: any key may be another now, for those who watch it and for those who wait for it.
    pub fn touch_everything(&mut self, databases: usize) {
        for database in 0..databases {
            self.touch_watched_where(database, |_| true);
            self.touch_awaited(database);
        }
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
    pub(super) fn watch(&mut self, slot: Slot, watched: WatchedKey) {
        let known = |other: &WatchedKey| other.database == watched.database && other.key == watched.key;
        if !self.sessions[slot].watched.iter().any(known) {
            self.watches.add(&watched, slot);
            self.sessions[slot].watched.push(watched);
        }
    }

    /// Has a client watch nothing any more, and forget that something has changed.
    pub(super) fn unwatch_all(&mut self, slot: Slot) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        session.is_stale = false;
        for watched in std::mem::take(&mut session.watched) {
            self.watches.remove(&watched, slot);
        }
    }

    /// Those keys of a database have changed, for those who watch them, to which something applies.
    pub(super) fn touch_watched_where(&mut self, database: usize, applies: impl Fn(&[u8]) -> bool) {
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

    /// The session in a slot, if there is one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Session> {
        self.sessions.get(slot)
    }

    /// How many are connected.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// All of them with their slots, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Session)> {
        self.sessions.iter()
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Session> {
        let mut sessions: Vec<_> = self.sessions.iter().map(|(_, session)| session).collect();
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
