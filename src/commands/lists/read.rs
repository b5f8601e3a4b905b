//! Reading lists: LLEN, LRANGE, LINDEX, LPOS.

use super::READ;
use crate::commands::args::Args;
use crate::commands::big_replies;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::{self, Fault};
use crate::commands::indices;
use crate::commands::spec::{Command, Flag, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{List, Side, StringRef, parse_int};

/// `LLEN key`
pub(in crate::commands) struct Llen {
    key: Span,
}

impl Command for Llen {
    const SPEC: Spec = Spec {
        name: "llen",
        arity: 2,
        flags: &[Flag::Readonly, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Ro])],
        summary: "Counts the elements of a list",
        syntax: "key",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let len = context.read_list(self.key)?.map_or(0, |list| list.len());
        Ok(Reply::from_count(len))
    }
}

/// `LRANGE key start stop`
pub(in crate::commands) struct Lrange {
    key: Span,
    start: i64,
    stop: i64,
}

impl Command for Lrange {
    const SPEC: Spec = Spec {
        name: "lrange",
        arity: 4,
        complexity: "O(S+N) where S is the distance of the range from the nearer end and N its length",
        summary: "Lists the elements in a range, both ends included",
        syntax: "key start stop",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, start, stop) = (args.bytes(), args.integer(), args.integer());
        args.done(Self { key, start, stop })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let protocol = context.session().protocol;
        let Some(list) = context.read_list(self.key)? else { return Ok(Reply::EMPTY_ARRAY) };
        let range = indices::range(self.start, self.stop, list.len());
        Ok(big_replies::list(list, range, Side::Front, protocol))
    }
}

/// `LINDEX key index`
pub(in crate::commands) struct Lindex {
    key: Span,
    /// Looked at only when there is a list.
    index: Span,
}

impl Command for Lindex {
    const SPEC: Spec = Spec {
        name: "lindex",
        arity: 3,
        complexity: "O(N) where N is the distance from the nearer end; O(1) for both ends",
        summary: "Returns an element by its index",
        syntax: "key index",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, index) = (args.bytes(), args.bytes());
        args.done(Self { key, index })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let index = context.argv.bytes(self.index);
        let Some(list) = context.read_list(self.key)? else { return Ok(Reply::Null) };
        let index = parse_int(index).ok_or(faults::NOT_AN_INTEGER)?;
        let element = indices::position(index, list.len()).and_then(|index| list.get(index));
        Ok(element.map_or(Reply::Null, string_reply))
    }
}

/// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
pub(in crate::commands) struct Lpos {
    key: Span,
    element: Span,
    /// The first match to be told, counted from one.
    rank: u64,
    /// Where the search begins.
    side: Side,
    /// How many matches are told as a list, 0 for all; none for a single match.
    count: Option<u64>,
    /// How many elements are looked at, 0 for all.
    max_len: u64,
}

impl Command for Lpos {
    const SPEC: Spec = Spec {
        name: "lpos",
        arity: -3,
        since: "6.0.6",
        complexity: "O(N) where N is the number of elements looked at",
        summary: "Finds the index of an element",
        syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, element) = (args.bytes(), args.bytes());
        let (mut rank, mut count, mut max_len) = (1, None, 0);
        while args.more() {
            if args.option_with_value("RANK") {
                rank = read_rank(args);
            } else if args.option_with_value("COUNT") {
                count = Some(read_limit(args, faults::LPOS_COUNT_NEGATIVE));
            } else if args.option_with_value("MAXLEN") {
                max_len = read_limit(args, faults::LPOS_MAXLEN_NEGATIVE);
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        let side = if rank < 0 { Side::Back } else { Side::Front };
        args.done(Self { key, element, rank: rank.unsigned_abs(), side, count, max_len })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let element = context.argv.bytes(self.element);
        let list = context.read_list(self.key)?;
        let mut found = list.map(|list| self.matches(list, element)).into_iter().flatten();
        Ok(match self.count {
            None => found.next().map_or(Reply::Null, Reply::from_count),
            Some(count) => {
                let most = if count == 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) };
                Reply::array(found.take(most).map(Reply::from_count))
            }
        })
    }
}

impl Lpos {
    /// The indices of the matches from the wanted one on.
    fn matches<'a>(&self, list: &'a List, element: &'a [u8]) -> impl Iterator<Item = usize> + use<'a> {
        let (side, last) = (self.side, list.len() - 1);
        let elements = match side {
            Side::Front => list.iter(),
            Side::Back => list.iter_back_from(last),
        };
        let looked_at = if self.max_len == 0 { u64::MAX } else { self.max_len };
        let equal = move |(_, other): &(usize, StringRef<'_>)| *other == *element;
        elements
            .enumerate()
            .take(usize::try_from(looked_at).unwrap_or(usize::MAX))
            .filter(equal)
            .skip(usize::try_from(self.rank - 1).unwrap_or(usize::MAX))
            .map(move |(index, _)| if side == Side::Front { index } else { last - index })
    }
}

fn read_rank(args: &mut Args<'_>) -> i64 {
    let rank = args.integer();
    if rank == i64::MIN {
        args.fail(faults::NOT_NEGATABLE);
    }
    if rank == 0 {
        args.fail(faults::LPOS_RANK_ZERO);
        return 1;
    }
    rank
}

fn read_limit(args: &mut Args<'_>, fault: Fault) -> u64 {
    let limit = args.integer_or(fault.clone());
    u64::try_from(limit).unwrap_or_else(|_| {
        args.fail(fault);
        0
    })
}
