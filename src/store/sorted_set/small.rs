//! The short form of a sorted set: member, score, member, score … in one packed buffer.
//!
//! A whole score is an element as any other number (but for a zero with a sign); another one is nine bytes, a mark and the bits of the double, so
//! that walking over scores parses no text.

use super::bounds::{Cut, LexRange};
use crate::store::packed::{Packed, PackedIter};
use crate::store::string::{IntText, StringRef};
use std::ops::Range;

/// Whole scores up to this magnitude are written as integers; every one of them is a double.
const WHOLE_MAX: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// What stands before the bits of a score that is not written as an integer; no text of an integer begins so.
const BITS_MARK: u8 = b'd';

/// Members with their scores, in order or backwards.
#[derive(Clone)]
pub(super) struct Pairs<'a> {
    strings: PackedIter<'a>,
    left: usize,
    backward: bool,
}

/// The members of these ranks.
pub(super) fn pairs(packed: &Packed, ranks: Range<usize>, backward: bool) -> Pairs<'_> {
    let strings = match backward {
        true => packed.iter_to(2 * ranks.end),
        false => packed.iter_from(2 * ranks.start),
    };
    Pairs { strings, left: ranks.len(), backward }
}

/// All members.
pub(super) fn all(packed: &Packed) -> Pairs<'_> {
    pairs(packed, 0..packed.len() / 2, false)
}

pub(super) fn score(packed: &Packed, member: &[u8]) -> Option<f64> {
    let at = packed.find(packed.first(), 2, member)?;
    Some(read_score(packed.at(packed.next(at))))
}

/// How many members stand before a cut.
pub(super) fn before(packed: &Packed, cut: &Cut<'_>) -> usize {
    all(packed).take_while(|(member, score)| is_behind(cut, *member, *score)).count()
}

/// The ranks of the members in a range. Where scores differ this is what walking from the nearer bound on finds,
/// as in Redis.
pub(super) fn lex_ranks(packed: &Packed, range: &LexRange<'_>, backward: bool) -> Range<usize> {
    let (min, max) = range.cuts();
    let (len, all) = (packed.len() / 2, all(packed));
    let is_inside_min = |pair: &(StringRef<'_>, f64)| !is_behind(&min, pair.0, pair.1);
    let is_inside_max = |pair: &(StringRef<'_>, f64)| is_behind(&max, pair.0, pair.1);
    let reaches = pairs(packed, 0..len, true).next().is_some_and(|last| is_inside_min(&last))
        && all.clone().next().is_some_and(|first| is_inside_max(&first));
    if !reaches {
        return 0..0;
    }
    if backward {
        let outside = pairs(packed, 0..len, true).take_while(|pair| !is_inside_max(pair)).count();
        let inside = pairs(packed, 0..len - outside, true).take_while(is_inside_min).count();
        len - outside - inside..len - outside
    } else {
        let start = all.take_while(|pair| !is_inside_min(pair)).count();
        start..start + pairs(packed, start..len, false).take_while(is_inside_max).count()
    }
}

/// Puts a member in that is not there.
pub(super) fn insert(packed: &mut Packed, member: &[u8], score: f64) {
    let rank = before(packed, &Cut::Member(score, member));
    let at = packed.offset(2 * rank);
    packed.insert(at, member);
    let score_at = packed.next(at);
    with_score(score, |text| packed.insert(score_at, text));
}

/// Takes a member out. Answers its score.
pub(super) fn remove(packed: &mut Packed, member: &[u8]) -> Option<f64> {
    let at = packed.find(packed.first(), 2, member)?;
    let score = read_score(packed.at(packed.next(at)));
    packed.remove(at, 2);
    Some(score)
}

/// Takes the members of these ranks out.
pub(super) fn remove_ranks(packed: &mut Packed, ranks: Range<usize>) {
    let at = packed.offset(2 * ranks.start);
    packed.remove(at, 2 * ranks.len());
}

/// Says what is wrong with the buffer.
pub(super) fn verify(packed: &Packed) -> Result<(), &'static str> {
    packed.verify()?;
    if packed.len() % 2 == 1 {
        return Err("a sorted set has a member without a score");
    }
    let pairs: Vec<_> = all(packed).map(|(member, score)| (score, member.to_vec())).collect();
    let ordered =
        pairs.windows(2).all(|pair| Cut::Member(pair[1].0, &pair[1].1).is_behind(pair[0].0, &pair[0].1));
    if !ordered || pairs.iter().any(|(score, _)| score.is_nan()) {
        return Err("the members of a sorted set are out of order");
    }
    let mut members: Vec<_> = pairs.iter().map(|(_, member)| member).collect();
    members.sort_unstable();
    match members.windows(2).all(|pair| pair[0] != pair[1]) {
        true => Ok(()),
        false => Err("a member of a sorted set is there twice"),
    }
}

fn is_behind(cut: &Cut<'_>, member: StringRef<'_>, score: f64) -> bool {
    match cut.is_behind_score(score) {
        Some(is_behind) => is_behind,
        None => cut.is_behind(score, member.text(&mut IntText::default())),
    }
}

fn read_score(element: StringRef<'_>) -> f64 {
    match element {
        StringRef::Int(whole) => whole as f64,
        other => {
            let mut bits = [0; 8];
            bits.copy_from_slice(&other.text(&mut IntText::default())[1..]);
            f64::from_le_bytes(bits)
        }
    }
}

/// Shows the text of the element that a score is.
fn with_score(score: f64, write: impl FnOnce(&[u8])) {
    let is_whole = score.abs() <= WHOLE_MAX && score.trunc() == score;
    if is_whole && !(score == 0.0 && score.is_sign_negative()) {
        return write(itoa::Buffer::new().format(score as i64).as_bytes());
    }
    let mut text = [BITS_MARK; 9];
    text[1..].copy_from_slice(&score.to_le_bytes());
    write(&text);
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (StringRef<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if self.backward {
            let score = self.strings.next_back()?;
            Some((self.strings.next_back()?, read_score(score)))
        } else {
            let member = self.strings.next()?;
            Some((member, read_score(self.strings.next()?)))
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
