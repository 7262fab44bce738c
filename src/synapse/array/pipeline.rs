//! The way of a product through an array: drive, sum, noise, conversion, digital sum. All technologies share it
//! once they are programmed.
//!
//! ```text
//!   x ── quantise ──▶ passes (one, or one per bit) ──▶ tile ──▶ plane: Σ_i d_i w_ij + noise ──▶ ADC ──▶ Σ ──▶ y
//! ```
//!
//! Read noise is not drawn cell by cell: the sum of independent normal deviates `Σ_i d_i n_ij` is one normal
//! deviate of variance `Σ_i d_i² σ_ij²`, which is exact. It is keyed by (seed, tile, step), so results depend
//! neither on the order of products nor on threads.

use super::device::{Draw, normals};
use super::matrix::Matrix;
use super::panels::BLOCK;
use super::periphery::{AdcParams, Driver, InputParams, Quantiser, RangeChoice};
use super::single::{Buffers, Digital, Single};
use super::wires::{Curve, Network, Segments, Unsolved, solve_nonlinear};
use crate::base::normal::Normals;

/// One physical array with the part of the weights that it holds.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// Number of the array; part of the key of its random draws.
    pub number: u32,
    /// First input and first output of the whole matrix that it serves.
    pub first: [usize; 2],
    /// What is converted separately.
    pub planes: Vec<Plane>,
    /// Where sums depend on the drive in no linear way: the circuit that is solved for each.
    pub circuit: Option<Circuit>,
}

/// The columns of an array that are converted as one set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plane {
    /// What a unit of drive adds to a column [weight].
    pub weights: Matrix,
    /// Variance of that from read to read [weight²].
    pub variance: Option<Matrix>,
    /// Variance of a column's sum that does not depend on the drive [weight²].
    pub floor: f64,
    /// Variance per magnitude of a column's sum [weight]: shot noise.
    pub shot: f64,
    /// Variance per squared sum: intensity noise.
    pub relative: f64,
    /// Factor in the digital sum.
    pub gain: f64,
    /// The converters; none: sums are taken as they are.
    pub converter: Option<Quantiser>,
    /// The same in single precision, where a converter resolves far less than that.
    pub single: Option<Single>,
    /// What is taken away after conversion.
    pub subtract: Subtract,
    /// Which column of the physical array each sum comes from, and which is subtracted before conversion.
    pub sources: Vec<(usize, Option<usize>)>,
}

/// What is subtracted from converted sums: the common part of offset weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Subtract {
    /// Nothing.
    #[default]
    Nothing,
    /// This weight times the sum of all inputs, exactly.
    Sum(f64),
    /// The plane's last column, and this weight times the sum of all inputs.
    Reference(f64),
}

/// A crossbar that is solved for every drive.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    /// Conductances of the physical array [S].
    pub cells: Matrix,
    /// Its wires; none: only the cells' curve makes it nonlinear.
    pub segments: Segments,
    /// The cells' curve.
    pub curve: Curve,
    /// Row voltage at full drive [V].
    pub voltage: f64,
    /// Weight per ampere of a column, for each plane.
    pub per_ampere: Vec<f64>,
    /// Whether rows that are not driven float.
    pub floats: bool,
}

/// Buffers of a product, reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    drive: Matrix,
    pub(super) part: Matrix,
    pub(super) sums: Matrix,
    squares: Matrix,
    pub(super) spread: Matrix,
    pub(super) normals: Vec<f32>,
    single: Buffers,
}

/// An array of any technology, programmed.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub rows: usize,
    pub columns: usize,
    pub seed: u64,
    pub input: InputParams,
    /// Input that is full scale.
    pub full_scale: f64,
    /// Distortion of an analog drive by the cells' curve.
    pub curve: Option<(Curve, f64)>,
    pub tiles: Vec<Tile>,
}

/// One application of drives to the rows.
#[derive(Clone, Copy)]
enum Pass {
    /// Inputs as they are.
    Whole,
    /// One bit of their codes.
    Bit { number: u32, weight: f64 },
}

impl Pipeline {
    /// `out = x · W` for each row of `x`; the vectors are steps `step`, `step + 1` and so on.
    pub fn multiply(
        &self,
        step: u64,
        x: &Matrix,
        out: &mut Matrix,
        scratch: &mut Scratch,
    ) -> Result<(), Unsolved> {
        let passes = self.passes();
        let (x, out) = (x.data().chunks(BLOCK * self.rows), out.data_mut().chunks_mut(BLOCK * self.columns));
        for (number, (x, out)) in x.zip(out).enumerate() {
            if !self.is_single() {
                out.fill(0.0);
            }
            for &pass in &passes {
                self.pass(pass, step + (number * BLOCK) as u64, (x, &mut *out), scratch)?;
            }
        }
        Ok(())
    }

