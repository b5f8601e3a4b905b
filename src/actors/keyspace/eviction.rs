//! Room for what is to come: where memory is limited (`maxmemory`), keys are evicted before each command, a bounded
//! time long, and behind the batch if that was not enough. When no key may go, commands that take memory are refused.
//!
//! Which key goes the store decides ([`Evictor`]). An evicted key leaves a DEL in the log, as one past its deadline does.
//! What counts as used [`memory`](super::memory) says.

use super::Keyspace;
use super::batch::Current;
use super::memory::Before;
use crate::actors::connection::Close;
use crate::commands::events;
use crate::config::Config;
use crate::config::values::EvictionPolicy as Policy;
use crate::store::{Choice, Detached, Evictor, Measure, Order};
use actix::{AsyncContext, Context};
use std::time::{Duration, Instant};

/// So many keys are evicted between two looks at the time.
const KEYS_BETWEEN_LOOKS: usize = 16;

/// Until eviction goes on that was not done in time.
const PAUSE: Duration = Duration::from_millis(1);

/// How eviction fares.
#[derive(Default)]
pub(super) struct Eviction {
    evictor: Evictor,
    /// Whether no key may go any more and there still is no room.
    pub(super) is_full: bool,
    /// Whether there was not time enough to make room.
    is_behind: bool,
    timer_set: bool,
    /// How much memory there was before a snapshot that still lives; none without one.
    pub(super) before: Option<Before>,
}

/// Which keys an eviction policy lets go; none for `noeviction`.
fn choice(config: &Config) -> Option<Choice> {
    let (order, only_volatile) = match config.maxmemory_policy {
        Policy::Noeviction => return None,
        Policy::AllkeysLru | Policy::AllkeysLfu => (Order::LeastUsed, false),
        Policy::VolatileLru | Policy::VolatileLfu => (Order::LeastUsed, true),
        Policy::AllkeysRandom => (Order::Random, false),
        Policy::VolatileRandom => (Order::Random, true),
        Policy::VolatileTtl => (Order::NextDeadline, true),
    };
    Some(Choice { order, only_volatile, samples: config.maxmemory_samples })
}

/// What the marks of keys are to count.
pub(super) fn measure(config: &Config) -> Measure {
    if !config.maxmemory_policy.counts_frequency() {
        return Measure::Recency;
    }
    Measure::Frequency { log_factor: config.lfu_log_factor, decay_minutes: config.lfu_decay_time }
}

/// The longest that clients wait for one eviction; none without a limit. As in Redis, up to 10 the option counts in steps
/// of 50 µs, and from there on each step is 15 % longer.
fn time_limit(tenacity: u32) -> Option<Duration> {
    const STEP: Duration = Duration::from_micros(50);
    const LINEAR: u32 = 10;
    const GROWTH: f64 = 1.15;
    match tenacity {
        0..=LINEAR => Some(STEP * tenacity),
        11..=99 => Some((STEP * LINEAR).mul_f64(GROWTH.powi(tenacity as i32 - LINEAR as i32))),
        _ => None,
    }
}

impl Eviction {
    /// The options may say something else now.
    pub(super) fn start_anew(&mut self) {
        self.evictor.forget();
        self.is_full = false;
    }
}

impl Keyspace {
    /// Evicts keys if memory is full, before the next command of the batch in progress; nothing comes between the
    /// commands of a transaction, nor before one that has waited.
    #[inline]
    pub(super) fn make_room_before_next(&mut self) {
        if self.config.maxmemory > 0 || self.eviction.is_full {
            self.make_room_in_batch();
        }
    }

    #[cold]
    fn make_room_in_batch(&mut self) {
        let is_alone = |current: &Current| current.transaction.is_none() && !current.resumes;
        if self.current.as_ref().is_some_and(|current| current.has_next() && is_alone(current)) {
            self.make_room();
        }
    }

