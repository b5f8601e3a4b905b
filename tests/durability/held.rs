//! What a key holds, as the model has it and as a server is found with it.

use crate::wire::{Client, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Text(Vec<u8>),
    List(VecDeque<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    Lot(Lot),
    /// All scores of the writers are integers.
    SortedSet(BTreeMap<Vec<u8>, i64>),
    /// The elements that a HyperLogLog has counted, all of them from [`ELEMENTS`].
    Sketch(BTreeSet<Vec<u8>>),
}

/// A value and its deadline.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) held: Held,
    pub(crate) deadline_ms: Option<u64>,
}

/// All keys of one writer.
pub(crate) type Keys = BTreeMap<Vec<u8>, Entry>;

/// What is counted by HyperLogLogs: few enough to be counted exactly, each in a register of its own.
pub(crate) const ELEMENTS: [&str; 12] =
    ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11"];

/// A set from which members were taken at random. Which ones is known where the reply arrived.
///
/// Members come once and never again, so that what was there at some moment is those that had come by then, but for
/// the taken ones.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Lot {
    /// Those of which nobody knows that they are gone, in the order in which they came.
    members: Vec<Vec<u8>>,
    /// What was taken without anybody knowing what it was: how many had come by then, how many of them went.
    taken: Vec<(usize, usize)>,
}

impl Lot {
    pub(crate) fn of(members: BTreeSet<Vec<u8>>) -> Self {
        Self { members: members.into_iter().collect(), taken: Vec::new() }
    }

    /// Those that may be there.
    pub(crate) fn members(&self) -> &[Vec<u8>] {
        &self.members
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len() - self.taken.iter().map(|(_, count)| count).sum::<usize>()
    }

    pub(crate) fn add(&mut self, members: &[Vec<u8>]) {
        self.members.extend(members.iter().cloned());
    }

    /// Takes `count` members; `which` if they are known.
    ///
    /// # Panics
    /// When that is not so many, or one that is not there.
    pub(crate) fn take(&mut self, count: usize, which: Option<&[Vec<u8>]>) {
        let count = count.min(self.len());
        let Some(which) = which else {
            self.taken.push((self.members.len(), count));
            return;
        };
        assert!(self.taken.is_empty(), "replies arrive in their order");
        assert_eq!(which.len(), count, "members were taken, of {}", self.len());
        for member in which {
            let place = self.members.iter().position(|other| other == member);
            let place = place.unwrap_or_else(|| panic!("{} was taken twice", member.escape_ascii()));
            self.members.remove(place);
        }
    }

    /// Whether the set may be what was found.
    fn may_be(&self, found: &Self) -> bool {
        let found: BTreeSet<_> = found.members.iter().collect();
        let gone: Vec<_> =
            (0..self.members.len()).filter(|place| !found.contains(&self.members[*place])).collect();
        // What was taken early was among those that came early; that is all that is known of it.
        let mut taken_so_far = 0;
        let mut possible = |(come, count): &(usize, usize)| {
            taken_so_far += count;
            gone.iter().filter(|place| *place < come).count() >= taken_so_far
        };
        self.taken.iter().all(&mut possible)
            && found.len() == self.len()
            && gone.len() + found.len() == self.members.len()
    }
}

impl Held {
    /// Whether this may be what was found.
    fn may_be(&self, found: &Self) -> bool {
        match (self, found) {
            (Self::Lot(lot), Self::Lot(found)) => lot.may_be(found),
            _ => self == found,
        }
    }

    /// How much there is of what, and some of it.
    fn outline(&self) -> (usize, &'static str, Vec<String>) {
        let short = |text: &Vec<u8>| text[..text.len().min(60)].escape_ascii().to_string();
        let pair = |name: &Vec<u8>, value: String| format!("{}={value}", short(name));
        let few = 9;
        match self {
            Self::Text(text) => (text.len(), "bytes", vec![short(text)]),
            Self::List(items) => {
                let ends = items.front().into_iter().chain(items.back());
                (items.len(), "elements", ends.map(short).collect())
            }
            Self::Hash(fields) => {
                let some = fields.iter().take(few).map(|(name, value)| pair(name, short(value)));
                (fields.len(), "fields", some.collect())
            }
            Self::Set(members) => (members.len(), "members", members.iter().map(short).collect()),
            Self::Sketch(elements) => (elements.len(), "counted", elements.iter().map(short).collect()),
            Self::Lot(lot) => {
                (lot.len(), "of a lot", lot.members.iter().rev().take(few).map(short).collect())
            }
            Self::SortedSet(scores) => {
                let some = scores.iter().map(|(name, score)| pair(name, score.to_string()));
                (scores.len(), "scores", some.collect())
            }
        }
    }
}

