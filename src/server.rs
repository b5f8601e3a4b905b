//! The server as a library: start it inside a program or a test, ask for its address, shut it down.
//!
//! ```no_run
//! use memora::config::Config;
//! use memora::server::Server;
//!
//! let config = Config { port: 0, ..Config::default() };
//! let server = Server::start(config)?;
//! println!("listening on {:?}", server.local_addr());
//! let exit = server.shut_down();
//! # Ok::<(), memora::server::StartError>(())
//! ```
//!
//! Each server has threads and an actor system of its own, so many run side by side in one process.

use crate::actors::clock::Clock;
use crate::actors::keyspace::system_random;
use crate::actors::listener::Bound;
use crate::actors::lock::{DirectoryLock, LockError};
use crate::actors::supervision::{Plan, Supervisor, SupervisorHandle};
use crate::actors::users_file::first_users;
use crate::bind;
use crate::commands::acl::Acl;
use crate::commands::context::Fixed;
use crate::config::Config;
use crate::config::values::LogLevel;
use crate::exit::Exit;
use actix_rt::{Arbiter, System};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}{hint}")]
    Bind {
        /// The address or path.
        address: String,
        /// What the system says.
        source: io::Error,
        /// What to do about it; empty or beginning with a blank.
        hint: &'static str,
    },
    /// The data directory cannot be entered.
    #[error("cannot use the directory {path}, see the option dir: {source}", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is neither a port nor a Unix socket to listen on.
    #[error("nothing to listen on: set port, or unixsocket, or both")]
    NothingToListenOn,
    /// Another server has the data directory, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is said about users cannot be understood.
    #[error("cannot set up the users: {0}")]
    Users(String),
    /// The data cannot be loaded.
    #[error("{0}")]
    Load(String),
    /// The system has no thread for the server.
    #[error("cannot start a thread for the server: {0}")]
    Thread(#[from] io::Error),
    /// The server's thread ended before it served.
    #[error("the server ended while it started")]
    Died,
}

/// What a program that embeds the server may choose beyond the options.
#[derive(Default)]
pub struct Embedding {
    /// Where the time of day comes from.
    pub clock: Clock,
    /// The configuration file, for `INFO`.
    pub config_file: Option<PathBuf>,
    /// Called when the option `loglevel` changes; the log belongs to the program, not to the library.
    pub set_log_level: Option<SetLogLevel>,
    /// Tells how many bytes the process has allocated, for `INFO`; an allocator belongs to a program.
    pub allocated_bytes: Option<AllocatedBytes>,
}

/// Tells how many bytes the process has allocated and not freed.
pub type AllocatedBytes = fn() -> usize;

/// Changes how much is logged.
pub type SetLogLevel = Box<dyn Fn(LogLevel) + Send>;

