//! Replies too big to build at once: they share the value and are encoded while the socket drains.
//!
//! A clone of a value or a snapshot of a database costs one reference count per chunk, whatever its size; what
//! the client reads is the state at the time of its command. Small values are answered in the ordinary way,
//! which is cheaper for them.

use super::context::string_reply;
use crate::resp::{Encoder, Pieces, Reply};
use crate::store::{Hash, IntText, Item, Snapshot, glob_matches};

/// Collections with at least this many elements are encoded piece by piece.
const BIG_LEN: usize = 1024;

/// Entries looked at for one piece.
const ENTRIES_PER_PIECE: usize = 512;

/// Which part of each field is listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HashPart {
    /// The fields.
    Fields,
    /// The values.
    Values,
}

/// Lists one part of every field of a hash.
pub(super) fn hash(hash: &Hash, part: HashPart) -> Reply {
    if hash.len() >= BIG_LEN {
        return Reply::Stream(Box::new(HashPieces { hash: hash.clone(), part, cursor: None }));
    }
    Reply::Array(
        hash.iter()
            .map(|(field, value)| string_reply(if part == HashPart::Fields { field } else { value }))
            .collect(),
    )
}

/// A big hash on its way out.
struct HashPieces {
    hash: Hash,
    part: HashPart,
    /// Where the next piece begins; none before the first.
    cursor: Option<u64>,
}

impl Pieces for HashPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if self.cursor.is_none() {
            out.array_len(self.hash.len());
        }
        let part = self.part;
        let next = self.hash.scan(self.cursor.unwrap_or(0), ENTRIES_PER_PIECE, |field, value| {
            let string = if part == HashPart::Fields { field } else { value };
            out.bulk(string.text(&mut IntText::default()));
        });
        self.cursor = Some(next);
        next != 0
    }
}

/// The keys of a snapshot that match a pattern and are visible at a time.
pub(super) struct KeysPieces {
    snapshot: Snapshot,
    pattern: Vec<u8>,
    now_ms: u64,
    phase: KeysPhase,
}

/// The number of keys goes out before the first key, so a snapshot is walked twice.
enum KeysPhase {
    Count { cursor: u64, found: usize },
    List { cursor: u64 },
}

impl KeysPieces {
    pub(super) fn new(snapshot: Snapshot, pattern: &[u8], now_ms: u64) -> Self {
        let phase = KeysPhase::Count { cursor: 0, found: 0 };
        Self { snapshot, pattern: pattern.to_vec(), now_ms, phase }
    }
}

/// Whether `KEYS` shows a key.
pub(super) fn shown(item: &Item<'_>, pattern: &[u8]) -> bool {
    pattern == b"*" || glob_matches(pattern, item.key)
}

impl Pieces for KeysPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        let Self { snapshot, pattern, now_ms, phase } = self;
        match phase {
            KeysPhase::Count { cursor, found } => {
                *cursor = snapshot.scan(*cursor, ENTRIES_PER_PIECE, *now_ms, |item| {
                    *found += usize::from(shown(&item, pattern));
                });
                if *cursor == 0 {
                    out.array_len(*found);
                    *phase = KeysPhase::List { cursor: 0 };
                }
                true
            }
            KeysPhase::List { cursor } => {
                *cursor = snapshot.scan(*cursor, ENTRIES_PER_PIECE, *now_ms, |item| {
                    if shown(&item, pattern) {
                        out.bulk(item.key);
                    }
                });
                *cursor != 0
            }
        }
    }
}