    fn passes(&self) -> Vec<Pass> {
        let InputParams::BitSerial(bits) = self.input else { return vec![Pass::Whole] };
        let most = f64::from(self.input.most());
        let sign_bit = u32::from(bits.bits) - 1;
        let pass = |number: u32| {
            let weight = f64::from(number).exp2() / most;
            let weight = if bits.signed && number == sign_bit { -weight } else { weight };
            Pass::Bit { number, weight }
        };
        (0..u32::from(bits.bits)).map(pass).collect()
    }

    /// What quantises the inputs of a pass, if it does nothing else to them.
    fn driver(&self, pass: Pass) -> Option<Driver> {
        let is_curved = self.curve.is_some() && matches!(self.input, InputParams::Analog(_));
        (matches!(pass, Pass::Whole) && !is_curved).then(|| self.input.driver(1.0 / self.full_scale))
    }

    /// What the rows are driven with, relative to full scale.
    fn drive(&self, pass: Pass, x: &[f64], drive: &mut Matrix) {
        shape(drive, x.len() / self.rows, self.rows);
        let scale = 1.0 / self.full_scale;
        let pairs = drive.data_mut().iter_mut().zip(x);
        match pass {
            Pass::Bit { number, .. } => {
                // Two's complement of the code, as wide as an i64: the sign bit is among the bits asked for.
                pairs.for_each(|(d, &x)| *d = (self.input.code(x * scale) as i64 >> number & 1) as f64);
            }
            Pass::Whole => match self.curve.filter(|_| matches!(self.input, InputParams::Analog(_))) {
                Some((curve, voltage)) => {
                    let full = 1.0 / curve.current(voltage);
                    pairs.for_each(|(d, &x)| {
                        *d = curve.current(voltage * self.input.quantised(x * scale)) * full
                    });
                }
                None => self.input.quantise_all(scale, x, drive.data_mut()),
            },
        }
    }

    fn pass(
        &self,
        pass: Pass,
        step: u64,
        (x, out): (&[f64], &mut [f64]),
        scratch: &mut Scratch,
    ) -> Result<(), Unsolved> {
        let (weight, slot) = match pass {
            Pass::Bit { number, weight } => (weight, u64::from(number)),
            Pass::Whole => (1.0, 0),
        };
        let scale = weight * self.full_scale;
        let key = Key { seed: self.seed, step, slot: slot << 8 };
        let driver = self.driver(pass).filter(|_| self.is_single());
        if driver.is_none() {
            self.drive(pass, x, &mut scratch.drive);
        }
        for tile in &self.tiles {
            let height = tile.planes.first().map_or(0, |plane| plane.weights.rows());
            if self.is_single() {
                let (drives, own) = (&mut scratch.single.drives, (tile.first[0], height));
                match driver.map(|driver| (driver, driver.step())) {
                    Some((driver, Some(step))) => {
                        drives.fill((x, self.rows), own, move |x| driver.code(x) * step);
                    }
                    Some((driver, None)) => drives.fill((x, self.rows), own, move |x| driver.clipped(x)),
                    None => drives.fill((scratch.drive.data(), self.rows), own, |drive| drive),
                }
                let is_first = slot == 0 && tile.first[0] == 0;
                self.add_single(tile, (scale, key, is_first), out, &mut scratch.single);
                continue;
            }
            cut(&scratch.drive, tile.first[0], height, &mut scratch.part);
            for number in 0..tile.planes.len() {
                tile.sums(number, scratch)?;
                self.finish(tile, number, (scale, key.of_plane(number)), out, scratch);
            }
        }
        Ok(())
    }

    /// Whether it works in single precision.
    fn is_single(&self) -> bool {
        let is_single = |tile: &Tile| tile.planes.iter().all(|plane| plane.single.is_some());
        self.tiles.iter().all(|tile| tile.circuit.is_none() && is_single(tile))
    }

    /// What a tile in single precision adds to the outputs, or sets them to.
    fn add_single(
        &self,
        tile: &Tile,
        (scale, key, is_first): (f64, Key, bool),
        out: &mut [f64],
        buffers: &mut Buffers,
    ) {
        let pulses = matches!(self.input, InputParams::PulseCount(_)).then(|| self.input.most() as f32);
        for (number, plane) in tile.planes.iter().enumerate() {
            if let Some(single) = &plane.single {
                let (key, is_first) = (key.of_plane(number), is_first && number == 0);
                let digital = Digital { plane, tile: tile.number, scale, key, is_first, pulses };
                single.add(digital, buffers, (&mut out[tile.first[1]..], self.columns));
            }
        }
    }

