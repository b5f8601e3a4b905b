//! Sets, sorted sets, places and HyperLogLogs: the requests of writers about them, and what they do to the model.

use crate::held::{ELEMENTS, Entry, Held, Keys, Lot, is_lot};
use crate::model::{entry, number};
use crate::random::Random;
use crate::wire::Words;
use std::collections::{BTreeMap, BTreeSet};

/// Places and the scores that they have in every Redis.
const PLACES: [([&str; 3], i64); 6] = [
    (["-179.5", "-16.5", "a"], 353_297_246_803_560),
    (["-0.127758", "51.507351", "b"], 2_163_557_714_754_256),
    (["13.361389", "38.115556", "c"], 3_479_099_956_230_698),
    (["15.087269", "37.502669", "d"], 3_479_447_370_796_909),
    (["2.349014", "48.864716", "e"], 3_663_832_805_879_806),
    (["139.691711", "35.689487", "f"], 4_171_231_230_197_033),
];

/// Keys of each kind that a writer has.
pub(crate) const KEYS: usize = 3;

/// A request of a writer; `stamp` makes what comes into a set only once different from everything else.
pub(crate) fn request(random: &mut Random, writer: usize, stamp: &str) -> Words {
    let text = match random.below(3) {
        0 => about_sets(random, writer, stamp),
        1 => about_sorted_sets(random, writer),
        _ => about_others(random, writer),
    };
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

fn own(random: &mut Random, writer: usize, kind: &str) -> String {
    format!("own:{writer}:{kind}{}", random.below(KEYS))
}

fn member(random: &mut Random) -> String {
    format!("m{}", random.below(8))
}

fn listed(random: &mut Random, name: &str, key: &str, part: impl Fn(&mut Random) -> String) -> String {
    let parts: Vec<_> = (0..=random.below(5)).map(|_| part(random)).collect();
    format!("{name} {key} {}", parts.join(" "))
}

fn about_sets(random: &mut Random, writer: usize, stamp: &str) -> String {
    let (one, other, lot) =
        (own(random, writer, "set"), own(random, writer, "set"), own(random, writer, "lot"));
    match random.below(12) {
        0 | 1 => listed(random, "SADD", &one, member),
        2 => listed(random, "SREM", &one, member),
        3 => format!("SMOVE {one} {other} {}", member(random)),
        4 => {
            let name = random.one(&["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]);
            format!("{name} {} {one} {other}", own(random, writer, "set"))
        }
        5..=8 => {
            let members: Vec<_> = (0..=random.below(5)).map(|index| format!("{stamp}:{index}")).collect();
            format!("SADD {lot} {}", members.join(" "))
        }
        9 | 10 => format!("SPOP {lot}"),
        _ => format!("SPOP {lot} {}", random.below(5)),
    }
}

fn about_sorted_sets(random: &mut Random, writer: usize) -> String {
    let (one, other) = (own(random, writer, "zset"), own(random, writer, "zset"));
    let count = random.below(4);
    match random.below(10) {
        0..=2 => {
            let option = random.one(&["", " NX", " XX", " GT", " LT"]);
            let changed = random.one(&["", " CH"]);
            listed(random, "ZADD", &format!("{one}{option}{changed}"), |random| {
                format!("{} {}", random.between(-20, 20), member(random))
            })
        }
        3 | 4 => format!("ZINCRBY {one} {} {}", random.between(-9, 9), member(random)),
        5 => format!("{} {one} {count}", random.one(&["ZPOPMIN", "ZPOPMAX"])),
        6 => format!("ZREMRANGEBYRANK {one} 1 {count}"),
        7 => listed(random, "ZREM", &one, member),
        8 => format!("ZRANGESTORE {one} {other} {} {count}{}", random.below(2), random.one(&["", " REV"])),
        _ => {
            let (name, geo) = (random.one(&["ZUNIONSTORE", "ZINTERSTORE"]), own(random, writer, "geo"));
            let third = random.one(&[&*one, &geo]).to_owned();
            format!("{name} {one} 2 {other} {third} WEIGHTS 1 -1 AGGREGATE {}", random.one(&["MIN", "MAX"]))
        }
    }
}

fn about_others(random: &mut Random, writer: usize) -> String {
    let place = |random: &mut Random| PLACES[random.below(PLACES.len())].0.join(" ");
    let element = |random: &mut Random| random.one(&ELEMENTS).to_owned();
    let (geo, one, other) =
        (own(random, writer, "geo"), own(random, writer, "sketch"), own(random, writer, "sketch"));
    match random.below(4) {
        0 => listed(random, "GEOADD", &geo, place),
        1 | 2 => listed(random, "PFADD", &one, element),
        _ => format!("PFMERGE {one} {other}"),
    }
}

/// Carries out a request; answers the number that the server has to reply, if it is one that can be known.
pub(crate) fn apply(keys: &mut Keys, words: &[Vec<u8>], picked: Option<&[Vec<u8>]>) -> Option<i64> {
    let (key, rest) = (&words[1], &words[2..]);
    let reply = match words[0].as_slice() {
        b"SADD" if is_lot(key) => {
            lot(keys, key).add(rest);
            Some(rest.len())
        }
        b"SADD" => Some(rest.iter().filter(|member| set(keys, key).insert(member.to_vec())).count()),
        b"SREM" => Some(rest.iter().filter(|member| set(keys, key).remove(*member)).count()),
        b"SMOVE" => Some(usize::from(smove(keys, key, &rest[0], &rest[1]))),
        b"SPOP" => {
            let count = rest.first().map_or(1, |count| number(count).unsigned_abs());
            lot(keys, key).take(usize::try_from(count).unwrap(), picked);
            None
        }
        name @ (b"SINTERSTORE" | b"SUNIONSTORE" | b"SDIFFSTORE") => {
            let [one, other] = [0, 1].map(|place| set(keys, &rest[place]).clone());
            let outcome = match name[1] {
                b'I' => &one & &other,
                b'U' => &one | &other,
                _ => &one - &other,
            };
            Some(store(keys, key, outcome.len(), Held::Set(outcome)))
        }
        b"ZADD" => Some(zadd(scores(keys, key), rest)),
        b"GEOADD" => Some(geoadd(scores(keys, key), rest)),
        b"ZINCRBY" => {
            *scores(keys, key).entry(rest[1].clone()).or_default() += number(&rest[0]);
            None
        }
        b"ZREM" => Some(rest.iter().filter(|member| scores(keys, key).remove(*member).is_some()).count()),
        name @ (b"ZPOPMIN" | b"ZPOPMAX") => {
            let gone = ranked(scores(keys, key), name == b"ZPOPMAX");
            let count = usize::try_from(number(&rest[0])).unwrap();
            let gone: Vec<_> = gone.into_iter().take(count).map(|(member, _)| member).collect();
            scores(keys, key).retain(|member, _| !gone.contains(member));
            None
        }
        b"ZREMRANGEBYRANK" => {
            let gone = slice(ranked(scores(keys, key), false), rest);
            scores(keys, key).retain(|member, score| !gone.contains(&(member.clone(), *score)));
            Some(gone.len())
        }
        b"ZRANGESTORE" => {
            let all = ranked(scores(keys, &rest[0]), rest.len() > 3);
            let outcome: BTreeMap<_, _> = slice(all, &rest[1..3]).into_iter().collect();
            Some(store(keys, key, outcome.len(), Held::SortedSet(outcome)))
        }
        b"ZUNIONSTORE" | b"ZINTERSTORE" => Some(combine(keys, words)),
        b"PFADD" => {
            let created = !keys.contains_key(key);
            let added = rest.iter().filter(|element| sketch(keys, key).insert(element.to_vec())).count();
            Some(usize::from(created || added > 0))
        }
        b"PFMERGE" => {
            let merged =
                if keys.contains_key(&rest[0]) { sketch(keys, &rest[0]).clone() } else { BTreeSet::new() };
            sketch(keys, key).extend(merged);
            None
        }
        other => panic!("the model does not know {}", other.escape_ascii()),
    };
    keys.retain(|_, entry| !is_nothing(&entry.held));
    reply.and_then(|count| i64::try_from(count).ok())
}

/// Whether a value is none: the key goes with the last member.
fn is_nothing(held: &Held) -> bool {
    match held {
        Held::Set(members) => members.is_empty(),
        Held::Lot(lot) => lot.len() == 0,
        Held::SortedSet(scores) => scores.is_empty(),
        _ => false,
    }
}

fn smove(keys: &mut Keys, from: &[u8], to: &[u8], member: &[u8]) -> bool {
    let is_there = set(keys, from).remove(member);
    is_there && {
        set(keys, to).insert(member.to_vec());
        true
    }
}

/// Puts a value in the place of what was there.
fn store(keys: &mut Keys, key: &[u8], len: usize, held: Held) -> usize {
    keys.insert(key.to_vec(), Entry { held, deadline_ms: None });
    len
}

/// Answers how many members are new, or with `CH` how many are not as before.
fn zadd(scores: &mut BTreeMap<Vec<u8>, i64>, words: &[Vec<u8>]) -> usize {
    let options = words.iter().take_while(|word| word[0].is_ascii_alphabetic()).count();
    let (options, pairs) = words.split_at(options);
    let has = |option: &[u8]| options.iter().any(|word| word == option);
    let mut count = 0;
    for pair in pairs.chunks(2) {
        let (score, before) = (number(&pair[0]), scores.get(&pair[1]).copied());
        let wanted = match before {
            None => !has(b"XX"),
            Some(before) => !(has(b"NX") || has(b"GT") && score <= before || has(b"LT") && score >= before),
        };
        if wanted {
            scores.insert(pair[1].clone(), score);
            count += usize::from(before.is_none() || (has(b"CH") && before != Some(score)));
        }
    }
    count
}

fn geoadd(scores: &mut BTreeMap<Vec<u8>, i64>, words: &[Vec<u8>]) -> usize {
    let mut is_new = |words: &[Vec<u8>]| {
        let (_, score) = PLACES.iter().find(|(place, _)| place[2].as_bytes() == words[2]).unwrap();
        scores.insert(words[2].clone(), *score).is_none()
    };
    words.chunks(3).filter(|words| is_new(words)).count()
}

/// The members in order, or in the opposite one.
fn ranked(scores: &BTreeMap<Vec<u8>, i64>, backwards: bool) -> Vec<(Vec<u8>, i64)> {
    let mut all: Vec<_> = scores.clone().into_iter().collect();
    all.sort_by(|(one, score), (other, other_score)| (score, one).cmp(&(other_score, other)));
    if backwards {
        all.reverse();
    }
    all
}

/// Those from one rank to another, none of which is negative.
fn slice(ranked: Vec<(Vec<u8>, i64)>, bounds: &[Vec<u8>]) -> Vec<(Vec<u8>, i64)> {
    let [first, last] = [0, 1].map(|place| usize::try_from(number(&bounds[place])).unwrap());
    ranked.into_iter().take(last + 1).skip(first).collect()
}

/// `ZUNIONSTORE key 2 one other WEIGHTS 1 -1 AGGREGATE MIN`, and the like.
fn combine(keys: &mut Keys, words: &[Vec<u8>]) -> usize {
    let weighted = |key: &[u8], weight: &[u8], keys: &mut Keys| -> BTreeMap<Vec<u8>, i64> {
        let weight = number(weight);
        scores(keys, key).iter().map(|(member, score)| (member.clone(), score * weight)).collect()
    };
    let (one, other) = (weighted(&words[3], &words[6], keys), weighted(&words[4], &words[7], keys));
    let both = |one: i64, other: i64| if words[9] == b"MIN" { one.min(other) } else { one.max(other) };
    let names: BTreeSet<_> = one.keys().chain(other.keys()).cloned().collect();
    let score = |name: &Vec<u8>| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => Some(both(*one, *other)),
        (one, other) if words[0] == b"ZUNIONSTORE" => one.or(other).copied(),
        _ => None,
    };
    let outcome: BTreeMap<_, _> =
        names.iter().filter_map(|name| Some((name.clone(), score(name)?))).collect();
    store(keys, &words[1], outcome.len(), Held::SortedSet(outcome))
}

fn set<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut BTreeSet<Vec<u8>> {
    match entry(keys, key, Held::Set(BTreeSet::new())) {
        Held::Set(set) => set,
        _ => panic!("the writer mixes up its keys"),
    }
}

fn lot<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut Lot {
    match entry(keys, key, Held::Lot(Lot::default())) {
        Held::Lot(lot) => lot,
        _ => panic!("the writer mixes up its keys"),
    }
}

fn scores<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut BTreeMap<Vec<u8>, i64> {
    match entry(keys, key, Held::SortedSet(BTreeMap::new())) {
        Held::SortedSet(scores) => scores,
        _ => panic!("the writer mixes up its keys"),
    }
}

fn sketch<'a>(keys: &'a mut Keys, key: &[u8]) -> &'a mut BTreeSet<Vec<u8>> {
    match entry(keys, key, Held::Sketch(BTreeSet::new())) {
        Held::Sketch(elements) => elements,
        _ => panic!("the writer mixes up its keys"),
    }
}
