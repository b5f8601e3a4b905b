//! What commands may ask about the process: the system's answers.

use super::reclaim::Reclaimer;
use crate::actors::clock::Clock;
use crate::actors::supervision::Health;
use crate::commands::context::{ActorReport, Facts, Fixed};
use std::sync::Arc;

/// The system's answers to what `INFO` and `TIME` ask.
pub(crate) struct SystemFacts {
    pub(crate) fixed: Fixed,
    pub(crate) clock: Clock,
    pub(crate) actors: Vec<Arc<Health>>,
    pub(crate) reclaimer: Reclaimer,
}

impl Facts for SystemFacts {
    fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    fn resident_bytes(&self) -> Option<u64> {
        memory_stats::memory_stats().map(|stats| stats.physical_mem as u64)
    }

    fn actors(&self) -> Vec<ActorReport> {
        self.actors.iter().map(|health| health.report()).collect()
    }

    fn lazyfree_pending(&self) -> u64 {
        self.reclaimer.pending()
    }
}