    /// Noise, conversion and digital sum of one plane.
    fn finish(
        &self,
        tile: &Tile,
        number: usize,
        (scale, key): (f64, Key),
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let plane = &tile.planes[number];
        self.spread(plane, scratch);
        let Scratch { part, sums, spread, normals, .. } = scratch;
        for vector in 0..sums.rows() {
            let close = Close {
                driven: match plane.subtract {
                    Subtract::Nothing => 0.0,
                    Subtract::Sum(_) | Subtract::Reference(_) => part.row(vector).iter().sum(),
                },
                spread: spread.row(vector),
                scale,
                key: Key { step: key.step + vector as u64, ..key },
                normals: &mut *normals,
            };
            let out = &mut out[vector * self.columns..][..self.columns][tile.first[1]..];
            tile.close(number, sums.row_mut(vector), close, out);
        }
    }

    /// Variances of the sums of a plane, from the drives in `scratch.part`.
    fn spread(&self, plane: &Plane, scratch: &mut Scratch) {
        let Scratch { part, sums, squares, spread, .. } = scratch;
        let reads = match self.input {
            // The charges of all pulses are added, each with a noise of its own.
            InputParams::PulseCount(_) => f64::from(self.input.most()),
            _ => 1.0,
        };
        shape(spread, sums.rows(), sums.columns());
        if !plane.is_noisy() {
            return;
        }
        spread.data_mut().fill(plane.floor / reads);
        if let Some(variance) = &plane.variance {
            shape(squares, part.rows(), part.columns());
            let pairs = squares.data_mut().iter_mut().zip(part.data());
            match self.input {
                InputParams::PulseCount(_) => pairs.for_each(|(square, d)| *square = d.abs() / reads),
                _ => pairs.for_each(|(square, d)| *square = d * d),
            }
            Matrix::rows_times(squares, variance, spread);
        }
        if plane.shot > 0.0 || plane.relative > 0.0 {
            let pairs = spread.data_mut().iter_mut().zip(sums.data());
            pairs
                .for_each(|(variance, sum)| *variance += plane.shot * sum.abs() + plane.relative * sum * sum);
        }
    }

    /// The matrix that products would be of if noise and converters were ideal.
    pub fn effective_weights(&self) -> Matrix {
        let mut weights = Matrix::zeros(self.rows, self.columns);
        for tile in &self.tiles {
            for plane in &tile.planes {
                for i in 0..plane.weights.rows() {
                    let row = plane.weights.row(i);
                    let common = match (plane.subtract, row.last()) {
                        (Subtract::Nothing, _) => 0.0,
                        (Subtract::Reference(weight), Some(reference)) => weight + reference,
                        (Subtract::Sum(weight) | Subtract::Reference(weight), _) => weight,
                    };
                    let into = &mut weights.row_mut(tile.first[0] + i)[tile.first[1]..];
                    into.iter_mut()
                        .zip(plane.outputs(row))
                        .for_each(|(w, g)| *w += plane.gain * (g - common));
                }
            }
        }
        weights
    }
}

/// What keys the noise of one conversion.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub seed: u64,
    pub step: u64,
    pub slot: u64,
}

/// What turns the sums of a plane into a part of the outputs.
pub(super) struct Close<'s> {
    /// Sum of all drives, where that is subtracted.
    pub driven: f64,
    /// Variances of the sums; not looked at where the plane has no noise.
    pub spread: &'s [f64],
    /// Factor of the sums beside the plane's own.
    pub scale: f64,
    pub key: Key,
    /// Room for deviates.
    pub normals: &'s mut Vec<f32>,
}

impl Key {
    fn of_plane(self, number: usize) -> Self {
        Self { slot: self.slot | number as u64, ..self }
    }

    /// The deviates of the columns of a tile.
    pub fn normals(self, tile: u32) -> Normals {
        // Steps take 32 of the 48 bits of an event, bit and plane the rest.
        let event = self.slot << 32 | self.step & 0xFFFF_FFFF;
        normals(self.seed, tile, Draw::Read, event)
    }
}

impl Plane {
    pub(super) fn is_noisy(&self) -> bool {
        self.variance.is_some() || self.floor > 0.0 || self.shot > 0.0 || self.relative > 0.0
    }

