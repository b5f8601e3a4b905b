//! The Supervisor: starts every other actor, hears when one gives up, and ends the server in order.
//!
//! It does no work of its own, so there is nothing in it that could fail; it is the only actor without a
//! guard. The end of the server is one list of steps, each with its time in the log.

use super::guarded::GiveUp;
use super::{Guarded, Health, Heartbeat, Limits, Provocable};
use crate::actors::aof_writer::{AofWriter, AofWriterHandle, LogReport};
use crate::actors::clock::Clock;
use crate::actors::expiry::{Expiry, ExpiryHandle, StopTicking};
use crate::actors::keyspace::{Keyspace, KeyspaceHandle, Links, Reclaimer, SystemFacts, connection_settings};
use crate::actors::listener::{Admission, Bound, Listener, Reception, StopAccepting};
use crate::actors::lock::DirectoryLock;
use crate::actors::rewriter::{Rewriter, RewriterHandle};
use crate::actors::{CHILDREN, Child, GivesUp};
use crate::commands::acl::Acl;
use crate::commands::context::Fixed;
use crate::config::Config;
use crate::config::values::ClientClass;
use crate::exit::Exit;
use crate::server::{AllocatedBytes, SetLogLevel};
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use actix_rt::{Arbiter, ArbiterHandle};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// What the Supervisor needs to start everything.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) acl: Acl,
    pub(crate) fixed: Fixed,
    pub(crate) clock: Clock,
    pub(crate) set_log_level: Option<SetLogLevel>,
    pub(crate) allocated_bytes: Option<AllocatedBytes>,
    /// The listening sockets; kept here so that they outlive the Listener.
    pub(crate) bound: Arc<Vec<Bound>>,
    /// Threads for connections; none: all share one thread.
    pub(crate) arbiters: Vec<Arbiter>,
    /// The lock on the data directory, where the options ask for files.
    pub(crate) lock: Option<DirectoryLock>,
    /// Told when the data is loaded, or why it cannot be.
    pub(crate) loaded: oneshot::Sender<Result<(), String>>,
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
    aof_writer: AofWriterHandle,
    /// The threads of the AofWriter and the Rewriter.
    disk_arbiters: [Arbiter; 2],
    arbiters: Vec<Arbiter>,
    _heartbeat: Heartbeat,
    ended: oneshot::Sender<Exit>,
}

/// Anyone → Supervisor: end the server; a second time, or with `now`, without waiting for slow clients.
struct ShutDown {
    exit: Exit,
    now: bool,
    /// Whether to write a snapshot at the end; none leaves it to the options.
    save: Option<bool>,
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
    /// Asks for an orderly end; `now`: do not wait for slow clients; `save`: whether to write a snapshot, where that
    /// is not left to the options.
    pub(crate) fn shut_down(&self, now: bool, save: Option<bool>) {
        self.0.do_send(ShutDown { exit: Exit::Graceful, now, save });
    }

