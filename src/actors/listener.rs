//! The Listener: accepts clients and starts a Connection for each.
//!
//! The listening sockets belong to the Supervisor; the Listener works on duplicates, so that its restart
//! loses no client: those that connect meanwhile wait in the kernel's backlog.

use super::connection::socket::Socket;
use super::connection::{Connection, Place, Settings};
use super::keyspace::{Count, KeyspaceHandle};
use super::supervision::{Guarded, Health, Limits, provocable};
use super::turns::give_way;
use crate::commands::acl::Acl;
use crate::commands::session::{ClientId, Session};
use crate::config::Config;
use actix::{Actor, ActorContext, ActorFuture, AsyncContext, Context, Handler, Message, Supervised};
use actix_rt::ArbiterHandle;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{self, Poll};
use std::time::Duration;

/// Clients accepted in a row before others get their turn.
const ACCEPTS_PER_POLL: usize = 16;

/// Pause after the system could not give a socket (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answer to a client beyond `maxclients`.
const TOO_MANY_CLIENTS: &[u8] = b"-ERR max number of clients reached\r\n";

/// Answer to a client from another machine in protected mode.
const PROTECTED: &[u8] = b"-DENIED Memora runs in protected mode and no password is set, so it serves clients on this machine only. To let others in, set a password (CONFIG SET requirepass, or the requirepass option), or turn protected mode off (CONFIG SET protected-mode no) if the network is trusted.\r\n";

/// A listening socket.
pub(crate) enum Bound {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// A Unix socket and the path it is bound to.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, String),
}

#[cfg(unix)]
impl Drop for Bound {
    /// A Unix socket is a file, which would stay behind and look like a server that does not answer.
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Somebody may have removed it already.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Who may come in; shared with the Keyspace, which changes it with the options.
#[derive(Default)]
pub(crate) struct Admission {
    taken: Arc<AtomicUsize>,
    max_clients: AtomicUsize,
    loopback_only: AtomicBool,
    password: AtomicBool,
    keepalive_secs: AtomicU64,
}

impl Admission {
    /// Follows the options and the default user.
    pub(crate) fn adjust(&self, config: &Config, acl: &Acl) {
        let user = acl.default_user();
        let open = user.is_open();
        self.max_clients.store(config.maxclients as usize, Ordering::Relaxed);
        self.loopback_only.store(config.protected_mode && user.needs_no_password(), Ordering::Relaxed);
        self.password.store(!open, Ordering::Relaxed);
        self.keepalive_secs.store(config.tcp_keepalive.as_secs(), Ordering::Relaxed);
    }

    fn place(&self) -> Option<Place> {
        Place::take(&self.taken, self.max_clients.load(Ordering::Relaxed))
    }

    fn turns_away(&self, peer: SocketAddr) -> bool {
        self.loopback_only.load(Ordering::Relaxed) && !peer.ip().to_canonical().is_loopback()
    }
}

/// What the Listener needs to start Connections, in any thread.
#[derive(Clone)]
pub(crate) struct Reception {
    pub(crate) keyspace: KeyspaceHandle,
    pub(crate) admission: Arc<Admission>,
    pub(crate) settings: Settings,
    pub(crate) next_id: Arc<AtomicU64>,
    /// Threads for connections; none: they share the Listener's.
    pub(crate) arbiters: Vec<ArbiterHandle>,
    /// What is known of the health of all connections, which nobody watches and none is restarted.
    pub(crate) of_connections: Arc<Health>,
}

/// The actor that accepts clients.
pub(crate) struct Listener {
    bound: Arc<Vec<Bound>>,
    reception: Reception,
    health: Arc<Health>,
}

/// Supervisor → Listener: accept no more clients.
pub(crate) struct StopAccepting;

impl Message for StopAccepting {
    type Result = ();
}

impl Listener {
    pub(crate) fn new(bound: Arc<Vec<Bound>>, reception: Reception, health: Arc<Health>) -> Self {
        Self { bound, reception, health }
    }
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        for bound in self.bound.iter() {
            match Accepting::duplicate(bound) {
                Ok(accepting) => {
                    ctx.spawn(accepting);
                }
                // The supervised restart that follows tries again.
                Err(error) => panic!("cannot listen again: {error}"),
            }
        }
    }
}

impl Supervised for Listener {}

provocable!(Listener, health);

impl Handler<StopAccepting> for Listener {
    type Result = ();

    fn handle(&mut self, _: StopAccepting, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// The future that accepts clients on one socket.
enum Accepting {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, String),
}

/// A client that has just been accepted, not yet tied to a thread.
enum Accepted {
    Tcp(std::net::TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream, String),
}

impl Accepting {
    fn duplicate(bound: &Bound) -> io::Result<Self> {
        Ok(match bound {
            Bound::Tcp(listener) => Self::Tcp(tokio::net::TcpListener::from_std(listener.try_clone()?)?),
            #[cfg(unix)]
            Bound::Unix(listener, path) => {
                let listener = tokio::net::UnixListener::from_std(listener.try_clone()?)?;
                Self::Unix(listener, path.clone())
            }
        })
    }

