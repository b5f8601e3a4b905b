//! A database against a plain map, through random commands, passing time and snapshots.

use super::database;
use crate::store::ScoreChange;
use crate::store::database::*;
use crate::store::{FieldChange, IntText, NewString, Side};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    /// Whole scores.
    SortedSet(BTreeMap<Vec<u8>, i32>),
}

type Model = BTreeMap<Vec<u8>, (Content, Option<u64>)>;

#[derive(Debug, Clone)]
enum Step {
    Set(u8, Vec<u8>, Deadline),
    Increment(u8, i64),
    Append(u8, Vec<u8>),
    SetRange(u8, usize, Vec<u8>),
    Edit(u8, usize, u8),
    SetRaw(u8, Vec<u8>, Deadline),
    Push(u8, Vec<u8>),
    Pop(u8),
    SetField(u8, u8, Vec<u8>),
    SetScore(u8, u8, i32),
    RemoveRanks(u8, usize, usize),
    AddMember(u8, Vec<u8>),
    PopMember(u8, u64),
    Remove(u8),
    Rename(u8, u8),
    Copy(u8, u8),
    Expire(u8, u64),
    Persist(u8),
    Wait(u64),
    Purge(usize),
    Flush,
    Snapshot,
}

fn key(number: u8) -> Vec<u8> {
    vec![b'k'; 1 + usize::from(number % 4) * 50].into_iter().chain([number]).collect()
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<i64>().prop_map(|int| int.to_string().into_bytes()),
        4 => (-9..9i64).prop_map(|int| int.to_string().into_bytes()),
        4 => proptest::collection::vec(any::<u8>(), 0..60),
        1 => (1_000..1_100usize).prop_map(|len| vec![b'b'; len]),
    ]
}

fn deadline() -> impl Strategy<Value = Deadline> {
    prop_oneof![Just(Deadline::Keep), Just(Deadline::Clear), (0..300u64).prop_map(Deadline::At)]
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..12u8;
    prop_oneof![
        6 => (key(), value(), deadline()).prop_map(|(key, value, deadline)| Step::Set(key, value, deadline)),
        3 => (key(), any::<i64>(), 0..64u32).prop_map(|(key, delta, shift)| Step::Increment(key, delta >> shift)),
        3 => (key(), value()).prop_map(|(key, value)| Step::Append(key, value)),
        3 => (key(), 0..80usize, value()).prop_map(|(key, at, value)| Step::SetRange(key, at, value)),
        3 => (key(), 1..1_100usize, any::<u8>()).prop_map(|(key, at, byte)| Step::Edit(key, at, byte)),
        1 => (key(), value(), deadline()).prop_map(|(key, value, deadline)| Step::SetRaw(key, value, deadline)),
        3 => (key(), value()).prop_map(|(key, value)| Step::Push(key, value)),
        2 => key().prop_map(Step::Pop),
        3 => (key(), 0..5u8, value()).prop_map(|(key, field, value)| Step::SetField(key, field, value)),
        3 => (key(), 0..200u8, -3..4i32).prop_map(|(key, member, score)| Step::SetScore(key, member, score)),
        1 => (key(), 0..3usize, 0..4usize).prop_map(|(key, from, count)| Step::RemoveRanks(key, from, count)),
        3 => (key(), value()).prop_map(|(key, member)| Step::AddMember(key, member)),
        2 => (key(), any::<u64>()).prop_map(|(key, random)| Step::PopMember(key, random)),
        2 => key().prop_map(Step::Remove),
        2 => (key(), key()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => (key(), key()).prop_map(|(from, to)| Step::Copy(from, to)),
        3 => (key(), 0..300u64).prop_map(|(key, at)| Step::Expire(key, at)),
        2 => key().prop_map(Step::Persist),
        2 => (0..40u64).prop_map(Step::Wait),
        1 => (0..5usize).prop_map(Step::Purge),
        1 => Just(Step::Flush),
        1 => Just(Step::Snapshot),
    ]
}

fn content(value: &ValueRef<'_>) -> Content {
    match value {
        ValueRef::String(string) => {
            let text = string.to_vec();
            assert_eq!((string.len(), string.text(&mut IntText::default())), (text.len(), text.as_slice()));
            Content::Text(text)
        }
        ValueRef::List(list) => Content::List(list.iter().map(|element| element.to_vec()).collect()),
        ValueRef::Hash(hash) => {
            Content::Hash(hash.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect())
        }
        ValueRef::SortedSet(set) => {
            Content::SortedSet(set.iter().map(|(member, score)| (member.to_vec(), score as i32)).collect())
        }
        ValueRef::Set(set) => Content::Set(set.iter().map(|member| member.text().to_vec()).collect()),
    }
}

fn contents<'a>(items: impl Iterator<Item = Item<'a>>) -> Model {
    items.map(|item| (item.key.to_vec(), (content(&item.value), item.deadline_ms))).collect()
}

