//! What selects members: scores from one to another, texts from one to another, ranks.

use crate::commands::args::Args;
use crate::commands::doubles::parse_bound;
use crate::commands::faults;
use crate::commands::indices;
use crate::resp::{Argv, Span};
use crate::store::{LexBound, LexRange, ScoreRange, SortedSet};
use std::ops::Range;

/// Which members a command is about.
#[derive(Clone, Copy)]
pub(super) enum Selection {
    /// Those of these ranks, as clients count them.
    Ranks(i64, i64),
    /// Those with these scores.
    Scores(ScoreRange),
    /// Those between these texts.
    Texts(LexEnd, LexEnd),
}

/// An end of a range of texts.
#[derive(Clone, Copy)]
pub(super) enum LexEnd {
    First,
    Last,
    /// A text behind its mark, which says whether it is inside.
    Text(Span, bool),
}

/// What a range is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Rank,
    Score,
    Lex,
}

impl Selection {
    /// Reads two arguments; in a range that goes backwards the first one is the upper end.
    pub(super) fn read(args: &mut Args<'_>, by: By, backward: bool) -> Self {
        match by {
            By::Rank => Self::Ranks(args.integer(), args.integer()),
            By::Score => {
                let ends = (score_end(args), score_end(args));
                let ((min, min_open), (max, max_open)) = if backward { (ends.1, ends.0) } else { ends };
                Self::Scores(ScoreRange { min, min_open, max, max_open })
            }
            By::Lex => {
                let ends = (lex_end(args), lex_end(args));
                let (min, max) = if backward { (ends.1, ends.0) } else { ends };
                Self::Texts(min, max)
            }
        }
    }

    /// The ranks that are meant in this set, counted from the lowest; ranks of a reader that goes backwards are
    /// counted from the highest.
    pub(super) fn ranks(&self, set: &SortedSet, argv: Argv<'_>, backward: bool) -> Range<usize> {
        match self {
            Self::Ranks(start, stop) => {
                let range = indices::range(*start, *stop, set.len());
                if backward { set.len() - range.end..set.len() - range.start } else { range }
            }
            Self::Scores(range) => set.ranks_by_score(range),
            Self::Texts(min, max) => {
                let range = LexRange { min: min.bound(argv), max: max.bound(argv) };
                set.ranks_by_lex(&range, backward)
            }
        }
    }
}

impl LexEnd {
    fn bound(self, argv: Argv<'_>) -> LexBound<'_> {
        match self {
            Self::First => LexBound::First,
            Self::Last => LexBound::Last,
            Self::Text(text, true) => LexBound::Including(&argv.bytes(text)[1..]),
            Self::Text(text, false) => LexBound::Excluding(&argv.bytes(text)[1..]),
        }
    }
}

/// An end of a range of scores, and whether it is outside itself.
fn score_end(args: &mut Args<'_>) -> (f64, bool) {
    let word = args.word();
    let (text, open) = match word {
        [b'(', text @ ..] => (text, true),
        text => (text, false),
    };
    let score = parse_bound(text).unwrap_or_else(|| {
        args.fail(faults::BAD_SCORE_RANGE);
        0.0
    });
    (score, open)
}

fn lex_end(args: &mut Args<'_>) -> LexEnd {
    let word = args.peek().unwrap_or_default();
    let span = args.bytes();
    match word {
        // A zero byte ends what Redis compares.
        [b'-'] | [b'-', 0, ..] => LexEnd::First,
        [b'+'] | [b'+', 0, ..] => LexEnd::Last,
        [b'[', ..] => LexEnd::Text(span, true),
        [b'(', ..] => LexEnd::Text(span, false),
        _ => {
            args.fail(faults::BAD_LEX_RANGE);
            LexEnd::First
        }
    }
}
