//! The dict against a map: growth, shrinking, snapshots, SCAN, deadlines.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const KEY: HashKey = HashKey(1, 2);

#[derive(Debug, Clone, PartialEq)]
struct Pair(String, u32);

impl Held for Pair {}

impl Keyed for Pair {
    fn key(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn touch(&self) {
        std::hint::black_box(self.1);
    }
}

fn pair(number: u32) -> Pair {
    Pair(format!("key:{number}"), number)
}

fn filled(numbers: std::ops::Range<u32>) -> Dict<Pair> {
    let mut dict = Dict::new(KEY);
    numbers.for_each(|number| assert_eq!(dict.replace(pair(number)), None));
    dict
}

fn numbers(dict: &Dict<Pair>) -> BTreeSet<u32> {
    dict.iter().map(|(pair, _)| pair.1).collect()
}

#[test]
fn grows_and_shrinks_by_segments() {
    let mut dict = filled(0..20_000);
    dict.verify().unwrap();
    assert!(dict.segments.len() > 20_000 / SEGMENT_MAX_ENTRIES);
    for number in 0..20_000 {
        assert_eq!(dict.get(pair(number).key()), Some(&pair(number)));
    }
    for number in 0..19_990 {
        assert_eq!(dict.remove(pair(number).key()), Some(pair(number)));
        if number % 500 == 0 {
            dict.verify().unwrap();
        }
    }
    dict.verify().unwrap();
    assert_eq!((dict.len(), dict.segments.len(), dict.directory.len()), (10, 1, 1));
}

#[test]
fn a_snapshot_stays_and_only_changed_segments_are_copied() {
    let mut dict = filled(0..10_000);
    let snapshot = dict.clone();
    dict.get_mut(b"key:5").unwrap().1 = 99;
    let copied = dict.segments.iter().zip(&snapshot.segments).filter(|(a, b)| !Arc::ptr_eq(a, b)).count();
    assert_eq!(copied, 1);
    (0..5_000).for_each(|number| drop(dict.remove(pair(number).key())));
    (10_000..15_000).for_each(|number| drop(dict.replace(pair(number))));
    assert_eq!(numbers(&snapshot), (0..10_000).collect());
    assert_eq!(numbers(&dict), (5_000..15_000).collect());
    snapshot.verify().unwrap();
    dict.verify().unwrap();
}

#[test]
fn scan_visits_each_once_and_honours_count() {
    let dict = filled(0..10_000);
    let (mut cursor, mut seen, mut calls) = (0, Vec::new(), 0);
    loop {
        let before = seen.len();
        cursor = dict.scan(cursor, 100, |pair, _| seen.push(pair.1));
        calls += 1;
        assert!(cursor == 0 || (100..110).contains(&(seen.len() - before)));
        if cursor == 0 {
            break;
        }
    }
    assert_eq!((seen.len(), calls), (10_000, 100));
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>().len(), 10_000);
    assert_eq!(dict.scan(u64::MAX, 10, |_, _| panic!("past the end")), 0);
    assert_eq!(Dict::<Pair>::new(KEY).scan(0, 10, |_, _| panic!("empty")), 0);
}

#[test]
fn scan_keeps_its_promise_while_the_dict_grows_and_shrinks() {
    let mut dict = filled(0..10_000);
    let (mut cursor, mut seen, mut next) = (0, BTreeMap::new(), 10_000);
    let mut gone = 5_000;
    loop {
        cursor = dict.scan(cursor, 50, |pair, _| *seen.entry(pair.1).or_insert(0) += 1);
        if cursor == 0 {
            break;
        }
        // Half of the keys stay throughout; the others go while new ones come.
        for _ in 0..(gone % 60) {
            dict.replace(pair(next));
            next += 1;
        }
        (gone..(gone + 30).min(10_000)).for_each(|number| drop(dict.remove(pair(number).key())));
        gone = (gone + 30).min(10_000);
    }
    assert!((0..5_000).all(|number| seen.get(&number) == Some(&1)));
    assert!(seen.values().all(|times| *times == 1));
    dict.verify().unwrap();
}

#[test]
fn samples_find_the_few_that_have_a_deadline() {
    let mut dict = filled(0..20_000);
    let volatile: BTreeSet<u32> = (0..7).map(|number| number * 2_500).collect();
    let spot_of = |dict: &Dict<Pair>, number| match dict.seek(pair(number).key()) {
        Seek::Found(spot) => spot,
        Seek::Vacant(_) => panic!("{number} is there"),
    };
    for number in &volatile {
        dict.set_deadline(spot_of(&dict, *number), Some(u64::from(*number) + 1));
    }
    for hash in (0..=u32::MAX).step_by(99_999_999) {
        for (count, found) in [(1, 1), (3, 3), (7, 7), (100, 7)] {
            let mut seen = BTreeSet::new();
            dict.sample(hash, count, true, |pair, _, deadline_ms| {
                assert_eq!(deadline_ms, Some(u64::from(pair.1) + 1));
                seen.insert(pair.1);
            });
            assert!(seen.len() == found && seen.is_subset(&volatile), "{hash}, {count}: {seen:?}");
        }
    }
    // Whether a deadline goes alone or with its entry, nothing is left of it.
    for number in volatile {
        match number % 2 {
            0 => drop(dict.remove_at(spot_of(&dict, number))),
            _ => drop(dict.set_deadline(spot_of(&dict, number), None)),
        }
        dict.verify().unwrap();
    }
    assert_eq!(dict.soonest_ms(), None);
    dict.sample(0, 5, true, |pair, _, _| panic!("{pair:?}"));
}

