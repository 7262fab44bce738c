//! Products of many vectors in single precision, with weights and inputs laid out as registers take them.
//!
//! ```text
//!   weights: panels of 64 columns, each row of a panel four registers of 16 numbers
//!   inputs:  groups of six vectors, 16 inputs of each in turn
//!   a tile:  6 vectors × 64 columns of sums, which stay in 24 registers for all inputs
//! ```
//!
//! Every sum is added up from the first input to the last by fused multiply-adds, which round once, so that it depends
//! neither on the other vectors nor on how wide the machine's registers are.

use pulp::{Arch, Simd, WithSimd};

use super::matrix::Matrix;

/// Columns of a panel.
pub(super) const PANEL: usize = 64;

/// Inputs of a line.
const LINE: usize = 16;

/// Vectors of a group.
const GROUP: usize = 6;

/// Vectors that are best multiplied together: whole groups, and little enough that they stay near.
pub(super) const BLOCK: usize = 8 * GROUP;

/// Some inputs of a vector, in one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([f32; LINE]);

/// A number for each column of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Row(pub [f32; PANEL]);

/// A matrix of weights in panels. Rows and columns that fill up the last line and panel are zero.
#[derive(Clone, Debug)]
pub(super) struct Panels {
    columns: usize,
    /// Rows of a panel: a whole number of lines.
    height: usize,
    rows: Vec<Row>,
}

/// Vectors that are multiplied together.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    count: usize,
    inputs: usize,
    lines: Vec<Line>,
}

/// A number for each column and vector; the vectors follow each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    columns: usize,
    rows: Vec<Row>,
}

impl Panels {
    /// The weights of `matrix`, each times `factor`.
    pub fn new(matrix: &Matrix, factor: f64) -> Self {
        let height = matrix.rows().next_multiple_of(LINE);
        let columns = matrix.columns();
        let mut rows = vec![Row([0.0; PANEL]); height * columns.div_ceil(PANEL)];
        for i in 0..matrix.rows() {
            for (panel, weights) in matrix.row(i).chunks(PANEL).enumerate() {
                let row = rows[panel * height + i].0.iter_mut();
                row.zip(weights).for_each(|(single, &w)| *single = (w * factor) as f32);
            }
        }
        Self { columns, height, rows }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// `sums = start + x · weights` for each vector.
    pub fn times(&self, x: &Vectors, start: f32, sums: &mut Sums) {
        sums.shape(x.count, self.columns);
        Arch::new().dispatch(Product { x, weights: self, start, sums });
    }
}

impl Vectors {
    /// Makes room for `count` vectors of `inputs` inputs, whatever they are.
    fn shape(&mut self, count: usize, inputs: usize) {
        (self.count, self.inputs) = (count, inputs);
        let lines = count.next_multiple_of(GROUP) * inputs.div_ceil(LINE);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0.0; LINE]));
        }
    }

    /// Takes `drive` of the inputs `first..first + inputs` of each of the vectors that follow each other in `x`, `stride`
    /// numbers apart.
    pub fn fill(
        &mut self,
        (x, stride): (&[f64], usize),
        (first, inputs): (usize, usize),
        drive: impl Fn(f64) -> f64,
    ) {
        self.shape(x.len() / stride.max(1), inputs);
        Arch::new().dispatch(Fill { x, stride, first, vectors: self, drive });
    }

    /// The squares of all inputs; or, where they are of as many pulses as `pulses` says at most, what the squares of the
    /// pulses amount to.
    pub fn fill_squares(&mut self, other: &Self, pulses: Option<f32>) {
        self.shape(other.count, other.inputs);
        let lines = self.count.next_multiple_of(GROUP) * self.inputs.div_ceil(LINE);
        Arch::new().dispatch(Squares {
            inputs: &other.lines[..lines],
            squares: &mut self.lines[..lines],
            pulses,
        });
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Sum of the inputs of a vector.
    pub fn total(&self, vector: usize) -> f64 {
        let lines = self.inputs.div_ceil(LINE);
        let first = vector / GROUP * GROUP * lines + vector % GROUP;
        let own = self.lines[first..].iter().step_by(GROUP).take(lines);
        own.flat_map(|line| line.0).map(f64::from).sum()
    }
}

impl Sums {
    fn shape(&mut self, vectors: usize, columns: usize) {
        self.columns = columns;
        let rows = vectors.next_multiple_of(GROUP) * columns.div_ceil(PANEL);
        if self.rows.len() < rows {
            self.rows.resize(rows, Row([0.0; PANEL]));
        }
    }

