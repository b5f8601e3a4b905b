//! Whether a history of concurrent operations could have come from one that does them one after the other.
//!
//! The search of Wing and Gong with Lowe's memory: an operation may be the next if no other had ended before it began;
//! what was tried from the same state with the same operations behind it is not tried again. Operations whose outcome
//! is unknown may have happened at any time since they began, or never.

use std::collections::HashSet;
use std::hash::Hash;

/// What is said to happen when one operation follows another.
pub(crate) trait Model: Clone + Default + Eq + Hash {
    /// An operation.
    type Call;
    /// What it is answered.
    type Reply: PartialEq;

    /// Does it.
    fn apply(&mut self, call: &Self::Call) -> Self::Reply;
}

/// An operation as its client saw it; times are of one clock that all clients share.
#[derive(Clone, Debug)]
pub(crate) struct Event<C, R> {
    pub(crate) call: C,
    /// None: nobody knows whether it has happened.
    pub(crate) reply: Option<R>,
    pub(crate) began: u64,
    /// Without meaning where the reply is unknown.
    pub(crate) ended: u64,
}

/// As many operations a history may have.
pub(crate) const LONGEST: usize = 128;

/// Whether the operations of `history`, in any order, may have followed one another as the model says.
///
/// # Panics
/// When there are more than [`LONGEST`].
pub(crate) fn is_linearizable<M: Model>(history: &[Event<M::Call, M::Reply>]) -> bool {
    assert!(history.len() <= LONGEST, "{} operations", history.len());
    Search::<M> { history, tried: HashSet::new() }.goes_on(0, &M::default())
}

struct Search<'h, M: Model> {
    history: &'h [Event<M::Call, M::Reply>],
    /// Operations that were done, one bit for each, and the state they led to.
    tried: HashSet<(u128, M)>,
}

impl<M: Model> Search<'_, M> {
    /// Whether there is a way from here to the end.
    fn goes_on(&mut self, done: u128, state: &M) -> bool {
        let left = || self.history.iter().enumerate().filter(|(index, _)| done & (1 << index) == 0);
        let first_end = left().filter(|(_, event)| event.reply.is_some()).map(|(_, event)| event.ended).min();
        // What is left may never have happened.
        let Some(first_end) = first_end else { return true };
        let candidates: Vec<_> =
            left().filter(|(_, event)| event.began < first_end).map(|(index, _)| index).collect();
        if !self.tried.insert((done, state.clone())) {
            return false;
        }
        candidates.into_iter().any(|index| {
            let event = &self.history[index];
            let mut next = state.clone();
            let reply = next.apply(&event.call);
            let agrees = event.reply.as_ref().is_none_or(|told| *told == reply);
            agrees && self.goes_on(done | 1 << index, &next)
        })
    }
}
