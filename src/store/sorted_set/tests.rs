//! Sorted sets against a map and a sorted row, with snapshots taken midway.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const KEY: HashKey = HashKey(5, 6);

const SMALL: SortedSetLimits = SortedSetLimits { max_listpack_entries: 8, max_listpack_value: 64 };

type Model = BTreeMap<Vec<u8>, f64>;

fn sorted(model: &Model) -> Vec<(Vec<u8>, f64)> {
    let mut row: Vec<_> = model.iter().map(|(member, score)| (member.clone(), *score)).collect();
    // The map is in order of members already.
    row.sort_by(|one, other| one.1.partial_cmp(&other.1).unwrap());
    row
}

fn row(set: &SortedSet, ranks: Range<usize>, backward: bool) -> Vec<(Vec<u8>, f64)> {
    set.range(ranks, backward).map(|(member, score)| (member.to_vec(), score)).collect()
}

fn of<'m>(members: impl IntoIterator<Item = (&'m str, f64)>, limits: &SortedSetLimits) -> SortedSet {
    let mut set = SortedSet::new();
    for (member, score) in members {
        set.set(member.as_bytes(), score, limits, KEY);
    }
    set.verify().unwrap();
    set
}

/// Few scores, so that many are equal; and the ends of what a double can be.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-3..4i32).prop_map(f64::from),
        4 => (-20..20i32).prop_map(|number| f64::from(number) / 8.0),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0), Just(1e300), Just(5e-324)],
        2 => any::<f64>().prop_filter("a number", |number| !number.is_nan()),
    ]
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => (0..1500u32).prop_map(|number| format!("member:{number}").into_bytes()),
        4 => (0..90u32).prop_map(|number| number.to_string().into_bytes()),
        1 => (0..9usize, 400..700usize).prop_map(|(number, len)| vec![b'a' + number as u8; len]),
        1 => (0..4u8, 5000..70_000usize).prop_map(|(number, len)| vec![b'a' + number; len]),
        1 => Just(Vec::new()),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Set(Vec<u8>, f64),
    SetMany(u32, u32, f64),
    Remove(Vec<u8>),
    RemoveRanks(u32, u32),
    Snapshot,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (member(), score()).prop_map(|(member, score)| Step::Set(member, score)),
        3 => (0..1500u32, 1..400u32, score()).prop_map(|(from, count, score)| Step::SetMany(from, count, score)),
        3 => member().prop_map(Step::Remove),
        2 => (any::<u32>(), any::<u32>()).prop_map(|(start, len)| Step::RemoveRanks(start, len)),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Forget),
    ]
}

fn set(set: &mut SortedSet, model: &mut Model, member: &[u8], score: f64) {
    let old = model.get(member).copied();
    let change = set.set(member, score, &SMALL, KEY);
    match old {
        None => assert_eq!(change, ScoreChange::Added),
        Some(old) if old == score => assert_eq!(change, ScoreChange::Same),
        Some(_) => assert_eq!(change, ScoreChange::Updated),
    }
    if change != ScoreChange::Same {
        model.insert(member.to_vec(), score);
    }
}

fn apply(sorted_set: &mut SortedSet, model: &mut Model, step: &Step) {
    match step {
        Step::Set(member, score) => set(sorted_set, model, member, *score),
        Step::SetMany(from, count, score) => (0..*count).for_each(|number| {
            let member = format!("member:{}", from + number);
            // Every third one goes elsewhere than beside the others.
            let score = if number % 3 == 0 { f64::from(number) } else { *score };
            set(sorted_set, model, member.as_bytes(), score);
        }),
        Step::Remove(member) => assert_eq!(sorted_set.remove(member), model.remove(member)),
        Step::RemoveRanks(start, len) if !model.is_empty() => {
            let start = *start as usize % model.len();
            let end = start + *len as usize % (model.len() - start + 1);
            sorted(model)[start..end].iter().for_each(|(member, _)| {
                model.remove(member);
            });
            sorted_set.remove_ranks(start..end);
        }
        _ => {}
    }
}

fn assert_same(set: &SortedSet, model: &Model) {
    set.verify().unwrap();
    let sorted = sorted(model);
    assert_eq!(set.len(), model.len());
    assert_eq!(row(set, 0..usize::MAX, false), sorted);
    let mut scanned = Vec::new();
    let mut cursor = 0;
    loop {
        cursor = set.scan(cursor, 10, |member, score| scanned.push((member.to_vec(), score)));
        if cursor == 0 {
            break;
        }
    }
    scanned.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(scanned.iter().map(|(member, score)| (member, score)).eq(model.iter()));
    for (rank, (member, score)) in sorted.iter().enumerate() {
        assert_eq!(set.rank(member), Some((rank, *score)));
    }
}

