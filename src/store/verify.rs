//! Checks of every invariant, for tests and for a store that has to be trusted after a panic.

use super::Store;
use super::database::Database;
use std::fmt;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The key concerned, where it is one.
    pub key: Option<Vec<u8>>,
    /// What should not be.
    pub what: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(out, "{} (key \"{}\")", self.what, key.escape_ascii()),
            None => out.write_str(self.what),
        }
    }
}

impl std::error::Error for Broken {}

impl Store {
    /// Checks every invariant of every database. Takes time in proportion to the data.
    pub fn verify(&self) -> Result<(), Broken> {
        self.iter().try_for_each(Database::verify)
    }
}

impl Database {
    /// Checks every invariant: the table, the deadlines, and each value.
    pub fn verify(&self) -> Result<(), Broken> {
        self.verify_table().map_err(|what| Broken { key: None, what })?;
        for (key, found) in self.verify_values() {
            found.map_err(|what| Broken { key: Some(key.to_vec()), what })?;
        }
        Ok(())
    }
}
