//! The order of the leaves: a tree that counts, so that ranks are found as quickly as scores.
//!
//! Each child knows how many members are below it and a score no greater than its first member's. That score stays
//! as it is when the first member goes: it still lies between the children. Where it does not decide, the first leaf
//! below is looked at.
//!
//! The tree is copied whole with its set: for a million members it takes a third of a megabyte.

use super::bounds::Cut;
use crate::store::usage::allocated;

/// A node with more children splits.
const NODE_MAX_CHILDREN: usize = 64;

/// Neighbouring nodes become one when they have no more children than this together.
const MERGED_MAX_CHILDREN: usize = NODE_MAX_CHILDREN * 3 / 4;

/// The tree is never higher: two neighbouring nodes always have more than [`MERGED_MAX_CHILDREN`] children.
const MAX_HEIGHT: usize = 16;

/// The leaves in order.
#[derive(Debug, Clone)]
pub(super) struct Order {
    root: Node,
}

#[derive(Debug, Clone, Default)]
struct Node {
    children: Vec<Child>,
}

/// A leaf or an inner node, as its parent sees it.
#[derive(Debug, Clone)]
struct Child {
    /// How many members are below.
    len: usize,
    /// At most the first member's score, and at least those of all members before; of a node's first child nobody
    /// asks it.
    score: f64,
    /// The leaf, or the first one below.
    first: u32,
    /// The node; none for a leaf.
    below: Option<Box<Node>>,
}

/// The way to a leaf.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Path {
    steps: [u8; MAX_HEIGHT],
    len: usize,
}

/// A leaf that was looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) path: Path,
    /// Its number.
    pub(super) leaf: u32,
    /// How many members are in the leaves before it.
    pub(super) before: usize,
}

impl Order {
    /// One leaf.
    pub(super) fn of(leaf: u32, len: usize, score: f64) -> Self {
        Order { root: Node { children: vec![Child { len, score, first: leaf, below: None }] } }
    }

    /// The leaf in which a cut is, the last one that begins before it; `is_behind_first` tells whether the cut is
    /// behind the first member of a leaf.
    pub(super) fn find(&self, cut: &Cut<'_>, is_behind_first: impl Fn(u32) -> bool) -> Found {
        self.descend(|node, _| {
            let is_behind = |child: &Child| {
                cut.is_behind_score(child.score).unwrap_or_else(|| is_behind_first(child.first))
            };
            node.children[1..].partition_point(is_behind)
        })
    }

    /// The leaf with the member of this rank, which is there.
    pub(super) fn find_rank(&self, rank: usize) -> Found {
        self.descend(|node, before| {
            let mut end = before;
            let behind = node.children.iter().position(|child| {
                end += child.len;
                rank < end
            });
            behind.unwrap_or(node.children.len() - 1)
        })
    }

    fn descend(&self, choose: impl Fn(&Node, usize) -> usize) -> Found {
        let (mut path, mut before, mut node) = (Path::default(), 0, &self.root);
        loop {
            let step = choose(node, before);
            path.push(step);
            before += node.children[..step].iter().map(|child| child.len).sum::<usize>();
            let child = &node.children[step];
            match &child.below {
                Some(below) => node = below,
                None => return Found { path, leaf: child.first, before },
            }
        }
    }

    /// Counts members that came into a leaf, or left it.
    pub(super) fn count(&mut self, path: &Path, came: usize, left: usize) {
        let mut node = Some(&mut self.root);
        for step in path.steps() {
            let child = node.and_then(|node| node.children.get_mut(*step as usize));
            let child = child.expect("a path leads through nodes that are there");
            child.len = child.len + came - left;
            node = child.below.as_deref_mut();
        }
    }

    /// Puts a leaf behind another, whose last `len` members it has now.
    pub(super) fn split(&mut self, path: &Path, leaf: u32, len: usize, score: f64) {
        let child = Child { len, score, first: leaf, below: None };
        if let Some(upper) = self.root.split(path.steps(), child) {
            let lower = std::mem::take(&mut self.root);
            self.root.children = [lower, upper].map(Child::of).into();
        }
    }

    /// The leaf behind another one in the same node.
    pub(super) fn next(&self, path: &Path) -> Option<(Path, u32)> {
        let mut next = *path;
        next.steps[path.len - 1] += 1;
        self.leaf_at(&next).map(|leaf| (next, leaf))
    }

    /// The leaf before another one in the same node.
    pub(super) fn previous(&self, path: &Path) -> Option<(Path, u32)> {
        let mut previous = *path;
        let last = &mut previous.steps[path.len - 1];
        *last = last.checked_sub(1)?;
        self.leaf_at(&previous).map(|leaf| (previous, leaf))
    }

    fn leaf_at(&self, path: &Path) -> Option<u32> {
        let (mut node, mut leaf) = (Some(&self.root), None);
        for step in path.steps() {
            let child = node?.children.get(usize::from(*step))?;
            (node, leaf) = (child.below.as_deref(), Some(child.first));
        }
        leaf
    }