fn assert_finds(set: &SortedSet, model: &Model, one: f64, other: f64, open: (bool, bool)) {
    let sorted = sorted(model);
    let range = ScoreRange { min: one, min_open: open.0, max: other, max_open: open.1 };
    let is_inside = |score: f64| {
        (if open.0 { score > one } else { score >= one })
            && (if open.1 { score < other } else { score <= other })
    };
    let inside: Vec<_> = sorted.iter().filter(|(_, score)| is_inside(*score)).cloned().collect();
    let ranks = set.ranks_by_score(&range);
    assert_eq!(row(set, ranks.clone(), false), inside);
    assert_eq!(row(set, ranks, true), inside.into_iter().rev().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn behaves_like_a_sorted_row(
        steps in proptest::collection::vec(step(), 1..50),
        (one, other, open) in (score(), score(), any::<(bool, bool)>()),
    ) {
        let (mut sorted_set, mut model) = (SortedSet::new(), Model::new());
        let mut snapshots = Vec::new();
        for step in &steps {
            apply(&mut sorted_set, &mut model, step);
            prop_assert_eq!(sorted_set.verify(), Ok(()));
            assert_finds(&sorted_set, &model, one, other, open);
            match step {
                Step::Snapshot => snapshots.push((sorted_set.clone(), model.clone())),
                Step::Forget if !snapshots.is_empty() => drop(snapshots.remove(0)),
                _ => {}
            }
        }
        snapshots.push((sorted_set, model));
        for (sorted_set, model) in &snapshots {
            assert_same(sorted_set, model);
        }
    }

    #[test]
    fn finds_texts_where_scores_are_equal(
        members in proptest::collection::btree_set("[a-c]{0,4}", 0..400),
        (min, max) in ("[a-c]{0,3}", "[a-c]{0,3}"),
        (min_open, max_open) in any::<(bool, bool)>(),
        limit in prop_oneof![Just(8), Just(1000)],
    ) {
        let limits = SortedSetLimits { max_listpack_entries: limit, ..SMALL };
        let set = of(members.iter().map(|member| (member.as_str(), 1.5)), &limits);
        let bound = |text: &'static str, open| {
            if open { LexBound::Excluding(text.as_bytes()) } else { LexBound::Including(text.as_bytes()) }
        };
        let leak = |text: &str| -> &'static str { text.to_owned().leak() };
        let range = LexRange { min: bound(leak(&min), min_open), max: bound(leak(&max), max_open) };
        let is_inside = |member: &&String| {
            (if min_open { **member > min } else { **member >= min })
                && (if max_open { **member < max } else { **member <= max })
        };
        let inside: Vec<_> = members.iter().filter(is_inside).map(|member| member.clone().into_bytes()).collect();
        for backward in [false, true] {
            let ranks = set.ranks_by_lex(&range, backward);
            let found: Vec<_> = set.range(ranks, false).map(|(member, _)| member.to_vec()).collect();
            prop_assert_eq!(&found, &inside);
        }
        let all = LexRange { min: LexBound::First, max: LexBound::Last };
        prop_assert_eq!(set.ranks_by_lex(&all, false), 0..members.len());
        let none = LexRange { min: LexBound::Last, max: LexBound::First };
        prop_assert!(set.ranks_by_lex(&none, false).is_empty());
    }
}

#[test]
fn zeros_of_both_signs_are_equal_and_stay_as_they_are() {
    for limits in [SMALL, SortedSetLimits { max_listpack_entries: 0, ..SMALL }] {
        let mut set = of([("b", -0.0), ("a", 0.0), ("c", 0.0)], &limits);
        assert_eq!(row(&set, 0..9, false).iter().map(|(member, _)| member[0]).collect::<Vec<_>>(), *b"abc");
        // As in Redis only a tree knows the sign.
        assert_eq!(set.score(b"b").unwrap().is_sign_negative(), !set.is_packed());
        assert_eq!(set.set(b"b", 0.0, &limits, KEY), ScoreChange::Same);
        assert_eq!(set.score(b"b").unwrap().is_sign_negative(), !set.is_packed());
    }
}

#[test]
fn limits_decide_the_form_and_it_stays() {
    let numbers: Vec<_> = (0..9).map(|number| number.to_string()).collect();
    let mut set = of(numbers[..8].iter().map(|member| (member.as_str(), 1.0)), &SMALL);
    assert_eq!(set.encoding(), "listpack");
    set.set(b"8", 1.0, &SMALL, KEY);
    assert_eq!(set.encoding(), "skiplist");
    set.remove(b"8");
    assert_eq!((set.encoding(), set.len()), ("skiplist", 8));
    let long = "x".repeat(65);
    assert_eq!(of([(&long[..64], 1.0)], &SMALL).encoding(), "listpack");
    assert_eq!(of([(&long[..], 1.0)], &SMALL).encoding(), "skiplist");
}

#[test]
fn members_in_order_fill_their_leaves_and_all_can_go() {
    let mut set = SortedSet::new();
    for number in 0..100_000u32 {
        set.set(format!("member:{number:08}").as_bytes(), f64::from(number), &SMALL, KEY);
    }
    set.verify().unwrap();
    let bytes = set.heap_bytes(0) / set.len();
    assert!(bytes < 50, "{bytes} bytes per member");
    assert_eq!(set.rank(b"member:00054321"), Some((54_321, 54_321.0)));
    set.remove_ranks(10..99_990);
    set.verify().unwrap();
    assert_eq!(set.len(), 20);
    set.remove_ranks(0..20);
    set.verify().unwrap();
    assert!(set.is_empty() && set.iter().next().is_none());
    set.set(b"again", 1.0, &SMALL, KEY);
    assert_eq!(set.rank(b"again"), Some((0, 1.0)));
}
