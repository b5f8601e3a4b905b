//! The heartbeat: a thread that asks every supervised actor for a sign of life and tells of those that give none.
//!
//! It wakes an actor's guard, whose next turn is the sign; so a loop without end, a lock that is never opened or a
//! disk that does not answer shows in the log and in `INFO`, which a supervisor that waits for panics would miss. It
//! cannot end what is frozen: no thread can be ended from outside. Actors that only wait for their thread, while
//! another one keeps it, are not accused.

use super::health::{Health, Silence};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// So many looks in the time that an actor may be silent.
const LOOKS_PER_TIMEOUT: u32 = 4;

/// The longest time between two looks.
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// The shortest time between two looks.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

/// The thread; it ends when this is dropped.
pub(crate) struct Heartbeat {
    _alive: Option<Sender<()>>,
}

impl Heartbeat {
    /// Watches these actors; one may be silent for `timeout`, and zero watches nobody.
    pub(crate) fn start(actors: Vec<Arc<Health>>, timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self { _alive: None };
        }
        let (alive, ended) = mpsc::channel::<()>();
        let period = (timeout / LOOKS_PER_TIMEOUT).clamp(SHORTEST_PERIOD, LONGEST_PERIOD);
        let spawned = thread::Builder::new().name("heartbeat".into()).spawn(move || {
            while ended.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                look(&actors, timeout);
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "there is no thread for the heartbeat: frozen actors will not be noticed");
        }
        Self { _alive: Some(alive) }
    }
}

/// Looks once after all actors.
fn look(actors: &[Arc<Health>], timeout: Duration) {
    let silences: Vec<_> = actors.iter().map(|actor| actor.heartbeat()).collect();
    let keeps_thread = |thread: &str| {
        let mut pairs = actors.iter().zip(&silences);
        pairs.any(|(actor, silence)| actor.thread() == thread && matches!(silence, Some(Silence::AtWork(_))))
    };
    for (actor, silence) in actors.iter().zip(&silences) {
        let silent_for = match silence {
            Some(Silence::AtWork(time)) => *time,
            Some(Silence::Waiting(_)) if keeps_thread(actor.thread()) => {
                actor.excuse();
                Duration::ZERO
            }
            Some(Silence::Waiting(time)) => *time,
            None => Duration::ZERO,
        };
        let is_frozen = silent_for > timeout;
        if actor.set_frozen(is_frozen) {
            tell(actor, is_frozen, silent_for);
        }
    }
}

fn tell(actor: &Health, is_frozen: bool, silent_for: Duration) {
    if is_frozen {
        tracing::error!(actor = actor.name(), ?silent_for, "actor is frozen: it gives no sign of life");
    } else {
        tracing::warn!(actor = actor.name(), "actor is alive again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    const SHORT: Duration = Duration::from_nanos(1);

    fn state(actor: &Health) -> (&'static str, u64) {
        let report = actor.report();
        (report.state, report.freezes)
    }

    #[test]
    fn whoever_works_too_long_is_frozen_until_it_is_done() {
        let actors = [Health::on_thread("slow", "one"), Health::on_thread("waiting", "one")];
        look(&actors, SHORT);
        assert_eq!(state(&actors[0]), ("running", 0), "it has just been asked");
        actors[0].begins_work(Waker::noop());
        look(&actors, SHORT);
        assert_eq!(state(&actors[0]), ("frozen", 1));
        assert_eq!(state(&actors[1]), ("running", 0), "it only waits for the thread");
        look(&actors, SHORT);
        assert_eq!(state(&actors[0]), ("frozen", 1), "counted once");
        actors[0].ends_work(1);
        look(&actors, Duration::from_secs(3600));
        assert_eq!([state(&actors[0]), state(&actors[1])], [("running", 1), ("running", 0)]);
    }

    #[test]
    fn whoever_does_not_get_its_turn_is_frozen_and_a_turn_heals() {
        let actors = [Health::on_thread("lost", "one")];
        look(&actors, SHORT);
        look(&actors, SHORT);
        assert_eq!(state(&actors[0]), ("frozen", 1));
        actors[0].begins_work(Waker::noop());
        actors[0].ends_work(1);
        look(&actors, SHORT);
        assert_eq!(state(&actors[0]), ("running", 1));
    }

    #[test]
    fn long_work_that_gets_on_is_not_frozen() {
        let actors = [Health::on_thread("busy", "one")];
        actors[0].begins_work(Waker::noop());
        actors[0].gets_on();
        look(&actors, Duration::from_secs(3600));
        assert_eq!(state(&actors[0]), ("running", 0));
    }
}