    /// Takes a leaf out, members and all.
    pub(super) fn remove(&mut self, path: &Path) {
        self.root.remove(path.steps());
        while let [Child { below: Some(only), .. }] = &mut self.root.children[..] {
            self.root = std::mem::take(&mut **only);
        }
    }

    /// The memory its nodes take.
    pub(super) fn heap_bytes(&self) -> usize {
        self.root.heap_bytes()
    }

    /// Walks over all leaves in order: their numbers, how many members they are said to have, and the score they
    /// are said to begin with, if that matters.
    pub(super) fn verify(
        &self,
        visit: &mut impl FnMut(u32, usize, Option<f64>) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        self.root.verify(None, visit).map(|_| ())
    }
}

impl Path {
    fn push(&mut self, step: usize) {
        self.steps[self.len] = step as u8;
        self.len += 1;
    }

    fn steps(&self) -> &[u8] {
        &self.steps[..self.len]
    }
}

impl Child {
    fn of(node: Node) -> Self {
        let (score, first, len) = (node.children[0].score, node.children[0].first, node.len());
        Child { len, score, first, below: Some(Box::new(node)) }
    }

    fn node(&mut self) -> &mut Node {
        self.below.as_mut().expect("a path ends at a leaf and nowhere before")
    }
}

impl Node {
    fn len(&self) -> usize {
        self.children.iter().map(|child| child.len).sum()
    }

    /// Puts a leaf behind that at the end of the path. Answers the second half where the node became too big.
    fn split(&mut self, steps: &[u8], leaf: Child) -> Option<Node> {
        let (step, rest) = steps.split_first().expect("a path has a step for each height");
        let at = usize::from(*step);
        let behind = if rest.is_empty() {
            self.children[at].len -= leaf.len;
            leaf
        } else {
            let upper = self.children[at].node().split(rest, leaf)?;
            self.children[at].len -= upper.len();
            Child::of(upper)
        };
        self.children.insert(at + 1, behind);
        let is_full = self.children.len() > NODE_MAX_CHILDREN;
        is_full.then(|| Node { children: self.children.split_off(NODE_MAX_CHILDREN / 2) })
    }

    fn remove(&mut self, steps: &[u8]) {
        let (step, rest) = steps.split_first().expect("a path has a step for each height");
        let at = usize::from(*step);
        if rest.is_empty() {
            self.children.remove(at);
            return;
        }
        let child = &mut self.children[at];
        child.node().remove(rest);
        if child.node().children.is_empty() {
            self.children.remove(at);
            return;
        }
        let (first, len) = (child.node().children[0].first, child.node().len());
        (child.first, child.len) = (first, len);
        // The score stays: it is no greater than that of the leaf that comes first now.
        self.merge(at);
    }

    /// Makes one node of two neighbours that are small.
    fn merge(&mut self, at: usize) {
        let sizes = |one: usize| {
            let pair = self.children.get(one..one + 2)?;
            pair.iter()
                .map(|child| child.below.as_ref().map_or(0, |node| node.children.len()))
                .reduce(|a, b| a + b)
        };
        let lower = [Some(at), at.checked_sub(1)].into_iter().flatten();
        let Some(one) =
            lower.into_iter().find(|one| sizes(*one).is_some_and(|len| len <= MERGED_MAX_CHILDREN))
        else {
            return;
        };
        let mut upper = self.children.remove(one + 1);
        let mut moved = std::mem::take(&mut upper.node().children);
        moved[0].score = upper.score;
        self.children[one].node().children.append(&mut moved);
        self.children[one].len += upper.len;
    }

    fn heap_bytes(&self) -> usize {
        let below = self.children.iter().filter_map(|child| child.below.as_ref());
        allocated(self.children.capacity() * size_of::<Child>())
            + below.map(|node| allocated(size_of::<Node>()) + node.heap_bytes()).sum::<usize>()
    }

    fn verify(
        &self,
        score: Option<f64>,
        visit: &mut impl FnMut(u32, usize, Option<f64>) -> Result<(), &'static str>,
    ) -> Result<u32, &'static str> {
        if self.children.is_empty() || self.children.len() > NODE_MAX_CHILDREN {
            return Err("a node of a sorted set has a wrong number of children");
        }
        for (at, child) in self.children.iter().enumerate() {
            let score = if at == 0 { score } else { Some(child.score) };
            match &child.below {
                None => visit(child.first, child.len, score)?,
                Some(node) if node.len() != child.len => {
                    return Err("a node of a sorted set has a wrong length");
                }
                Some(node) => {
                    if node.verify(score, visit)? != child.first {
                        return Err("a node of a sorted set begins with another leaf than it should");
                    }
                }
            }
        }
        Ok(self.children[0].first)
    }
}
