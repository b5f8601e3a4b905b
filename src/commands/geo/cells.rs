//! Places on the globe as numbers: the 52-bit geohash that GEOADD stores as a score.
//!
//! The map is halved by turns from west to east and from south to north; which half a place is in is a bit each
//! time. After 26 halvings each way a cell is less than a metre wide. See <https://en.wikipedia.org/wiki/Geohash>; the
//! latitudes of the map are those of Web Mercator, as Redis's documentation of GEOADD says.

/// Bits for each direction in a score.
pub(super) const STEPS: u32 = 26;

/// The map's limits, in degrees.
pub(super) const LONGITUDE_MAX: f64 = 180.0;
pub(super) const LATITUDE_MAX: f64 = 85.051_128_78;

/// The latitudes of the geohash that is known elsewhere, which goes from pole to pole.
const POLE: f64 = 90.0;

/// Characters of a geohash as text: 5 bits each, of which the last one has 2 only, and shows none of them.
const TEXT_LEN: usize = 11;

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
}

/// A rectangle of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) min: Place,
    pub(super) max: Place,
}

/// One of the cells into which the map falls after some halvings each way: how far east and north it is, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    steps: u32,
    east: u32,
    north: u32,
}

impl Place {
    /// Whether it is on the map.
    pub(super) fn is_on_map(self) -> bool {
        self.longitude.abs() <= LONGITUDE_MAX && self.latitude.abs() <= LATITUDE_MAX
    }

    /// The place that a score stands for: the middle of its cell.
    pub(super) fn of_score(score: f64) -> Self {
        // As C does on all usual machines, also for a score that is no geohash.
        let bits = if score < 0.0 { score as i64 as u64 } else { score as u64 };
        let area = Cell { steps: STEPS, east: squeeze(bits >> 1), north: squeeze(bits) }.area();
        let middle = |min: f64, max: f64, limit: f64| ((min + max) / 2.0).clamp(-limit, limit);
        Place {
            longitude: middle(area.min.longitude, area.max.longitude, LONGITUDE_MAX),
            latitude: middle(area.min.latitude, area.max.latitude, LATITUDE_MAX),
        }
    }

    /// The score of the cell that it is in.
    pub(super) fn score(self) -> f64 {
        Cell::around(self, STEPS).first_score() as f64
    }

    /// The geohash as text, as other programs know it.
    pub(super) fn text(self) -> [u8; TEXT_LEN] {
        let bits = Cell::within(self, STEPS, POLE).first_score();
        std::array::from_fn(|index| {
            let end = 5 * (index as u32 + 1);
            let digit = (2 * STEPS).checked_sub(end).map_or(0, |shift| bits >> shift & 31);
            ALPHABET[digit as usize]
        })
    }
}

impl Cell {
    /// The cell that a place is in after so many halvings each way.
    pub(super) fn around(place: Place, steps: u32) -> Self {
        Self::within(place, steps, LATITUDE_MAX)
    }

    fn within(place: Place, steps: u32, latitude_max: f64) -> Self {
        let cells = (1u64 << steps) as f64;
        let along = |degrees: f64, limit: f64| ((degrees + limit) / (2.0 * limit) * cells) as u32;
        Self {
            steps,
            east: along(place.longitude, LONGITUDE_MAX),
            north: along(place.latitude, latitude_max),
        }
    }

    /// The cell so many cells further east and north; at the limits of the map it goes on at the other side.
    ///
    /// A place on the very limit is in a cell behind the last one, and stays there until it moves.
    pub(super) fn beside(self, east: i32, north: i32) -> Self {
        let mask = ((1u64 << self.steps) - 1) as u32;
        let moved = |from: u32, by: i32| if by == 0 { from } else { from.wrapping_add_signed(by) & mask };
        Self { steps: self.steps, east: moved(self.east, east), north: moved(self.north, north) }
    }

    /// What of the map it is.
    pub(super) fn area(self) -> Area {
        let cells = (1u64 << self.steps) as f64;
        let edge = |index: f64, limit: f64| -limit + index / cells * (2.0 * limit);
        let corner = |more: f64| Place {
            longitude: edge(f64::from(self.east) + more, LONGITUDE_MAX),
            latitude: edge(f64::from(self.north) + more, LATITUDE_MAX),
        };
        Area { min: corner(0.0), max: corner(1.0) }
    }

    /// The lowest score of a place in this cell.
    pub(super) fn first_score(self) -> u64 {
        self.bits() << (2 * (STEPS - self.steps))
    }

    /// The lowest score behind those of places in this cell.
    pub(super) fn end_score(self) -> u64 {
        (self.bits() + 1) << (2 * (STEPS - self.steps))
    }

    fn bits(self) -> u64 {
        spread(self.north) | spread(self.east) << 1
    }
}

/// The bits of a number with a gap after each.
fn spread(number: u32) -> u64 {
    [(16, 0x0000_FFFF_0000_FFFF), (8, 0x00FF_00FF_00FF_00FF), (4, 0x0F0F_0F0F_0F0F_0F0F)]
        .into_iter()
        .chain([(2, 0x3333_3333_3333_3333), (1, 0x5555_5555_5555_5555)])
        .fold(u64::from(number), |bits, (shift, mask)| (bits | bits << shift) & mask)
}

/// Every second bit of a number.
fn squeeze(bits: u64) -> u32 {
    [(1, 0x3333_3333_3333_3333), (2, 0x0F0F_0F0F_0F0F_0F0F), (4, 0x00FF_00FF_00FF_00FF)]
        .into_iter()
        .chain([(8, 0x0000_FFFF_0000_FFFF), (16, 0x0000_0000_FFFF_FFFF)])
        .fold(bits & 0x5555_5555_5555_5555, |bits, (shift, mask)| (bits | bits >> shift) & mask) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALERMO: Place = Place { longitude: 13.361389, latitude: 38.115556 };

    #[test]
    fn a_place_has_the_score_and_text_that_redis_documents() {
        assert_eq!(PALERMO.score(), 3_479_099_956_230_698.0);
        let back = Place::of_score(PALERMO.score());
        assert_eq!(
            format!("{:.15} {:.15}", back.longitude, back.latitude),
            "13.361389338970184 38.115556395496299"
        );
        assert_eq!(&back.text(), b"sqc8b49rny0");
    }

    #[test]
    fn cells_go_on_at_the_other_side() {
        let east = Cell::around(Place { longitude: 179.9, latitude: 0.1 }, 4);
        assert_eq!(east.beside(1, 0).area().min.longitude, -180.0);
        assert_eq!(east.beside(1, 0).beside(-1, 0), east);
        assert!(east.first_score() < east.end_score());
        for bits in [0, 1, 0x5555, u64::MAX, 3_479_099_956_230_698] {
            assert_eq!(spread(squeeze(bits)) | spread(squeeze(bits >> 1)) << 1, bits);
        }
    }
}
