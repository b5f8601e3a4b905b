//! What a connection listens to, as the server's own confirmations tell it.
//!
//! Known only so that the prompt can say so, and that replies and messages can be told apart under RESP2,
//! where both are lists. Deliberately absent: what is printed of them.

use std::collections::BTreeSet;

use memora::resp::Reply;

use crate::prompt::catalog::{bytes, items};

/// What names are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Channel,
    Pattern,
    ShardChannel,
}

/// All that a connection listens to.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(BTreeSet<(Kind, Vec<u8>)>);

impl Subscriptions {
    /// Whether it listens to anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of a confirmation; anything else changes nothing.
    pub(crate) fn hear(&mut self, reply: &Reply) {
        match confirmed(reply) {
            Some((kind, true, name)) => drop(self.0.insert((kind, name.to_vec()))),
            Some((kind, false, name)) => drop(self.0.remove(&(kind, name.to_vec()))),
            None => {}
        }
    }

    /// How many confirmations answer this UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE: one for each name, and
    /// where there is none, one for each that ends, or one that says that there was nothing.
    pub(crate) fn confirmations(&self, args: &[Vec<u8>]) -> usize {
        if args.len() > 1 {
            return args.len() - 1;
        }
        let kind = args.first().and_then(|name| kind_of(name));
        self.0.iter().filter(|(of, _)| Some(*of) == kind).count().max(1)
    }

    /// The names, for people.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|(_, name)| String::from_utf8_lossy(name)).collect();
        names.join(", ")
    }
}

/// Whether this is a published message.
pub(crate) fn is_message(reply: &Reply) -> bool {
    let parts = items(reply);
    match parts.first().map(bytes) {
        Some(b"message" | b"smessage") => parts.len() == 3,
        Some(b"pmessage") => parts.len() == 4,
        _ => false,
    }
}

/// What a confirmation says: what kind of name it is about, whether it begins, and the name.
fn confirmed(reply: &Reply) -> Option<(Kind, bool, &[u8])> {
    let [what, name, Reply::Integer(_)] = items(reply) else { return None };
    let begins = !bytes(what).ends_with(b"unsubscribe");
    Some((kind_of(bytes(what))?, begins, bytes(name)))
}

/// The kind of a command or a confirmation with this name.
fn kind_of(name: &[u8]) -> Option<Kind> {
    match name.to_ascii_lowercase().as_slice() {
        b"subscribe" | b"unsubscribe" => Some(Kind::Channel),
        b"psubscribe" | b"punsubscribe" => Some(Kind::Pattern),
        b"ssubscribe" | b"sunsubscribe" => Some(Kind::ShardChannel),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmation(what: &'static str, name: &'static str) -> Reply {
        Reply::array([Reply::bulk(what), Reply::bulk(name), Reply::Integer(1)])
    }

    #[test]
    fn confirmations_begin_and_end_subscriptions() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.hear(&confirmation("subscribe", "news"));
        subscriptions.hear(&confirmation("psubscribe", "n*"));
        subscriptions.hear(&Reply::bulk("other"));
        assert_eq!(subscriptions.names(), "news, n*");
        let args = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(subscriptions.confirmations(&args("UNSUBSCRIBE")), 1);
        assert_eq!(subscriptions.confirmations(&args("Sunsubscribe")), 1);
        assert_eq!(subscriptions.confirmations(&args("unsubscribe a b c")), 3);
        subscriptions.hear(&confirmation("subscribe", "more"));
        assert_eq!(subscriptions.confirmations(&args("unsubscribe")), 2);
        subscriptions.hear(&confirmation("unsubscribe", "news"));
        subscriptions.hear(&confirmation("unsubscribe", "more"));
        subscriptions.hear(&confirmation("punsubscribe", "n*"));
        assert!(subscriptions.is_empty());
    }

    #[test]
    fn messages_are_told_from_replies() {
        let list = |parts: &[&'static str]| Reply::array(parts.iter().map(|part| Reply::bulk(*part)));
        assert!(is_message(&list(&["message", "news", "hello"])));
        assert!(is_message(&list(&["pmessage", "n*", "news", "hello"])));
        assert!(!is_message(&list(&["pong", ""])));
        assert!(!is_message(&list(&["message"])));
    }
}
