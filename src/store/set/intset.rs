//! `Intset`: a small set of integers as one sorted array.
//!
//! The width of an element, 2, 4 or 8 bytes, is what the widest one that was ever in needs, as in Redis, so that
//! a dump holds the bytes as they stand. Absent on purpose: limits, which the set has.

/// How many more elements there is room for when the array grows: an eighth.
const GROWTH_DIVISOR: usize = 8;

/// Integers in ascending order, each once.
#[derive(Debug, Clone)]
pub struct Intset {
    /// Little-endian, each of `width` bytes.
    bytes: Vec<u8>,
    width: usize,
}

impl Intset {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), width: size_of::<i16>() }
    }

    /// An intset from its parts as Redis writes them; none unless the integers ascend.
    pub fn from_parts(width_bytes: usize, bytes: &[u8]) -> Option<Self> {
        if !matches!(width_bytes, 2 | 4 | 8) || bytes.len() % width_bytes != 0 {
            return None;
        }
        let intset = Self { bytes: bytes.to_vec(), width: width_bytes };
        intset.ascends().then_some(intset)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The size of an element in bytes.
    pub fn width_bytes(&self) -> usize {
        self.width
    }

    /// All elements, little-endian.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The element at an index below [`Intset::len`].
    pub fn get(&self, index: usize) -> i64 {
        let bytes = &self.bytes[index * self.width..][..self.width];
        match *bytes {
            [a, b] => i64::from(i16::from_le_bytes([a, b])),
            [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
            _ => i64::from_le_bytes(bytes.try_into().expect("the third width is eight bytes")),
        }
    }

    /// All elements in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + DoubleEndedIterator + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Whether the integer is there.
    pub fn contains(&self, int: i64) -> bool {
        self.find(int).is_ok()
    }

    /// Puts an integer in. Answers whether it is a new one.
    pub(super) fn insert(&mut self, int: i64) -> bool {
        let width = width_of(int);
        if width > self.width {
            self.widen(width);
        }
        let Err(index) = self.find(int) else { return false };
        let (at, len) = (index * self.width, self.bytes.len());
        if self.bytes.capacity() - len < self.width {
            self.bytes.reserve_exact(self.width * (1 + self.len() / GROWTH_DIVISOR));
        }
        self.bytes.resize(len + self.width, 0);
        self.bytes.copy_within(at..len, at + self.width);
        self.bytes[at..at + self.width].copy_from_slice(&int.to_le_bytes()[..self.width]);
        true
    }

    /// Takes an integer out. Answers whether it was there.
    pub(super) fn remove(&mut self, int: i64) -> bool {
        self.find(int).map(|index| self.remove_at(index)).is_ok()
    }

    /// Takes the element at an index out.
    pub(super) fn remove_at(&mut self, index: usize) -> i64 {
        let int = self.get(index);
        self.bytes.drain(index * self.width..(index + 1) * self.width);
        if self.bytes.capacity() > 2 * self.bytes.len() + 64 {
            self.bytes.shrink_to(self.bytes.len() + self.bytes.len() / GROWTH_DIVISOR);
        }
        int
    }

    /// The memory its array takes.
    pub(super) fn heap_bytes(&self) -> usize {
        crate::store::usage::allocated(self.bytes.capacity())
    }

    pub(super) fn verify(&self) -> Result<(), &'static str> {
        if self.bytes.len() % self.width == 0 && self.ascends() {
            Ok(())
        } else {
            Err("the integers of a set do not ascend")
        }
    }

    fn ascends(&self) -> bool {
        self.iter().is_sorted_by(|one, next| one < next)
    }

    /// Where the integer stands, or else where it would.
    fn find(&self, int: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).cmp(&int) {
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    fn widen(&mut self, width: usize) {
        let mut bytes = Vec::with_capacity((self.len() + 1) * width);
        self.iter().for_each(|int| bytes.extend_from_slice(&int.to_le_bytes()[..width]));
        *self = Self { bytes, width };
    }
}

/// How many bytes an integer takes.
fn width_of(int: i64) -> usize {
    if i16::try_from(int).is_ok() {
        size_of::<i16>()
    } else if i32::try_from(int).is_ok() {
        size_of::<i32>()
    } else {
        size_of::<i64>()
    }
}
