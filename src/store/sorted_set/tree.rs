//! The long form of a sorted set: its members in leaves, and two ways to a leaf.
//!
//! By order: a counting tree over the leaves ([`Order`]). By member: a [`Dict`] from the member's hash to the number of
//! its leaf, where comparing the hashes of that leaf finds it. So a member is stored once, finding its score takes
//! no search, and a change touches one leaf, which is copied if a snapshot shares it.
//!
//! What that costs: when a leaf splits, the dict is told of the members that moved, half a leaf's for each half leaf
//! of new ones.

use super::bounds::Cut;
use super::leaf::{Leaf, is_long};
use super::order::{Found, Order, Path};
use crate::store::dict::{Dict, HashKey, Held, Seek, Spot, growth};
use crate::store::usage::{allocated, extrapolated};
use std::ops::Range;
use triomphe::Arc;

/// No leaf.
const NONE: u32 = u32::MAX;

/// Members in leaves.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    leaves: Vec<Arc<Leaf>>,
    links: Vec<Link>,
    /// Numbers of leaves that are empty and not in order.
    free: Vec<u32>,
    order: Order,
    /// The number of each member's leaf, by the member's hash.
    table: Dict<u32>,
    len: usize,
}

/// In the table.
impl Held for u32 {}

/// The leaves beside a leaf.
#[derive(Debug, Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
}

/// A member that was looked for.
pub(super) enum Place {
    /// It stands here.
    Here { spot: Spot, leaf: u32, index: usize },
    /// It is not there; its hash would stand here.
    Nowhere { spot: Spot },
}

/// Members in order, or backwards.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    tree: &'a Tree,
    leaf: u32,
    index: usize,
    left: usize,
    backward: bool,
}