    /// Sets the sums of all of `vectors` vectors to `value`.
    pub fn set(&mut self, vectors: usize, columns: usize, value: f32) {
        self.shape(vectors, columns);
        self.rows.fill(Row([value; PANEL]));
    }

    /// The sums of a vector, panel by panel.
    #[inline(always)]
    pub fn of(&self, vector: usize) -> &[Row] {
        let panels = self.columns.div_ceil(PANEL);
        &self.rows[vector * panels..][..panels]
    }

    /// The same to be changed.
    pub fn of_mut(&mut self, vector: usize) -> &mut [Row] {
        let panels = self.columns.div_ceil(PANEL);
        &mut self.rows[vector * panels..][..panels]
    }
}

struct Fill<'a, F> {
    x: &'a [f64],
    stride: usize,
    first: usize,
    vectors: &'a mut Vectors,
    drive: F,
}

impl<F: Fn(f64) -> f64> WithSimd for Fill<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, stride, first, vectors, drive } = self;
        let lines = vectors.inputs.div_ceil(LINE);
        for (vector, x) in x.chunks_exact(stride.max(1)).enumerate() {
            let own = &mut vectors.lines[vector / GROUP * GROUP * lines + vector % GROUP..];
            let (whole, rest) = x[first..][..vectors.inputs].as_chunks::<LINE>();
            let mut own = own.iter_mut().step_by(GROUP);
            for (inputs, line) in whole.iter().zip(own.by_ref()) {
                let mut drives = [0.0; LINE];
                for (single, &input) in drives.iter_mut().zip(inputs) {
                    *single = drive(input) as f32;
                }
                line.0 = drives;
            }
            if let (false, Some(line)) = (rest.is_empty(), own.next()) {
                line.0 = [0.0; LINE];
                line.0.iter_mut().zip(rest).for_each(|(single, &input)| *single = drive(input) as f32);
            }
        }
    }
}

struct Squares<'a> {
    inputs: &'a [Line],
    squares: &'a mut [Line],
    pulses: Option<f32>,
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let share = self.pulses.map(|most| simd.splat_f32s(1.0 / most));
        for (inputs, squares) in self.inputs.iter().zip(self.squares) {
            let (inputs, squares) = (S::as_simd_f32s(&inputs.0).0, S::as_mut_simd_f32s(&mut squares.0).0);
            for (&input, square) in inputs.iter().zip(squares) {
                *square = match share {
                    Some(share) => simd.mul_f32s(simd.abs_f32s(input), share),
                    None => simd.mul_f32s(input, input),
                };
            }
        }
    }
}

struct Product<'a> {
    x: &'a Vectors,
    weights: &'a Panels,
    start: f32,
    sums: &'a mut Sums,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weights, start, sums } = self;
        let panels = weights.columns.div_ceil(PANEL);
        let lines = weights.height / LINE * GROUP;
        for panel in 0..panels {
            let tile = Tile {
                weights: &weights.rows[panel * weights.height..][..weights.height],
                columns: PANEL.min(weights.columns - panel * PANEL),
                start,
                stride: panels,
            };
            for group in 0..x.count.div_ceil(GROUP) {
                let x = &x.lines[group * lines..][..lines];
                let sums = &mut sums.rows[group * GROUP * panels + panel..];
                match self.x.count - group * GROUP {
                    1 => tile.multiply::<S, 1, 4>(simd, x, sums),
                    2 => tile.multiply::<S, 2, 4>(simd, x, sums),
                    _ if S::REGISTER_COUNT >= 32 => tile.multiply::<S, GROUP, 4>(simd, x, sums),
                    _ => tile.multiply::<S, GROUP, 2>(simd, x, sums),
                }
            }
        }
    }
}

/// A panel that is multiplied.
#[derive(Clone, Copy)]
struct Tile<'a> {
    weights: &'a [Row],
    /// Columns of it that are wanted.
    columns: usize,
    start: f32,
    /// Rows of sums from a vector to the next.
    stride: usize,
}

