//! A programmed array, whatever its technology.

use super::bill::{Costs, Shares};
use super::crossbar::Crossbar;
use super::device::Programming;
use super::matrix::Matrix;
use super::params::ArrayParams;
use super::photonic::{Photonic, program_wdm, wdm_costs};
use super::pipeline::{Pipeline, Scratch};
use super::spikes::{Pulse, add_pulses, plain_rows};
use super::wires::Unsolved;
use crate::base::{Problem, Problems};

/// A matrix of weights in devices: it multiplies, ages, and says what both cost.
#[derive(Clone, Debug)]
pub struct Array {
    params: ArrayParams,
    pipeline: Pipeline,
    costs: Costs,
    /// The devices, where they can age or be written again.
    pub(super) devices: Option<Crossbar>,
    scratch: Scratch,
    vector: Matrix,
    result: Matrix,
    /// The weights that were asked for, where the array is there for spikes.
    pub(super) asked: Option<Matrix>,
    /// What spikes add up, where nothing but weights acts on them.
    rows: Option<Matrix>,
    /// Whether those are the weights that were asked for.
    is_exact: bool,
}

/// What devices do to the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct WeightError {
    /// Root mean square of the differences, relative to the largest weight.
    pub rms: f64,
    /// Largest difference, relative to the largest weight.
    pub most: f64,
    /// Mean difference, relative to the largest weight.
    pub bias: f64,
}

impl Array {
    pub(super) fn program(params: &ArrayParams, weights: &Matrix, seed: u64) -> Result<Self, Problems> {
        params.validate()?;
        check_matrix(params, weights)?;
        let shape = [weights.rows(), weights.columns()];
        let (pipeline, costs, devices) = match params {
            ArrayParams::Sram(sram) => (sram.program(weights, seed), sram.costs(shape, 1.0), None),
            ArrayParams::Crossbar(crossbar) => {
                let mut devices = Crossbar::program(crossbar, weights, seed);
                let pipeline = devices.pipeline(seed).map_err(unsolved)?;
                (pipeline, devices.costs(), Some(devices))
            }
            ArrayParams::Memcapacitor(memcapacitor) => {
                let programmed = memcapacitor.program(weights, seed);
                (programmed.pipeline, programmed.costs, None)
            }
            ArrayParams::PhotonicMesh(mesh) => {
                let programmed = Photonic::program(mesh, weights, seed);
                let programmed = programmed.map_err(|problems| problems.under("photonic-mesh"))?;
                (programmed.pipeline, programmed.costs, None)
            }
            ArrayParams::Wdm(wdm) => (program_wdm(wdm, weights, seed), wdm_costs(wdm, shape), None),
        };
        let scratch = Scratch::default();
        let (vector, result) = (Matrix::zeros(1, shape[0]), Matrix::zeros(1, shape[1]));
        let params = params.clone();
        Ok(Self {
            params,
            pipeline,
            costs,
            devices,
            scratch,
            vector,
            result,
            asked: None,
            rows: None,
            is_exact: false,
        })
    }

    pub(super) fn program_for_spikes(
        params: &ArrayParams,
        weights: &Matrix,
        seed: u64,
    ) -> Result<Self, Problems> {
        let mut array = Self::program(params, weights, seed)?;
        array.asked = Some(weights.clone());
        array.prepare_for_spikes();
        Ok(array)
    }

    fn prepare_for_spikes(&mut self) {
        if let Some(asked) = &self.asked {
            self.params.calibrate_for_spikes(&mut self.pipeline);
            self.rows = plain_rows(&self.pipeline, asked);
            self.is_exact = self.rows.as_ref() == Some(asked);
        }
    }

    /// Whether spikes add up exactly the weights that were asked for. Known of arrays that were programmed for
    /// spikes.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Number of inputs.
    pub fn rows(&self) -> usize {
        self.pipeline.rows
    }

    /// Number of outputs.
    pub fn columns(&self) -> usize {
        self.pipeline.columns
    }

    /// What it was made from.
    pub fn params(&self) -> &ArrayParams {
        &self.params
    }

