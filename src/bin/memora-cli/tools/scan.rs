//! `--scan`: the keys, one a line.

use std::io::{self, IsTerminal, Write};

use memora::resp::quoting::write_quoted;

use super::Bench;
use super::walk::walk;
use crate::render::Format;
use crate::runner::Trouble;

/// Prints every key that matches, quoted where people read, as it is for programs.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let quoted = bench.format == Format::Typed;
    // Whoever watches, or waits between the steps, wants to see each step; anyone else wants them all soon.
    let at_once = io::stdout().is_terminal() || !bench.options.interval.is_zero();
    let walked = walk(bench, Some(1), |bench, keys| {
        for key in keys {
            match quoted {
                true => write_quoted(&key, &mut bench.out)?,
                false => bench.out.write_all(&key)?,
            }
            bench.out.write_all(b"\n")?;
        }
        if at_once { Ok(bench.out.flush()?) } else { Ok(()) }
    });
    bench.out.flush()?;
    walked.map(drop)
}
