//! Some elements of a collection, picked evenly: HRANDFIELD and SRANDMEMBER.
//!
//! How they are picked depends on how many are asked for, as in Redis: a walk over all elements that takes each
//! with the probability that makes the number come out right, or throws at the table that are repeated when
//! they hit an element twice. Many elements leave piece by piece, picked while the socket drains.

use super::args::Args;
use super::big_replies::{BIG_LEN, ENTRIES_PER_PIECE, listed};
use super::faults;
use crate::resp::{Encoder, Pieces, Protocol, Reply};
use crate::store::Random;
use crate::store::StringRef;
use bytes::Bytes;
use std::collections::HashSet;

/// A collection to pick from.
pub(super) trait Pool: Clone + Send + 'static {
    /// An element as it is read.
    type Pick<'p>: Copy;

    /// Number of elements.
    fn len(&self) -> usize;

    /// Whether only walking through it finds an element, so that many picks are better made from a list.
    fn is_packed(&self) -> bool;

    /// All elements.
    fn all(&self) -> Vec<Self::Pick<'_>>;

    /// Visits elements as the store's `Dict::scan` does.
    fn scan(&self, cursor: u64, count: usize, visit: impl FnMut(Self::Pick<'_>)) -> u64;

    /// An element picked with random bits, each with the same probability.
    fn random(&self, random: impl FnMut() -> u64) -> Option<Self::Pick<'_>>;

    /// What tells an element from others.
    fn name<'p>(&'p self, pick: Self::Pick<'p>) -> StringRef<'p>;
}

/// How picked elements are written.
pub(super) trait Form<P: Pool>: Send + 'static {
    /// Begins a listing of `len` elements.
    fn begin(&self, out: &mut Encoder<'_>, len: usize);

    /// Writes one element.
    fn write(&self, out: &mut Encoder<'_>, pick: P::Pick<'_>);
}

/// Reads how many elements are wanted.
pub(super) fn read_count(args: &mut Args<'_>) -> i64 {
    let count = args.integer();
    if count == i64::MIN {
        args.fail(faults::NOT_NEGATABLE);
    }
    count
}

/// A way to pick elements.
enum Way {
    /// Each by itself, the same one perhaps again.
    Repeat,
    /// All in order, taking each with the probability that makes the number come out right.
    Walk {
        /// Where in the collection the walk is.
        cursor: u64,
        /// Elements that it has not come to.
        ahead: usize,
    },
    /// Each by itself, but none again.
    Throw {
        /// Those that were picked.
        seen: HashSet<Bytes>,
    },
}

/// Elements being picked.
pub(super) struct Picks {
    way: Way,
    /// How many are still to be picked.
    pub(super) left: usize,
    random: Random,
}

impl Picks {
    /// Begins to pick `count` elements; below zero: so many picks, one element as often as it comes up.
    pub(super) fn new(pool: &impl Pool, count: i64, random: Random) -> Self {
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let (len, few) = (pool.len(), wanted.saturating_mul(WALK_FACTOR) <= pool.len());
        let way = match count {
            ..0 => Way::Repeat,
            _ if few && !pool.is_packed() => Way::Throw { seen: HashSet::new() },
            _ => Way::Walk { cursor: 0, ahead: len },
        };
        let left = if count < 0 { wanted } else { wanted.min(len) };
        Self { way, left, random }
    }

    /// Lists what is picked.
    pub(super) fn reply<P: Pool>(mut self, pool: &P, form: impl Form<P>, protocol: Protocol) -> Reply {
        if self.left >= BIG_LEN {
            return Reply::Stream(Box::new(PickPieces {
                pool: pool.clone(),
                form,
                picks: self,
                begun: false,
            }));
        }
        listed(protocol, self.left, |out| {
            form.begin(out, self.left);
            while self.left > 0 {
                self.visit_some(pool, |pick| form.write(out, pick));
            }
        })
    }

    /// Picks some more, as many as belong into one piece of a reply or somewhat fewer.
    pub(super) fn visit_some<P: Pool>(&mut self, pool: &P, mut visit: impl FnMut(P::Pick<'_>)) {
        let Self { way, left, random } = self;
        match way {
            Way::Repeat if pool.is_packed() => {
                let all = pool.all();
                for _ in 0..ENTRIES_PER_PIECE.min(*left) {
                    visit(all[random.below(all.len())]);
                    *left -= 1;
                }
            }
            Way::Walk { cursor, ahead } => {
                *cursor = pool.scan(*cursor, ENTRIES_PER_PIECE, |pick| {
                    if random.below(*ahead) < *left {
                        visit(pick);
                        *left -= 1;
                    }
                    *ahead -= 1;
                });
            }
            Way::Repeat | Way::Throw { .. } => {
                for _ in 0..ENTRIES_PER_PIECE.min(*left) {
                    let pick = pool.random(|| random.draw());
                    let pick = pick.expect("a collection in a database has an element");
                    let new = match way {
                        Way::Throw { seen } => seen.insert(pool.name(pick).to_bytes()),
                        _ => true,
                    };
                    if new {
                        visit(pick);
                        *left -= 1;
                    }
                }
            }
        }
    }
}

/// Many picks on their way out.
struct PickPieces<P, F> {
    pool: P,
    form: F,
    picks: Picks,
    begun: bool,
}

impl<P: Pool, F: Form<P>> Pieces for PickPieces<P, F> {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if !self.begun {
            self.form.begin(out, self.picks.left);
            self.begun = true;
        }
        self.picks.visit_some(&self.pool, |pick| self.form.write(out, pick));
        self.picks.left > 0
    }
}

/// Where more than one element in so many is wanted, a walk over all of them picks faster, as in Redis.
const WALK_FACTOR: usize = 3;
