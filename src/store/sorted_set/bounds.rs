//! Bounds: where in the order of a sorted set something begins or ends.

use std::cmp::Ordering;

/// Scores from one to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRange {
    /// The least score.
    pub min: f64,
    /// Whether the least score itself is outside.
    pub min_open: bool,
    /// The greatest score.
    pub max: f64,
    /// Whether the greatest score itself is outside.
    pub max_open: bool,
}

/// One end of a range of members, which are ordered by their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before all members (`-`).
    First,
    /// Behind all members (`+`).
    Last,
    /// This member is inside (`[`).
    Including(&'a [u8]),
    /// This member is outside (`(`).
    Excluding(&'a [u8]),
}

/// Members from one to another, meant for sets in which all scores are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexRange<'a> {
    /// Where it begins.
    pub min: LexBound<'a>,
    /// Where it ends.
    pub max: LexBound<'a>,
}

/// A place between two members.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut<'a> {
    /// In front of a member with its score.
    Member(f64, &'a [u8]),
    /// Behind a member with its score.
    BehindMember(f64, &'a [u8]),
    /// In front of a score.
    Score(f64),
    /// Behind a score.
    BehindScore(f64),
    /// In front of a member, whatever its score.
    Text(&'a [u8]),
    /// Behind a member, whatever its score.
    BehindText(&'a [u8]),
    /// In front of everything.
    Start,
    /// Behind everything.
    End,
}

impl ScoreRange {
    /// The cuts around it.
    pub(super) fn cuts(&self) -> (Cut<'static>, Cut<'static>) {
        let start = if self.min_open { Cut::BehindScore(self.min) } else { Cut::Score(self.min) };
        let end = if self.max_open { Cut::Score(self.max) } else { Cut::BehindScore(self.max) };
        (start, end)
    }
}

impl<'a> LexRange<'a> {
    /// The cuts around it.
    pub(super) fn cuts(&self) -> (Cut<'a>, Cut<'a>) {
        (self.min.cut(false), self.max.cut(true))
    }
}

impl<'a> LexBound<'a> {
    fn cut(self, is_end: bool) -> Cut<'a> {
        match self {
            Self::First => Cut::Start,
            Self::Last => Cut::End,
            // A member that is inside lies behind the start and before the end.
            Self::Including(member) if is_end => Cut::BehindText(member),
            Self::Excluding(member) if !is_end => Cut::BehindText(member),
            Self::Including(member) | Self::Excluding(member) => Cut::Text(member),
        }
    }
}

impl Cut<'_> {
    /// Whether the cut is behind a member.
    pub(super) fn is_behind(&self, score: f64, member: &[u8]) -> bool {
        self.is_behind_score(score).unwrap_or_else(|| match self {
            Cut::Member(_, other) | Cut::Text(other) => member < *other,
            Cut::BehindMember(_, other) | Cut::BehindText(other) => member <= *other,
            _ => unreachable!("the other cuts do not depend on a member"),
        })
    }

    /// Whether it is behind all members up to this score, or none from it on; none if that depends on the member.
    pub(super) fn is_behind_score(&self, score: f64) -> Option<bool> {
        match self {
            Cut::Member(other, _) | Cut::BehindMember(other, _) => match score.partial_cmp(other) {
                Some(Ordering::Equal) | None => None,
                Some(order) => Some(order == Ordering::Less),
            },
            Cut::Score(other) => Some(score < *other),
            Cut::BehindScore(other) => Some(score <= *other),
            Cut::Text(_) | Cut::BehindText(_) => None,
            Cut::Start => Some(false),
            Cut::End => Some(true),
        }
    }
}
