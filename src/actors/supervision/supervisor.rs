//! The Supervisor: starts every other actor, hears when one gives up, and ends the server in order.
//!
//! It does no work of its own, so there is nothing in it that could fail; it is the only actor without a
//! guard. The end of the server is one list of steps, each with its time in the log.

use super::{Guarded, Health, Limits};
use crate::actors::clock::Clock;
use crate::actors::expiry::{Expiry, ExpiryHandle, StopTicking};
use crate::actors::keyspace::{Keyspace, KeyspaceHandle, Links, Reclaimer, SystemFacts, connection_settings};
use crate::actors::listener::{Admission, Bound, Listener, Reception, StopAccepting};
use crate::actors::{CHILDREN, Child, GivesUp};
use crate::commands::context::Fixed;
use crate::config::Config;
use crate::exit::Exit;
use crate::server::{AllocatedBytes, SetLogLevel};
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use actix_rt::{Arbiter, ArbiterHandle};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// What the Supervisor needs to start everything.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) fixed: Fixed,
    pub(crate) clock: Clock,
    pub(crate) set_log_level: Option<SetLogLevel>,
    pub(crate) allocated_bytes: Option<AllocatedBytes>,
    /// The listening sockets; kept here so that they outlive the Listener.
    pub(crate) bound: Arc<Vec<Bound>>,
    /// Threads for connections; none: all share one thread.
    pub(crate) arbiters: Vec<Arbiter>,
    /// Told how the server ended, as its last act.
    pub(crate) ended: oneshot::Sender<Exit>,
}

/// The actor that starts and ends all others.
pub(crate) struct Supervisor {
    plan: Option<Plan>,
    shutdown_timeout: Duration,
    children: Option<Children>,
    ending: Option<watch::Sender<bool>>,
}

/// The actors that the shutdown talks to.
struct Children {
    listener: Addr<Listener>,
    expiry: Addr<Expiry>,
    keyspace: KeyspaceHandle,
    arbiters: Vec<Arbiter>,
    ended: oneshot::Sender<Exit>,
}

/// Anyone → Supervisor: end the server; a second time, or with `now`, without waiting for slow clients.
struct ShutDown {
    exit: Exit,
    now: bool,
}

/// Keyspace → Supervisor: the option `shutdown-timeout` changed.
struct SetShutdownTimeout(Duration);

impl Message for ShutDown {
    type Result = ();
}

impl Message for SetShutdownTimeout {
    type Result = ();
}

/// How others reach the Supervisor.
#[derive(Clone)]
pub(crate) struct SupervisorHandle(Addr<Supervisor>);

impl SupervisorHandle {
    /// Asks for an orderly end; `now`: do not wait for slow clients.
    pub(crate) fn shut_down(&self, now: bool) {
        self.0.do_send(ShutDown { exit: Exit::Graceful, now });
    }

    /// Says that the server cannot go on.
    pub(crate) fn escalate(&self, exit: Exit) {
        self.0.do_send(ShutDown { exit, now: false });
    }

    pub(crate) fn set_shutdown_timeout(&self, timeout: Duration) {
        self.0.do_send(SetShutdownTimeout(timeout));
    }
}

/// What the end of the server waits for after the deadline, so that connections can still be closed.
const LAST_CALL: Duration = Duration::from_secs(1);

impl Supervisor {
    pub(crate) fn new(plan: Plan) -> Self {
        let shutdown_timeout = plan.config.shutdown_timeout;
        Self { plan: Some(plan), shutdown_timeout, children: None, ending: None }
    }

    /// Starts the actor: from here on the server serves.
    pub(crate) fn launch(self) -> SupervisorHandle {
        SupervisorHandle(self.start())
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let me = SupervisorHandle(ctx.address());
        self.children = self.plan.take().map(|plan| start_children(plan, me));
    }
}

impl Handler<SetShutdownTimeout> for Supervisor {
    type Result = ();

    fn handle(&mut self, SetShutdownTimeout(timeout): SetShutdownTimeout, _: &mut Context<Self>) {
        self.shutdown_timeout = timeout;
    }
}

impl Handler<ShutDown> for Supervisor {
    type Result = ();

    fn handle(&mut self, ShutDown { exit, now }: ShutDown, _: &mut Context<Self>) {
        if let Some(children) = self.children.take() {
            let (ending, hurry) = watch::channel(now);
            self.ending = Some(ending);
            actix_rt::spawn(end(children, exit, hurry, self.shutdown_timeout));
        } else if let Some(ending) = &self.ending {
            // The second request: whoever asks twice does not want to wait.
            tracing::warn!("shutdown asked for again: not waiting for clients any longer");
            ending.send_replace(true);
        }
    }
}