/// The text at a key of the model, for a command on strings.
fn model_text(model: &Model, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match model.get(key) {
        Some((Content::Text(text), _)) => Ok(Some(text.clone())),
        None => Ok(None),
        _ => Err(StoreError::WrongType),
    }
}

fn put_text(model: &mut Model, key: Vec<u8>, text: Vec<u8>) {
    let deadline_ms = model.get(&key).and_then(|(_, at)| *at);
    model.insert(key, (Content::Text(text), deadline_ms));
}

fn model_increment(model: &mut Model, key: Vec<u8>, delta: i64) -> Result<i64, StoreError> {
    let old = model_text(model, &key)?.unwrap_or(b"0".to_vec());
    let old: i64 = String::from_utf8(old.clone())
        .ok()
        .and_then(|text| text.parse::<i64>().ok().filter(|int| int.to_string() == text))
        .ok_or(StoreError::NotInteger)?;
    let sum = old.checked_add(delta).ok_or(StoreError::Overflow)?;
    put_text(model, key, sum.to_string().into_bytes());
    Ok(sum)
}

fn model_patch(
    model: &mut Model,
    key: Vec<u8>,
    at: Option<usize>,
    patch: &[u8],
) -> Result<usize, StoreError> {
    let old = model_text(model, &key)?;
    if at.is_some() && patch.is_empty() {
        return Ok(old.map_or(0, |old| old.len()));
    }
    let mut text = old.unwrap_or_default();
    let at = at.unwrap_or(text.len());
    text.resize(text.len().max(at + patch.len()), 0);
    text[at..at + patch.len()].copy_from_slice(patch);
    let len = text.len();
    put_text(model, key, text);
    Ok(len)
}

/// Carries a step out that concerns strings. Answers whether it was one.
fn apply_to_string(database: &mut Database, model: &mut Model, now: u64, step: &Step) -> bool {
    match step {
        Step::Set(number, value, deadline) | Step::SetRaw(number, value, deadline) => {
            let key = key(*number);
            let old_ms = model.get(&key).and_then(|(_, at)| *at);
            let at = match deadline {
                Deadline::Keep => old_ms,
                Deadline::Clear => None,
                Deadline::At(at) => Some(*at),
            };
            match step {
                Step::Set(..) => database.set_string(&key, value.as_slice(), *deadline, now),
                _ => database.set_raw(&key, value.as_slice().into(), *deadline, now),
            };
            model.insert(key, (Content::Text(value.clone()), at));
        }
        Step::Increment(number, delta) => {
            let sum = database.increment(&key(*number), *delta, now);
            assert_eq!(sum, model_increment(model, key(*number), *delta));
        }
        Step::Append(number, suffix) => {
            let len = database.append(&key(*number), suffix, usize::MAX, now);
            assert_eq!(len, model_patch(model, key(*number), None, suffix));
        }
        Step::SetRange(number, at, patch) => {
            let len = database.set_range(&key(*number), *at, patch, usize::MAX, now);
            assert_eq!(len, model_patch(model, key(*number), Some(*at), patch));
        }
        Step::Edit(number, len, byte) => {
            let old = database.edit_string(&key(*number), *len, now, |text, old_len| {
                assert_eq!(text.len(), old_len.max(*len));
                (std::mem::replace(&mut text[len - 1], *byte), old_len)
            });
            let before = model_text(model, &key(*number)).map(Option::unwrap_or_default);
            let expected = before.map(|text| (text.get(len - 1).copied().unwrap_or(0), text.len()));
            assert_eq!(old, expected);
            if expected.is_ok() {
                model_patch(model, key(*number), Some(len - 1), &[*byte]).expect("it is a string");
            }
        }
        _ => return false,
    }
    true
}

