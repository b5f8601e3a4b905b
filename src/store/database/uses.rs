//! How keys are used: what eviction goes by, and what `OBJECT IDLETIME` and `OBJECT FREQ` tell.
//!
//! Each key has a mark of 32 bits beside it. By recency it says when the key was last used, in hundredths of a second,
//! which is finer than Redis's seconds. By frequency it is Redis's: a logarithmic counter of eight bits that loses with
//! time, and the minute in which it last did. What the marks of keys mean that were used before the measure was changed
//! adjusts itself with use, as in Redis. Described for Redis:
//! <https://redis.io/docs/latest/develop/reference/eviction/>.

use super::Database;
use crate::store::dict::Spot;
use crate::store::random::Random;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The unit of marks by recency. All marks of 497 days are told apart.
const RECENCY_UNIT_MS: u64 = 10;

/// The longest idle time that a key can be given, in that unit: 248 days. It can grow as long again by half before the
/// mark seems to be of the future.
const IDLE_MAX: u32 = u32::MAX / 2;

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
    /// Whether a use only has to be dated, which is the usual case: marks are not held, and are by recency.
    is_plain: bool,
    /// Decides by chance whether a counter goes up; nothing secret hangs on it.
    chance: Random,
}

impl Uses {
    pub(super) fn new(clock: UseClock) -> Self {
        Self { clock, measure: Measure::default(), held: false, is_plain: true, chance: Random::new(0) }
    }

