//! The lock on the data directory: one server writes there, and a second one hears who it is.
//!
//! The system drops the lock when the process ends, however it ends. Who holds it stands in a second file, because
//! Windows lets nobody read a file that is locked.

use fs4::{FileExt, TryLockError};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked.
const LOCK_NAME: &str = "memora.lock";

/// The file that says who has locked it.
const HOLDER_NAME: &str = "memora.lock.holder";

/// Why the directory cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error(
        "the directory {path} is in use by {holder}; give this server another one with --dir, or none of its own data with --save \"\" --appendonly no",
        path = path.display()
    )]
    Held {
        /// The directory.
        path: PathBuf,
        /// Who has it, as that server says.
        holder: String,
    },
    /// The system refuses.
    #[error("cannot lock the directory {path}: {source}", path = path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The lock; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    /// Holds the lock as long as it is open.
    _file: File,
    holder: PathBuf,
}

impl DirectoryLock {
    /// Locks `directory` for a server that listens on `port`.
    pub(crate) fn acquire(directory: &Path, port: u16) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: directory.to_owned(), source };
        let holder = directory.join(HOLDER_NAME);
        let options =
            OpenOptions::new().create(true).truncate(false).write(true).open(directory.join(LOCK_NAME));
        let file = options.map_err(failed)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(holder).unwrap_or_else(|_| "another process".to_owned());
                return Err(LockError::Held { path: directory.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let pid = std::process::id();
        fs::write(&holder, format!("memora-server, process {pid}, port {port}\n")).map_err(failed)?;
        Ok(Self { _file: file, holder })
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // The lock file itself stays: removing it could take it from under the next server that has just opened it.
        let _ = fs::remove_file(&self.holder);
    }
}