    /// `out = x · W` as the array computes it. `step` numbers the product: it keys the read noise, so equal steps
    /// see equal noise. It counts modulo 2³².
    ///
    /// # Errors
    /// Vectors of the wrong length; wires that cannot be solved for this input.
    pub fn multiply(&mut self, step: u64, x: &[f64], out: &mut [f64]) -> Result<(), Problems> {
        check_lengths((x.len(), out.len()), (self.rows(), self.columns()))?;
        self.vector.data_mut().copy_from_slice(x);
        let done = self.pipeline.multiply(step, &self.vector, &mut self.result, &mut self.scratch);
        done.map_err(unsolved)?;
        out.copy_from_slice(self.result.data());
        Ok(())
    }

    /// The same for every row of `x`; they are steps `step`, `step + 1` and so on.
    ///
    /// # Errors
    /// Matrices of the wrong shape; wires that cannot be solved for an input.
    pub fn multiply_batch(&mut self, step: u64, x: &Matrix, out: &mut Matrix) -> Result<(), Problems> {
        check_lengths((x.columns(), out.columns()), (self.rows(), self.columns()))?;
        check_lengths((x.rows(), x.rows()), (out.rows(), x.rows()))?;
        self.pipeline.multiply(step, x, out, &mut self.scratch).map_err(unsolved)
    }

    /// `out` = what a time-step's spikes on the rows `spikes` add up to; a row that is named twice counts twice.
    /// Spikes are inputs of one and are not quantised.
    ///
    /// # Errors
    /// As for [`pulses`](Self::pulses).
    pub fn spikes(&mut self, step: u64, spikes: &[u32], out: &mut [f64]) -> Result<(), Problems> {
        let pulses: Vec<Pulse> = spikes.iter().map(|&row| Pulse { row, value: 1.0 }).collect();
        self.pulses(step, &pulses, out)?;
        Ok(())
    }

    /// The same for spikes that carry values; says how many full drives of a row they took.
    ///
    /// # Errors
    /// Rows that do not exist, values below zero where inputs have no sign, an output of the wrong length; wires
    /// that cannot be solved for this input.
    pub fn pulses(&mut self, step: u64, pulses: &[Pulse], out: &mut [f64]) -> Result<u64, Problems> {
        check_lengths((self.rows(), out.len()), (self.rows(), self.columns()))?;
        if let Some(Pulse { row, .. }) = pulses.iter().find(|pulse| pulse.row as usize >= self.rows()) {
            return Err(Problems::one("", format!("there is no row {row} among {}", self.rows())));
        }
        let is_wrong = |pulse: &&Pulse| !(pulse.value >= 0.0 || self.params.takes_negative_inputs());
        if let Some(Pulse { value, .. }) = pulses.iter().find(is_wrong) {
            return Err(Problems::one(
                "",
                format!("an input of {value}, and inputs of this array have no sign"),
            ));
        }
        match &self.rows {
            Some(rows) => {
                out.fill(0.0);
                add_pulses(rows, pulses, out);
            }
            None => self.pipeline.pulses(step, pulses, out, &mut self.scratch).map_err(unsolved)?,
        }
        Ok(pulses.iter().map(|pulse| pulse.drives(self.pipeline.full_scale)).sum())
    }

    /// The weights as the devices hold them: errors, age and wires included, read noise and converters not.
    pub fn effective_weights(&self) -> Matrix {
        self.pipeline.effective_weights()
    }

    /// How far they are from `weights`.
    pub fn weight_error(&self, weights: &Matrix) -> WeightError {
        let held = self.effective_weights();
        let largest = weights.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
        let scale = if largest > 0.0 { 1.0 / largest } else { 1.0 };
        let off: Vec<f64> = held.data().iter().zip(weights.data()).map(|(a, b)| (a - b) * scale).collect();
        let count = off.len().max(1) as f64;
        WeightError {
            rms: (off.iter().map(|d| d * d).sum::<f64>() / count).sqrt(),
            most: off.iter().fold(0.0, |most, d| most.max(d.abs())),
            bias: off.iter().sum::<f64>() / count,
        }
    }

    /// What products, spikes and writing cost.
    pub fn costs(&self) -> &Costs {
        &self.costs
    }

