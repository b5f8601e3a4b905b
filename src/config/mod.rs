//! The configuration of `memora-server`: one table, and everything that follows from it.
//!
//! [`options`] holds one row per option and derives the [`Config`] struct from the rows. [`values`]
//! has the types of the fields; `kinds`, `quantities`, `compound` and
//! [`notifications`] say how each is written as text.
//! [`runtime`] is CONFIG GET and CONFIG SET. `load` puts the sources together: the command line
//! (`flags`, `check`), files (`file`, in the syntaxes of `conf` and `toml`) and the defaults;
//! `rewrite` writes the present values back to the file. [`help`] writes
//! what people read, `names` knows what is not an option, and [`error`] has the words for every
//! mistake.
//!
//! This module imports nothing of the crate: it opens no sockets and starts nothing. Putting an
//! option into effect, also after CONFIG SET, is the business of whoever reads the field.
//! Deliberately absent: environment variables.

pub mod options;
pub mod values;
mod kinds;
mod quantities;
mod compound;
pub mod notifications;
pub mod runtime;
mod load;
mod flags;
mod check;
mod file;
mod conf;
mod toml;
mod rewrite;
mod names;
pub mod help;
pub mod error;

pub use check::{Check, DataFormat, Repair};
pub use error::{ConfigError, Invalid, Place, Problem, SetError};
pub use load::{ConfigOrigin, Invocation};
pub use options::{Change, Config, Group, OPTIONS, OptionRow};

impl Default for Config {
    fn default() -> Self {
        let mut config = Self::blank();
        for row in OPTIONS {
            let set = row.set(&mut config, &[row.default]);
            set.expect("every default in the table is valid; a table test checks it");
        }
        config
    }
}

impl Config {
    /// How many threads serve connections besides the thread that owns the data; 0 when they share it.
    ///
    /// Redis counts its main thread, so that its `io-threads 1` asks for no extra thread. The same value means
    /// the same here, and any larger number is taken as it stands: `io-threads 4` starts four.
    #[must_use]
    pub fn connection_threads(&self) -> usize {
        if self.io_threads <= 1 { 0 } else { self.io_threads }
    }
}
