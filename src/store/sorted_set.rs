//! `SortedSet`: members with scores, in order of score and then of bytes.
//!
//! Small ones are one packed buffer ("listpack"), others leaves under a counting tree with a table of the members
//! ("skiplist", as clients know it from Redis). As in Redis a sorted set that became a tree stays one.
//!
//! Whatever selects members is turned into ranks first, and ranks are what is read and removed.

mod bounds;
mod leaf;
mod order;
mod slice;
mod small;
mod tree;

#[cfg(test)]
mod tests;

use super::dict::HashKey;
use super::packed::Packed;
use super::string::{IntText, StringRef};
use bounds::Cut;
use std::ops::Range;
use tree::{Place, Tree};

pub use bounds::{LexBound, LexRange, ScoreRange};
pub use slice::SortedSetSlice;

/// When a sorted set stops being a packed buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortedSetLimits {
    /// `zset-max-listpack-entries`: more members than this make it a tree.
    pub max_listpack_entries: usize,
    /// `zset-max-listpack-value`: a longer member, in bytes, makes it a tree.
    pub max_listpack_value: usize,
}

impl Default for SortedSetLimits {
    fn default() -> Self {
        SortedSetLimits { max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

/// A sorted set. No score is NaN.
#[derive(Debug, Clone)]
pub struct SortedSet(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Packed(Packed),
    Tree(Box<Tree>),
}

/// What [`SortedSetMut::set`](super::SortedSetMut::set) did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScoreChange {
    /// The member is new.
    Added,
    /// The member was there and has another score now.
    Updated,
    /// The member was there with this score.
    Same,
}

/// Some members with their scores.
#[derive(Clone)]
pub struct SortedSetIter<'a>(IterRepr<'a>);

#[derive(Clone)]
enum IterRepr<'a> {
    Packed(small::Pairs<'a>),
    Tree(tree::Walk<'a>),
}

impl SortedSet {
    /// An empty sorted set. The store keeps none: it is on its way in.
    pub(super) fn new() -> Self {
        SortedSet(Repr::Packed(Packed::default()))
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.len() / 2,
            Repr::Tree(tree) => tree.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name `OBJECT ENCODING` has for the present form.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Repr::Packed(_) => "listpack",
            Repr::Tree(_) => "skiplist",
        }
    }

    /// Whether this is one packed buffer: then only walking through it finds a member.
    pub fn is_packed(&self) -> bool {
        matches!(self.0, Repr::Packed(_))
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Repr::Packed(packed) => small::score(packed, member),
            Repr::Tree(tree) => tree.score(member),
        }
    }

