//! What only the server can offer: its options with their values, and who is connected.

use rustyline::completion::Pair;

use super::aside::{Aside, Client};
use super::catalog::Command;
use super::complete::{begins, plain, quoted_if_needed};

/// Options that take one of a few words, where the present value does not tell the others.
const CHOICES: &[(&str, &[&str])] = &[
    ("appendfsync", &["always", "everysec", "no"]),
    ("loglevel", &["debug", "verbose", "notice", "warning", "nothing"]),
    (
        "maxmemory-policy",
        &[
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction",
        ],
    ),
];

/// What such a command takes next; nothing for all other commands.
pub(super) fn values(
    command: &Command,
    args: &[&[u8]],
    prefix: &str,
    aside: &mut Aside,
) -> Option<Vec<Pair>> {
    parameters(command, args, prefix, aside).or_else(|| clients(command, args, prefix, aside))
}

/// For CONFIG GET names, for CONFIG SET names and then what may be set.
fn parameters(command: &Command, args: &[&[u8]], prefix: &str, aside: &mut Aside) -> Option<Vec<Pair>> {
    let wants_value = match command.name.as_str() {
        "CONFIG GET" => false,
        "CONFIG SET" => args.len() % 2 == 1,
        _ => return None,
    };
    if wants_value {
        let name = String::from_utf8_lossy(args.last()?).to_lowercase();
        let mut values: Vec<String> = Vec::new();
        for (_, present) in aside.parameters(&name) {
            values.push(quoted_if_needed(&present));
            if present == b"yes" || present == b"no" {
                values.extend(["yes", "no"].map(str::to_owned));
            }
        }
        let choices = CHOICES.iter().filter(|(option, _)| *option == name).flat_map(|(_, choices)| *choices);
        values.extend(choices.map(|choice| (*choice).to_owned()));
        values.retain(|value| begins(value, prefix));
        values.sort();
        values.dedup();
        return Some(values.into_iter().map(plain).collect());
    }
    let names = aside.parameters(&format!("{}*", prefix.to_lowercase())).into_iter();
    Some(names.map(|(name, _)| plain(String::from_utf8_lossy(&name).into_owned())).collect())
}

/// What of a client a command names it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Address,
    OwnAddress,
    User,
}

/// For CLIENT KILL, UNBLOCK and the like the clients there are, found by their names too.
fn clients(command: &Command, args: &[&[u8]], prefix: &str, aside: &mut Aside) -> Option<Vec<Pair>> {
    let by = wanted(command, args)?;
    let mut offers: Vec<Pair> = Vec::new();
    for client in aside.clients() {
        let replacement = match by {
            By::Id => client.id.clone(),
            By::Address => client.address.clone(),
            By::OwnAddress => client.own_address.clone(),
            By::User => client.user.clone(),
        };
        let is_named = !prefix.is_empty() && by != By::User && begins(&client.name, prefix);
        if offers.iter().any(|offer| offer.replacement == replacement)
            || replacement.is_empty()
            || !(begins(&replacement, prefix) || is_named)
        {
            continue;
        }
        let display = if by == By::User { replacement.clone() } else { described(&replacement, &client) };
        offers.push(Pair { display, replacement });
    }
    Some(offers)
}

/// What stands next: behind the words that say so, or all alone behind the command.
fn wanted(command: &Command, args: &[&[u8]]) -> Option<By> {
    let last = args.last().map(|word| word.to_ascii_uppercase());
    match (command.name.as_str(), last.as_deref()) {
        ("CLIENT UNBLOCK", None) => Some(By::Id),
        ("CLIENT KILL" | "CLIENT LIST", Some(b"ID")) | ("CLIENT TRACKING", Some(b"REDIRECT")) => Some(By::Id),
        ("CLIENT KILL", Some(b"ADDR")) => Some(By::Address),
        ("CLIENT KILL", Some(b"LADDR")) => Some(By::OwnAddress),
        ("CLIENT KILL", Some(b"USER")) => Some(By::User),
        _ => None,
    }
}

/// A client as it is listed, so that one knows whom one is about to name.
fn described(replacement: &str, client: &Client) -> String {
    let parts = [replacement, &client.id, &client.name, &client.address, &client.command];
    let mut shown: Vec<&str> = Vec::new();
    for part in parts {
        if !part.is_empty() && !shown.contains(&part) {
            shown.push(part);
        }
    }
    shown.join(" ")
}
