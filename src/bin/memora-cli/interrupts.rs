//! Ctrl-C while the terminal is not ours: at the prompt and in a stream of messages it ends what is going on,
//! elsewhere the program.
//!
//! At the prompt the line editor sees Ctrl-C itself. While a reply is awaited the system sends a signal,
//! which a thread of its own receives, so that the rest of the program can block. One-shot commands go
//! without all this: there the signal ends the program, as it does any other.

use std::io;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use crate::link::Closer;

/// The code redis-cli ends with when it is interrupted.
const INTERRUPTED: i32 = 1;

/// What the program is doing, as far as Ctrl-C is concerned.
enum Doing {
    /// Reading a line from the terminal.
    Editing,
    /// Waiting for a reply, or for input that is no terminal.
    Waiting,
    /// Waiting for a reply at the prompt, or printing messages, until this is closed.
    Streaming(Closer),
    /// Doing something step by step, with a look at this now and then.
    Looping,
    /// The same with a look so often that nobody has to press it twice.
    Viewing,
    /// That has been interrupted; whether doing so again means nothing.
    Interrupted { once: bool },
}

/// Receives Ctrl-C.
pub(crate) struct Interrupts {
    doing: Arc<Shared>,
}

/// What is going on, and a bell that rings when that is interrupted.
struct Shared {
    doing: Mutex<Doing>,
    changed: Condvar,
}

impl Interrupts {
    /// Begins to receive it, until the program ends.
    ///
    /// # Errors
    /// When the system has no more threads or handles.
    pub(crate) fn install() -> io::Result<Self> {
        let doing = Arc::new(Shared { doing: Mutex::new(Doing::Waiting), changed: Condvar::new() });
        let seen = Arc::clone(&doing);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (installed, is_installed) = mpsc::channel();
        thread::Builder::new().name("interrupts".to_owned()).spawn(move || {
            runtime.block_on(async {
                // Asking once is what has the system tell us; from then on no Ctrl-C is missed.
                let first = tokio::signal::ctrl_c();
                let mut first = std::pin::pin!(first);
                let at_once = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context))).await;
                let _ = installed.send(());
                if at_once.is_ready() || first.await.is_ok() {
                    interrupt(&seen);
                }
                while tokio::signal::ctrl_c().await.is_ok() {
                    interrupt(&seen);
                }
            });
        })?;
        // Where the thread has ended already there is no Ctrl-C to wait for.
        let _ = is_installed.recv();
        Ok(Self { doing })
    }

    /// The line editor takes over.
    pub(crate) fn editing(&self) {
        *lock(&self.doing) = Doing::Editing;
    }

    /// A reply or piped input is awaited.
    pub(crate) fn waiting(&self) {
        *lock(&self.doing) = Doing::Waiting;
    }

    /// Ctrl-C shall close this connection.
    pub(crate) fn streaming(&self, closer: Closer) {
        *lock(&self.doing) = Doing::Streaming(closer);
    }

    /// Ctrl-C shall be seen by [`interrupted`](Self::interrupted) and [`pause`](Self::pause).
    pub(crate) fn looping(&self) {
        *lock(&self.doing) = Doing::Looping;
    }

    /// The same, by somebody who looks several times a second, so that pressing it twice means nothing.
    pub(crate) fn viewing(&self) {
        *lock(&self.doing) = Doing::Viewing;
    }

    /// Waits, unless Ctrl-C has been pressed or is; says whether it was not.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        let waited = self.doing.changed.wait_timeout_while(lock(&self.doing), duration, |doing| {
            !matches!(doing, Doing::Interrupted { .. })
        });
        let (doing, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !matches!(*doing, Doing::Interrupted { .. })
    }

    /// A view of [`interrupted`](Self::interrupted) that can be kept elsewhere.
    pub(crate) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.doing))
    }

    /// Whether the stream ended because of Ctrl-C.
    pub(crate) fn interrupted(&self) -> bool {
        matches!(*lock(&self.doing), Doing::Interrupted { .. })
    }
}

/// Tells whether what is going on has been interrupted.
pub(crate) struct Watch(Arc<Shared>);

impl Watch {
    /// Whether it has.
    pub(crate) fn interrupted(&self) -> bool {
        matches!(*lock(&self.0), Doing::Interrupted { .. })
    }
}

fn interrupt(shared: &Shared) {
    let mut doing = lock(shared);
    match &*doing {
        Doing::Editing => {}
        // Whoever presses it twice does not want to wait for a clean end.
        Doing::Waiting | Doing::Interrupted { once: false } => process::exit(INTERRUPTED),
        Doing::Interrupted { once: true } => {}
        Doing::Looping => *doing = Doing::Interrupted { once: false },
        Doing::Viewing => *doing = Doing::Interrupted { once: true },
        Doing::Streaming(closer) => {
            closer.close();
            *doing = Doing::Interrupted { once: true };
        }
    }
    shared.changed.notify_all();
}

/// The state is replaced in one step, so it is whole even after a panic.
fn lock(shared: &Shared) -> MutexGuard<'_, Doing> {
    shared.doing.lock().unwrap_or_else(PoisonError::into_inner)
}
