//! The configuration of `memora-server`: one table, and everything that follows from it.
//!
//! [`options`] holds one row per option and derives the [`Config`] struct from them. [`values`] are the types
//! of the fields, [`kinds`] and [`compound`] say how each is written. [`runtime`] is CONFIG GET and SET.
//!
//! This module imports nothing of the crate: it neither opens sockets nor starts anything, and putting an
//! option into effect is the business of whoever reads the field.

mod compound;
pub mod error;
mod kinds;
pub mod options;
pub mod runtime;
pub mod values;

pub use error::{ConfigError, Invalid, Place, Problem, SetError};
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
