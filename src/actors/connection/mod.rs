//! A Connection: one client's socket as an actor.
//!
//! Its [`inbox`] turns bytes into batches of requests; each batch is prepared (commands looked up, arguments
//! typed) and sent to the Keyspace in one message; the replies come back in one message, already encoded, and
//! the [`outbox`] writes them. One future, [`Drive`], moves the socket; it is polled whenever the socket or
//! a message wakes the actor. A Connection is never restarted: when it panics, its client is disconnected and
//! nobody else notices.

mod inbox;
mod outbox;
pub(crate) mod socket;

use self::inbox::{Arrival, Inbox};
use self::outbox::Outbox;
use self::socket::Socket;
use super::keyspace::{Count, KeyspaceHandle, Work};
use super::turns::give_way;
use crate::commands::prepare;
use crate::commands::session::{ClientId, Gauges, Session};
use crate::config::values::OutputBufferLimit;
use crate::resp::{Batch, Limits, ReplyBuffer, RequestCodec};
use actix::{Actor, ActorContext, ActorFuture, AsyncContext, Context, Handler, Message, Supervised};
use bytes::Bytes;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{self, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tracing::Span;

/// How long a closing connection waits for the client to read its last replies and close its side.
const LINGER: Duration = Duration::from_secs(1);

/// After a batch with so many requests others have their turn.
const TURN_REQUESTS: usize = 256;

/// The same for bytes (32 KiB).
const TURN_REQUEST_BYTES: usize = 32 * 1024;

/// Keyspace → Connection: the replies of the batch in flight.
pub(crate) struct Replies {
    /// The batch with its replies encoded.
    pub(crate) work: Box<Work>,
    /// Whether the client has authenticated by now.
    pub(crate) authenticated: bool,
    /// Whether to close once everything is written.
    pub(crate) close: bool,
}

/// Keyspace → Connection: something to send before the batch in flight is answered, or without any.
pub(crate) struct Push(pub(crate) ReplyBuffer);

/// Keyspace → Connection: messages that the client listens to, encoded, mostly shared with others who hear the same.
pub(crate) struct Hear(pub(crate) Bytes);

/// Keyspace → Connection: the batch in flight is set aside until something happens; the client may go meanwhile.
pub(crate) struct Suspend;

/// Keyspace → Connection: options it lives by have changed.
#[derive(Clone, Copy)]
pub(crate) struct Adjust(pub(crate) Settings);

/// Keyspace → Connection: finish what the client has sent, answer it and close.
pub(crate) struct Drain;

/// Keyspace → Connection: close at once.
pub(crate) struct Close;

/// Keyspace → Connection: time has passed; output limits that count time are checked, idle memory is given back.
pub(crate) struct Check;

macro_rules! message {
    ($($name:ty),*) => { $(impl Message for $name { type Result = (); })* };
}
message!(Replies, Push, Hear, Suspend, Adjust, Drain, Close, Check);

/// The options a Connection lives by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// `proto-max-bulk-len`.
    pub(crate) max_bulk_bytes: usize,
    /// `client-query-buffer-limit`.
    pub(crate) query_limit_bytes: usize,
    /// `client-output-buffer-limit` of this client's class.
    pub(crate) output_limit: OutputBufferLimit,
}

/// How far a connection is on its way to being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Serves its client.
    Open,
    /// Answers what has arrived, then closes.
    Draining,
    /// Takes no more requests; closes when the replies are written.
    Closing,
    /// The replies are written and our side is closed; waits for the client to close its own.
    Lingering,
}

/// One client's socket as an actor.
pub(crate) struct Connection {
    id: ClientId,
    socket: Socket,
    inbox: Inbox,
    outbox: Outbox,
    keyspace: KeyspaceHandle,
    gauges: Arc<Gauges>,
    /// What the gauges show: bytes and room in the inbox, bytes in the outbox.
    noted: (usize, usize, usize),
    /// Work to be used for the next batch; none while one is in flight.
    idle: Option<Box<Work>>,
    /// Whether the batch in flight may be so for long, and the socket is watched for its end meanwhile.
    suspended: bool,
    /// Whether the last batch was long, so that others have their turn before the next.
    had_turn: bool,
    phase: Phase,
    session: Option<Session>,
    span: Span,
    _place: Place,
    _farewell: Farewell,
}

