//! The log's folder on disk: the few operations that the log is made of, each durable when it says so.
//!
//! A trait, so that tests can put a folder in its place that fills up, tears writes, or forgets what was not
//! synced. Windows differs in two points: a folder cannot be synced there (its renames are journalled), and a
//! file that is open cannot be replaced, so nothing here keeps a file open that another step renames.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is appended to.
pub(crate) trait AppendFile: Send {
    /// Appends some of `bytes`; says how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes everything appended so far durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file off after `len_bytes`.
    fn truncate(&mut self, len_bytes: u64) -> io::Result<()>;
}

/// A file that is written from its beginning.
pub(crate) trait NewFile: Write + Send {
    /// Makes everything written so far durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of files, named without a path.
pub(crate) trait Folder: Send + Sync {
    /// Makes sure the folder is there.
    fn create(&self) -> io::Result<()>;
    /// Whether a file is there.
    fn contains(&self, name: &str) -> bool;
    /// Size of a file in bytes.
    fn len_bytes(&self, name: &str) -> io::Result<u64>;
    /// The whole content of a small file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// A file to be appended to, made if it is not there.
    fn append_to(&self, name: &str) -> io::Result<Box<dyn AppendFile>>;
    /// A new, empty file; one of this name is overwritten.
    fn create_file(&self, name: &str) -> io::Result<Box<dyn NewFile>>;
    /// Replaces a small file by `content`, durably and at once: a crash leaves the old one or the new one.
    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()>;
    /// Gives a finished file its name, durably.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; one that is not there is no error.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The names of all files.
    #[cfg(test)]
    fn names(&self) -> io::Result<Vec<String>>;
    /// Where it is, for messages.
    fn path(&self) -> &Path;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub(crate) struct DiskFolder {
    path: PathBuf,
}

impl DiskFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes names durable that were added, changed or removed.
    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Windows journals changes of names by itself and cannot sync a folder.
    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Folder for DiskFolder {
    fn create(&self) -> io::Result<()> {
        fs::create_dir_all(&self.path)
    }

    fn contains(&self, name: &str) -> bool {
        self.file(name).exists()
    }

    fn len_bytes(&self, name: &str) -> io::Result<u64> {
        fs::metadata(self.file(name)).map(|metadata| metadata.len())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.file(name))
    }

    fn append_to(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let is_new = !self.contains(name);
        // Not opened for appending only: Windows cuts no file that is.
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(self.file(name))?;
        file.seek(SeekFrom::End(0))?;
        if is_new {
            self.sync()?;
        }
        Ok(Box::new(file))
    }

    fn create_file(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(File::create(self.file(name))?))
    }

    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let temporary = format!("temp-{name}");
        let mut file = File::create(self.file(&temporary))?;
        file.write_all(content)?;
        file.sync_all()?;
        drop(file);
        self.rename(&temporary, name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file(from), self.file(to))?;
        self.sync()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.sync(),
        }
    }

    #[cfg(test)]
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl AppendFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, len_bytes: u64) -> io::Result<()> {
        self.set_len(len_bytes)?;
        self.seek(SeekFrom::Start(len_bytes)).map(drop)
    }
}

impl NewFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