impl Tile<'_> {
    /// The sums of `VECTORS` vectors, `REGISTERS` registers of columns at a time. What looks clumsy here keeps the sums in
    /// registers: they are neither made nor stored by calls, and two inputs a turn leave time for the loop itself.
    #[inline(always)]
    fn multiply<S: Simd, const VECTORS: usize, const REGISTERS: usize>(
        self,
        simd: S,
        x: &[Line],
        out: &mut [Row],
    ) {
        let width = REGISTERS * S::F32_LANES;
        let (x, _) = x.as_chunks::<GROUP>();
        let (weights, _) = self.weights.as_chunks::<LINE>();
        for first in (0..self.columns).step_by(width) {
            let mut sums = [[simd.splat_f32s(self.start); REGISTERS]; VECTORS];
            for (x, weights) in x.iter().zip(weights) {
                for pair in 0..LINE / 2 {
                    for k in [2 * pair, 2 * pair + 1] {
                        let (row, _) = S::as_simd_f32s(&weights[k].0[first..][..width]);
                        for (sums, x) in sums.iter_mut().zip(x) {
                            let input = simd.splat_f32s(x.0[k]);
                            for (sum, weights) in sums.iter_mut().zip(row) {
                                *sum = simd.mul_add_f32s(input, *weights, *sum);
                            }
                        }
                    }
                }
            }
            for (vector, sums) in sums.iter().enumerate() {
                let row = &mut out[vector * self.stride].0[first..][..width];
                let (row, _) = S::as_mut_simd_f32s(row);
                row.iter_mut().zip(sums).for_each(|(own, sum)| *own = *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums are those of the definition, each added up by fused multiply-adds in the order of the inputs, however many
    /// vectors there are.
    #[test]
    fn sums_are_added_up_in_order() {
        for (inputs, columns) in [(1, 1), (16, 64), (37, 70), (100, 10), (33, 129)] {
            let matrix =
                Matrix::from_fn(inputs, columns, |i, j| f64::from((7 * i + 13 * j) as u32 % 11) / 7.0 - 0.7);
            let panels = Panels::new(&matrix, 3.0);
            for count in [1, 2, 3, 5, 6, 7, 8, 20] {
                let stride = inputs + 3;
                let x: Vec<f64> = (0..count * stride).map(|i| (i * 37 % 101) as f64 / 50.0 - 1.0).collect();
                let (mut vectors, mut sums) = (Vectors::default(), Sums::default());
                vectors.fill((&x, stride), (2, inputs), |x| 0.5 * x);
                panels.times(&vectors, 0.25, &mut sums);
                for vector in 0..count {
                    let own = &x[vector * stride + 2..][..inputs];
                    for j in 0..columns {
                        let add = |sum: f32, (i, &x): (usize, &f64)| {
                            ((0.5 * x) as f32).mul_add((matrix.at(i, j) * 3.0) as f32, sum)
                        };
                        let expected = own.iter().enumerate().fold(0.25, add);
                        assert_eq!(sums.of(vector)[j / PANEL].0[j % PANEL], expected);
                    }
                    let total: f64 = own.iter().map(|x| f64::from((0.5 * x) as f32)).sum();
                    assert!((vectors.total(vector) - total).abs() < 1e-12);
                }
            }
        }
    }

    /// What machines with narrower registers, and with none, make of the same products.
    #[test]
    fn narrow_registers_give_the_same_bits() {
        let matrix = Matrix::from_fn(37, 150, |i, j| f64::from((7 * i + 13 * j) as u32 % 11) / 7.0 - 0.7);
        let panels = Panels::new(&matrix, 1.0);
        for count in [1, 2, 9] {
            let x: Vec<f64> = (0..count * 37).map(|i| (i * 37 % 101) as f64 / 50.0 - 1.0).collect();
            let mut vectors = Vectors::default();
            vectors.fill((&x, 37), (0, 37), |x| x);
            let mut widest = Sums::default();
            panels.times(&vectors, 0.25, &mut widest);
            let same = |sums: &Sums| {
                for vector in 0..count {
                    let own =
                        |sums: &Sums| -> Vec<f32> { sums.of(vector).iter().flat_map(|row| row.0).collect() };
                    // What fills up the last panel may be anything.
                    assert_eq!(own(sums)[..150], own(&widest)[..150]);
                }
            };
            let mut sums = Sums::default();
            sums.set(count, 150, f32::NAN);
            pulp::Scalar::new().vectorize(Product {
                x: &vectors,
                weights: &panels,
                start: 0.25,
                sums: &mut sums,
            });
            same(&sums);
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                sums.set(count, 150, f32::NAN);
                Simd::vectorize(
                    simd,
                    Product { x: &vectors, weights: &panels, start: 0.25, sums: &mut sums },
                );
                same(&sums);
            }
        }
    }
}
