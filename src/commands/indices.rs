//! Positions in a sequence as clients give them: negative ones count from the end.

use std::ops::Range;

/// The index that `index` means in a sequence of `len` elements; none outside of it.
pub(super) fn position(index: i64, len: usize) -> Option<usize> {
    let from_front = if index < 0 { index.checked_add_unsigned(len as u64)? } else { index };
    usize::try_from(from_front).ok().filter(|position| *position < len)
}

/// The elements from `start` to `stop`, both included, as far as a sequence of `len` elements has them.
///
/// As in Redis what lies before the beginning means the first element and what lies behind the end the last
/// one, and where nothing is left the range is empty: `0..0`.
pub(super) fn range(start: i64, stop: i64, len: usize) -> Range<usize> {
    let from_front = |index: i64| if index < 0 { index.saturating_add_unsigned(len as u64) } else { index };
    let (start, stop) = (from_front(start).max(0), from_front(stop));
    if start > stop || start as u64 >= len as u64 {
        return 0..0;
    }
    start as usize..(stop as u64).min(len as u64 - 1) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_positions_count_from_the_end() {
        assert_eq!([0, 2, -1, -3].map(|index| position(index, 3)), [Some(0), Some(2), Some(2), Some(0)]);
        assert_eq!([3, -4, i64::MIN, i64::MAX].map(|index| position(index, 3)), [None; 4]);
        assert_eq!(position(0, 0), None);
    }

    #[test]
    fn ranges_are_cut_to_what_is_there() {
        let cases: [(i64, i64, Range<usize>); 9] = [
            (0, -1, 0..3),
            (i64::MIN, i64::MAX, 0..3),
            (1, 1, 1..2),
            (-2, -1, 1..3),
            (2, 1, 0..0),
            (3, 9, 0..0),
            (-9, -4, 0..0),
            (-9, -3, 0..1),
            (i64::MAX, i64::MIN, 0..0),
        ];
        for (start, stop, expected) in cases {
            assert_eq!(range(start, stop, 3), expected, "{start} {stop}");
        }
        assert_eq!(range(0, -1, 0), 0..0);
    }
}
