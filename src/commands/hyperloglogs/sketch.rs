//! The string that a HyperLogLog is, byte for byte as in Redis.
//!
//! A header of 16 bytes (the word `HYLL`, the form, three bytes unused, the cached cardinality whose last bit says
//! that it is out of date), then 16384 registers of six bits: dense, one after the other, or sparse, as runs
//! ([`super::sparse`]). What a register holds is explained in the paper by Flajolet and others (2007); an element is
//! hashed with MurmurHash64A, which is in the public domain. Bytes may come from clients, so nothing in them is
//! taken for granted.

use super::sparse;

/// How many bits of a hash choose the register.
const INDEX_BITS: u32 = 14;

/// Number of registers.
pub(super) const REGISTERS: usize = 1 << INDEX_BITS;

/// The greatest number a register can be asked to hold: a hash has that many bits left, and one.
pub(super) const RANK_MAX: usize = (u64::BITS - INDEX_BITS) as usize + 1;

/// The size of the header.
pub(super) const HEADER_BYTES: usize = 16;

/// The bits of a register.
const REGISTER_BITS: usize = 6;

/// The greatest number a register has room for.
const REGISTER_MAX: u8 = (1 << REGISTER_BITS) - 1;

/// The size of a dense sketch.
const DENSE_BYTES: usize = HEADER_BYTES + REGISTERS * REGISTER_BITS / 8;

const MAGIC: &[u8; 4] = b"HYLL";

/// Where the header tells the form, and the cached cardinality.
const FORM_AT: usize = 4;
const CACHE: std::ops::Range<usize> = 8..16;

/// In the cached cardinality: it is out of date.
const STALE: u64 = 1 << 63;

/// How the registers stand in the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Dense,
    Sparse,
}

/// The runs of a sparse sketch are not exactly all registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

/// All registers at once, a byte each.
pub(super) type Registers = [u8; REGISTERS];

/// The form, if the bytes have a sketch's header and, for a dense one, its length.
pub(super) fn form(bytes: &[u8]) -> Option<Form> {
    let (header, _) = bytes.split_at_checked(HEADER_BYTES)?;
    match header[FORM_AT] {
        0 if header.starts_with(MAGIC) && bytes.len() == DENSE_BYTES => Some(Form::Dense),
        1 if header.starts_with(MAGIC) => Some(Form::Sparse),
        _ => None,
    }
}

/// A sketch of nothing.
pub(super) fn empty() -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[FORM_AT] = 1;
    sparse::push_zeros(&mut bytes, REGISTERS);
    bytes
}

/// The cached cardinality, unless it is out of date.
pub(super) fn cached(bytes: &[u8]) -> Option<u64> {
    let card = u64::from_le_bytes(bytes[CACHE].try_into().expect("the cache has eight bytes"));
    (card & STALE == 0).then_some(card)
}

/// Keeps a cardinality.
pub(super) fn cache(bytes: &mut [u8], card: u64) {
    bytes[CACHE].copy_from_slice(&card.to_le_bytes());
}

/// Notes that the cached cardinality is out of date. The rest of it stays, as in Redis.
pub(super) fn invalidate(bytes: &mut [u8]) {
    bytes[CACHE.end - 1] |= 0x80;
}

/// Adds an element. Answers whether a register changed.
pub(super) fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_max_bytes: usize) -> Result<bool, Corrupt> {
    let (index, rank) = place(element);
    set(bytes, index, rank, sparse_max_bytes)
}

/// Adds an element to a dense sketch, which keeps its length. Answers whether a register changed.
pub(super) fn add_dense(bytes: &mut [u8], element: &[u8]) -> bool {
    let (index, rank) = place(element);
    raise(bytes, index, rank)
}

/// Makes a register hold `rank` at least; a sparse sketch that would get longer than allowed becomes a dense one.
/// Answers whether the register changed.
pub(super) fn set(
    bytes: &mut Vec<u8>,
    index: usize,
    rank: u8,
    sparse_max_bytes: usize,
) -> Result<bool, Corrupt> {
    if form(bytes) == Some(Form::Sparse) {
        if let Some(changed) = sparse::raise(bytes, index, rank, sparse_max_bytes)? {
            return Ok(changed);
        }
        make_dense(bytes)?;
    }
    Ok(raise(bytes, index, rank))
}

