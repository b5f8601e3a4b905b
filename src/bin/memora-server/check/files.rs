//! Finds the files of a log, and reads big ones with a line that says how far it is.

use memora::persistence::aof::Manifest;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

/// How the name of a manifest ends.
const MANIFEST_SUFFIX: &str = ".manifest";

/// How the names of files begin that get their own name when they are complete.
const UNFINISHED_PREFIX: &str = "temp-";

/// The folder that Redis and Memora keep the log in, below their own: `appenddirname`'s default.
const LOG_FOLDER: &str = "appendonlydir";

/// Smaller files are read before anybody wonders, in bytes.
const WATCHED_MIN_BYTES: u64 = 100_000_000;

/// The files of a log.
pub(crate) enum Log {
    /// One file, as before Redis 7.
    Single(PathBuf),
    /// Those that a manifest names.
    Files {
        /// Where the manifest is.
        manifest_path: PathBuf,
        /// Where all of them are.
        folder: PathBuf,
        /// What it says.
        manifest: Manifest,
    },
}

/// What `path` stands for: a folder with a manifest, a folder with such a folder, a manifest, or a single file.
pub(crate) fn find_log(path: &Path) -> io::Result<Log> {
    if fs::metadata(path)?.is_dir() {
        return read_manifest(manifest_in(path)?);
    }
    if is_manifest(path) { read_manifest(path.to_owned()) } else { Ok(Log::Single(path.to_owned())) }
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(MANIFEST_SUFFIX))
}

/// Whether a crash left it while it was being written, for Redis and Memora alike.
fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED_PREFIX))
}

fn manifest_in(folder: &Path) -> io::Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_manifest(&path) && !is_unfinished(&path) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] if folder.join(LOG_FOLDER).is_dir() => manifest_in(&folder.join(LOG_FOLDER)),
        [] => Err(io::Error::other("no append-only log here: there is no file whose name ends in .manifest")),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            Err(io::Error::other(format!("several logs; say which: {}", names.join(", "))))
        }
    }
}

fn read_manifest(manifest_path: PathBuf) -> io::Result<Log> {
    let text = fs::read(&manifest_path)?;
    let damaged = |error| {
        let text = format!("{} is damaged: {error}", manifest_path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    let manifest = Manifest::parse(&text).map_err(damaged)?;
    let folder = manifest_path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(Log::Files { manifest_path, folder, manifest })
}

/// A file that is read to its end; progress is shown on a terminal if it is big.
pub(crate) struct Watched {
    file: File,
    name: String,
    size_bytes: u64,
    read_bytes: u64,
    shown_percent: Option<u64>,
    is_watched: bool,
}

/// Opens a file to be read.
pub(crate) fn open(path: &Path) -> io::Result<Watched> {
    let file = File::open(path)?;
    let size_bytes = file.metadata()?.len();
    Ok(Watched {
        file,
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        size_bytes,
        read_bytes: 0,
        shown_percent: None,
        is_watched: size_bytes >= WATCHED_MIN_BYTES && io::stderr().is_terminal(),
    })
}

impl Read for Watched {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(room)?;
        self.read_bytes += count as u64;
        let percent = self.read_bytes * 100 / self.size_bytes.max(1);
        if self.is_watched && Some(percent) != self.shown_percent {
            self.shown_percent = Some(percent);
            eprint!("\r{}: {} %", self.name, percent);
        }
        Ok(count)
    }
}

impl Drop for Watched {
    /// The line makes room for the report.
    fn drop(&mut self) {
        if self.shown_percent.is_some() && self.is_watched {
            eprint!("\r{:width$}\r", "", width = self.name.len() + ": 100 %".len());
        }
    }
}
