//! The Expiry: has the Keyspace look for due keys, `hz` times a second.
//!
//! It holds no data, only the rhythm: at most one tick is outstanding, so that a busy Keyspace is never
//! flooded, and when there is more to remove than fits into one tick, the next follows almost at once. Keys
//! past their deadline are invisible anyway; this actor only gives their memory back.

use super::keyspace::KeyspaceHandle;
use super::supervision::{Health, provocable};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, SpawnHandle, Supervised};
use std::sync::Arc;
use std::time::Duration;

/// Pause before the next tick while more keys are due: long enough for clients to be served in between.
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// The actor that keeps the rhythm.
pub(crate) struct Expiry {
    keyspace: KeyspaceHandle,
    hz: u32,
    health: Arc<Health>,
    timer: Option<SpawnHandle>,
}

/// Keyspace → Expiry: the tick is over.
struct Ticked {
    more_due: bool,
}

/// Keyspace → Expiry: the option `hz` changed.
struct SetHz(u32);

impl Message for Ticked {
    type Result = ();
}

impl Message for SetHz {
    type Result = ();
}

/// Supervisor → Expiry: no more ticks.
pub(crate) struct StopTicking;

impl Message for StopTicking {
    type Result = ();
}

/// How the Keyspace reaches the Expiry.
#[derive(Clone)]
pub(crate) struct ExpiryHandle {
    address: Addr<Expiry>,
    health: Arc<Health>,
}

impl ExpiryHandle {
    pub(crate) fn new(address: Addr<Expiry>, health: Arc<Health>) -> Self {
        Self { address, health }
    }

    /// Says that a tick is over and whether more keys are due.
    pub(crate) fn ticked(&self, more_due: bool) {
        self.health.queued();
        self.address.do_send(Ticked { more_due });
    }

    /// Changes the rhythm.
    pub(crate) fn set_hz(&self, hz: u32) {
        self.health.queued();
        self.address.do_send(SetHz(hz));
    }
}

impl Expiry {
    pub(crate) fn new(keyspace: KeyspaceHandle, hz: u32, health: Arc<Health>) -> Self {
        Self { keyspace, hz, health, timer: None }
    }

    /// Sets the timer for the next tick; there is never more than one.
    fn tick_after(&mut self, pause: Duration, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        self.timer = Some(ctx.run_later(pause, |expiry, _| {
            expiry.timer = None;
            expiry.keyspace.tick();
        }));
    }

    fn period(&self) -> Duration {
        Duration::from_secs(1) / self.hz.max(1)
    }
}

impl Actor for Expiry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.tick_after(self.period(), ctx);
    }
}

impl Supervised for Expiry {
    fn restarting(&mut self, _: &mut Context<Self>) {
        // The timer died with the panic; `started`, which follows, sets a new one.
        self.timer = None;
    }
}

provocable!(Expiry, health);

impl Handler<Ticked> for Expiry {
    type Result = ();

    fn handle(&mut self, Ticked { more_due }: Ticked, ctx: &mut Context<Self>) {
        self.health.taken();
        let pause = if more_due { BUSY_PAUSE } else { self.period() };
        self.tick_after(pause, ctx);
    }
}

impl Handler<SetHz> for Expiry {
    type Result = ();

    fn handle(&mut self, SetHz(hz): SetHz, _: &mut Context<Self>) {
        self.health.taken();
        self.hz = hz;
    }
}

impl Handler<StopTicking> for Expiry {
    type Result = ();

    fn handle(&mut self, _: StopTicking, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