    fn now_ms(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn set_plain(&mut self) {
        self.is_plain = !self.held && self.measure == Measure::Recency;
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
        let goes_up = counter < u8::MAX && self.chance.draw() % odds == 0;
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
        let passed = minutes(self.now_ms()).wrapping_sub(mark >> COUNTER_BITS) % MINUTES;
        unless_ahead(passed, MINUTES - 1)
    }

    /// How long ago a mark by recency was made, milliseconds.
    fn idle_ms(&self, mark: u32) -> u64 {
        let passed = recency_mark(self.now_ms()).wrapping_sub(mark);
        u64::from(unless_ahead(passed, u32::MAX)) * RECENCY_UNIT_MS
    }

    /// The mark by recency of a key that has not been used for so long.
    fn idle_mark(&self, idle_ms: u64) -> u32 {
        let idle = u32::try_from(idle_ms / RECENCY_UNIT_MS).unwrap_or(u32::MAX).min(IDLE_MAX);
        recency_mark(self.now_ms()).wrapping_sub(idle)
    }

    /// What a mark says.
    pub(super) fn of(&self, mark: u32) -> Use {
        match self.measure {
            Measure::Recency => Use::IdleMs(self.idle_ms(mark)),
            Measure::Frequency { .. } => Use::Frequency(self.frequency(mark)),
        }
    }
}

/// What has passed since a mark was made, none where the mark is ahead of the clock because that was set back: such a
/// key was used last of all. The upper quarter of the range is taken for that.
fn unless_ahead(passed: u32, most: u32) -> u32 {
    if passed > most - most / 4 { 0 } else { passed }
}

/// Has marks held as before when it goes, also where `work` panics.
struct Holder<'a> {
    database: &'a mut Database,
    held: bool,
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        self.database.hold_marks(self.held);
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
        if self.uses.is_plain {
            self.dict.set_mark(spot, recency_mark(self.uses.now_ms()));
        } else {
            self.count_use(spot);
        }
    }

    fn count_use(&mut self, spot: Spot) {
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

    /// Marks a key as used like this, if that is what marks count. Longer idle times than 248 days count as that.
    pub fn set_use(&mut self, key: &[u8], used: Use, now_ms: u64) {
        let Some(spot) = self.look(key, now_ms) else { return };
        let mark = match (used, self.uses.measure) {
            (Use::IdleMs(idle_ms), Measure::Recency) => self.uses.idle_mark(idle_ms),
            (Use::Frequency(counter), Measure::Frequency { .. }) => {
                frequency_mark(self.uses.now_ms(), counter)
            }
            _ => return,
        };
        self.dict.set_mark(spot, mark);
    }

    /// Uses a key. Answers whether it is there.
    pub fn touch(&mut self, key: &[u8], now_ms: u64) -> bool {
        self.find(key, now_ms).is_some()
    }

    /// Has `work` look again at keys that its command has used already, which is one use and no more.
    pub fn again<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let holder = Holder { held: self.uses.held, database: self };
        holder.database.hold_marks(true);
        work(holder.database)
    }

    /// Says whether uses are marked from now on.
    pub(in crate::store) fn hold_marks(&mut self, held: bool) {
        self.uses.held = held;
        self.uses.set_plain();
    }

    pub(in crate::store) fn set_measure(&mut self, measure: Measure) {
        self.uses.measure = measure;
        self.uses.set_plain();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Deadline, HashKey, Store, Value};
    use proptest::prelude::*;
    use std::collections::HashMap;

    const START_MS: u64 = 1_700_000_000_000;

    fn store(measure: Measure) -> Store {
        let mut store = Store::new(1, HashKey(1, 2));
        store.set_measure(measure);
        store.set_clock(START_MS);
        store.db(0).set_string(b"k", b"v", Deadline::Clear, 0);
        store
    }

    fn by_frequency(log_factor: u32, decay_minutes: u32) -> Store {
        store(Measure::Frequency { log_factor, decay_minutes })
    }

    fn use_it(store: &mut Store, times: usize) -> u8 {
        for _ in 0..times {
            assert!(store.db(0).get(b"k", 0).is_some());
        }
        store.db(0).frequency(b"k", 0).unwrap()
    }

    #[test]
    fn the_counter_grows_ever_slower() {
        let mut plain = by_frequency(0, 0);
        assert_eq!(use_it(&mut plain, 0), NEW_FREQUENCY);
        assert_eq!(use_it(&mut plain, 10), NEW_FREQUENCY + 10);
        assert_eq!(use_it(&mut plain, 1000), u8::MAX);
        // What Redis's documentation tells of `lfu-log-factor`, give or take what chance does.
        for (log_factor, uses, expected) in
            [(1, 1000, 49), (10, 1000, 18), (10, 100_000, 142), (100, 1000, 11)]
        {
            let counter = use_it(&mut by_frequency(log_factor, 0), uses);
            assert!(counter.abs_diff(expected) <= expected / 4, "{log_factor}, {uses}: {counter}");
        }
    }

    #[test]
    fn the_counter_loses_with_time_that_goes_by_unused() {
        for (decay_minutes, passed, expected) in [(1, 3, 17), (1, 255, 0), (10, 39, 17), (0, 1_000_000, 20)] {
            let mut store = by_frequency(0, decay_minutes);
            assert_eq!(use_it(&mut store, 15), 20);
            store.set_clock(START_MS + passed * MINUTE_MS);
            assert_eq!(store.db(0).frequency(b"k", 0), Some(expected), "{decay_minutes}, {passed}");
        }
        // Whoever uses it begins with what is left, and with the time anew.
        let mut store = by_frequency(0, 1);
        use_it(&mut store, 15);
        store.set_clock(START_MS + 10 * MINUTE_MS);
        assert_eq!(use_it(&mut store, 1), 11);
        store.set_clock(START_MS + 11 * MINUTE_MS);
        assert_eq!(use_it(&mut store, 0), 10);
    }

    #[test]
    fn idle_time_is_right_where_marks_begin_anew() {
        const RANGE_MS: u64 = (1 << u32::BITS) * RECENCY_UNIT_MS;
        let mut store = store(Measure::Recency);
        for started_ms in [START_MS, RANGE_MS - 1000, 7 * RANGE_MS - 10, 7 * RANGE_MS] {
            store.set_clock(started_ms);
            assert!(store.db(0).get(b"k", 0).is_some());
            store.set_clock(started_ms + 5000);
            assert_eq!(store.db(0).idle_ms(b"k", 0), Some(5000), "{started_ms}");
        }
        let mut store = by_frequency(0, 1);
        let begins_anew_ms = u64::from(MINUTES) * MINUTE_MS;
        store.set_clock(begins_anew_ms - MINUTE_MS);
        assert_eq!(use_it(&mut store, 0), 0, "far more went by than it takes");
        use_it(&mut store, 15);
        store.set_clock(begins_anew_ms + MINUTE_MS);
        assert_eq!(use_it(&mut store, 0), 13);
    }

    #[test]
    fn a_key_that_was_used_before_the_clock_was_set_back_was_used_last() {
        for back_ms in [1, RECENCY_UNIT_MS, 3_600_000, 100 * 86_400_000] {
            let mut recency = store(Measure::Recency);
            recency.set_clock(START_MS - back_ms);
            assert_eq!(recency.db(0).idle_ms(b"k", 0), Some(0), "{back_ms}");
            recency.db(0).set_string(b"new", b"v", Deadline::Clear, 0);
            recency.db(0).set_use(b"new", Use::IdleMs(1000), 0);
            let database = recency.db(0);
            let [hot, cold] =
                [&b"k"[..], b"new"].map(|key| database.find_evictable(key, false).unwrap().mark);
            assert!(database.dispensability(hot) < database.dispensability(cold), "{back_ms}");

            let mut frequency = by_frequency(0, 1);
            use_it(&mut frequency, 15);
            frequency.set_clock(START_MS - back_ms);
            assert_eq!(frequency.db(0).frequency(b"k", 0), Some(20), "{back_ms}");
        }
    }

    #[test]
    fn long_idle_times_stay_long() {
        const DAY_MS: u64 = 86_400_000;
        const MOST_MS: u64 = IDLE_MAX as u64 * RECENCY_UNIT_MS;
        let mut store = store(Measure::Recency);
        for (given_ms, idle_ms) in [
            (200 * DAY_MS, 200 * DAY_MS),
            (248 * DAY_MS, 248 * DAY_MS),
            (249 * DAY_MS, MOST_MS),
            (497 * DAY_MS, MOST_MS),
            (498 * DAY_MS, MOST_MS),
            (2 * START_MS, MOST_MS),
            (u64::MAX, MOST_MS),
        ] {
            store.set_clock(START_MS);
            store.db(0).set_use(b"k", Use::IdleMs(given_ms), 0);
            assert_eq!(store.db(0).idle_ms(b"k", 0), Some(idle_ms), "{given_ms}");
            store.set_clock(START_MS + 100 * DAY_MS);
            assert_eq!(store.db(0).idle_ms(b"k", 0), Some(idle_ms + 100 * DAY_MS), "{given_ms}");
        }
    }

    #[test]
    fn looks_that_are_no_use_leave_the_mark() {
        let mut store = store(Measure::Recency);
        store.set_clock(START_MS + 5000);
        let database = store.db(0);
        assert!(database.contains(b"k", 0) && database.deadline(b"k", 0).is_some());
        assert!(database.encoding(b"k", 0).is_some() && database.get_unmarked(b"k", 0).is_some());
        store.hold_marks(true);
        assert!(store.db(0).get(b"k", 0).is_some());
        store.db(0).set_string(b"k", b"w", Deadline::Clear, 0);
        assert_eq!(store.db(0).idle_ms(b"k", 0), Some(5000));
        store.db(0).again(|database| assert!(database.get(b"k", 0).is_some()));
        assert!(store.db(0).get(b"k", 0).is_some());
        assert_eq!(store.db(0).idle_ms(b"k", 0), Some(5000), "marks are held as before");
        store.hold_marks(false);
        store.db(0).again(|database| {
            assert!(database.get(b"k", 0).is_some());
            database.set_string(b"new", b"v", Deadline::Clear, 0);
        });
        assert_eq!(store.db(0).idle_ms(b"k", 0), Some(5000));
        assert_eq!(store.db(0).idle_ms(b"new", 0), Some(0));
        assert!(store.db(0).get(b"k", 0).is_some());
        assert_eq!(store.db(0).idle_ms(b"k", 0), Some(0));
    }

    #[test]
    fn a_value_replaced_as_a_whole_is_a_use_of_its_key() {
        let mut store = by_frequency(0, 0);
        use_it(&mut store, 20);
        let mut list = store.db(0).builder().list();
        list.push(&b"e"[..]);
        let list = Value::List(list.finish());
        assert!(store.db(0).insert(b"k", list.clone(), None, 0).is_some());
        assert_eq!(store.db(0).frequency(b"k", 0), Some(26));
        store.hold_marks(true);
        assert!(store.db(0).insert(b"k", list, None, 0).is_some());
        assert_eq!(store.db(0).frequency(b"k", 0), Some(26));

        // It is another key that takes the place under RENAME, with its own mark, and under COPY and RESTORE.
        store.hold_marks(false);
        store.db(0).set_string(b"other", b"v", Deadline::Clear, 0);
        let copy = store.db(0).duplicate(b"k", 0).unwrap();
        let other = store.db(0).remove(b"other", 0).unwrap();
        assert!(store.db(0).put(b"k", other, 0).is_some());
        assert_eq!(store.db(0).frequency(b"k", 0), Some(NEW_FREQUENCY + 1));
        assert!(store.db(0).put(b"k", copy, 0).is_some());
        assert_eq!(use_it(&mut store, 1), NEW_FREQUENCY + 1);
        store.db(0).note_created(b"k");
        assert_eq!(store.db(0).frequency(b"k", 0), Some(NEW_FREQUENCY));
    }

    #[test]
    fn a_use_can_be_told_if_it_is_what_marks_count() {
        let mut recency = store(Measure::Recency);
        recency.db(0).set_use(b"k", Use::IdleMs(70_000), 0);
        recency.db(0).set_use(b"k", Use::Frequency(9), 0);
        recency.db(0).set_use(b"none", Use::IdleMs(1), 0);
        assert_eq!(recency.db(0).idle_ms(b"k", 0), Some(70_000));
        let mut frequency = by_frequency(1, 1);
        frequency.db(0).set_use(b"k", Use::Frequency(9), 0);
        frequency.db(0).set_use(b"k", Use::IdleMs(70_000), 0);
        let told: Vec<_> = frequency.db(0).snapshot().iter_with_uses().map(|(_, used)| used).collect();
        assert_eq!(told, [Use::Frequency(9)]);
    }

    proptest! {
        /// Marks stay with their keys, however segments are split, merged and shared with snapshots.
        #[test]
        fn marks_stay_with_their_keys(
            steps in prop::collection::vec((0..8_u8, 0..1500_u16), 1..4000),
        ) {
            let mut store = Store::new(1, HashKey(1, 2));
            let (mut uses, mut snapshot, mut now_ms) = (HashMap::new(), None, START_MS);
            for (step, number) in steps {
                now_ms += RECENCY_UNIT_MS;
                store.set_clock(now_ms);
                let key = number.to_string().into_bytes();
                match step {
                    0..=3 => {
                        store.db(0).set_string(&key, b"v", Deadline::Clear, 0);
                        uses.insert(key, now_ms);
                    }
                    4 | 5 => {
                        if store.db(0).get(&key, 0).is_some() {
                            uses.insert(key, now_ms);
                        }
                    }
                    6 => prop_assert_eq!(store.db(0).remove(&key, 0).is_some(), uses.remove(&key).is_some()),
                    _ if number < 100 => snapshot = Some(store.snapshot()),
                    _ => snapshot = None,
                }
            }
            drop(snapshot);
            prop_assert_eq!(store.verify(), Ok(()));
            for (key, used_ms) in uses {
                prop_assert_eq!(store.db(0).idle_ms(&key, 0), Some(now_ms - used_ms));
            }
        }
    }
}
