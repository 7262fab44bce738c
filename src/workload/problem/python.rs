//! The random numbers of Python's `random` module, to draw the graphs that its benchmarks draw.

/// Words of the state of the Mersenne Twister.
const SIZE: usize = 624;

/// Python's generator: the Mersenne Twister MT19937 (Matsumoto & Nishimura 1998,
/// doi 10.1145/272991.272995), seeded with a number as an array of words.
pub(super) struct PythonRandom {
    words: [u32; SIZE],
    next: usize,
}

impl PythonRandom {
    /// `random.Random(seed)`.
    pub(super) fn new(seed: u64) -> Self {
        let low = seed as u32;
        let key: &[u32] = if seed >> 32 == 0 { &[low] } else { &[low, (seed >> 32) as u32] };
        let mut words = [19_650_218u32; SIZE];
        for i in 1..SIZE {
            let last = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        for _ in 0..SIZE.max(key.len()) {
            let last = words[i - 1];
            let mixed = words[i] ^ (last ^ (last >> 30)).wrapping_mul(1_664_525);
            words[i] = mixed.wrapping_add(key[j]).wrapping_add(j as u32);
            i = advance(&mut words, i);
            j = (j + 1) % key.len();
        }
        for _ in 1..SIZE {
            let last = words[i - 1];
            let mixed = words[i] ^ (last ^ (last >> 30)).wrapping_mul(1_566_083_941);
            words[i] = mixed.wrapping_sub(i as u32);
            i = advance(&mut words, i);
        }
        words[0] = 1 << 31;
        Self { words, next: SIZE }
    }

    fn bits(&mut self) -> u32 {
        if self.next == SIZE {
            for i in 0..SIZE {
                let word = self.words[i] & 0x8000_0000 | self.words[(i + 1) % SIZE] & 0x7FFF_FFFF;
                let twist = if word & 1 == 1 { 0x9908_B0DF } else { 0 };
                self.words[i] = self.words[(i + 397) % SIZE] ^ (word >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9D2C_5680;
        word ^= word << 15 & 0xEFC6_0000;
        word ^ (word >> 18)
    }

    /// What `choice` draws from `bound > 0` items: the leading bits, until they are below.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let shift = bound.leading_zeros();
        loop {
            let draw = self.bits() >> shift;
            if draw < bound {
                return draw;
            }
        }
    }
}

fn advance(words: &mut [u32; SIZE], i: usize) -> usize {
    if i + 1 < SIZE {
        return i + 1;
    }
    words[0] = words[SIZE - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[random.Random(42).choice(range(100)) for …]` and with a seed of two words, from Python 3.
    #[test]
    fn draws_are_those_of_python() {
        let draws = |seed| {
            let mut random = PythonRandom::new(seed);
            [0; 8].map(|_| random.below(100))
        };
        assert_eq!(draws(42), SMALL);
        assert_eq!(draws(0x1234_5678_9ABC), LARGE);
    }

    const SMALL: [u32; 8] = [81, 14, 3, 94, 35, 31, 28, 17];
    const LARGE: [u32; 8] = [48, 6, 26, 75, 1, 81, 23, 27];
}
