//! Geo: places on the globe as members of a sorted set, whose scores are geohashes.
//!
//! What a place is as a number is [`cells`], what is near [`mod@search`]; [`add`] and [`read`] know single places, [`query`]
//! and [`searches`] look for those around another. Absent on purpose: a type of its own, as in Redis.

mod add;
mod cells;
mod query;
mod read;
mod replies;
mod search;
mod searches;

use super::args::Args;
use super::family::family;
use super::faults;
use add::Geoadd;
use cells::Place;
use read::{Geodist, Geohash, Geopos};
use searches::{Georadius, GeoradiusRo, Georadiusbymember, GeoradiusbymemberRo, Geosearch, Geosearchstore};

/// Units of length: name and metres.
const UNITS: [(&str, f64); 4] = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];

/// Reads a unit of length; in metres.
fn unit_m(args: &mut Args<'_>) -> f64 {
    let unit = UNITS.into_iter().find(|(name, _)| args.option(name));
    unit.map_or_else(
        || {
            args.fail(faults::BAD_UNIT);
            1.0
        },
        |(_, metres)| metres,
    )
}

/// Reads longitude and latitude of a place on the map.
fn place(args: &mut Args<'_>) -> Place {
    let place =
        Place { longitude: args.double(faults::NOT_A_FLOAT), latitude: args.double(faults::NOT_A_FLOAT) };
    if !place.is_on_map() {
        args.fail(faults::bad_place(place.longitude, place.latitude));
    }
    place
}

family!(Geo {
    Geoadd(Geoadd),
    Geopos(Geopos),
    Geodist(Geodist),
    Geohash(Geohash),
    Geosearch(Geosearch),
    Geosearchstore(Geosearchstore),
    Georadius(Georadius),
    GeoradiusRo(GeoradiusRo),
    Georadiusbymember(Georadiusbymember),
    GeoradiusbymemberRo(GeoradiusbymemberRo),
});
