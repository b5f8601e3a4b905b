//! Which files hold the data, and what becomes of the log behind them.
//!
//! As in Redis 7, with one difference: where a log is asked for and there is none, but a snapshot is, the snapshot is
//! loaded and becomes the log's first base. Redis starts empty then, and its next snapshot overwrites the old one.

use crate::actors::aof_writer::folder::{DiskFolder, Folder};
use crate::actors::aof_writer::manifest_name;
use crate::config::Config;
use crate::persistence::aof::{FileKind, LogFile, Manifest};
use std::fs;
use std::path::{Path, PathBuf};

/// What is to be loaded.
#[derive(Debug)]
pub(in crate::actors::keyspace) struct Plan {
    /// The files, in loading order.
    pub(super) files: Vec<DataFile>,
    /// What becomes of the log behind them.
    pub(super) after: After,
}

/// A file with data.
#[derive(Debug)]
pub(in crate::actors::keyspace) struct DataFile {
    pub(super) path: PathBuf,
    pub(super) len_bytes: u64,
    pub(super) role: Role,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::actors::keyspace) enum Role {
    /// A snapshot, whose keys past their deadline are left out.
    Snapshot,
    /// A file of the log that others follow.
    Log,
    /// The last file of the log, which a crash may have torn.
    LogEnd,
}

/// What becomes of the log.
#[derive(Clone, Debug)]
pub(in crate::actors::keyspace) enum After {
    /// There is none.
    NoLog,
    /// It is open and goes on by itself: the data is loaded once more.
    GoesOn,
    /// It goes on in this increment.
    Resume(LogFile),
    /// It goes on in a new increment.
    Next,
    /// It begins, and what was loaded is to become its base.
    Afresh,
    /// This file, which was loaded, becomes its base: only then, so that a file that is refused stays where it is.
    TakeOver(PathBuf),
}

/// Looks up what is to be loaded.
///
/// # Errors
/// What is wrong, in words for the person who has to mend it.
pub(super) fn plan(config: &Config) -> Result<Plan, String> {
    let snapshot = config.dir.join(&config.dbfilename);
    if !config.appendonly {
        return Ok(Plan { files: existing(&snapshot, Role::Snapshot)?, after: After::NoLog });
    }
    let folder = config.dir.join(&config.appenddirname);
    let manifest_path = folder.join(manifest_name(&config.appendfilename));
    let old = config.dir.join(&config.appendfilename);
    if manifest_path.exists() {
        let text =
            fs::read(&manifest_path).map_err(|error| format!("{}: {error}", manifest_path.display()))?;
        let manifest =
            Manifest::parse(&text).map_err(|error| format!("{}, {error}", manifest_path.display()))?;
        if is_unfinished_takeover(&manifest, &folder, &old, config) {
            move_in(&old, &folder, config)?;
        }
        return log_files(&manifest, &folder);
    }
    if old.exists() {
        let files = existing(&old, Role::LogEnd)?;
        return Ok(Plan { files, after: After::TakeOver(old) });
    }
    let files = existing(&snapshot, Role::Snapshot)?;
    if files.is_empty() {
        return Ok(Plan { files, after: After::Next });
    }
    tracing::warn!(snapshot = %snapshot.display(), "there is no log yet: it begins with the data of the snapshot");
    Ok(Plan { files, after: After::Afresh })
}

/// Looks up the files of a log that is open, of which everything is on disk.
///
/// # Errors
/// When they cannot be read.
pub(in crate::actors::keyspace) fn plan_rebuild(config: &Config) -> Result<Plan, String> {
    let folder = config.dir.join(&config.appenddirname);
    let path = folder.join(manifest_name(&config.appendfilename));
    let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let manifest = Manifest::parse(&text).map_err(|error| format!("{}, {error}", path.display()))?;
    let mut plan = log_files(&manifest, &folder)?;
    // The last file is open, and nobody but the AofWriter may cut it.
    plan.files.iter_mut().for_each(|file| file.role = Role::Log);
    plan.after = After::GoesOn;
    Ok(plan)
}

pub(super) fn existing(path: &Path, role: Role) -> Result<Vec<DataFile>, String> {
    if path.exists() { Ok(vec![data_file(path.to_owned(), role)?]) } else { Ok(Vec::new()) }
}

fn data_file(path: PathBuf, role: Role) -> Result<DataFile, String> {
    let metadata = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(DataFile { len_bytes: metadata.len(), path, role })
}

fn log_files(manifest: &Manifest, folder: &Path) -> Result<Plan, String> {
    let mut files = Vec::new();
    for file in manifest.files() {
        let path = folder.join(&file.name);
        if !path.exists() {
            return Err(format!(
                "{} is missing, although the manifest beside it names it; nothing is loaded, so that nothing is overwritten",
                path.display()
            ));
        }
        files.push(data_file(path, Role::Log)?);
    }
    if let Some(last) = files.last_mut() {
        last.role = Role::LogEnd;
    }
    let after = manifest.increments.last().map_or(After::Next, |last| After::Resume(last.clone()));
    Ok(Plan { files, after })
}

/// Takes a log of one file over, as Redis before version 7 wrote it: it becomes the base.
///
/// # Errors
/// What is wrong, in words for the person who has to mend it.
pub(super) fn take_over(old: &Path, config: &Config) -> Result<(), String> {
    tracing::warn!(file = %old.display(), "a log of one file: it becomes the base of the new log");
    let folder = config.dir.join(&config.appenddirname);
    let disk = DiskFolder::new(folder.clone());
    let base = LogFile { name: config.appendfilename.clone(), number: 1, kind: FileKind::Base };
    let manifest = Manifest { base: Some(base), ..Manifest::default() };
    // The manifest first: if it ends here, the next start finds both and goes on.
    let written = disk
        .create()
        .and_then(|()| disk.replace(&manifest_name(&config.appendfilename), manifest.to_string().as_bytes()));
    written.map_err(|error| format!("{}: {error}", folder.display()))?;
    move_in(old, &folder, config)
}

fn is_unfinished_takeover(manifest: &Manifest, folder: &Path, old: &Path, config: &Config) -> bool {
    let only_base = manifest.increments.is_empty() && manifest.history.is_empty();
    let base = manifest.base.as_ref().filter(|base| only_base && base.name == config.appendfilename);
    base.is_some() && old.exists() && !folder.join(&config.appendfilename).exists()
}

fn move_in(old: &Path, folder: &Path, config: &Config) -> Result<(), String> {
    let target = folder.join(&config.appendfilename);
    fs::rename(old, &target)
        .map_err(|error| format!("cannot move {} to {}: {error}", old.display(), target.display()))
}
