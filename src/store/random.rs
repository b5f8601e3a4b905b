//! Random numbers: SplitMix64.
//!
//! A command is lent one random number, which is all that most need; those that need more grow a stream of
//! their own from it, and so do marks of use from none. Good enough to pick keys and fields evenly, and one multiplication a number. Nothing
//! secret is made of it. Absent on purpose: where the first seed comes from, that is the system's business.

/// What the state advances by: SplitMix64's constant, an odd number close to the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream that belongs to a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, evenly distributed over all 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `bound`, which is above zero. For any number of things that fit into memory
    /// the unevenness cannot be measured.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.draw()) * bound as u128) >> u64::BITS) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_come_up_alike() {
        let (mut random, mut seen) = (Random::new(7), [0_u32; 6]);
        (0..6000).for_each(|_| seen[random.below(6)] += 1);
        assert!(seen.iter().all(|times| (850..1150).contains(times)), "{seen:?}");
        assert_eq!(random.below(1), 0);
    }

    #[test]
    fn a_seed_fixes_the_stream() {
        // The first numbers that the published algorithm gives for the seed 0.
        let mut random = Random::new(0);
        assert_eq!([random.draw(), random.draw()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }
}
