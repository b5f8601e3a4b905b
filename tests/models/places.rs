//! GEOADD, GEOPOS, GEODIST and GEOSEARCH against a list of points of which each is looked at.

use crate::engine::Engine;
use crate::random::Random;
use crate::{NOW_MS, integer, items, run, text};
use memora::resp::Reply;
use std::collections::{BTreeMap, BTreeSet};

const SEEDS: u64 = 80;
const STEPS: usize = 30;

/// The earth's radius that Redis reckons with, in metres.
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

/// The limits of the map.
const LIMITS: Point = Point { longitude: 180.0, latitude: 85.051_128_78 };

/// Of places so near to a shape's edge nobody can say whether they are in it, in metres.
const EDGE_M: f64 = 0.01;

/// Where Redis finds all that is in a shape: further to the poles it may overlook some.
const SURE_LATITUDE: f64 = 60.0;

/// Half the width and height of the greatest shapes of which that is sure, in metres.
const SURE_M: i64 = 1_500_000;

#[derive(Clone, Copy, Debug)]
struct Point {
    longitude: f64,
    latitude: f64,
}

/// What is looked for, in metres.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Circle { radius_m: f64 },
    Box { width_m: f64, height_m: f64 },
}

/// The distance on a globe.
fn distance_m(one: Point, other: Point) -> f64 {
    let (a, b) = (one.latitude.to_radians(), other.latitude.to_radians());
    let half_aside = (other.longitude - one.longitude).to_radians() / 2.0;
    let half_up = (b - a) / 2.0;
    let chord = half_up.sin().powi(2) + a.cos() * b.cos() * half_aside.sin().powi(2);
    2.0 * EARTH_RADIUS_M * chord.sqrt().asin()
}

impl Shape {
    /// How far a point is inside the shape, in metres; below zero: outside.
    fn depth_m(self, centre: Point, point: Point) -> f64 {
        match self {
            Self::Circle { radius_m } => radius_m - distance_m(centre, point),
            Self::Box { width_m, height_m } => {
                let up = (point.latitude - centre.latitude).to_radians().abs() * EARTH_RADIUS_M;
                let aside = distance_m(point, Point { longitude: centre.longitude, ..point });
                (height_m / 2.0 - up).min(width_m / 2.0 - aside)
            }
        }
    }

    fn words(self) -> String {
        match self {
            Self::Circle { radius_m } => format!("BYRADIUS {radius_m} m"),
            Self::Box { width_m, height_m } => format!("BYBOX {width_m} {height_m} m"),
        }
    }
}

fn point(random: &mut Random) -> Point {
    let mut degrees = |limit: f64| random.between(-1_000_000, 1_000_000) as f64 / 1_000_000.0 * limit;
    let (longitude, latitude) = (degrees(179.99), degrees(85.0));
    match random.below(3) {
        // Many around the date line and the origin.
        0 => Point { longitude: 180.0_f64.copysign(longitude) - longitude / 30.0, latitude: latitude / 4.0 },
        1 => Point { longitude: longitude / 20.0, latitude: latitude / 10.0 },
        _ => Point { longitude, latitude },
    }
}

/// Adds places and says which replies that has; the model has them where the server says they are.
fn add(engine: &mut Engine, model: &mut BTreeMap<String, Point>, random: &mut Random) {
    let option = random.one(&["", "", "NX ", "XX "]);
    let changed = random.chance(30);
    let (mut words, mut count) = (String::new(), 0);
    let mut given = BTreeMap::new();
    for _ in 0..1 + random.below(12) {
        let (name, place) = (format!("p{}", random.below(120)), point(random));
        let is_there = model.contains_key(&name) || given.contains_key(&name);
        words += &format!(" {} {} {name}", place.longitude, place.latitude);
        if option.trim() == if is_there { "NX" } else { "XX" } {
            continue;
        }
        count += i64::from(!is_there || changed);
        given.insert(name, place);
    }
    let request = format!("GEOADD g {option}{}{}", if changed { "CH" } else { "" }, words);
    assert_eq!(integer(&run(engine, &request.replace("  ", " "))), count, "{request}");
    for (name, place) in given {
        let found = position(engine, &name).unwrap();
        for (found, given, limit) in [
            (found.longitude, place.longitude, LIMITS.longitude),
            (found.latitude, place.latitude, LIMITS.latitude),
        ] {
            // In the middle of a cell of which there are two to the power of 26 each way.
            assert!(
                (found - given).abs() <= limit / f64::from(1 << 26) * 1.000_001,
                "{name}: {found} for {given}"
            );
        }
        model.insert(name, found);
    }
}

