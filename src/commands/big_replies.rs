//! Replies that list a collection. Those too big to build at once share the value and are encoded while the socket
//! drains.
//!
//! A clone of a value or a snapshot of a database costs one reference count per chunk, whatever its size; what
//! the client reads is the state at the time of its command. Small collections are written at once, which is cheaper
//! for them.

use crate::resp::buffer::PIECE_BYTES;
use crate::resp::{Blob, Encoder, Pieces, Protocol, Reply};
use crate::store::{Hash, IntText, Item, List, ListSlice, Set, Side, Snapshot, StringRef, glob_matches};
use bytes::Bytes;
use std::ops::Range;

/// Collections with at least this many elements are encoded piece by piece.
pub(super) const BIG_LEN: usize = 1024;

/// Entries looked at for one piece.
pub(super) const ENTRIES_PER_PIECE: usize = 512;

/// Room that is made for each element of a small collection, bytes.
const ELEMENT_ROOM_BYTES: usize = 24;

/// Lists so many elements at once: `write` does it.
pub(super) fn listed(protocol: Protocol, len: usize, write: impl FnOnce(&mut Encoder<'_>)) -> Reply {
    Reply::encoded(protocol, ELEMENT_ROOM_BYTES * (len + 1), write)
}

/// Lists elements of a list, the nearest to `side` first.
pub(super) fn list(list: &List, range: Range<usize>, side: Side, protocol: Protocol) -> Reply {
    let count = range.len();
    if count >= BIG_LEN {
        let slice = list.slice(range.start, count, side);
        return Reply::Stream(Box::new(ListPieces { slice, begun: false }));
    }
    let elements = match side {
        Side::Front => list.iter_from(range.start),
        Side::Back => list.iter_back_from(range.end.saturating_sub(1)),
    };
    listed(protocol, count, |out| {
        out.array_len(count);
        elements.take(count).for_each(|element| write_string(out, element));
    })
}

/// A long range of a list on its way out.
struct ListPieces {
    slice: ListSlice,
    begun: bool,
}

impl Pieces for ListPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if !self.begun {
            out.array_len(self.slice.len());
            self.begun = true;
        }
        let enough = out.len_bytes() + PIECE_BYTES;
        while out.len_bytes() < enough && !self.slice.is_empty() {
            self.slice.visit_chunk(|element| write_string(out, element));
        }
        !self.slice.is_empty()
    }
}

/// Writes a string of the store; a big one is shared, not copied.
pub(super) fn write_string(out: &mut Encoder<'_>, string: StringRef<'_>) {
    match string {
        StringRef::Shared(bytes) => out.blob(Blob::from(bytes.clone())),
        other => out.bulk(other.text(&mut IntText::default())),
    }
}

/// Which part of each field is listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HashPart {
    /// The fields.
    Fields,
    /// The values.
    Values,
    /// Both, as a map.
    Map,
    /// Both, as a list of pairs: in RESP2 one flat list, in RESP3 a list of lists.
    Pairs,
}

impl HashPart {
    /// Begins a listing of `len` fields.
    pub(super) fn begin(self, out: &mut Encoder<'_>, len: usize) {
        match self {
            Self::Fields | Self::Values => out.array_len(len),
            Self::Map => out.map_len(len),
            Self::Pairs if out.protocol() == Protocol::Resp2 => out.array_len(len.saturating_mul(2)),
            Self::Pairs => out.array_len(len),
        }
    }

    /// Writes one field.
    pub(super) fn write(self, out: &mut Encoder<'_>, field: StringRef<'_>, value: StringRef<'_>) {
        if self == Self::Pairs && out.protocol() == Protocol::Resp3 {
            out.array_len(2);
        }
        if self != Self::Values {
            write_string(out, field);
        }
        if self != Self::Fields {
            write_string(out, value);
        }
    }
}

/// Lists one part of every field of a hash.
pub(super) fn hash(hash: &Hash, part: HashPart, protocol: Protocol) -> Reply {
    if hash.len() >= BIG_LEN {
        return Reply::Stream(Box::new(HashPieces { hash: hash.clone(), part, cursor: None }));
    }
    listed(protocol, 2 * hash.len(), |out| {
        part.begin(out, hash.len());
        hash.iter().for_each(|(field, value)| part.write(out, field, value));
    })
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
            self.part.begin(out, self.hash.len());
        }
        let next = self.hash.scan(self.cursor.unwrap_or(0), ENTRIES_PER_PIECE, |field, value| {
            self.part.write(out, field, value);
        });
        self.cursor = Some(next);
        next != 0
    }
}

/// Lists the members of a set.
pub(super) fn set(set: &Set, protocol: Protocol) -> Reply {
    if set.len() >= BIG_LEN {
        return Reply::Stream(Box::new(SetPieces { set: set.clone(), cursor: None }));
    }
    listed(protocol, set.len(), |out| {
        out.set_len(set.len());
        set.iter().for_each(|member| write_string(out, member.text()));
    })
}

/// A big set on its way out.
struct SetPieces {
    set: Set,
    /// Where the next piece begins; none before the first.
    cursor: Option<u64>,
}

impl Pieces for SetPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if self.cursor.is_none() {
            out.set_len(self.set.len());
        }
        let next = self.set.scan(self.cursor.unwrap_or(0), ENTRIES_PER_PIECE, |member| {
            write_string(out, member.text());
        });
        self.cursor = Some(next);
        next != 0
    }
}

/// Lists texts as a set.
pub(super) fn texts_as_set(texts: Vec<Bytes>) -> Reply {
    if texts.len() >= BIG_LEN {
        return Reply::Stream(Box::new(TextPieces { texts: texts.into_iter(), begun: false }));
    }
    Reply::Set(texts.into_iter().map(Reply::bulk).collect())
}

/// Many texts on their way out.
struct TextPieces {
    texts: std::vec::IntoIter<Bytes>,
    begun: bool,
}

impl Pieces for TextPieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if !std::mem::replace(&mut self.begun, true) {
            out.set_len(self.texts.len());
        }
        self.texts.by_ref().take(ENTRIES_PER_PIECE).for_each(|text| out.blob(Blob::from(text)));
        self.texts.len() > 0
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
