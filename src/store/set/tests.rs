//! Sets against a plain one, in all forms and across their borders; random picks counted.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const HASH_KEY: HashKey = HashKey(3, 4);

const LIMITS: SetLimits =
    SetLimits { max_intset_entries: 12, max_listpack_entries: 8, max_listpack_value: 10 };

#[derive(Debug, Clone)]
enum Step {
    Add(Vec<u8>),
    Remove(Vec<u8>),
    Pop(u64),
    Expect(Vec<u8>, usize),
    PreferInts,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (-9..9i64).prop_map(|int| int.to_string().into_bytes()),
        3 => (any::<i64>(), 0..64u32).prop_map(|(int, shift)| (int >> shift).to_string().into_bytes()),
        2 => "[a-c]{0,2}".prop_map(String::into_bytes),
        1 => "[a-b]{9,12}".prop_map(String::into_bytes),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => text().prop_map(Step::Add),
        3 => text().prop_map(Step::Remove),
        2 => any::<u64>().prop_map(Step::Pop),
        1 => (text(), 1..15usize).prop_map(|(first, count)| Step::Expect(first, count)),
        1 => Just(Step::PreferInts),
    ]
}

fn texts(set: &Set) -> BTreeSet<Vec<u8>> {
    let members: Vec<_> = set.iter().map(|member| member.text().to_vec()).collect();
    let (len, texts) = (members.len(), members.into_iter().collect::<BTreeSet<_>>());
    assert_eq!((len, set.len()), (texts.len(), texts.len()), "a member comes twice");
    texts
}

fn add(set: &mut Set, text: &[u8]) -> bool {
    set.add(&StringRef::Slice(text).into(), &LIMITS, HASH_KEY)
}

fn set_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Set {
    let mut set = Set::new();
    texts.into_iter().for_each(|text| assert!(add(&mut set, text.as_bytes())));
    set
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn behaves_like_a_set(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        let mut copies = Vec::new();
        for step in steps {
            match step {
                Step::Add(text) => prop_assert_eq!(add(&mut set, &text), model.insert(text)),
                Step::Remove(text) => prop_assert_eq!(set.remove(&text), model.remove(&text)),
                Step::Pop(random) => match set.pop(|| random) {
                    Some(popped) => prop_assert!(model.remove(&*popped)),
                    None => prop_assert!(model.is_empty()),
                },
                Step::Expect(first, count) => set.expect(&first, count, &LIMITS, HASH_KEY),
                Step::PreferInts => set.prefer_ints(&LIMITS),
            }
            prop_assert_eq!(set.verify(), Ok(()));
            prop_assert_eq!(&texts(&set), &model);
            let fits = match set.encoding() {
                "intset" => set.len() <= LIMITS.max_intset_entries,
                "listpack" => set.len() <= LIMITS.max_listpack_entries,
                _ => true,
            };
            prop_assert!(fits, "{} is too small a form", set.encoding());
            let mut scanned = Vec::new();
            let mut cursor = 0;
            loop {
                cursor = set.scan(cursor, 3, |member| scanned.push(member.text().to_vec()));
                if cursor == 0 { break }
            }
            scanned.sort();
            prop_assert!(scanned.iter().eq(&model));
            // Every member is found in a set of another form, with and without its hash.
            let mut table = Set::new_table(HASH_KEY);
            for member in set.iter() {
                prop_assert!(set.has(&member) && !table.has(&member));
                prop_assert!(table.add(&member, &LIMITS, HASH_KEY) && table.has(&member));
            }
            prop_assert!(table.iter().all(|member| set.has(&member) && table.has(&member)));
            copies.push((set.clone(), model.clone()));
        }
        // What was copied along the way is as it was.
        for (copy, model) in &copies {
            prop_assert_eq!(&texts(copy), model);
        }
    }
}