/// Carries a step out that concerns collections. Answers whether it was one.
fn apply_to_collection(database: &mut Database, model: &mut Model, now: u64, step: &Step) -> bool {
    match step {
        Step::Push(number, element) => {
            let pushed = database.list_or_create(&key(*number), now).map(|mut list| {
                list.push(Side::Back, [NewString::Copy(element)]);
            });
            let old = model.entry(key(*number)).or_insert((Content::List(Vec::new()), None));
            match (&mut old.0, pushed) {
                (Content::List(elements), Ok(())) => elements.push(element.clone()),
                (_, pushed) => assert_eq!(pushed, Err(StoreError::WrongType)),
            }
        }
        Step::Pop(number) => {
            let popped = database
                .list_mut(&key(*number), now)
                .map(|list| list.and_then(|mut list| list.pop(Side::Front)));
            match model.get_mut(&key(*number)) {
                Some((Content::List(elements), _)) => {
                    assert_eq!(popped, Ok(Some(Bytes::from(elements.remove(0)))));
                    if elements.is_empty() {
                        model.remove(&key(*number));
                    }
                }
                None => assert_eq!(popped, Ok(None)),
                _ => assert_eq!(popped, Err(StoreError::WrongType)),
            }
        }
        Step::SetField(number, field, value) => {
            let change =
                database.hash_or_create(&key(*number), now).map(|mut hash| hash.set(&[*field], value));
            let old = model.entry(key(*number)).or_insert((Content::Hash(BTreeMap::new()), None));
            let expected = match &mut old.0 {
                Content::Hash(fields) => Ok(match fields.insert(vec![*field], value.clone()) {
                    Some(_) => FieldChange::Updated,
                    None => FieldChange::Created,
                }),
                _ => Err(StoreError::WrongType),
            };
            assert_eq!(change, expected);
        }
        _ => return apply_to_set(database, model, now, step),
    }
    true
}

fn apply_to_set(database: &mut Database, model: &mut Model, now: u64, step: &Step) -> bool {
    match step {
        Step::AddMember(number, member) => {
            let added = database.set_or_create(&key(*number), now).map(|mut set| {
                set.expect(member, 1);
                set.add(member)
            });
            let old = model.entry(key(*number)).or_insert((Content::Set(BTreeSet::new()), None));
            match &mut old.0 {
                Content::Set(members) => assert_eq!(added, Ok(members.insert(member.clone()))),
                _ => assert_eq!(added, Err(StoreError::WrongType)),
            }
        }
        Step::PopMember(number, random) => {
            let popped =
                database.set_mut(&key(*number), now).map(|set| set.and_then(|mut set| set.pop(|| *random)));
            match model.get_mut(&key(*number)) {
                Some((Content::Set(members), _)) => {
                    assert!(popped.is_ok_and(|popped| members.remove(&*popped.expect("a set is not empty"))));
                    if members.is_empty() {
                        model.remove(&key(*number));
                    }
                }
                None => assert_eq!(popped, Ok(None)),
                _ => assert_eq!(popped, Err(StoreError::WrongType)),
            }
        }
        Step::SetScore(number, member, score) => {
            let score_of = f64::from(*score);
            let change = database
                .sorted_set_or_create(&key(*number), now)
                .map(|mut set| set.set(&[*member], score_of));
            let old = model.entry(key(*number)).or_insert((Content::SortedSet(BTreeMap::new()), None));
            let expected = match &mut old.0 {
                Content::SortedSet(members) => Ok(match members.insert(vec![*member], *score) {
                    None => ScoreChange::Added,
                    Some(old) if old == *score => ScoreChange::Same,
                    Some(_) => ScoreChange::Updated,
                }),
                _ => Err(StoreError::WrongType),
            };
            assert_eq!(change, expected);
        }
        Step::RemoveRanks(number, from, count) => {
            let removed = database.sorted_set_mut(&key(*number), now).map(|set| {
                if let Some(mut set) = set {
                    set.remove_ranks(*from..from + count);
                }
            });
            match model.get_mut(&key(*number)) {
                Some((Content::SortedSet(members), _)) => {
                    let mut row: Vec<_> =
                        members.iter().map(|(member, score)| (*score, member.clone())).collect();
                    row.sort();
                    row.iter().skip(*from).take(*count).for_each(|(_, member)| {
                        members.remove(member);
                    });
                    if members.is_empty() {
                        model.remove(&key(*number));
                    }
                }
                None => assert_eq!(removed, Ok(())),
                _ => assert_eq!(removed, Err(StoreError::WrongType)),
            }
        }
        _ => return false,
    }
    true
}

