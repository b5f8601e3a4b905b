//! Whether what is found after an end is what it may be.
//!
//! The rule for each writer: its keys, and what it left in those that all share, are together what the first so many
//! of its requests make of what was there before: not fewer than the policy promises, not more than were sent. That
//! one rule covers lost and repeated requests, their order, and units of which a part is missing.

use crate::held::{Entry, Keys, is_fleeting, lay_lone_sketches, read};
use crate::shared::Shared;
use crate::wire::Client;
use crate::writer::{DATABASES, Writer, is_shared, now_ms};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// With `appendfsync everysec` and `no` a reply does not wait for the disk. SIGKILL leaves what the system has been
/// given, so that only what had not been handed over yet can be missing: some milliseconds' worth, measured up to 25 ms
/// beside other work; in Redis, only where a flush had been put off for a sync. What is asserted is the second that is
/// promised, with as much added as a thread may have to wait on a busy machine; what `WAITAOF` vouched for is there
/// without any such allowance.
const AT_RISK: Duration = Duration::from_millis(1000 + 500);

/// How many of a writer's requests have to be there.
#[derive(Clone, Copy)]
pub(crate) enum Promise {
    /// All that were acknowledged.
    Acknowledged,
    /// All that were acknowledged some time before this moment, or that `WAITAOF` vouched for.
    AcknowledgedBefore(Instant),
    /// None: any moment of the past.
    Nothing,
}

impl Promise {
    fn least(self, writer: &Writer) -> usize {
        let acknowledged = &writer.acknowledged;
        match self {
            Self::Acknowledged => acknowledged.len(),
            Self::AcknowledgedBefore(end) => {
                let safe = acknowledged.iter().take_while(|at| **at + AT_RISK < end).count();
                safe.max(writer.promised)
            }
            Self::Nothing => 0,
        }
    }
}

/// Looks at everything the writers wrote; answers what their keys hold now.
///
/// # Panics
/// When it is not what it may be.
pub(crate) fn judge(client: &mut Client, writers: &[Writer], promise: Promise) -> Vec<Keys> {
    let mut found: Vec<_> = writers.iter().map(|_| Keys::new()).collect();
    for database in 0..DATABASES {
        client.ask_text(&["SELECT", &database.to_string()]);
        lay_lone_sketches(client);
        let here: Vec<_> = writers.iter().filter(|writer| writer.database() == database).collect();
        let shared = Shared::read(client, here[0].round);
        let mut cuts = Vec::new();
        for writer in &here {
            let keys = read(client, &format!("own:{}:*", writer.number));
            cuts.push(possible_cuts(writer, promise.least(writer), &keys, &shared));
            found[writer.number] = keys;
        }
        shared.check(&here, &cuts);
    }
    found
}

/// After how many requests the writer's keys, and its elements in the shared list, may be what was found.
fn possible_cuts(writer: &Writer, least: usize, found: &Keys, shared: &Shared) -> Vec<usize> {
    let found_at_ms = now_ms().unsigned_abs();
    let nothing = Vec::new();
    let found_pushed = shared.pushed.get(&writer.number).unwrap_or(&nothing);
    let (mut keys, mut pushed) = (writer.before.clone(), Vec::new());
    let mut cuts = Vec::new();
    let mut at_acknowledged = String::new();
    for cut in 0..=writer.sent.len() {
        if cut >= least && pushed == *found_pushed && differences(&keys, found, found_at_ms).is_empty() {
            cuts.push(cut);
        }
        if cut == writer.acknowledged.len() {
            at_acknowledged = format!("{:#?}", differences(&keys, found, found_at_ms));
            at_acknowledged += &format!("\npushed {}, found {}", pushed.len(), found_pushed.len());
        }
        let Some(words) = writer.sent.get(cut) else { break };
        if !is_shared(words) {
            writer.apply(&mut keys, cut);
        } else if words[0] == b"RPUSH" {
            pushed.extend(words[2..].iter().cloned());
        }
    }
    assert!(
        !cuts.is_empty(),
        "round {}: writer {} sent {} requests, {} were acknowledged, {least} of them have to be there. What was found \
         is the outcome of no such prefix. Keys that differ from all that was acknowledged: {at_acknowledged}",
        writer.round,
        writer.number,
        writer.sent.len(),
        writer.acknowledged.len(),
    );
    cuts
}

/// The keys that differ: what they have to hold, and what was found.
fn differences<'a>(
    expected: &'a Keys,
    found: &'a Keys,
    now_ms: u64,
) -> Vec<(String, Option<&'a Entry>, Option<&'a Entry>)> {
    let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let pairs = names.into_iter().map(|key| (key, expected.get(key), found.get(key)));
    let may_be = |key: &[u8], expected: Option<&Entry>, found: Option<&Entry>| match (expected, found) {
        (Some(Entry { deadline_ms: Some(at_ms), .. }), None) if is_fleeting(key) => *at_ms <= now_ms,
        (Some(expected), Some(found)) => expected.may_be(found),
        (None, None) => true,
        _ => false,
    };
    let wrong = pairs.filter(|(key, expected, found)| !may_be(key, *expected, *found));
    wrong.map(|(key, expected, found)| (key.escape_ascii().to_string(), expected, found)).collect()
}
