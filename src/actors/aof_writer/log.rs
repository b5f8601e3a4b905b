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
use std::sync::Arc;

/// A piece of the log: whole units and their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Units, encoded.
    pub(crate) bytes: Bytes,
    /// The number of the last unit before it.
    pub(crate) after_seq: u64,
    /// The number of the last unit in it.
    pub(crate) seq: u64,
}

/// How far the log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The last unit.
    pub(crate) seq: u64,
    /// The length of the current increment up to and including it, bytes.
    pub(crate) len_bytes: u64,
}

/// Where to go on.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// In an increment that is there, behind `end`.
    Resume(Position),
    /// In a new increment that follows what there is.
    Next,
    /// In a new increment that does not count until a base has been written for it: what the folder holds does not
    /// belong to the data.
    Afresh {
        /// The last unit so far.
        seq: u64,
    },
}

/// A place in the log: what a restart goes on from.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    /// The increment that is written to.
    pub(crate) file: LogFile,
    /// Whether the manifest names it.
    pub(crate) listed: bool,
    /// Everything up to here is durable.
    pub(crate) durable: Mark,
}

/// The log.
pub(crate) struct Log {
    folder: Arc<dyn Folder>,
    /// The option `appendfilename`.
    name: String,
    manifest: Manifest,
    /// Whether the manifest on disk names the current increment.
    listed: bool,
    file: Box<dyn AppendFile>,
    /// Everything up to here is durable.
    durable: Mark,
    /// Everything up to here is written.
    written: Mark,
    /// The last unit that a sync has covered; `durable` may be ahead of it where the system is trusted.
    synced_seq: u64,
    /// Pieces behind `durable`, oldest first.
    kept: VecDeque<Piece>,
    /// How many of the kept pieces are written.
    kept_written: usize,
    /// The bytes of the pieces that are kept.
    kept_bytes: u64,
    /// The bytes of all other files of the log.
    other_bytes: u64,
    /// Whether the file was touched since the last sync. A cut has to be synced as well: lost in a crash, it would
    /// leave a torn piece in the middle of the log.
    unsynced: bool,
    /// Whether there may be bytes behind `written` that have to be cut off before anything else is written.
    cut_due: bool,
}

impl Log {
    /// Opens the log called `name`.
    ///
    /// # Errors
    /// When the folder or a file cannot be used, or the manifest cannot be read.
    pub(crate) fn open(folder: Arc<dyn Folder>, name: String, start: Start) -> io::Result<Self> {
        folder.create()?;
        let mut manifest = read_manifest(folder.as_ref(), &name)?;
        let before = manifest.clone();
        let (listed, durable) = match start {
            Start::Resume(Position { file, listed, durable }) => {
                // Increments behind this one come from a rotation that a panic cut short; they are empty.
                manifest.increments.retain(|increment| increment.number < file.number);
                if durable.len_bytes > 0 && folder.len_bytes(&file.name)? < durable.len_bytes {
                    return Err(io::Error::other(format!("{} has become shorter", file.name)));
                }
                manifest.increments.push(file);
                (listed, durable)
            }
            Start::Next => {
                manifest.increments.push(manifest.next_increment(&name));
                (true, Mark::default())
            }
            Start::Afresh { seq } => {
                manifest.increments.push(manifest.next_increment(&name));
                (false, Mark { seq, len_bytes: 0 })
            }
        };
        if listed && manifest != before {
            write_manifest(folder.as_ref(), &name, &manifest)?;
        }
        let mut file = folder.append_to(&current(&manifest).name)?;
        file.truncate(durable.len_bytes)?;
        file.sync()?;
        let mut log = Self {
            folder,
            name,
            manifest,
            listed,
            file,
            durable,
            written: durable,
            synced_seq: durable.seq,
            kept: VecDeque::new(),
            kept_written: 0,
            kept_bytes: 0,
            other_bytes: 0,
            unsynced: false,
            cut_due: false,
        };
        log.measure_files();
        // A crash may have come between the switch to a base and the removal of what it replaced.
        if log.listed && !log.manifest.history.is_empty() {
            log.remove_history()?;
        }
        Ok(log)
    }

