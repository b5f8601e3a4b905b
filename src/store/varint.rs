//! Lengths in as few bytes as they need: seven bits a byte, the lowest first.

/// How many bytes `push` writes for this length.
pub(super) fn len(length: usize) -> usize {
    length.max(1).ilog2() as usize / 7 + 1
}

/// Writes a length.
pub(super) fn push(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 128 {
        bytes.push(length as u8 | 128);
        length >>= 7;
    }
    bytes.push(length as u8);
}

/// The length that `bytes` begin with, and what follows it.
pub(super) fn split(bytes: &[u8]) -> (usize, &[u8]) {
    if let [first @ ..128, rest @ ..] = bytes {
        return (usize::from(*first), rest);
    }
    let (mut length, mut shift) = (0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & 127) << shift;
        if byte & 128 == 0 {
            return (length, &bytes[index + 1..]);
        }
        shift += 7;
    }
    (length, &[])
}

#[cfg(test)]
mod tests {
    #[test]
    fn lengths_come_back() {
        for length in (0..300).chain([16_383, 16_384, 2_097_151, 2_097_152, 536_870_912]) {
            let mut bytes = Vec::new();
            super::push(&mut bytes, length);
            assert_eq!(bytes.len(), super::len(length));
            bytes.push(7);
            assert_eq!(super::split(&bytes), (length, &[7][..]));
        }
    }
}
