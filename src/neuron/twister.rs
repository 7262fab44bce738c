//! The Mersenne Twister MT19937 (Matsumoto & Nishimura 1998, doi 10.1145/272991.272995).
//!
//! Every random draw of ours is keyed (see `base::random`); this generator exists only to repeat the
//! stochastic inputs of SANA-FE, which draws from it.

use serde::{Deserialize, Serialize};

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// The generator's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Twister {
    words: Vec<u32>,
    next: usize,
}

impl Twister {
    /// The generator seeded with `seed`.
    pub(super) fn new(seed: u32) -> Self {
        let mut words = vec![seed; SIZE];
        for i in 1..SIZE {
            let last = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        Self { words, next: SIZE }
    }

    /// Whether the state has the right size, after it was read from a file.
    pub(super) fn is_whole(&self) -> bool {
        self.words.len() == SIZE && self.next <= SIZE
    }

    fn regenerate(&mut self) {
        for i in 0..SIZE {
            let word = self.words[i] & 0x8000_0000 | self.words[(i + 1) % SIZE] & 0x7FFF_FFFF;
            let twist = if word & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.words[i] = self.words[(i + SHIFT) % SIZE] ^ (word >> 1) ^ twist;
        }
        self.next = 0;
    }

    /// 32 uniform bits.
    pub(super) fn bits(&mut self) -> u32 {
        if self.next == SIZE {
            self.regenerate();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9D2C_5680;
        word ^= word << 15 & 0xEFC6_0000;
        word ^ (word >> 18)
    }

    /// Uniform in [0, 1) from two draws, the first one the less significant (what the C++ standard
    /// library makes of this generator when asked for a double).
    pub(super) fn unit(&mut self) -> f64 {
        let low = f64::from(self.bits());
        let high = f64::from(self.bits());
        (low + high * 4_294_967_296.0) / 18_446_744_073_709_551_616.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ten thousandth number from the default seed, as the C++ standard requires it
    /// (ISO/IEC 14882, section rand.predef).
    #[test]
    fn ten_thousandth_number_of_the_standard() {
        let mut twister = Twister::new(5489);
        let last = (0..10_000).map(|_| twister.bits()).last();
        assert_eq!(last, Some(4_123_659_995));
    }
}
