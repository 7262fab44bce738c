//! The way of a product through planes whose converters resolve far less than single precision: sums, noise and
//! conversion in steps of the converter, many vectors at once.

use pulp::{Arch, Simd, WithSimd};

use super::matrix::Matrix;
use super::panels::{PANEL, Panels, Row, Sums, Vectors};
use super::periphery::{Codes, Quantiser};
use super::pipeline::{Key, Plane, Subtract};

/// Bits of converters up to which sums are added up in single precision: their rounding is below a thousandth of
/// a step.
const MOST_BITS: u8 = 10;

/// A plane in single precision, and in steps of its converter.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    weights: Panels,
    /// Variances of the weights; where they are the same in all columns, those of the first panel.
    variance: Option<Panels>,
    /// The parts of the variance that do not depend on the drive: of a read, and of a conversion.
    floor: [f32; 2],
    /// Variance per magnitude of a sum, and per squared sum.
    of_sum: [f32; 2],
    codes: Codes,
    step: f64,
}

/// Buffers of a product in single precision, reused.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    pub drives: Vectors,
    squares: Vectors,
    sums: Sums,
    spread: Sums,
    normals: Vec<f32>,
    common: Vec<f64>,
}

/// What is done with the codes of a plane.
#[derive(Clone, Copy)]
pub(super) struct Digital<'p> {
    pub plane: &'p Plane,
    pub tile: u32,
    /// Factor of the outputs.
    pub scale: f64,
    /// Key of the noise of the first vector.
    pub key: Key,
    /// Whether the outputs are still to be set.
    pub is_first: bool,
    /// Where the inputs are pulses whose charges are added up, how many there are at most.
    pub pulses: Option<f32>,
}

impl Single {
    /// `None` where the converter resolves more.
    pub fn new(plane: &Plane, converter: &Quantiser, bits: u8) -> Option<Self> {
        let per_step = converter.per_step();
        let variance = |variance: &Matrix| {
            let mut rows = variance.data().chunks_exact(variance.columns().max(1));
            let is_uniform = rows.all(|row| row.windows(2).all(|pair| pair[0] == pair[1]));
            let columns = variance.columns().min(if is_uniform { PANEL } else { usize::MAX });
            let panel = Matrix::from_fn(variance.rows(), columns, |i, j| variance.at(i, j));
            Panels::new(&panel, per_step * per_step)
        };
        (bits <= MOST_BITS).then(|| Self {
            weights: Panels::new(&plane.weights, per_step),
            variance: plane.variance.as_ref().map(variance),
            floor: [(plane.floor * per_step * per_step) as f32, (converter.noise * converter.noise) as f32],
            of_sum: [(plane.shot * per_step) as f32, plane.relative as f32],
            codes: converter.codes(),
            step: converter.step,
        })
    }

    fn is_noisy(&self) -> bool {
        self.variance.is_some() || self.floor.iter().chain(&self.of_sum).any(|&part| part > 0.0)
    }

    /// Sets to the products with `buffers.drives`, or adds them to, the rows of `out`, which are `stride` numbers apart.
    pub(super) fn add(
        &self,
        digital: Digital<'_>,
        buffers: &mut Buffers,
        (out, stride): (&mut [f64], usize),
    ) {
        self.weights.times(&buffers.drives, 0.0, &mut buffers.sums);
        if self.is_noisy() {
            self.spread(digital.pulses, buffers);
        }
        let columns = self.weights.columns();
        for vector in 0..if self.is_noisy() { buffers.drives.count() } else { 0 } {
            let key = Key { step: digital.key.step + vector as u64, ..digital.key };
            buffers.normals.resize(columns.next_multiple_of(PANEL), 0.0);
            key.normals(digital.tile).fill(&mut buffers.normals);
            self.disturb(vector, buffers);
        }
        let factor = digital.plane.gain * digital.scale;
        buffers.common.clear();
        for vector in 0..buffers.drives.count() {
            let common = self.common(digital.plane.subtract, vector, buffers);
            buffers.common.push(factor * common);
        }
        let outputs = columns - usize::from(matches!(digital.plane.subtract, Subtract::Reference(_)));
        Arch::new().dispatch(Convert {
            codes: self.codes,
            sums: &buffers.sums,
            per_code: factor * self.step,
            common: &buffers.common,
            is_first: digital.is_first,
            out,
            stride,
            outputs,
        });
    }

