//! CRC-64 with the polynomial of David T. Jones, reflected, starting from zero: Redis's checksum.
//!
//! Eight bytes are folded in per step with eight tables, which the compiler computes.

/// The polynomial 0xad93d23594c935a9 with its bits in reverse.
const POLYNOMIAL: u64 = 0x95AC_9329_AC4B_C9B5;

/// Bytes folded in at once.
const SLICES: usize = 8;

static TABLES: [[u64; 256]; SLICES] = tables();

const fn tables() -> [[u64; 256]; SLICES] {
    let mut tables = [[0; 256]; SLICES];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    // Each further table lets one more zero byte follow.
    let mut slice = 1;
    while slice < SLICES {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        slice += 1;
    }
    tables
}

/// The checksum of what `crc` is the checksum of, followed by `bytes`; begin with 0.
#[must_use]
pub fn update(crc: u64, bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(SLICES);
    let rest = words.remainder();
    let crc = words.fold(crc, |crc, word| {
        let word = word.try_into().expect("a chunk is as long as asked for");
        let mixed = (crc ^ u64::from_le_bytes(word)).to_le_bytes();
        let part = |place: usize| TABLES[SLICES - 1 - place][usize::from(mixed[place])];
        (part(0) ^ part(1) ^ part(2) ^ part(3)) ^ (part(4) ^ part(5) ^ part(6) ^ part(7))
    });
    rest.iter().fold(crc, |crc, byte| (crc >> 8) ^ TABLES[0][usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_known_checksum_comes_out() {
        assert_eq!(update(0, b"123456789"), 0xE9C6_D914_C4B8_D9CA);
        assert_eq!(update(0, b""), 0);
    }

    /// Bit by bit, as the definition says.
    fn slow(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0, |crc, byte| {
            (0..8)
                .fold(crc ^ u64::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 })
        })
    }

    proptest! {
        #[test]
        fn parts_add_up(bytes in proptest::collection::vec(any::<u8>(), 0..100), at in any::<prop::sample::Index>()) {
            let (head, tail) = bytes.split_at(at.index(bytes.len() + 1));
            prop_assert_eq!(update(update(0, head), tail), slow(&bytes));
        }
    }
}