impl Tree {
    pub(super) fn new(hash_key: HashKey) -> Self {
        Tree {
            leaves: vec![Arc::new(Leaf::default())],
            links: vec![Link { previous: NONE, next: NONE }],
            free: Vec::new(),
            order: Order::of(0, 0, 0.0),
            table: Dict::new(hash_key),
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where a member stands.
    pub(super) fn seek(&self, member: &[u8]) -> Place {
        let hash = self.table.hash(member);
        let mut index = None;
        let found = self.table.seek_hash(hash, |leaf| {
            index = self.leaf(*leaf).find(hash, member);
            index.is_some()
        });
        match (found, index) {
            (Seek::Found(spot), Some(index)) => Place::Here { spot, leaf: *self.table.entry(spot), index },
            (Seek::Found(spot) | Seek::Vacant(spot), _) => Place::Nowhere { spot },
        }
    }

    pub(super) fn score_at(&self, leaf: u32, index: usize) -> f64 {
        self.leaf(leaf).score(index)
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        match self.seek(member) {
            Place::Here { leaf, index, .. } => Some(self.score_at(leaf, index)),
            Place::Nowhere { .. } => None,
        }
    }

    /// How many members stand before a cut.
    pub(super) fn before(&self, cut: &Cut<'_>) -> usize {
        let found = self.find(cut);
        found.before + self.leaf(found.leaf).before(cut)
    }

    /// Puts a member in that is not there.
    pub(super) fn insert(&mut self, vacant: Spot, score: f64, member: &[u8]) {
        let leaf = self.place(vacant.hash(), score, member);
        self.table.insert(vacant, leaf);
        self.len += 1;
    }

    /// Gives a member another score.
    pub(super) fn set_score(&mut self, (spot, leaf, index): (Spot, u32, usize), score: f64, member: &[u8]) {
        if self.leaf(leaf).stays(index, score) {
            return self.leaf_mut(leaf).set_score(index, score);
        }
        let found = self.find(&Cut::BehindMember(self.score_at(leaf, index), member));
        // Meanwhile it is in no leaf, so that it is not taken for another one with the same hash.
        *self.table.entry_mut(spot) = NONE;
        self.take(&found, index, 1);
        *self.table.entry_mut(spot) = self.place(spot.hash(), score, member);
    }

    /// Takes a member out.
    pub(super) fn remove(&mut self, (spot, leaf, index): (Spot, u32, usize), member: &[u8]) {
        let found = self.find(&Cut::BehindMember(self.score_at(leaf, index), member));
        self.table.remove_at(spot);
        self.take(&found, index, 1);
        self.len -= 1;
    }

    /// Takes the members of these ranks out, which are there.
    pub(super) fn remove_ranks(&mut self, ranks: Range<usize>) {
        let mut left = ranks.len();
        while left > 0 {
            let found = self.order.find_rank(ranks.start);
            let index = ranks.start - found.before;
            let count = left.min(self.leaf(found.leaf).len() - index);
            let Tree { leaves, table, .. } = self;
            for hash in &leaves[found.leaf as usize].hashes()[index..index + count] {
                if let Seek::Found(spot) = table.seek_hash(*hash, |leaf| *leaf == found.leaf) {
                    table.remove_at(spot);
                }
            }
            self.take(&found, index, count);
            self.len -= count;
            left -= count;
        }
    }

    /// The members of these ranks, which are there, in order or backwards.
    pub(super) fn walk(&self, ranks: Range<usize>, backward: bool) -> Walk<'_> {
        if ranks.is_empty() {
            return Walk { tree: self, leaf: NONE, index: 0, left: 0, backward };
        }
        let rank = if backward { ranks.end - 1 } else { ranks.start };
        let found = self.order.find_rank(rank);
        Walk { tree: self, leaf: found.leaf, index: rank - found.before, left: ranks.len(), backward }
    }

    /// The leaves in which the members of these ranks are, which are there, each with the places of those members.
    pub(super) fn leaves_of(&self, ranks: Range<usize>) -> impl Iterator<Item = (&Arc<Leaf>, Range<usize>)> {
        let (mut number, mut from) = (NONE, 0);
        if !ranks.is_empty() {
            let found = self.order.find_rank(ranks.start);
            (number, from) = (found.leaf, ranks.start - found.before);
        }
        let mut left = ranks.len();
        std::iter::from_fn(move || {
            let leaf = self.leaves.get(number as usize).filter(|_| left > 0)?;
            let places = from..leaf.len().min(from + left);
            left -= places.len();
            (number, from) = (self.links[number as usize].next, 0);
            Some((leaf, places))
        })
    }

    /// Visits members as [`Dict::scan`] does.
    pub(super) fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        let mut last = None;
        self.table.scan_hashed(cursor, count, |hash, leaf, _| {
            // Members of one leaf with one hash are all visited with the first of them.
            if last.replace((hash, *leaf)) == Some((hash, *leaf)) {
                return;
            }
            let leaf = self.leaf(*leaf);
            let here = leaf.hashes().iter().enumerate().filter(|(_, other)| **other == hash);
            here.for_each(|(index, _)| visit(leaf.member(index), leaf.score(index)));
        })
    }

