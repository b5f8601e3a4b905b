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
    /// Memory that waits to be freed, as far as its size was told.
    pending_bytes: Arc<AtomicU64>,
}

/// Garbage that tells when it is gone.
struct Weighed<T> {
    garbage: Option<T>,
    bytes: u64,
    pending_bytes: Arc<AtomicU64>,
}

impl<T> Drop for Weighed<T> {
    fn drop(&mut self) {
        drop(self.garbage.take());
        self.pending_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
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
        let pending_bytes = Arc::default();
        Self { sender: started.is_ok().then_some(sender), pending, freed, pending_bytes }
    }

    /// Hands something over to be dropped.
    pub(crate) fn discard(&self, garbage: impl Send + 'static) {
        let Some(sender) = &self.sender else { return };
        self.pending.fetch_add(1, Ordering::Relaxed);
        if sender.send(Box::new(garbage)).is_err() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Hands over something of about this size.
    pub(crate) fn discard_sized(&self, bytes: u64, garbage: impl Send + 'static) {
        self.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        let pending_bytes = Arc::clone(&self.pending_bytes);
        self.discard(Weighed { garbage: Some(garbage), bytes, pending_bytes });
    }

    /// How much memory waits to be freed, as far as its size was told, bytes.
    pub(crate) fn pending_bytes(&self) -> u64 {
        self.pending_bytes.load(Ordering::Relaxed)
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