    /// Variances of the sums but for what depends on them.
    fn spread(&self, pulses: Option<f32>, buffers: &mut Buffers) {
        let Buffers { drives, squares, spread, .. } = buffers;
        // The charges of all pulses are added, each with a noise of its own.
        let reads = pulses.unwrap_or(1.0);
        let floor = self.floor[0] / reads + self.floor[1];
        let Some(variance) = &self.variance else {
            return spread.set(drives.count(), self.weights.columns(), floor);
        };
        squares.fill_squares(drives, pulses);
        variance.times(squares, floor, spread);
    }

    fn disturb(&self, vector: usize, buffers: &mut Buffers) {
        let Buffers { sums, spread, normals, .. } = buffers;
        Arch::new().dispatch(Disturb {
            sums: sums.of_mut(vector),
            spread: spread.of(vector),
            normals,
            of_sum: self.of_sum,
        });
    }

    /// What is subtracted from the converted sums of a vector.
    fn common(&self, subtract: Subtract, vector: usize, buffers: &Buffers) -> f64 {
        let last = self.weights.columns() - 1;
        match subtract {
            Subtract::Nothing => 0.0,
            Subtract::Sum(weight) => weight * buffers.drives.total(vector),
            Subtract::Reference(weight) => {
                let code = self.codes.code(buffers.sums.of(vector)[last / PANEL].0[last % PANEL]);
                weight * buffers.drives.total(vector) + self.step * f64::from(code)
            }
        }
    }
}

/// Adds noise to sums.
struct Disturb<'a> {
    sums: &'a mut [Row],
    /// Variances of all panels, or of the first for all.
    spread: &'a [Row],
    normals: &'a [f32],
    of_sum: [f32; 2],
}

impl WithSimd for Disturb<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [shot, relative] = self.of_sum;
        let (normals, _) = self.normals.as_chunks::<PANEL>();
        for ((sums, spread), normals) in self.sums.iter_mut().zip(self.spread.iter().cycle()).zip(normals) {
            for ((sum, spread), normal) in sums.0.iter_mut().zip(&spread.0).zip(normals) {
                let variance = spread + (relative * sum.abs() + shot) * sum.abs();
                *sum += variance.sqrt() * normal;
            }
        }
    }
}

/// Converts the sums of vectors and sets outputs to them, or adds them.
struct Convert<'a> {
    codes: Codes,
    sums: &'a Sums,
    per_code: f64,
    /// What is taken off the outputs of each vector.
    common: &'a [f64],
    is_first: bool,
    /// The outputs of vectors, `stride` numbers apart, and how many there are of each.
    out: &'a mut [f64],
    stride: usize,
    outputs: usize,
}

impl WithSimd for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { codes, per_code, is_first, .. } = self;
        let rows = self.out.chunks_mut(self.stride).zip(self.common);
        for (vector, (out, common)) in rows.enumerate() {
            let value = |sum: f32| f64::from(codes.code(sum)).mul_add(per_code, -common);
            let sums = self.sums.of(vector);
            let (whole, rest) = out[..self.outputs].as_chunks_mut::<PANEL>();
            for (out, sums) in whole.iter_mut().zip(sums) {
                if is_first {
                    for (y, &sum) in out.iter_mut().zip(&sums.0) {
                        *y = value(sum);
                    }
                } else {
                    for (y, &sum) in out.iter_mut().zip(&sums.0) {
                        *y += value(sum);
                    }
                }
            }
            if let Some(sums) = sums.get(whole.len()) {
                for (y, &sum) in rest.iter_mut().zip(&sums.0) {
                    *y = value(sum) + if is_first { 0.0 } else { *y };
                }
            }
        }
    }
}
