//! The fault switch: has an actor fail or freeze inside its own handling of a message, for tests and demonstrations.
//!
//! Only `DEBUG PANIC actor` and `DEBUG FREEZE actor duration` send it, which are off by default.

use super::Health;
use actix::{Message, Recipient};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Keyspace → any actor, itself as well: fail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Provoke {
    /// As a bug would.
    Panic,
    /// As an endless loop or a dead disk would, but for so long only.
    Freeze(Duration),
}

impl Message for Provoke {
    type Result = ();
}

impl Provoke {
    /// Fails.
    pub(crate) fn carry_out(self) {
        match self {
            Self::Panic => panic!("requested by DEBUG PANIC"),
            Self::Freeze(duration) => thread::sleep(duration),
        }
    }
}

/// Every actor that can be made to fail.
#[derive(Default)]
pub(crate) struct Provocable(Vec<(Arc<Health>, Recipient<Provoke>)>);

impl Provocable {
    pub(crate) fn add(&mut self, health: &Arc<Health>, actor: impl Into<Recipient<Provoke>>) {
        self.0.push((Arc::clone(health), actor.into()));
    }

    /// Makes the actor of this name fail.
    pub(crate) fn provoke(&self, name: &str, what: Provoke) {
        if let Some((health, actor)) = self.0.iter().find(|(health, _)| health.name() == name) {
            health.queued();
            actor.do_send(what);
        }
    }
}

/// Lets an actor be made to fail; `$health` is the way from the actor to its health.
macro_rules! provocable {
    ($actor:ty, $($health:ident).+) => {
        impl actix::Handler<$crate::actors::supervision::Provoke> for $actor {
            type Result = ();

            fn handle(&mut self, what: $crate::actors::supervision::Provoke, _: &mut actix::Context<Self>) {
                self.$($health).+.taken();
                what.carry_out();
            }
        }
    };
}

pub(crate) use provocable;
