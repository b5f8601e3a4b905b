//! How members and their scores are listed.

use crate::commands::big_replies::{BIG_LEN, listed, write_string};
use crate::resp::buffer::PIECE_BYTES;
use crate::resp::{Encoder, Pieces, Protocol, Reply};
use crate::store::{SortedSet, SortedSetSlice, StringRef};
use std::ops::Range;

/// What is listed of each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Shape {
    /// The member.
    Members,
    /// Member and score, one behind the other.
    Flat,
    /// A list of member and score for each.
    Pairs,
}

impl Shape {
    /// How members are listed, with their scores if that is asked for.
    pub(in crate::commands) fn of(with_scores: bool, protocol: Protocol) -> Self {
        match (with_scores, protocol) {
            (false, _) => Self::Members,
            (true, Protocol::Resp2) => Self::Flat,
            (true, Protocol::Resp3) => Self::Pairs,
        }
    }

    /// Begins a list of so many members.
    pub(in crate::commands) fn begin(self, out: &mut Encoder<'_>, members: usize) {
        out.array_len(if self == Self::Flat { members.saturating_mul(2) } else { members });
    }

    /// Writes a member of a list.
    pub(in crate::commands) fn write(self, out: &mut Encoder<'_>, member: StringRef<'_>, score: f64) {
        if self == Self::Pairs {
            out.array_len(2);
        }
        write_string(out, member);
        if self != Self::Members {
            out.double(score);
        }
    }
}

/// Lists the members of these ranks, many of them piece by piece.
pub(in crate::commands) fn range(
    set: &SortedSet,
    ranks: Range<usize>,
    backward: bool,
    shape: Shape,
    protocol: Protocol,
) -> Reply {
    if ranks.len() >= BIG_LEN {
        let slice = set.slice(ranks, backward);
        return Reply::Stream(Box::new(RangePieces { slice, shape, begun: false }));
    }
    listed(protocol, ranks.len(), |out| {
        shape.begin(out, ranks.len());
        set.range(ranks, backward).for_each(|(member, score)| shape.write(out, member, score));
    })
}

/// A long range on its way out.
struct RangePieces {
    slice: SortedSetSlice,
    shape: Shape,
    begun: bool,
}

impl Pieces for RangePieces {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if !self.begun {
            self.shape.begin(out, self.slice.len());
            self.begun = true;
        }
        let enough = out.len_bytes() + PIECE_BYTES;
        while out.len_bytes() < enough && !self.slice.is_empty() {
            self.slice.visit_some(|member, score| self.shape.write(out, member, score));
        }
        !self.slice.is_empty()
    }
}
