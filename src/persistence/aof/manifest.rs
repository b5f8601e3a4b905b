//! The manifest: which files make up the log, in which order.
//!
//! One line per file: `file appendonly.aof.1.incr.aof seq 1 type i`. At most one base (`b`), any number of
//! increments (`i`) with rising numbers, and files of the past (`h`) that may be deleted. Lines that begin with
//! `#` are remarks. Names with spaces or unprintable bytes are quoted as on Redis's command line.

use crate::resp::quoting::{split_words, write_quoted};
use std::fmt;

/// What a file of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The data at one moment.
    Base,
    /// Changes since the file before.
    Increment,
    /// No longer part of the log.
    History,
}

impl FileKind {
    const fn letter(self) -> &'static str {
        match self {
            Self::Base => "b",
            Self::Increment => "i",
            Self::History => "h",
        }
    }

    fn from_letter(letter: &[u8]) -> Option<Self> {
        [Self::Base, Self::Increment, Self::History]
            .into_iter()
            .find(|kind| kind.letter().as_bytes() == letter)
    }
}

/// One file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its name inside the log's folder.
    pub name: String,
    /// Its number: bases and increments are counted apart.
    pub number: u64,
    /// What it is.
    pub kind: FileKind,
}

/// Which files make up the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The base; none in a log that began empty.
    pub base: Option<LogFile>,
    /// The increments, oldest first.
    pub increments: Vec<LogFile>,
    /// Files that are no longer needed.
    pub history: Vec<LogFile>,
}

/// Why a manifest cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ManifestError {
    /// Line, counted from one.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The first line that does not fit; or that there is none: nobody writes a manifest of nothing, but a crash may
    /// leave an empty file.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let fails = |problem| ManifestError { line: index + 1, problem };
            let file = parse_line(line).map_err(fails)?;
            manifest.add(file).map_err(fails)?;
        }
        if manifest == Self::default() {
            return Err(ManifestError { line: 1, problem: "it names no file" });
        }
        Ok(manifest)
    }

    fn add(&mut self, file: LogFile) -> Result<(), &'static str> {
        match file.kind {
            FileKind::Base if self.base.is_some() => return Err("a second base file"),
            FileKind::Base => self.base = Some(file),
            FileKind::Increment => {
                if self.increments.last().is_some_and(|last| last.number >= file.number) {
                    return Err("increments out of order");
                }
                self.increments.push(file);
            }
            FileKind::History => self.history.push(file),
        }
        Ok(())
    }

    /// The files that make up the data, in loading order.
    pub fn files(&self) -> impl Iterator<Item = &LogFile> {
        self.base.iter().chain(&self.increments)
    }

    /// The next increment's file for a log called `base_name`.
    #[must_use]
    pub fn next_increment(&self, base_name: &str) -> LogFile {
        let number = self.increments.last().map_or(0, |last| last.number) + 1;
        LogFile { name: format!("{base_name}.{number}.incr.aof"), number, kind: FileKind::Increment }
    }

    /// The next base's file for a log called `base_name`, as RDB or as commands.
    #[must_use]
    pub fn next_base(&self, base_name: &str, rdb: bool) -> LogFile {
        let number = self.base.as_ref().map_or(0, |base| base.number) + 1;
        let format = if rdb { "rdb" } else { "aof" };
        LogFile { name: format!("{base_name}.{number}.base.{format}"), number, kind: FileKind::Base }
    }

    /// The manifest after a rewrite: the new base replaces everything but the increments that follow it.
    #[must_use]
    pub fn rewritten(&self, base: LogFile, first_increment: u64) -> Self {
        let (kept, old): (Vec<_>, Vec<_>) =
            self.increments.iter().cloned().partition(|file| file.number >= first_increment);
        let past = |file: LogFile| LogFile { kind: FileKind::History, ..file };
        let history =
            self.history.iter().cloned().chain(self.base.clone().map(past)).chain(old.into_iter().map(past));
        Self { base: Some(base), increments: kept, history: history.collect() }
    }
}

