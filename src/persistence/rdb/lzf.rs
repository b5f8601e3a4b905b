//! LZF: the light compression of long strings.
//!
//! The format: a control byte below 32 announces that many literal bytes and one; any other is a reference
//! back: three bits length less two (7: another byte adds to it), thirteen bits distance less one. Memora's
//! compressor takes the same decisions as the one in Redis, so that both make the same bytes of a string.
//! Absent on purpose: `unsafe`; positions are indices, checked like any other.

/// Literal bytes that one control byte can announce.
const LITERALS_MAX: usize = 32;
/// How far back a reference reaches.
const DISTANCE_MAX: usize = 1 << 13;
/// The longest piece that one reference repeats.
const REFERENCE_MAX_BYTES: usize = (1 << 8) + (1 << 3);
/// The shortest piece worth a reference.
const REFERENCE_MIN_BYTES: usize = 3;
/// Redis compares this many bytes of a long piece without looking at the limit.
const UNCHECKED_BYTES: usize = 16;
/// How many recent places are kept.
const PLACES: usize = 1 << 16;
/// No input can be blown up more than this: three bytes make a reference of the longest kind.
const EXPANSION_MAX: usize = REFERENCE_MAX_BYTES.div_ceil(3);

/// Compresses strings; its table of places is made once and used again.
#[derive(Default)]
pub struct Compressor {
    /// For each hash of three bytes the last place they were seen at, plus the input's `base`.
    places: Option<Box<Places>>,
    /// The base of the next input: more than any place of earlier ones, which so need no forgetting.
    next_base: u32,
}

type Places = [u32; PLACES];

/// What has been compressed so far. Literals are written when the run of them ends.
struct Output<'a> {
    input: &'a [u8],
    bytes: Vec<u8>,
    /// Where in the input the literals begin that are not written yet.
    literals_from: usize,
    max_bytes: usize,
}

impl Compressor {
    /// Compresses `input`; none where Redis finds that it does not get down to `max_bytes` bytes.
    pub fn compress(&mut self, input: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
        let base = self.base_for(input)?;
        let places = self.places.as_deref_mut()?;
        let mut remember = |at: usize| remember(places, input, base, at);
        let mut out = Output { input, bytes: Vec::new(), literals_from: 0, max_bytes };
        let (mut at, mut room_to) = (0, out.room_to());
        // The last two bytes never begin a reference.
        while at + 2 < input.len() {
            let Some(place) = remember(at).filter(|place| is_match(input, *place, at)) else {
                if at >= room_to {
                    return None;
                }
                at += 1;
                continue;
            };
            let len = match_len(input, place, at);
            out.reference(at, at - place - 1, len)?;
            at += len;
            room_to = out.room_to();
            // Of the places inside the piece Redis learns the last two.
            if at + 2 < input.len() {
                remember(at - 2);
                remember(at - 1);
            }
        }
        out.finish()
    }

    /// What to add to this input's places.
    fn base_for(&mut self, input: &[u8]) -> Option<u32> {
        let len = u32::try_from(input.len()).ok().filter(|len| *len > 0)?;
        if self.places.is_none() || self.next_base.checked_add(len).is_none() {
            self.places = vec![0; PLACES].into_boxed_slice().try_into().ok();
            self.next_base = 0;
        }
        let base = self.next_base;
        self.next_base = base.checked_add(len)?;
        Some(base)
    }
}

/// Notes the three bytes at `at`. Answers where bytes of the same hash were seen last, in this input and not at
/// its very beginning, where Redis never finds anything.
fn remember(places: &mut Places, input: &[u8], base: u32, at: usize) -> Option<usize> {
    let bytes = &input[at..at + 3];
    let three = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
    let slot = (three >> 8).wrapping_sub(three.wrapping_mul(5)) as usize % PLACES;
    let seen = std::mem::replace(&mut places[slot], base + at as u32);
    (seen > base).then(|| (seen - base) as usize)
}

fn is_match(input: &[u8], place: usize, at: usize) -> bool {
    at - place <= DISTANCE_MAX && input[place..place + 3] == input[at..at + 3]
}

/// How many bytes at `at` are the same as those at `place`.
fn match_len(input: &[u8], place: usize, at: usize) -> usize {
    let most = (input.len() - at - 2).min(REFERENCE_MAX_BYTES);
    let least = REFERENCE_MIN_BYTES + if most > UNCHECKED_BYTES { UNCHECKED_BYTES } else { 0 };
    let most = most.max(least);
    let same = |len: &usize| input[place + len] != input[at + len];
    (REFERENCE_MIN_BYTES..most).find(same).unwrap_or(most)
}

