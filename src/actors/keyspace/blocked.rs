//! Batches whose command waits for keys, and how they go on.
//!
//! Such a command is run again when a key that it waits for holds what it waits for (`serve_ready`, right behind the
//! command that made it so), or answered when its time is up. The rest of its batch runs when the message that brought
//! this about has been dealt with. One timer is set for the nearest deadline; ten thousand who wait are entries in maps.

use super::Keyspace;
use super::batch::Current;
use super::execution::Progress;
use crate::actors::connection::Close;
use crate::commands::effects::KeyWait;
use crate::commands::faults;
use crate::commands::session::{ClientId, Slot};
use crate::resp::{Reply, ReplyBuffer};
use crate::store::Kind;
use actix::{AsyncContext, Context};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// A batch that waits.
struct Waiter {
    current: Current,
    deadline_ms: Option<u64>,
}

/// All batches that wait, and those that do not any more.
#[derive(Default)]
pub(super) struct Blocked {
    batches: HashMap<ClientId, Waiter>,
    deadlines: BTreeSet<(u64, ClientId)>,
    /// When the timer that is set goes off, Unix time in milliseconds.
    timer_ms: Option<u64>,
    /// Batches whose waiting command is answered; the rest of them is to run.
    unblocked: VecDeque<(ClientId, Current)>,
}

impl Blocked {
    fn remove(&mut self, client: ClientId) -> Option<Waiter> {
        let waiter = self.batches.remove(&client)?;
        if let Some(deadline_ms) = waiter.deadline_ms {
            self.deadlines.remove(&(deadline_ms, client));
        }
        Some(waiter)
    }

    /// The replies of a client whose waiting command is answered, until they are sent.
    pub(super) fn unsent_replies(&mut self, slot: Slot) -> Option<&mut ReplyBuffer> {
        let batch = self.unblocked.iter_mut().find(|(_, current)| current.slot == slot);
        batch.map(|(_, current)| &mut current.work.replies)
    }

    /// Drops the batch of a client that has gone.
    pub(super) fn forget(&mut self, client: ClientId) {
        self.remove(client);
    }

    /// After a panic: the timer died with it.
    pub(super) fn forget_timer(&mut self) {
        self.timer_ms = None;
    }
}

impl Keyspace {
    /// Lets the batch in progress wait for keys.
    pub(super) fn block_current(&mut self, wait: KeyWait) {
        let Some(mut current) = self.current.take() else { return };
        self.send_so_far(&mut current);
        let KeyWait { database, kind, keys, deadline_ms } = wait;
        let client = self.clients[current.slot].id;
        self.clients.wait_for(current.slot, database, kind, keys);
        if let Some(deadline_ms) = deadline_ms {
            self.blocked.deadlines.insert((deadline_ms, client));
        }
        self.blocked.batches.insert(client, Waiter { current, deadline_ms });
    }

    /// Serves those who wait for what the last command has made, in the order in which they came.
    pub(super) fn serve_ready(&mut self) {
        // What lies in memory while data is loaded again may be half of a transaction, or of the data.
        if !self.clients.has_ready() || self.durability.loading.is_some() {
            return;
        }
        self.interrupted = self.current.take();
        while let Some((database, key)) = self.clients.take_ready() {
            while let Some(kind) = self.kind_at(database, &key) {
                let Some(slot) = self.clients.first_waiting(database, &key, kind) else { break };
                if !self.serve(slot) {
                    break;
                }
            }
        }
        self.current = self.interrupted.take();
    }

    fn kind_at(&self, database: usize, key: &[u8]) -> Option<Kind> {
        self.store.db_ref(database).peek(key, self.now_ms).map(|value| value.kind())
    }

    /// Runs the command of a client that waits; says whether it waits no longer.
    fn serve(&mut self, slot: Slot) -> bool {
        let client = self.clients[slot].id;
        self.clients.stop_waiting(slot);
        let Some(mut waiter) = self.blocked.remove(client) else { return true };
        waiter.current.resumes = true;
        self.current = Some(waiter.current);
        if let Progress::Blocked(wait) = self.run_current() {
            self.block_current(KeyWait { deadline_ms: waiter.deadline_ms, ..*wait });
            return false;
        }
        if let Some(current) = self.current.take() {
            self.blocked.unblocked.push_back((client, current));
        }
        true
    }

    /// Answers a client that waits as if its time were up, or with an error.
    pub(super) fn unblock(&mut self, client: ClientId, error: bool) {
        let Some(Waiter { mut current, .. }) = self.blocked.remove(client) else { return };
        let Some(slot) = self.clients.slot(client) else { return };
        self.clients.stop_waiting(slot);
        let reply = if error { Reply::Error(faults::UNBLOCKED.into_bytes()) } else { Reply::NullArray };
        if let Some(entry) = current.work.prepared[current.next].entry {
            let command = self.statistics.command(entry.index);
            command.called(0, self.config.latency_tracking);
            command.failed += u64::from(error);
        }
        if error {
            self.statistics.count_error(faults::UNBLOCKED.code());
        }
        self.answer_suspended(&mut current, reply);
        current.next += 1;
        self.blocked.unblocked.push_back((client, current));
    }

    /// Runs the rest of the batches whose waiting command has been answered.
    fn resume_unblocked(&mut self) {
        while let Some((client, current)) = self.blocked.unblocked.pop_front() {
            if self.clients.slot(client).is_some() {
                self.current = Some(current);
                self.run_and_answer();
            }
        }
    }

    /// Closes all who wait, as the server ends and nobody will push anything any more.
    pub(super) fn close_blocked(&mut self) {
        for client in self.blocked.batches.keys() {
            let slot = self.clients.slot(*client);
            if let Some(connection) = slot.and_then(|slot| self.connection(slot)) {
                connection.do_send(Close);
            }
        }
    }

    fn time_out_blocked(&mut self) {
        while let Some((deadline_ms, client)) = self.blocked.deadlines.first().copied() {
            if deadline_ms > self.now_ms {
                break;
            }
            self.unblock(client, false);
        }
    }

    /// What is to be done behind each message: those who wait no longer go on, timers are set.
    pub(super) fn wind_up(&mut self, ctx: &mut Context<Self>) {
        self.resume_unblocked();
        self.see_off();
        self.send_log_soon(ctx);
        self.continue_reload(ctx);
        self.evict_later(ctx);
        self.set_timer(ctx);
    }

    /// Sees to it that the next who waits in vain is answered in time.
    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let Some((deadline_ms, _)) = self.blocked.deadlines.first().copied() else { return };
        if self.blocked.timer_ms.is_some_and(|timer_ms| timer_ms <= deadline_ms) {
            return;
        }
        self.blocked.timer_ms = Some(deadline_ms);
        let left = Duration::from_millis(deadline_ms.saturating_sub(self.clock.now_ms()));
        ctx.run_later(left.min(LONGEST_TIMER), |keyspace, ctx| {
            keyspace.blocked.timer_ms = None;
            keyspace.read_clock();
            keyspace.time_out_blocked();
            keyspace.wind_up(ctx);
        });
    }
}

/// A timer is never set for longer; the next is set when it goes off.
const LONGEST_TIMER: Duration = Duration::from_secs(24 * 3600);
