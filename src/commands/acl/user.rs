//! A user: a name, passwords, and selectors that say what may be done.

use super::password::PasswordHash;
use super::selector::{Selector, join};
use bytes::Bytes;

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: Bytes,
    pub(super) enabled: bool,
    /// Whether any password will do.
    nopass: bool,
    pub(super) sanitize: Sanitize,
    passwords: Vec<PasswordHash>,
    /// The first is the user's own, the others are in parentheses; one that allows a command is enough.
    pub(super) selectors: Vec<Selector>,
}

/// Whether what the user restores is checked, as rules say it; Memora always checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sanitize {
    Unsaid,
    Skip,
    Always,
}

impl User {
    /// A user who may do nothing, but perhaps listen.
    #[must_use]
    pub fn new(name: &[u8], all_channels: bool) -> Self {
        Self {
            name: Bytes::copy_from_slice(name),
            enabled: false,
            nopass: false,
            sanitize: Sanitize::Unsaid,
            passwords: Vec::new(),
            selectors: vec![Selector::new(all_channels)],
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Bytes {
        &self.name
    }

    /// Whether clients are this user without saying so.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.nopass && self.enabled
    }

    /// Whether any password will do.
    #[must_use]
    pub fn needs_no_password(&self) -> bool {
        self.nopass
    }

    /// Whether a client that gives this password may be this user.
    #[must_use]
    pub fn admits(&self, password: &[u8]) -> bool {
        self.enabled && (self.nopass || self.has_password(password))
    }

    fn has_password(&self, password: &[u8]) -> bool {
        let given = PasswordHash::of(password);
        self.passwords.contains(&given)
    }

    /// Whether the user may do everything, so that nothing needs to be checked.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.selectors.iter().any(Selector::is_unrestricted)
    }

    /// The words for what is said of the user besides passwords and selectors, in Redis's order.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let sanitize = match self.sanitize {
            Sanitize::Unsaid => None,
            Sanitize::Skip => Some("skip-sanitize-payload"),
            Sanitize::Always => Some("sanitize-payload"),
        };
        let enabled = if self.enabled { "on" } else { "off" };
        std::iter::once(enabled).chain(self.nopass.then_some("nopass")).chain(sanitize)
    }

    /// The passwords' hashes, oldest first.
    #[must_use]
    pub fn passwords(&self) -> &[PasswordHash] {
        &self.passwords
    }

    /// The user's own selector.
    #[must_use]
    pub fn root(&self) -> &Selector {
        &self.selectors[0]
    }

    pub(super) fn root_mut(&mut self) -> &mut Selector {
        &mut self.selectors[0]
    }

    /// The selectors in parentheses.
    #[must_use]
    pub fn others(&self) -> &[Selector] {
        &self.selectors[1..]
    }

    /// The rules that make the user, given to a new one; a selector is one word.
    pub fn rules(&self) -> impl Iterator<Item = Vec<u8>> {
        let flags = self.flags().map(|flag| flag.as_bytes().to_vec());
        let passwords = self.passwords.iter().map(|hash| format!("#{hash}").into_bytes());
        flags.chain(passwords).chain(self.root().words()).chain(self.others().iter().map(in_parentheses))
    }

    /// The line that makes the user in a configuration file: `user name rule …`.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        [b"user ", self.name.as_ref(), b" ", &join(self.rules())].concat()
    }

    pub(super) fn add_password(&mut self, hash: PasswordHash) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
        self.nopass = false;
    }

    pub(super) fn remove_password(&mut self, hash: PasswordHash) -> Result<(), super::rules::RuleError> {
        let place = self.passwords.iter().position(|known| *known == hash);
        self.passwords.remove(place.ok_or(super::rules::RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// Leaves no way to log in.
    pub(super) fn forget_passwords(&mut self) {
        self.passwords.clear();
        self.nopass = false;
    }

    /// Makes this the only password; without one, any will do.
    pub fn set_password(&mut self, password: Option<&[u8]>) {
        self.forget_passwords();
        match password {
            Some(password) => self.add_password(PasswordHash::of(password)),
            None => self.nopass = true,
        }
    }

    /// Back to a user who may do nothing, but perhaps listen.
    pub(super) fn reset(&mut self, all_channels: bool) {
        let name = std::mem::take(&mut self.name);
        *self = Self { name, sanitize: Sanitize::Always, ..Self::new(b"", all_channels) };
    }
}

/// A selector as one word. Words that its reader would take for something else are quoted, which Redis leaves out.
fn in_parentheses(selector: &Selector) -> Vec<u8> {
    let words = selector.words().map(|word| if needs_quotes(&word) { quoted(&word) } else { word });
    [b"(", join(words).as_slice(), b")"].concat()
}

fn needs_quotes(word: &[u8]) -> bool {
    word.iter().any(|byte| matches!(byte, b'"' | b'\'')) || word.ends_with(b")")
}

fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in word {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    quoted
}
