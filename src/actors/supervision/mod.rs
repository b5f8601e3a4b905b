//! Keeps every actor alive: guards that restart after a panic, limits to how often, the heartbeat, and the
//! Supervisor.

mod guarded;
mod health;
mod heartbeat;
mod intensity;
mod provoke;
mod supervisor;

pub(crate) use guarded::Guarded;
pub(crate) use health::Health;
pub(crate) use heartbeat::Heartbeat;
pub(crate) use intensity::Limits;
pub(crate) use provoke::{Provocable, Provoke, provocable};
pub(crate) use supervisor::{Plan, Supervisor, SupervisorHandle};
