//! Bits in byte strings, numbered as Redis does: bit 0 is the highest bit of the first byte.
//!
//! Pure functions over slices, whole words at a time. Beyond the end of a string all bits are zero.

use std::ops::Range;

/// Bytes in a word.
const WORD_BYTES: usize = size_of::<u64>();

/// Words whose bits are counted together.
const BLOCK_WORDS: usize = 16;

/// The bit at `index`.
pub(super) fn get(text: &[u8], index: u64) -> bool {
    let byte = usize::try_from(index / 8).ok().and_then(|byte| text.get(byte));
    byte.is_some_and(|byte| byte >> (7 - index % 8) & 1 == 1)
}

/// Sets the bit at `index`, which lies within the string. Answers what it was.
pub(super) fn set(text: &mut [u8], index: usize, bit: bool) -> bool {
    let (byte, mask) = (&mut text[index / 8], 0x80 >> (index % 8));
    let old = *byte & mask != 0;
    *byte = if bit { *byte | mask } else { *byte & !mask };
    old
}

/// How many of the bits in `range`, which lies within the string, are ones.
pub(super) fn count(text: &[u8], range: Range<usize>) -> usize {
    if range.is_empty() {
        return 0;
    }
    let bytes = &text[range.start / 8..range.end.div_ceil(8)];
    let before = ones(bytes[0] & !(0xFF >> (range.start % 8)));
    let after = ones(bytes[bytes.len() - 1] & ones_after(range.end));
    count_all(bytes) - before - after
}

/// The first bit in `range`, which lies within the string, that is `bit`.
pub(super) fn find(text: &[u8], range: Range<usize>, bit: bool) -> Option<usize> {
    let nothing = if bit { 0 } else { 0xFF };
    let mut at = range.start;
    while at < range.end {
        if at % 8 == 0 {
            let whole = &text[at / 8..range.end / 8];
            at += 8 * run_of(whole, nothing);
        }
        if at < range.end {
            let byte = (text[at / 8] ^ nothing) & 0xFF >> (at % 8);
            let found = at - at % 8 + byte.leading_zeros() as usize;
            if byte != 0 {
                return Some(found).filter(|found| *found < range.end);
            }
            at += 8 - at % 8;
        }
    }
    None
}

/// The `width` bits (at most 64) from `index` on, as an unsigned number.
pub(super) fn get_number(text: &[u8], index: u64, width: u32) -> u64 {
    let first = usize::try_from(index / 8).unwrap_or(usize::MAX).min(text.len());
    let mut window = [0; 2 * WORD_BYTES];
    let there = &text[first..text.len().min(first.saturating_add(WORD_BYTES + 1))];
    window[..there.len()].copy_from_slice(there);
    let after = 128 - (index % 8) as u32 - width;
    (u128::from_be_bytes(window) >> after) as u64 & mask(width)
}

/// Writes the lowest `width` bits (at most 64) of a number from `index` on; they lie within the string.
pub(super) fn set_number(text: &mut [u8], index: usize, width: u32, number: u64) {
    let there = &mut text[index / 8..(index + width as usize).div_ceil(8)];
    let mut window = [0; 2 * WORD_BYTES];
    window[..there.len()].copy_from_slice(there);
    let after = 128 - (index % 8) as u32 - width;
    let kept = u128::from_be_bytes(window) & !(u128::from(mask(width)) << after);
    let window = (kept | u128::from(number & mask(width)) << after).to_be_bytes();
    there.copy_from_slice(&window[..there.len()]);
}

/// `width` ones, at least one and at most 64.
fn mask(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

fn ones(byte: u8) -> usize {
    byte.count_ones() as usize
}

/// Ones for the bits of the last byte behind a range that ends at `end`.
fn ones_after(end: usize) -> u8 {
    if end % 8 == 0 { 0 } else { 0xFF >> (end % 8) }
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD_BYTES];
    word.copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}