impl Output<'_> {
    /// How many bytes there will be with the literals before `at` and one more control byte.
    fn len_at(&self, at: usize) -> usize {
        let literals = at - self.literals_from;
        self.bytes.len() + literals + literals / LITERALS_MAX + 1
    }

    /// Up to where in the input there may be literals: the first place where there is no room for another.
    fn room_to(&self) -> usize {
        let room = self.max_bytes.saturating_sub(self.bytes.len() + 1);
        // Each full run of literals takes a byte more.
        self.literals_from + (room * LITERALS_MAX).div_ceil(LITERALS_MAX + 1)
    }

    /// Writes the literals before `at` and a reference to `len` bytes, `distance` and one bytes back.
    fn reference(&mut self, at: usize, distance: usize, len: usize) -> Option<()> {
        let unused_control = usize::from((at - self.literals_from) % LITERALS_MAX == 0);
        if self.len_at(at) - unused_control + 4 >= self.max_bytes {
            return None;
        }
        self.literals(at);
        let (high, extra) = (distance >> 8, len - 2);
        if extra < 7 {
            self.bytes.push((extra << 5 | high) as u8);
        } else {
            self.bytes.extend_from_slice(&[(7 << 5 | high) as u8, (extra - 7) as u8]);
        }
        self.bytes.push(distance as u8);
        self.literals_from = at + len;
        Some(())
    }

    fn literals(&mut self, to: usize) {
        for run in self.input[self.literals_from..to].chunks(LITERALS_MAX) {
            self.bytes.push((run.len() - 1) as u8);
            self.bytes.extend_from_slice(run);
        }
    }

    /// Writes the rest, unless Redis gives up because three more bytes might not fit.
    fn finish(mut self) -> Option<Vec<u8>> {
        let scanned = self.input.len().saturating_sub(2).max(self.literals_from);
        if self.len_at(scanned) + 3 > self.max_bytes {
            return None;
        }
        self.literals(self.input.len());
        Some(self.bytes)
    }
}

/// Decompresses `input`, which makes exactly `len` bytes; none when it does not.
#[must_use]
pub fn decompress(input: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    decompress_into(input, len, &mut out).map(|()| out)
}

/// The same into `out`, whatever it held before.
pub fn decompress_into(input: &[u8], len: usize, out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    if len > input.len().saturating_mul(EXPANSION_MAX) {
        return None;
    }
    out.reserve_exact(len);
    let mut rest = input;
    while let [control, after @ ..] = rest {
        rest = if usize::from(*control) < LITERALS_MAX {
            let (literals, after) = after.split_at_checked(usize::from(*control) + 1)?;
            out.extend_from_slice(literals);
            after
        } else {
            repeat(*control, after, out)?
        };
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(())
}

/// Follows one reference. Answers what stands behind it.
fn repeat<'a>(control: u8, after: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (more, after) = match (control >> 5, after) {
        (7, [more, after @ ..]) => (usize::from(*more), after),
        (7, []) => return None,
        (_, after) => (0, after),
    };
    let (low, after) = after.split_first()?;
    let len = usize::from(control >> 5) + more + 2;
    let distance = usize::from(control & 31) << 8 | usize::from(*low);
    let from = out.len().checked_sub(distance + 1)?;
    let mut left = len;
    while left > 0 {
        // A piece that repeats itself is there twice as long each time.
        let there = left.min(out.len() - from);
        out.extend_from_within(from..from + there);
        left -= there;
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_get_smaller_is_left_alone() {
        let mut compressor = Compressor::default();
        assert_eq!(compressor.compress(b"", 10), None);
        assert_eq!(compressor.compress(b"abcdefghijklmnopqrstuvwxyz", 22), None);
        assert_eq!(compressor.compress(&[b'a'; 21], 17).as_deref(), Some(&b"\x01aa\xe0\x0a\x00"[..]));
    }

    #[test]
    fn damage_is_noticed() {
        for (bytes, len) in [
            (&b"\x01a"[..], 2),
            (b"\x00a", 2),
            (b"\x00a\x20", 4),
            (b"\x00a\x20\x01", 4),
            (b"\xe0", 9),
            (b"\xe0\x01", 9),
            (b"\x00a\x20\x00", 3),
            (b"\x00a", usize::MAX),
        ] {
            assert_eq!(decompress(bytes, len), None, "{bytes:?}");
        }
        assert_eq!(decompress(b"\x00a\x20\x00", 4).as_deref(), Some(&b"aaaa"[..]));
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            proptest::collection::vec(b'a'..b'd', 0..60),
            (any::<u8>(), 0..900usize).prop_map(|(byte, len)| vec![byte; len]),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(texts in proptest::collection::vec(text(), 1..4)) {
            let mut compressor = Compressor::default();
            for text in &texts {
                let small = compressor.compress(text, text.len());
                prop_assert_eq!(&small, &Compressor::default().compress(text, text.len()));
                if let Some(small) = small {
                    prop_assert!(small.len() <= text.len());
                    prop_assert_eq!(&decompress(&small, text.len()).unwrap(), text);
                    prop_assert_eq!(decompress(&small, text.len() + 1), None);
                }
            }
        }

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..60), len in 0..500usize) {
            if let Some(text) = decompress(&bytes, len) {
                prop_assert_eq!(text.len(), len);
            }
        }
    }
}
