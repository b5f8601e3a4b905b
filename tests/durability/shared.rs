//! What the writers leave in the keys that all of them share, and whether that fits together.

use crate::held::{Held, read};
use crate::wire::Client;
use crate::writer::{Writer, is_shared};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What the keys hold that all share.
pub(crate) struct Shared {
    count: i64,
    /// The score of the one member that all raise.
    tally: i64,
    /// What is left in the set to which all add and from which all take at random.
    lot: BTreeSet<Vec<u8>>,
    /// For each writer its elements in the list, in order.
    pub(crate) pushed: BTreeMap<usize, Vec<Vec<u8>>>,
    /// The marks that the last writer of four fields, and of three keys, left.
    hash: Option<Vec<u8>>,
    keys: Option<Vec<u8>>,
}

impl Shared {
    pub(crate) fn read(client: &mut Client, round: usize) -> Self {
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
        let tally = match get("tally") {
            Some(Held::SortedSet(scores)) => scores[&b"all"[..]],
            _ => 0,
        };
        let lot = match get("lot") {
            Some(Held::Lot(lot)) => lot.members().iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        Self { count, tally, lot, pushed: by_writer(&list), hash, keys }
    }

    pub(crate) fn check(&self, writers: &[&Writer], cuts: &[Vec<usize>]) {
        for (name, count) in [("INCR", self.count), ("ZINCRBY", self.tally)] {
            let counted = |pick: fn(&[usize]) -> usize| {
                writers
                    .iter()
                    .zip(cuts)
                    .map(|(writer, cuts)| about(writer, name, 0..pick(cuts)).count())
                    .sum::<usize>()
            };
            let (least, most) = (counted(first), counted(last));
            let count = usize::try_from(count).unwrap();
            assert!((least..=most).contains(&count), "{name} counted {count}, not {least} to {most}");
        }
        check_lot(&self.lot, writers, cuts);
        for (name, mark) in [("HSET", &self.hash), ("MSET", &self.keys)] {
            let possible = last_marks(name.as_bytes(), writers, cuts);
            assert!(possible.contains(mark), "the last {name} left {mark:?}, not one of {possible:?}");
        }
    }
}

fn first(cuts: &[usize]) -> usize {
    cuts[0]
}

fn last(cuts: &[usize]) -> usize {
    cuts[cuts.len() - 1]
}

/// The numbers of a writer's requests of a name to a key that all share.
fn about(writer: &Writer, name: &str, numbers: Range<usize>) -> impl Iterator<Item = usize> {
    let is_it = move |number: &usize| {
        let words = &writer.sent[*number];
        is_shared(words) && words[0] == name.as_bytes()
    };
    numbers.filter(is_it)
}

/// What was taken is gone and what was not is there, whoever it was.
fn check_lot(found: &BTreeSet<Vec<u8>>, writers: &[&Writer], cuts: &[Vec<usize>]) {
    let all = |pick: fn(&[usize]) -> usize, name: &'static str| {
        let pairs = writers.iter().zip(cuts);
        pairs.flat_map(move |(writer, cuts)| {
            about(writer, name, 0..pick(cuts)).map(move |number| (writer, number))
        })
    };
    let added = |pick| -> BTreeSet<_> {
        all(pick, "SADD").map(|(writer, number)| writer.sent[number][2].clone()).collect()
    };
    let taken = |pick| -> Vec<_> {
        all(pick, "SPOP")
            .filter_map(|(writer, number)| writer.picked.get(&number))
            .flatten()
            .cloned()
            .collect()
    };
    let (surely_added, perhaps_added) = (added(first), added(last));
    let (surely_taken, perhaps_taken) = (taken(first), taken(last));
    let distinct: BTreeSet<_> = perhaps_taken.iter().collect();
    assert_eq!(distinct.len(), perhaps_taken.len(), "what one writer took another got as well");
    assert!(found.is_subset(&perhaps_added), "{found:?} has what nobody added");
    for member in &surely_taken {
        assert!(!found.contains(member), "{} was taken and is there", member.escape_ascii());
        assert!(perhaps_added.contains(member), "{} was taken and never added", member.escape_ascii());
    }
    let unexplained = surely_added.difference(found).filter(|member| !distinct.contains(member)).count();
    let unknown = all(last, "SPOP").filter(|(writer, number)| !writer.picked.contains_key(number)).count();
    assert!(unexplained <= unknown, "{unexplained} members are gone, {unknown} may have been taken");
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
