//! The syntax of an ACL file: a line `user name rule …` for each user, words separated by one space, no comments.
//!
//! Texts are those of Redis 7.0 but for where a sentence ends; they go to clients and, at the start, into the log.

use super::rules::{RuleError, has_space, merge_selectors};
use super::user::User;
use super::{Acl, DEFAULT_USER};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is said behind all mistakes of a file.
const NOTHING_CHANGED: &str =
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

impl Acl {
    /// The text that makes these users again.
    #[must_use]
    pub fn file_text(&self) -> Vec<u8> {
        self.users.values().flat_map(|user| [user.line(), b"\n".to_vec()].concat()).collect()
    }

    /// Puts the users of a file in the place of all there are; a default user who is not in the file may do everything.
    ///
    /// # Errors
    /// All that is wrong with the file, each with its line; the users then stay as they are.
    pub fn load_file(&mut self, path: &str, text: &[u8], all_channels: bool) -> Result<(), String> {
        let mut reader = Reader { path, all_channels, users: BTreeMap::new(), errors: String::new() };
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line, b" \t\r\n");
            if !line.is_empty() {
                reader.read(index + 1, line);
            }
        }
        if !reader.errors.is_empty() {
            return Err(reader.errors + NOTHING_CHANGED);
        }
        self.users = Self::default().users;
        reader.users.into_values().for_each(|user| self.put(user));
        Ok(())
    }
}

/// What has been read of a file so far.
struct Reader<'a> {
    path: &'a str,
    all_channels: bool,
    users: BTreeMap<Vec<u8>, User>,
    errors: String,
}

impl Reader<'_> {
    fn read(&mut self, number: usize, line: &[u8]) {
        let path = self.path;
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(b"user"), Some(name)) = (words.next(), words.next()) else {
            return self.complain(format_args!(
                "{path}:{number} should start with user keyword followed by the username. "
            ));
        };
        let shown = String::from_utf8_lossy(name).into_owned();
        if has_space(name) {
            return self.complain(format_args!(
                "'{path}:{number}: username '{shown}' contains invalid characters. "
            ));
        }
        if self.users.contains_key(name) {
            return self.complain(format_args!("WARNING: Duplicate user '{shown}' found on line {number}. "));
        }
        let user = self.read_rules(number, User::new(name, self.all_channels), words);
        self.users.insert(name.to_vec(), user);
    }

    fn read_rules<'r>(
        &mut self,
        number: usize,
        mut user: User,
        words: impl Iterator<Item = &'r [u8]>,
    ) -> User {
        let path = self.path;
        let Ok(rules) = merge_selectors(words) else {
            self.complain(format_args!("{path}:{number}: Unmatched parenthesis in selector definition."));
            return user;
        };
        // Later mistakes may follow from the first; what a command is called does not.
        let mut is_spoiled = false;
        for rule in rules {
            let rule = trim(&rule, b"\t\r\n");
            match user.apply(rule, self.all_channels) {
                Ok(()) => {}
                Err(error @ RuleError::Unknown) => {
                    let rule = String::from_utf8_lossy(rule);
                    self.complain(format_args!(
                        "{path}:{number}: Error in applying operation '{rule}': {error}. "
                    ));
                }
                Err(error) if !is_spoiled => {
                    is_spoiled = true;
                    self.complain(format_args!("{path}:{number}: {error}. "));
                }
                Err(_) => {}
            }
        }
        user
    }

    fn complain(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.errors.write_fmt(what);
    }
}

fn trim<'a>(mut text: &'a [u8], what: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = text {
        if !what.contains(first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !what.contains(last) {
            break;
        }
        text = rest;
    }
    text
}

/// Whether a file has a line for the default user; if not, `requirepass` means nothing, as in Redis.
#[must_use]
pub fn names_default_user(text: &[u8]) -> bool {
    let is_default = |line: &[u8]| {
        let mut words = trim(line, b" \t\r\n").split(|byte| *byte == b' ');
        words.next() == Some(b"user") && words.next() == Some(DEFAULT_USER)
    };
    text.split(|byte| *byte == b'\n').any(is_default)
}
