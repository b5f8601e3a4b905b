//! How many panics are too many: restarts within a sliding window, with a growing pause between them.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause before a restart.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// The limits, from the options `max-restarts`, `restart-window` and `restart-backoff`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Restarts allowed within the window.
    pub max_restarts: usize,
    /// The window.
    pub window: Duration,
    /// Pause before the first restart; doubles with each further one in the window, up to two seconds.
    pub backoff: Duration,
}

/// What to do after a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Restart after a pause.
    RestartAfter(Duration),
    /// It will not get better: hand the problem on.
    GiveUp,
}

/// The panics of one actor.
#[derive(Debug)]
pub(crate) struct Intensity {
    limits: Limits,
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, recent: VecDeque::new() }
    }

    /// Judges a panic that happened at `now`.
    pub(crate) fn judge(&mut self, now: Instant) -> Verdict {
        while self.recent.front().is_some_and(|then| now - *then > self.limits.window) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.limits.max_restarts {
            return Verdict::GiveUp;
        }
        let doublings = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        self.recent.push_back(now);
        let factor = 2_u32.saturating_pow(doublings);
        Verdict::RestartAfter(self.limits.backoff.saturating_mul(factor).min(LONGEST_BACKOFF))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { max_restarts: 3, window: Duration::from_secs(60), backoff: Duration::from_millis(50) };

    #[test]
    fn the_pause_doubles_and_the_fourth_panic_in_the_window_is_one_too_many() {
        let mut intensity = Intensity::new(LIMITS);
        let now = Instant::now();
        let pauses = [50, 100, 200].map(|ms| Verdict::RestartAfter(Duration::from_millis(ms)));
        assert_eq!([(); 3].map(|()| intensity.judge(now)), pauses);
        assert_eq!(intensity.judge(now), Verdict::GiveUp);
    }

    #[test]
    fn old_panics_are_forgotten() {
        let mut intensity = Intensity::new(LIMITS);
        let start = Instant::now();
        for _ in 0..3 {
            intensity.judge(start);
        }
        let later = start + Duration::from_secs(61);
        assert_eq!(intensity.judge(later), Verdict::RestartAfter(LIMITS.backoff));
    }

    #[test]
    fn the_pause_has_an_upper_bound() {
        let limits = Limits { max_restarts: 40, ..LIMITS };
        let mut intensity = Intensity::new(limits);
        let now = Instant::now();
        let verdicts: Vec<_> = (0..40).map(|_| intensity.judge(now)).collect();
        assert_eq!(verdicts[39], Verdict::RestartAfter(LONGEST_BACKOFF));
    }
}
