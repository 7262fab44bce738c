//! Normal deviates, many at once on the vectors of the machine.
//!
//! A [`Normals`] is named by the same key as a [`Stream`](super::random::Stream) and made of the same Philox blocks. Two
//! words become two deviates (Box and Muller 1958, doi 10.1214/aoms/1177706645): one gives the radius `√(−2 ln u)`, the
//! other the angle. Logarithm, sine and cosine are polynomials in single precision, all by operations that IEEE 754
//! rounds in one way, in one order: the deviates are the same bits on every machine. They are resolved to 24 bits and
//! reach 6.66 standard deviations, which one of 10¹⁰ draws would exceed.

use pulp::{Arch, Simd, WithSimd};

use super::random::{MULTIPLIERS, Purpose, WEYL};

/// Blocks that are made together, and deviates of each.
const BLOCKS: usize = 16;
const EACH: usize = 4;

/// The deviates of one key. Cheap to make.
#[derive(Clone, Copy, Debug)]
pub struct Normals {
    key: [u32; 2],
    /// The counter but its first word.
    name: [u32; 3],
}

impl Normals {
    /// The deviates of `purpose` for entity `id` at `step` under `seed`; as for [`Stream`](super::random::Stream),
    /// `step` is taken modulo 2^48.
    pub fn new(seed: u64, purpose: Purpose, id: u32, step: u64) -> Self {
        let purpose = (purpose as u32) << 16 | (step >> 32) as u32 & 0xFFFF;
        Self { key: [seed as u32, (seed >> 32) as u32], name: [step as u32, id, purpose] }
    }

    /// The first deviates.
    pub fn fill(self, out: &mut [f32]) {
        Arch::new().dispatch(Fill { normals: self, out });
    }

    /// The `number`-th few deviates.
    #[inline(always)]
    fn chunk(self, number: u32) -> [[f32; BLOCKS]; EACH] {
        let words = self.blocks(number);
        let mut deviates = [[0.0; BLOCKS]; EACH];
        for pair in [0, 2] {
            for lane in 0..BLOCKS {
                let both = deviates_of(words[pair][lane], words[pair + 1][lane]);
                [deviates[pair][lane], deviates[pair + 1][lane]] = both;
            }
        }
        deviates
    }

    /// Philox4x32-10 blocks, as [`philox4x32`](super::random::philox4x32) makes them one by one; a word takes 64 bits, as
    /// its products do.
    #[inline(always)]
    fn blocks(self, number: u32) -> [[u32; BLOCKS]; EACH] {
        const LOW: u64 = 0xFFFF_FFFF;
        let mut counter = [[0u64; BLOCKS]; EACH];
        for lane in 0..BLOCKS {
            counter[0][lane] = u64::from(number.wrapping_mul(BLOCKS as u32).wrapping_add(lane as u32));
            for (words, name) in counter[1..].iter_mut().zip(self.name) {
                words[lane] = u64::from(name);
            }
        }
        let mut key = self.key;
        for _ in 0..10 {
            let [first, second, third, fourth] = &mut counter;
            for (((first, second), third), fourth) in first.iter_mut().zip(second).zip(third).zip(fourth) {
                let low = u64::from(MULTIPLIERS[0]) * (*first & LOW);
                let high = u64::from(MULTIPLIERS[1]) * (*third & LOW);
                *first = high >> 32 ^ *second ^ u64::from(key[0]);
                *second = high;
                *third = low >> 32 ^ *fourth ^ u64::from(key[1]);
                *fourth = low;
            }
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let mut blocks = [[0; BLOCKS]; EACH];
        for (words, wide) in blocks.iter_mut().zip(&counter) {
            words.iter_mut().zip(wide).for_each(|(word, &wide)| *word = wide as u32);
        }
        blocks
    }
}

struct Fill<'a> {
    normals: Normals,
    out: &'a mut [f32],
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (number, out) in self.out.chunks_mut(EACH * BLOCKS).enumerate() {
            let deviates = self.normals.chunk(number as u32);
            for (out, deviates) in out.chunks_mut(BLOCKS).zip(&deviates) {
                out.copy_from_slice(&deviates[..out.len()]);
            }
        }
    }
}