    /// What the product with `x` costs, by part [J].
    ///
    /// # Errors
    /// A vector of the wrong length.
    pub fn energy_of(&self, x: &[f64]) -> Result<Shares, Problems> {
        check_lengths((x.len(), 0), (self.rows(), 0))?;
        let used = x.iter().filter(|&&x| x != 0.0).count() as f64 / x.len().max(1) as f64;
        Ok(match (&self.params, &self.devices) {
            (_, Some(devices)) => devices.energy_of(x),
            (ArrayParams::Sram(sram), _) => sram.costs([self.rows(), self.columns()], used).shares,
            _ => self.costs.shares,
        })
    }

    /// Sets the time since programming [s]: drift, retention and noise that grows follow.
    ///
    /// # Errors
    /// A negative time; wires that cannot be solved.
    pub fn age(&mut self, seconds: f64) -> Result<(), Problems> {
        if !(seconds >= 0.0 && seconds.is_finite()) {
            return Err(Problems::one("", format!("{seconds} s is no age")));
        }
        let Some(devices) = &mut self.devices else { return Ok(()) };
        devices.age(seconds);
        self.refresh()
    }

    /// Updates in place: gives cells the programming pulses that come nearest to changing the weights by `deltas`.
    /// Weights whose conductance is to change by less than `threshold` [S] get none. What that took.
    ///
    /// # Errors
    /// A matrix of the wrong shape, changes that are not finite; an array whose cells have no model of pulses.
    pub fn nudge(&mut self, deltas: &Matrix, threshold: f64) -> Result<Programming, Problems> {
        check_lengths((deltas.rows(), deltas.columns()), (self.rows(), self.columns()))?;
        check_finite(deltas)?;
        let Some(devices) = &mut self.devices else {
            return Err(Problems::one(self.params.name(), "only crossbars are updated in place"));
        };
        let took = devices.nudge(deltas, threshold)?;
        self.refresh()?;
        Ok(took)
    }

    /// By how much a weight changes at the least that is updated in place: one pulse for each of its devices. `None`
    /// where nothing is.
    pub fn weight_step(&self) -> Option<f64> {
        self.devices.as_ref().and_then(Crossbar::weight_step)
    }

    pub(super) fn refresh(&mut self) -> Result<(), Problems> {
        if let Some(devices) = &mut self.devices {
            self.pipeline = devices.pipeline(self.pipeline.seed).map_err(unsolved)?;
            self.costs = devices.costs();
        }
        self.prepare_for_spikes();
        Ok(())
    }
}

fn unsolved(unsolved: Unsolved) -> Problems {
    let allowed = "wires of less resistance, cells of less conductance, or a smaller array";
    Problem::new("crossbar.wires", unsolved.to_string()).allowed(allowed).into()
}

fn check_lengths(found: (usize, usize), expected: (usize, usize)) -> Result<(), Problems> {
    if found == expected {
        return Ok(());
    }
    let ((a, b), (c, d)) = (found, expected);
    Err(Problems::one("", format!("a product of {a} by {b} on an array of {c} by {d}")))
}

fn check_finite(weights: &Matrix) -> Result<(), Problems> {
    let columns = weights.columns().max(1);
    match weights.data().iter().position(|w| !w.is_finite()) {
        Some(at) => {
            let (row, column) = (at / columns, at % columns);
            let message = format!("the weight at row {row}, column {column} is {}", weights.data()[at]);
            Err(Problem::new("weights", message).allowed("finite numbers").into())
        }
        None => Ok(()),
    }
}

fn check_matrix(params: &ArrayParams, weights: &Matrix) -> Result<(), Problems> {
    if weights.data().is_empty() {
        return Err(Problems::one("weights", "the matrix is empty"));
    }
    check_finite(weights)?;
    let limits = params.limits();
    let needed = limits.arrays_for(weights.rows(), weights.columns());
    match limits.arrays.filter(|&arrays| needed > u64::from(arrays)) {
        Some(arrays) => {
            let problem = super::crossbar::too_large(needed, arrays, [weights.rows(), weights.columns()]);
            Err(Problems::from(problem).under(params.name()))
        }
        None => Ok(()),
    }
}
