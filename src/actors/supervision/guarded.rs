//! A guard around an actor: a panic restarts it with fresh state on the same mailbox.
//!
//! actix itself never catches a panic: the task that runs the actor would die silently and every message to it
//! be dropped. [`Guarded`] polls the actor's future inside `catch_unwind` and afterwards calls its public
//! `restart`, which keeps address and mailbox and asks the actor (`Supervised::restarting`) to replace its
//! state; only the message that was being handled is gone. How often that may happen is `intensity`'s
//! business; whoever gives up is reported to the `Supervisor`.

use super::health::{Health, State};
use super::intensity::{Intensity, Limits, Verdict};
use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Context, Supervised};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use tokio::time::{Instant, Sleep, sleep};

/// Called once when the actor has panicked too often; the actor is gone by then.
pub(crate) type GiveUp = Box<dyn FnOnce(&'static str) + Send>;

/// A supervised actor's task.
pub(crate) struct Guarded<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    child: Option<ContextFut<A, Context<A>>>,
    intensity: Intensity,
    health: Arc<Health>,
    pause: Option<Pin<Box<Sleep>>>,
    give_up: Option<GiveUp>,
}

impl<A> Guarded<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    /// Guards `actor`, which runs in `context`, within `limits`.
    pub(crate) fn new(
        context: Context<A>,
        actor: A,
        limits: Limits,
        health: Arc<Health>,
        give_up: GiveUp,
    ) -> Self {
        Self {
            child: Some(context.into_future(actor)),
            intensity: Intensity::new(limits),
            health,
            pause: None,
            give_up: Some(give_up),
        }
    }

    /// Polls the pause before a restart, if there is one, and restarts when it is over.
    fn poll_restart(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        while let Some(pause) = self.pause.as_mut() {
            if pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
            let Some(child) = self.child.as_mut() else { break };
            match catch_unwind(AssertUnwindSafe(|| child.restart())) {
                Ok(_) => {
                    self.health.restarted();
                    tracing::warn!(actor = self.health.name(), "actor restarted");
                }
                Err(payload) => self.judge(payload.as_ref()),
            }
        }
        Poll::Ready(())
    }

    /// Lets the actor work, and restarts it as often as it panics and may be restarted.
    fn poll_child(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        loop {
            task::ready!(self.poll_restart(cx));
            let Some(child) = self.child.as_mut() else { return Poll::Ready(()) };
            match catch_unwind(AssertUnwindSafe(|| Pin::new(child).poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {
                    self.health.set_state(State::Stopped);
                    return Poll::Ready(());
                }
                Err(payload) => self.judge(payload.as_ref()),
            }
        }
    }

    /// After a panic: schedules a restart or gives up.
    fn judge(&mut self, payload: &(dyn Any + Send)) {
        let text = panic_text(payload);
        self.health.panicked(text);
        match self.intensity.judge(Instant::now()) {
            Verdict::RestartAfter(pause) => {
                tracing::error!(actor = self.health.name(), panic = text, ?pause, "actor panicked");
                self.health.set_state(State::Restarting);
                self.pause = Some(Box::pin(sleep(pause)));
            }
            Verdict::GiveUp => {
                tracing::error!(actor = self.health.name(), panic = text, "actor panicked too often");
                self.health.set_state(State::GaveUp);
                self.bury();
                if let Some(give_up) = self.give_up.take() {
                    give_up(self.health.name());
                }
            }
        }
    }

    /// Drops the actor without letting its torn state run any more of its own code than `Drop`.
    fn bury(&mut self) {
        if let Some(mut corpse) = self.child.take() {
            corpse.ctx().terminate();
            let _ = catch_unwind(AssertUnwindSafe(move || drop(corpse)));
        }
    }
}

impl<A> Future for Guarded<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let began_ns = this.health.begins_work(cx.waker());
        let polled = this.poll_child(cx);
        this.health.ends_work(began_ns);
        polled
    }
}

// The pinned parts are boxed or `Unpin`; nothing is ever projected.
impl<A> Unpin for Guarded<A> where A: Actor<Context = Context<A>> + Supervised {}

/// The message of a panic, where it has one.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message")
}
