//! Which members are near: circles and boxes on the globe, and where in a sorted set to look for what is in them.
//!
//! A shape is looked for in the cell around its centre and in the eight beside it, of a size that the nine cover it.
//! The cells come in Redis's order, which is the order of the results where none is asked for.

use super::cells::{Cell, Place, STEPS};
use crate::store::{ScoreRange, SortedSet};
use bytes::Bytes;

/// The earth's radius that Redis reckons with, in metres.
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

/// Half of the equator on the map, in metres.
const MAP_HALF_WIDTH_M: f64 = 20_037_726.37;

/// Beyond these latitudes, in degrees, cells are so narrow that bigger ones are taken, twice as big each time.
const NARROW_LATITUDES: [f64; 2] = [66.0, 80.0];

/// The cell itself and those beside it, as so many to the east and to the north.
const NEIGHBOURS: [(i32, i32); 9] =
    [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// What is looked for around a centre; lengths in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Circle { radius_m: f64 },
    Box { width_m: f64, height_m: f64 },
}

/// A member that is near.
pub(super) struct Found {
    pub(super) member: Bytes,
    pub(super) score: f64,
    pub(super) place: Place,
    pub(super) distance_m: f64,
}

/// How far two places are from each other, in metres, on a globe.
pub(super) fn distance_m(one: Place, other: Place) -> f64 {
    let v = ((other.longitude.to_radians_exactly() - one.longitude.to_radians_exactly()) / 2.0).sin();
    if v == 0.0 {
        return latitude_distance_m(one, other);
    }
    let (lat1, lat2) = (one.latitude.to_radians_exactly(), other.latitude.to_radians_exactly());
    let u = ((lat2 - lat1) / 2.0).sin();
    let a = u * u + lat1.cos() * lat2.cos() * v * v;
    2.0 * EARTH_RADIUS_M * a.sqrt().asin()
}

fn latitude_distance_m(one: Place, other: Place) -> f64 {
    EARTH_RADIUS_M * (other.latitude.to_radians_exactly() - one.latitude.to_radians_exactly()).abs()
}

/// Degrees and radians with the one rounding that Redis's reckoning has.
trait Angle {
    fn to_radians_exactly(self) -> f64;
    fn to_degrees_exactly(self) -> f64;
}

impl Angle for f64 {
    fn to_radians_exactly(self) -> f64 {
        self * (std::f64::consts::PI / 180.0)
    }

    fn to_degrees_exactly(self) -> f64 {
        self / (std::f64::consts::PI / 180.0)
    }
}

impl Shape {
    /// How far a place is from the centre, if it is inside.
    fn distance_m(self, centre: Place, place: Place) -> Option<f64> {
        match self {
            Self::Circle { radius_m } => {
                Some(distance_m(centre, place)).filter(|distance| *distance <= radius_m)
            }
            Self::Box { width_m, height_m } => {
                if latitude_distance_m(place, centre) > height_m / 2.0 {
                    return None;
                }
                let beside = Place { longitude: centre.longitude, ..place };
                let inside = distance_m(place, beside) <= width_m / 2.0;
                inside.then(|| distance_m(centre, place))
            }
        }
    }

    /// Half its width and half its height, in metres.
    fn halves_m(self) -> (f64, f64) {
        match self {
            Self::Circle { radius_m } => (radius_m, radius_m),
            Self::Box { width_m, height_m } => (width_m / 2.0, height_m / 2.0),
        }
    }

    /// The least longitude and latitude, and the greatest, that it reaches.
    fn bounds(self, centre: Place) -> (Place, Place) {
        let (width_m, height_m) = self.halves_m();
        let Place { longitude, latitude } = centre;
        let up = (height_m / EARTH_RADIUS_M).to_degrees_exactly();
        // It is widest, in degrees, at its end towards the pole.
        let towards_pole = if latitude < 0.0 { latitude - up } else { latitude + up };
        let aside = (width_m / EARTH_RADIUS_M / towards_pole.to_radians_exactly().cos()).to_degrees_exactly();
        let corner =
            |sign: f64| Place { longitude: longitude + sign * aside, latitude: latitude + sign * up };
        (corner(-1.0), corner(1.0))
    }

    /// The cells in which it is.
    fn cells(self, centre: Place) -> Vec<Cell> {
        let radius_m = match self {
            Self::Circle { radius_m } => radius_m,
            Self::Box { .. } => {
                let (width_m, height_m) = self.halves_m();
                (width_m * width_m + height_m * height_m).sqrt()
            }
        };
        let (min, max) = self.bounds(centre);
        let mut steps = steps_for(radius_m, centre.latitude);
        let mut cell = Cell::around(centre, steps);
        let is_covered = cell.beside(0, 1).area().max.latitude >= max.latitude
            && cell.beside(0, -1).area().min.latitude <= min.latitude
            && cell.beside(1, 0).area().max.longitude >= max.longitude
            && cell.beside(-1, 0).area().min.longitude <= min.longitude;
        if steps > 1 && !is_covered {
            steps -= 1;
            cell = Cell::around(centre, steps);
        }
        let area = cell.area();
        let useless = |(east, north): (i32, i32)| {
            steps >= 2
                && (north < 0 && area.min.latitude < min.latitude
                    || north > 0 && area.max.latitude > max.latitude
                    || east < 0 && area.min.longitude < min.longitude
                    || east > 0 && area.max.longitude > max.longitude)
        };
        let mut cells: Vec<Cell> = Vec::new();
        for (east, north) in NEIGHBOURS.into_iter().filter(|neighbour| !useless(*neighbour)) {
            let neighbour = cell.beside(east, north);
            // Of a map of few cells some are beside a cell on both sides.
            if cells.len() < 2 || cells.last() != Some(&neighbour) {
                cells.push(neighbour);
            }
        }
        cells
    }
}

/// How often the map is halved so that the nine cells around a place cover a circle.
fn steps_for(radius_m: f64, latitude: f64) -> u32 {
    if radius_m == 0.0 {
        return STEPS;
    }
    let (mut reach_m, mut steps) = (radius_m, 1);
    while reach_m < MAP_HALF_WIDTH_M {
        reach_m *= 2.0;
        steps += 1;
    }
    // One more in reserve, and more where cells are narrow.
    steps -= 2 + NARROW_LATITUDES.iter().filter(|limit| latitude.abs() > **limit).count() as i32;
    steps.clamp(1, STEPS as i32) as u32
}

/// The members inside a shape, until there are `enough`; 0: all.
pub(super) fn search(set: &SortedSet, centre: Place, shape: Shape, enough: usize) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for cell in shape.cells(centre) {
        let (min, max) = (cell.first_score() as f64, cell.end_score() as f64);
        let ranks = set.ranks_by_score(&ScoreRange { min, min_open: false, max, max_open: true });
        for (member, score) in set.range(ranks, false) {
            if enough > 0 && found.len() >= enough {
                return found;
            }
            let place = Place::of_score(score);
            if let Some(distance_m) = shape.distance_m(centre, place) {
                found.push(Found { member: member.to_bytes(), score, place, distance_m });
            }
        }
    }
    found
}