/// Carries any other step out.
fn apply_to_key(database: &mut Database, model: &mut Model, now: u64, step: &Step) {
    match step {
        Step::Remove(number) => {
            let removed = database.remove(&key(*number), now);
            assert_eq!(
                removed.map(|gone| (content(&gone.value()), gone.deadline_ms())),
                model.remove(&key(*number))
            );
        }
        Step::Rename(from, to) => {
            if let Some(moved) = database.remove(&key(*from), now) {
                database.put(&key(*to), moved, now);
            }
            if let Some(moved) = model.remove(&key(*from)) {
                model.insert(key(*to), moved);
            }
        }
        Step::Copy(from, to) => {
            if let Some(copy) = database.duplicate(&key(*from), now) {
                database.put(&key(*to), copy, now);
            }
            if let Some(copy) = model.get(&key(*from)).cloned() {
                model.insert(key(*to), copy);
            }
        }
        Step::Expire(number, at) => {
            let set = database.set_deadline(&key(*number), *at, now);
            let expected = model.get_mut(&key(*number)).map(|(_, old)| *old = Some(*at));
            assert_eq!(set, expected.is_some());
        }
        Step::Persist(number) => {
            let expected = model.get_mut(&key(*number)).and_then(|(_, at)| at.take());
            assert_eq!(database.persist(&key(*number), now), expected.is_some());
        }
        Step::Purge(budget) => {
            let purged = database.purge_due(now, *budget);
            assert!(
                purged.removed <= *budget
                    && (purged.more || database.next_deadline_ms().is_none_or(|at| at >= now))
            );
        }
        Step::Flush => {
            database.flush();
            model.clear();
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn behaves_like_a_map(steps in proptest::collection::vec(step(), 1..80)) {
        let (mut database, mut model) = (database(), Model::new());
        let (mut now, mut snapshots) = (0, Vec::new());
        for step in &steps {
            let done = apply_to_string(&mut database, &mut model, now, step)
                || apply_to_collection(&mut database, &mut model, now, step);
            match step {
                Step::Wait(time) => now += time,
                Step::Snapshot => {
                    let snapshot = database.snapshot();
                    snapshots.push((contents(snapshot.iter()), snapshot));
                }
                step if !done => apply_to_key(&mut database, &mut model, now, step),
                _ => {}
            }
            model.retain(|_, (_, at)| at.is_none_or(|at| at >= now));
            prop_assert_eq!(database.verify(), Ok(()));
            prop_assert_eq!(&contents(database.iter(now)), &model);
            let mut scanned = Model::new();
            while database.scan(0, usize::MAX, now, |item| scanned.extend(contents([item].into_iter()))) != 0 {}
            prop_assert_eq!(&scanned, &model);
            prop_assert!(database.take_expired().iter().all(|gone| gone.deadline_ms().is_some_and(|at| at < now)));
        }
        for (before, snapshot) in &snapshots {
            prop_assert_eq!(before, &contents(snapshot.iter()));
        }
    }
}
