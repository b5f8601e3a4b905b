//! A list made outside the database, element by element, as `SORT … STORE` and loading do.

use super::chunks::Chunks;
use super::{List, ListLimits, Repr, Side};
use crate::store::packed::Packed;
use crate::store::string::NewString;

/// What Redis reckons a further element to take besides its text before it puts it into a quicklist's node.
const ESTIMATED_FRAME_BYTES: usize = 8;

/// A list that grows at its end.
///
/// Redis builds such a list as a quicklist and makes it one listpack at the end if a single node was enough
/// for it, so the last element that still fits is another one than with `RPUSH`.
#[derive(Debug)]
pub struct ListBuilder {
    list: List,
    limits: ListLimits,
}

impl ListBuilder {
    /// An empty list that keeps to `limits`.
    pub fn new(limits: ListLimits) -> Self {
        ListBuilder { list: List::new(), limits }
    }

    /// Adds an element behind the last.
    pub fn push<'a>(&mut self, element: impl Into<NewString<'a>>) {
        let element = element.into();
        if let Repr::Packed(packed) = &mut self.list.0 {
            if !fits(packed, element.as_slice(), &self.limits) {
                self.list.0 = Repr::Quick(Box::new(Chunks::from(std::mem::take(packed))));
            }
        }
        self.list.push(Side::Back, element);
    }

    /// Adds all elements of a buffer behind the last.
    pub fn push_packed(&mut self, packed: Packed) {
        self.list.push_node(packed, &self.limits);
    }

    /// The list; it may be empty.
    #[must_use]
    pub fn finish(mut self) -> List {
        self.list.settle(&self.limits);
        self.list
    }
}

fn fits(packed: &Packed, text: &[u8], limits: &ListLimits) -> bool {
    let frame_bytes = if packed.is_empty() { 0 } else { ESTIMATED_FRAME_BYTES };
    !limits.exceeded(packed.listpack_bytes() + frame_bytes + text.len(), packed.len() + 1)
}
