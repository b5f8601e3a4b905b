//! What became of a key, told to those who listen: clients that watch it, and others as they come.
//!
//! Every command that changes a key says so with `Context::changed`, in Redis's words for it: a class and a name,
//! which are those of keyspace notifications (<https://redis.io/docs/latest/develop/use/keyspace-notifications/>).
//! While nobody listens that costs one look at a flag.
//!
//! What no command says the store has noted: keys found past their deadline, new keys. It is told where the next event
//! is, so that it comes before, and behind the command.

use super::context::Context;
use super::session::{Clients, Slot};
use super::subscriptions::Topic;
use crate::config::notifications::EventClasses;
use crate::resp::Span;
use crate::store::{Finding, Store};

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
    /// A key is gone, as it was past its deadline.
    Expired,
    /// A key had to go, as memory was full.
    Evicted,
    /// A key has come into being.
    New,
    /// A reader has found no key.
    Miss,
}

impl Class {
    /// As `notify-keyspace-events` names it.
    const fn option(self) -> EventClasses {
        EventClasses::of(match self {
            Self::Generic => b"g",
            Self::String => b"$",
            Self::List => b"l",
            Self::Hash => b"h",
            Self::Set => b"s",
            Self::SortedSet => b"z",
            Self::Expired => b"x",
            Self::Evicted => b"e",
            Self::New => b"n",
            Self::Miss => b"m",
        })
    }
}

impl Clients {
    /// Has these events published from now on.
    pub fn publish_events(&mut self, events: EventClasses) {
        self.events = events;
        self.note_listening();
    }

    pub(super) fn note_listening(&mut self) {
        self.is_listening = self.events.publishes() || self.tracking.is_active();
    }

    /// Publishes an event, if that is wanted and somebody listens at all.
    fn publish_event(&mut self, database: usize, class: Class, event: &str, key: &[u8]) {
        const KEYSPACE: EventClasses = EventClasses::of(b"K");
        const KEYEVENT: EventClasses = EventClasses::of(b"E");
        if !self.events.has(class.option()) || !self.subscriptions.has_listeners() {
            return;
        }
        if self.events.has(KEYSPACE) {
            let channel = [format!("__keyspace@{database}__:").as_bytes(), key].concat();
            self.publish(Topic::Channel, &channel, event.as_bytes());
        }
        if self.events.has(KEYEVENT) {
            let channel = format!("__keyevent@{database}__:{event}");
            self.publish(Topic::Channel, channel.as_bytes(), key);
        }
    }
}

/// Tells that a key was evicted.
#[cold]
pub fn tell_evicted(clients: &mut Clients, database: usize, key: &[u8]) {
    clients.touch(database, key);
    clients.invalidate(key, None, None);
    clients.publish_event(database, Class::Evicted, "evicted", key);
}

/// Tells what a database has noted of its keys, while a client's command runs or none.
#[cold]
pub fn tell_findings(store: &mut Store, clients: &mut Clients, database: usize, running: Option<Slot>) {
    store.db(database).report(|finding, key| match finding {
        Finding::Created => clients.publish_event(database, Class::New, "new", key),
        Finding::Expired => {
            clients.publish_event(database, Class::Expired, "expired", key);
            clients.invalidate(key, None, running);
        }
    });
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

    /// A key of the selected database changed without an event: who watches or tracks it has to know all the same.
    pub(super) fn changed_unpublished(&mut self, key: &[u8]) {
        if self.clients.is_heard() {
            let database = self.clients[self.me].database;
            self.tell_found();
            self.tell_watchers(database, key);
        }
    }

    /// As [`Self::changed`] in another database than the selected one.
    pub(super) fn changed_in(&mut self, database: usize, class: Class, event: &'static str, key: &[u8]) {
        if self.clients.is_heard() {
            self.tell_change(database, class, event, key);
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

    /// A reader looks for a key: if it is not there, who listens hears so.
    #[inline]
    pub(super) fn tell_miss(&mut self, key: &[u8]) {
        if self.clients.is_heard() && self.clients.events.has(Class::Miss.option()) {
            self.look_for_miss(key);
        }
    }

    #[cold]
    fn look_for_miss(&mut self, key: &[u8]) {
        let (database, now_ms) = (self.clients[self.me].database, self.now_ms);
        if !self.db().contains(key, now_ms) {
            self.tell_found();
            self.clients.publish_event(database, Class::Miss, "keymiss", key);
        }
    }

    /// The databases in which the command has looked for keys.
    fn databases(&self) -> impl Iterator<Item = usize> + use<> {
        [Some(self.clients[self.me].database), self.effects.other_database].into_iter().flatten()
    }

    /// Forgets which keys are new without telling it.
    pub(super) fn forget_creations(&mut self) {
        self.databases().for_each(|database| self.store.db(database).forget_creations());
    }

    /// Tells what was noted of keys in the databases that the command has to do with.
    pub(super) fn tell_found(&mut self) {
        for database in self.databases() {
            tell_findings(self.store, self.clients, database, Some(self.me));
        }
    }

    #[cold]
    fn tell_change(&mut self, database: usize, class: Class, event: &'static str, key: &[u8]) {
        self.tell_found();
        self.tell_watchers(database, key);
        self.clients.publish_event(database, class, event, key);
    }

    fn tell_watchers(&mut self, database: usize, key: &[u8]) {
        self.clients.touch(database, key);
        self.clients.invalidate(key, Some(self.me), Some(self.me));
    }
}