    fn poll_accept(&self, cx: &mut task::Context<'_>) -> Poll<io::Result<Accepted>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map(|accepted| {
                let (stream, peer) = accepted?;
                Ok(Accepted::Tcp(stream.into_std()?, peer))
            }),
            #[cfg(unix)]
            Self::Unix(listener, path) => listener.poll_accept(cx).map(|accepted| {
                let (stream, _) = accepted?;
                Ok(Accepted::Unix(stream.into_std()?, path.clone()))
            }),
        }
    }
}

impl ActorFuture<Listener> for Accepting {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        listener: &mut Listener,
        ctx: &mut Context<Listener>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        let accepting = self.get_mut();
        for _ in 0..ACCEPTS_PER_POLL {
            match accepting.poll_accept(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(accepted)) => {
                    listener.health.handled();
                    listener.reception.admit(accepted);
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!(%error, "cannot accept a client");
                    let waker = cx.waker().clone();
                    ctx.run_later(ACCEPT_PAUSE, move |_, _| waker.wake());
                    return Poll::Pending;
                }
            }
        }
        give_way(cx)
    }
}

impl Reception {
    /// Lets a client in, or tells it why not.
    fn admit(&self, accepted: Accepted) {
        let peer = match &accepted {
            Accepted::Tcp(_, peer) => Some(*peer),
            #[cfg(unix)]
            Accepted::Unix(..) => None,
        };
        if let Some(peer) = peer.filter(|peer| self.admission.turns_away(*peer)) {
            tracing::warn!(address = %peer, "client turned away by protected mode");
            return accepted.refuse(PROTECTED);
        }
        let Some(place) = self.admission.place() else {
            self.keyspace.count(Count::Rejected);
            return accepted.refuse(TOO_MANY_CLIENTS);
        };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let reception = self.clone();
        let start = move || {
            if let Err(error) = reception.start(id, accepted, place) {
                tracing::debug!(%error, client = id, "client lost before it was served");
            }
        };
        match self.arbiters.get(usize::try_from(id).unwrap_or(0) % self.arbiters.len().max(1)) {
            Some(arbiter) => {
                arbiter.spawn_fn(start);
            }
            None => start(),
        }
    }

    /// Starts a Connection on the current thread.
    fn start(&self, id: ClientId, accepted: Accepted, place: Place) -> io::Result<()> {
        let keepalive_secs = self.admission.keepalive_secs.load(Ordering::Relaxed);
        let (socket, mut session) = accepted.into_socket(id, keepalive_secs)?;
        session.authenticated = !self.admission.password.load(Ordering::Relaxed);
        let connection = Connection::new(socket, session, self.settings, self.keyspace.clone(), place);
        let never = Limits { max_restarts: 0, window: Duration::ZERO, backoff: Duration::ZERO };
        let health = Arc::clone(&self.of_connections);
        actix_rt::spawn(Guarded::new(Context::new(), connection, never, health, Box::new(|_| {})));
        Ok(())
    }
}

impl Accepted {
    /// Sends a last word, as far as the socket takes it at once, and closes.
    fn refuse(self, text: &[u8]) {
        use io::Write;
        // A client that cannot even be told is a client that is not there.
        let _ = match self {
            Self::Tcp(mut stream, _) => stream.write_all(text),
            #[cfg(unix)]
            Self::Unix(mut stream, _) => stream.write_all(text),
        };
    }

    /// Ties the stream to the current thread.
    fn into_socket(self, id: ClientId, keepalive_secs: u64) -> io::Result<(Socket, Session)> {
        match self {
            Self::Tcp(stream, peer) => {
                let local = stream.local_addr()?;
                stream.set_nodelay(true)?;
                if keepalive_secs > 0 {
                    let keepalive =
                        socket2::TcpKeepalive::new().with_time(Duration::from_secs(keepalive_secs));
                    // A time the system does not take is no reason to send a client away.
                    let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                }
                let mut session = Session::new(id, peer.to_string(), local.to_string(), false);
                session.descriptor = descriptor(&stream);
                let stream = tokio::net::TcpStream::from_std(stream)?;
                Ok((Socket::Tcp(stream), session))
            }
            #[cfg(unix)]
            Self::Unix(stream, path) => {
                let mut session = Session::new(id, format!("{path}:0"), format!("{path}:0"), true);
                session.descriptor = descriptor(&stream);
                let stream = tokio::net::UnixStream::from_std(stream)?;
                Ok((Socket::Unix(stream), session))
            }
        }
    }
}

/// The number by which the system knows a socket.
#[cfg(unix)]
fn descriptor(socket: &impl std::os::fd::AsRawFd) -> i64 {
    socket.as_raw_fd().into()
}

/// The number by which the system knows a socket.
#[cfg(windows)]
fn descriptor(socket: &impl std::os::windows::io::AsRawSocket) -> i64 {
    i64::try_from(socket.as_raw_socket()).unwrap_or(-1)
}
