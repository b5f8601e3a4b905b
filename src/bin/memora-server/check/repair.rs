//! Cuts the torn end of a file off, after it has been shown.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// So many lines of what will be cut off are shown.
const SHOWN_LINES: usize = 8;

/// So much of a line is shown, in bytes.
const SHOWN_LINE_BYTES: usize = 72;

/// Shows what stands behind `at` bytes, asks if it shall, and cuts it off. Answers whether it did.
pub(crate) fn cut(path: &Path, at: u64, ask: bool) -> io::Result<bool> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size_bytes = file.metadata()?.len();
    let mut out = io::stdout().lock();
    let cut_bytes = size_bytes.saturating_sub(at);
    writeln!(out, "\nThis cuts {cut_bytes} bytes off {}, from byte {at} to the end:", path.display())?;
    show(&mut file, at, &mut out)?;
    if ask {
        write!(out, "Continue? [y/N] ")?;
        out.flush()?;
        if !is_yes(&read_answer()?) {
            writeln!(out, "Nothing was changed.")?;
            return Ok(false);
        }
    }
    // A server that runs goes on writing.
    if file.metadata()?.len() != size_bytes {
        return Err(io::Error::other("the file has changed meanwhile: stop the server first"));
    }
    file.set_len(at)?;
    file.sync_all()?;
    writeln!(out, "Cut: {} has {at} bytes now.", path.display())?;
    Ok(true)
}

fn show(file: &mut File, at: u64, out: &mut impl Write) -> io::Result<()> {
    let mut piece = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take((SHOWN_LINES * SHOWN_LINE_BYTES) as u64).read_to_end(&mut piece)?;
    for line in piece.split_inclusive(|byte| *byte == b'\n').take(SHOWN_LINES) {
        let shown = &line[..line.len().min(SHOWN_LINE_BYTES)];
        let more = if shown.len() < line.len() { "…" } else { "" };
        writeln!(out, "    {}{more}", shown.escape_ascii())?;
    }
    Ok(())
}

fn read_answer() -> io::Result<String> {
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
