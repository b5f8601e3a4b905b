//! Whether what is found after an end is what it may be.
//!
//! The rule for each writer: its keys, and what it left in those that all share, are together what the first so many
//! of its requests make of what was there before: not fewer than the policy promises, not more than were sent. That
//! one rule covers lost and repeated requests, their order, and units of which a part is missing.

use crate::model::{Entry, Held, Keys, apply, is_fleeting, read};
use crate::wire::Client;
use crate::writer::{DATABASES, Writer, is_shared, now_ms};
use std::collections::{BTreeMap, BTreeSet};
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

/// What the keys hold that all share.
struct Shared {
    count: i64,
    /// For each writer its elements in the list, in order.
    pushed: BTreeMap<usize, Vec<Vec<u8>>>,
    /// The marks that the last writer of four fields, and of three keys, left.
    hash: Option<Vec<u8>>,
    keys: Option<Vec<u8>>,
}

impl Shared {
    fn read(client: &mut Client, round: usize) -> Self {
        let all = read(client, &format!("shared:{round}:*"));
        let get = |name: &str| all.get(format!("shared:{round}:{name}").as_bytes()).map(|entry| &entry.held);
        let text = |name: &str| match get(name) {
            Some(Held::Text(text)) => Some(text.clone()),
            None => None,
            Some(_) => panic!("{name} is no string"),
        };
        let count = text("count").map_or(0, |text| std::str::from_utf8(&text).unwrap().parse().unwrap());
        let marks = ["x", "y", "z"].map(text);
        assert!(marks.iter().all(|mark| *mark == marks[0]), "half an MSET: {marks:?}");
        let [keys, ..] = marks;
        let hash = get("hash").map(|held| match held {
            Held::Hash(fields) => {
                let marks: BTreeSet<_> = fields.values().collect();
                assert!((fields.len(), marks.len()) == (4, 1), "half an HSET: {fields:?}");
                fields[&b"a"[..]].clone()
            }
            _ => panic!("no hash"),
        });
        let list = match get("list") {
            Some(Held::List(list)) => list.iter().cloned().collect(),
            _ => Vec::new(),
        };
        Self { count, pushed: by_writer(&list), hash, keys }
    }

    fn check(&self, writers: &[&Writer], cuts: &[Vec<usize>]) {
        let counted = |pick: fn(&Vec<usize>) -> usize| -> usize {
            let each = writers.iter().zip(cuts).map(|(writer, cuts)| {
                writer.sent[..pick(cuts)].iter().filter(|words| words[0] == b"INCR").count()
            });
            each.sum()
        };
        let (least, most) = (counted(|cuts| cuts[0]), counted(|cuts| cuts[cuts.len() - 1]));
        let count = usize::try_from(self.count).unwrap();
        assert!((least..=most).contains(&count), "the counter is {count}, not {least} to {most}");
        for (name, mark) in [("HSET", &self.hash), ("MSET", &self.keys)] {
            let possible = last_marks(name.as_bytes(), writers, cuts);
            assert!(possible.contains(mark), "the last {name} left {mark:?}, not one of {possible:?}");
        }
    }
}

/// The marks that may stand there: each writer's last one, or none if nobody needs to have been there.
fn last_marks(name: &[u8], writers: &[&Writer], cuts: &[Vec<usize>]) -> BTreeSet<Option<Vec<u8>>> {
    let last = |writer: &Writer, cut: usize| {
        let mut requests = writer.sent[..cut].iter().rev();
        let request = requests.find(|words| is_shared(words) && words[0] == name);
        request.map(|words| words[words.len() - 1].clone())
    };
    let of_writer = |(writer, cuts): (&&Writer, &Vec<usize>)| -> BTreeSet<_> {
        cuts.iter().map(|cut| last(writer, *cut)).collect()
    };
    let each: Vec<_> = writers.iter().zip(cuts).map(of_writer).collect();
    let none = each.iter().all(|marks| marks.contains(&None));
    let some = each.into_iter().flatten().filter(Option::is_some);
    some.chain(none.then_some(None)).collect()
}

/// The elements of the list by who pushed them; what one request pushed has to stand together.
fn by_writer(list: &Vec<Vec<u8>>) -> BTreeMap<usize, Vec<Vec<u8>>> {
    let mut pushed = BTreeMap::<_, Vec<_>>::new();
    let mut rest = list.as_slice();
    while let Some(first) = rest.first() {
        let text = std::str::from_utf8(first).unwrap();
        let parts: Vec<&str> = text.split(':').collect();
        let [number, round, request, _, len] = parts[..] else { panic!("a foreign element: {text}") };
        let len: usize = len.parse().unwrap();
        let whole = (0..len).map(|index| format!("{number}:{round}:{request}:{index}:{len}").into_bytes());
        let whole: Vec<_> = whole.collect();
        assert!(rest.starts_with(&whole), "half an RPUSH at {text}, {} elements before the end", rest.len());
        pushed.entry(number.parse().unwrap()).or_default().extend(whole);
        rest = &rest[len..];
    }
    pushed
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
            apply(&mut keys, words);
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
        _ => expected == found,
    };
    let wrong = pairs.filter(|(key, expected, found)| !may_be(key, *expected, *found));
    wrong.map(|(key, expected, found)| (key.escape_ascii().to_string(), expected, found)).collect()
}
