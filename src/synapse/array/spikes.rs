//! What the spikes of a time-step add up to: the rows that they arrive on, and no product with all others.
//!
//! Spikes are full drives of their rows in one read, not quantised. Where nothing but weights acts (no noise, no
//! converter, linear cells) the rows are those of one matrix, and are added in the order of the spikes; a weight
//! that the devices hold to within rounding of the arithmetic counts as the one that was asked for, so that an
//! ideal array gives the sums of a digital core to the last bit.

use super::matrix::Matrix;
use super::params::ArrayParams;
use super::periphery::{AdcParams, InputBits, InputParams};
use super::pipeline::{Close, Key, Pipeline, Scratch, Tile, shape};
use super::wires::Unsolved;

/// A spike on a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// The row.
    pub row: u32,
    /// What it amounts to: 1, or the value of a graded one. More than the array's full scale is applied in
    /// several pulses.
    pub value: f64,
}

/// Difference from the weight asked for, relative to the largest, below which a weight is the one asked for: the
/// arithmetic of mapping, window and slices resolves no more.
const ROUNDING: f64 = 1e-12;

impl Pulse {
    /// Full drives that it takes.
    pub(super) fn drives(self, full_scale: f64) -> u64 {
        ((self.value.abs() / full_scale).ceil() as u64).max(1)
    }
}

impl ArrayParams {
    fn adc(&self) -> Option<&AdcParams> {
        match self {
            Self::Sram(_) => None,
            Self::Crossbar(crossbar) => crossbar.adc.as_ref(),
            Self::Memcapacitor(memcapacitor) => memcapacitor.adc.as_ref(),
            Self::PhotonicMesh(mesh) => mesh.adc.as_ref(),
            Self::Wdm(wdm) => wdm.adc.as_ref(),
        }
    }

    /// Sets the range of the converters for inputs that are spikes: each row fires in every other step.
    pub(super) fn calibrate_for_spikes(&self, pipeline: &mut Pipeline) {
        let Some(adc) = self.adc() else { return };
        let spikes = InputParams::BitSerial(InputBits { bits: 1, signed: false });
        for plane in pipeline.tiles.iter_mut().flat_map(|tile| &mut tile.planes) {
            plane.calibrate(adc, spikes, self.full_scale());
        }
    }
}

/// The rows that spikes add up to where nothing but weights acts; `asked` are the weights that were programmed.
pub(super) fn plain_rows(pipeline: &Pipeline, asked: &Matrix) -> Option<Matrix> {
    let is_plain = |tile: &Tile| {
        let plain = |plane: &super::pipeline::Plane| plane.converter.is_none() && !plane.is_noisy();
        tile.circuit.is_none() && tile.planes.iter().all(plain)
    };
    if !pipeline.tiles.iter().all(is_plain) {
        return None;
    }
    let largest = asked.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
    let mut held = pipeline.effective_weights();
    for (held, &asked) in held.data_mut().iter_mut().zip(asked.data()) {
        if (*held - asked).abs() <= ROUNDING * largest {
            *held = asked;
        }
    }
    Some(held)
}

/// Adds `value` times each row that is named to `out`, in order.
pub fn add_pulses(rows: &Matrix, pulses: &[Pulse], out: &mut [f64]) {
    for &Pulse { row, value } in pulses {
        out.iter_mut().zip(rows.row(row as usize)).for_each(|(y, &g)| *y += value * g);
    }
}

