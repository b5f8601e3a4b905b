//! Where the time of day comes from.
//!
//! Commands get the time as an argument; this is the one place that reads it. Tests turn it by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day: the system's, or one that only moves when told to.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock turned by hand, Unix time in milliseconds.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// Unix time in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_us() / 1000
    }

    /// Unix time in microseconds.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        match self {
            Self::System => {
                let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
            }
            Self::Manual(now_ms) => now_ms.load(Ordering::Relaxed) * 1000,
        }
    }
}
