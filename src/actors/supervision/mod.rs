//! Keeps every actor alive: guards that restart after a panic, limits to how often, and the Supervisor.

mod guarded;
mod health;
mod intensity;
mod supervisor;

pub(crate) use guarded::Guarded;
pub(crate) use health::Health;
pub(crate) use intensity::Limits;
pub(crate) use supervisor::{Plan, Supervisor, SupervisorHandle};
