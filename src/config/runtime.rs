//! CONFIG GET and CONFIG SET: reading and changing options while the server runs.
//!
//! Follows Redis 7 (<https://redis.io/commands/config-get>, <https://redis.io/commands/config-set>) in what
//! matches, in the order of checks and in every error text. Putting a changed option into effect is not done
//! here: the caller gets the rows that changed.

use super::error::{Invalid, SetError};
use super::options::{Change, Config, OPTIONS, OptionRow};

/// The bytes that make an argument of CONFIG GET a pattern, as Redis decides it.
const PATTERN_BYTES: &[u8] = b"[*?";

impl OptionRow {
    /// Whether two configurations have the same value, also where CONFIG GET does not show all of it.
    pub(super) fn is_same(&self, one: &Config, other: &Config) -> bool {
        self.slot.in_full(one) == self.slot.in_full(other)
    }

    /// The row with this name or alias, whatever the case.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static OptionRow> {
        OPTIONS.iter().find(|row| row.names().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// The name and, where there is one, the alias.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.alias)
    }

    /// Whether the value must never be shown in logs, errors or help. CONFIG GET does answer it, as in Redis.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.slot.is_sensitive()
    }

    /// Whether the value may be several words.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        self.slot.takes_many()
    }

    /// What may be written, completing the sentence "expected …".
    #[must_use]
    pub fn allowed(&self) -> String {
        self.slot.allowed()
    }

    /// All values there are, where they are few words; none where they are not.
    #[must_use]
    pub fn choices(&self) -> Vec<&'static str> {
        self.slot.choices()
    }

    /// The value in CONFIG GET's form.
    #[must_use]
    pub fn get(&self, config: &Config) -> String {
        self.slot.get(config)
    }

    /// Sets the value from words. A single word of an option that takes several is split at its spaces, as
    /// Redis does, so that `bind "127.0.0.1 ::1"` and `bind 127.0.0.1 ::1` are the same.
    ///
    /// # Errors
    /// The words are not a value of this option; `config` is then unchanged.
    pub fn set(&self, config: &mut Config, words: &[&str]) -> Result<(), Invalid> {
        match words {
            [] => Err(Invalid::WrongNumber),
            [""] if self.slot.takes_many() => self.slot.set(config, &[]),
            [one] if self.slot.takes_many() => self.slot.set(config, &one.split(' ').collect::<Vec<_>>()),
            _ => self.slot.set(config, words),
        }
    }
}

impl Config {
    /// The value of the option with this name or alias, in CONFIG GET's form; `None` for an unknown name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        OptionRow::find(name).map(|row| row.get(self))
    }

    /// The names and values CONFIG GET answers for its arguments. A pattern matches names and aliases without
    /// regard to case, with `matches(pattern, name)` as Redis's glob match; anything else is looked up and
    /// answered in the spelling of the client. Each name comes once.
    pub fn matching(
        &self,
        globs: &[&[u8]],
        matches: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Vec<(Vec<u8>, String)> {
        let mut found: Vec<(Vec<u8>, String)> = Vec::new();
        for glob in globs {
            if glob.iter().any(|byte| PATTERN_BYTES.contains(byte)) {
                let lowered = glob.to_ascii_lowercase();
                let rows = OPTIONS.iter().flat_map(|row| row.names().map(move |name| (name, row)));
                for (name, row) in rows.filter(|(name, _)| matches(&lowered, name.as_bytes())) {
                    push_once(&mut found, name.as_bytes(), || row.get(self));
                }
            } else if let Some(row) = std::str::from_utf8(glob).ok().and_then(OptionRow::find) {
                push_once(&mut found, glob, || row.get(self));
            }
        }
        found
    }

    /// CONFIG SET: sets all options or none, and answers the rows whose value is now another.
    ///
    /// # Errors
    /// The first mistake in Redis's order: names, permissions and duplicates of all pairs come before values.
    pub fn set_many(&mut self, pairs: &[(&[u8], &[u8])]) -> Result<Vec<&'static OptionRow>, SetError> {
        let rows = settable(pairs)?;
        let mut changed = self.clone();
        for (&(row, name), (_, value)) in rows.iter().zip(pairs) {
            let set = std::str::from_utf8(value)
                .map_err(|_| Invalid::Other("argument must be valid UTF-8"))
                .and_then(|value| row.set(&mut changed, &[value]));
            set.map_err(|reason| failed(name, &reason.to_string()))?;
        }
        let named = |row: &&OptionRow| rows.iter().any(|(named, _)| named.name == row.name);
        let differs = |row: &&OptionRow| !row.is_same(self, &changed);
        let differing = OPTIONS.iter().filter(named).filter(differs).collect();
        *self = changed;
        Ok(differing)
    }
}

fn push_once(found: &mut Vec<(Vec<u8>, String)>, name: &[u8], value: impl FnOnce() -> String) {
    if !found.iter().any(|(seen, _)| seen.eq_ignore_ascii_case(name)) {
        found.push((name.to_vec(), value()));
    }
}

/// The rows the pairs name, each with the name that was used for it, if all of them may be set.
fn settable(pairs: &[(&[u8], &[u8])]) -> Result<Vec<(&'static OptionRow, &'static str)>, SetError> {
    let mut rows: Vec<(&'static OptionRow, &'static str)> = Vec::with_capacity(pairs.len());
    for (given, _) in pairs {
        let given = String::from_utf8_lossy(given).into_owned();
        let Some((row, name)) = named(&given) else {
            return Err(SetError::Unknown(given));
        };
        match row.change {
            Change::AtStart => return Err(failed(&given, "can't set immutable config")),
            Change::Protected => return Err(failed(&given, "can't set protected config")),
            // Redis tells an option and its alias apart here; the later of the two wins.
            Change::Live if rows.iter().any(|(_, seen)| *seen == name) => {
                return Err(failed(&given, "duplicate parameter"));
            }
            Change::Live => rows.push((row, name)),
        }
    }
    Ok(rows)
}

fn named(given: &str) -> Option<(&'static OptionRow, &'static str)> {
    let row = OptionRow::find(given)?;
    row.names().find(|name| name.eq_ignore_ascii_case(given)).map(|name| (row, name))
}

fn failed(name: &str, reason: &str) -> SetError {
    SetError::Failed { name: name.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
