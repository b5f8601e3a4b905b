//! What is in an RDB file.

use crate::persistence::rdb::file::{FileError, FileReader, ReadOptions, Record, Rest};
use crate::store::{Builder, Database, HashKey, Limits};
use std::collections::BTreeMap;
use std::io::Read;

/// What was found in an RDB file.
#[derive(Debug, Default)]
pub struct RdbReport {
    /// The version of the format, if there is one.
    pub version: Option<u16>,
    /// What the file says about itself: names and values, such as `redis-ver`.
    pub facts: Vec<(Vec<u8>, Vec<u8>)>,
    /// The databases by their numbers.
    pub databases: BTreeMap<usize, DatabaseReport>,
    /// What Memora does not have and would refuse.
    pub foreign: Vec<Foreign>,
    /// So much has been read, in bytes: the whole file, where nothing is wrong.
    pub len_bytes: u64,
    /// Whether there is a checksum; if there is and nothing is wrong, it is right.
    pub has_checksum: bool,
    /// What is wrong. Nothing after it has been read.
    pub problem: Option<FileError>,
}

/// What was found in one database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DatabaseReport {
    /// The number of keys of each type, by the name that TYPE has for it.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Keys with a deadline.
    pub volatile: u64,
    /// Keys whose deadline has passed.
    pub expired: u64,
}

/// Something that Memora does not have.
#[derive(Debug)]
pub struct Foreign {
    /// A type as TYPE names it, or another word.
    pub what: &'static str,
    /// How often it is there.
    pub count: u64,
    /// Where the first begins, in bytes.
    pub first_at: u64,
    /// The number of the database and the key of the first, if it has one.
    pub first_key: Option<(usize, Vec<u8>)>,
}

impl RdbReport {
    /// Whether the file is whole and Memora would load it.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.problem.is_none() && self.foreign.is_empty()
    }

    /// The number of all keys.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.databases.values().flat_map(|database| database.kinds.values()).sum()
    }

    /// What the file says about itself under this name, as text.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<String> {
        let (_, value) = self.facts.iter().find(|(found, _)| found == name.as_bytes())?;
        Some(value.escape_ascii().to_string())
    }
}

/// Reads a whole RDB file; `now_ms` is the Unix time by which deadlines have passed or not.
pub fn check_rdb(source: impl Read, now_ms: u64) -> RdbReport {
    check_preamble(source, now_ms).0
}

/// The same, and what follows the file in the source if nothing is wrong.
pub(super) fn check_preamble<R: Read>(source: R, now_ms: u64) -> (RdbReport, Option<Rest<R>>) {
    let mut report = RdbReport::default();
    let options = ReadOptions { checksum: true, databases: usize::MAX, skip_foreign: true };
    let mut reader = match FileReader::new(source, options, builder()) {
        Ok(reader) => reader,
        Err(problem) => return (RdbReport { problem: Some(problem), ..report }, None),
    };
    report.version = Some(reader.version());
    loop {
        match reader.next_record() {
            Ok(Some(record)) => report.add(&record, now_ms),
            Ok(None) => break,
            Err(problem) => {
                report.len_bytes = reader.offset();
                return (RdbReport { problem: Some(problem), ..report }, None);
            }
        }
    }
    report.has_checksum = reader.has_checksum();
    let (rest, len_bytes) = reader.into_rest();
    report.len_bytes = len_bytes;
    (report, Some(rest))
}

/// Makes values of no database; they are dropped at once.
fn builder() -> Builder {
    Database::new(HashKey(0, 0), Limits::default()).builder()
}

impl RdbReport {
    fn add(&mut self, record: &Record<'_>, now_ms: u64) {
        match record {
            Record::Fact { name, value } => self.facts.push((name.to_vec(), value.to_vec())),
            // A claim; the keys themselves are counted.
            Record::Expect { .. } => {}
            Record::Key(key) => {
                let kind = key.value.kind().type_name();
                self.count(key.database, kind, key.deadline_ms, now_ms);
            }
            Record::Foreign { what, key, at, deadline_ms } => {
                if let Some((database, _)) = key {
                    self.count(*database, what, *deadline_ms, now_ms);
                }
                self.add_foreign(what, *key, *at);
            }
        }
    }

    fn count(&mut self, database: usize, kind: &'static str, deadline_ms: Option<u64>, now_ms: u64) {
        let database = self.databases.entry(database).or_default();
        *database.kinds.entry(kind).or_default() += 1;
        database.volatile += u64::from(deadline_ms.is_some());
        database.expired += u64::from(deadline_ms.is_some_and(|deadline_ms| deadline_ms < now_ms));
    }

    fn add_foreign(&mut self, what: &'static str, key: Option<(usize, &[u8])>, at: u64) {
        match self.foreign.iter_mut().find(|foreign| foreign.what == what) {
            Some(foreign) => foreign.count += 1,
            None => {
                let first_key = key.map(|(database, key)| (database, key.to_vec()));
                self.foreign.push(Foreign { what, count: 1, first_at: at, first_key });
            }
        }
    }
}
