//! A folder in memory that behaves as disks do on bad days: writes fall short or fail, syncs fail, and a crash
//! loses what was not synced, in whole or in part.

use super::folder::{AppendFile, Folder, NewFile};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A file: what the system holds, and how much of it the disk holds.
#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

/// What goes wrong next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Bytes that still fit on the disk; none: any number.
    pub(crate) room_bytes: Option<usize>,
    /// The most bytes one write takes.
    pub(crate) short_write_bytes: Option<usize>,
    /// Syncs that fail from now on.
    pub(crate) failing_syncs: usize,
    /// Whoever asks for something after so many operations panics, once.
    pub(crate) panics_after: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Content>,
    faults: Faults,
}

/// The folder; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedFolder(Arc<Mutex<State>>);

impl SimulatedFolder {
    pub(crate) fn set_faults(&self, faults: Faults) {
        self.0.lock().unwrap().faults = faults;
    }

    /// Panics, if it is time for that.
    fn count_operation(&self) {
        let mut state = self.0.lock().unwrap();
        let left = state.faults.panics_after;
        state.faults.panics_after = left.and_then(|left| left.checked_sub(1));
        drop(state);
        assert_ne!(left, Some(0), "a bug between two operations");
    }

    /// The power fails: of what was not synced, only the first `kept_bytes` of each file survive.
    pub(crate) fn crash(&self, kept_bytes: usize) {
        for content in self.0.lock().unwrap().files.values_mut() {
            let synced = content.synced.len();
            let is_prefix = content.bytes.starts_with(&content.synced);
            let kept = if is_prefix { (synced + kept_bytes).min(content.bytes.len()) } else { synced };
            content.bytes = if is_prefix { content.bytes[..kept].to_vec() } else { content.synced.clone() };
            content.synced.clone_from(&content.bytes);
        }
    }
}

struct SimulatedFile {
    folder: SimulatedFolder,
    name: String,
}

impl AppendFile for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.folder.count_operation();
        let mut state = self.folder.0.lock().unwrap();
        let room = state.faults.room_bytes.unwrap_or(usize::MAX);
        let count = bytes.len().min(room).min(state.faults.short_write_bytes.unwrap_or(usize::MAX));
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if let Some(room) = &mut state.faults.room_bytes {
            *room -= count;
        }
        state.files.entry(self.name.clone()).or_default().bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.folder.count_operation();
        let mut state = self.folder.0.lock().unwrap();
        if state.faults.failing_syncs > 0 {
            state.faults.failing_syncs -= 1;
            return Err(io::Error::other("the disk is broken"));
        }
        let content = state.files.entry(self.name.clone()).or_default();
        content.synced.clone_from(&content.bytes);
        Ok(())
    }

    fn truncate(&mut self, len_bytes: u64) -> io::Result<()> {
        self.folder.count_operation();
        let mut state = self.folder.0.lock().unwrap();
        let content = state.files.entry(self.name.clone()).or_default();
        content.bytes.truncate(usize::try_from(len_bytes).unwrap());
        Ok(())
    }
}

impl Write for SimulatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for SimulatedFile {
    fn sync(&mut self) -> io::Result<()> {
        AppendFile::sync(self)
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Folder for SimulatedFolder {
    fn create(&self) -> io::Result<()> {
        Ok(())
    }

    fn contains(&self, name: &str) -> bool {
        self.0.lock().unwrap().files.contains_key(name)
    }

    fn len_bytes(&self, name: &str) -> io::Result<u64> {
        self.read(name).map(|bytes| bytes.len() as u64)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().files.get(name).map(|content| content.bytes.clone()).ok_or_else(missing)
    }

    fn append_to(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        self.count_operation();
        self.0.lock().unwrap().files.entry(name.to_owned()).or_default();
        Ok(Box::new(SimulatedFile { folder: self.clone(), name: name.to_owned() }))
    }

    fn create_file(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        self.count_operation();
        self.0.lock().unwrap().files.insert(name.to_owned(), Content::default());
        Ok(Box::new(SimulatedFile { folder: self.clone(), name: name.to_owned() }))
    }

    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.count_operation();
        let mut state = self.0.lock().unwrap();
        if state.faults.room_bytes.is_some_and(|room| room < content.len()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let content = Content { bytes: content.to_vec(), synced: content.to_vec() };
        state.files.insert(name.to_owned(), content);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.count_operation();
        let mut state = self.0.lock().unwrap();
        let content = state.files.remove(from).ok_or_else(missing)?;
        state.files.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.count_operation();
        self.0.lock().unwrap().files.remove(name);
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().files.keys().cloned().collect())
    }

    fn path(&self) -> &Path {
        Path::new("memory")
    }
}
