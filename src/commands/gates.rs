//! What is checked before a command runs, in Redis's order.
//!
//! Each gate is one small function; the first that objects answers for the command. Replay of a log passes no
//! gate at all.

use super::acl::{self, Access};
use super::context::Context;
use super::durability::WritesRefused;
use super::faults::{self, Fault};
use super::prepare::{Prepared, Refusal};
use super::spec::Flag;
use super::transactions;
use crate::resp::Protocol;

/// One check: the fault if the command must not run.
type Gate = fn(&mut Context<'_>, &Prepared) -> Option<Fault>;

/// All gates, in the order in which Redis asks.
const GATES: &[Gate] =
    &[known, arity, permitted, allowed_in_transaction, room_left, listening, loaded, monitoring];

/// The first objection to running a command, if any.
pub(super) fn objection(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    GATES.iter().find_map(|gate| gate(context, prepared))
}

/// Whether no gate would object to a command on data, whichever it is, nor anything else stands in its way or has to
/// hear of it.
pub(super) fn are_open(context: &mut Context<'_>) -> bool {
    let durable = context.durability.refuses_writes(context.config).is_none();
    let loaded = context.durability.loading.is_none();
    let paused = context.clients.paused(context.now_ms).is_some();
    let session = &context.clients[context.me];
    let unbound = session.access == Access::Full && session.queue.is_none() && session.subscribed.is_empty();
    let unheard = !session.monitors && !context.clients.is_heard();
    durable && loaded && !paused && !context.is_full && unbound && unheard
}

/// The command exists.
fn known(_: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    match &prepared.call {
        Err(Refusal::Unknown(fault)) => Some(fault.clone()),
        _ => None,
    }
}

/// The number of arguments is one it takes.
fn arity(_: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    match &prepared.call {
        Err(Refusal::Arity(fault)) => Some(fault.clone()),
        _ => None,
    }
}

/// The client has authenticated, or the command is one that may come before; and its user may run it.
fn permitted(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    match context.clients[context.me].access {
        Access::Full => None,
        Access::Locked => (!acl::is_free(prepared)).then_some(faults::NO_AUTH),
        // Redis asks in this order.
        Access::Checked => {
            allowed_in_transaction(context, prepared).or_else(|| acl::permission(context, prepared))
        }
    }
}

/// The client is in no transaction, or the command may be part of one.
fn allowed_in_transaction(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let refused = || prepared.row().is_some_and(|row| row.flags.has(Flag::NoMulti));
    (context.clients[context.me].queue.is_some() && refused()).then_some(faults::NOT_IN_TRANSACTION)
}

/// There is memory left and what is written can be made durable; one gate, as it stands in the way of every command.
fn room_left(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    memory_left(context, prepared).or_else(|| disk_writable(context, prepared))
}

/// There is memory left, or the command takes none.
fn memory_left(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let concerned = || transactions::takes_memory(&context.clients[context.me], prepared);
    (context.is_full && concerned()).then_some(faults::OUT_OF_MEMORY)
}

/// What is written can be made durable; PING tells as well, so that whoever watches the server notices.
fn disk_writable(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let refused = context.durability.refuses_writes(context.config)?;
    let row = prepared.row()?;
    let concerned = transactions::writes(&context.clients[context.me], prepared) || row.spec.name == "ping";
    concerned.then(|| match refused {
        WritesRefused::Snapshot => faults::SNAPSHOT_FAILED,
        WritesRefused::Log(reason) => faults::log_failed(&reason),
    })
}

/// The client listens to no channel, or speaks RESP3, or the command is one that a client that listens may send.
fn listening(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    const ALLOWED: [&str; 9] = [
        "ping",
        "subscribe",
        "ssubscribe",
        "psubscribe",
        "unsubscribe",
        "sunsubscribe",
        "punsubscribe",
        "quit",
        "reset",
    ];
    let session = &context.clients[context.me];
    if session.subscribed.is_empty() || session.protocol == Protocol::Resp3 {
        return None;
    }
    let entry = prepared.entry.filter(|entry| !ALLOWED.contains(&entry.name.as_str()))?;
    Some(faults::only_listening(&entry.name))
}

/// The data is there, or the command is one that does not need it.
fn loaded(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let concerned = || transactions::needs_data(&context.clients[context.me], prepared);
    (context.durability.loading.is_some() && concerned()).then_some(faults::LOADING)
}

/// A client in MONITOR mode is a replica to Redis, and replicas do not ask for data.
fn monitoring(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let uses_data =
        || prepared.row().is_some_and(|row| row.flags.has(Flag::Write) || row.flags.has(Flag::Readonly));
    (context.clients[context.me].monitors && uses_data()).then_some(faults::MONITOR_NO_KEYSPACE)
}
