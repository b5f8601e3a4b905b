//! Requests as bytes: encoded once, in batches, of which only the digits of the keys change from one sending to the next.

/// Digits of a number in a key; with a prefix of four letters a key has 16 bytes.
const DIGITS: usize = 12;

/// Many requests as one piece of bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where the digits of keys are.
    numbers: Vec<usize>,
    /// Numbers are less than this.
    keyspace: u64,
    pub(crate) requests: u64,
}

/// A small and quick source of numbers (splitmix64); the same for every server.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Batch {
    /// An empty batch for keys of so many numbers.
    pub(crate) fn new(keyspace: u64) -> Self {
        Self { keyspace, ..Self::default() }
    }

    /// Begins a request of so many words.
    pub(crate) fn request(&mut self, words: usize) -> &mut Self {
        self.requests += 1;
        self.bytes.extend_from_slice(format!("*{words}\r\n").as_bytes());
        self
    }

    /// A word that stays as it is.
    pub(crate) fn word(&mut self, word: &[u8]) -> &mut Self {
        put_word(&mut self.bytes, word);
        self
    }

    /// A word that ends in a number, another one each time.
    pub(crate) fn numbered(&mut self, prefix: &str) -> &mut Self {
        put_word(&mut self.bytes, format!("{prefix}{:0DIGITS$}", 0).as_bytes());
        self.numbers.push(self.bytes.len() - b"\r\n".len() - DIGITS);
        self
    }

    /// The bytes to send, with new numbers.
    pub(crate) fn with_numbers(&mut self, random: &mut Random) -> &[u8] {
        for start in &self.numbers {
            let mut number = random.below(self.keyspace);
            for digit in self.bytes[*start..*start + DIGITS].iter_mut().rev() {
                *digit = b'0' + u8::try_from(number % 10).expect("a digit");
                number /= 10;
            }
        }
        &self.bytes
    }
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).expect("less than 2^64")
    }
}

/// Appends a request of these words.
pub(crate) fn put(bytes: &mut Vec<u8>, words: &[&[u8]]) {
    bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        put_word(bytes, word);
    }
}

fn put_word(bytes: &mut Vec<u8>, word: &[u8]) {
    bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
    bytes.extend_from_slice(word);
    bytes.extend_from_slice(b"\r\n");
}

/// A key of 16 bytes.
pub(crate) fn key(number: u64) -> String {
    format!("key:{number:0DIGITS$}")
}

/// Letters that compress badly and are no number, the same in every run.
pub(crate) fn value(len_bytes: usize) -> Vec<u8> {
    let mut random = Random::new(len_bytes as u64);
    (0..len_bytes).map(|_| b'A' + u8::try_from(random.below(26)).expect("a letter")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_change_and_everything_else_stays() {
        let mut batch = Batch::new(1000);
        batch.request(2).word(b"GET").numbered("key:");
        batch.request(1).word(b"PING");
        assert_eq!(batch.requests, 2);
        let mut random = Random::new(1);
        let sent: Vec<_> = (0..100).map(|_| batch.with_numbers(&mut random).to_vec()).collect();
        for bytes in &sent {
            assert!(bytes.starts_with(b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000"));
            assert!(bytes.ends_with(b"\r\n*1\r\n$4\r\nPING\r\n"));
            assert_eq!(bytes.len(), sent[0].len());
        }
        assert!(sent.iter().any(|bytes| *bytes != sent[0]));
    }

    #[test]
    fn random_numbers_stay_below_their_end_and_reach_both_ends() {
        let mut random = Random::new(7);
        let drawn: Vec<_> = (0..1000).map(|_| random.below(10)).collect();
        assert!((0..10).all(|number| drawn.contains(&number)) && drawn.iter().all(|number| *number < 10));
    }

    #[test]
    fn keys_and_values_have_the_sizes_they_promise() {
        assert_eq!(key(42), "key:000000000042");
        assert_eq!(value(512).len(), 512);
        assert!(value(100).iter().all(u8::is_ascii_uppercase));
    }

    #[test]
    fn requests_are_arrays_of_bulk_strings() {
        let mut bytes = Vec::new();
        put(&mut bytes, &[b"SET", b"", b"x"]);
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\nx\r\n");
    }
}