fn position(engine: &mut Engine, name: &str) -> Option<Point> {
    match &items(&run(engine, &format!("GEOPOS g {name}")))[0] {
        Reply::Array(both) => {
            let [longitude, latitude] = [0, 1].map(|place| text(&both[place]).parse().unwrap());
            Some(Point { longitude, latitude })
        }
        Reply::NullArray => None,
        other => panic!("{other:?}"),
    }
}

/// Looks for what is in a shape, in order of distance.
fn search(engine: &mut Engine, model: &BTreeMap<String, Point>, random: &mut Random) {
    let sure = random.chance(70);
    let most_m = if sure { SURE_M } else { 30_000_000 };
    let mut length = || random.between(1, most_m) as f64 / [1.0, 10.0, 1000.0][random.below(3)];
    let (one, other) = (length(), length());
    let shape = match random.chance(50) {
        true => Shape::Circle { radius_m: one },
        false => Shape::Box { width_m: 2.0 * one, height_m: 2.0 * other },
    };
    let names: Vec<_> = model.keys().collect();
    let (from, centre) = match random.chance(40) && !names.is_empty() {
        true => {
            let name = names[random.below(names.len())];
            (format!("FROMMEMBER {name}"), model[name])
        }
        false => {
            let centre = point(random);
            (format!("FROMLONLAT {} {}", centre.longitude, centre.latitude), centre)
        }
    };
    let reach = (one.max(other) / EARTH_RADIUS_M).to_degrees();
    let sure = sure && centre.latitude.abs() + reach < SURE_LATITUDE;
    let request = format!("GEOSEARCH g {from} {} ASC WITHDIST", shape.words());
    let reply = run(engine, &request);
    let found: Vec<(String, f64)> = items(&reply)
        .iter()
        .map(|line| (text(&items(line)[0]), text(&items(line)[1]).parse().unwrap()))
        .collect();
    assert!(found.iter().map(|(_, distance_m)| distance_m).is_sorted(), "{request}: {found:?}");
    for (name, told_m) in &found {
        let (depth_m, distance_m) = (shape.depth_m(centre, model[name]), distance_m(centre, model[name]));
        assert!(depth_m > -EDGE_M, "{request}: {name} is {depth_m} m outside");
        assert!(
            (told_m - distance_m).abs() < EDGE_M,
            "{request}: {name} is {distance_m} m away, not {told_m}"
        );
    }
    let names: BTreeSet<_> = found.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), found.len(), "{request}: {found:?}");
    let overlooked =
        model.iter().filter(|(name, place)| !names.contains(name) && shape.depth_m(centre, **place) > EDGE_M);
    let overlooked: Vec<_> = overlooked.collect();
    assert!(!sure || overlooked.is_empty(), "{request} overlooks {overlooked:?} around {centre:?}");
    check_variants(engine, &from, shape, &found);
}

/// The nearest few, and what is stored, are of the same.
fn check_variants(engine: &mut Engine, from: &str, shape: Shape, found: &[(String, f64)]) {
    let few = run(engine, &format!("GEOSEARCH g {from} {} ASC COUNT 3", shape.words()));
    let few: Vec<_> = items(&few).iter().map(text).collect();
    let nearest: Vec<_> = found.iter().take(3).map(|(name, _)| name.clone()).collect();
    let ties = found.windows(2).any(|pair| pair[0].1 == pair[1].1);
    assert!(ties || few == nearest, "{few:?}, not {nearest:?}");
    let stored = run(engine, &format!("GEOSEARCHSTORE d g {from} {} STOREDIST", shape.words()));
    assert_eq!(integer(&stored) as usize, found.len());
    for (name, distance_m) in found {
        let score: f64 = text(&run(engine, &format!("ZSCORE d {name}"))).parse().unwrap();
        assert!((score - distance_m).abs() < EDGE_M, "{name}: {score}, {distance_m}");
    }
}

fn live(seed: u64) -> usize {
    let (mut random, mut engine, mut model) = (Random::new(seed), Engine::new(NOW_MS), BTreeMap::new());
    let mut searches = 0;
    for _ in 0..STEPS {
        match random.below(10) {
            0..=3 => add(&mut engine, &mut model, &mut random),
            4 => {
                let name = format!("p{}", random.below(120));
                let was_there = model.remove(&name).is_some();
                assert_eq!(integer(&run(&mut engine, &format!("ZREM g {name}"))), i64::from(was_there));
                assert!(position(&mut engine, &name).is_none());
            }
            _ if model.is_empty() => {}
            _ => {
                search(&mut engine, &model, &mut random);
                searches += 1;
            }
        }
    }
    searches
}

#[test]
fn places_are_found_as_by_looking_at_each() {
    let searches: usize = (0..SEEDS).map(live).sum();
    assert!(searches > 900, "{searches}");
}
