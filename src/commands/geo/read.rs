//! What is known of places: GEOPOS, GEODIST, GEOHASH.

use super::cells::Place;
use super::search::distance_m;
use super::{UNITS, replies, unit_m};
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::SortedSet;

/// What every command that reads places declares alike.
pub(super) const READ: Spec = Spec {
    flags: &[Flag::Readonly],
    keys: &[KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access])],
    group: Group::Geo,
    since: "3.2.0",
    ..Spec::EMPTY
};

/// Where a member is.
pub(super) fn place_of(set: &SortedSet, member: &[u8]) -> Option<Place> {
    set.score(member).map(Place::of_score)
}

/// `GEOPOS key [member [member ...]]`
pub(in crate::commands) struct Geopos {
    key: Span,
    members: Rest,
}

impl Command for Geopos {
    const SPEC: Spec = Spec {
        name: "geopos",
        arity: -2,
        complexity: "O(N) where N is the number of members asked for",
        summary: "Returns longitude and latitude of members",
        syntax: "key [member [member ...]]",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let members = args.rest();
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let set = context.read_as::<SortedSet>(self.key)?;
        let place = |member: &[u8]| match set.and_then(|set| place_of(set, member)) {
            Some(Place { longitude, latitude }) => {
                Reply::Array([longitude, latitude].map(replies::coordinate).into())
            }
            None => Reply::NullArray,
        };
        Ok(Reply::array(self.members.of(argv).map(place)))
    }
}

/// `GEODIST key member1 member2 [M | KM | FT | MI]`
pub(in crate::commands) struct Geodist {
    key: Span,
    members: [Span; 2],
    unit_m: f64,
}

impl Command for Geodist {
    const SPEC: Spec = Spec {
        name: "geodist",
        arity: -4,
        complexity: "O(1)",
        summary: "Returns how far two members are from each other",
        syntax: "key member1 member2 [unit: M | KM | FT | MI]",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, members) = (args.bytes(), [args.bytes(), args.bytes()]);
        let unit_m = match args.left() {
            0 => UNITS[0].1,
            1 => unit_m(args),
            _ => return Err(faults::SYNTAX),
        };
        args.done(Self { key, members, unit_m })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let [one, other] = self.members.map(|member| context.argv.bytes(member));
        let set = context.read_as::<SortedSet>(self.key)?;
        let places = set.and_then(|set| Some((place_of(set, one)?, place_of(set, other)?)));
        Ok(places.map_or(Reply::Null, |(one, other)| replies::distance(distance_m(one, other) / self.unit_m)))
    }
}

/// `GEOHASH key [member [member ...]]`
pub(in crate::commands) struct Geohash {
    key: Span,
    members: Rest,
}

impl Command for Geohash {
    const SPEC: Spec = Spec {
        name: "geohash",
        arity: -2,
        complexity: "O(N) where N is the number of members asked for",
        summary: "Returns the geohashes of members as text",
        syntax: "key [member [member ...]]",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let members = args.rest();
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let set = context.read_as::<SortedSet>(self.key)?;
        let hash = |member: &[u8]| {
            let place = set.and_then(|set| place_of(set, member));
            place.map_or(Reply::Null, |place| Reply::bulk(&place.text()))
        };
        Ok(Reply::array(self.members.of(argv).map(hash)))
    }
}