    /// The memory its parts take, looking at `samples` leaves at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        let leaves = self.leaves.iter().map(|leaf| leaf.heap_bytes());
        allocated(size_of::<Self>())
            + allocated(self.leaves.capacity() * size_of::<Arc<Leaf>>())
            + allocated(self.links.capacity() * size_of::<Link>())
            + extrapolated(self.leaves.len(), samples, leaves)
            + self.order.heap_bytes()
            + self.table.memory_bytes(1, |_| 0)
    }

    /// Says what is wrong with this tree.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        let (mut previous, mut len) = (NONE, 0);
        self.order.verify(&mut |number, count, score| {
            let leaf =
                self.leaves.get(number as usize).ok_or("a sorted set names a leaf that is not there")?;
            if self.len > 0 {
                leaf.verify()?;
            }
            let link = self.links[number as usize];
            if leaf.len() != count || link.previous != previous {
                return Err("a sorted set counts a leaf's members wrongly, or links it with another");
            }
            if let Some(last) = self.leaves.get(previous as usize) {
                let (end, first) = (last.len() - 1, Cut::Member(leaf.score(0), leaf.member(0)));
                let fits = score.is_none_or(|score| last.score(end) <= score && score <= leaf.score(0));
                if !fits || self.links[previous as usize].next != number {
                    return Err("a leaf of a sorted set is not where it should be");
                }
                if !first.is_behind(last.score(end), last.member(end)) {
                    return Err("the leaves of a sorted set are out of order");
                }
            }
            (previous, len) = (number, len + count);
            self.verify_names(number)
        })?;
        if len != self.len || self.table.len() != len || self.links[previous as usize].next != NONE {
            return Err("a sorted set has a wrong length");
        }
        self.table.verify_table()
    }

    /// Whether the table leads to each member of a leaf.
    fn verify_names(&self, number: u32) -> Result<(), &'static str> {
        let leaf = self.leaf(number);
        for index in 0..leaf.len() {
            let hash = self.table.hash(leaf.member(index));
            let named = matches!(self.table.seek_hash(hash, |leaf| *leaf == number), Seek::Found(_));
            if hash != leaf.hashes()[index] || !named {
                return Err("a member of a sorted set is not found by its name");
            }
        }
        Ok(())
    }

    fn leaf(&self, number: u32) -> &Leaf {
        &self.leaves[number as usize]
    }

    fn leaf_mut(&mut self, number: u32) -> &mut Leaf {
        Arc::make_mut(&mut self.leaves[number as usize])
    }

    fn find(&self, cut: &Cut<'_>) -> Found {
        self.order.find(cut, |leaf| {
            let leaf = self.leaf(leaf);
            cut.is_behind(leaf.score(0), leaf.member(0))
        })
    }

    /// Puts a member into the leaf where it belongs. Answers that leaf.
    fn place(&mut self, hash: u32, score: f64, member: &[u8]) -> u32 {
        let cut = Cut::Member(score, member);
        let found = self.find(&cut);
        let leaf = self.leaf(found.leaf);
        let index = leaf.before(&cut);
        if leaf.has_room(member.len()) || leaf.len() == 0 {
            self.leaf_mut(found.leaf).insert(index, hash, score, member);
            self.order.count(&found.path, 1, 0);
            return found.leaf;
        }
        let Link { previous, next } = self.links[found.leaf as usize];
        // Members that come in order fill one leaf after the other.
        let is_at_end = index == leaf.len() && next == NONE || index == 0 && previous == NONE;
        if is_at_end || is_long(member.len()) || leaf.len() == 1 {
            return self.place_alone(&found, index, (hash, score, member));
        }
        let middle = leaf.middle();
        let tail = self.leaf_mut(found.leaf).split_off(middle);
        self.adopt_moved(&found, Arc::new(tail));
        // Both halves have room, and so it ends here.
        self.place(hash, score, member)
    }

    /// Puts a member into a leaf of its own, before the member at `index` of a leaf. Answers its leaf.
    fn place_alone(&mut self, found: &Found, index: usize, (hash, score, member): (u32, f64, &[u8])) -> u32 {
        let own = Leaf::of(hash, score, member);
        self.order.count(&found.path, 1, 0);
        if index == 0 {
            // The leaf before is not asked: the new one takes this one's place, and this one's members move.
            let old = std::mem::replace(&mut self.leaves[found.leaf as usize], Arc::new(own));
            self.adopt_moved(found, old);
            return found.leaf;
        }
        if index < self.leaf(found.leaf).len() {
            let tail = self.leaf_mut(found.leaf).split_off(index);
            self.adopt_moved(found, Arc::new(tail));
        }
        self.adopt(found, Arc::new(own))
    }

    /// Puts a leaf in behind the one whose members it has now.
    fn adopt_moved(&mut self, found: &Found, leaf: Arc<Leaf>) {
        let number = self.adopt(found, Arc::clone(&leaf));
        self.rename(leaf.hashes(), found.leaf, number);
    }

    /// Puts a leaf in behind another one, with which its members were counted. Answers its number.
    fn adopt(&mut self, found: &Found, leaf: Arc<Leaf>) -> u32 {
        let next = self.links[found.leaf as usize].next;
        let link = Link { previous: found.leaf, next };
        self.order.split(&found.path, self.next_number(), leaf.len(), leaf.score(0));
        let number = match self.free.pop() {
            Some(number) => {
                (self.leaves[number as usize], self.links[number as usize]) = (leaf, link);
                number
            }
            None => {
                self.leaves.reserve_exact(growth(&self.leaves));
                self.links.reserve_exact(growth(&self.links));
                self.leaves.push(leaf);
                self.links.push(link);
                (self.leaves.len() - 1) as u32
            }
        };
        self.links[found.leaf as usize].next = number;
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = number;
        }
        number
    }

    /// The number that the next leaf gets.
    fn next_number(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.leaves.len() as u32)
    }

    /// Has the table lead to the leaf to which the members with these hashes have moved.
    fn rename(&mut self, hashes: &[u32], from: u32, to: u32) {
        for hash in hashes {
            if let Seek::Found(spot) = self.table.seek_hash(*hash, |leaf| *leaf == from) {
                *self.table.entry_mut(spot) = to;
            }
        }
    }

    /// Takes members out of a leaf; one that is nearly empty then becomes one with its neighbour.
    fn take(&mut self, found: &Found, index: usize, count: usize) {
        self.leaf_mut(found.leaf).remove(index, count);
        self.order.count(&found.path, 0, count);
        let (leaf, here) = (self.leaf(found.leaf), (found.path, found.leaf));
        if leaf.len() == 0 {
            return self.drop_empty(here);
        }
        let next = self.order.next(&found.path);
        let previous = self.order.previous(&found.path);
        if let Some(next) = next.filter(|(_, next)| leaf.merges_with(self.leaf(*next))) {
            self.merge(here, next);
        } else if let Some(previous) = previous.filter(|(_, other)| self.leaf(*other).merges_with(leaf)) {
            self.merge(previous, here);
        }
    }

    /// Moves all members of a leaf to the one before it.
    fn merge(&mut self, (path, into): (Path, u32), (from_path, from): (Path, u32)) {
        let moved = Arc::clone(&self.leaves[from as usize]);
        self.leaf_mut(into).append(&moved);
        self.order.count(&path, moved.len(), 0);
        self.rename(moved.hashes(), from, into);
        self.drop_empty((from_path, from));
    }

    /// Takes a leaf out of the order whose members are gone, unless it is the only one.
    fn drop_empty(&mut self, (path, number): (Path, u32)) {
        let Link { previous, next } = self.links[number as usize];
        if previous == NONE && next == NONE {
            return;
        }
        self.order.remove(&path);
        if let Some(link) = self.links.get_mut(previous as usize) {
            link.next = next;
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = previous;
        }
        self.leaves[number as usize] = Arc::new(Leaf::default());
        self.free.push(number);
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let leaf = self.tree.leaf(self.leaf);
        let item = (leaf.member(self.index), leaf.score(self.index));
        let link = self.tree.links[self.leaf as usize];
        if self.left == 0 {
            return Some(item);
        }
        if self.backward && self.index == 0 {
            self.leaf = link.previous;
            self.index = self.tree.leaf(self.leaf).len() - 1;
        } else if self.backward {
            self.index -= 1;
        } else if self.index + 1 == leaf.len() {
            (self.leaf, self.index) = (link.next, 0);
        } else {
            self.index += 1;
        }
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
