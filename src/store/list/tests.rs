//! Lists against a deque, across both encodings.

use super::*;
use crate::store::{Database, HashKey, Limits, NewString};
use proptest::prelude::*;
use std::collections::VecDeque;

type Model = VecDeque<Vec<u8>>;

fn database(max_listpack_size: i32) -> Database {
    Database::new(HashKey(1, 2), Limits { list: ListLimits { max_listpack_size }, ..Limits::default() })
}

fn push(database: &mut Database, side: Side, elements: &[&[u8]]) -> usize {
    let mut list = database.list_or_create(b"l", 0).unwrap();
    list.push(side, elements.iter().map(|element| NewString::Copy(element)))
}

fn encoding(database: &mut Database) -> &'static str {
    database.encoding(b"l", 0).unwrap()
}

#[test]
fn leaves_the_packed_form_by_size_and_comes_back_at_half() {
    let mut database = database(-2);
    // A listpack has a frame of 7 bytes, and each of these elements takes 100 + 2 + 1.
    (0..79).for_each(|_| assert!(push(&mut database, Side::Back, &[&[b'x'; 100]]) > 0));
    assert_eq!(encoding(&mut database), "listpack");
    push(&mut database, Side::Back, &[&[b'x'; 100]]);
    assert_eq!(encoding(&mut database), "quicklist");
    let mut list = database.list_mut(b"l", 0).unwrap().unwrap();
    list.remove_range(0, 39);
    list.pop(Side::Back);
    assert_eq!((list.len(), list.encoding()), (40, "quicklist"));
    list.pop(Side::Front);
    assert_eq!((list.len(), list.encoding()), (39, "listpack"));
}

#[test]
fn leaves_the_packed_form_by_count() {
    let mut database = database(4);
    push(&mut database, Side::Back, &[b"1", b"2", b"3", b"4"]);
    assert_eq!(encoding(&mut database), "listpack");
    push(&mut database, Side::Front, &[b"0"]);
    assert_eq!(encoding(&mut database), "quicklist");
    let mut list = database.list_mut(b"l", 0).unwrap().unwrap();
    list.trim(1, 3);
    assert_eq!(list.encoding(), "quicklist");
    list.trim(0, 2);
    assert_eq!(list.encoding(), "listpack");
    assert_eq!(list.iter().map(|element| element.to_vec()).collect::<Vec<_>>(), [b"1", b"2"]);
}

#[test]
fn all_elements_of_one_push_count_together() {
    let mut database = database(-1);
    push(&mut database, Side::Back, &[&[b'x'; 2000], &[b'y'; 2000]]);
    assert_eq!(encoding(&mut database), "listpack");
    database.remove(b"l", 0);
    push(&mut database, Side::Back, &[&[b'x'; 2000], &[b'y'; 2000], &[b'z'; 100]]);
    assert_eq!(encoding(&mut database), "quicklist");
}

#[test]
fn a_queue_works_in_time_in_proportion_to_its_use() {
    let mut database = database(-2);
    for number in 0..100_000u32 {
        push(&mut database, Side::Back, &[number.to_string().as_bytes()]);
    }
    let mut list = database.list_mut(b"l", 0).unwrap().unwrap();
    for number in 0..100_000u32 {
        assert_eq!(list.pop(Side::Front).unwrap(), number.to_string());
    }
    drop(list);
    assert!(!database.contains(b"l", 0));
}

#[test]
fn a_copy_shares_chunks_and_stays() {
    let mut database = database(-2);
    let elements: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    elements.iter().for_each(|element| assert!(push(&mut database, Side::Back, &[element.as_bytes()]) > 0));
    let copy = database.list(b"l", 0).unwrap().unwrap().clone();
    let mut list = database.list_mut(b"l", 0).unwrap().unwrap();
    list.set(2_500, b"changed");
    list.remove_matching(b"17", Side::Front, 1);
    list.pop(Side::Back);
    drop(list);
    let read: Vec<Vec<u8>> = copy.iter().map(|element| element.to_vec()).collect();
    assert!(read.iter().map(Vec::as_slice).eq(elements.iter().map(String::as_bytes)));
}

fn read_slice(mut slice: ListSlice) -> Vec<Vec<u8>> {
    let (expected, mut read) = (slice.len(), Vec::new());
    while !slice.is_empty() {
        slice.visit_chunk(|element| read.push(element.to_vec()));
    }
    assert_eq!(read.len(), expected);
    read
}

#[test]
fn a_built_list_is_packed_while_one_node_of_a_quicklist_would_do() {
    let built = |limits, len: usize| {
        let mut builder = ListBuilder::new(ListLimits { max_listpack_size: limits });
        (0..len).for_each(|_| builder.push(&[b'e'; 60]));
        let list = builder.finish();
        (list.encoding(), list.len())
    };
    assert_eq!(built(3, 3), ("listpack", 3));
    assert_eq!(built(3, 4), ("quicklist", 4));
    // Each takes 62 bytes: 131 of them are 8129 with the frame, and 61 for another one would fit without the
    // eight bytes that Redis reckons.
    assert_eq!(built(-2, 131), ("listpack", 131));
    assert_eq!(built(-2, 132), ("quicklist", 132));
}

