//! Acts: own state, time, sockets, files. The only place that names actix.
//!
//! ```text
//!  bytes ─► Connection ── Execute (batch of typed commands) ──► Keyspace ── commands + store
//!    ▲                                                          │  ▲ │ ▲
//!    └──────────────── Replies (encoded) ◄──────────────────────┘  │ │ └── Tick ── Expiry
//!                                                                  │ ├─ Append (units of the log) ─► AofWriter ─► appendonlydir
//!  Listener (accepts, starts Connections)          LogReport ◄─────┤ │                                  ▲
//!                                                  JobReport ◄─────┘ └─ WriteFile (an image) ─► Rewriter ─► dump.rdb, new base
//!                          every box is a guarded child of the Supervisor
//! ```
//!
//! | message | sender | receiver | answer | while the receiver restarts |
//! |---|---|---|---|---|
//! | `Connect` | Connection | Keyspace | – | waits in the mailbox |
//! | `Execute` | Connection | Keyspace | `Replies` | waits; the batch that caused the panic is answered with errors |
//! | `Disconnect` | Connection | Keyspace | – | waits |
//! | `Count` | Listener, Connection | Keyspace | – | waits |
//! | `Tick` | Expiry | Keyspace | `Ticked` | answered by the restart |
//! | `CloseClients` | Supervisor | Keyspace | when the last client is gone | waits, the deadline runs |
//! | `Quiesce` | Supervisor | Keyspace | when the log is handed over and a last snapshot is written | waits |
//! | `LoadSlice` | Keyspace | itself | – | lost: after the start the loading begins anew, at the start the server ends |
//! | `Begin` | Keyspace | AofWriter | `LogReport::Begun` | waits; the one that caused the panic is reported as failed |
//! | `Append` | Keyspace | AofWriter | `LogReport::Progress`, one for many | waits, or is lost: `LogReport::Resend` asks for all that is not durable |
//! | `Flush` | AofWriter | itself | – | waits |
//! | `SetPolicy`, `SyncNow` | Keyspace | AofWriter | `LogReport::Progress` | waits, or is lost: the next tick asks again for those who wait |
//! | `Settle` | Keyspace | AofWriter | `LogReport::Settled` | waits; `LogReport::Resend` has it asked again |
//! | `Rotate` | Keyspace | AofWriter | `LogReport::Rotated` | `LogReport::Resend` ends the rewrite as failed |
//! | `SwitchBase` | Keyspace | AofWriter | `LogReport::Switched` | `LogReport::Resend` ends the rewrite as failed |
//! | `Seal` | Supervisor | AofWriter | when all is durable, or why not | waits |
//! | `LogReport` | AofWriter, its guard | Keyspace | – | waits |
//! | `WriteFile` | Keyspace | Rewriter | `JobReport` | waits; the one that caused the panic is reported as failed |
//! | `JobReport` | Rewriter | Keyspace | – | waits |
//! | `Replies` | Keyspace | Connection | – | a Connection never restarts |
//! | `Push`, `Hear` | Keyspace | Connection | – | a Connection never restarts |
//! | `Adjust`, `Check`, `Drain`, `Close` | Keyspace | Connection | – | a Connection never restarts |
//! | `Ticked`, `SetHz` | Keyspace | Expiry | – | waits; the next tick follows by itself |
//! | `StopTicking` | Supervisor | Expiry | when stopped | waits, the deadline runs |
//! | `StopAccepting` | Supervisor | Listener | when stopped | waits, the deadline runs |
//! | `Provoke` | Keyspace | any actor but Connections | – | waits; it is meant to be what the panic takes along |
//! | `ShutDown` | Keyspace, guards, the program | Supervisor | – | never restarts |
//! | `SetShutdownTimeout` | Keyspace | Supervisor | – | never restarts |
//!
//! Actors hold handles (`KeyspaceHandle`, …) of each other, never bare addresses; a handle's methods are the
//! messages. No send waits: what bounds the mailboxes is that every connection has one batch in flight, the Expiry
//! one tick and the Rewriter one job of each kind, and that replies wait when too much of the log is on its way.

pub mod clock;
pub(crate) mod supervision;
mod turns;
pub(crate) mod listener;
pub(crate) mod connection;
pub(crate) mod keyspace;
pub(crate) mod expiry;
pub(crate) mod aof_writer;
pub(crate) mod rewriter;
pub(crate) mod lock;
pub(crate) mod users_file;

/// A supervised actor.
pub(crate) struct Child {
    /// Its name in the log and in `INFO`.
    pub(crate) name: &'static str,
    /// The thread it runs on.
    pub(crate) thread: &'static str,
    /// What happens when it panics too often.
    pub(crate) gives_up: GivesUp,
}

/// What happens when an actor panics too often.
pub(crate) enum GivesUp {
    /// The server cannot go on.
    ShutDown,
    /// The server goes on without it.
    Degrade,
    /// The Keyspace decides: it knows what was promised.
    TellKeyspace,
}

/// The supervised actors in start order; the shutdown walks the list backwards.
pub(crate) const CHILDREN: [Child; 5] = [
    Child { name: "aof_writer", thread: "aof_writer", gives_up: GivesUp::TellKeyspace },
    Child { name: "rewriter", thread: "rewriter", gives_up: GivesUp::Degrade },
    Child { name: "keyspace", thread: "main", gives_up: GivesUp::ShutDown },
    Child { name: "expiry", thread: "main", gives_up: GivesUp::Degrade },
    Child { name: "listener", thread: "main", gives_up: GivesUp::ShutDown },
];
