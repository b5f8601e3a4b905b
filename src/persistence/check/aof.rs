//! What is in the files of an append-only log.

use super::rdb::{RdbReport, check_preamble};
use crate::commands::table::table;
use crate::persistence::aof::{FileKind, LogFile, Manifest, Replay, ReplayError};
use crate::persistence::rdb::file::MAGIC;
use crate::resp::Batch;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

/// What holds a unit of several commands together: words of the log, whether clients may say them or not.
const UNIT_MARKS: [&[u8]; 2] = [b"multi", b"exec"];

/// So many names of unknown commands are noted; bytes from outside may hold any number of them.
const UNKNOWN_NAMES_MAX: usize = 16;

/// What was found in one file.
#[derive(Debug, Default)]
pub struct AofReport {
    /// The RDB part at its beginning, if there is one.
    pub preamble: Option<RdbReport>,
    /// How many commands follow, those that hold a transaction together included.
    pub commands: u64,
    /// Commands that Memora does not have, with how often each is there; only the first names found.
    pub unknown: BTreeMap<Vec<u8>, u64>,
    /// What is wrong behind the RDB part. Nothing after it has been read.
    pub problem: Option<AofProblem>,
}

/// What is wrong with the commands of a file, or with the file.
#[derive(Debug, thiserror::Error)]
pub enum AofProblem {
    /// It ends, or is damaged, or cannot be read on.
    #[error(transparent)]
    Commands(#[from] ReplayError),
    /// The manifest names it, but it cannot be opened.
    #[error("it cannot be opened: {0}")]
    Missing(io::Error),
}

/// What was found in one file of a log.
#[derive(Debug)]
pub struct FileReport {
    /// The file as the manifest names it.
    pub file: LogFile,
    /// What was found.
    pub found: AofReport,
}

/// What was found in all files of a log.
#[derive(Debug)]
pub struct LogReport {
    /// In loading order.
    pub files: Vec<FileReport>,
}

impl AofReport {
    /// Whether the file is whole and Memora would load it.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.problem.is_none()
            && self.unknown.is_empty()
            && self.preamble.as_ref().is_none_or(RdbReport::is_fine)
    }

    /// Whether nothing is missing or damaged, be it something that Memora knows or not.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.problem.is_none() && self.preamble.as_ref().is_none_or(|preamble| preamble.problem.is_none())
    }

    /// Whether there is something that Memora does not have.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        !self.unknown.is_empty()
            || self.preamble.as_ref().is_some_and(|preamble| !preamble.foreign.is_empty())
    }

    /// Where to cut a torn end off, in bytes from the beginning; none where that would not make the file whole.
    #[must_use]
    pub fn cut_at(&self) -> Option<u64> {
        match self.problem {
            Some(AofProblem::Commands(ReplayError::Torn { whole_bytes })) => Some(whole_bytes),
            _ => None,
        }
    }
}

impl LogReport {
    /// Whether all files are whole and Memora would load them.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.files.iter().all(|file| file.found.is_fine())
    }

    /// The last file and where to cut its torn end off, in bytes; none where that would not make the log whole.
    #[must_use]
    pub fn cut_at(&self) -> Option<(&LogFile, u64)> {
        let (last, before) = self.files.split_last()?;
        let repairs = before.iter().all(|file| file.found.is_whole());
        last.found
            .cut_at()
            .filter(|_| repairs && last.file.kind == FileKind::Increment)
            .map(|at| (&last.file, at))
    }
}

/// Reads one file: commands, or an RDB file with or without commands behind it, whatever its name says, as Redis
/// does. `now_ms` is the Unix time by which deadlines have passed or not.
pub fn check_aof(mut source: impl Read, now_ms: u64) -> AofReport {
    let mut head = Vec::new();
    let outcome = source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head);
    let mut report = AofReport::default();
    if let Err(error) = outcome {
        report.problem = Some(ReplayError::Io(error).into());
        return report;
    }
    let has_preamble = head == MAGIC;
    let whole = Cursor::new(head).chain(source);
    if !has_preamble {
        report.read_commands(whole, 0);
        return report;
    }
    let (preamble, rest) = check_preamble(whole, now_ms);
    let offset = preamble.len_bytes;
    report.preamble = Some(preamble);
    if let Some(rest) = rest {
        report.read_commands(rest, offset);
    }
    report
}

/// Reads all files of a log, which `open` finds by their names.
pub fn check_log<R: Read>(
    manifest: &Manifest,
    mut open: impl FnMut(&str) -> io::Result<R>,
    now_ms: u64,
) -> LogReport {
    let check = |file: &LogFile| {
        let found = match open(&file.name) {
            Ok(source) => check_aof(source, now_ms),
            Err(error) => AofReport { problem: Some(AofProblem::Missing(error)), ..AofReport::default() },
        };
        FileReport { file: file.clone(), found }
    };
    LogReport { files: manifest.files().map(check).collect() }
}

impl AofReport {
    fn read_commands(&mut self, source: impl Read, offset: u64) {
        let mut replay = Replay::new(source, offset);
        loop {
            match replay.next_batch() {
                Ok(Some(batch)) => {
                    self.add(&batch);
                    replay.recycle(batch);
                }
                Ok(None) => return,
                Err(error) => {
                    self.problem = Some(error.into());
                    return;
                }
            }
        }
    }

    fn add(&mut self, batch: &Batch) {
        self.commands += batch.len() as u64;
        for request in batch.iter() {
            let name = request.get(0).unwrap_or_default();
            if table().find(name).is_some() {
                continue;
            }
            let name = name.to_ascii_lowercase();
            if UNIT_MARKS.contains(&name.as_slice()) {
                continue;
            }
            if self.unknown.contains_key(&name) || self.unknown.len() < UNKNOWN_NAMES_MAX {
                *self.unknown.entry(name).or_default() += 1;
            }
        }
    }
}
