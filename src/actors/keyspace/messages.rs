//! What the Keyspace is told, and the handle through which it is told.

use super::{Keyspace, Quiesce};
use crate::actors::aof_writer::LogReport;
use crate::actors::connection::Connection;
use crate::actors::rewriter::JobReport;
use crate::actors::supervision::Health;
use crate::commands::Prepared;
use crate::commands::session::{ClientId, Session};
use crate::resp::{Batch, ReplyBuffer};
use actix::{Addr, Message};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch of requests on its way to the Keyspace, and of replies on its way back.
///
/// The same box travels to and fro for the life of a connection, so that a batch costs no allocation.
#[derive(Default)]
pub(crate) struct Work {
    /// The requests' bytes.
    pub(crate) batch: Batch,
    /// The requests made ready, in the same order.
    pub(crate) prepared: Vec<Prepared>,
    /// Bytes received from the client for this batch.
    pub(crate) received_bytes: u64,
    /// The encoded replies.
    pub(crate) replies: ReplyBuffer,
}

/// Connection → Keyspace: a client is there.
pub(crate) struct Connect {
    pub(crate) session: Session,
    pub(crate) connection: Addr<Connection>,
}

/// Connection → Keyspace: run these commands; answered by `Replies`.
pub(crate) struct Execute {
    pub(crate) client: ClientId,
    pub(crate) work: Box<Work>,
}

/// Connection → Keyspace: the client is gone.
pub(crate) struct Disconnect(pub(crate) ClientId);

/// Listener, Connection → Keyspace: something to be counted.
pub(crate) enum Count {
    /// A client was turned away at `maxclients`.
    Rejected,
    /// A client was closed at the output limit.
    OutputLimit,
    /// A client was closed at the query buffer limit.
    QueryLimit,
}

/// Expiry → Keyspace: time has passed; answered by `Ticked`.
pub(crate) struct Tick;

/// Supervisor → Keyspace: let every client finish and go; answered when the last one is gone.
pub(crate) struct CloseClients {
    /// Told when nobody is connected any more.
    pub(crate) gone: oneshot::Sender<()>,
    /// Do not wait for replies to be read.
    pub(crate) now: bool,
}

macro_rules! message {
    ($($name:ty),*) => { $(impl Message for $name { type Result = (); })* };
}
message!(Connect, Execute, Disconnect, Count, Tick, CloseClients);

/// How other actors reach the Keyspace.
#[derive(Clone)]
pub(crate) struct KeyspaceHandle {
    address: Addr<Keyspace>,
    health: Arc<Health>,
}

impl KeyspaceHandle {
    pub(crate) fn new(address: Addr<Keyspace>, health: Arc<Health>) -> Self {
        Self { address, health }
    }

    pub(crate) fn connect(&self, session: Session, connection: Addr<Connection>) {
        self.send(Connect { session, connection });
    }

    pub(crate) fn execute(&self, client: ClientId, work: Box<Work>) {
        self.send(Execute { client, work });
    }

    pub(crate) fn disconnect(&self, client: ClientId) {
        self.send(Disconnect(client));
    }

    /// Has something counted for `INFO`.
    pub(crate) fn count(&self, what: Count) {
        self.send(what);
    }

    pub(crate) fn tick(&self) {
        self.send(Tick);
    }

    /// Hears from the AofWriter.
    pub(crate) fn report(&self, report: LogReport) {
        self.send(report);
    }

    /// Hears from the Rewriter.
    pub(crate) fn job_done(&self, report: JobReport) {
        self.send(report);
    }

    /// Ends all changes; the receiver hears when the last snapshot is written, if there is to be one, and whether
    /// that worked.
    pub(crate) fn quiesce(&self, save: Option<bool>) -> oneshot::Receiver<bool> {
        let (done, heard) = oneshot::channel();
        self.send(Quiesce { save, done });
        heard
    }

    /// Asks every client to finish; the receiver hears when the last one is gone.
    pub(crate) fn close_clients(&self, now: bool) -> oneshot::Receiver<()> {
        let (gone, heard) = oneshot::channel();
        self.send(CloseClients { gone, now });
        heard
    }

    /// Never waits: what bounds the mailbox is that each connection has one batch in flight.
    fn send<M>(&self, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        Keyspace: actix::Handler<M>,
    {
        self.health.queued();
        self.address.do_send(message);
    }
}
