//! What became of a key, told to those who listen: clients that watch it, and others as they come.
//!
//! Every command that changes a key says so with `Context::changed`, in Redis's words for it: a class and a name,
//! which are those of keyspace notifications (<https://redis.io/docs/latest/develop/use/keyspace-notifications/>).
//! While nobody listens that costs one look at a flag.

use super::context::Context;
use crate::resp::Span;

/// The class of an event: what the key holds, or what kind of command it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Commands for keys of any type: DEL, EXPIRE, RENAME.
    Generic,
    /// Commands on strings.
    String,
    /// Commands on lists.
    List,
    /// Commands on hashes.
    Hash,
    /// Commands on sets.
    Set,
    /// Commands on sorted sets.
    SortedSet,
}

impl Context<'_> {
    /// A key of the selected database changed, or its deadline did.
    #[inline]
    pub(super) fn changed(&mut self, class: Class, event: &'static str, key: &[u8]) {
        if self.clients.is_heard() {
            let database = self.clients[self.me].database;
            self.tell_change(database, class, event, key);
        }
    }

    /// The same for a key that is an argument.
    #[inline]
    pub(super) fn changed_at(&mut self, class: Class, event: &'static str, key: Span) {
        self.changed(class, event, self.argv.bytes(key));
    }

    /// The same in another database than the selected one.
    pub(super) fn changed_in(&mut self, database: usize, class: Class, event: &'static str, key: &[u8]) {
        if self.clients.is_heard() {
            self.tell_change(database, class, event, key);
        }
    }

    /// A key changed in a way that is no event: only those who watch it hear of it.
    pub(super) fn touched_silently(&mut self, key: &[u8]) {
        if self.clients.is_heard() {
            let database = self.clients[self.me].database;
            self.clients.touch(database, key);
        }
    }

    /// Elements were taken out of a key, which is gone if those were the last.
    pub(super) fn taken_from(&mut self, class: Class, event: &'static str, key: &[u8], emptied: bool) {
        self.changed(class, event, key);
        if emptied {
            self.changed(Class::Generic, "del", key);
        }
    }

    /// All keys of a database are about to go.
    pub(super) fn flushing(&mut self, database: usize) {
        if self.clients.is_heard() {
            let (store, now_ms) = (&*self.store, self.now_ms);
            let exists = |key: &[u8]| store.db_ref(database).peek(key, now_ms).is_some();
            self.clients.touch_watched_where(database, exists);
        }
    }

    /// Two databases are about to change places.
    pub(super) fn swapping(&mut self, one: usize, other: usize) {
        if self.clients.is_heard() && one != other {
            let (store, now_ms) = (&*self.store, self.now_ms);
            let exists = |key: &[u8]| {
                [one, other].into_iter().any(|number| store.db_ref(number).peek(key, now_ms).is_some())
            };
            self.clients.touch_watched_where(one, exists);
            self.clients.touch_watched_where(other, exists);
            self.clients.touch_awaited(one);
            self.clients.touch_awaited(other);
        }
    }

    #[cold]
    fn tell_change(&mut self, database: usize, _class: Class, _event: &'static str, key: &[u8]) {
        self.clients.touch(database, key);
    }
}