/// A running server. Dropping it shuts it down without waiting for its clients.
pub struct Server {
    addresses: Vec<SocketAddr>,
    supervisor: SupervisorHandle,
    thread: Option<JoinHandle<Exit>>,
    loaded: Option<oneshot::Receiver<Result<(), String>>>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Server {
    /// Starts a server; its data is loaded and it accepts connections when this returns.
    ///
    /// # Errors
    /// When an address is taken or not this machine's, or there is nothing to listen on, or the data directory is
    /// another server's or cannot be read.
    pub fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, Embedding::default())
    }

    /// Starts a server with more than options.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(config: Config, embedding: Embedding) -> Result<Self, StartError> {
        let mut server = Self::open(config, embedding)?;
        if let Some(loaded) = server.loaded.take() {
            // On a thread of its own, as tokio lets nobody block who may be one of its tasks.
            let waiting = thread::spawn(move || loaded.blocking_recv());
            let outcome = waiting.join().map_err(|_| StartError::Died)?;
            outcome.map_err(|_| StartError::Died)?.map_err(StartError::Load)?;
        }
        Ok(server)
    }

    /// Starts a server that accepts connections when this returns, but may still be loading its data: until
    /// [`Self::loaded`] is ready, clients are told so.
    ///
    /// # Errors
    /// As [`Self::start`], but for what is wrong with the data.
    pub fn open(mut config: Config, embedding: Embedding) -> Result<Self, StartError> {
        config.dir = std::path::absolute(&config.dir)
            .map_err(|source| StartError::Directory { path: config.dir.clone(), source })?;
        let acl = first_users(&config).map_err(StartError::Users)?;
        let bound = bind::all(&config)?;
        let addresses = bind::addresses(&bound);
        let port = addresses.first().map_or(0, SocketAddr::port);
        let writes_files = config.appendonly || !config.save.is_empty();
        let lock = writes_files.then(|| DirectoryLock::acquire(&config.dir, port)).transpose()?;
        let (ready, started) = mpsc::channel();
        let (ended, heard) = oneshot::channel();
        let (load, loaded) = oneshot::channel();
        let start = Start { config, acl, embedding, bound, port, lock, loaded: load };
        let thread = thread::Builder::new().name("memora".into()).spawn(move || {
            let exit = serve(start, &ready);
            // The program may not be waiting.
            let _ = ended.send(());
            exit
        })?;
        let supervisor = started.recv().map_err(|_| StartError::Died)?;
        Ok(Self { addresses, supervisor, thread: Some(thread), loaded: Some(loaded), ended: Some(heard) })
    }

    /// Becomes ready when the data is loaded and clients are served; the first time it is asked for.
    ///
    /// # Errors
    /// [`StartError::Load`] when the data cannot be loaded: the server then ends by itself.
    pub fn loaded(&mut self) -> impl Future<Output = Result<(), StartError>> + use<> {
        let loaded = self.loaded.take();
        async {
            match loaded {
                None => Ok(()),
                // The server may have been asked to end before it was ready.
                Some(loaded) => loaded.await.map_err(|_| StartError::Died)?.map_err(StartError::Load),
            }
        }
    }

    /// The TCP addresses it listens on, in the order of the `bind` option.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The first TCP address it listens on; none if it has only a Unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }

    /// Asks for an orderly end and returns at once: clients are answered first. Asked for a second time, or
    /// with `now`, slow clients are not waited for.
    pub fn request_shutdown(&self, now: bool) {
        self.supervisor.shut_down(now, None);
    }

    /// Becomes ready when the server has ended, for programs that wait for several things at once.
    pub fn ended(&mut self) -> impl Future<Output = ()> + use<> {
        let heard = self.ended.take();
        async {
            if let Some(heard) = heard {
                // An error means that the thread is gone, which is an end as well.
                let _ = heard.await;
            }
        }
    }

    /// Waits until the server has ended, and says how.
    #[must_use]
    pub fn join(mut self) -> Exit {
        self.wait()
    }

    /// Ends the server in order and says how it went.
    #[must_use]
    pub fn shut_down(self) -> Exit {
        self.request_shutdown(false);
        self.join()
    }

    fn wait(&mut self) -> Exit {
        // A thread that panicked is the failure of what no guard protects.
        self.thread.take().map_or(Exit::Graceful, |thread| thread.join().unwrap_or(Exit::ChildGaveUp))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.request_shutdown(true);
            self.wait();
        }
    }
}

/// What a server's thread begins with.
struct Start {
    config: Config,
    acl: Acl,
    embedding: Embedding,
    bound: Vec<Bound>,
    port: u16,
    lock: Option<DirectoryLock>,
    loaded: oneshot::Sender<Result<(), String>>,
}

/// The life of a server's thread: an actor system with the Supervisor in it.
fn serve(start: Start, ready: &mpsc::Sender<SupervisorHandle>) -> Exit {
    let Start { config, acl, embedding, bound, port, lock, loaded } = start;
    let Embedding { clock, config_file, set_log_level, allocated_bytes } = embedding;
    let system = System::new();
    system.block_on(async {
        let io_threads = config.connection_threads();
        let (ended, heard) = oneshot::channel();
        let fixed = Fixed {
            run_id: run_id(),
            port,
            started_ms: clock.now_ms(),
            executable: std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default(),
            config_file: config_file.map(|path| path.display().to_string()).unwrap_or_default(),
            io_threads,
        };
        let arbiters = (0..io_threads).map(|_| Arbiter::new()).collect();
        let bound = Arc::new(bound);
        let plan = Plan {
            config,
            acl,
            fixed,
            clock,
            set_log_level,
            allocated_bytes,
            bound,
            arbiters,
            lock,
            loaded,
            ended,
        };
        let supervisor = Supervisor::new(plan).launch();
        if ready.send(supervisor).is_err() {
            return Exit::CouldNotStart;
        }
        heard.await.unwrap_or(Exit::ChildGaveUp)
    })
}

/// Forty random hexadecimal digits, as Redis identifies a run.
fn run_id() -> String {
    let digits: String = (0..3).map(|_| format!("{:016x}", system_random())).collect();
    digits[..40].to_owned()
}
