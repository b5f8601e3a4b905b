//! What a command puts in the place of whatever a key holds: the result of its STORE form, or nothing.

use super::context::Context;
use super::events::Class;
use crate::resp::{Reply, Span};
use crate::store::Value;

/// When whoever takes a key away does not ask whether it is past its deadline: before all deadlines.
pub(super) const UNASKED_MS: u64 = 0;

impl Context<'_> {
    /// Takes a key away; answers whether it was there. As in Redis it is deleted, not expired, also past its deadline.
    pub(super) fn remove(&mut self, key: Span) -> bool {
        let key = self.argv.bytes(key);
        let removed = self.db().remove(key, UNASKED_MS);
        let was_there = removed.is_some();
        if was_there {
            self.effects.touched();
            self.changed(Class::Generic, "del", key);
        }
        self.effects.discard(removed);
        was_there
    }

    /// Puts a collection in, which counts as so many changes, or takes the key away if there is nothing in it. Answers the
    /// number of elements.
    pub(super) fn store_result(
        &mut self,
        destination: Span,
        result: Value,
        changes: u64,
        (class, event): (Class, &'static str),
    ) -> Reply {
        let len = result.as_ref().elements().expect("what is stored here is a collection");
        if len == 0 {
            self.remove(destination);
            return Reply::ZERO;
        }
        let (destination, now_ms) = (self.argv.bytes(destination), self.now_ms);
        let replaced = self.db().insert(destination, result, None, now_ms);
        self.effects.touched_times(changes);
        self.changed(class, event, destination);
        self.effects.discard(replaced);
        Reply::from_count(len)
    }
}
