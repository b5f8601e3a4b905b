//! Which key goes when memory is full: Redis's approximation of "the one used least".
//!
//! Of a few keys picked at random from each database the most dispensable enter a small pool, and the most dispensable
//! of the pool goes. The pool remembers good candidates of earlier rounds, so that the choice is much better than the
//! few samples of one round (<https://redis.io/docs/latest/develop/reference/eviction/>).
//!
//! Absent on purpose: how much memory there is, and what happens to the key that goes.

use super::{Database, Detached, Store};
use crate::store::dict::Keyed;

/// So many candidates are remembered.
const POOL: usize = 16;

/// So many keys are picked at random until one is found that has a deadline.
const TRIES: usize = 32;

/// By what a key is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The one used least recently, or least often, whichever marks count.
    LeastUsed,
    /// Any.
    Random,
    /// The one whose deadline comes first.
    NextDeadline,
}

/// Which keys may go, and which of them does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// By what it is chosen.
    pub order: Order,
    /// Only keys with a deadline may go.
    pub only_volatile: bool,
    /// So many keys of each database are looked at for each that goes.
    pub samples: usize,
}

/// A key that may be the next.
#[derive(Debug)]
struct Candidate {
    /// The greater, the sooner it goes.
    score: u64,
    database: usize,
    key: Box<[u8]>,
}

/// What is remembered from one choice to the next.
#[derive(Debug, Default)]
pub struct Evictor {
    /// The best candidates, best last.
    pool: Vec<Candidate>,
    /// The database from which the last random key went.
    last: usize,
}

impl Evictor {
    /// Takes the key out that is to go, with the number of its database; `None` when there is none that may.
    pub fn evict(
        &mut self,
        store: &mut Store,
        choice: Choice,
        mut random: impl FnMut() -> u64,
    ) -> Option<(usize, Detached)> {
        if choice.order == Order::Random {
            return self.any(store, choice, random);
        }
        loop {
            if !self.populate(store, choice, &mut random) {
                return None;
            }
            while let Some(candidate) = self.pool.pop() {
                let Candidate { score, database: number, key } = candidate;
                let database = store.db(number);
                // It may have gone since, or lost its deadline.
                let Some(found) = database.find_evictable(&key, choice.only_volatile) else { continue };
                let score_now = database.score(choice.order, found.mark, found.deadline_ms);
                if score_now < score {
                    // It was used since, and others may be more dispensable now. Redis evicts it all the same.
                    self.consider(score_now, number, &key);
                    continue;
                }
                return Some((number, database.take(found)));
            }
        }
    }

    /// Forgets candidates that were chosen in another way.
    pub fn forget(&mut self) {
        self.pool.clear();
    }

    fn any(
        &mut self,
        store: &mut Store,
        choice: Choice,
        mut random: impl FnMut() -> u64,
    ) -> Option<(usize, Detached)> {
        for _ in 0..store.databases() {
            self.last = (self.last + 1) % store.databases();
            let database = store.db(self.last);
            let found = database.any_evictable(&mut random, choice.only_volatile, TRIES);
            if let Some(found) = found {
                return Some((self.last, database.take(found)));
            }
        }
        None
    }

    /// Looks for better candidates; says whether there were any keys.
    fn populate(&mut self, store: &Store, choice: Choice, mut random: impl FnMut() -> u64) -> bool {
        let mut any = false;
        for (number, database) in store.iter().enumerate() {
            database.sample(random(), choice.samples, choice.only_volatile, |entry, mark, deadline_ms| {
                any = true;
                self.consider(database.score(choice.order, mark, deadline_ms), number, entry.key());
            });
        }
        any
    }

    /// Remembers a candidate, if it is better than the worst.
    fn consider(&mut self, score: u64, database: usize, key: &[u8]) {
        let place = self.pool.partition_point(|other| other.score < score);
        let is_full = self.pool.len() == POOL;
        if is_full && place == 0 {
            return;
        }
        if self.pool.iter().any(|other| other.database == database && *other.key == *key) {
            return;
        }
        self.pool.insert(place, Candidate { score, database, key: key.into() });
        if is_full {
            self.pool.remove(0);
        }
    }
}