/// Two independent deviates.
#[inline(always)]
fn deviates_of(radius: u32, angle: u32) -> [f32; 2] {
    // 31 bits, as a number from 2⁻³² to 1.
    let uniform = ((radius >> 1) as i32 as f32 + 0.5) * (1.0 / (1u32 << 31) as f32);
    let radius = (-2.0 * logarithm(uniform)).sqrt();
    // The last 30 bits say where in a quarter of a turn about zero, the first two in which quarter.
    let turn = ((angle << 2) as i32 as f32) * (std::f32::consts::FRAC_PI_4 / (1u32 << 31) as f32);
    let [sine, cosine] = sine_and_cosine(turn);
    let radius = f32::from_bits(radius.to_bits() | angle & 1 << 31);
    let (first, second) = if angle & 1 << 30 == 0 { (cosine, sine) } else { (sine, cosine) };
    [radius * first, radius * second]
}

/// ln x of a normal number, to 2 units in the last place: x = 2^e · m with m from √½ to √2, and ln m = f − f²/2 + f³·P(f)
/// with f = m − 1; P is the minimax polynomial of Cephes' `logf` (Moshier 1992).
#[inline(always)]
fn logarithm(x: f32) -> f32 {
    const P: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    const ROOT_HALF: u32 = 0x3F35_04F3;
    let above = x.to_bits().wrapping_sub(ROOT_HALF) as i32;
    let exponent = (above >> 23) as f32;
    let f = f32::from_bits((above as u32 & 0x007F_FFFF).wrapping_add(ROOT_HALF)) - 1.0;
    let p = P[1..].iter().fold(P[0], |p, &next| p.mul_add(f, next));
    let square = f * f;
    let of_fraction = (f * square).mul_add(p, (-0.5f32).mul_add(square, f));
    exponent.mul_add(std::f32::consts::LN_2, of_fraction)
}

/// sin x and cos x for x from −π/4 to π/4, by the minimax polynomials of Cephes' `sinf` and `cosf` (Moshier 1992).
#[inline(always)]
fn sine_and_cosine(x: f32) -> [f32; 2] {
    let square = x * x;
    let sine = (-1.951_529_6e-4f32).mul_add(square, 8.332_161e-3).mul_add(square, -1.666_665_5e-1);
    let cosine = 2.443_315_7e-5f32.mul_add(square, -1.388_731_6e-3).mul_add(square, 4.166_664_6e-2);
    [(x * square).mul_add(sine, x), (square * square).mul_add(cosine, (-0.5f32).mul_add(square, 1.0))]
}

#[cfg(test)]
mod tests {
    use super::super::random::philox4x32;
    use super::*;

    fn draws(id: u32, step: u64, count: usize) -> Vec<f64> {
        let mut out = vec![0.0; count];
        Normals::new(7, Purpose::Device, id, step).fill(&mut out);
        out.into_iter().map(f64::from).collect()
    }

    /// Probability that a normal deviate is below `x`, by the series and the continued fraction of the error function
    /// (Abramowitz and Stegun, 26.2.11 and 26.2.14).
    fn below(x: f64) -> f64 {
        let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        if x.abs() < 3.0 {
            let (mut term, mut sum) = (x, x);
            for n in 1..60 {
                term *= x * x / f64::from(2 * n + 1);
                sum += term;
            }
            return 0.5 + density * sum;
        }
        let fraction = (1..60).rev().fold(x.abs(), |tail, n| x.abs() + f64::from(n) / tail);
        if x < 0.0 { density / fraction } else { 1.0 - density / fraction }
    }

    #[test]
    fn blocks_are_those_of_the_stream() {
        let normals = Normals::new(0x1234_5678_9ABC_DEF0, Purpose::Device, 77, 0xABCD_0000_0005);
        for number in [0, 1, 9, u32::MAX] {
            let blocks = normals.blocks(number);
            for lane in 0..BLOCKS {
                let first = number.wrapping_mul(BLOCKS as u32).wrapping_add(lane as u32);
                let counter = [first, normals.name[0], normals.name[1], normals.name[2]];
                assert_eq!(blocks.map(|words| words[lane]), philox4x32(counter, normals.key));
            }
        }
    }

