//! `--check-rdb` and `--check-aof`: looks into data files, says what it found, and cuts a torn end off if asked.
//!
//! What is found out stands in [`memora::persistence::check`]; here files are opened, lines printed and questions
//! asked. Nothing is ever changed but by a cut that somebody agreed to.

mod files;
mod print;
mod repair;

use files::{Log, find_log, open};
use memora::config::{Check, DataFormat, Repair};
use memora::exit::Exit;
use memora::persistence::check::{AofReport, LogReport, check_aof, check_log, check_rdb};
use print::Printer;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Looks into the files and answers how the process ends.
pub(crate) fn run(check: &Check) -> Exit {
    let outcome = match check.format {
        DataFormat::Rdb => run_rdb(&check.path),
        DataFormat::Aof => run_aof(check),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("memora-server: {}: {error}", check.path.display());
        // Only a manifest that says nothing sensible; what is wrong with other files stands in reports.
        if error.kind() == io::ErrorKind::InvalidData { Exit::BadData } else { Exit::BadUsage }
    })
}

fn run_rdb(path: &Path) -> io::Result<Exit> {
    let printer = Printer::new();
    let size_bytes = fs::metadata(path)?.len();
    let report = check_rdb(open(path)?, now_ms());
    printer.rdb(path, size_bytes, &report)?;
    Ok(exit(report.is_fine()))
}

/// What was found in a log, whatever it is made of.
struct Found {
    is_fine: bool,
    /// Nothing is torn or damaged.
    is_whole: bool,
    /// Something is whole, but Memora does not have it.
    is_foreign: bool,
    /// The file with a torn end, and where to cut that off.
    cut: Option<(PathBuf, u64)>,
}

fn run_aof(check: &Check) -> io::Result<Exit> {
    let printer = Printer::new();
    let found = match find_log(&check.path)? {
        Log::Single(path) => {
            let report = check_aof(open(&path)?, now_ms());
            printer.single(&path, &report)?;
            Found {
                is_fine: report.is_fine(),
                is_whole: report.is_whole(),
                is_foreign: report.is_foreign(),
                cut: report.cut_at().map(|at| (path, at)),
            }
        }
        Log::Files { manifest_path, folder, manifest } => {
            let report = check_log(&manifest, |name| open(&folder.join(name)), now_ms());
            printer.log(&manifest_path, &folder, &report)?;
            Found {
                is_fine: report.is_fine(),
                is_whole: report.files.iter().all(|file| file.found.is_whole()),
                is_foreign: report.files.iter().any(|file| file.found.is_foreign()),
                cut: report.cut_at().map(|(file, at)| (folder.join(&file.name), at)),
            }
        }
    };
    if found.is_fine { Ok(Exit::Graceful) } else { mend(check, &printer, &found) }
}

/// Cuts the torn end off, or says whether that would help.
fn mend(check: &Check, printer: &Printer, found: &Found) -> io::Result<Exit> {
    match (&found.cut, check.repair) {
        (None, _) => printer.not_repairable(found.is_whole)?,
        (Some(_), Repair::No) => printer.repairable(&check.path)?,
        (Some((path, at)), repair) => {
            let done = repair::cut(path, *at, repair == Repair::Ask)?;
            return Ok(exit(done && !found.is_foreign));
        }
    }
    Ok(Exit::BadData)
}

fn exit(is_fine: bool) -> Exit {
    if is_fine { Exit::Graceful } else { Exit::BadData }
}

fn now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}