    /// What a restart would go on from.
    pub(crate) fn position(&self) -> Position {
        Position { file: current(&self.manifest).clone(), listed: self.listed, durable: self.durable }
    }

    /// Bytes of all files of the log together.
    pub(crate) fn len_bytes(&self) -> u64 {
        self.other_bytes + self.written.len_bytes
    }

    /// Looks up the sizes of the files that are not written to.
    fn measure_files(&mut self) {
        let len = |file: &LogFile| self.folder.len_bytes(&file.name).unwrap_or(0);
        let (_, past) = self.manifest.increments.split_last().expect("an open log has an increment");
        self.other_bytes = self.manifest.base.iter().chain(past).map(len).sum();
    }

    /// How far the log is durable.
    pub(crate) fn durable(&self) -> Mark {
        self.durable
    }

    /// How far the log is written.
    pub(crate) fn written(&self) -> Mark {
        self.written
    }

    /// The last unit that a sync has covered.
    pub(crate) fn synced_seq(&self) -> u64 {
        self.synced_seq
    }

    /// Bytes that are not known to be durable yet.
    pub(crate) fn unsynced_bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// Where the log is, for messages.
    pub(crate) fn folder_path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes a piece in, to be written with the next [`Self::write`]. After a restart some arrive that were on their
    /// way before it: what does not follow the last one is sent again in its order, and left out here.
    pub(crate) fn keep(&mut self, piece: Piece) {
        let last_seq = self.kept.back().map_or(self.durable.seq, |last| last.seq);
        if piece.after_seq == last_seq {
            self.kept_bytes += piece.bytes.len() as u64;
            self.kept.push_back(piece);
        }
    }

    /// Writes everything that waits.
    ///
    /// # Errors
    /// When the disk does not take it; what was written in part is cut off again.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        self.cut_if_due()?;
        while let Some(piece) = self.kept.get(self.kept_written).cloned() {
            self.unsynced = true;
            if let Err(error) = write_all(self.file.as_mut(), &piece.bytes) {
                self.cut_due = true;
                self.cut_if_due()?;
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
        self.cut_if_due()?;
        if let Err(error) = self.file.sync() {
            self.written = self.durable;
            self.kept_written = 0;
            self.cut_due = true;
            self.cut_if_due()?;
            return Err(error);
        }
        self.unsynced = false;
        self.synced_seq = self.written.seq;
        self.trust_written();
        Ok(())
    }

    /// Whether the file is not where it belongs any more: somebody has removed it, or its folder, and what is written
    /// reaches a file without a name, which nobody will ever load.
    pub(crate) fn is_gone(&self) -> bool {
        let there = self.folder.len_bytes(&current(&self.manifest).name);
        there.map_or(true, |len_bytes| len_bytes < self.written.len_bytes)
    }

    /// Cuts off what stands behind the last whole piece; a disk that refuses even that is asked again next time.
    fn cut_if_due(&mut self) -> io::Result<()> {
        if self.cut_due {
            self.file.truncate(self.written.len_bytes)?;
            self.cut_due = false;
        }
        Ok(())
    }

    /// Counts everything written as durable, as `appendfsync no` does.
    pub(crate) fn trust_written(&mut self) {
        self.durable = self.written;
        let done: u64 = self.kept.drain(..self.kept_written).map(|piece| piece.bytes.len() as u64).sum();
        self.kept_bytes -= done;
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
        let mut file = self.folder.append_to(&next.name)?;
        // A crash may have left a file of this name that no manifest knew.
        file.truncate(0)?;
        file.sync()?;
        let mut manifest = self.manifest.clone();
        manifest.increments.push(next.clone());
        if self.listed {
            write_manifest(self.folder.as_ref(), &self.name, &manifest)?;
        }
        self.manifest = manifest;
        self.file = file;
        self.durable.len_bytes = 0;
        self.written = self.durable;
        self.measure_files();
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
        self.listed = true;
        self.measure_files();
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

/// The manifest on disk; an empty one where there is none.
fn read_manifest(folder: &dyn Folder, name: &str) -> io::Result<Manifest> {
    let file = manifest_name(name);
    if !folder.contains(&file) {
        return Ok(Manifest::default());
    }
    Manifest::parse(&folder.read(&file)?).map_err(|error| io::Error::other(format!("{file}: {error}")))
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