    /// The sums that are outputs: all but a reference column.
    fn outputs<'s>(&self, sums: &'s [f64]) -> &'s [f64] {
        match self.subtract {
            Subtract::Reference(_) => &sums[..sums.len() - 1],
            _ => sums,
        }
    }

    /// Adds noise of these variances, with that of the converters, and converts.
    fn disturb(&self, sums: &mut [f64], spread: &[f64], normals: &[f32]) {
        let of_converter = self.converter.map_or(0.0, |converter| converter.deviation().powi(2));
        let spread = spread.iter().copied().chain(std::iter::repeat(0.0));
        for ((sum, variance), &normal) in sums.iter_mut().zip(spread).zip(normals) {
            *sum += (variance + of_converter).sqrt() * f64::from(normal);
        }
        if let Some(converter) = self.converter {
            converter.convert_all(sums);
        }
    }

    /// Gives the plane converters whose range suits its weights and the inputs.
    pub fn calibrate(&mut self, adc: &AdcParams, input: InputParams, full_scale: f64) {
        let columns = self.weights.columns();
        let (mut total, mut square, mut most) = (vec![0.0; columns], vec![0.0; columns], vec![0.0; columns]);
        for i in 0..self.weights.rows() {
            for (j, &w) in self.weights.row(i).iter().enumerate() {
                total[j] += w;
                square[j] += w * w;
                most[j] += w.abs();
            }
        }
        let (mean, variance) = match input {
            InputParams::BitSerial(_) => (0.5, 0.25),
            _ if input.bits().signed => (0.0, 1.0 / 3.0),
            _ => (0.5, 1.0 / 12.0),
        };
        let widest = |f: &dyn Fn(usize) -> f64| (0..columns).map(f).fold(0.0, f64::max);
        let range = match adc.range {
            RangeChoice::Full => widest(&|j| most[j]),
            RangeChoice::Calibrated(sigmas) => {
                widest(&|j| (mean * total[j]).abs() + sigmas * (variance * square[j]).sqrt())
            }
            RangeChoice::Stated(range) => range / full_scale,
        };
        let converter = adc.quantiser(range);
        self.single = Single::new(self, &converter, adc.bits);
        self.converter = Some(converter);
    }
}

impl Tile {
    /// Noise, conversion and digital sum of plane `number`.
    pub(super) fn close(&self, number: usize, sums: &mut [f64], close: Close<'_>, out: &mut [f64]) {
        let plane = &self.planes[number];
        let noisy = plane.is_noisy();
        if noisy || plane.converter.is_some_and(|converter| converter.noise > 0.0) {
            close.normals.resize(sums.len(), 0.0);
            close.key.normals(self.number).fill(close.normals);
            plane.disturb(sums, if noisy { close.spread } else { &[] }, close.normals);
        } else if let Some(converter) = plane.converter {
            converter.convert_all(sums);
        }
        let common = match (plane.subtract, sums.last()) {
            (Subtract::Nothing, _) => 0.0,
            (Subtract::Reference(weight), Some(reference)) => weight * close.driven + reference,
            (Subtract::Sum(weight) | Subtract::Reference(weight), _) => weight * close.driven,
        };
        let factor = plane.gain * close.scale;
        out.iter_mut().zip(plane.outputs(sums)).for_each(|(y, sum)| *y += factor * (sum - common));
    }

    /// Sums of plane `number` for the drives in `scratch.part`.
    pub(super) fn sums(&self, number: usize, scratch: &mut Scratch) -> Result<(), Unsolved> {
        let plane = &self.planes[number];
        let Scratch { part, sums, .. } = scratch;
        shape(sums, part.rows(), plane.weights.columns());
        let Some(circuit) = &self.circuit else {
            sums.data_mut().fill(0.0);
            Matrix::rows_times(part, &plane.weights, sums);
            return Ok(());
        };
        for vector in 0..part.rows() {
            let currents = circuit.currents(part.row(vector))?;
            for (sum, &(plus, minus)) in sums.row_mut(vector).iter_mut().zip(&plane.sources) {
                let current = currents[plus] - minus.map_or(0.0, |minus| currents[minus]);
                *sum = current * circuit.per_ampere[number];
            }
        }
        Ok(())
    }
}

impl Circuit {
    fn currents(&self, drive: &[f64]) -> Result<Vec<f64>, Unsolved> {
        let voltages: Vec<f64> = drive.iter().map(|d| d * self.voltage).collect();
        let floating: Vec<bool> =
            if self.floats { drive.iter().map(|&d| d == 0.0).collect() } else { Vec::new() };
        if floating.iter().all(|&floats| floats) && self.floats {
            return Ok(vec![0.0; self.cells.columns()]);
        }
        let network = Network { cells: &self.cells, segments: self.segments, floating: &floating };
        let solution = match self.curve {
            Curve::Ohmic => network.solve(&voltages)?,
            curve => solve_nonlinear(&network, curve, &voltages)?,
        };
        Ok(solution.currents)
    }
}

/// Makes `matrix` as large as asked for, whatever it holds.
pub(super) fn shape(matrix: &mut Matrix, rows: usize, columns: usize) {
    if (matrix.rows(), matrix.columns()) != (rows, columns) {
        *matrix = Matrix::zeros(rows, columns);
    }
}

/// Copies `height` inputs of every vector from `first` on.
fn cut(drive: &Matrix, first: usize, height: usize, part: &mut Matrix) {
    shape(part, drive.rows(), height);
    for vector in 0..drive.rows() {
        part.row_mut(vector).copy_from_slice(&drive.row(vector)[first..][..height]);
    }
}