/// Starts all actors in the order of [`CHILDREN`].
fn start_children(plan: Plan, me: SupervisorHandle) -> Children {
    let Plan { config, fixed, clock, set_log_level, allocated_bytes, bound, arbiters, ended } = plan;
    let limits = Limits {
        max_restarts: config.max_restarts as usize,
        window: config.restart_window,
        backoff: config.restart_backoff,
    };
    let [keyspace_health, expiry_health, listener_health] =
        [0, 1, 2].map(|child: usize| Health::new(CHILDREN[child].name));
    let actors = vec![keyspace_health.clone(), expiry_health.clone(), listener_health.clone()];
    let admission = Arc::new(Admission::default());
    admission.adjust(&config);

    let keyspace_context = Context::<Keyspace>::new();
    let expiry_context = Context::<Expiry>::new();
    let listener_context = Context::<Listener>::new();
    let keyspace = KeyspaceHandle::new(keyspace_context.address(), Arc::clone(&keyspace_health));
    let expiry = expiry_context.address();
    let listener = listener_context.address();

    let links = Links {
        expiry: ExpiryHandle::new(expiry.clone(), Arc::clone(&expiry_health)),
        supervisor: me.clone(),
        admission: Arc::clone(&admission),
        health: Arc::clone(&keyspace_health),
        set_log_level,
    };
    let reception = Reception {
        keyspace: keyspace.clone(),
        admission,
        settings: connection_settings(&config),
        next_id: Arc::new(AtomicU64::new(1)),
        arbiters: arbiters.iter().map(Arbiter::handle).collect::<Vec<ArbiterHandle>>(),
    };
    let facts = SystemFacts::new(fixed, clock.clone(), actors, Reclaimer::start(), allocated_bytes);

    let hz = config.hz;
    let guard = Guards { limits, me };
    guard.start(keyspace_context, Keyspace::new(config, clock, facts, links), keyspace_health, &CHILDREN[0]);
    let expiry_actor = Expiry::new(keyspace.clone(), hz, Arc::clone(&expiry_health));
    guard.start(expiry_context, expiry_actor, expiry_health, &CHILDREN[1]);
    guard.start(listener_context, Listener::new(bound, reception), listener_health, &CHILDREN[2]);
    Children { listener, expiry, keyspace, arbiters, ended }
}

/// Starts actors behind guards.
struct Guards {
    limits: Limits,
    me: SupervisorHandle,
}

impl Guards {
    fn start<A>(&self, context: Context<A>, actor: A, health: Arc<Health>, child: &'static Child)
    where
        A: Actor<Context = Context<A>> + Supervised,
    {
        let me = self.me.clone();
        let give_up = move |name| match child.gives_up {
            GivesUp::ShutDown => me.escalate(Exit::ChildGaveUp),
            GivesUp::Degrade => tracing::error!(actor = name, "the server goes on without this actor"),
        };
        actix_rt::spawn(Guarded::new(context, actor, self.limits, health, Box::new(give_up)));
    }
}

/// Ends the server: each step with a deadline, its duration in the log.
async fn end(children: Children, exit: Exit, mut hurry: watch::Receiver<bool>, deadline: Duration) {
    let Children { listener, expiry, keyspace, arbiters, ended } = children;
    let started = Instant::now();
    tracing::info!(reason = exit.reason(), "shutting down");

    // The step fails only if the actor is gone, which is what the step is for.
    let _ = timeout(LAST_CALL, listener.send(StopAccepting)).await;
    log_step("no more clients are accepted", started);

    let left_in_time = tokio::select! {
        heard = timeout(deadline, keyspace.close_clients(false)) => heard.is_ok(),
        _ = hurry.wait_for(|hurry| *hurry) => true,
    };
    if !left_in_time || *hurry.borrow() {
        let _ = timeout(LAST_CALL, keyspace.close_clients(true)).await;
    }
    log_step("clients are answered and closed", started);

    let _ = timeout(LAST_CALL, expiry.send(StopTicking)).await;
    log_step("expiry has stopped", started);

    for arbiter in arbiters {
        arbiter.stop();
        if arbiter.join().is_err() {
            tracing::warn!("a thread for connections ended with a panic");
        }
    }
    let exit = if left_in_time { exit } else { Exit::DeadlinePassed };
    tracing::info!(reason = exit.reason(), duration = ?started.elapsed(), "shut down");
    // Nobody may be listening any more: the program that embeds the server can drop its handle.
    let _ = ended.send(exit);
}

fn log_step(step: &'static str, started: Instant) {
    tracing::info!(after = ?started.elapsed(), "{step}");
}
