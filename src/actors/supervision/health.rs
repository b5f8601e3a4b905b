//! What is known of each supervised actor, for `INFO actors`, the log and tests.
//!
//! Written by the actors' guards, read by anyone: plain atomics, so that looking never disturbs.

use crate::commands::context::ActorReport;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The state of one actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// Serves its mailbox.
    Running = 0,
    /// Waits to be restarted after a panic.
    Restarting = 1,
    /// Ended as asked.
    Stopped = 2,
    /// Panicked too often.
    GaveUp = 3,
}

impl State {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Running, "running"),
        (Self::Restarting, "restarting"),
        (Self::Stopped, "stopped"),
        (Self::GaveUp, "gave_up"),
    ];
}

/// What is known of one actor.
#[derive(Debug)]
pub(crate) struct Health {
    name: &'static str,
    state: AtomicU8,
    restarts: AtomicU64,
    mailbox: AtomicU64,
    last_panic: Mutex<String>,
}

impl Health {
    /// A healthy actor called `name`.
    #[must_use]
    pub(crate) fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            state: AtomicU8::new(State::Running as u8),
            restarts: AtomicU64::new(0),
            mailbox: AtomicU64::new(0),
            last_panic: Mutex::default(),
        })
    }

    /// Its name.
    #[must_use]
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// How often it was restarted.
    #[must_use]
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    pub(crate) fn panicked(&self, text: &str) {
        text.clone_into(&mut self.last_panic.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.set_state(State::Running);
    }

    /// Counts a message that was sent to the actor.
    pub(crate) fn queued(&self) {
        self.mailbox.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a message that the actor took out of its mailbox.
    pub(crate) fn taken(&self) {
        self.mailbox.fetch_sub(1, Ordering::Relaxed);
    }

    /// All of it, for people.
    #[must_use]
    pub(crate) fn report(&self) -> ActorReport {
        let state = self.state.load(Ordering::Relaxed);
        ActorReport {
            name: self.name,
            state: State::ALL[usize::from(state)].1,
            restarts: self.restarts(),
            last_panic: self.last_panic.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            mailbox: self.mailbox.load(Ordering::Relaxed),
        }
    }
}
