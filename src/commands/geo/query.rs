//! The arguments of the commands that search, and what they do with what they find.
//!
//! Redis looks at the key before it looks at most arguments, and says what is wrong in the order of both; so what is
//! wrong with the arguments travels along until the key has been seen.

use super::cells::Place;
use super::read::place_of;
use super::search::{Found, Shape, search};
use super::{place, replies, unit_m};
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::resp::{Reply, Span};
use crate::store::{SortedSet, Value};

/// What a search is around.
#[derive(Clone, Copy)]
pub(super) enum Centre {
    Place(Place),
    Member(Span),
}

/// A search, as far as its arguments could be read.
#[derive(Default)]
pub(super) struct Query {
    pub(super) centre: Option<Centre>,
    pub(super) shape: Option<Shape>,
    /// The unit of its lengths, in metres.
    pub(super) unit_m: f64,
    with_distance: bool,
    with_hash: bool,
    with_coordinates: bool,
    /// Whether the farthest come first; none: in no order.
    descending: Option<bool>,
    /// How many at most; 0: all.
    count: u64,
    /// Whether any will do, or the nearest are wanted.
    any: bool,
    /// Where the result is stored.
    pub(super) destination: Option<Span>,
    /// Whether the distances are stored.
    stores_distance: bool,
    is_geosearch: bool,
    /// What is wrong, unless there is no key: with a member's radius.
    pub(super) radius_fault: Option<Fault>,
    /// What is wrong behind the centre.
    pub(super) fault: Option<Fault>,
}

/// Which of the options a command knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// GEORADIUS and GEORADIUSBYMEMBER.
    Radius,
    /// Those that only read.
    RadiusRo,
    Geosearch,
    Geosearchstore,
}

impl Query {
    /// Reads a radius with its unit.
    pub(super) fn read_radius(&mut self, args: &mut Args<'_>) {
        let radius = args.double(faults::RADIUS_NOT_NUMERIC);
        if radius < 0.0 {
            args.fail(faults::RADIUS_NEGATIVE);
        }
        self.unit_m = unit_m(args);
        self.shape = Some(Shape::Circle { radius_m: radius * self.unit_m });
    }

    fn read_box(&mut self, args: &mut Args<'_>) {
        let (width, height) =
            (args.double(faults::WIDTH_NOT_NUMERIC), args.double(faults::HEIGHT_NOT_NUMERIC));
        if width < 0.0 || height < 0.0 {
            args.fail(faults::BOX_NEGATIVE);
        }
        self.unit_m = unit_m(args);
        self.shape = Some(Shape::Box { width_m: width * self.unit_m, height_m: height * self.unit_m });
    }

    /// Reads all options, and notes what is wrong with any argument.
    pub(super) fn read_options(&mut self, args: &mut Args<'_>, dialect: Dialect, name: &[u8]) {
        self.is_geosearch = dialect == Dialect::Geosearchstore;
        while args.more() {
            let known = self.read_option(args)
                || match dialect {
                    Dialect::Radius => self.read_destination(args),
                    Dialect::RadiusRo => false,
                    Dialect::Geosearch | Dialect::Geosearchstore => self.read_search(args, dialect),
                };
            if !known {
                args.fail(faults::SYNTAX);
            }
        }
        let lists = self.with_distance || self.with_hash || self.with_coordinates;
        if self.destination.is_some() && lists {
            args.fail(match dialect {
                Dialect::Geosearchstore => faults::GEOSEARCHSTORE_OPTIONS,
                _ => faults::GEORADIUS_STORE,
            });
        }
        if self.centre.is_none() {
            args.fail(faults::geosearch_needs("FROMMEMBER or FROMLONLAT", name));
        }
        if self.shape.is_none() {
            args.fail(faults::geosearch_needs("BYRADIUS and BYBOX", name));
        }
        if self.any && self.count == 0 {
            args.fail(faults::ANY_WITHOUT_COUNT);
        }
        self.fault = args.fault();
    }

    /// Reads an option that all dialects know; says whether it was one.
    fn read_option(&mut self, args: &mut Args<'_>) -> bool {
        if args.option_with_value("COUNT") {
            let count = args.integer();
            self.count = u64::try_from(count).unwrap_or_default();
            if count < 1 {
                args.fail(faults::GEO_COUNT_NOT_POSITIVE);
            }
            return true;
        }
        if args.option("ASC") || args.option("DESC") {
            self.descending = Some(args.word_before().eq_ignore_ascii_case(b"DESC"));
            return true;
        }
        let flag = match () {
            () if args.option("WITHDIST") => &mut self.with_distance,
            () if args.option("WITHHASH") => &mut self.with_hash,
            () if args.option("WITHCOORD") => &mut self.with_coordinates,
            () if args.option("ANY") => &mut self.any,
            () => return false,
        };
        *flag = true;
        true
    }