impl Pipeline {
    /// `out` = what `pulses` add up to in read `step`.
    pub(super) fn pulses(
        &self,
        step: u64,
        pulses: &[Pulse],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<(), Unsolved> {
        out.fill(0.0);
        let scale = 1.0 / self.full_scale;
        for tile in &self.tiles {
            let first = tile.first[0];
            let height = tile.planes.first().map_or(0, |plane| plane.weights.rows());
            let own = |pulse: &&Pulse| (first..first + height).contains(&(pulse.row as usize));
            shape(&mut scratch.part, 1, height);
            scratch.part.data_mut().fill(0.0);
            for pulse in pulses.iter().filter(own) {
                scratch.part.data_mut()[pulse.row as usize - first] += scale * pulse.value;
            }
            for number in 0..tile.planes.len() {
                tile.add_driven(number, scratch)?;
                let key = Key { seed: self.seed, step, slot: number as u64 };
                let Scratch { part, sums, spread, normals, .. } = &mut *scratch;
                let driven = part.data().iter().sum();
                let close = Close { driven, spread: spread.data(), scale: self.full_scale, key, normals };
                tile.close(number, sums.data_mut(), close, &mut out[tile.first[1]..]);
            }
        }
        Ok(())
    }
}

impl Tile {
    /// Sums of plane `number`, and their variances, for the few drives in `scratch.part` that are not zero.
    fn add_driven(&self, number: usize, scratch: &mut Scratch) -> Result<(), Unsolved> {
        let plane = &self.planes[number];
        if self.circuit.is_some() {
            self.sums(number, scratch)?;
        } else {
            let Scratch { part, sums, .. } = &mut *scratch;
            shape(sums, 1, plane.weights.columns());
            sums.data_mut().fill(0.0);
            add_rows(part.data(), |d| d, &plane.weights, sums.data_mut());
        }
        let Scratch { part, sums, spread, .. } = scratch;
        shape(spread, 1, plane.weights.columns());
        if plane.is_noisy() {
            spread.data_mut().fill(plane.floor);
            if let Some(variance) = &plane.variance {
                add_rows(part.data(), |d| d * d, variance, spread.data_mut());
            }
            let pairs = spread.data_mut().iter_mut().zip(sums.data());
            pairs.for_each(|(variance, sum)| {
                *variance += plane.shot * sum.abs() + plane.relative * sum * sum;
            });
        }
        Ok(())
    }
}

/// Adds the rows of a matrix that are driven.
fn add_rows(drives: &[f64], factor: fn(f64) -> f64, matrix: &Matrix, out: &mut [f64]) {
    for (row, &drive) in drives.iter().enumerate().filter(|&(_, &drive)| drive != 0.0) {
        let factor = factor(drive);
        out.iter_mut().zip(matrix.row(row)).for_each(|(y, &g)| *y += factor * g);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Matrix {
        Matrix::from_fn(20, 9, |i, j| (((3 * i + 5 * j) % 17) as f64 - 8.0) / 7.0)
    }

    fn array(yaml: &str) -> ArrayParams {
        let reader = serde_yaml::Deserializer::from_str(yaml);
        serde_yaml::with::singleton_map_recursive::deserialize(reader).expect("the parameters are right")
    }

    const PULSES: [Pulse; 4] = [
        Pulse { row: 3, value: 1.0 },
        Pulse { row: 17, value: 1.0 },
        Pulse { row: 0, value: 1.0 },
        Pulse { row: 3, value: 1.0 },
    ];

    #[test]
    fn an_ideal_array_adds_up_the_weights_that_were_asked_for_to_the_last_bit() {
        let weights = weights();
        let mut expected = vec![0.0; 9];
        add_pulses(&weights, &PULSES, &mut expected);
        for mapping in ["differential: {}", "two-device: {}", "offset: {}"] {
            let ideal = array(&format!(
                "crossbar: {{rows: 8, columns: 8, adc: null, mapping: {{{mapping}}}, \
                 cell: {{g_min: 1 µS, g_max: 30 µS}}}}"
            ));
            let mut array = ideal.program_for_spikes(&weights, 1).expect("it is programmed");
            let mut out = vec![0.0; 9];
            array.pulses(1, &PULSES, &mut out).expect("it multiplies");
            assert_eq!(out, expected, "{mapping}");
            assert!(array.is_exact(), "{mapping}");
        }
    }

    #[test]
    fn sparse_sums_are_those_of_the_product() {
        let weights = weights();
        let noisy = array(
            "crossbar: {rows: 8, columns: 8, adc: null, mapping: {offset: {reference_column: true}}, \
             cell: {g_min: 1 µS, g_max: 30 µS}}",
        );
        let mut array = noisy.program(&weights, 4).expect("it is programmed");
        let mut x = vec![0.0; 20];
        PULSES.iter().for_each(|pulse| x[pulse.row as usize] += 0.4 * pulse.value);
        let pulses = PULSES.map(|pulse| Pulse { value: 0.4, ..pulse });
        let (mut dense, mut sparse) = (vec![0.0; 9], vec![0.0; 9]);
        array.multiply(7, &x, &mut dense).expect("it multiplies");
        array.pulses(7, &pulses, &mut sparse).expect("it multiplies");
        for (dense, sparse) in dense.iter().zip(&sparse) {
            assert!((dense - sparse).abs() < 0.02, "{dense} {sparse}");
        }
    }
}
