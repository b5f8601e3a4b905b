//! Publish and subscribe: SUBSCRIBE and its like, PUBLISH, PUBSUB.
//!
//! As documented for Redis: <https://redis.io/docs/latest/develop/interact/pubsub/>. Under RESP2 a client that has
//! subscribed can do little else (`gates`); under RESP3 messages are pushes between its replies. Each channel of a
//! SUBSCRIBE is answered by itself.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::effects::Control;
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::session::Session;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use super::subscriptions::Topic;
use crate::resp::{Reply, Span};
use crate::store::glob_matches;
use bytes::Bytes;

/// What most of these commands declare alike.
const PUBSUB_COMMAND: Spec = Spec {
    flags: &[Flag::Pubsub, Flag::Noscript, Flag::Loading, Flag::Stale],
    group: Group::Pubsub,
    since: "2.0.0",
    ..Spec::EMPTY
};

/// The "keys" of the commands for shards.
const SHARD_CHANNELS: &[KeySpec] = &[KeySpec::all(&[KeyFlag::NotKey])];

/// A topic by its number in [`Topic`], as commands are types.
const CHANNEL: u8 = Topic::Channel as u8;
const PATTERN: u8 = Topic::Pattern as u8;
const SHARD: u8 = Topic::Shard as u8;

const fn topic(number: u8) -> Topic {
    match number {
        CHANNEL => Topic::Channel,
        PATTERN => Topic::Pattern,
        _ => Topic::Shard,
    }
}

/// `SUBSCRIBE channel [channel ...]`, PSUBSCRIBE, SSUBSCRIBE
pub(super) struct Subscribe<const TOPIC: u8> {
    names: Rest,
}

const SUBSCRIBE: Spec = Spec {
    name: "subscribe",
    arity: -2,
    complexity: "O(N log M) where N is the number of channels and M that of those who listen to one",
    summary: "Listens to channels",
    syntax: "channel [channel ...]",
    ..PUBSUB_COMMAND
};

const PSUBSCRIBE: Spec = Spec {
    name: "psubscribe",
    summary: "Listens to all channels whose names are like patterns",
    syntax: "pattern [pattern ...]",
    ..SUBSCRIBE
};

const SSUBSCRIBE: Spec = Spec {
    name: "ssubscribe",
    since: "7.0.0",
    keys: SHARD_CHANNELS,
    summary: "Listens to channels of shards",
    syntax: "shardchannel [shardchannel ...]",
    ..SUBSCRIBE
};

impl<const TOPIC: u8> Command for Subscribe<TOPIC> {
    const SPEC: Spec = match topic(TOPIC) {
        Topic::Channel => SUBSCRIBE,
        Topic::Pattern => PSUBSCRIBE,
        Topic::Shard => SSUBSCRIBE,
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let names = args.rest();
        args.done(Self { names })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        // Redis lets the others in for the sake of older clients.
        if TOPIC == SHARD && context.session().denies_blocking {
            return Err(faults::SSUBSCRIBE_DENIED);
        }
        let was_listening = is_listening(context.session());
        let mut replies = Vec::with_capacity(self.names.of(context.argv).len());
        for name in self.names.of(context.argv) {
            let name = Bytes::copy_from_slice(name);
            let count = context.clients.subscribe(context.me, topic(TOPIC), &name);
            replies.push(confirmation(Self::SPEC.name, Some(name), count));
        }
        if !was_listening {
            context.effects.control(Control::ClassChanged);
        }
        Ok(Reply::Several(replies))
    }
}

/// `UNSUBSCRIBE [channel [channel ...]]`, PUNSUBSCRIBE, SUNSUBSCRIBE
pub(super) struct Unsubscribe<const TOPIC: u8> {
    names: Rest,
}

const UNSUBSCRIBE: Spec = Spec {
    name: "unsubscribe",
    arity: -1,
    complexity: "O(N log M) where N is the number of channels and M that of those who listen to one",
    summary: "Listens to channels no longer, to none without arguments",
    syntax: "[channel [channel ...]]",
    ..PUBSUB_COMMAND
};