impl Database {
    /// How much a key deserves to go; such that the scores of different moments compare.
    fn score(&self, order: Order, mark: u32, deadline_ms: Option<u64>) -> u64 {
        match (order, deadline_ms) {
            (Order::NextDeadline, Some(deadline_ms)) => u64::MAX - deadline_ms,
            _ => self.dispensability(mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Deadline, HashKey, Measure};

    const LEAST_USED: Choice = Choice { order: Order::LeastUsed, only_volatile: false, samples: 5 };

    fn random() -> impl FnMut() -> u64 {
        let mut state = 1_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.rotate_left(32)
        }
    }

    fn key(number: u64) -> Vec<u8> {
        format!("key:{number}").into_bytes()
    }

    fn number_of(detached: &Detached) -> u64 {
        String::from_utf8_lossy(detached.key()).strip_prefix("key:").unwrap().parse().unwrap()
    }

    /// A thousand keys, each put in a second after the one before.
    fn store(deadline: impl Fn(u64) -> Deadline) -> Store {
        store_by(Measure::Recency, deadline)
    }

    fn store_by(measure: Measure, deadline: impl Fn(u64) -> Deadline) -> Store {
        let mut store = Store::new(2, HashKey(3, 4));
        store.set_measure(measure);
        for number in 0..1000 {
            store.set_clock(number * 1000);
            store.db(0).set_string(&key(number), &b"value"[..], deadline(number), 0);
        }
        store
    }

    fn evicted(store: &mut Store, choice: Choice, count: usize) -> Vec<u64> {
        let (mut evictor, mut random) = (Evictor::default(), random());
        let gone = (0..count).map_while(|_| evictor.evict(store, choice, &mut random));
        let gone = gone.map(|(_, detached)| number_of(&detached)).collect();
        store.verify().unwrap();
        gone
    }

    #[test]
    fn mostly_old_keys_go() {
        let mut store = store(|_| Deadline::Clear);
        for number in 0..100 {
            assert!(store.db(0).get(&key(number), 0).is_some());
        }
        let gone = evicted(&mut store, LEAST_USED, 400);
        let right = gone.iter().filter(|number| (100..550).contains(*number)).count();
        assert!(right > 330, "{right} of 400");
        assert!(gone.iter().all(|number| *number >= 100), "what was just used stays");
    }

    #[test]
    fn what_was_used_since_it_was_remembered_stays() {
        let (mut store, mut evictor, mut random) = (store(|_| Deadline::Clear), Evictor::default(), random());
        let all = Choice { samples: 1000, ..LEAST_USED };
        let mut next = |store: &mut Store| number_of(&evictor.evict(store, all, &mut random).unwrap().1);
        assert_eq!(next(&mut store), 0);
        // The rest of the pool are those behind it.
        for number in 1..20 {
            assert!(store.db(0).get(&key(number), 0).is_some());
        }
        assert_eq!([next(&mut store), next(&mut store)], [20, 21]);
    }

    #[test]
    fn rarely_used_keys_go_by_frequency() {
        let measure = Measure::Frequency { log_factor: 1, decay_minutes: 0 };
        let mut store = store_by(measure, |_| Deadline::Clear);
        for number in 0..1000 {
            for _ in 0..if number < 500 { 0 } else { 200 } {
                assert!(store.db(0).get(&key(number), 0).is_some());
            }
        }
        let gone = evicted(&mut store, LEAST_USED, 400);
        assert!(gone.iter().filter(|number| **number < 500).count() > 390, "{gone:?}");
    }

    #[test]
    fn only_keys_with_a_deadline_go_and_the_soonest_first() {
        let deadline =
            |number| if number % 10 == 0 { Deadline::At(1_000_000 + number) } else { Deadline::Keep };
        let choice = Choice { order: Order::NextDeadline, only_volatile: true, samples: 5 };
        let gone = evicted(&mut store(deadline), choice, 1000);
        assert_eq!(gone.len(), 100, "then there is none left that may go");
        assert!(gone.iter().all(|number| number % 10 == 0));
        assert!(gone[..20].iter().all(|number| *number < 500), "{gone:?}");
        let volatile = Choice { only_volatile: true, ..LEAST_USED };
        assert_eq!(evicted(&mut store(deadline), volatile, 1000).len(), 100);
    }

    #[test]
    fn any_key_goes_at_random_from_each_database_in_turn() {
        let mut store = store(|_| Deadline::Clear);
        store.db(1).set_string(b"key:1000", &b"value"[..], Deadline::Clear, 0);
        let choice = Choice { order: Order::Random, ..LEAST_USED };
        let mut gone = evicted(&mut store, choice, 2000);
        assert_eq!(gone[..2].iter().filter(|number| **number == 1000).count(), 1);
        gone.sort_unstable();
        assert!(gone.into_iter().eq(0..=1000));
    }
}
