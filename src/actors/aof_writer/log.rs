//! The log as a state machine over a folder: append, sync, rotate, switch to a new base.
//!
//! What has not been made durable is kept in memory. When a write falls short or a sync fails, the file is cut
//! back to what is known to be durable and everything behind it is written again, so that trouble with the disk
//! can end without a unit lost or written twice. Nothing here waits or retries; the actor does.

use super::folder::{AppendFile, Folder};
use crate::persistence::aof::{LogFile, Manifest};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::path::Path;

/// A piece of the log: whole units and the number of the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Units, encoded.
    pub(crate) bytes: Bytes,
    /// The number of the last unit in it.
    pub(crate) seq: u64,
}

/// How far the log has come: what a restart needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The last unit.
    pub(crate) seq: u64,
    /// The length of the current increment up to and including it, bytes.
    pub(crate) len_bytes: u64,
}

/// The log.
pub(crate) struct Log {
    folder: Box<dyn Folder>,
    /// The option `appendfilename`.
    name: String,
    manifest: Manifest,
    file: Box<dyn AppendFile>,
    /// Everything up to here is durable.
    durable: Mark,
    /// Everything up to here is written.
    written: Mark,
    /// Pieces behind `durable`, oldest first.
    kept: VecDeque<Piece>,
    /// How many of the kept pieces are written.
    kept_written: usize,
    /// Whether the file was touched since the last sync. A cut has to be synced as well: lost in a crash, it would
    /// leave a torn piece in the middle of the log.
    unsynced: bool,
}

impl Log {
    /// Goes on with the log that `manifest` describes, whose last increment ends at `end`; begins the first
    /// increment if there is none.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub(crate) fn open(
        folder: Box<dyn Folder>,
        name: String,
        mut manifest: Manifest,
        end: Mark,
    ) -> io::Result<Self> {
        folder.create()?;
        if manifest.increments.is_empty() {
            manifest.increments.push(manifest.next_increment(&name));
            write_manifest(folder.as_ref(), &name, &manifest)?;
        }
        let mut file = folder.append_to(&current(&manifest).name)?;
        file.truncate(end.len_bytes)?;
        file.sync()?;
        Ok(Self {
            folder,
            name,
            manifest,
            file,
            durable: end,
            written: end,
            kept: VecDeque::new(),
            kept_written: 0,
            unsynced: false,
        })
    }

    /// How far the log is durable.
    pub(crate) fn durable(&self) -> Mark {
        self.durable
    }

    /// How far the log is written.
    pub(crate) fn written(&self) -> Mark {
        self.written
    }

    /// The files that make up the log.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where the log is, for messages.
    pub(crate) fn folder_path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes a piece in, to be written with the next [`Self::write`].
    pub(crate) fn keep(&mut self, piece: Piece) {
        self.kept.push_back(piece);
    }

    /// Writes everything that waits.
    ///
    /// # Errors
    /// When the disk does not take it; what was written in part is cut off again.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        while let Some(piece) = self.kept.get(self.kept_written).cloned() {
            self.unsynced = true;
            if let Err(error) = write_all(self.file.as_mut(), &piece.bytes) {
                self.file.truncate(self.written.len_bytes)?;
                return Err(error);
            }
            self.written =
                Mark { seq: piece.seq, len_bytes: self.written.len_bytes + piece.bytes.len() as u64 };
            self.kept_written += 1;
        }
        Ok(())
    }

    /// Makes everything that is written durable.
    ///
    /// # Errors
    /// When the disk fails. What it holds is not to be trusted then: it is cut back and written again.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if !self.unsynced {
            return Ok(());
        }
        if let Err(error) = self.file.sync() {
            self.file.truncate(self.durable.len_bytes)?;
            self.written = self.durable;
            self.kept_written = 0;
            return Err(error);
        }
        self.unsynced = false;
        self.trust_written();
        Ok(())
    }

    /// Counts everything written as durable, as `appendfsync no` does.
    pub(crate) fn trust_written(&mut self) {
        self.durable = self.written;
        self.kept.drain(..self.kept_written);
        self.kept_written = 0;
    }

    /// Ends the current increment, durably, and begins the next; says its number.
    ///
    /// # Errors
    /// When the disk fails; the log then goes on in the current increment.
    pub(crate) fn rotate(&mut self) -> io::Result<u64> {
        self.write()?;
        self.sync()?;
        let next = self.manifest.next_increment(&self.name);
        let file = self.folder.append_to(&next.name)?;
        let mut manifest = self.manifest.clone();
        manifest.increments.push(next.clone());
        write_manifest(self.folder.as_ref(), &self.name, &manifest)?;
        self.manifest = manifest;
        self.file = file;
        self.durable.len_bytes = 0;
        self.written = self.durable;
        Ok(next.number)
    }

    /// Switches to a new base: `finished` is a complete, durable file in the folder, and the increments from
    /// `first_increment` on follow it. Files of the past are removed.
    ///
    /// # Errors
    /// When the disk fails; the log is then as it was, or switched with old files left over.
    pub(crate) fn switch_base(&mut self, finished: &str, rdb: bool, first_increment: u64) -> io::Result<()> {
        let base = self.manifest.next_base(&self.name, rdb);
        self.folder.rename(finished, &base.name)?;
        let manifest = self.manifest.rewritten(base, first_increment);
        write_manifest(self.folder.as_ref(), &self.name, &manifest)?;
        self.manifest = manifest;
        self.remove_history()
    }

    /// Removes files of the past, then forgets them.
    fn remove_history(&mut self) -> io::Result<()> {
        for file in &self.manifest.history {
            self.folder.remove(&file.name)?;
        }
        let manifest = Manifest { history: Vec::new(), ..self.manifest.clone() };
        write_manifest(self.folder.as_ref(), &self.name, &manifest)?;
        self.manifest = manifest;
        Ok(())
    }
}

/// The name of the manifest of a log called `name`.
pub(crate) fn manifest_name(name: &str) -> String {
    format!("{name}.manifest")
}

fn write_manifest(folder: &dyn Folder, name: &str, manifest: &Manifest) -> io::Result<()> {
    folder.replace(&manifest_name(name), manifest.to_string().as_bytes())
}

fn current(manifest: &Manifest) -> &LogFile {
    manifest.increments.last().expect("a log that is open has an increment, `open` sees to it")
}

fn write_all(file: &mut dyn AppendFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