    /// Box and Muller's transform of the same words, by the library's functions in double precision.
    #[test]
    fn deviates_are_those_of_the_transform() {
        let mut words = [0x9E37_79B9u32, 0];
        for _ in 0..100_000 {
            words = [words[0].wrapping_mul(0x2C9277B5).wrapping_add(0xAC564B05), words[0]];
            let uniform = (f64::from(words[0] >> 1) + 0.5) / f64::from(1u32 << 31);
            let radius = (-2.0 * uniform.ln()).sqrt();
            let turn =
                f64::from((words[1] << 2) as i32) / f64::from(1u32 << 31) * std::f64::consts::FRAC_PI_4;
            let sign = if words[1] >> 31 == 1 { -1.0 } else { 1.0 };
            let [mut first, mut second] = [sign * radius * turn.cos(), sign * radius * turn.sin()];
            if words[1] & 1 << 30 != 0 {
                std::mem::swap(&mut first, &mut second);
            }
            let [a, b] = deviates_of(words[0], words[1]);
            // A few units in the last place; close to one the number itself has 24 bits, of which the root keeps half.
            let bound = (4e-7 * radius.max(1.0) + 1e-7 / radius).min(4e-4);
            for (found, expected) in [(a, first), (b, second)] {
                assert!((f64::from(found) - expected).abs() < bound, "{words:?}: {found} {expected}");
            }
        }
        assert!((deviates_of(0, 0)[0] - 6.660_436).abs() < 1e-5);
        assert_eq!(deviates_of(u32::MAX, 5 << 29), [0.0; 2]);
    }

    /// Every bound is four standard errors, or the point that one of 10⁵ seeds exceeds.
    #[test]
    fn deviates_are_normal() {
        const COUNT: usize = 1 << 20;
        let mut all = draws(3, 9, COUNT);
        let n = COUNT as f64;
        let moment = |power: i32| all.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        let [mean, variance, skew, kurtosis] = [1, 2, 3, 4].map(moment);
        assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "variance {variance}");
        assert!(skew.abs() < 4.0 * (15.0 / n).sqrt(), "third moment {skew}");
        assert!((kurtosis - 3.0).abs() < 4.0 * (96.0 / n).sqrt(), "fourth moment {kurtosis}");
        for at in [2.0, 3.0, 4.0] {
            let expected = n * below(-at);
            for side in [-1.0, 1.0] {
                let found = all.iter().filter(|&&x| side * x > at).count() as f64;
                assert!((found - expected).abs() < 4.0 * expected.sqrt(), "{found} beyond {side}·{at}");
            }
        }
        all.sort_by(f64::total_cmp);
        let gap = |(i, &x): (usize, &f64)| (below(x) - (i as f64 + 0.5) / n).abs();
        let gap = all.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt();
        assert!(gap < 2.47, "Kolmogorov and Smirnov's distance {gap}");
    }

    #[test]
    fn neighbours_are_independent() {
        const COUNT: usize = 1 << 16;
        let base = draws(3, 9, COUNT + 64);
        let others = [(3, 10), (4, 9), (3, 9 + (1 << 32))].map(|(id, step)| draws(id, step, COUNT));
        let lags = [1, 2, 15, 16, 17, 32, 48, 64].map(|lag| base[lag..].to_vec());
        for other in others.iter().chain(&lags) {
            for f in [|x: f64| x, |x: f64| (x * x - 1.0) / std::f64::consts::SQRT_2] {
                let product: f64 = base[..COUNT].iter().zip(other).map(|(&a, &b)| f(a) * f(b)).sum();
                assert!(product.abs() < 4.5 * (COUNT as f64).sqrt(), "they go together by {product}");
            }
        }
    }

    #[test]
    fn the_widest_registers_give_the_bits_of_the_plainest() {
        let normals = Normals::new(1, Purpose::Device, 2, 3);
        let mut widest = vec![0.0; 1 << 14];
        normals.fill(&mut widest);
        let plainest = (0..1 << 8).flat_map(|number| normals.chunk(number)).flatten();
        assert!(widest.into_iter().map(f32::to_bits).eq(plainest.map(f32::to_bits)));
    }

    #[test]
    fn fewer_are_the_first_of_more() {
        let all = draws(1, 2, 200);
        for count in [1, 15, 16, 17, 63, 64, 65, 130] {
            assert_eq!(draws(1, 2, count), all[..count]);
        }
    }
}