    fn read_destination(&mut self, args: &mut Args<'_>) -> bool {
        let stores_distance = args.option_with_value("STOREDIST");
        if !stores_distance && !args.option_with_value("STORE") {
            return false;
        }
        self.stores_distance = stores_distance;
        self.destination = Some(args.bytes());
        true
    }

    fn read_search(&mut self, args: &mut Args<'_>, dialect: Dialect) -> bool {
        let (is_place, is_member) = match self.centre {
            None => (false, false),
            Some(Centre::Place(_)) => (true, false),
            Some(Centre::Member(_)) => (false, true),
        };
        let (is_circle, is_box) = match self.shape {
            None => (false, false),
            Some(Shape::Circle { .. }) => (true, false),
            Some(Shape::Box { .. }) => (false, true),
        };
        let left = args.left();
        match () {
            () if !is_place && args.option_with_value("FROMMEMBER") => {
                self.centre = Some(Centre::Member(args.bytes()));
            }
            () if !is_member && left > 2 && args.option("FROMLONLAT") => {
                self.centre = Some(Centre::Place(place(args)));
            }
            () if !is_box && left > 2 && args.option("BYRADIUS") => self.read_radius(args),
            () if !is_circle && left > 3 && args.option("BYBOX") => self.read_box(args),
            () if dialect == Dialect::Geosearchstore && args.option("STOREDIST") => {
                self.stores_distance = true;
            }
            () => return false,
        }
        true
    }

    /// Searches in the sorted set at a key.
    pub(super) fn run(&self, context: &mut Context<'_>, source: Span) -> Outcome {
        let argv = context.argv;
        let found = match context.read_as::<SortedSet>(source)? {
            Some(set) => {
                let centre = match self.centre {
                    Some(Centre::Place(place)) => Some(place),
                    Some(Centre::Member(member)) => {
                        Some(place_of(set, argv.bytes(member)).ok_or(faults::NO_SUCH_PLACE)?)
                    }
                    None => None,
                };
                let fault = self.radius_fault.as_ref().or(self.fault.as_ref());
                fault.map_or(Ok(()), |fault| Err(fault.clone()))?;
                let (centre, shape) = centre.zip(self.shape).ok_or(faults::SYNTAX)?;
                Some(self.select(search(set, centre, shape, if self.any { self.most() } else { 0 })))
            }
            None => {
                self.fault.as_ref().map_or(Ok(()), |fault| Err(fault.clone()))?;
                None
            }
        };
        match self.destination {
            Some(destination) => Ok(self.store(context, destination, found.unwrap_or_default())),
            None => Ok(Reply::array(found.unwrap_or_default().into_iter().map(|found| self.reply(found)))),
        }
    }

    fn most(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Those that are wanted, in the order that is.
    fn select(&self, mut found: Vec<Found>) -> Vec<Found> {
        // The nearest can only be told in order.
        let nearest_first = (self.count > 0 && !self.any).then_some(false);
        match self.descending.or(nearest_first) {
            None => {}
            Some(false) => found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m)),
            Some(true) => found.sort_by(|a, b| b.distance_m.total_cmp(&a.distance_m)),
        }
        if self.count > 0 {
            found.truncate(self.most());
        }
        found
    }

    fn reply(&self, found: Found) -> Reply {
        let member = Reply::bulk(found.member);
        if !(self.with_distance || self.with_hash || self.with_coordinates) {
            return member;
        }
        let mut parts = vec![member];
        if self.with_distance {
            parts.push(replies::distance(found.distance_m / self.unit_m));
        }
        if self.with_hash {
            parts.push(Reply::Integer(found.score as i64));
        }
        if self.with_coordinates {
            let Place { longitude, latitude } = found.place;
            parts.push(Reply::Array([longitude, latitude].map(replies::coordinate).into()));
        }
        Reply::Array(parts)
    }

    fn store(&self, context: &mut Context<'_>, destination: Span, found: Vec<Found>) -> Reply {
        let mut stored = context.db().builder().sorted_set();
        for Found { member, score, distance_m, .. } in &found {
            let score = if self.stores_distance { distance_m / self.unit_m } else { *score };
            stored.add(member, score);
        }
        let (result, changes) = (Value::SortedSet(stored.finish()), found.len() as u64);
        context.store_result(destination, result, changes, (Class::SortedSet, self.event()))
    }

    fn event(&self) -> &'static str {
        if self.is_geosearch { "geosearchstore" } else { "georadiusstore" }
    }
}
