//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//!
//! Between MULTI and EXEC a client's commands are queued, typed as they are, with their bytes. EXEC asks the Keyspace
//! to run them one after the other before anybody else has a turn ([`Control::RunTransaction`]); what they leave
//! in the log is one unit. A command that is refused while it would be queued spoils the whole transaction; one that
//! fails when it runs does not keep the others from running. As documented for Redis:
//! <https://redis.io/docs/latest/develop/interact/transactions/>.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::effects::Control;
use super::family::family;
use super::faults::{self, Fault};
use super::prepare::Prepared;
use super::session::Session;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use super::table::Entry;
use super::watches::WatchedKey;
use crate::resp::{DetachedRequest, Reply};
use bytes::Bytes;

/// A command that waits for EXEC.
pub struct Queued {
    /// The command.
    pub prepared: Prepared,
    /// Its bytes.
    pub request: DetachedRequest,
}

/// What a client has said since MULTI.
#[derive(Default)]
pub struct Queue {
    /// The commands in order.
    pub commands: Vec<Queued>,
    /// What their requests occupy, bytes.
    requests_bytes: usize,
    /// Whether a command was refused, and EXEC will be.
    is_aborted: bool,
    /// Whether one of them writes.
    writes: bool,
    /// Whether one of them has to wait until the data is loaded.
    needs_data: bool,
}

impl Queue {
    /// Memory that it holds, bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.requests_bytes + self.commands.capacity() * size_of::<Queued>()
    }

    fn push(&mut self, queued: Queued) {
        let has = |flag| queued.prepared.row().is_some_and(|row| row.flags.has(flag));
        self.writes |= has(Flag::Write);
        self.needs_data |= !has(Flag::Loading);
        self.requests_bytes += queued.request.len_bytes();
        self.commands.push(queued);
    }
}

/// Commands that run at once between MULTI and EXEC.
const NEVER_QUEUED: [&str; 6] = ["exec", "discard", "multi", "watch", "quit", "reset"];

/// Whether a command that no gate refuses is to be queued instead of run.
pub(super) fn queues(session: &Session, prepared: &Prepared) -> bool {
    let is_queued = |entry: &Entry| !NEVER_QUEUED.contains(&entry.name.as_str());
    session.queue.is_some() && prepared.entry.is_none_or(is_queued)
}

/// Whether a command, or one that EXEC would run, writes.
pub(super) fn writes(session: &Session, prepared: &Prepared) -> bool {
    let Some(row) = prepared.row() else { return false };
    row.flags.has(Flag::Write) || would_run(session, prepared).is_some_and(|queue| queue.writes)
}

/// Whether a command, or one that EXEC would run, has to wait until the data is loaded.
pub(super) fn needs_data(session: &Session, prepared: &Prepared) -> bool {
    let may_come_early = prepared.row().is_some_and(|row| row.flags.has(Flag::Loading));
    !may_come_early || would_run(session, prepared).is_some_and(|queue| queue.needs_data)
}

fn is_exec(prepared: &Prepared) -> bool {
    prepared.entry.is_some_and(|entry| entry.name == "exec")
}

/// What EXEC would run.
fn would_run<'s>(session: &'s Session, prepared: &Prepared) -> Option<&'s Queue> {
    let queue = session.queue.as_deref()?;
    is_exec(prepared).then_some(queue)
}

/// What a refusal means for a transaction: it is spoiled, and EXEC itself, refused, ends it and says so.
pub(super) fn refused(context: &mut Context<'_>, prepared: &Prepared, fault: Fault) -> Fault {
    if is_exec(prepared) {
        end(context);
        return faults::aborted(&fault);
    }
    if let Some(queue) = &mut context.session().queue {
        queue.is_aborted = true;
    }
    fault
}

/// Ends a transaction, or none, without running it.
fn end(context: &mut Context<'_>) {
    context.clients.unwatch_all(context.me);
    context.session().queue = None;
}