/// One of the `maxclients` places; given back when dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    /// Takes a place if fewer than `limit` are taken.
    pub(crate) fn take(taken: &Arc<AtomicUsize>, limit: usize) -> Option<Self> {
        let before = taken.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(taken));
        (before < limit).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says goodbye to the Keyspace however the Connection ends, a panic included.
struct Farewell {
    id: ClientId,
    keyspace: KeyspaceHandle,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.keyspace.disconnect(self.id);
    }
}

impl Connection {
    /// A connection for `socket`; the session is handed to the Keyspace when the actor starts.
    pub(crate) fn new(
        socket: Socket,
        session: Session,
        settings: Settings,
        keyspace: KeyspaceHandle,
        place: Place,
    ) -> Self {
        let limits = Limits { max_bulk_bytes: settings.max_bulk_bytes, authenticated: session.authenticated };
        let span = tracing::info_span!("client", id = session.id, address = %session.address);
        Self {
            id: session.id,
            socket,
            inbox: Inbox::new(RequestCodec::new(limits), settings.query_limit_bytes),
            outbox: Outbox::new(settings.output_limit),
            gauges: Arc::clone(&session.gauges),
            noted: (0, 0, 0),
            idle: Some(Box::default()),
            suspended: false,
            had_turn: false,
            phase: Phase::Open,
            _farewell: Farewell { id: session.id, keyspace: keyspace.clone() },
            session: Some(session),
            keyspace,
            span,
            _place: place,
        }
    }

    /// Moves the socket as far as it goes; ready when the connection is over.
    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        loop {
            let flushed = match self.outbox.poll_flush(&mut self.socket, cx) {
                Poll::Ready(Err(error)) => return self.lost(&error),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            match self.phase {
                Phase::Lingering => return self.poll_linger(cx),
                Phase::Closing if flushed && self.idle.is_some() => self.phase = Phase::Lingering,
                Phase::Closing => return self.note_and_wait(),
                Phase::Open | Phase::Draining if self.idle.is_none() => {
                    let is_gone = self.suspended && self.inbox.poll_end(&mut self.socket, cx).is_ready();
                    return if is_gone { Poll::Ready(()) } else { self.note_and_wait() };
                }
                Phase::Open | Phase::Draining => {
                    if mem::take(&mut self.had_turn) {
                        return give_way(cx);
                    }
                    if !self.poll_inbox(cx) {
                        return self.note_and_wait();
                    }
                }
            }
        }
    }

    /// Takes the next batch, if one has arrived; says whether anything happened.
    fn poll_inbox(&mut self, cx: &mut task::Context<'_>) -> bool {
        match self.inbox.poll(&mut self.socket, cx) {
            Poll::Ready(Ok(Arrival::Batch(batch))) => self.execute(batch),
            Poll::Ready(Ok(Arrival::End)) => self.phase = Phase::Closing,
            Poll::Ready(Ok(Arrival::TooLarge)) => {
                self.span.in_scope(|| tracing::warn!("closing client: query buffer limit reached"));
                self.keyspace.count(Count::QueryLimit);
                self.phase = Phase::Closing;
            }
            Poll::Ready(Err(error)) => {
                self.span.in_scope(|| tracing::debug!(%error, "connection lost"));
                self.phase = Phase::Closing;
            }
            // What had arrived before the server began to close is answered; now there is no more.
            Poll::Pending if self.phase == Phase::Draining => self.phase = Phase::Closing,
            Poll::Pending => return false,
        }
        true
    }

    /// Prepares a batch and sends it to the Keyspace.
    fn execute(&mut self, batch: Batch) {
        let Some(mut work) = self.idle.take() else { return };
        work.prepared.extend(batch.iter().map(prepare));
        work.received_bytes = self.inbox.take_received();
        self.had_turn = batch.len() >= TURN_REQUESTS || batch.frame_bytes() >= TURN_REQUEST_BYTES;
        work.batch = batch;
        self.keyspace.execute(self.id, work);
    }

    /// Takes the answered batch apart: replies to the outbox, the rest to be used again.
    fn answered(&mut self, mut work: Box<Work>) {
        self.outbox.append(&mut work.replies);
        if let Some(error) = work.batch.error() {
            self.span.in_scope(|| tracing::info!(%error, "closing client: protocol error"));
            self.phase = Phase::Closing;
        }
        self.inbox.recycle(mem::take(&mut work.batch));
        self.idle = Some(work);
    }

