//! What the server knows of each client; the register of all clients is in `clients`.
//!
//! A session belongs to the Keyspace, not to the Connection: the commands that change it (SELECT, HELLO,
//! CLIENT SETNAME, …) run there, and CLIENT LIST shows all of them. It holds no socket.

mod clients;

pub use clients::{Clients, Pause, Slot};

use super::acl::{Access, User};
use super::subscriptions::Subscribed;
use super::table::Entry;
use super::tracking::Tracked;
use super::transactions::Queue;
use super::watches::WatchedKey;
use crate::resp::Protocol;
use bytes::Bytes;
use std::net::SocketAddr;
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
    /// Whether it has shown who it is, or did not need to.
    pub authenticated: bool,
    /// Who it is.
    pub user: Arc<User>,
    /// What that allows it.
    pub access: Access,
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
    /// Whether it was told to go.
    pub dismissed: bool,
    /// The commands since MULTI; none outside of a transaction.
    pub queue: Option<Box<Queue>>,
    /// Keys it watches.
    pub watched: Vec<WatchedKey>,
    /// What it has subscribed to.
    pub subscribed: Subscribed,
    /// How it tracks keys that it reads; none if it never did.
    pub tracked: Option<Box<Tracked>>,
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
            user: User::open(),
            access: Access::Locked,
            replies: ReplyMode::On,
            no_evict: false,
            no_touch: false,
            monitors: false,
            postponed: false,
            blocked: false,
            dismissed: false,
            queue: None,
            watched: Vec::new(),
            subscribed: Subscribed::default(),
            tracked: None,
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

    /// Back to the state after connecting, as `RESET` asks for. What it watches and who it is its register
    /// forgets.
    pub fn reset(&mut self) {
        self.name = Bytes::new();
        self.database = 0;
        self.protocol = Protocol::Resp2;
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

    /// Whether it was told to go and has been sent all that it was answered.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.dismissed && self.gauges.output_bytes() == 0
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