impl Context<'_> {
    /// Queues a command for which [`execute`](super::execute) said so. Answers whether the queue has outgrown
    /// `client-query-buffer-limit`.
    pub fn queue(&mut self, prepared: Prepared) -> bool {
        let (request, limit_bytes) = (self.argv.detach(), self.config.client_query_buffer_limit);
        let session = self.session();
        let is_stale = session.is_stale;
        // What is spoiled already will not run, so there is no need to keep it.
        let queue = session.queue.as_deref_mut().filter(|queue| !queue.is_aborted && !is_stale);
        queue.is_some_and(|queue| {
            queue.push(Queued { prepared, request });
            queue.requests_bytes > limit_bytes
        })
    }

    /// The last command of a transaction has run.
    pub fn transaction_ends(&mut self) {
        self.session().denies_blocking = false;
        self.session().end_caching();
        self.effects.ran = true;
    }

    /// Whether a key that this client watches has changed.
    fn is_stale(&self) -> bool {
        let session = &self.clients[self.me];
        let is_gone = |watched: &WatchedKey| {
            watched.existed && self.store.db_ref(watched.database).peek(&watched.key, self.now_ms).is_none()
        };
        session.is_stale || session.watched.iter().any(is_gone)
    }
}

/// What most of these commands declare alike.
const TRANSACTION: Spec = Spec {
    arity: 1,
    flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy],
    group: Group::Transactions,
    ..Spec::EMPTY
};

/// `MULTI`
pub(super) struct Multi;

impl Command for Multi {
    const SPEC: Spec = Spec {
        name: "multi",
        since: "1.2.0",
        summary: "Begins a transaction: commands are queued until EXEC",
        ..TRANSACTION
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let session = context.session();
        if session.queue.is_some() {
            return Err(faults::NESTED_MULTI);
        }
        session.queue = Some(Box::default());
        Ok(Reply::OK)
    }
}

/// `EXEC`
pub(super) struct Exec;

impl Command for Exec {
    const SPEC: Spec = Spec {
        name: "exec",
        flags: &[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::SkipSlowlog],
        since: "1.2.0",
        complexity: "Depends on the queued commands",
        summary: "Runs the queued commands, and nobody else's between them",
        ..TRANSACTION
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let is_stale = context.is_stale();
        let Some(queue) = context.session().queue.take() else { return Err(faults::EXEC_WITHOUT_MULTI) };
        end(context);
        if queue.is_aborted {
            return Err(faults::EXEC_ABORTED);
        }
        if is_stale {
            return Ok(Reply::NullArray);
        }
        context.session().denies_blocking = true;
        context.effects.control(Control::RunTransaction(queue));
        Ok(Reply::Silent)
    }
}

/// `DISCARD`
pub(super) struct Discard;

impl Command for Discard {
    const SPEC: Spec = Spec {
        name: "discard",
        since: "2.0.0",
        complexity: "O(N) where N is the number of queued commands",
        summary: "Ends a transaction without running it",
        ..TRANSACTION
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if context.session().queue.is_none() {
            return Err(faults::DISCARD_WITHOUT_MULTI);
        }
        end(context);
        Ok(Reply::OK)
    }
}

/// `WATCH key [key ...]`
pub(super) struct Watch {
    keys: Rest,
}

impl Command for Watch {
    const SPEC: Spec = Spec {
        name: "watch",
        arity: -2,
        keys: &[KeySpec::all(&[KeyFlag::Ro])],
        since: "2.2.0",
        complexity: "O(1) for each key",
        summary: "Has the next transaction run only if keys are unchanged by then",
        syntax: "key [key ...]",
        ..TRANSACTION
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let keys = args.rest();
        args.done(Self { keys })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let session = context.session();
        if session.queue.is_some() {
            return Err(faults::WATCH_INSIDE_MULTI);
        }
        let database = session.database;
        // Where a transaction could not run any more, nothing needs to be watched.
        if session.is_stale {
            return Ok(Reply::OK);
        }
        for key in self.keys.of(context.argv) {
            let existed = context.store.db_ref(database).peek(key, context.now_ms).is_some();
            context
                .clients
                .watch(context.me, WatchedKey { database, key: Bytes::copy_from_slice(key), existed });
        }
        Ok(Reply::OK)
    }
}

/// `UNWATCH`
pub(super) struct Unwatch;

impl Command for Unwatch {
    const SPEC: Spec =
        Spec { name: "unwatch", since: "2.2.0", summary: "Forgets all watched keys", ..TRANSACTION };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.clients.unwatch_all(context.me);
        Ok(Reply::OK)
    }
}

family!(Transactions {
    Multi(Multi),
    Exec(Exec),
    Discard(Discard),
    Watch(Watch),
    Unwatch(Unwatch),
});