    /// The rank of a member, counted from 0 at the lowest score, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.before(&Cut::Member(score, member)), score))
    }

    /// The ranks of the members whose scores are in a range.
    pub fn ranks_by_score(&self, range: &ScoreRange) -> Range<usize> {
        let (start, end) = range.cuts();
        let start = self.before(&start);
        start..self.before(&end).max(start)
    }

    /// The ranks of the members that are in a range of texts, where all scores are equal. Where they are not, the
    /// answer is of little use, and may depend on the direction in which the members are to be read.
    pub fn ranks_by_lex(&self, range: &LexRange<'_>, backward: bool) -> Range<usize> {
        if let Repr::Packed(packed) = &self.0 {
            return small::lex_ranks(packed, range, backward);
        }
        let (start, end) = range.cuts();
        let (first, last) = (self.range(0..1, false).next(), self.range(0..usize::MAX, true).next());
        let is_behind = |cut: &Cut<'_>, member: Option<(StringRef<'_>, f64)>| {
            member.is_some_and(|(member, score)| cut.is_behind(score, member.text(&mut IntText::default())))
        };
        if is_behind(&start, last) || !is_behind(&end, first) {
            return 0..0;
        }
        let start = self.before(&start);
        start..self.before(&end).max(start)
    }

    /// The members of these ranks as far as they are there, from the lowest on or backwards.
    pub fn range(&self, ranks: Range<usize>, backward: bool) -> SortedSetIter<'_> {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        SortedSetIter(match &self.0 {
            Repr::Packed(packed) => IterRepr::Packed(small::pairs(packed, ranks, backward)),
            Repr::Tree(tree) => IterRepr::Tree(tree.walk(ranks, backward)),
        })
    }

    /// All members.
    pub fn iter(&self) -> SortedSetIter<'_> {
        self.range(0..self.len(), false)
    }

    /// Visits members as [`Dict::scan`](super::Dict::scan) does; a packed set is visited whole, as in Redis.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(StringRef<'_>, f64)) -> u64 {
        match &self.0 {
            Repr::Packed(_) => {
                self.iter().for_each(|(member, score)| visit(member, score));
                0
            }
            Repr::Tree(tree) => {
                tree.scan(cursor, count, |member, score| visit(StringRef::Slice(member), score))
            }
        }
    }

    /// A member with its score, picked uniformly with random bits from `random`.
    pub fn random(&self, mut random: impl FnMut() -> u64) -> Option<(StringRef<'_>, f64)> {
        let rank = ((u128::from(random()) * self.len() as u128) >> u64::BITS) as usize;
        self.range(rank..rank + 1, false).next()
    }

    /// The memory its parts take, looking at `samples` of the big ones at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        match &self.0 {
            Repr::Packed(packed) => packed.heap_bytes(),
            Repr::Tree(tree) => tree.heap_bytes(samples),
        }
    }

    /// Turns into a tree where a command that brings so many members at once does in Redis 7.2.
    pub(super) fn expect(&mut self, new_members: usize, limits: &SortedSetLimits, hash_key: HashKey) {
        if new_members > limits.max_listpack_entries {
            self.make_tree(hash_key);
        }
    }

    /// Gives a member a score, which is a number.
    pub(super) fn set(
        &mut self,
        member: &[u8],
        score: f64,
        limits: &SortedSetLimits,
        hash_key: HashKey,
    ) -> ScoreChange {
        // As in Redis a packed set does not know the sign of zero.
        let packed_score = if score == 0.0 { 0.0 } else { score };
        self.set_exactly(member, score, packed_score, limits, hash_key)
    }

    /// The same with the score that it gets in a packed set.
    pub(super) fn set_exactly(
        &mut self,
        member: &[u8],
        score: f64,
        packed_score: f64,
        limits: &SortedSetLimits,
        hash_key: HashKey,
    ) -> ScoreChange {
        debug_assert!(!score.is_nan(), "callers refuse what is no number");
        if let Repr::Packed(packed) = &mut self.0 {
            match small::score(packed, member) {
                Some(old) if old == score => return ScoreChange::Same,
                Some(_) => {
                    small::remove(packed, member);
                    small::insert(packed, member, packed_score);
                    return ScoreChange::Updated;
                }
                None if member.len() <= limits.max_listpack_value
                    && packed.len() / 2 < limits.max_listpack_entries =>
                {
                    small::insert(packed, member, packed_score);
                    return ScoreChange::Added;
                }
                None => {}
            }
        }
        self.set_in_tree(member, score, hash_key)
    }

    /// Forgets the signs of zeros in a packed set, which were kept as long as it could become a tree.
    pub(super) fn forget_signs(&mut self) {
        let Repr::Packed(packed) = &mut self.0 else { return };
        let is_signed = |score: f64| score == 0.0 && score.is_sign_negative();
        let signed: Vec<_> =
            small::all(packed).filter(|pair| is_signed(pair.1)).map(|(member, _)| member.to_vec()).collect();
        for member in signed {
            small::remove(packed, &member);
            small::insert(packed, &member, 0.0);
        }
    }

    /// Takes a member out. Answers its score.
    pub(super) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.0 {
            Repr::Packed(packed) => small::remove(packed, member),
            Repr::Tree(tree) => match tree.seek(member) {
                Place::Here { spot, leaf, index } => {
                    let score = tree.score_at(leaf, index);
                    tree.remove((spot, leaf, index), member);
                    Some(score)
                }
                Place::Nowhere { .. } => None,
            },
        }
    }

    /// Takes the members of these ranks out, as far as they are there.
    pub(super) fn remove_ranks(&mut self, ranks: Range<usize>) {
        let ranks = ranks.start..ranks.end.min(self.len());
        if ranks.is_empty() {
            return;
        }
        match &mut self.0 {
            Repr::Packed(packed) => small::remove_ranks(packed, ranks),
            Repr::Tree(tree) => tree.remove_ranks(ranks),
        }
    }

    /// Says what is wrong with this sorted set.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        match &self.0 {
            Repr::Packed(packed) => small::verify(packed),
            Repr::Tree(tree) => tree.verify(),
        }
    }

    fn before(&self, cut: &Cut<'_>) -> usize {
        match &self.0 {
            Repr::Packed(packed) => small::before(packed, cut),
            Repr::Tree(tree) => tree.before(cut),
        }
    }

    fn set_in_tree(&mut self, member: &[u8], score: f64, hash_key: HashKey) -> ScoreChange {
        let tree = self.make_tree(hash_key);
        match tree.seek(member) {
            Place::Here { leaf, index, .. } if tree.score_at(leaf, index) == score => ScoreChange::Same,
            Place::Here { spot, leaf, index } => {
                tree.set_score((spot, leaf, index), score, member);
                ScoreChange::Updated
            }
            Place::Nowhere { spot } => {
                tree.insert(spot, score, member);
                ScoreChange::Added
            }
        }
    }

    fn make_tree(&mut self, hash_key: HashKey) -> &mut Tree {
        if let Repr::Packed(packed) = &self.0 {
            let mut tree = Box::new(Tree::new(hash_key));
            for (member, score) in small::all(packed) {
                let member = member.to_vec();
                if let Place::Nowhere { spot } = tree.seek(&member) {
                    tree.insert(spot, score, &member);
                }
            }
            self.0 = Repr::Tree(tree);
        }
        match &mut self.0 {
            Repr::Tree(tree) => tree,
            Repr::Packed(_) => unreachable!("a packed set has just become a tree"),
        }
    }
}

impl<'a> Iterator for SortedSetIter<'a> {
    type Item = (StringRef<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterRepr::Packed(pairs) => pairs.next(),
            IterRepr::Tree(walk) => walk.next().map(|(member, score)| (StringRef::Slice(member), score)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IterRepr::Packed(pairs) => pairs.size_hint(),
            IterRepr::Tree(walk) => walk.size_hint(),
        }
    }
}

impl ExactSizeIterator for SortedSetIter<'_> {}
