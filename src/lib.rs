//! Memora: a Redis-compatible in-memory data store built as a system of supervised actors.
//!
//! This page is the tour; it takes ten minutes with the modules beside it.
//!
//! ```text
//!  bytes ─► Connection ── batch of typed commands ──► Keyspace ── commands + store
//!    ▲        │ resp                                     │  ▲
//!    └────────┴───────────── replies ◄───────────────────┤  └── tick ── Expiry
//!  Listener (accepts)                                     ├─► AofWriter: the log, on a thread of its own
//!                                                         ├─► Rewriter: snapshots and new bases of the log, likewise
//!                                                         └─► reclaimer (a thread that frees big values)
//!             every box is an actor behind a guard, a child of the Supervisor
//! ```
//!
//! # The life of a command
//!
//! A client sends `*3\r\n$3\r\nSET\r\n…`. Its **Connection** ([`actors`]) reads what has arrived and has the
//! decoder ([`resp::codec`]) find the complete requests in it: a [`resp::Batch`], one frame of bytes and the
//! places of the arguments, nothing copied. Each request is *prepared* ([`commands::prepare()`]): the command is
//! looked up in the one table of all commands ([`commands::table`]), the number of its arguments checked, the
//! arguments read into a typed command. The whole batch goes to the **Keyspace** in one message.
//!
//! The Keyspace owns all data and runs every command, one after another ([`commands::execute`]): the gates
//! object or not, the command works on the [`store`] and returns a reply, and what else it wishes for (a
//! connection closed, a value freed elsewhere) lies in its [`commands::effects`], which the Keyspace carries
//! out. How long it took is counted ([`commands::statistics`]) and, when that was long, put on record
//! ([`commands::history`]); clients that watch (MONITOR) get its line. The replies are encoded for the client's
//! protocol ([`resp::encode`]) and go back in one message; the Connection writes them. Replies that would be
//! huge share the value and are encoded while the socket drains.
//!
//! Nothing waits inside the Keyspace. A command that a CLIENT PAUSE holds is set aside with the rest of its
//! batch, and so is one that waits for the disk (SAVE, WAITAOF); due keys are removed in short ticks; big values are
//! freed by a thread.
//!
//! # The life of a write
//!
//! With `appendonly yes`, a command that changed something leaves a *unit* ([`commands::propagation`]): its request, or
//! what has the same outcome whenever it is run. Units are numbered, gathered for a
//! moment, and go to the **AofWriter** in one piece, which appends them to the log ([`persistence::aof`]), syncs as
//! `appendfsync` says, and reports how far the log is durable. With `always`, replies wait for that number in the
//! Keyspace while it goes on executing; whoever waits shares one sync. Until they are durable, pieces stay in the
//! Keyspace as well, so that an AofWriter that failed gets them once more.
//!
//! A snapshot or a rewrite of the log begins with an image of the store, which shares its memory and is copied on
//! write; the **Rewriter** writes it to a file beside ([`persistence::rdb`]), and a rename makes it count. At the start
//! the Keyspace reads the files back in slices, and the commands of the log go through the same [`commands::execute`].
//!
//! When an actor panics, its guard restarts it on the same mailbox with fresh state, the client whose command
//! caused it hears that the outcome is unknown, and everyone else goes on.
//!
//! # The layers
//!
//! Modules stand here in reading order. `resp` speaks, `store` computes, `commands` decide, `actors` act:
//!
//! | module | may use | never mentions |
//! |---|---|---|
//! | [`resp`] | byte and number crates | anything of this crate |
//! | [`store`] | byte, number and hashing crates | anything of this crate; clocks, files, sockets, randomness |
//! | [`persistence`] | `resp`, `store`; its `rdb` only `store`; its `check` the table of `commands` | actors, the file system |
//! | [`commands`] | `resp`, `store`, `config`, `persistence` | actors, clocks, files, sockets |
//! | [`config`] | its file formats, `resp::quoting` | anything else of this crate |
//! | [`exit`] | – | anything of this crate |
//! | [`shells`] (completions and manuals) | – | anything of this crate |
//! | [`actors`] | all of the above but `shells` | the programs |
//! | `bind` (the listening sockets) | `actors`, `config` | the programs |
//! | [`server`] | `actors`, `bind`, `commands`' types for facts, `config`, `exit` | the programs |
//! | `memora-server` | `config`, `server`, `exit`, `shells`, `persistence::check` | `store`, `commands`, `actors` |
//! | `memora-cli` | `resp`, `exit`, `shells` | `store`, `commands`, `actors`, `server` |
//!
//! `tests/architecture.rs` reads the sources and fails when a rule is broken.

pub mod resp;
pub mod store;
pub mod persistence;
pub mod commands;
pub mod config;
pub mod exit;
pub mod shells;
pub mod actors;
mod bind;
pub mod server;
