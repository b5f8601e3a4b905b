//! What is known of each supervised actor, for `INFO actors`, `MEMORA ACTORS`, the log and tests.
//!
//! Written by the actors' guards, read by anyone: plain atomics, so that looking never disturbs. Times are
//! nanoseconds since the actor was made, zero for "not now".

use crate::commands::context::ActorReport;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

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
    /// The thread it runs on; actors with the same one take turns. None: nobody watches this actor.
    thread: Option<&'static str>,
    made: Instant,
    state: AtomicU8,
    state_since_ns: AtomicU64,
    restarts: AtomicU64,
    freezes: AtomicU64,
    mailbox: AtomicU64,
    handled: AtomicU64,
    busy_ns: AtomicU64,
    /// The last sign of life of the work that it is at.
    at_work_ns: AtomicU64,
    /// When it was asked for a sign of life that it has not given yet.
    asked_ns: AtomicU64,
    is_frozen: AtomicBool,
    waker: Mutex<Option<Waker>>,
    last_panic: Mutex<String>,
}

/// What an actor that gives no sign of life does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It has been at the same piece of work for so long.
    AtWork(Duration),
    /// It has not got its turn for so long.
    Waiting(Duration),
}

impl Health {
    /// A healthy actor called `name` that nobody watches.
    #[must_use]
    pub(crate) fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self::made(name, None))
    }

    /// A healthy actor called `name` on this thread, which is watched.
    #[must_use]
    pub(crate) fn on_thread(name: &'static str, thread: &'static str) -> Arc<Self> {
        Arc::new(Self::made(name, Some(thread)))
    }

    fn made(name: &'static str, thread: Option<&'static str>) -> Self {
        Self {
            name,
            thread,
            made: Instant::now(),
            state: AtomicU8::new(State::Running as u8),
            state_since_ns: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            freezes: AtomicU64::new(0),
            mailbox: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            busy_ns: AtomicU64::new(0),
            at_work_ns: AtomicU64::new(0),
            asked_ns: AtomicU64::new(0),
            is_frozen: AtomicBool::new(false),
            waker: Mutex::default(),
            last_panic: Mutex::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The thread it runs on.
    #[must_use]
    pub(crate) fn thread(&self) -> &'static str {
        self.thread.unwrap_or_default()
    }

    /// How often it was restarted.
    #[must_use]
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state_since_ns.store(self.now_ns(), Ordering::Relaxed);
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
        self.handled();
    }

    /// Counts something that the actor deals with, which did not come by its mailbox.
    pub(crate) fn handled(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    /// The actor gets its turn, which is a sign of life; `waker` gets it the next one. Answers when that was.
    pub(crate) fn begins_work(&self, waker: &Waker) -> u64 {
        if self.thread.is_none() {
            return 0;
        }
        let now_ns = self.now_ns();
        self.at_work_ns.store(now_ns, Ordering::Relaxed);
        self.asked_ns.store(0, Ordering::Relaxed);
        let mut kept = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
        now_ns
    }

    /// The actor's turn is over, which began at `began_ns`.
    pub(crate) fn ends_work(&self, began_ns: u64) {
        if self.thread.is_some() {
            self.busy_ns.fetch_add(self.now_ns().saturating_sub(began_ns), Ordering::Relaxed);
            self.at_work_ns.store(0, Ordering::Relaxed);
        }
    }

    /// The actor is at a long piece of work and gets on with it.
    pub(crate) fn gets_on(&self) {
        self.at_work_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    /// The time by the actor's own clock.
    pub(crate) fn now_ns(&self) -> u64 {
        // Never zero, which means "not now".
        u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Asks for a sign of life; says how long it has been missing.
    pub(crate) fn heartbeat(&self) -> Option<Silence> {
        if self.state.load(Ordering::Relaxed) != State::Running as u8 {
            return None;
        }
        let now_ns = self.now_ns();
        let since = |then_ns: u64| Duration::from_nanos(now_ns.saturating_sub(then_ns));
        let at_work_ns = self.at_work_ns.load(Ordering::Relaxed);
        if at_work_ns != 0 {
            return Some(Silence::AtWork(since(at_work_ns)));
        }
        let asked_ns = self.asked_ns.load(Ordering::Relaxed);
        if asked_ns != 0 {
            return Some(Silence::Waiting(since(asked_ns)));
        }
        self.asked_ns.store(now_ns, Ordering::Relaxed);
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            waker.wake_by_ref();
        }
        None
    }

    /// The actor could not give the sign of life that it was asked for: its time begins anew.
    pub(crate) fn excuse(&self) {
        self.asked_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    /// Notes whether it is frozen; says whether that is news.
    pub(crate) fn set_frozen(&self, is_frozen: bool) -> bool {
        let was_frozen = self.is_frozen.swap(is_frozen, Ordering::Relaxed);
        self.freezes.fetch_add(u64::from(is_frozen && !was_frozen), Ordering::Relaxed);
        was_frozen != is_frozen
    }

    /// All of it, for people.
    #[must_use]
    pub(crate) fn report(&self) -> ActorReport {
        let state = usize::from(self.state.load(Ordering::Relaxed));
        let is_frozen = self.is_frozen.load(Ordering::Relaxed) && state == State::Running as usize;
        let at_work_ns = self.at_work_ns.load(Ordering::Relaxed);
        let now_ns = self.now_ns();
        // A turn that is not over yet counts as well.
        let in_turn_ns = if at_work_ns == 0 { 0 } else { now_ns.saturating_sub(at_work_ns) };
        let since_ns = self.state_since_ns.load(Ordering::Relaxed);
        ActorReport {
            name: self.name,
            thread: self.thread(),
            state: if is_frozen { "frozen" } else { State::ALL[state].1 },
            state_for: Duration::from_nanos(now_ns.saturating_sub(since_ns)),
            restarts: self.restarts(),
            freezes: self.freezes.load(Ordering::Relaxed),
            last_panic: self.last_panic.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            mailbox: self.mailbox.load(Ordering::Relaxed),
            handled: self.handled.load(Ordering::Relaxed),
            busy: Duration::from_nanos(self.busy_ns.load(Ordering::Relaxed) + in_turn_ns),
        }
    }
}