    fn poll_linger(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        // An error here means that the client is gone already, which is what we wait for.
        if ready!(Pin::new(&mut self.socket).poll_shutdown(cx)).is_err() {
            return Poll::Ready(());
        }
        self.inbox.poll_discard(&mut self.socket, cx).map(|_| ())
    }

    fn lost(&self, error: &std::io::Error) -> Poll<()> {
        self.span.in_scope(|| tracing::debug!(%error, "connection lost"));
        Poll::Ready(())
    }

    /// Leaves the buffers' sizes where `CLIENT LIST` finds them.
    fn note_and_wait(&mut self) -> Poll<()> {
        let (used, free) = self.inbox.sizes();
        let sizes = (used, free, self.outbox.len_bytes());
        // Who only listens has the same sizes each time, and the gauges lie elsewhere in memory.
        if mem::replace(&mut self.noted, sizes) != sizes {
            self.gauges.set_query(used, free);
            self.gauges.set_output(sizes.2);
        }
        Poll::Pending
    }

    /// Closes a client that does not read its replies.
    fn enforce_output_limit(&mut self, ctx: &mut Context<Self>) {
        if self.outbox.over_limit() {
            let waiting_bytes = self.outbox.len_bytes();
            self.span.in_scope(|| {
                tracing::warn!(waiting_bytes, "closing client: output buffer limit reached");
            });
            self.keyspace.count(Count::OutputLimit);
            ctx.terminate();
        }
    }
}

/// The future that moves a Connection's socket.
struct Drive;

impl ActorFuture<Connection> for Drive {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        connection: &mut Connection,
        ctx: &mut Context<Connection>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        let before = connection.phase;
        let over = connection.poll(cx);
        if connection.phase == Phase::Lingering && before != Phase::Lingering {
            ctx.run_later(LINGER, |_, ctx| ctx.terminate());
        }
        over.map(|()| ctx.terminate())
    }
}

impl Actor for Connection {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(session) = self.session.take() {
            self.keyspace.connect(session, ctx.address());
        }
        ctx.spawn(Drive);
    }
}

impl Supervised for Connection {}

impl Handler<Replies> for Connection {
    type Result = ();

    fn handle(&mut self, replies: Replies, ctx: &mut Context<Self>) {
        self.inbox.set_authenticated(replies.authenticated);
        self.suspended = false;
        self.answered(replies.work);
        if replies.close {
            self.phase = Phase::Closing;
        }
        self.enforce_output_limit(ctx);
    }
}

impl Handler<Push> for Connection {
    type Result = ();

    fn handle(&mut self, Push(mut replies): Push, ctx: &mut Context<Self>) {
        self.outbox.append(&mut replies);
        self.enforce_output_limit(ctx);
    }
}

impl Handler<Hear> for Connection {
    type Result = ();

    fn handle(&mut self, Hear(messages): Hear, ctx: &mut Context<Self>) {
        self.outbox.append_shared(messages);
        self.enforce_output_limit(ctx);
    }
}

impl Handler<Suspend> for Connection {
    type Result = ();

    fn handle(&mut self, _: Suspend, _: &mut Context<Self>) {
        self.suspended = true;
        self.inbox.release_memory();
    }
}

impl Handler<Adjust> for Connection {
    type Result = ();

    fn handle(&mut self, Adjust(settings): Adjust, ctx: &mut Context<Self>) {
        self.inbox.set_limits(settings.max_bulk_bytes, settings.query_limit_bytes);
        self.outbox.set_limit(settings.output_limit);
        self.enforce_output_limit(ctx);
    }
}

impl Handler<Drain> for Connection {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining;
        }
    }
}

impl Handler<Close> for Connection {
    type Result = ();

    fn handle(&mut self, _: Close, ctx: &mut Context<Self>) {
        ctx.terminate();
    }
}

impl Handler<Check> for Connection {
    type Result = ();

    fn handle(&mut self, _: Check, ctx: &mut Context<Self>) {
        self.inbox.release_memory();
        self.enforce_output_limit(ctx);
    }
}