impl Entry {
    /// Whether this may be what was found.
    pub(crate) fn may_be(&self, found: &Self) -> bool {
        self.deadline_ms == found.deadline_ms && self.held.may_be(&found.held)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (len, what, some) = self.held.outline();
        match &some[..] {
            [one] if matches!(self.held, Held::Text(_)) => write!(f, "{len} {what} \"{one}\"")?,
            some => write!(f, "{len} {what} {some:?}")?,
        }
        write!(f, ", deadline {:?}", self.deadline_ms)
    }
}

/// Whether a key's deadline may pass during the test, so that nobody can say whether it is there.
pub(crate) fn is_fleeting(key: &[u8]) -> bool {
    is_named(key, b":fleet")
}

/// Whether a key is for a set that loses members at random.
pub(crate) fn is_lot(key: &[u8]) -> bool {
    is_named(key, b":lot")
}

fn is_named(key: &[u8], part: &[u8]) -> bool {
    key.windows(part.len()).any(|window| window == part)
}

/// What a server holds of the keys that match.
pub(crate) fn read(client: &mut Client, pattern: &str) -> Keys {
    let names: Vec<_> =
        client.ask_text(&["KEYS", pattern]).items().iter().map(|key| key.bytes().to_vec()).collect();
    names.into_iter().filter_map(|key| Some((key.clone(), read_entry(client, &key)?))).collect()
}

/// What a server holds under a key; nothing if its deadline passes just now.
pub(crate) fn read_entry(client: &mut Client, key: &[u8]) -> Option<Entry> {
    let mut ask = |words: &[&str]| {
        let key = key.to_vec();
        let mut words: Vec<_> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        words.insert(1, key);
        client.ask(&words)
    };
    let bytes = |value: &Value| value.bytes().to_vec();
    let held = match ask(&["TYPE"]).bytes() {
        b"string" => match ask(&["GET"]) {
            Value::Null(_) => return None,
            text if text.bytes().starts_with(b"HYLL") => Held::Sketch(counted(&mut ask)),
            text => Held::Text(bytes(&text)),
        },
        b"list" => Held::List(ask(&["LRANGE", "0", "-1"]).items().into_iter().map(bytes).collect()),
        b"hash" => {
            let words: Vec<_> = ask(&["HGETALL"]).items().into_iter().map(bytes).collect();
            Held::Hash(words.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
        }
        b"set" => {
            let members = ask(&["SMEMBERS"]).items().into_iter().map(bytes).collect();
            if is_lot(key) { Held::Lot(Lot::of(members)) } else { Held::Set(members) }
        }
        b"zset" => {
            let words: Vec<_> =
                ask(&["ZRANGE", "0", "-1", "WITHSCORES"]).items().into_iter().map(bytes).collect();
            let score = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
            Held::SortedSet(words.chunks(2).map(|pair| (pair[0].clone(), score(&pair[1]))).collect())
        }
        b"none" => return None,
        other => panic!("TYPE of {}: {}", key.escape_ascii(), other.escape_ascii()),
    };
    match ask(&["PEXPIRETIME"]).integer() {
        Some(-2) => None,
        at_ms => Some(Entry { held, deadline_ms: at_ms.and_then(|at_ms| u64::try_from(at_ms).ok()) }),
    }
}

/// The key under which a HyperLogLog stands that has counted one element and nothing else.
fn lone(element: &str) -> String {
    format!("lone:{element}")
}

/// Lays the HyperLogLogs that tell which elements others have counted, in the selected database.
pub(crate) fn lay_lone_sketches(client: &mut Client) {
    for element in ELEMENTS {
        assert!(!client.ask_text(&["PFADD", &lone(element), element]).is_error());
    }
}

/// Which elements a HyperLogLog has counted: those with which it counts no more than without.
fn counted(ask: &mut impl FnMut(&[&str]) -> Value) -> BTreeSet<Vec<u8>> {
    let count = ask(&["PFCOUNT"]).integer();
    let is_counted = |element: &&&str| ask(&["PFCOUNT", &lone(element)]).integer() == count;
    let elements: BTreeSet<_> =
        ELEMENTS.iter().filter(is_counted).map(|element| element.as_bytes().to_vec()).collect();
    assert_eq!(i64::try_from(elements.len()).ok(), count, "it has counted something else");
    elements
}