const PUNSUBSCRIBE: Spec = Spec {
    name: "punsubscribe",
    summary: "Listens no longer to channels like patterns, to none without arguments",
    syntax: "[pattern [pattern ...]]",
    ..UNSUBSCRIBE
};

const SUNSUBSCRIBE: Spec = Spec {
    name: "sunsubscribe",
    since: "7.0.0",
    keys: SHARD_CHANNELS,
    summary: "Listens to channels of shards no longer, to none without arguments",
    syntax: "[shardchannel [shardchannel ...]]",
    ..UNSUBSCRIBE
};

impl<const TOPIC: u8> Command for Unsubscribe<TOPIC> {
    const SPEC: Spec = match topic(TOPIC) {
        Topic::Channel => UNSUBSCRIBE,
        Topic::Pattern => PUNSUBSCRIBE,
        Topic::Shard => SUNSUBSCRIBE,
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let names = args.rest();
        args.done(Self { names })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let was_listening = is_listening(context.session());
        let mut names: Vec<_> = self.names.of(context.argv).map(Bytes::copy_from_slice).collect();
        if names.is_empty() {
            names = context.session().subscribed.names(topic(TOPIC)).cloned().collect();
        }
        let mut replies = Vec::with_capacity(names.len().max(1));
        for name in names {
            let count = context.clients.unsubscribe(context.me, topic(TOPIC), &name);
            replies.push(confirmation(Self::SPEC.name, Some(name), count));
        }
        if replies.is_empty() {
            let count = context.session().subscribed.told(topic(TOPIC));
            replies.push(confirmation(Self::SPEC.name, None, count));
        }
        if was_listening && !is_listening(context.session()) {
            context.effects.control(Control::ClassChanged);
        }
        Ok(Reply::Several(replies))
    }
}

/// Whether a client is one that listens.
fn is_listening(session: &Session) -> bool {
    !session.subscribed.is_empty()
}

fn confirmation(what: &'static str, name: Option<Bytes>, count: usize) -> Reply {
    Reply::Push(vec![Reply::bulk(what), Reply::bulk_or_null(name), Reply::from_count(count)])
}

/// `PUBLISH channel message` and SPUBLISH
pub(super) struct Publish<const TOPIC: u8> {
    channel: Span,
    message: Span,
}

const PUBLISH: Spec = Spec {
    name: "publish",
    arity: 3,
    flags: &[Flag::Pubsub, Flag::Loading, Flag::Stale, Flag::Fast],
    complexity: "O(N+M) where N is the number of those who listen to the channel and M the number of all patterns",
    summary: "Sends a message to all who listen to a channel",
    syntax: "channel message",
    ..PUBSUB_COMMAND
};

const SPUBLISH: Spec = Spec {
    name: "spublish",
    since: "7.0.0",
    keys: &[KeySpec::one(&[KeyFlag::NotKey])],
    complexity: "O(N) where N is the number of those who listen to the channel",
    summary: "Sends a message to all who listen to a shard's channel",
    syntax: "shardchannel message",
    ..PUBLISH
};

impl<const TOPIC: u8> Command for Publish<TOPIC> {
    const SPEC: Spec = if TOPIC == SHARD { SPUBLISH } else { PUBLISH };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (channel, message) = (args.bytes(), args.bytes());
        args.done(Self { channel, message })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (channel, message) = (context.argv.bytes(self.channel), context.argv.bytes(self.message));
        Ok(Reply::from_count(context.clients.publish(topic(TOPIC), channel, message)))
    }
}

/// What the subcommands of PUBSUB declare alike.
const LOOK: Spec =
    Spec { arity: -2, flags: &[Flag::Pubsub, Flag::Loading, Flag::Stale], since: "2.8.0", ..PUBSUB_COMMAND };

/// `PUBSUB CHANNELS [pattern]` and SHARDCHANNELS
pub(super) struct Channels<const TOPIC: u8> {
    pattern: Option<Span>,
}

const CHANNELS: Spec = Spec {
    name: "channels",
    complexity: "O(N) where N is the number of channels",
    summary: "Lists the channels that somebody listens to",
    syntax: "[pattern]",
    ..LOOK
};

