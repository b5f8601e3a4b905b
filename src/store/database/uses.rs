//! How keys are used: what eviction goes by, and what `OBJECT IDLETIME` and `OBJECT FREQ` tell.
//!
//! Each key has a mark of 32 bits beside it. By recency it says when the key was last used, in hundredths of a second,
//! which is finer than Redis's seconds. By frequency it is Redis's: a logarithmic counter of eight bits that loses with
//! time, and the minute in which it last did. What the marks of keys mean that were used before the measure was changed
//! adjusts itself with use, as in Redis. Described for Redis:
//! <https://redis.io/docs/latest/develop/reference/eviction/>.

use super::Database;
use crate::store::dict::Spot;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The unit of marks by recency. All marks of 497 days are told apart.
const RECENCY_UNIT_MS: u64 = 10;

/// The unit in which marks by frequency note the time.
const MINUTE_MS: u64 = 60_000;

/// Bits of the counter in a mark by frequency.
const COUNTER_BITS: u32 = 8;

/// The time in a mark by frequency begins anew after so many minutes.
const MINUTES: u32 = 1 << (u32::BITS - COUNTER_BITS);

/// The counter of a new key, so that it is not the first to go.
pub const NEW_FREQUENCY: u8 = 5;

/// What the marks of keys count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// When a key was last used.
    #[default]
    Recency,
    /// How often it is used.
    Frequency {
        /// The greater, the more uses it takes to count one more (`lfu-log-factor`).
        log_factor: u32,
        /// The counter loses one in so many minutes, 0 for never (`lfu-decay-time`).
        decay_minutes: u32,
    },
}

/// How a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Not for so long, in milliseconds.
    IdleMs(u64),
    /// So often, on Redis's logarithmic scale.
    Frequency(u8),
}

/// The time by which uses are marked, Unix time in milliseconds: one for all databases.
pub(in crate::store) type UseClock = Arc<AtomicU64>;

/// What a database needs to mark uses.
#[derive(Debug, Clone)]
pub(super) struct Uses {
    clock: UseClock,
    measure: Measure,
    /// Whether marks stay as they are, for clients whose use does not count.
    held: bool,
    /// Decides by chance whether a counter goes up; nothing secret hangs on it.
    chance: u64,
}

impl Uses {
    pub(super) fn new(clock: UseClock) -> Self {
        Self { clock, measure: Measure::default(), held: false, chance: 0 }
    }

    fn now_ms(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// The mark of a key that is new.
    fn fresh(&self) -> u32 {
        match self.measure {
            Measure::Recency => recency_mark(self.now_ms()),
            Measure::Frequency { .. } => frequency_mark(self.now_ms(), NEW_FREQUENCY),
        }
    }

    /// The mark of a key that is used once more.
    fn used(&mut self, mark: u32) -> u32 {
        let now_ms = self.now_ms();
        let Measure::Frequency { log_factor, .. } = self.measure else { return recency_mark(now_ms) };
        let counter = self.frequency(mark);
        let above = u64::from(counter.saturating_sub(NEW_FREQUENCY));
        let odds = above * u64::from(log_factor) + 1;
        let goes_up = counter < u8::MAX && self.draw() % odds == 0;
        frequency_mark(now_ms, counter + u8::from(goes_up))
    }

    /// The counter of a mark by frequency, with what it has lost by now.
    fn frequency(&self, mark: u32) -> u8 {
        let Measure::Frequency { decay_minutes, .. } = self.measure else { return 0 };
        let lost = self.idle_minutes(mark).checked_div(decay_minutes).unwrap_or(0);
        (mark as u8).saturating_sub(u8::try_from(lost).unwrap_or(u8::MAX))
    }

    /// How long ago a mark by frequency was made, minutes.
    fn idle_minutes(&self, mark: u32) -> u32 {
        minutes(self.now_ms()).wrapping_sub(mark >> COUNTER_BITS) % MINUTES
    }

    /// How long ago a mark by recency was made, milliseconds.
    fn idle_ms(&self, mark: u32) -> u64 {
        u64::from(recency_mark(self.now_ms()).wrapping_sub(mark)) * RECENCY_UNIT_MS
    }

    /// What a mark says.
    pub(super) fn of(&self, mark: u32) -> Use {
        match self.measure {
            Measure::Recency => Use::IdleMs(self.idle_ms(mark)),
            Measure::Frequency { .. } => Use::Frequency(self.frequency(mark)),
        }
    }

    /// Random bits, by Marsaglia's method of steps (xorshift) over a counter.
    fn draw(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.chance;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

fn recency_mark(now_ms: u64) -> u32 {
    // Only differences count, and those are right around the end of the range.
    (now_ms / RECENCY_UNIT_MS) as u32
}

fn minutes(now_ms: u64) -> u32 {
    (now_ms / MINUTE_MS) as u32 % MINUTES
}

fn frequency_mark(now_ms: u64, counter: u8) -> u32 {
    minutes(now_ms) << COUNTER_BITS | u32::from(counter)
}

impl Database {
    /// The key that stands here is used.
    #[inline]
    pub(super) fn mark_use(&mut self, spot: Spot) {
        if !self.uses.held {
            let mark = self.uses.used(self.dict.mark(spot));
            self.dict.set_mark(spot, mark);
        }
    }

    /// The key that stands here is new.
    pub(super) fn mark_new(&mut self, spot: Spot) {
        self.dict.set_mark(spot, self.uses.fresh());
    }

    /// How long a key has not been used, in milliseconds. To ask is no use.
    pub fn idle_ms(&mut self, key: &[u8], now_ms: u64) -> Option<u64> {
        let spot = self.look(key, now_ms)?;
        Some(self.uses.idle_ms(self.dict.mark(spot)))
    }

    /// How often a key is used, on Redis's logarithmic scale; 0 unless that is what marks count. To ask is no use.
    pub fn frequency(&mut self, key: &[u8], now_ms: u64) -> Option<u8> {
        let spot = self.look(key, now_ms)?;
        Some(self.uses.frequency(self.dict.mark(spot)))
    }

    /// Marks a key as used like this, if that is what marks count.
    pub fn set_use(&mut self, key: &[u8], used: Use, now_ms: u64) {
        let Some(spot) = self.look(key, now_ms) else { return };
        let use_clock_ms = self.uses.now_ms();
        let mark = match (used, self.uses.measure) {
            (Use::IdleMs(idle_ms), Measure::Recency) => recency_mark(use_clock_ms.wrapping_sub(idle_ms)),
            (Use::Frequency(counter), Measure::Frequency { .. }) => frequency_mark(use_clock_ms, counter),
            _ => return,
        };
        self.dict.set_mark(spot, mark);
    }

    /// Says whether uses are marked from now on.
    pub(in crate::store) fn hold_marks(&mut self, held: bool) {
        self.uses.held = held;
    }

    pub(in crate::store) fn set_measure(&mut self, measure: Measure) {
        self.uses.measure = measure;
    }

    /// How much a key with this mark deserves to be evicted: the longer ago its last use, or the rarer its uses; among
    /// those used as rarely, the one used longest ago. Grows with nothing but time that goes by unused.
    pub(in crate::store) fn dispensability(&self, mark: u32) -> u64 {
        match self.uses.measure {
            // The moment of the last use, not the time since, so that what is remembered stays right.
            Measure::Recency => u64::MAX - self.uses.now_ms().saturating_sub(self.uses.idle_ms(mark)),
            Measure::Frequency { .. } => {
                let rarity = u64::from(u8::MAX - self.uses.frequency(mark));
                rarity << u32::BITS | u64::from(self.uses.idle_minutes(mark))
            }
        }
    }
}
