//! A selector: commands with the keys and channels for which they may be used. A user has one, and may have more.

use super::grants::Grants;
use super::rules::{RuleError, has_space};
use crate::store::glob_matches;

/// A pattern of keys and what may be done to them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPattern {
    pattern: Vec<u8>,
    reads: bool,
    writes: bool,
}

/// What is done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// What it holds shows in the reply, or elsewhere.
    pub reads: bool,
    /// It changes.
    pub writes: bool,
}

/// Commands with keys and channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub(super) grants: Grants,
    all_keys: bool,
    keys: Vec<KeyPattern>,
    all_channels: bool,
    channels: Vec<Vec<u8>>,
}

impl KeyPattern {
    fn word(&self) -> Vec<u8> {
        let prefix: &[u8] = match (self.reads, self.writes) {
            (true, false) => b"%R~",
            (false, true) => b"%W~",
            // `~*` would allow all keys and no further pattern, where this is one of several.
            _ if self.pattern == b"*" => b"%RW~",
            _ => b"~",
        };
        [prefix, &self.pattern].concat()
    }

    fn serves(&self, key_use: KeyUse) -> bool {
        (self.reads || !key_use.reads) && (self.writes || !key_use.writes)
    }
}

impl Selector {
    /// No commands, no keys, and all channels or none.
    #[must_use]
    pub fn new(all_channels: bool) -> Self {
        let grants = Grants::new(false);
        Self { grants, all_keys: false, keys: Vec::new(), all_channels, channels: Vec::new() }
    }

    /// Whether it allows everything.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.all_keys && self.all_channels && self.grants.allows_all()
    }

    /// Whether all keys are allowed.
    #[must_use]
    pub fn all_keys(&self) -> bool {
        self.all_keys
    }

    /// Whether all channels are allowed.
    #[must_use]
    pub fn all_channels(&self) -> bool {
        self.all_channels
    }

    /// The patterns of channels.
    #[must_use]
    pub fn channels(&self) -> &[Vec<u8>] {
        &self.channels
    }

    /// Whether something may be done to a key.
    #[must_use]
    pub fn allows_key(&self, key: &[u8], key_use: KeyUse) -> bool {
        let fits = |keys: &KeyPattern| keys.serves(key_use) && glob_matches(&keys.pattern, key);
        self.all_keys || self.keys.iter().any(fits)
    }

    /// Whether every key there may ever be can be read.
    #[must_use]
    pub fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|keys| keys.reads && keys.pattern == b"*")
    }

    /// Whether a channel may be used; a pattern of channels only if it is one of those allowed, to the letter.
    #[must_use]
    pub fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.all_channels || any_allows(&self.channels, channel, is_pattern)
    }

    /// The rules about commands, separated by spaces.
    #[must_use]
    pub fn commands_text(&self) -> Vec<u8> {
        join(self.grants.rules())
    }

    /// The rules about keys, separated by spaces.
    #[must_use]
    pub fn keys_text(&self) -> Vec<u8> {
        join(self.key_words())
    }

    /// The rules about channels, separated by spaces.
    #[must_use]
    pub fn channels_text(&self) -> Vec<u8> {
        join(self.channel_words())
    }

    /// All rules that make it what it is, given to one that allows nothing.
    pub fn words(&self) -> impl Iterator<Item = Vec<u8>> {
        let reset = (!self.all_channels).then(|| b"resetchannels".to_vec());
        self.key_words().chain(reset).chain(self.channel_words()).chain(self.grants.rules())
    }

    fn key_words(&self) -> impl Iterator<Item = Vec<u8>> {
        let all = self.all_keys.then(|| b"~*".to_vec());
        all.into_iter().chain(self.keys.iter().map(KeyPattern::word))
    }

    fn channel_words(&self) -> impl Iterator<Item = Vec<u8>> {
        let all = self.all_channels.then(|| b"&*".to_vec());
        all.into_iter().chain(self.channels.iter().map(|pattern| [b"&", pattern.as_slice()].concat()))
    }

    /// Allows all keys, or none.
    pub(super) fn set_all_keys(&mut self, all: bool) {
        self.all_keys = all;
        self.keys.clear();
    }

    /// Allows all channels, or none.
    pub(super) fn set_all_channels(&mut self, all: bool) {
        self.all_channels = all;
        self.channels.clear();
    }

    /// Allows keys, where not all are; for one pattern the uses add up.
    pub(super) fn add_keys(&mut self, pattern: &[u8], reads: bool, writes: bool) -> Result<(), RuleError> {
        if has_space(pattern) {
            return Err(RuleError::Syntax);
        }
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => {
                known.reads |= reads;
                known.writes |= writes;
            }
            None => self.keys.push(KeyPattern { pattern: pattern.to_vec(), reads, writes }),
        }
        Ok(())
    }

    /// Allows channels, where not all are.
    pub(super) fn add_channels(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if has_space(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| known == pattern) {
            self.channels.push(pattern.to_vec());
        }
        Ok(())
    }
}

/// Whether one of these patterns of channels allows a channel, or is the same pattern.
pub(super) fn any_allows(channels: &[Vec<u8>], channel: &[u8], is_pattern: bool) -> bool {
    channels.iter().any(|known| if is_pattern { known == channel } else { glob_matches(known, channel) })
}

/// Words with spaces between them.
pub(super) fn join(words: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    words.collect::<Vec<_>>().join(&b' ')
}
