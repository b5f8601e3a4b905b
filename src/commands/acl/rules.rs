//! What the words of a rule mean: for a user, and for a selector.
//!
//! Follows Redis 7.0's `ACL SETUSER` (<https://redis.io/docs/latest/commands/acl-setuser/>) in what is understood and in
//! every text. Stricter on purpose: white space in a first argument (`+select|a b`) and unbalanced quotes in a selector
//! are errors; Redis lists the former so that it is read as two rules, and takes the latter for a selector without rules.

use super::super::categories::Category;
use super::super::table::table;
use super::grants::Grants;
use super::password::PasswordHash;
use super::selector::Selector;
use super::user::{Sanitize, User};
use crate::resp::quoting;
use std::borrow::Cow;
use thiserror::Error;

/// Why a rule is none; the texts are Redis's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// There is no such command or category.
    #[error("Unknown command or category name in ACL")]
    Unknown,
    /// It is not understood, or has white space where none may be.
    #[error("Syntax error")]
    Syntax,
    /// All keys are allowed already.
    #[error(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
    )]
    AllKeys,
    /// All channels are allowed already.
    #[error(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
    )]
    AllChannels,
    /// The user does not have the password that is to go.
    #[error("The password you are trying to remove from the user does not exist")]
    NoSuchPassword,
    /// What should be a hash is none.
    #[error(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
    )]
    BadHash,
    /// A subcommand can have no first argument.
    #[error("Allowing first-arg of a subcommand is not supported")]
    FirstArgOfSubcommand,
}

/// Whether C's `isspace` takes a byte for white space, or it ends a string in C.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0)
}

/// Whether there is white space in a name or a pattern, or a zero byte.
pub(super) fn has_space(text: &[u8]) -> bool {
    text.iter().any(|byte| is_space(*byte))
}

/// Puts selectors that were given as several words together; the word where one begins that does not end is the error.
///
/// # Errors
/// The beginning of a selector without an end.
pub(super) fn merge_selectors<'a>(
    words: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Cow<'a, [u8]>>, &'a [u8]> {
    let mut merged: Vec<Cow<'a, [u8]>> = Vec::new();
    let mut open: Option<(&'a [u8], Vec<u8>)> = None;
    for word in words {
        if word.starts_with(b"(") && !word.ends_with(b")") {
            open = Some((word, word.to_vec()));
        } else if let Some((start, mut selector)) = open.take() {
            selector.push(b' ');
            selector.extend_from_slice(word);
            if word.ends_with(b")") {
                merged.push(Cow::Owned(selector));
            } else {
                open = Some((start, selector));
            }
        } else {
            merged.push(Cow::Borrowed(word));
        }
    }
    open.map_or(Ok(merged), |(start, _)| Err(start))
}

impl User {
    /// Applies one rule; `all_channels` is what new selectors may hear, the option `acl-pubsub-default`.
    ///
    /// # Errors
    /// What is wrong with the rule; nothing is changed then.
    pub fn apply(&mut self, rule: &[u8], all_channels: bool) -> Result<(), RuleError> {
        match rule {
            [] => {}
            [b'>', password @ ..] => self.add_password(PasswordHash::of(password)),
            [b'#', hash @ ..] => self.add_password(PasswordHash::from_hex(hash).ok_or(RuleError::BadHash)?),
            [b'<', password @ ..] => self.remove_password(PasswordHash::of(password))?,
            [b'!', hash @ ..] => {
                self.remove_password(PasswordHash::from_hex(hash).ok_or(RuleError::BadHash)?)?;
            }
            [b'(', inside @ .., b')'] => {
                let mut selector = Selector::new(all_channels);
                let words = quoting::split_words(inside).ok_or(RuleError::Syntax)?;
                words.iter().try_for_each(|word| selector.apply(word))?;
                self.selectors.push(selector);
            }
            word => return self.apply_word(&word.to_ascii_lowercase(), rule, all_channels),
        }
        Ok(())
    }

    fn apply_word(&mut self, lower: &[u8], rule: &[u8], all_channels: bool) -> Result<(), RuleError> {
        match lower {
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"skip-sanitize-payload" => self.sanitize = Sanitize::Skip,
            b"sanitize-payload" => self.sanitize = Sanitize::Always,
            b"nopass" => self.set_password(None),
            b"resetpass" => self.forget_passwords(),
            b"clearselectors" => self.selectors.truncate(1),
            b"reset" => self.reset(all_channels),
            _ => return self.root_mut().apply(rule),
        }
        Ok(())
    }
}

impl Selector {
    /// Applies one rule about commands, keys or channels.
    ///
    /// # Errors
    /// What is wrong with the rule; nothing is changed then.
    pub fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"allkeys" | b"~*" => self.set_all_keys(true),
            b"resetkeys" => self.set_all_keys(false),
            b"allchannels" | b"&*" => self.set_all_channels(true),
            b"resetchannels" => self.set_all_channels(false),
            b"allcommands" | b"+@all" => self.grants = Grants::new(true),
            b"nocommands" | b"-@all" => self.grants = Grants::new(false),
            _ => return self.apply_one(rule),
        }
        Ok(())
    }

    fn apply_one(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule {
            [b'~' | b'%', ..] if self.all_keys() => Err(RuleError::AllKeys),
            [b'&', ..] if self.all_channels() => Err(RuleError::AllChannels),
            [b'~', pattern @ ..] => self.add_keys(pattern, true, true),
            [b'%', rest @ ..] => self.add_keys_of_some_use(rest),
            [b'&', pattern @ ..] => self.add_channels(pattern),
            [sign @ (b'+' | b'-'), b'@', name @ ..] => {
                let category = Category::named(name).ok_or(RuleError::Unknown)?;
                self.grants.set_category(category, name, *sign == b'+');
                Ok(())
            }
            [b'+', name @ ..] => self.allow(name),
            [b'-', name @ ..] => {
                self.grants.set(table().find_full(name).ok_or(RuleError::Unknown)?, false);
                Ok(())
            }
            _ => Err(RuleError::Syntax),
        }
    }

    /// Allows a command, a subcommand, or a command with one first argument.
    fn allow(&mut self, name: &[u8]) -> Result<(), RuleError> {
        let unknown = RuleError::Unknown;
        let Some(bar) = memchr::memrchr(b'|', name) else {
            self.grants.set(table().find(name).ok_or(unknown)?, true);
            return Ok(());
        };
        let (command, part) = (&name[..bar], &name[bar + 1..]);
        let entry = table().find_full(command).ok_or(unknown)?;
        if entry.container.is_some() {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if part.is_empty() {
            return Err(RuleError::Syntax);
        }
        if entry.subcommands.is_empty() {
            if has_space(part) {
                return Err(RuleError::Syntax);
            }
            self.grants.add_first_arg(entry, part);
        } else {
            self.grants.set(table().find_full(name).ok_or(unknown)?, true);
        }
        Ok(())
    }

    /// `%R~pattern`, `%W~pattern` or both, without the `%`.
    fn add_keys_of_some_use(&mut self, rest: &[u8]) -> Result<(), RuleError> {
        let (mut reads, mut writes, mut at) = (false, false, 0);
        while at < rest.len() {
            match rest[at].to_ascii_uppercase() {
                b'R' if !reads => reads = true,
                b'W' if !writes => writes = true,
                b'~' if reads || writes => {
                    at += 1;
                    break;
                }
                _ => return Err(RuleError::Syntax),
            }
            at += 1;
        }
        if !reads && !writes {
            return Err(RuleError::Syntax);
        }
        self.add_keys(&rest[at..], reads, writes)
    }
}