/// Makes a sparse sketch dense. Answers whether it was sparse.
pub(super) fn make_dense(bytes: &mut Vec<u8>) -> Result<bool, Corrupt> {
    if form(bytes) != Some(Form::Sparse) {
        return Ok(false);
    }
    let mut dense = vec![0; DENSE_BYTES];
    dense[..HEADER_BYTES].copy_from_slice(&bytes[..HEADER_BYTES]);
    dense[FORM_AT] = 0;
    let mut index = 0;
    for run in sparse::runs(bytes) {
        if run.rank > 0 && index + run.len > REGISTERS {
            break;
        }
        (index..index + run.len).filter(|_| run.rank > 0).for_each(|index| put(&mut dense, index, run.rank));
        index += run.len;
    }
    if index != REGISTERS {
        return Err(Corrupt);
    }
    *bytes = dense;
    Ok(true)
}

/// Makes each register hold at least what this sketch's does.
pub(super) fn merge(registers: &mut Registers, bytes: &[u8]) -> Result<(), Corrupt> {
    if form(bytes) == Some(Form::Dense) {
        for (index, register) in registers.iter_mut().enumerate() {
            *register = (*register).max(get(bytes, index));
        }
        return Ok(());
    }
    let mut index = 0;
    for run in sparse::runs(bytes) {
        if run.rank > 0 {
            let Some(covered) = registers.get_mut(index..index + run.len) else { break };
            covered.iter_mut().for_each(|register| *register = (*register).max(run.rank));
        }
        index += run.len;
    }
    if index == REGISTERS { Ok(()) } else { Err(Corrupt) }
}

/// How many registers hold each number.
pub(super) fn histogram(bytes: &[u8]) -> Result<[u32; 64], Corrupt> {
    let mut histogram = [0; 64];
    if form(bytes) == Some(Form::Dense) {
        (0..REGISTERS).for_each(|index| histogram[usize::from(get(bytes, index))] += 1);
        return Ok(histogram);
    }
    let mut registers = 0;
    for run in sparse::runs(bytes) {
        histogram[usize::from(run.rank)] += run.len as u32;
        registers += run.len;
    }
    if registers == REGISTERS { Ok(histogram) } else { Err(Corrupt) }
}

/// A register of a dense sketch.
pub(super) fn get(bytes: &[u8], index: usize) -> u8 {
    let (at, shift) = bit_place(index);
    let next = bytes.get(at + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([bytes[at], next]) >> shift) as u8 & REGISTER_MAX
}

/// Makes a register of a dense sketch hold `rank` at least. Answers whether it changed.
fn raise(bytes: &mut [u8], index: usize, rank: u8) -> bool {
    let raises = get(bytes, index) < rank;
    if raises {
        put(bytes, index, rank);
    }
    raises
}

fn put(bytes: &mut [u8], index: usize, rank: u8) {
    let (at, shift) = bit_place(index);
    let (mask, rank) =
        ((u16::from(REGISTER_MAX) << shift).to_le_bytes(), (u16::from(rank) << shift).to_le_bytes());
    bytes[at] = bytes[at] & !mask[0] | rank[0];
    if let Some(next) = bytes.get_mut(at + 1) {
        *next = *next & !mask[1] | rank[1];
    }
}

/// The byte where a register begins, and the bit in it.
fn bit_place(index: usize) -> (usize, usize) {
    let bit = index * REGISTER_BITS;
    (HEADER_BYTES + bit / 8, bit % 8)
}

/// The register an element belongs to, and its rank there: the place of the first bit that is set among those that
/// did not choose the register.
pub(super) fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let rest = hash >> INDEX_BITS | 1 << (u64::BITS - INDEX_BITS);
    (hash as usize & (REGISTERS - 1), rest.trailing_zeros() as u8 + 1)
}

/// MurmurHash64A with the seed that Redis uses for sketches.
fn murmur(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xADC8_3B19;
    const FACTOR: u64 = 0xC6A4_A793_5BD1_E995;
    const SHIFT: u32 = 47;
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word =
            u64::from_le_bytes(chunk.try_into().expect("a chunk has eight bytes")).wrapping_mul(FACTOR);
        hash = (hash ^ (word ^ word >> SHIFT).wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}
