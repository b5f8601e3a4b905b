//! PFADD, PFCOUNT and PFMERGE against sets of elements, at every limit of the sparse form.
//!
//! What a sketch holds does not depend on how it came to be: one into which the same elements went in another order, at
//! once, in a dense form, counts the same to the last one. How far a count may be from the truth is known.

use crate::engine::Engine;
use crate::random::Random;
use crate::{NOW_MS, integer, run};
use std::collections::BTreeSet;

const SEEDS: u64 = 60;
const STEPS: usize = 25;
const KEYS: usize = 3;

/// Five times the deviation of a count, as a share of it.
const FAR: f64 = 5.0 * 1.04 / 128.0;

/// Checks a key's count, and that of the same elements in a new sketch.
fn check(engine: &mut Engine, keys: &str, elements: &BTreeSet<usize>, what: &str) {
    let count = integer(&run(engine, &format!("PFCOUNT {keys}")));
    let bound = (elements.len() as f64 * FAR).max(1.0);
    assert!((count as f64 - elements.len() as f64).abs() <= bound, "{what}: {count} of {}", elements.len());
    run(engine, "DEL fresh");
    run(engine, "PFADD fresh");
    run(engine, "PFDEBUG TODENSE fresh");
    let fresh: Vec<_> = elements.iter().rev().map(|element| format!(" e{element}")).collect();
    if !fresh.is_empty() {
        run(engine, &format!("PFADD fresh{}", fresh.concat()));
    }
    assert_eq!(integer(&run(engine, "PFCOUNT fresh")), count, "{what}");
}

fn live(seed: u64) {
    let (mut random, mut engine) = (Random::new(seed), Engine::new(NOW_MS));
    let limit = [0, 20, 60, 300, 3000][random.below(5)];
    run(&mut engine, &format!("CONFIG SET hll-sparse-max-bytes {limit}"));
    let mut model: Vec<Option<BTreeSet<usize>>> = vec![None; KEYS];
    for step in 0..STEPS {
        let (key, other) = (random.below(KEYS), random.below(KEYS));
        match random.below(8) {
            0 => {
                let was_there = model[key].take().is_some();
                assert_eq!(integer(&run(&mut engine, &format!("DEL p{key}"))), i64::from(was_there));
            }
            1 => {
                run(&mut engine, &format!("PFMERGE p{key} p{other}"));
                let merged = model[other].clone().unwrap_or_default();
                model[key].get_or_insert_default().extend(merged);
            }
            _ => {
                let range = [10, 300, 20_000][random.below(3)];
                let count = [1, 5, 400][random.below(3)];
                let elements: Vec<_> = (0..count).map(|_| random.below(range)).collect();
                let words: Vec<_> = elements.iter().map(|element| format!(" e{element}")).collect();
                let changed = integer(&run(&mut engine, &format!("PFADD p{key}{}", words.concat())));
                let set = model[key].get_or_insert_default();
                // What is counted already changes nothing; a new one may not, either.
                let is_new = set.is_empty() || elements.iter().any(|element| !set.contains(element));
                assert!(changed == 0 || is_new, "seed {seed}, step {step}");
                set.extend(elements);
            }
        }
        let what = format!("seed {seed}, step {step}");
        for (key, elements) in model.iter().enumerate() {
            assert_eq!(integer(&run(&mut engine, &format!("EXISTS p{key}"))), i64::from(elements.is_some()));
        }
        check(&mut engine, &format!("p{key}"), &model[key].clone().unwrap_or_default(), &what);
        let both: BTreeSet<_> =
            [key, other].iter().filter_map(|key| model[*key].as_ref()).flatten().copied().collect();
        check(&mut engine, &format!("p{key} p{other}"), &both, &what);
    }
}

#[test]
fn sketches_count_as_sets_do() {
    (0..SEEDS).for_each(live);
}
