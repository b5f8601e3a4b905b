//! Keys found as a real server finds them; the expected positions follow Redis's key specifications.

use super::super::spec::Spec;
use super::*;
use crate::resp::DetachedRequest;

fn found(specs: &[KeySpec], request: &str) -> Option<Vec<usize>> {
    let request = DetachedRequest::new(&request.split(' ').collect::<Vec<_>>());
    let mut keys = Vec::new();
    let fits = specs.iter().all(|spec| add_keys(spec, Words::new(request.argv(), 0), &mut keys).is_some());
    fits.then(|| keys.iter().map(|key| key.index).collect())
}

#[test]
fn ranges_begin_at_a_position_or_behind_a_word() {
    const RO: &[KeyFlag] = &[KeyFlag::Ro];
    let one = |request| found(&[KeySpec::one(RO)], request);
    assert_eq!(one("get k"), Some(vec![1]));
    assert_eq!(one("get"), None);
    assert_eq!(found(&[KeySpec::all(RO)], "del a b c"), Some(vec![1, 2, 3]));
    assert_eq!(found(&[KeySpec::one(RO).range(-1, 2, 0)], "mset a 1 b 2"), Some(vec![1, 3]));
    assert_eq!(found(&[KeySpec::one(RO).to(-2)], "blpop a b 0"), Some(vec![1, 2]));
    let streams = || [KeySpec::one(RO).range(-1, 1, 2).after("STREAMS", 1)];
    assert_eq!(found(&streams(), "xread count 1 streams a b 0 0"), Some(vec![4, 5]));
    assert_eq!(found(&streams(), "xread count 1 stream a b 0 0"), Some(vec![]));
    let keys = || [KeySpec::all(RO).after("KEYS", -2)];
    assert_eq!(found(&keys(), "migrate h p k 0 1 KEYS a"), Some(vec![7]));
    assert_eq!(found(&keys(), "migrate h p k 0 1 KEYS a b"), Some(vec![]));
    assert_eq!(found(&[KeySpec::unknown(RO)], "sort k"), None);
}

#[test]
fn counted_keys_follow_their_number() {
    const RO: &[KeyFlag] = &[KeyFlag::Ro];
    let store = || [KeySpec::one(&[KeyFlag::Ow]), KeySpec::counted(RO).at(2)];
    assert_eq!(found(&store(), "zunionstore d 2 a b weights 1 2"), Some(vec![1, 3, 4]));
    for wrong in ["zunionstore d 3 a b", "zunionstore d 0 a", "zunionstore d x a", "zunionstore d"] {
        assert_eq!(found(&store(), wrong), None, "{wrong}");
    }
    let huge = format!("zunionstore d {} a", i64::MIN);
    assert_eq!(found(&store(), &huge), None);
}

#[test]
fn a_function_is_asked_where_specifications_fail() {
    const FALLBACK: FindKeys = |_, keys| keys.push(KeyAt { index: 7, flags: KeyFlags::default() });
    const VARIABLE: Spec = Spec {
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::VariableFlags])],
        find_keys: Some(FALLBACK),
        ..Spec::EMPTY
    };
    const EXACT: Spec =
        Spec { keys: &[KeySpec::one(&[KeyFlag::Rw])], find_keys: Some(FALLBACK), ..Spec::EMPTY };
    let request = DetachedRequest::new(&["x", "k"]);
    let index = |spec: &'static Spec, from| {
        let row = Row::new(spec, |_| unreachable!());
        keys_of(&row, Words::new(request.argv(), from)).iter().map(|key| key.index).collect::<Vec<_>>()
    };
    assert_eq!(index(&VARIABLE, 0), [7]);
    assert_eq!(index(&EXACT, 0), [1]);
    assert_eq!(index(&EXACT, 1), [7]);
}

#[test]
fn three_numbers_cover_what_they_can() {
    const RO: &[KeyFlag] = &[KeyFlag::Ro];
    let range = |specs: &[KeySpec]| {
        let LegacyRange { first, last, step, movable } = LegacyRange::of(specs);
        (first, last, step, movable)
    };
    assert_eq!(range(&[]), (0, 0, 0, false));
    assert_eq!(range(&[KeySpec::one(RO).at(2)]), (2, 2, 1, false));
    assert_eq!(range(&[KeySpec::one(RO).range(-1, 2, 0)]), (1, -1, 2, false));
    assert_eq!(range(&[KeySpec::one(RO), KeySpec::all(RO).at(2)]), (1, -1, 1, false));
    assert_eq!(range(&[KeySpec::one(RO), KeySpec::counted(RO).at(2)]), (1, 1, 1, true));
    assert_eq!(range(&[KeySpec::one(RO).after("STREAMS", 1)]), (0, 0, 0, true));
    assert_eq!(range(&[KeySpec::one(&[KeyFlag::Incomplete])]), (1, 1, 1, true));
}