#[derive(Debug, Clone)]
enum Step {
    Rotate(Side, Side),
    Push(Side, Vec<Vec<u8>>),
    Pop(Side),
    Insert(usize, Vec<u8>),
    Set(usize, Vec<u8>),
    RemoveRange(usize, usize),
    RemoveMatching(Vec<u8>, Side, usize),
    Trim(usize, usize),
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (-3..3i64).prop_map(|int| int.to_string().into_bytes()),
        4 => (any::<i64>(), 0..64u32).prop_map(|(int, shift)| (int >> shift).to_string().into_bytes()),
        4 => proptest::collection::vec(any::<u8>(), 0..80),
        2 => (0..3_000usize).prop_map(|len| vec![b'm'; len]),
        1 => (0..20_000usize).prop_map(|len| vec![b'b'; len]),
    ]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Front), Just(Side::Back)]
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..64usize;
    prop_oneof![
        4 => (side(), proptest::collection::vec(element(), 1..20)).prop_map(|(side, many)| Step::Push(side, many)),
        2 => side().prop_map(Step::Pop),
        2 => (side(), side()).prop_map(|(from, to)| Step::Rotate(from, to)),
        2 => (index(), element()).prop_map(|(index, element)| Step::Insert(index, element)),
        2 => (index(), element()).prop_map(|(index, element)| Step::Set(index, element)),
        1 => (index(), 0..20usize).prop_map(|(start, count)| Step::RemoveRange(start, count)),
        1 => (element(), side(), 0..5usize).prop_map(|(element, side, max)| Step::RemoveMatching(element, side, max)),
        1 => (0..10usize, 0..80usize).prop_map(|(start, count)| Step::Trim(start, count)),
    ]
}

fn remove_matching(model: &mut Model, text: &[u8], side: Side, max: usize) -> usize {
    let found = |(index, element): (usize, &Vec<u8>)| (element == text).then_some(index);
    let mut places: Vec<usize> = model.iter().enumerate().filter_map(found).collect();
    if side == Side::Back {
        places.reverse();
    }
    places.truncate(max);
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.iter().for_each(|place| drop(model.remove(*place)));
    places.len()
}

fn apply(database: &mut Database, model: &mut Model, step: &Step) {
    let mut list = database.list_or_create(b"l", 0).unwrap();
    match step {
        Step::Push(side, elements) => {
            list.push(*side, elements.iter().map(|element| NewString::Copy(element)));
            elements.iter().cloned().for_each(|element| match side {
                Side::Front => model.push_front(element),
                Side::Back => model.push_back(element),
            });
        }
        Step::Pop(side) => {
            let expected = if *side == Side::Front { model.pop_front() } else { model.pop_back() };
            assert_eq!(list.pop(*side).map(Vec::from), expected);
        }
        Step::Rotate(from, to) => {
            let moved = if *from == Side::Front { model.pop_front() } else { model.pop_back() };
            assert_eq!(list.rotate(*from, *to).map(Vec::from), moved);
            moved.into_iter().for_each(|moved| match to {
                Side::Front => model.push_front(moved),
                Side::Back => model.push_back(moved),
            });
        }
        Step::Insert(index, element) => {
            list.insert(*index, element.as_slice());
            model.insert((*index).min(model.len()), element.clone());
        }
        Step::Set(index, element) => {
            let place = model.get_mut(*index).map(|place| *place = element.clone());
            assert_eq!(list.set(*index, element.as_slice()), place.is_some());
        }
        Step::RemoveRange(start, count) => {
            list.remove_range(*start, *count);
            let start = (*start).min(model.len());
            model.drain(start..(start + count).min(model.len()));
        }
        Step::RemoveMatching(text, side, max) => {
            assert_eq!(list.remove_matching(text, *side, *max), remove_matching(model, text, *side, *max));
        }
        Step::Trim(start, count) => {
            list.trim(*start, *count);
            *model = model.iter().skip(*start).take(*count).cloned().collect();
        }
    }
}

fn check(list: &List, model: &Model) {
    assert_eq!(list.len(), model.len());
    assert!(list.iter().map(|element| element.to_vec()).eq(model.iter().cloned()));
    for index in 0..=model.len() {
        assert_eq!(list.get(index).map(|element| element.to_vec()), model.get(index).cloned());
        let back = list.iter_back_from(index).map(|element| element.to_vec());
        assert!(back.take(3).eq(model.iter().take(index + 1).rev().take(3).cloned()));
        let ahead = list.iter_from(index).map(|element| element.to_vec());
        assert!(ahead.take(3).eq(model.iter().skip(index).take(3).cloned()));
    }
    for (start, count) in [(0, usize::MAX), (0, 5), (model.len() / 3, 7), (model.len(), 1)] {
        let mut expected: Vec<_> = model.iter().skip(start).take(count).cloned().collect();
        assert_eq!(read_slice(list.slice(start, count, Side::Front)), expected);
        expected.reverse();
        assert_eq!(read_slice(list.slice(start, count, Side::Back)), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn behaves_like_a_deque(steps in proptest::collection::vec(step(), 1..60), size in -3..20i32) {
        let (mut database, mut model) = (database(size), Model::new());
        let mut copies: Vec<(List, Model)> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            apply(&mut database, &mut model, step);
            prop_assert_eq!(database.verify(), Ok(()));
            match database.list(b"l", 0).unwrap() {
                Some(list) => {
                    check(list, &model);
                    if number % 8 == 0 {
                        copies.push((list.clone(), model.clone()));
                    }
                }
                None => prop_assert!(model.is_empty()),
            }
        }
        copies.iter().for_each(|(list, model)| check(list, model));
    }
}