#[test]
fn random_picks_are_uniform() {
    // Few segments are counted, many are thrown at; after the removals some are deeper than others.
    for (numbers, gone) in [(0..1_000, 0..100), (0..12_000, 2_000..8_000)] {
        let mut dict = filled(numbers.clone());
        gone.clone().for_each(|number| drop(dict.remove(pair(number).key())));
        let mut picks = vec![0u32; numbers.len()];
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        };
        for _ in 0..dict.len() * 100 {
            picks[dict.random(&mut random).unwrap().1 as usize] += 1;
        }
        let kept = numbers.filter(|number| !gone.contains(number)).map(|number| picks[number as usize]);
        let (least, most) =
            kept.fold((u32::MAX, 0), |(least, most), times| (least.min(times), most.max(times)));
        // Five times the standard deviation around a hundred.
        assert!(least > 50 && most < 150, "{least} to {most}");
    }
    assert_eq!(Dict::<Pair>::new(KEY).random(|| 7), None);
}

#[derive(Debug, Clone)]
enum Step {
    Put(u32, u32),
    PutMany(u32),
    Remove(u32),
    RemoveMany(u32),
    Deadline(u32, Option<u64>),
    Purge(u64, usize),
    Snapshot,
    /// Lets go of the oldest snapshot.
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..3_000u32;
    prop_oneof![
        (number.clone(), any::<u32>()).prop_map(|(number, value)| Step::Put(number, value)),
        number.clone().prop_map(Step::PutMany),
        number.clone().prop_map(Step::Remove),
        number.clone().prop_map(Step::RemoveMany),
        (number, proptest::option::of(0..1_000u64)).prop_map(|(number, at)| Step::Deadline(number, at)),
        (0..1_000u64, 0..400usize).prop_map(|(now, budget)| Step::Purge(now, budget)),
        Just(Step::Snapshot),
        Just(Step::Forget),
    ]
}

type Model = BTreeMap<String, (u32, Option<u64>)>;

fn contents(dict: &Dict<Pair>) -> Model {
    dict.iter().map(|(pair, at)| (pair.0.clone(), (pair.1, at))).collect()
}

fn put(dict: &mut Dict<Pair>, model: &mut Model, number: u32, value: u32) {
    let name = pair(number).0;
    let old = dict.replace(Pair(name.clone(), value)).map(|pair| pair.1);
    assert_eq!(old, model.get(&name).map(|(value, _)| *value));
    model.entry(name).or_insert((value, None)).0 = value;
}

fn set_deadline(dict: &mut Dict<Pair>, model: &mut Model, number: u32, at: Option<u64>) {
    let name = pair(number).0;
    match (dict.seek(name.as_bytes()), model.get_mut(&name)) {
        (Seek::Found(spot), Some((_, old))) => {
            assert_eq!(dict.set_deadline(spot, at), std::mem::replace(old, at))
        }
        (Seek::Vacant(_), None) => {}
        (seek, model) => panic!("{seek:?} against {model:?}"),
    }
}

fn purge(dict: &mut Dict<Pair>, model: &mut Model, now: u64, budget: usize) {
    let mut purged = 0;
    let more = dict.purge_due(now, budget, |pair, at| {
        assert!(at < now);
        assert_eq!(model.remove(&pair.0), Some((pair.1, Some(at))));
        purged += 1;
    });
    let due = model.values().filter(|(_, at)| at.is_some_and(|at| at < now)).count();
    assert!(
        purged <= budget && (due == 0) >= !more && (more || dict.soonest_ms().is_none_or(|at| at >= now))
    );
}

fn apply(dict: &mut Dict<Pair>, model: &mut Model, step: &Step) {
    match step {
        Step::Put(number, value) => put(dict, model, *number, *value),
        Step::PutMany(from) => (*from..from + 300).for_each(|number| {
            put(dict, model, number, number);
            set_deadline(dict, model, number, (number % 3 == 0).then_some(u64::from(number % 1_000)));
        }),
        Step::Remove(number) => {
            let old = dict.remove(pair(*number).key()).map(|pair| pair.1);
            assert_eq!(old, model.remove(&pair(*number).0).map(|(value, _)| value));
        }
        Step::RemoveMany(from) => (*from..from + 500).for_each(|number| {
            assert_eq!(dict.remove(pair(number).key()).is_some(), model.remove(&pair(number).0).is_some());
        }),
        Step::Deadline(number, at) => set_deadline(dict, model, *number, *at),
        Step::Purge(now, budget) => purge(dict, model, *now, *budget),
        Step::Snapshot | Step::Forget => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn behaves_like_a_map(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut dict, mut model) = (Dict::new(KEY), Model::new());
        let mut snapshots = Vec::new();
        for step in &steps {
            apply(&mut dict, &mut model, step);
            prop_assert_eq!(dict.verify(), Ok(()));
            match step {
                Step::Snapshot => snapshots.push((dict.clone(), model.clone())),
                Step::Forget if !snapshots.is_empty() => drop(snapshots.remove(0)),
                _ => {}
            }
        }
        snapshots.push((dict, model));
        for (dict, model) in &snapshots {
            prop_assert_eq!(dict.verify(), Ok(()));
            prop_assert_eq!(dict.len(), model.len());
            prop_assert_eq!(&contents(dict), model);
        }
    }
}