#[test]
fn forms_change_where_those_of_redis_do() {
    let mut set = set_of(["1", "70000", "-1"]);
    assert_eq!((set.encoding(), set.ints().unwrap().width_bytes()), ("intset", 4));
    assert!(set.remove(b"70000"));
    assert_eq!(set.ints().unwrap().width_bytes(), 4, "an intset never gets narrower");
    assert!(add(&mut set, b"a"));
    assert_eq!(set.encoding(), "listpack");
    let order: Vec<_> = set.iter().map(|member| member.text().to_vec()).collect();
    assert_eq!(order, [&b"-1"[..], b"1", b"a"]);
    assert!(add(&mut set, b"ten letter"));
    assert_eq!(set.encoding(), "listpack");
    assert!(add(&mut set, b"more than ten"));
    assert_eq!(set.encoding(), "hashtable");
    // Integers too many or too long for a packed set.
    let mut many = set_of(["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert!(add(&mut many, b"a"));
    assert_eq!(many.encoding(), "hashtable");
    let mut long = set_of(["12345678901"]);
    assert!(add(&mut long, b"a"));
    assert_eq!(long.encoding(), "hashtable");
    let ints: Vec<_> = (0..12).map(|int| int.to_string()).collect();
    let mut full = set_of(ints.iter().map(String::as_str));
    assert_eq!(full.encoding(), "intset");
    assert!(add(&mut full, b"12"));
    assert_eq!(full.encoding(), "hashtable");
    full.prefer_ints(&LIMITS);
    assert_eq!(full.encoding(), "hashtable");
    assert!(full.remove(b"3"));
    full.prefer_ints(&LIMITS);
    assert_eq!(full.encoding(), "intset");
}

#[test]
fn a_new_set_begins_as_its_first_member_and_their_number_ask_for() {
    for (first, count, encoding) in
        [(&b"1"[..], 12, "intset"), (b"1", 13, "hashtable"), (b"a", 8, "listpack"), (b"a", 9, "hashtable")]
    {
        let mut set = Set::new();
        set.expect(first, count, &LIMITS, HASH_KEY);
        assert_eq!(set.encoding(), encoding, "{count}");
    }
    let wide = SetLimits { max_intset_entries: 2, ..LIMITS };
    let mut set = Set::new();
    set.expect(b"1", 3, &wide, HASH_KEY);
    assert_eq!(set.encoding(), "listpack");
}

#[test]
fn foreign_buffers_are_checked() {
    assert!(Intset::from_parts(2, &[1, 0, 2, 0]).is_some());
    for (width, bytes) in [(2, &[2, 0, 1, 0][..]), (2, &[1, 0, 1, 0]), (2, &[1]), (3, &[1, 0, 0]), (0, &[])] {
        assert!(Intset::from_parts(width, bytes).is_none());
    }
    let packed = |texts: &[&str]| {
        let mut packed = Packed::default();
        texts.iter().for_each(|text| packed.push_back(text.as_bytes()));
        Set::from_packed(packed, &LIMITS, HASH_KEY)
    };
    assert_eq!(packed(&["a", "1"]).unwrap().encoding(), "listpack");
    assert!(packed(&["a", "1", "a"]).is_none());
    let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    assert_eq!(packed(&many).unwrap().encoding(), "hashtable");
    assert!(packed(&[&many[..], &["a"]].concat()).is_none());
}

/// A stream of random bits.
fn bits(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ (state >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        mixed ^ (mixed >> 29)
    }
}

/// Pearson's statistic of how often each of `cells` alike things came up.
fn chi_square(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// Right after nine of ten members were taken out, and also where most of those shared their segments.
#[test]
fn picks_are_even_also_after_deletions() {
    for (made, kept) in [(5000_usize, 500_usize), (100_000, 1000), (8, 5)] {
        let mut set = Set::new_table(HASH_KEY);
        let names: Vec<_> = (0..made).map(|number| format!("member {number}")).collect();
        names.iter().for_each(|name| assert!(add(&mut set, name.as_bytes())));
        // Those go whose hashes come first, so that whole segments empty.
        let order: Vec<_> = set.iter().map(|member| member.text().to_vec()).collect();
        order[..made - kept].iter().for_each(|name| assert!(set.remove(name)));
        let place: std::collections::HashMap<_, _> = order[made - kept..].iter().zip(0..).collect();
        let (mut random, mut counts) = (bits(made as u64), vec![0_u32; kept]);
        for _ in 0..kept * 200 {
            let picked: usize = place[&set.random(&mut random).unwrap().to_vec()];
            counts[picked] += 1;
        }
        // Mean and deviation of the statistic are those of its distribution; five deviations never happen.
        let freedom = (kept - 1) as f64;
        let statistic = chi_square(&counts);
        assert!((statistic - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(), "{statistic} of {freedom}");
    }
}

#[test]
fn pops_are_even_in_every_form() {
    for make in [Set::new(), Set::new_packed(), Set::new_table(HASH_KEY)] {
        let mut counts = [0_u32; 6];
        let mut random = bits(9);
        for _ in 0..6000 {
            let mut set = make.clone();
            (0..6).for_each(|int| assert!(add(&mut set, int.to_string().as_bytes())));
            let popped = set.pop(&mut random).unwrap();
            counts[usize::from(popped[0] - b'0')] += 1;
            assert_eq!(set.len(), 5);
        }
        assert!(chi_square(&counts) < 25.0, "{counts:?}");
    }
}
