//! Frees big values on a thread of its own, so that no DEL or FLUSHALL stops the server.
//!
//! The thread ends by itself when the last sender is gone. It is no actor: it holds no state worth a restart,
//! and a drop that panicked would at worst leak.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Something to be dropped elsewhere.
type Garbage = Box<dyn Any + Send>;

/// The sending end of the thread that frees.
#[derive(Clone)]
pub(crate) struct Reclaimer {
    sender: Option<Sender<Garbage>>,
    pending: Arc<AtomicU64>,
    freed: Arc<AtomicU64>,
}

impl Reclaimer {
    /// Starts the thread. If the system has no thread to give, garbage is freed where it arises.
    pub(crate) fn start() -> Self {
        let pending = Arc::new(AtomicU64::new(0));
        let (sender, garbage) = channel::<Garbage>();
        let freed = Arc::new(AtomicU64::new(0));
        let (counter, total) = (Arc::clone(&pending), Arc::clone(&freed));
        let work = move || {
            for item in garbage {
                drop(item);
                counter.fetch_sub(1, Ordering::Relaxed);
                total.fetch_add(1, Ordering::Relaxed);
            }
        };
        let started = thread::Builder::new().name("reclaimer".into()).spawn(work);
        if let Err(error) = &started {
            tracing::warn!(%error, "no thread to free memory on; freeing in place");
        }
        Self { sender: started.is_ok().then_some(sender), pending, freed }
    }

    /// Hands something over to be dropped.
    pub(crate) fn discard(&self, garbage: impl Send + 'static) {
        let Some(sender) = &self.sender else { return };
        self.pending.fetch_add(1, Ordering::Relaxed);
        if sender.send(Box::new(garbage)).is_err() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many things wait to be dropped.
    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// How many things were dropped since the start.
    pub(crate) fn freed(&self) -> u64 {
        self.freed.load(Ordering::Relaxed)
    }
}