/// The manifest as Redis writes it: base, history, increments.
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in self.base.iter().chain(&self.history).chain(&self.increments) {
            let name = quote_if_needed(&file.name);
            writeln!(f, "file {name} seq {} type {}", file.number, file.kind.letter())?;
        }
        Ok(())
    }
}

fn quote_if_needed(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\'));
    if plain {
        return name.to_owned();
    }
    let mut quoted = Vec::new();
    // Writing to a vector cannot fail, and what is escaped is ASCII.
    let _ = write_quoted(name.as_bytes(), &mut quoted);
    String::from_utf8_lossy(&quoted).into_owned()
}

fn parse_line(line: &[u8]) -> Result<LogFile, &'static str> {
    let words = split_words(line).ok_or("unbalanced quotes")?;
    if words.len() < 6 || words.len() % 2 != 0 {
        return Err("expected `file NAME seq NUMBER type LETTER`");
    }
    let (mut name, mut number, mut kind) = (None, None, None);
    for pair in words.chunks_exact(2) {
        let text = || std::str::from_utf8(&pair[1]).map_err(|_| "a value that is not UTF-8");
        match pair[0].to_ascii_lowercase().as_slice() {
            b"file" => name = Some(checked_name(text()?)?),
            b"seq" => number = Some(text()?.parse().map_err(|_| "a number that is none")?),
            b"type" => kind = Some(FileKind::from_letter(&pair[1]).ok_or("an unknown type of file")?),
            // Later versions of Redis may add facts that this one need not know.
            _ => {}
        }
    }
    match (name, number, kind) {
        (Some(name), Some(number), Some(kind)) => Ok(LogFile { name, number, kind }),
        _ => Err("file, seq or type is missing"),
    }
}

/// A name must be one inside the folder: a path could make the log read or delete files elsewhere.
fn checked_name(name: &str) -> Result<String, &'static str> {
    let is_path = name.is_empty() || name.contains(['/', '\\']) || name == "." || name == "..";
    if is_path { Err("a file name that is a path") } else { Ok(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: &[u8] = b"file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.1.incr.aof seq 1 type h\nfile appendonly.aof.4.incr.aof seq 4 type i\nfile appendonly.aof.5.incr.aof seq 5 type i\n";

    #[test]
    fn what_redis_writes_is_read_and_written_the_same() {
        let manifest = Manifest::parse(REDIS).expect("a manifest as Redis writes it");
        assert_eq!(manifest.to_string().as_bytes(), REDIS);
        assert_eq!(manifest.files().map(|file| file.number).collect::<Vec<_>>(), [2, 4, 5]);
    }

    #[test]
    fn names_with_spaces_are_quoted() {
        let text = b"file \"my log.1.incr.aof\" seq 1 type i\n";
        let manifest = Manifest::parse(text).expect("a quoted name");
        assert_eq!(manifest.increments[0].name, "my log.1.incr.aof");
        assert_eq!(manifest.to_string().as_bytes(), text);
    }

    #[test]
    fn a_rewrite_keeps_the_increments_that_follow_the_new_base() {
        let before = Manifest::parse(REDIS).expect("a manifest");
        let base = before.next_base("appendonly.aof", true);
        assert_eq!(base.name, "appendonly.aof.3.base.rdb");
        let after = before.rewritten(base, 5);
        assert_eq!(after.files().map(|file| file.number).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(after.history.len(), 3);
        assert_eq!(after.next_increment("appendonly.aof").name, "appendonly.aof.6.incr.aof");
    }

    #[test]
    fn bad_lines_are_named() {
        let cases: [(&[u8], &str); 6] = [
            (b"file a seq 1", "expected `file NAME seq NUMBER type LETTER`"),
            (b"file a seq x type i", "a number that is none"),
            (b"file a seq 1 type z", "an unknown type of file"),
            (b"file ../a seq 1 type i", "a file name that is a path"),
            (b"file a seq 2 type i\nfile b seq 1 type i", "increments out of order"),
            (b"file a seq 1 type b\nfile b seq 2 type b", "a second base file"),
        ];
        for (text, problem) in cases {
            assert_eq!(Manifest::parse(text).map_err(|error| error.problem), Err(problem));
        }
    }
}
