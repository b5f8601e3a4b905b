//! What the program does instead of running commands: walks over all keys, measures, moves data.
//!
//! Every tool ends cleanly on Ctrl-C, with a summary of what it has seen where it makes one. Progress is
//! shown on a terminal only, on standard error, so that standard output can be a file.

mod keys;
mod keystats;
mod latency;
mod pipe;
mod progress;
mod scan;
mod stat;
mod transfer;
mod walk;

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::render::Format;
use crate::runner::{Trouble, complain};
use crate::session::Session;

/// Which of them is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Lists the keys.
    Scan,
    /// Sends requests from standard input as fast as the server takes them.
    Pipe,
    /// Finds the keys with the most elements.
    BigKeys,
    /// Finds the keys with the most memory.
    MemKeys,
    /// Finds the keys used most.
    HotKeys,
    /// Reports sizes, lengths and their distributions.
    KeyStats,
    /// Shows what the server does, a line at a time.
    Stat,
    /// Measures round trips.
    Latency,
    /// The same with a line for each interval.
    LatencyHistory,
    /// The same as a picture.
    LatencyDist,
    /// Measures for so many seconds how long this machine leaves a program without the processor.
    IntrinsicLatency(u64),
    /// Writes all keys to a file.
    Export(String),
    /// Reads them back.
    Import(String),
}

/// What every tool works with.
struct Bench<'a> {
    options: &'a Options,
    session: Session,
    out: BufWriter<Stdout>,
    interrupts: Interrupts,
    /// How output looks that is not for programs.
    format: Format,
}

impl Bench<'_> {
    /// Whether people read standard output.
    fn is_for_people(&self) -> bool {
        io::stdout().is_terminal() && self.format == Format::Typed
    }

    /// Prints one line now.
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Replaces the line the cursor is in.
    fn same_line(&mut self, text: &str) -> io::Result<()> {
        write!(self.out, "\r\x1b[K{text}")?;
        self.out.flush()
    }
}

/// Runs a tool.
///
/// # Errors
/// When the server cannot be reached, breaks off, or refuses what the tool needs.
pub(crate) fn run(tool: &Tool, options: &Options, mut session: Session) -> Result<(), Trouble> {
    let interrupts = Interrupts::install()?;
    if !matches!(tool, Tool::IntrinsicLatency(_)) {
        if let Err(complaint) = session.connect() {
            if !session.is_connected() {
                return Err(Trouble::NotConnected(complaint));
            }
            complain(&complaint);
        }
    }
    interrupts.looping();
    let format = options.style(io::stdout().is_terminal()).format;
    let mut bench = Bench { options, session, out: BufWriter::new(io::stdout()), interrupts, format };
    match tool {
        Tool::Scan => scan::run(&mut bench)?,
        Tool::Pipe => pipe::run(bench)?,
        Tool::BigKeys => keys::run(&mut bench, keys::Measure::Elements)?,
        Tool::MemKeys => keys::run(&mut bench, keys::Measure::Memory)?,
        Tool::HotKeys => keys::run(&mut bench, keys::Measure::Frequency)?,
        Tool::KeyStats => keystats::run(&mut bench)?,
        Tool::Stat => stat::run(&mut bench)?,
        Tool::Latency => latency::single(&mut bench)?,
        Tool::LatencyHistory => latency::history(&mut bench)?,
        Tool::LatencyDist => latency::distribution(&mut bench)?,
        Tool::IntrinsicLatency(seconds) => latency::intrinsic(&mut bench, *seconds)?,
        Tool::Export(path) => transfer::export(&mut bench, path)?,
        Tool::Import(path) => transfer::import(&mut bench, path)?,
    }
    Ok(())
}