    /// Says that the server cannot go on.
    pub(crate) fn escalate(&self, exit: Exit) {
        self.0.do_send(ShutDown { exit, now: false, save: None });
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

    fn handle(&mut self, ShutDown { exit, now, save }: ShutDown, _: &mut Context<Self>) {
        if let Some(children) = self.children.take() {
            let (ending, hurry) = watch::channel(now);
            self.ending = Some(ending);
            actix_rt::spawn(end(children, Ending { exit, save, deadline: self.shutdown_timeout }, hurry));
        } else if let Some(ending) = &self.ending {
            // The second request: whoever asks twice does not want to wait.
            tracing::warn!("shutdown asked for again: not waiting for clients any longer");
            ending.send_replace(true);
        }
    }
}

/// Starts the actors that write files, each on a thread of its own.
fn start_writers(
    guard: &Guards,
    arbiters: &[Arbiter; 2],
    [writer_health, rewriter_health]: [Arc<Health>; 2],
    provocable: &mut Provocable,
) -> (AofWriterHandle, RewriterHandle) {
    let writer = AofWriter::new(guard.keyspace.clone(), Arc::clone(&writer_health));
    let writer = guard.start_on(&arbiters[0], writer, Arc::clone(&writer_health), &CHILDREN[0]);
    provocable.add(&writer_health, writer.clone());
    let rewriter = Rewriter::new(guard.keyspace.clone(), Arc::clone(&rewriter_health));
    let rewriter = guard.start_on(&arbiters[1], rewriter, Arc::clone(&rewriter_health), &CHILDREN[1]);
    provocable.add(&rewriter_health, rewriter.clone());
    (AofWriterHandle::new(writer, writer_health), RewriterHandle::new(rewriter, rewriter_health))
}

/// Starts all actors in the order of [`CHILDREN`].
fn start_children(mut plan: Plan, me: SupervisorHandle) -> Children {
    let acl = std::mem::take(&mut plan.acl);
    let Plan { config, fixed, clock, set_log_level, allocated_bytes, bound, arbiters, lock, loaded, .. } =
        plan;
    let limits = limits(&config);
    let health = CHILDREN.map(|child| Health::on_thread(child.name, child.thread));
    let actors = health.to_vec();
    let heartbeat = Heartbeat::start(actors.clone(), config.heartbeat_timeout);
    let [writer_health, rewriter_health, keyspace_health, expiry_health, listener_health] = health;
    let admission = Arc::new(Admission::default());
    admission.adjust(&config, &acl);

    let keyspace_context = Context::<Keyspace>::new();
    let expiry_context = Context::<Expiry>::new();
    let listener_context = Context::<Listener>::new();
    let keyspace = KeyspaceHandle::new(keyspace_context.address(), Arc::clone(&keyspace_health));
    let expiry = expiry_context.address();
    let listener = listener_context.address();

    let guard = Guards { limits, me: me.clone(), keyspace: keyspace.clone() };
    let disk_arbiters = [Arbiter::new(), Arbiter::new()];
    let mut provocable = Provocable::default();
    let (aof_writer, rewriter) =
        start_writers(&guard, &disk_arbiters, [writer_health, rewriter_health], &mut provocable);
    provocable.add(&keyspace_health, keyspace_context.address());
    provocable.add(&expiry_health, expiry.clone());
    provocable.add(&listener_health, listener.clone());

    let links = Links {
        provocable,
        expiry: ExpiryHandle::new(expiry.clone(), Arc::clone(&expiry_health)),
        supervisor: me,
        aof_writer: aof_writer.clone(),
        rewriter,
        loaded: Some(loaded),
        lock,
        admission: Arc::clone(&admission),
        health: Arc::clone(&keyspace_health),
        set_log_level,
    };
    let reception = Reception {
        keyspace: keyspace.clone(),
        admission,
        settings: connection_settings(&config, ClientClass::Normal),
        next_id: Arc::new(AtomicU64::new(1)),
        arbiters: arbiters.iter().map(Arbiter::handle).collect::<Vec<ArbiterHandle>>(),
        of_connections: Health::new("connection"),
    };
    let facts = SystemFacts::new(fixed, clock.clone(), actors, Reclaimer::start(), allocated_bytes);

    let hz = config.hz;
    guard.start(
        keyspace_context,
        Keyspace::new(config, acl, clock, facts, links),
        keyspace_health,
        &CHILDREN[2],
    );
    let expiry_actor = Expiry::new(keyspace.clone(), hz, Arc::clone(&expiry_health));
    guard.start(expiry_context, expiry_actor, expiry_health, &CHILDREN[3]);
    let listener_actor = Listener::new(bound, reception, Arc::clone(&listener_health));
    guard.start(listener_context, listener_actor, listener_health, &CHILDREN[4]);
    Children {
        listener,
        expiry,
        keyspace,
        aof_writer,
        disk_arbiters,
        arbiters,
        _heartbeat: heartbeat,
        ended: plan.ended,
    }
}

/// How often an actor may be restarted.
fn limits(config: &Config) -> Limits {
    Limits {
        max_restarts: config.max_restarts as usize,
        window: config.restart_window,
        backoff: config.restart_backoff,
    }
}

/// Starts actors behind guards.
struct Guards {
    limits: Limits,
    me: SupervisorHandle,
    keyspace: KeyspaceHandle,
}

impl Guards {
    /// Starts an actor on this thread.
    fn start<A>(&self, context: Context<A>, actor: A, health: Arc<Health>, child: &'static Child)
    where
        A: Actor<Context = Context<A>> + Supervised,
    {
        actix_rt::spawn(Guarded::new(context, actor, self.limits, health, self.give_up(child)));
    }

    /// Starts an actor on a thread of its own and answers its address.
    fn start_on<A>(&self, arbiter: &Arbiter, actor: A, health: Arc<Health>, child: &'static Child) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Supervised + Send,
    {
        let (limits, give_up) = (self.limits, self.give_up(child));
        let (started, address) = mpsc::channel();
        arbiter.spawn_fn(move || {
            let context = Context::<A>::new();
            // The Supervisor waits below.
            let _ = started.send(context.address());
            actix_rt::spawn(Guarded::new(context, actor, limits, health, give_up));
        });
        address.recv().expect("the thread has just been started and does nothing but answer")
    }

    /// What happens when the actor has panicked too often.
    fn give_up(&self, child: &'static Child) -> GiveUp {
        let (me, keyspace) = (self.me.clone(), self.keyspace.clone());
        Box::new(move |name| match child.gives_up {
            GivesUp::ShutDown => me.escalate(Exit::ChildGaveUp),
            GivesUp::Degrade => tracing::error!(actor = name, "the server goes on without this actor"),
            GivesUp::TellKeyspace => keyspace.report(LogReport::GaveUp),
        })
    }
}

/// How the server is to end.
struct Ending {
    exit: Exit,
    /// Whether to write a snapshot; none leaves it to the options.
    save: Option<bool>,
    /// How long each step that waits for others may take.
    deadline: Duration,
}

/// Ends the server: each step with a deadline, its duration in the log.
async fn end(children: Children, ending: Ending, mut hurry: watch::Receiver<bool>) {
    let Children { listener, expiry, keyspace, aof_writer, disk_arbiters, arbiters, ended, .. } = children;
    let Ending { exit, save, deadline } = ending;
    let started = Instant::now();
    let mut steps = Steps(started);
    tracing::info!(reason = exit.reason(), "shutting down");

    // The step fails only if the actor is gone, which is what the step is for.
    let _ = timeout(LAST_CALL, listener.send(StopAccepting)).await;
    steps.done("no more clients are accepted");

    let left_in_time = tokio::select! {
        heard = timeout(deadline, keyspace.close_clients(false)) => heard.is_ok(),
        _ = hurry.wait_for(|hurry| *hurry) => true,
    };
    if !left_in_time || *hurry.borrow() {
        let _ = timeout(LAST_CALL, keyspace.close_clients(true)).await;
    }
    steps.done("clients are answered and closed");

    let _ = timeout(LAST_CALL, expiry.send(StopTicking)).await;
    steps.done("expiry has stopped");

    let on_disk = write_everything(&keyspace, &aof_writer, save).await;
    steps.done("the data is on disk");

    for arbiter in arbiters.into_iter().chain(disk_arbiters) {
        arbiter.stop();
        if arbiter.join().is_err() {
            tracing::warn!("a thread ended with a panic");
        }
    }
    let exit = match exit {
        Exit::Graceful if !on_disk => Exit::FinalWriteFailed,
        Exit::Graceful if !left_in_time => Exit::DeadlinePassed,
        exit => exit,
    };
    tracing::info!(reason = exit.reason(), duration = ?started.elapsed(), "shut down");
    // Nobody may be listening any more: the program that embeds the server can drop its handle.
    let _ = ended.send(exit);
}

/// The log and, where it is asked for, a last snapshot on disk; answers whether that worked. No deadline: what was
/// promised to clients is worth the time that the disk takes.
async fn write_everything(
    keyspace: &KeyspaceHandle,
    aof_writer: &AofWriterHandle,
    save: Option<bool>,
) -> bool {
    // A Keyspace that is gone has nothing more to say, and what it sent before is in the AofWriter's mailbox.
    let saved = keyspace.quiesce(save).await.unwrap_or(true);
    let sealed = match aof_writer.seal().await {
        Ok(Err(error)) => {
            tracing::error!(%error, "the end of the log could not be written");
            false
        }
        // An AofWriter that is gone has given up, which was said then.
        Ok(Ok(())) | Err(_) => true,
    };
    saved && sealed
}

/// The steps of the end: when the last one was done.
struct Steps(Instant);

impl Steps {
    /// Logs a step with the time it took.
    fn done(&mut self, step: &'static str) {
        let before = std::mem::replace(&mut self.0, Instant::now());
        tracing::info!(took = ?before.elapsed(), "{step}");
    }
}
