//! The packed collections of all Redis versions, read into the store's own [`Packed`].
//!
//! A listpack (Redis 7) is a header with size and number of elements, the elements, an end mark. A ziplist
//! (before 7) is the same idea with each element telling the size of the one before it. A zipmap (2.4) is
//! texts with lengths. What is written is always a listpack.

use super::RdbError;
use crate::store::Packed;

/// What ends all three forms.
const END: u8 = 0xFF;
/// In a ziplist and a zipmap: four bytes follow.
const LONG: u8 = 0xFE;
/// A listpack's size and number of elements.
const LISTPACK_HEADER_BYTES: usize = 6;
/// A ziplist's size, place of the last element, number of elements.
const ZIPLIST_HEADER_BYTES: usize = 10;
/// A number of elements that says: count them.
const UNCOUNTED: u16 = u16::MAX;

const BAD_LISTPACK: RdbError = RdbError::Corrupt("a listpack is damaged");
const BAD_ZIPLIST: RdbError = RdbError::Corrupt("a ziplist is damaged");
const BAD_ZIPMAP: RdbError = RdbError::Corrupt("a zipmap is damaged");

/// A whole listpack with these elements.
#[must_use]
pub fn write_listpack(packed: &Packed) -> Vec<u8> {
    let size = packed.listpack_bytes();
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(&(size as u32).to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(packed.len()).unwrap_or(UNCOUNTED).to_le_bytes());
    bytes.extend_from_slice(packed.elements());
    bytes.push(END);
    bytes
}

/// Reads a whole listpack.
///
/// # Errors
/// When it is not exactly that, as for the other forms.
pub fn read_listpack(bytes: &[u8]) -> Result<Packed, RdbError> {
    let (header, elements) = framed(bytes, LISTPACK_HEADER_BYTES).ok_or(BAD_LISTPACK)?;
    let packed = Packed::from_elements(elements).ok_or(BAD_LISTPACK)?;
    counted(packed, &header[4..]).ok_or(BAD_LISTPACK)
}

/// Reads a whole ziplist.
///
/// # Errors
/// When it is not exactly that.
pub fn read_ziplist(bytes: &[u8]) -> Result<Packed, RdbError> {
    let (header, elements) = framed(bytes, ZIPLIST_HEADER_BYTES).ok_or(BAD_ZIPLIST)?;
    let (packed, last) = ziplist_elements(elements).ok_or(BAD_ZIPLIST)?;
    let told = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    if told as usize != ZIPLIST_HEADER_BYTES + last {
        return Err(BAD_ZIPLIST);
    }
    counted(packed, &header[8..]).ok_or(BAD_ZIPLIST)
}

/// Reads a whole zipmap: fields and values by turns.
///
/// # Errors
/// When it is not exactly that.
pub fn read_zipmap(bytes: &[u8]) -> Result<Packed, RdbError> {
    let mut packed = Packed::default();
    let (fields, mut rest) = bytes.split_first().ok_or(BAD_ZIPMAP)?;
    while rest != [END] {
        rest = zipmap_field(rest, &mut packed).ok_or(BAD_ZIPMAP)?;
    }
    if *fields != LONG && packed.len() != 2 * usize::from(*fields) {
        return Err(BAD_ZIPMAP);
    }
    Ok(packed)
}

/// The header and the elements, if size and end mark are right.
fn framed(bytes: &[u8], header_bytes: usize) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_at_checked(header_bytes)?;
    let (end, elements) = rest.split_last()?;
    let size = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    (*end == END && size as usize == bytes.len()).then_some((header, elements))
}

/// The elements, if there are as many as the header says.
fn counted(packed: Packed, count: &[u8]) -> Option<Packed> {
    let count = u16::from_le_bytes(count.try_into().ok()?);
    (count == UNCOUNTED || packed.len() == usize::from(count)).then_some(packed)
}

/// The elements of a ziplist, and where the last one begins.
fn ziplist_elements(elements: &[u8]) -> Option<(Packed, usize)> {
    let mut packed = Packed::default();
    let (mut rest, mut last) = (elements, 0);
    let mut size_before = 0;
    while !rest.is_empty() {
        last = elements.len() - rest.len();
        let (told, body) = ziplist_size_before(rest)?;
        if told != size_before {
            return None;
        }
        let after = ziplist_element(body, &mut packed)?;
        size_before = rest.len() - after.len();
        rest = after;
    }
    Some((packed, last))
}

fn ziplist_size_before(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [LONG, a, b, c, d, rest @ ..] => Some((u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest)),
        [LONG | END, ..] | [] => None,
        [size, rest @ ..] => Some((usize::from(*size), rest)),
    }
}

/// Adds the element that `bytes` begin with. Answers what stands behind it.
fn ziplist_element<'a>(bytes: &'a [u8], packed: &mut Packed) -> Option<&'a [u8]> {
    let (tag, rest) = bytes.split_first()?;
    let (len, rest) = match tag {
        0..0x40 => (usize::from(*tag), rest),
        0x40..0x80 => {
            let (low, rest) = rest.split_first()?;
            (usize::from(tag & 0x3F) << 8 | usize::from(*low), rest)
        }
        0x80 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u32::from_be_bytes(*len) as usize, rest)
        }
        _ => return ziplist_int(*tag, rest, packed),
    };
    let (text, rest) = rest.split_at_checked(len)?;
    packed.push_back(text);
    Some(rest)
}

fn ziplist_int<'a>(tag: u8, rest: &'a [u8], packed: &mut Packed) -> Option<&'a [u8]> {
    let size = match tag {
        0xFE => 1,
        0xC0 => 2,
        0xF0 => 3,
        0xD0 => 4,
        0xE0 => 8,
        0xF1..=0xFD => 0,
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(size)?;
    let int = match size {
        0 => i64::from(tag & 15) - 1,
        _ => signed(bytes),
    };
    packed.push_back(itoa::Buffer::new().format(int).as_bytes());
    Some(rest)
}

/// A little-endian integer with a sign, of one to eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let unused_bits = 64 - 8 * bytes.len() as u32;
    let raw = bytes.iter().rev().fold(0, |int, byte| int << 8 | i64::from(*byte));
    (raw << unused_bits) >> unused_bits
}

fn zipmap_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [LONG, a, b, c, d, rest @ ..] => Some((u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest)),
        [LONG | END, ..] | [] => None,
        [len, rest @ ..] => Some((usize::from(*len), rest)),
    }
}

/// Adds a field and its value. Answers what stands behind them.
fn zipmap_field<'a>(bytes: &'a [u8], packed: &mut Packed) -> Option<&'a [u8]> {
    let (len, rest) = zipmap_length(bytes)?;
    let (field, rest) = rest.split_at_checked(len)?;
    let (value, rest) = zipmap_value(rest)?;
    packed.push_back(field);
    packed.push_back(value);
    Some(rest)
}

/// A value and what stands behind it: a zipmap may leave bytes free after a value.
fn zipmap_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = zipmap_length(bytes)?;
    let (free, rest) = rest.split_first()?;
    let (value, rest) = rest.split_at_checked(len)?;
    Some((value, rest.get(usize::from(*free)..)?))
}