    /// Evicts keys if memory is full.
    fn make_room(&mut self) {
        self.eviction.is_full = false;
        self.eviction.is_behind = false;
        let still = self.durability.loading.is_some() || self.quiesced;
        if let Some(excess) = self.excess_bytes() {
            if still || self.clients.paused(self.now_ms).is_some() {
                return;
            }
            match choice(&self.config) {
                Some(choice) => self.evict(choice, excess),
                None => self.eviction.is_full = true,
            }
        }
        self.note_exceeded();
        if self.clients.has_messages() {
            self.gather_messages();
        }
    }

    /// Notes since when there has been no room, or how long there was none.
    fn note_exceeded(&mut self) {
        if self.eviction.is_full || self.eviction.is_behind {
            self.statistics.exceeded_since.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.statistics.exceeded_since.take() {
            self.statistics.exceeded_time += since.elapsed();
        }
    }

    fn evict(&mut self, choice: Choice, excess: u64) {
        let started = Instant::now();
        let limit = time_limit(self.config.maxmemory_eviction_tenacity);
        let (mut excess, mut evicted) = (excess, 0);
        loop {
            let random = &mut self.random;
            let Some((number, detached)) =
                self.eviction.evictor.evict(&mut self.store, choice, || random.draw())
            else {
                self.eviction.is_full = true;
                return;
            };
            excess = excess.saturating_sub(detached.memory_bytes() as u64);
            self.let_go(number, detached);
            evicted += 1;
            if excess == 0 || evicted % KEYS_BETWEEN_LOOKS == 0 {
                // What was reckoned is only an estimate.
                match self.excess_bytes() {
                    None => return,
                    Some(left) => excess = left,
                }
                if limit.is_some_and(|limit| started.elapsed() >= limit) {
                    self.eviction.is_behind = true;
                    return;
                }
            }
        }
    }

    /// Does what follows from the eviction of a key.
    fn let_go(&mut self, number: usize, detached: Detached) {
        self.statistics.evicted_keys += 1;
        self.log.record_expired(number, std::slice::from_ref(&detached));
        if self.clients.is_heard() {
            events::tell_evicted(&mut self.clients, number, detached.key());
        }
        if detached.is_big() {
            self.facts.reclaimer.discard_sized(detached.memory_bytes() as u64, detached);
        }
    }

    /// Goes on with eviction soon, if there was not time enough.
    pub(super) fn evict_later(&mut self, ctx: &mut Context<Self>) {
        if !self.eviction.is_behind || self.eviction.timer_set {
            return;
        }
        self.eviction.timer_set = true;
        ctx.run_later(PAUSE, |keyspace, ctx| {
            keyspace.eviction.timer_set = false;
            keyspace.read_clock();
            keyspace.make_room();
            keyspace.send_mail();
            keyspace.wind_up(ctx);
        });
    }

    /// After a panic: the timer died with it, and whoever's use of keys did not count is not at work any more.
    pub(super) fn forget_eviction(&mut self) {
        self.store.hold_marks(false);
        self.eviction = Eviction::default();
    }

    /// With every tick: closes the clients with the most memory while all together have more than
    /// `maxmemory-clients`.
    pub(super) fn evict_clients(&mut self) {
        let limit_bytes = self.config.maxmemory_clients.bytes(self.config.maxmemory as u64);
        if limit_bytes == 0 {
            return;
        }
        let counted = self.clients.iter().filter(|(_, session)| !session.no_evict);
        let mut sizes: Vec<_> = counted.map(|(slot, session)| (session.memory_bytes(), slot)).collect();
        let mut total: u64 = sizes.iter().map(|(bytes, _)| bytes).sum();
        if total <= limit_bytes {
            return;
        }
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        for (bytes, slot) in sizes {
            if total <= limit_bytes {
                break;
            }
            total -= bytes;
            let Some(connection) = self.connections[slot].take() else { continue };
            tracing::warn!(client = self.clients[slot].id, bytes, "closing a client to free its memory");
            self.statistics.evicted_clients += 1;
            connection.do_send(Close);
        }
    }
}
