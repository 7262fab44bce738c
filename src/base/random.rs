//! Counter-based random numbers: every draw is a pure function of (seed, purpose, id, step, index).
//!
//! The generator is Philox4x32-10, for traffic Philox2x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
//! SC'11, doi 10.1145/2063384.2063405), tested against the Random123 known answers. Because a
//! stream is named by its key, the order in which parts of the chip are simulated, and on how many
//! threads, cannot change a result.

use std::convert::Infallible;

use rand::TryRng;

pub(super) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
pub(super) const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One block of Philox4x32 with ten rounds.
#[inline]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let low = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let high = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (high >> 32) as u32 ^ counter[1] ^ key[0],
            high as u32,
            (low >> 32) as u32 ^ counter[3] ^ key[1],
            low as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// One block of Philox2x64 with ten rounds: as many bits as [`philox4x32`] gives, for a third of the instructions on
/// processors that multiply words of 64 bits.
#[inline]
pub fn philox2x64(mut counter: [u64; 2], mut key: u64) -> [u64; 2] {
    for _ in 0..10 {
        let product = u128::from(0xD2B7_4407_B1CE_6E93_u64) * u128::from(counter[0]);
        counter = [(product >> 64) as u64 ^ counter[1] ^ key, product as u64];
        key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    }
    counter
}

/// What a stream is for: two purposes never share numbers, even with the same seed and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    /// When a source injects.
    Injection = 1,
    /// Where a packet goes.
    Destination = 2,
    /// Random choices of a routing function.
    Routing = 3,
    /// Random fault maps.
    Faults = 4,
    /// Bit flips on links.
    Transients = 5,
    /// Permutations and other one-off draws of a workload.
    Workload = 6,
    /// Stochastic neurons and Poisson sources.
    Neuron = 7,
    /// Connectivity and weights.
    Connectivity = 8,
    /// Device variation, noise and programming errors.
    Device = 9,
    /// Partition and placement.
    Mapping = 10,
    /// Choice of sweep points and replications.
    Sweep = 11,
}

/// A random stream named by its key. Cheap to make: no state is shared or stored.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    purpose: u32,
    id: u32,
    step: u32,
    index: u32,
    block: [u32; 4],
    left: u32,
}

impl Stream {
    /// The stream of `purpose` for entity `id` at `step` under `seed`.
    ///
    /// `step` is taken modulo 2^48, `id` modulo 2^32; a stream holds 2^34 draws of 32 bits.
    #[inline]
    pub fn new(seed: u64, purpose: Purpose, id: u32, step: u64) -> Self {
        let purpose = (purpose as u32) << 16 | (step >> 32) as u32 & 0xFFFF;
        let key = [seed as u32, (seed >> 32) as u32];
        Self { key, purpose, id, step: step as u32, index: 0, block: [0; 4], left: 0 }
    }

    /// 32 uniform bits.
    #[inline]
    pub fn bits(&mut self) -> u32 {
        if self.left == 0 {
            let counter = [self.index, self.step, self.id, self.purpose];
            self.block = philox4x32(counter, self.key);
            self.index = self.index.wrapping_add(1);
            self.left = 4;
        }
        self.left -= 1;
        self.block[3 - self.left as usize]
    }

    /// Uniform in `[0, 1)` with 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        let bits = u64::from(self.bits()) << 32 | u64::from(self.bits());
        (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `0..bound` (`bound > 0`), unbiased (Lemire, doi 10.1145/3230636).
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.bits()) * u64::from(bound);
        if (product as u32) < bound {
            let floor = bound.wrapping_neg() % bound;
            while (product as u32) < floor {
                product = u64::from(self.bits()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// A standard normal deviate (Box–Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Fisher–Yates shuffle of `items`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

/// Lets `rand`'s distributions draw from a stream.
impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.bits())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.bits()) | u64::from(self.bits()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three philox4x32-10 and the three philox2x64-10 rows of Random123's `kat_vectors`.
    #[test]
    fn random123_known_answers() {
        assert_eq!(philox2x64([0; 2], 0), [0xca00a0459843d731, 0x66c24222c9a845b5]);
        assert_eq!(philox2x64([u64::MAX; 2], u64::MAX), [0x65b021d60cd8310f, 0x4d02f3222f86df20]);
        assert_eq!(
            philox2x64([0x243f6a8885a308d3, 0x13198a2e03707344], 0xa4093822299f31d0),
            [0x0a5e742c2997341c, 0xb0f883d38000de5d]
        );
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
        );
        assert_eq!(
            philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn draws_below_a_bound_are_uniform() {
        let mut stream = Stream::new(7, Purpose::Workload, 0, 0);
        let mut counts = [0u32; 6];
        (0..60_000).for_each(|_| counts[stream.below(6) as usize] += 1);
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 20.5, "chi-squared {chi2} exceeds the 0.1 % point of 5 degrees of freedom");
    }

    #[test]
    fn keys_do_not_share_numbers() {
        let first = |purpose, id, step| Stream::new(1, purpose, id, step).bits();
        let base = first(Purpose::Injection, 3, 9);
        assert_ne!(base, first(Purpose::Destination, 3, 9));
        assert_ne!(base, first(Purpose::Injection, 4, 9));
        assert_ne!(base, first(Purpose::Injection, 3, 9 + (1 << 32)));
    }
}
