//! Elements that come from outside: a listpack out of a dump or a snapshot file.
//!
//! Nothing about them is taken for granted. Each element is bounds-checked, its size behind it compared, and
//! written anew, so that what comes out has the one encoding that looking for a text relies on, also when
//! somebody else wrote `"1"` as text.

use super::{Packed, body_len, head_len, read_element, tail_len};
use crate::store::string::IntText;

/// The greatest tag of an element; above it only the end mark is defined.
const TAG_MAX: u8 = 0xF4;

impl Packed {
    /// Reads elements in listpack encoding, without a listpack's header and end mark; none where they are
    /// not whole.
    pub fn from_elements(mut elements: &[u8]) -> Option<Self> {
        let mut packed = Self::default();
        packed.buffer.reserve_exact(elements.len());
        while !elements.is_empty() {
            let (element, rest) = elements.split_at(element_len(elements)?);
            packed.push_back(read_element(element).text(&mut IntText::default()));
            elements = rest;
        }
        packed.trim();
        Some(packed)
    }
}

/// The size of the element that `bytes` begin with; none when it is not whole or contradicts itself.
fn element_len(bytes: &[u8]) -> Option<usize> {
    let tag = *bytes.first()?;
    if tag > TAG_MAX || bytes.len() < head_len(tag) {
        return None;
    }
    let size = head_len(tag) + body_len(bytes);
    let tail = bytes.get(size..size + tail_len(size))?;
    let told = tail.iter().fold(0, |told, byte| told << 7 | usize::from(byte & 127));
    let marked = tail.iter().enumerate().all(|(place, byte)| (*byte >= 128) == (place > 0));
    (told == size && marked).then_some(size + tail.len())
}
