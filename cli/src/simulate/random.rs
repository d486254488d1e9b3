//! Integer-only sampling from a seeded stream.
//!
//! In: a seed and the name of a stream. Out: numbers. Does not know: what they are used for.
//! ChaCha8 gives the same words on every platform, and nothing here uses a float or `usize` width,
//! so that a seed names one data set everywhere.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "bounds are constants or lengths far below the type's; release builds check overflow"
)]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of random numbers.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream `name` (8 bytes) of `seed`: a change to one stream leaves the others as they are.
    pub(super) fn new(seed: u64, name: &[u8; 8]) -> Self {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(seed.to_le_bytes().iter().chain(name)) {
            *to = *from;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..n`: the high word of `next · n`, whose bias of n/2^64 is of no interest here.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A position in a list of `len` items; 0 for an empty one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the result is below len, which is a usize"
    )]
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number in `from..to`, or `from` where that is empty.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from).unwrap_or(0);
        from + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// As `between`, for positions and lengths.
    pub(super) fn between_u32(&mut self, from: u32, to: u32) -> u32 {
        let width = u64::from(to.saturating_sub(from));
        from + u32::try_from(self.below(width)).unwrap_or(0)
    }

    /// True in `per_10000` of 10,000 cases.
    pub(super) fn chance(&mut self, per_10000: u64) -> bool {
        self.below(10_000) < per_10000
    }
}

/// Draws indices in proportion to integer weights.
pub(super) struct Weighted {
    /// `ends[i]` = the sum of the weights up to and with i.
    ends: Vec<u64>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let mut sum = 0;
        let ends = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        Self { ends }
    }

    /// Weights 10^9/(k + flatten), rounded down: Zipf's law with a flattened head.
    pub(super) fn zipf(len: usize, flatten: u64) -> Self {
        Self::new(
            (0_u64..)
                .take(len)
                .map(|k| 1_000_000_000 / (k + flatten.max(1))),
        )
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let ticket = dice.below(self.ends.last().copied().unwrap_or(0));
        self.ends.partition_point(|end| *end <= ticket)
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights() {
        let mut dice = Dice::new(7, b"test    ");
        let weighted = Weighted::new([1, 0, 3]);
        let mut hits = [0_u32; 3];
        for _ in 0..4000 {
            hits[weighted.draw(&mut dice)] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((900..1100).contains(&hits[0]), "{hits:?}");
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut dice = Dice::new(7, b"test    ");
        for _ in 0..1000 {
            assert!(dice.below(3) < 3);
            assert!((-5..5).contains(&dice.between(-5, 5)));
        }
        assert_eq!(dice.between(9, 9), 9);
    }

    #[test]
    fn streams_differ_by_seed_and_name() {
        let first = Dice::new(1, b"test    ").next();
        assert_ne!(first, Dice::new(2, b"test    ").next());
        assert_ne!(first, Dice::new(1, b"tests   ").next());
    }
}
