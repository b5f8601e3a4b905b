//! Who listens to which channel, and the messages on their way.
//!
//! A message is encoded once for each protocol and shared by all who hear it. Deliberately absent: the commands, which are
//! in `pubsub`, and how messages reach a socket.

use super::session::Slot;
use crate::resp::{Protocol, Reply, ReplyBuffer};
use crate::store::glob_matches;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// Room for so many messages is kept while there are none.
const KEPT_MESSAGES: usize = 16 * 1024;

/// What a subscription is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A channel.
    Channel,
    /// All channels whose names are like a pattern.
    Pattern,
    /// A channel of a shard of a cluster, which is a kingdom of its own.
    Shard,
}

/// One value for each topic.
#[derive(Debug, Default)]
struct EachTopic<T>([T; 3]);

impl<T> EachTopic<T> {
    fn of(&self, topic: Topic) -> &T {
        &self.0[topic as usize]
    }

    fn of_mut(&mut self, topic: Topic) -> &mut T {
        &mut self.0[topic as usize]
    }
}

/// What a client has subscribed to.
#[derive(Debug, Default)]
pub struct Subscribed(EachTopic<BTreeSet<Bytes>>);

impl Subscribed {
    /// How many of a kind.
    #[must_use]
    pub fn len(&self, topic: Topic) -> usize {
        self.0.of(topic).len()
    }

    /// Whether there is none of any kind.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.0.iter().all(BTreeSet::is_empty)
    }

    /// The names of a kind.
    pub(super) fn names(&self, topic: Topic) -> impl Iterator<Item = &Bytes> {
        self.0.of(topic).iter()
    }

    /// The number that replies tell: channels and patterns are counted together.
    pub(super) fn told(&self, topic: Topic) -> usize {
        match topic {
            Topic::Shard => self.len(Topic::Shard),
            Topic::Channel | Topic::Pattern => self.len(Topic::Channel) + self.len(Topic::Pattern),
        }
    }

    /// Memory that it holds, bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.0.iter().flatten().map(|name| name.len() + size_of::<Bytes>()).sum()
    }
}

/// A message for a client, encoded.
pub struct Message {
    /// Whose it is.
    pub slot: Slot,
    /// Its bytes.
    pub bytes: Bytes,
}

/// All subscriptions.
#[derive(Default)]
pub(super) struct Subscriptions {
    listeners: EachTopic<BTreeMap<Bytes, BTreeSet<Slot>>>,
    messages: Vec<Message>,
}

impl Subscriptions {
    /// Adds one.
    pub(super) fn add(&mut self, own: &mut Subscribed, topic: Topic, name: &Bytes, slot: Slot) {
        self.listeners.of_mut(topic).entry(name.clone()).or_default().insert(slot);
        own.0.of_mut(topic).insert(name.clone());
    }

    /// Ends one.
    pub(super) fn remove(&mut self, own: &mut Subscribed, topic: Topic, name: &Bytes, slot: Slot) {
        own.0.of_mut(topic).remove(name);
        let listeners = self.listeners.of_mut(topic);
        if let Some(slots) = listeners.get_mut(name) {
            slots.remove(&slot);
            if slots.is_empty() {
                listeners.remove(name);
            }
        }
    }

    /// Ends all of a client.
    pub(super) fn remove_all(&mut self, own: &mut Subscribed, slot: Slot) {
        for topic in [Topic::Channel, Topic::Pattern, Topic::Shard] {
            for name in std::mem::take(own.0.of_mut(topic)) {
                self.remove(own, topic, &name, slot);
            }
        }
    }

    /// How many listen to something.
    pub(super) fn listeners(&self, topic: Topic, name: &[u8]) -> usize {
        self.listeners.of(topic).get(name).map_or(0, BTreeSet::len)
    }

    /// Everything that somebody listens to.
    pub(super) fn names(&self, topic: Topic) -> impl ExactSizeIterator<Item = &Bytes> {
        self.listeners.of(topic).keys()
    }

    /// Sends a message to all who listen to a channel, of a shard or not; answers how many hear it.
    pub(super) fn publish(
        &mut self,
        topic: Topic,
        channel: &[u8],
        text: &[u8],
        protocol: impl Fn(Slot) -> Protocol,
    ) -> usize {
        let Self { listeners, messages } = self;
        let before = messages.len();
        if let Some(slots) = listeners.of(topic).get(channel) {
            let kind = if topic == Topic::Shard { "smessage" } else { "message" };
            send(messages, slots, &protocol, &[kind.as_bytes(), channel, text]);
        }
        if topic == Topic::Channel {
            for (pattern, slots) in listeners.of(Topic::Pattern) {
                if glob_matches(pattern, channel) {
                    send(messages, slots, &protocol, &[b"pmessage", pattern, channel, text]);
                }
            }
        }
        messages.len() - before
    }

    /// Whether somebody listens to channels or patterns.
    pub(super) fn has_listeners(&self) -> bool {
        !self.listeners.of(Topic::Channel).is_empty() || !self.listeners.of(Topic::Pattern).is_empty()
    }

    /// Sends a client what is encoded already.
    pub(super) fn post(&mut self, slot: Slot, bytes: Bytes) {
        self.messages.push(Message { slot, bytes });
    }

    /// The messages on their way.
    pub(super) fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// Takes an empty vector to be used again, unless it has become big.
    pub(super) fn recycle_messages(&mut self, messages: Vec<Message>) {
        debug_assert!(messages.is_empty(), "they have been sent");
        if messages.capacity() <= KEPT_MESSAGES {
            self.messages = messages;
        }
    }

    /// Whether there are messages on their way.
    pub(super) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }
}

/// Adds a message for each, encoded once for each protocol.
fn send(
    messages: &mut Vec<Message>,
    slots: &BTreeSet<Slot>,
    protocol: impl Fn(Slot) -> Protocol,
    words: &[&[u8]],
) {
    let encode = |protocol| {
        let mut buffer = ReplyBuffer::default();
        buffer.push(Reply::Push(words.iter().map(|word| Reply::bulk(*word)).collect()), protocol);
        Bytes::from(buffer.drain_to_vec())
    };
    let mut encoded: [Option<Bytes>; 2] = [None, None];
    for slot in slots {
        let protocol = protocol(*slot);
        let of_protocol = &mut encoded[usize::from(protocol == Protocol::Resp3)];
        let bytes = of_protocol.get_or_insert_with(|| encode(protocol)).clone();
        messages.push(Message { slot: *slot, bytes });
    }
}
