//! Putting elements in order: by their weight, as numbers or as texts.
//!
//! The result is the one of a stable sort. Where only a range is wanted, only that range is sorted.

use super::pattern::Pattern;
use crate::commands::context::Context;
use crate::commands::doubles::{c_string, parse_sorted};
use crate::commands::faults::{self, Fault};
use crate::store::{IntText, StringRef};
use bytes::Bytes;
use std::cmp::Ordering;
use std::ops::Range;

/// What SORT goes by.
pub(super) struct Order<'a> {
    /// Where an element's weight is found; none if it is the element.
    pub(super) by: Option<Pattern<'a>>,
    /// Weights are texts.
    pub(super) alpha: bool,
    /// The greatest first.
    pub(super) descending: bool,
    /// Texts are compared as a whole; otherwise, as Redis compares what it answers, up to a zero byte.
    pub(super) whole_texts: bool,
}

/// An element with its weight and its place before sorting.
struct Weighted<'e, W> {
    element: StringRef<'e>,
    weight: W,
    place: usize,
}

impl Order<'_> {
    /// The elements in a range of the order.
    ///
    /// # Errors
    /// When a weight should be a number and is none.
    pub(super) fn sorted<'e>(
        &self,
        context: &mut Context<'_>,
        elements: Vec<StringRef<'e>>,
        range: Range<usize>,
    ) -> Result<Vec<StringRef<'e>>, Fault> {
        Ok(match &self.by {
            _ if !self.alpha => {
                let weighted = weigh(elements, |element| self.number(context, element))?;
                self.pick(weighted, range, |a, b| {
                    compare_numbers(a.weight, b.weight).then_with(|| compare(a.element, b.element))
                })
            }
            None => {
                let weighted = weigh(elements, |_| Ok(()))?;
                self.pick(weighted, range, |a, b| self.collate(a.element, b.element))
            }
            Some(by) => {
                let weighted =
                    weigh(elements, |element| Ok(by.look_up(context, element, |weight| weight.to_bytes())))?;
                self.pick(weighted, range, |a, b| self.collate_weights(a.weight.as_ref(), b.weight.as_ref()))
            }
        })
    }

    /// The weight of an element as a number; what has none weighs nothing.
    fn number(&self, context: &mut Context<'_>, element: StringRef<'_>) -> Result<f64, Fault> {
        let weight = match &self.by {
            None => Some(to_number(element)),
            Some(by) => by.look_up(context, element, to_number),
        };
        weight.unwrap_or(Some(0.0)).ok_or(faults::SORT_NOT_A_DOUBLE)
    }

    /// Sorts, as far as that is needed to know a range, and takes that.
    fn pick<'e, W>(
        &self,
        mut all: Vec<Weighted<'e, W>>,
        range: Range<usize>,
        compare: impl Fn(&Weighted<'e, W>, &Weighted<'e, W>) -> Ordering,
    ) -> Vec<StringRef<'e>> {
        let compare = |a: &Weighted<'e, W>, b: &Weighted<'e, W>| {
            let order = compare(a, b);
            let order = if self.descending { order.reverse() } else { order };
            order.then(a.place.cmp(&b.place))
        };
        if range.is_empty() {
            return Vec::new();
        }
        if range.end < all.len() {
            all.select_nth_unstable_by(range.end, compare);
            all.truncate(range.end);
        }
        if range.start > 0 {
            all.select_nth_unstable_by(range.start, compare);
            all.drain(..range.start);
        }
        all.sort_unstable_by(compare);
        all.into_iter().map(|weighted| weighted.element).collect()
    }

    fn collate(&self, a: StringRef<'_>, b: StringRef<'_>) -> Ordering {
        let (mut room_a, mut room_b) = (IntText::default(), IntText::default());
        self.collate_texts(a.text(&mut room_a), b.text(&mut room_b))
    }

    /// What has no weight comes first.
    fn collate_weights(&self, a: Option<&Bytes>, b: Option<&Bytes>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.collate_texts(a, b),
            _ => a.is_some().cmp(&b.is_some()),
        }
    }

    fn collate_texts(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.whole_texts { a.cmp(b) } else { c_string(a).cmp(c_string(b)) }
    }
}

/// Compares as `<` does, for which zero and minus zero are equal; what is not a number never comes here.
fn compare_numbers(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Weighs all elements, also after one whose weight is wrong: as in Redis every key is looked up.
fn weigh<'e, W>(
    elements: Vec<StringRef<'e>>,
    mut weight: impl FnMut(StringRef<'e>) -> Result<W, Fault>,
) -> Result<Vec<Weighted<'e, W>>, Fault> {
    let (mut weighted, mut fault) = (Vec::with_capacity(elements.len()), None);
    for (place, element) in elements.into_iter().enumerate() {
        match weight(element) {
            Ok(weight) => weighted.push(Weighted { element, weight, place }),
            Err(wrong) => fault = Some(wrong),
        }
    }
    fault.map_or(Ok(weighted), Err)
}

fn to_number(string: StringRef<'_>) -> Option<f64> {
    match string {
        StringRef::Int(int) => Some(int as f64),
        text => parse_sorted(text.text(&mut IntText::default())),
    }
}

fn compare(a: StringRef<'_>, b: StringRef<'_>) -> Ordering {
    let (mut room_a, mut room_b) = (IntText::default(), IntText::default());
    a.text(&mut room_a).cmp(b.text(&mut room_b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_is_the_part_of_the_whole_order(
            weights in proptest::collection::vec(0..6u8, 0..40),
            start in 0..45usize,
            count in 0..45usize,
            descending: bool,
        ) {
            let order = Order { by: None, alpha: true, descending, whole_texts: true };
            let weighted = |(place, weight): (usize, &u8)| {
                Weighted { element: StringRef::Int(place as i64), weight: *weight, place }
            };
            let all: Vec<_> = weights.iter().enumerate().map(weighted).collect();
            let mut expected: Vec<_> = weights.iter().enumerate().collect();
            // The standard library's sort is stable.
            if descending {
                expected.sort_by(|a, b| b.1.cmp(a.1));
            } else {
                expected.sort_by(|a, b| a.1.cmp(b.1));
            }
            let start = start.min(weights.len());
            let range = start..(start + count).min(weights.len());
            let picked = order.pick(all, range.clone(), |a, b| a.weight.cmp(&b.weight));
            let picked: Vec<_> = picked.iter().map(|element| element.as_int().unwrap() as usize).collect();
            let expected: Vec<_> = expected[range].iter().map(|(place, _)| *place).collect();
            prop_assert_eq!(picked, expected);
        }
    }
}