const SHARDCHANNELS: Spec = Spec {
    name: "shardchannels",
    since: "7.0.0",
    summary: "Lists the channels of shards that somebody listens to",
    ..CHANNELS
};

impl<const TOPIC: u8> Command for Channels<TOPIC> {
    const SPEC: Spec = if TOPIC == SHARD { SHARDCHANNELS } else { CHANNELS };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() > 1 {
            args.fail(faults::subcommand_arity("pubsub", args.word_before()));
        }
        let pattern = (args.left() > 0).then(|| args.bytes());
        args.rest();
        args.done(Self { pattern })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let pattern = self.pattern.map(|pattern| context.argv.bytes(pattern));
        let names = context.clients.subscriptions().names(topic(TOPIC));
        let shown = names.filter(|name| pattern.is_none_or(|pattern| glob_matches(pattern, name)));
        Ok(Reply::array(shown.map(|name| Reply::bulk(name.clone()))))
    }
}

/// `PUBSUB NUMSUB [channel [channel ...]]` and SHARDNUMSUB
pub(super) struct NumSub<const TOPIC: u8> {
    channels: Rest,
}

const NUMSUB: Spec = Spec {
    name: "numsub",
    complexity: "O(N log M) where N is the number of channels asked for and M that of all",
    summary: "Counts those who listen to channels",
    syntax: "[channel [channel ...]]",
    ..LOOK
};

const SHARDNUMSUB: Spec = Spec {
    name: "shardnumsub",
    since: "7.0.0",
    summary: "Counts those who listen to channels of shards",
    syntax: "[shardchannel [shardchannel ...]]",
    ..NUMSUB
};

impl<const TOPIC: u8> Command for NumSub<TOPIC> {
    const SPEC: Spec = if TOPIC == SHARD { SHARDNUMSUB } else { NUMSUB };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let channels = args.rest();
        args.done(Self { channels })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let mut replies = Vec::new();
        for channel in self.channels.of(context.argv) {
            let count = context.clients.subscriptions().listeners(topic(TOPIC), channel);
            replies.extend([Reply::bulk(channel), Reply::from_count(count)]);
        }
        Ok(Reply::Array(replies))
    }
}

/// `PUBSUB NUMPAT`
pub(super) struct NumPat;

impl Command for NumPat {
    const SPEC: Spec =
        Spec { name: "numpat", arity: 2, summary: "Counts the patterns that somebody listens to", ..LOOK };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(context.clients.subscriptions().names(Topic::Pattern).len()))
    }
}

help!(
    PubsubHelp,
    "6.2.0",
    Pubsub,
    [Flag::Loading, Flag::Stale],
    "PUBSUB",
    [
        "CHANNELS [<pattern>]",
        "    List the channels that somebody listens to, or those like a pattern.",
        "NUMPAT",
        "    Count the patterns that somebody listens to.",
        "NUMSUB [<channel> ...]",
        "    Count those who listen to channels, patterns left out.",
        "SHARDCHANNELS [<pattern>]",
        "    List the channels of shards that somebody listens to, or those like a pattern.",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Count those who listen to channels of shards.",
    ]
);

const PUBSUB: Spec = Spec {
    name: "pubsub",
    arity: -2,
    group: Group::Pubsub,
    since: "2.8.0",
    complexity: "Depends on subcommand",
    summary: "Looks at who listens to what",
    ..Spec::EMPTY
};

family!(Channeling {
    Subscribe(Subscribe<CHANNEL>),
    Unsubscribe(Unsubscribe<CHANNEL>),
    Psubscribe(Subscribe<PATTERN>),
    Punsubscribe(Unsubscribe<PATTERN>),
    Ssubscribe(Subscribe<SHARD>),
    Sunsubscribe(Unsubscribe<SHARD>),
    Publish(Publish<CHANNEL>),
    Spublish(Publish<SHARD>),
});

family!(Pubsub in PUBSUB {
    Channels(Channels<CHANNEL>),
    NumSub(NumSub<CHANNEL>),
    NumPat(NumPat),
    ShardChannels(Channels<SHARD>),
    ShardNumSub(NumSub<SHARD>),
    Help(PubsubHelp),
});
