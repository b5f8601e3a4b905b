//! Decides: what each command means, as pure functions over the store.
//!
//! The way of a request through this layer:
//!
//! 1. [`prepare()`], in the Connection: the command is looked up in the joined [`table`], the number of its
//!    arguments checked, its arguments read into a typed command. What is wrong travels on as a fault.
//! 2. [`execute`], in the Keyspace: the gates (`commands::gates`) are asked in Redis's order, the command runs over a
//!    [`context`], and its reply comes back; what else it asks for lies in its [`effects`]. Where nothing stands in the
//!    way of commands on data ([`is_way_free`]), the gates are not asked for each of them.
//! 3. [`propagation`], in the Keyspace where there is a log: what the command leaves there, and how that is run again.
//!
//! A family is one file: its commands as types, each with its declaration ([`spec`]), and its `TABLE` at the
//! end. There are no clocks, files, sockets or actors here.

pub mod spec;
pub mod key_specs;
pub mod categories;
pub mod syntax;
pub mod table;
pub mod args;
pub mod prepare;
pub mod faults;
pub mod session;
pub mod statistics;
pub mod context;
pub mod effects;
pub mod events;
pub mod watches;
mod waiting;
pub mod subscriptions;
pub mod tracking;
pub mod propagation;
pub mod history;
pub mod durability;
mod gates;
mod family;

mod doubles;
mod long_double;
mod bits;
mod expiration;
mod big_replies;
mod indices;
mod multi_pop;
mod scanning;
mod picks;
mod help;
mod info;
pub mod catalog;
mod spikes;

mod strings;
mod many_strings;
mod substrings;
mod counters;
mod lcs;
mod bitmaps;
mod bitfields;
mod lists;
mod hashes;
mod sets;
mod sorted_sets;
mod geo;
mod hyperloglogs;
mod sort;
mod keys;
mod transfers;
mod ttl;
mod object;
mod dump;
pub mod transactions;
mod pubsub;
mod connection;
mod client;
mod command;
mod config;
mod server;
mod slowlog;
mod latency;
mod memory;
pub mod monitor;
mod debug;
mod results;
mod module;
mod memora;
pub mod saving;
pub mod acl;
mod standalone;
mod cluster;
mod lolwut;

pub use context::{Context, Outcome};
pub use prepare::{Prepared, prepare};

use crate::resp::Reply;
use acl::Access;
use faults::Fault;
use prepare::Refusal;

/// Runs one prepared command and counts it; the reply may be an error.
///
/// How long it took is told to [`note_duration`] once its effects are carried out.
pub fn execute(context: &mut Context<'_>, prepared: &Prepared) -> Reply {
    let session = &mut context.clients[context.me];
    session.last_command = prepared.entry;
    if let Some(record) = &mut context.record {
        record.begin(session.database);
    }
    let outcome = match gates::objection(context, prepared) {
        Some(fault) => Err((transactions::refused(context, prepared, fault), Stage::Rejected)),
        None if transactions::queues(&context.clients[context.me], prepared) => {
            context.effects.queued = true;
            return Reply::QUEUED;
        }
        None => run_counted(context, prepared),
    };
    if context.clients.is_heard() {
        context.hear_out(prepared);
        context.forget_caching(prepared);
    }
    reply(context, prepared, outcome)
}

/// Runs a command of a transaction, which has passed the gates when it was queued.
pub fn execute_queued(context: &mut Context<'_>, prepared: &Prepared) -> Reply {
    if context.clients[context.me].access != Access::Full {
        // What the user may do can have changed since.
        if let Some(fault) = acl::denied_in_transaction(context, prepared) {
            context.statistics.count_error(fault.code());
            return Reply::Error(fault.into_bytes());
        }
    }
    execute_again(context, prepared)
}

/// Whether nothing stands in the way of [plain](Prepared::is_plain) commands, which go by [`execute_again`] then. The
/// answer holds until another command has run.
pub fn is_way_free(context: &mut Context<'_>) -> bool {
    gates::are_open(context)
}

/// Whether no gate objects to the command, for assertions.
pub fn passes(context: &mut Context<'_>, prepared: &Prepared) -> bool {
    gates::objection(context, prepared).is_none() && !is_held(context, prepared)
}

/// Runs a command that has passed the gates before: one that has waited, or one in whose way nothing stands.
pub fn execute_again(context: &mut Context<'_>, prepared: &Prepared) -> Reply {
    if let Some(record) = &mut context.record {
        record.begin(context.clients[context.me].database);
    }
    let outcome = run_counted(context, prepared);
    if context.clients.is_heard() {
        context.hear_out(prepared);
    }
    reply(context, prepared, outcome)
}

#[inline]
fn run_counted(context: &mut Context<'_>, prepared: &Prepared) -> Result<Reply, (Fault, Stage)> {
    context.statistics.commands_processed += 1;
    context.effects.ran = true;
    if context.clients[context.me].no_touch || context.store.holds_marks() {
        hold_marks(context, prepared);
    }
    run(context, prepared)
}

/// Uses of keys do not count for a client that said `CLIENT NO-TOUCH`, but for those by TOUCH. What is said for one
/// command holds until the next, so that nothing has to be done behind it.
#[cold]
fn hold_marks(context: &mut Context<'_>, prepared: &Prepared) {
    let counts_always = prepared.entry.is_some_and(|entry| entry.name == "touch");
    let held = context.clients[context.me].no_touch && !counts_always;
    context.store.hold_marks(held);
}

fn reply(context: &mut Context<'_>, prepared: &Prepared, outcome: Result<Reply, (Fault, Stage)>) -> Reply {
    context.statistics.changes += context.effects.changes;
    match outcome {
        Ok(reply) => reply,
        Err((fault, stage)) => {
            count(context, prepared, |command| match stage {
                Stage::Rejected => command.rejected += 1,
                Stage::Failed => command.failed += 1,
            });
            context.statistics.count_error(fault.code());
            Reply::Error(fault.into_bytes())
        }
    }
}

/// Whether a command has to wait for the end of a `CLIENT PAUSE`; to be asked before [`execute`].
pub fn is_held(context: &mut Context<'_>, prepared: &Prepared) -> bool {
    client::is_held(context, prepared)
}

/// Counts the command that was just executed and how long it took, and puts it on record when it was slow.
pub fn note_duration(context: &mut Context<'_>, prepared: &Prepared, duration_ns: u64) {
    let (Some(entry), true) = (prepared.entry, context.effects.ran) else { return };
    let tracked = context.config.latency_tracking;
    context.statistics.command(entry.index).called(duration_ns, tracked);
    if context.history.is_notable(duration_ns) {
        history::note_slow(context, prepared, duration_ns);
    }
}

/// How far a command came before it failed.
#[derive(Clone, Copy)]
enum Stage {
    Rejected,
    Failed,
}

fn run(context: &mut Context<'_>, prepared: &Prepared) -> Result<Reply, (Fault, Stage)> {
    match &prepared.call {
        Ok(call) => call.run(context).map_err(|fault| (fault, Stage::Failed)),
        Err(Refusal::Arguments(fault) | Refusal::Arity(fault) | Refusal::Unknown(fault)) => {
            Err((fault.clone(), Stage::Failed))
        }
    }
}

fn count(
    context: &mut Context<'_>,
    prepared: &Prepared,
    how: impl FnOnce(&mut statistics::CommandStatistics),
) {
    if let Some(entry) = prepared.entry {
        how(context.statistics.command(entry.index));
    }
}
