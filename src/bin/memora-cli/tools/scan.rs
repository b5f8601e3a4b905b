//! `--scan`: the keys, one a line.

use std::io::Write;

use memora::resp::quoting::write_quoted;

use super::Bench;
use super::walk::walk;
use crate::render::Format;
use crate::runner::Trouble;

/// Prints every key that matches, quoted where people read, as it is for programs.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let quoted = bench.format == Format::Typed;
    walk(bench, Some(1), |bench, keys| {
        for key in keys {
            match quoted {
                true => write_quoted(&key, &mut bench.out)?,
                false => bench.out.write_all(&key)?,
            }
            bench.out.write_all(b"\n")?;
        }
        Ok(bench.out.flush()?)
    })?;
    Ok(())
}
