//! What happens as time passes: due keys are removed, idle and slow clients closed, rates sampled.
//!
//! The Expiry actor sends a tick `hz` times a second, never a second one before the first is answered, and
//! at once again when there was more to do than one tick's time allows.

use super::{Keyspace, Tick};
use crate::actors::connection::{Check, Close};
use actix::{Context, Handler};
use std::time::{Duration, Instant};

/// The longest a tick keeps clients waiting for the removal of due keys.
const PURGE_TIME: Duration = Duration::from_millis(1);

/// How long an idle client keeps its read buffer.
const HOLD_MEMORY_MS: u64 = 2000;

/// Due keys removed between two looks at the time.
const PURGE_KEYS: usize = 64;

impl Handler<Tick> for Keyspace {
    type Result = ();

    fn handle(&mut self, _: Tick, ctx: &mut Context<Self>) {
        self.links.health.taken();
        self.read_clock();
        self.statistics.sample(self.now_ms);
        self.facts.sample_memory();
        self.close_idle_clients();
        self.evict_clients();
        self.check_clients();
        self.resume_postponed();
        self.resume_suspended();
        self.sync_for_suspended();
        self.check_jobs();
        self.settle_store();
        let started = Instant::now();
        let more_due = self.purge_due_keys();
        self.note_expire_cycle(started.elapsed(), more_due);
        (0..self.store.databases()).for_each(|number| self.discard_expired(number));
        self.wind_up(ctx);
        self.links.expiry.ticked(more_due);
    }
}

impl Keyspace {
    /// Removes keys past their deadline within [`PURGE_TIME`]; says whether more are due.
    fn purge_due_keys(&mut self) -> bool {
        // Nothing changes during a pause.
        let still = self.durability.loading.is_some() || self.quiesced;
        if still || self.clients.paused(self.now_ms).is_some() || !self.active_expire {
            return false;
        }
        let started = Instant::now();
        for number in 0..self.store.databases() {
            loop {
                let purged = self.store.db(number).purge_due(self.now_ms, PURGE_KEYS);
                if !purged.more {
                    break;
                }
                if started.elapsed() >= PURGE_TIME {
                    return true;
                }
            }
        }
        false
    }

    fn note_expire_cycle(&mut self, duration: Duration, more_due: bool) {
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.statistics.expire_cycles_ns += duration_ns;
        self.statistics.expire_cycles_cut_short += u64::from(more_due);
        self.history.event("expire-cycle", duration_ns, self.now_ms / 1000, &self.config);
    }

    /// Closes clients that have been idle for longer than `timeout`; who waits or listens may be silent.
    fn close_idle_clients(&self) {
        let timeout_ms = u64::try_from(self.config.timeout.as_millis()).unwrap_or(u64::MAX);
        if timeout_ms == 0 {
            return;
        }
        for (slot, session) in self.clients.with_those_who_left() {
            let listens = session.monitors || !session.subscribed.is_empty();
            let exempt = listens || session.postponed || session.blocked;
            if !exempt && self.now_ms.saturating_sub(session.active_ms) > timeout_ms {
                tracing::debug!(client = session.id, "closing idle client");
                if let Some(connection) = self.connection(slot) {
                    connection.do_send(Close);
                }
            }
        }
    }

    /// Has some clients look at themselves: those that leave replies unread at their limits, which may count
    /// time, and those that have nothing to say at the memory they hold.
    fn check_clients(&self) {
        for (slot, session) in self.clients.with_those_who_left() {
            let gauges = &session.gauges;
            let idle_ms = self.now_ms.saturating_sub(session.active_ms);
            let holds_memory = gauges.query_free_bytes() > 0 && idle_ms > HOLD_MEMORY_MS;
            if gauges.output_bytes() > 0 || holds_memory {
                if let Some(connection) = self.connection(slot) {
                    connection.do_send(Check);
                }
            }
        }
    }
}
