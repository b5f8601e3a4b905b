//! What was found, in lines for people.

use super::{AofReport, LogReport};
use memora::persistence::aof::{FileKind, ReplayError};
use memora::persistence::check::{AofProblem, RdbReport};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// So much of what stands at a damaged place is shown, in bytes.
const SHOWN_DAMAGE_BYTES: u64 = 32;

/// Unix time in seconds from which on dates do not fit their format; a damaged file may claim any.
const YEAR_10000_S: u64 = 253_402_300_800;

const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";

/// Prints reports to standard output, in colour on a terminal.
pub(crate) struct Printer {
    colour: bool,
}

impl Printer {
    pub(crate) fn new() -> Self {
        Self { colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// An RDB file of its own.
    pub(crate) fn rdb(&self, path: &Path, size_bytes: u64, report: &RdbReport) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}: {}{}", path.display(), counted(size_bytes, "byte"), origin(report))?;
        databases(&mut out, report)?;
        let behind = size_bytes.saturating_sub(report.len_bytes);
        if report.problem.is_none() && behind > 0 {
            writeln!(out, "  {behind} bytes follow the end of the data, which nobody reads")?;
        }
        self.rdb_verdict(&mut out, path, report)?;
        if report.is_fine() {
            let checksum = if report.has_checksum { "the checksum is right" } else { "it has no checksum" };
            writeln!(out, "{}: {checksum}", self.paint(GREEN, "ok"))?;
        }
        Ok(())
    }

    /// A log in one file.
    pub(crate) fn single(&self, path: &Path, report: &AofReport) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}: {}, {}", path.display(), size(path), content(report))?;
        if let Some(preamble) = &report.preamble {
            databases(&mut out, preamble)?;
        }
        self.aof_verdict(&mut out, path, report)?;
        self.ok(&mut out, report.is_fine())
    }

    /// A log in several files.
    pub(crate) fn log(&self, manifest: &Path, folder: &Path, report: &LogReport) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}: {}", manifest.display(), counted(report.files.len() as u64, "file"))?;
        let width = report.files.iter().map(|file| file.file.name.chars().count()).max().unwrap_or(0);
        for file in &report.files {
            let kind = if file.file.kind == FileKind::Base { "base     " } else { "increment" };
            let path = folder.join(&file.file.name);
            let (size, content) = (size(&path), content(&file.found));
            writeln!(
                out,
                "  {:width$}  {kind}  {size}, {content}: {}",
                file.file.name,
                self.word(&file.found)
            )?;
        }
        for file in report.files.iter().filter(|file| !file.found.is_fine()) {
            self.aof_verdict(&mut out, &folder.join(&file.file.name), &file.found)?;
        }
        self.ok(&mut out, report.is_fine())
    }

    /// The advice where cutting the end off helps.
    pub(crate) fn repairable(&self, path: &Path) -> io::Result<()> {
        writeln!(
            io::stdout().lock(),
            "Cutting the torn end off repairs this, and the server does so by itself when it starts with\n\
             aof-load-truncated yes. Here: memora-server --check-aof {} --fix",
            path.display()
        )
    }

    /// The advice where it does not.
    pub(crate) fn not_repairable(&self, is_whole: bool) -> io::Result<()> {
        let advice = if is_whole {
            "Nothing is damaged, but Memora refuses what it does not have."
        } else {
            "Only the torn end of the last file can be cut off, which would not repair this."
        };
        writeln!(io::stdout().lock(), "{advice} Nothing was changed.")
    }

    fn ok(&self, out: &mut impl Write, is_fine: bool) -> io::Result<()> {
        if is_fine { writeln!(out, "{}", self.paint(GREEN, "ok")) } else { Ok(()) }
    }

    fn word(&self, report: &AofReport) -> String {
        match report {
            report if report.cut_at().is_some() => self.paint(RED, "torn"),
            report if !report.is_whole() => self.paint(RED, "damaged"),
            report if !report.is_fine() => self.paint(YELLOW, "not supported"),
            _ => self.paint(GREEN, "ok"),
        }
    }

    fn rdb_verdict(&self, out: &mut impl Write, path: &Path, report: &RdbReport) -> io::Result<()> {
        for foreign in &report.foreign {
            write!(out, "{}: {}: ", self.paint(YELLOW, "not supported"), path.display())?;
            write!(out, "{} of {}, the first at byte {}", foreign.count, foreign.what, foreign.first_at)?;
            match &foreign.first_key {
                Some((database, key)) => {
                    writeln!(out, ", key \"{}\" of database {database}", key.escape_ascii())?;
                }
                None => writeln!(out)?,
            }
        }
        match &report.problem {
            Some(problem) => {
                writeln!(out, "{}: {}: {problem}", self.paint(RED, "damaged"), path.display())
            }
            None => Ok(()),
        }
    }

    fn aof_verdict(&self, out: &mut impl Write, path: &Path, report: &AofReport) -> io::Result<()> {
        if let Some(preamble) = &report.preamble {
            self.rdb_verdict(out, path, preamble)?;
        }
        if !report.unknown.is_empty() {
            let names =
                report.unknown.iter().map(|(name, count)| format!("{} ({count})", name.escape_ascii()));
            let names = names.collect::<Vec<_>>().join(", ");
            let word = self.paint(YELLOW, "not supported");
            writeln!(out, "{word}: {}: commands {names}", path.display())?;
        }
        let Some(problem) = &report.problem else { return Ok(()) };
        let word = self.paint(RED, if report.cut_at().is_some() { "torn" } else { "damaged" });
        writeln!(out, "{word}: {}: {problem}", path.display())?;
        if let AofProblem::Commands(ReplayError::Damaged { at, .. }) = problem {
            writeln!(out, "  there stands: {}", bytes_at(path, *at)?.escape_ascii())?;
        }
        Ok(())
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Version, maker and date, as far as they are known.
fn origin(report: &RdbReport) -> String {
    let mut text = report.version.map(|version| format!(", RDB version {version}")).unwrap_or_default();
    if let Some(version) = report.fact("redis-ver") {
        text += &format!(", of Redis {version}");
    }
    let created_s = report.fact("ctime").and_then(|text| text.parse().ok());
    if let Some(created_s) = created_s.filter(|seconds| *seconds < YEAR_10000_S) {
        let time = UNIX_EPOCH + Duration::from_secs(created_s);
        text += &format!(", {}", humantime::format_rfc3339_seconds(time));
    }
    text
}

fn databases(out: &mut impl Write, report: &RdbReport) -> io::Result<()> {
    for (number, database) in &report.databases {
        let kinds = database.kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        let (volatile, expired) = (database.volatile, database.expired);
        writeln!(out, "  database {number}: {kinds}; {volatile} with a deadline, {expired} of them past it")?;
    }
    Ok(())
}

fn content(report: &AofReport) -> String {
    match &report.preamble {
        Some(preamble) if report.commands == 0 => counted(preamble.keys(), "key"),
        Some(preamble) => {
            format!("{}, {}", counted(preamble.keys(), "key"), counted(report.commands, "command"))
        }
        None => counted(report.commands, "command"),
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn size(path: &Path) -> String {
    fs::metadata(path).map_or_else(|_| "missing".to_owned(), |metadata| counted(metadata.len(), "byte"))
}

fn bytes_at(path: &Path, at: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(SHOWN_DAMAGE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
