//! The commands that search: GEOSEARCH, GEOSEARCHSTORE, and GEORADIUS with its variants, which came before them.

use super::place;
use super::query::{Centre, Dialect, Query};
use super::read::READ;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::Fault;
use crate::commands::spec::{Command, Deprecated, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::Span;

/// What all of them say of their complexity.
const COMPLEXITY: &str = "O(N+log(M)) where N is the number of members in the cells around the shape and M of members in the sorted set";

/// `GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX width height unit
/// [ASC | DESC] [count: COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]`
pub(in crate::commands) struct Geosearch {
    key: Span,
    query: Box<Query>,
}

impl Command for Geosearch {
    const SPEC: Spec = Spec {
        name: "geosearch",
        arity: -7,
        since: "6.2.0",
        complexity: COMPLEXITY,
        summary: "Returns the members inside a circle or a box",
        syntax: "key <from: FROMMEMBER member | FROMLONLAT longitude:double latitude:double> <by: <circle: BYRADIUS radius:double <unit: M | KM | FT | MI>> | <box: BYBOX width:double height:double <unit: M | KM | FT | MI>>> [order: ASC | DESC] [count: COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        history: &[("7.0.0", "Units in capitals")],
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (name, key) = (args.word_before(), args.bytes());
        let mut query = Box::<Query>::default();
        query.read_options(args, Dialect::Geosearch, name);
        Ok(Self { key, query })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.query.run(context, self.key)
    }
}

/// `GEOSEARCHSTORE destination source …`, as GEOSEARCH with STOREDIST
pub(in crate::commands) struct Geosearchstore {
    source: Span,
    query: Box<Query>,
}

impl Command for Geosearchstore {
    const SPEC: Spec = Spec {
        name: "geosearchstore",
        arity: -8,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]).at(2),
        ],
        group: Group::Geo,
        since: "6.2.0",
        complexity: COMPLEXITY,
        summary: "Stores the members inside a circle or a box as a sorted set",
        syntax: "destination source <from: FROMMEMBER member | FROMLONLAT longitude:double latitude:double> <by: <circle: BYRADIUS radius:double <unit: M | KM | FT | MI>> | <box: BYBOX width:double height:double <unit: M | KM | FT | MI>>> [order: ASC | DESC] [count: COUNT count [ANY]] [STOREDIST]",
        history: &[("7.0.0", "Units in capitals")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (name, destination, source) = (args.word_before(), args.bytes(), args.bytes());
        let mut query = Box::<Query>::default();
        query.destination = Some(destination);
        query.read_options(args, Dialect::Geosearchstore, name);
        Ok(Self { source, query })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.query.run(context, self.source)
    }
}

/// A search around a place.
fn around_place(args: &mut Args<'_>, dialect: Dialect) -> (Span, Box<Query>) {
    let (key, mut query) = (args.bytes(), Box::<Query>::default());
    query.centre = Some(Centre::Place(place(args)));
    query.read_radius(args);
    query.read_options(args, dialect, b"");
    (key, query)
}

/// A search around a member. Where there is no key Redis does not look at the radius.
fn around_member(args: &mut Args<'_>, dialect: Dialect) -> (Span, Box<Query>) {
    let (key, mut query) = (args.bytes(), Box::<Query>::default());
    query.centre = Some(Centre::Member(args.bytes()));
    let mut options = args.clone();
    query.read_radius(args);
    query.radius_fault = args.fault();
    for _ in 0..RADIUS_WORDS {
        options.bytes();
    }
    query.read_options(&mut options, dialect, b"");
    (key, query)
}

/// A radius and its unit.
const RADIUS_WORDS: usize = 2;

/// What the commands of old declare alike that can store.
const RADIUS: Spec = Spec { flags: &[Flag::Write, Flag::Denyoom], complexity: COMPLEXITY, arity: -6, ..READ };

/// What those declare alike that cannot.
const RADIUS_RO: Spec = Spec { since: "3.2.10", complexity: COMPLEXITY, arity: -6, ..READ };

macro_rules! radius {
    ($(#[$doc:meta])* $command:ident, $read:ident, $dialect:expr, $spec:expr) => {
        $(#[$doc])*
        pub(in crate::commands) struct $command {
            key: Span,
            query: Box<Query>,
        }

        impl Command for $command {
            const SPEC: Spec = $spec;

            fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
                let (key, query) = $read(args, $dialect);
                Ok(Self { key, query })
            }

            fn run(&self, context: &mut Context<'_>) -> Outcome {
                self.query.run(context, self.key)
            }
        }
    };
}

radius!(
    /// `GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [count: COUNT count [ANY]] [ASC | DESC]
    /// [STORE key] [STOREDIST key]`
    Georadius,
    around_place,
    Dialect::Radius,
    Spec {
        name: "georadius",
        keys: &[
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).after("STORE", 6),
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).after("STOREDIST", 6),
        ],
        summary: "Returns or stores the members inside a circle around a place",
        syntax: "key longitude:double latitude:double radius:double <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count: COUNT count [ANY]] [order: ASC | DESC] [STORE key] [STOREDIST key]",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
        }),
        history: &[("6.2.0", "The option `ANY` for COUNT"), ("7.0.0", "Units in capitals")],
        ..RADIUS
    }
);

radius!(
    /// `GEORADIUS_RO`: GEORADIUS without STORE and STOREDIST
    GeoradiusRo,
    around_place,
    Dialect::RadiusRo,
    Spec {
        name: "georadius_ro",
        summary: "Returns the members inside a circle around a place",
        syntax: "key longitude:double latitude:double radius:double <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count: COUNT count [ANY]] [order: ASC | DESC]",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`GEOSEARCH` with the `BYRADIUS` argument",
        }),
        history: &[("6.2.0", "The option `ANY` for COUNT")],
        ..RADIUS_RO
    }
);

radius!(
    /// `GEORADIUSBYMEMBER key member radius unit …`, as GEORADIUS
    Georadiusbymember,
    around_member,
    Dialect::Radius,
    Spec {
        name: "georadiusbymember",
        arity: -5,
        keys: &[
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).after("STORE", 5),
            KeySpec::one(&[KeyFlag::Ow, KeyFlag::Update]).after("STOREDIST", 5),
        ],
        summary: "Returns or stores the members inside a circle around a member",
        syntax: "key member radius:double <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count: COUNT count [ANY]] [order: ASC | DESC] [STORE key] [STOREDIST key]",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
        }),
        history: &[("7.0.0", "Units in capitals")],
        ..RADIUS
    }
);

radius!(
    /// `GEORADIUSBYMEMBER_RO`: GEORADIUSBYMEMBER without STORE and STOREDIST
    GeoradiusbymemberRo,
    around_member,
    Dialect::RadiusRo,
    Spec {
        name: "georadiusbymember_ro",
        arity: -5,
        summary: "Returns the members inside a circle around a member",
        syntax: "key member radius:double <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count: COUNT count [ANY]] [order: ASC | DESC]",
        deprecated: Some(Deprecated {
            since: "6.2.0",
            replaced_by: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
        }),
        ..RADIUS_RO
    }
);
