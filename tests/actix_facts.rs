//! What actix 0.13 does, as far as the server is built on it or around it: each fact in about ten lines.
//!
//! Nothing of Memora is tested here. When a new version of actix fails one of these tests, the part of
//! `src/actors` that its comment names has to be thought over.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use actix::dev::ContextFut;
use actix::prelude::*;
use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::task::yield_now;

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn read(&self) -> String {
        self.0.borrow().join(" ")
    }
}

/// An actor that writes down what happens to it.
struct Probe {
    diary: Diary,
    polls: Rc<RefCell<u32>>,
}

impl Probe {
    fn new(diary: &Diary) -> Self {
        Self { diary: diary.clone(), polls: Rc::default() }
    }
}

impl Actor for Probe {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.diary.note("started");
    }

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        self.diary.note("stopping");
        Running::Stop
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.diary.note("stopped");
    }
}

impl Supervised for Probe {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.diary.note("restarting");
    }
}

/// What the probe is told.
enum Tell {
    Note(&'static str),
    Panic,
    Stop,
    /// Note at the next opportunity that `notify` gives.
    Notify(&'static str),
    /// Note after no time at all.
    Later(&'static str),
    /// Send as many more messages to oneself, each taking a while.
    Busy(u32),
    /// Spawn a future that never ends and counts how often it is polled.
    Spawn,
}

impl Message for Tell {
    type Result = ();
}

impl Handler<Tell> for Probe {
    type Result = ();

    fn handle(&mut self, tell: Tell, ctx: &mut Context<Self>) {
        match tell {
            Tell::Note(what) => self.diary.note(what),
            Tell::Panic => panic!("as told"),
            Tell::Stop => ctx.stop(),
            Tell::Notify(what) => ctx.notify(Tell::Note(what)),
            Tell::Later(what) => {
                ctx.run_later(Duration::ZERO, move |probe, _| probe.diary.note(what));
            }
            Tell::Busy(0) => self.diary.note("idle"),
            Tell::Busy(more) => {
                let until = Instant::now() + Duration::from_millis(1);
                while Instant::now() < until {}
                ctx.address().do_send(Tell::Busy(more - 1));
            }
            Tell::Spawn => {
                let polls = Rc::clone(&self.polls);
                let endless = poll_fn(move |_| {
                    *polls.borrow_mut() += 1;
                    Poll::<()>::Pending
                });
                ctx.spawn(endless.into_actor(self));
            }
        }
    }
}

/// Runs a test inside an actor system.
fn in_system(test: impl AsyncFnOnce(Diary)) {
    System::new().block_on(test(Diary::default()));
}

/// Lets every task that can run do so; there are few, and each needs a few turns at most.
async fn settle() {
    for _ in 0..16 {
        yield_now().await;
    }
}

/// Why there is `supervision::Guarded`.
#[test]
fn a_panic_kills_the_actor_silently_and_later_messages_vanish() {
    in_system(async |diary| {
        let probe = Probe::new(&diary).start();
        probe.do_send(Tell::Panic);
        settle().await;
        probe.do_send(Tell::Note("never seen"));
        settle().await;
        assert!(!probe.connected());
        assert_eq!(probe.send(Tell::Note("never seen")).await, Err(MailboxError::Closed));
        assert!(!diary.read().contains("never seen"));
    });
}

/// Why `Guarded` calls `terminate` before it drops a corpse: a second panic there would end the process.
#[test]
fn the_torn_state_of_a_dead_actor_still_runs_stopping_and_stopped() {
    in_system(async |diary| {
        let probe = Probe::new(&diary).start();
        probe.do_send(Tell::Panic);
        settle().await;
        assert_eq!(diary.read(), "started stopping stopped");
    });
}

#[test]
fn a_terminated_actor_is_dropped_without_a_word() {
    in_system(async |diary| {
        let context = Context::new();
        let _address = context.address();
        let mut actor = context.into_future(Probe::new(&diary));
        assert!(poll_once(&mut actor).is_pending());
        actor.ctx().terminate();
        drop(actor);
        assert_eq!(diary.read(), "started");
    });
}

/// Why actix's own `Supervisor` is not used.
#[test]
fn the_supervisor_of_actix_restarts_after_stop_but_not_after_a_panic() {
    in_system(async |diary| {
        let inner = diary.clone();
        let probe = actix::Supervisor::start(move |_| Probe::new(&inner));
        probe.do_send(Tell::Stop);
        probe.do_send(Tell::Note("served"));
        settle().await;
        assert!(diary.read().ends_with("restarting started served"), "{}", diary.read());
        probe.do_send(Tell::Panic);
        settle().await;
        assert!(!probe.connected());
    });
}

/// What `Guarded` does.
#[test]
fn a_caught_panic_and_restart_lose_one_message_and_keep_address_and_mailbox() {
    in_system(async |diary| {
        let context = Context::new();
        let probe = context.address();
        let mut actor = context.into_future(Probe::new(&diary));
        for tell in [Tell::Note("before"), Tell::Panic, Tell::Note("behind")] {
            probe.do_send(tell);
        }
        assert!(catch_unwind(AssertUnwindSafe(|| poll_once(&mut actor))).is_err());
        assert!(probe.connected());
        probe.do_send(Tell::Note("meanwhile"));
        assert!(actor.restart());
        assert!(poll_once(&mut actor).is_pending());
        assert_eq!(diary.read(), "started before restarting started behind meanwhile");
        actor.ctx().terminate();
    });
}

/// Why `Expiry` sets its timer anew after a restart.
#[test]
fn a_restart_forgets_timers_and_spawned_futures() {
    in_system(async |diary| {
        let context = Context::new();
        let probe = context.address();
        let actor = Probe::new(&diary);
        let polls = Rc::clone(&actor.polls);
        let mut actor = context.into_future(actor);
        probe.do_send(Tell::Spawn);
        assert!(poll_once(&mut actor).is_pending());
        let before = *polls.borrow();
        assert!(before > 0 && actor.restart());
        assert!(poll_once(&mut actor).is_pending());
        assert_eq!(*polls.borrow(), before);
        actor.ctx().terminate();
    });
}

/// Why the bound is one batch in flight per connection, not the mailbox.
#[test]
fn send_does_not_wait_for_room_in_the_mailbox() {
    in_system(async |diary| {
        let mut context = Context::new();
        context.set_mailbox_capacity(1);
        let probe = context.run(Probe::new(&diary));
        let mut sends: Vec<_> = (0..10).map(|_| Box::pin(probe.send(Tell::Note("in")))).collect();
        for send in &mut sends {
            assert!(poll_once(send).is_pending());
        }
        // The senders wait no more; all ten are in a mailbox for one.
        settle().await;
        assert_eq!(diary.read(), format!("started{}", " in".repeat(10)));
    });
}

/// Why replies travel in messages of their own, not as answers to `send`.
#[test]
fn dropping_a_pending_send_takes_the_message_back() {
    in_system(async |diary| {
        let probe = Probe::new(&diary).start();
        let mut lost = Box::pin(probe.send(Tell::Note("lost")));
        assert!(poll_once(&mut lost).is_pending());
        drop(lost);
        probe.do_send(Tell::Note("kept"));
        settle().await;
        assert_eq!(diary.read(), "started kept");
    });
}

/// Why the Expiry ticks by message, and never has two of them outstanding.
#[test]
fn a_mailbox_is_drained_before_timers_and_other_tasks_run() {
    in_system(async |diary| {
        let probe = Probe::new(&diary).start();
        probe.do_send(Tell::Later("timer"));
        probe.do_send(Tell::Busy(20));
        let inner = diary.clone();
        let other = actix_rt::spawn(async move { inner.note("other") });
        other.await.unwrap();
        while !diary.read().contains("timer") {
            yield_now().await;
        }
        assert_eq!(diary.read(), "started idle other timer");
    });
}

/// What group commit for free would be built on.
#[test]
fn notify_runs_when_the_mailbox_is_drained() {
    in_system(async |diary| {
        let probe = Probe::new(&diary).start();
        for tell in [Tell::Note("1"), Tell::Notify("flush"), Tell::Note("2"), Tell::Note("3")] {
            probe.do_send(tell);
        }
        settle().await;
        assert_eq!(diary.read(), "started 1 2 3 flush");
    });
}

/// Why a waiting client is an entry in a map and not a future in the Keyspace.
#[test]
fn every_message_polls_every_spawned_future() {
    in_system(async |diary| {
        let actor = Probe::new(&diary);
        let polls = Rc::clone(&actor.polls);
        let probe = actor.start();
        for _ in 0..10 {
            probe.do_send(Tell::Spawn);
        }
        settle().await;
        let before = *polls.borrow();
        probe.do_send(Tell::Note("hello"));
        settle().await;
        assert!(*polls.borrow() >= before + 10, "{before} then {}", polls.borrow());
    });
}

/// Why the end of the server is a list of steps of its own.
#[test]
fn stopping_the_system_loses_what_is_in_mailboxes() {
    let diary = Diary::default();
    let system = System::new();
    system.block_on(async {
        let probe = Probe::new(&diary).start();
        settle().await;
        probe.do_send(Tell::Note("lost"));
        System::current().stop();
    });
    drop(system);
    assert!(!diary.read().contains("lost"), "{}", diary.read());
}

/// An actor whose addresses are all gone has nobody to work for.
#[test]
fn an_actor_ends_when_its_last_address_is_dropped() {
    in_system(async |diary| {
        drop(Probe::new(&diary).start());
        settle().await;
        assert_eq!(diary.read(), "started stopping stopped");
    });
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// What `Guarded` is built of is public.
const _: fn(&mut ContextFut<Probe, Context<Probe>>) -> bool = ContextFut::restart;