/// Counts all ones, in blocks: carry-save adders turn sixteen words into one of sixteens and four small rests, so
/// that most words are counted by a few logical operations, on processors without an instruction for it as well.
fn count_all(text: &[u8]) -> usize {
    let blocks = text.chunks_exact(BLOCK_WORDS * WORD_BYTES);
    let rest = blocks.remainder();
    let (mut ones, mut twos, mut fours, mut eights, mut sixteens) = (0, 0, 0, 0, 0);
    for block in blocks {
        let mut words = [0; BLOCK_WORDS];
        words.iter_mut().zip(block.chunks_exact(WORD_BYTES)).for_each(|(slot, bytes)| *slot = word(bytes));
        let mut carries = [0; BLOCK_WORDS / 2];
        for (pair, carry) in words.chunks_exact(2).zip(&mut carries) {
            *carry = add(&mut ones, pair[0], pair[1]);
        }
        let mut carries_of_twos = [0; BLOCK_WORDS / 4];
        for (pair, carry) in carries.chunks_exact(2).zip(&mut carries_of_twos) {
            *carry = add(&mut twos, pair[0], pair[1]);
        }
        let [a, b, c, d] = carries_of_twos;
        let (first, second) = (add(&mut fours, a, b), add(&mut fours, c, d));
        sixteens += add(&mut eights, first, second).count_ones() as usize;
    }
    let weigh = |word: u64, weight: usize| word.count_ones() as usize * weight;
    let left = weigh(ones, 1) + weigh(twos, 2) + weigh(fours, 4) + weigh(eights, 8);
    sixteens * 16 + left + rest.iter().map(|byte| self::ones(*byte)).sum::<usize>()
}

/// Adds two words to a column of bits; answers the carries.
fn add(column: &mut u64, a: u64, b: u64) -> u64 {
    let half = *column ^ a;
    let carry = *column & a | half & b;
    *column = half ^ b;
    carry
}

/// How many bytes at the beginning are `byte`.
fn run_of(text: &[u8], byte: u8) -> usize {
    let same = u64::from_ne_bytes([byte; WORD_BYTES]);
    let words = text.chunks_exact(WORD_BYTES).take_while(|bytes| word(bytes) == same).count();
    let rest = &text[words * WORD_BYTES..];
    words * WORD_BYTES + rest.iter().take_while(|other| **other == byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Strings with long runs of equal bytes, so that every way of stepping is taken.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0), Just(0xFF), any::<u8>()];
        prop::collection::vec((byte, 1..80usize), 1..20)
            .prop_map(|runs| runs.into_iter().flat_map(|(byte, len)| vec![byte; len]).collect())
    }

    fn within(len: usize, a: usize, b: usize) -> Range<usize> {
        let (a, b) = (a % (len * 8 + 1), b % (len * 8 + 1));
        a.min(b)..a.max(b)
    }

    proptest! {
        #[test]
        fn counting_and_finding_agree_with_looking_at_each_bit(text in text(), a: usize, b: usize, bit: bool) {
            let range = within(text.len(), a, b);
            let is = |index: &usize| get(&text, *index as u64) == bit;
            let expected = range.clone().filter(|index| get(&text, *index as u64)).count();
            prop_assert_eq!(count(&text, range.clone()), expected);
            prop_assert_eq!(find(&text, range.clone(), bit), range.clone().find(is));
        }

        #[test]
        fn numbers_are_their_bits(text in text(), at: usize, width in 1..=64u32, number: u64) {
            let mut text = text;
            text.resize(text.len().max(8), 1);
            let at = at % (text.len() * 8 - width as usize + 1);
            let mut expected = text.clone();
            for bit in 0..width {
                set(&mut expected, at + bit as usize, number >> (width - 1 - bit) & 1 == 1);
            }
            set_number(&mut text, at, width, number);
            prop_assert_eq!(&text, &expected);
            prop_assert_eq!(get_number(&text, at as u64, width), number & mask(width));
        }

        #[test]
        fn beyond_the_end_all_is_zero(text in text(), beyond in 0..100u64, width in 1..=64u32) {
            let end = text.len() as u64 * 8;
            prop_assert!(!get(&text, end + beyond));
            prop_assert_eq!(get_number(&text, end + beyond, width), 0);
            let start = end - end.min(beyond % 64);
            let expected = (start..start + u64::from(width)).fold(0, |sum, bit| sum << 1 | u64::from(get(&text, bit)));
            prop_assert_eq!(get_number(&text, start, width), expected);
        }
    }

    #[test]
    fn setting_answers_what_was() {
        let mut text = [0; 2];
        assert!(!set(&mut text, 9, true));
        assert_eq!(text, [0, 0x40]);
        assert!(set(&mut text, 9, false));
        assert_eq!(text, [0, 0]);
    }

    #[test]
    fn positions_no_string_can_have_are_zero() {
        assert!(!get(b"x", u64::MAX));
        assert_eq!(get_number(b"x", u64::MAX, 64), 0);
    }
}
