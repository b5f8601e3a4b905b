//! Whether a user may run a request: its command, its keys by what is done to them, and its channels.

use super::super::key_specs::{KeyAt, KeyFlag, KeyFlags, Words, keys_of};
use super::super::spec::Flag;
use super::super::table::Entry;
use super::selector::{KeyUse, Selector};
use super::user::User;

/// Why a request is refused. Of several reasons the greatest is told, as in Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The command.
    Command,
    /// The key that is this word of the request.
    Key(usize),
    /// The channel that is this word of the request.
    Channel(usize),
}

/// The keys of a request, found when they are first asked for.
struct Request<'a> {
    entry: &'a Entry,
    words: Words<'a>,
    keys: Option<Vec<KeyAt>>,
}

impl User {
    /// Why the user may not run a request; none if one of the selectors allows it.
    #[must_use]
    pub fn denies(&self, entry: &Entry, words: Words<'_>) -> Option<Denied> {
        let mut request = Request { entry, words, keys: None };
        let mut reason = Denied::Command;
        for selector in &self.selectors {
            reason = reason.max(selector.denies(&mut request)?);
        }
        Some(reason)
    }

    /// Whether the user may run a request that reads keys which do not stand in it, such as those of SORT's patterns.
    #[must_use]
    pub fn may_read_all_keys(&self, entry: &Entry, words: Words<'_>) -> bool {
        let mut request = Request { entry, words, keys: None };
        let allows =
            |selector: &Selector| selector.reads_all_keys() && selector.denies(&mut request).is_none();
        self.selectors.iter().any(allows)
    }
}

impl Request<'_> {
    fn keys(&mut self) -> &[KeyAt] {
        let (row, words) = (self.entry.row, self.words);
        self.keys.get_or_insert_with(|| keys_of(row, words))
    }

    fn word(&self, index: usize) -> &[u8] {
        self.words.get(index).unwrap_or_default()
    }
}

impl Selector {
    fn denies(&self, request: &mut Request<'_>) -> Option<Denied> {
        let is_free = request.entry.row.flags.has(Flag::NoAuth);
        if !is_free && !self.grants.allows(request.entry, request.words.get(1)) {
            return Some(Denied::Command);
        }
        self.denied_key(request).or_else(|| self.denied_channel(request))
    }

    fn denied_key(&self, request: &mut Request<'_>) -> Option<Denied> {
        if self.all_keys() {
            return None;
        }
        let words = request.words;
        let is_denied =
            |key: &&KeyAt| !self.allows_key(words.get(key.index).unwrap_or_default(), use_of(key.flags));
        request.keys().iter().find(is_denied).map(|key| Denied::Key(key.index))
    }

    fn denied_channel(&self, request: &Request<'_>) -> Option<Denied> {
        if self.all_channels() {
            return None;
        }
        let (last, is_pattern) = match request.entry.name.as_str() {
            "publish" | "spublish" => (1, false),
            "subscribe" | "ssubscribe" => (request.words.len().saturating_sub(1), false),
            "psubscribe" => (request.words.len().saturating_sub(1), true),
            _ => return None,
        };
        let is_denied = |index: &usize| !self.allows_channel(request.word(*index), is_pattern);
        (1..=last).find(is_denied).map(Denied::Channel)
    }
}

/// What a command does to a key, by the key's flags: whether there is such a key everybody may ask who may name it.
fn use_of(flags: KeyFlags) -> KeyUse {
    let writes = [KeyFlag::Insert, KeyFlag::Delete, KeyFlag::Update];
    KeyUse { reads: flags.has(KeyFlag::Access), writes: writes.into_iter().any(|flag| flags.has(flag)) }
}
