//! An array on the bench: random weights and inputs, many devices of the same kind, and how far products are from
//! the ideal ones.

use serde::Serialize;

use super::bill::{Costs, Limits};
use super::matrix::Matrix;
use super::params::ArrayParams;
use super::programmed::WeightError;
use crate::base::random::{Purpose, Stream};
use crate::base::{Gauge, Problems};

/// Bars of a histogram.
const BARS: usize = 21;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Study {
    /// Inputs of the matrix.
    pub rows: usize,
    /// Outputs of the matrix.
    pub columns: usize,
    /// Arrays that are drawn, each with a seed of its own; weights and inputs are the same for all.
    pub trials: u32,
    /// Products on each.
    pub products: u32,
    /// Seed of weights, inputs and devices.
    pub seed: u64,
    /// Time from programming to the products [s].
    pub age: f64,
}

/// A mean over trials and the standard deviation from trial to trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; zero for one trial.
    pub deviation: f64,
}

/// How often values fall into equal parts of a range; what lies beyond is counted at the ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower end of the first part.
    pub from: f64,
    /// Upper end of the last part.
    pub to: f64,
    /// Counts.
    pub counts: Vec<u64>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudyReport {
    /// What was tried.
    pub study: Study,
    /// The technology.
    pub technology: &'static str,
    /// What an array holds.
    pub limits: Limits,
    /// Root mean square error of products over that of ideal products.
    pub output_error: Spread,
    /// Root mean square difference of weights over the largest weight.
    pub weight_error: Spread,
    /// Largest difference of a weight over the largest weight, in all trials.
    pub worst_weight: f64,
    /// Mean difference of weights over the largest weight.
    pub weight_bias: Spread,
    /// Costs, the mean over trials where trials differ.
    pub costs: Costs,
    /// Operations per joule of a product [10¹²/J].
    pub tops_per_watt: f64,
    /// Errors of outputs, over the root mean square of ideal outputs.
    pub output_histogram: Histogram,
    /// Differences of weights, over the largest weight.
    pub weight_histogram: Histogram,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let deviation = if values.len() > 1 { (square / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, deviation }
    }
}

impl Histogram {
    /// A histogram over four root mean squares to both sides of zero.
    fn of(values: &[f64]) -> Self {
        let square = values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64;
        let reach = if square > 0.0 { 4.0 * square.sqrt() } else { 1.0 };
        let mut counts = vec![0; BARS];
        for value in values {
            let part = ((value + reach) / (2.0 * reach) * BARS as f64).floor();
            counts[(part.max(0.0) as usize).min(BARS - 1)] += 1;
        }
        Self { from: -reach, to: reach, counts }
    }
}

/// Random draws of the bench, apart from those of the devices.
enum Bench {
    Weights = 1,
    Inputs = 2,
}

impl Study {
    fn uniform(&self, what: Bench, rows: usize, columns: usize, from: f64) -> Matrix {
        let mut dice = Stream::new(self.seed, Purpose::Workload, what as u32, 0);
        Matrix::from_fn(rows, columns, |_, _| from + (1.0 - from) * dice.unit())
    }

    /// Draws weights from −1 to 1 and inputs over the input's range, and tries them on every array.
    ///
    /// # Errors
    /// What [`ArrayParams::program`] and [`Array::multiply`](super::Array::multiply) refuse.
    pub fn run(&self, params: &ArrayParams) -> Result<StudyReport, Problems> {
        self.run_watched(params, &Gauge::new())
    }

    /// The same; `gauge` counts the trials.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_watched(&self, params: &ArrayParams, gauge: &Gauge) -> Result<StudyReport, Problems> {
        params.validate()?;
        gauge.plan(u64::from(self.trials.max(1)));
        let weights = self.uniform(Bench::Weights, self.rows, self.columns, -1.0);
        let lowest = if params.takes_negative_inputs() { -1.0 } else { 0.0 };
        let inputs = self.uniform(Bench::Inputs, self.products.max(1) as usize, self.rows, lowest);
        let inputs = inputs.map(|x| x * params.full_scale());
        let mut ideal = Matrix::zeros(inputs.rows(), self.columns);
        Matrix::rows_times(&inputs, &weights, &mut ideal);
        let scale = root_mean_square(ideal.data()).max(f64::MIN_POSITIVE);
        let mut all = Trials::default();
        let mut out = Matrix::zeros(inputs.rows(), self.columns);
        for trial in 0..u64::from(self.trials.max(1)) {
            let mut array = params.program(&weights, self.seed.wrapping_add(trial))?;
            if self.age > 0.0 {
                array.age(self.age)?;
            }
            array.multiply_batch(0, &inputs, &mut out)?;
            let off = out.data().iter().zip(ideal.data()).map(|(y, i)| (y - i) / scale);
            all.take(off.collect(), &array.weight_error(&weights), array.costs());
            let held = array.effective_weights();
            all.weights.extend(held.data().iter().zip(weights.data()).map(|(a, b)| a - b));
            gauge.tick();
        }
        Ok(all.report(*self, params))
    }
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// What trials leave behind.
#[derive(Default)]
struct Trials {
    outputs: Vec<f64>,
    weights: Vec<f64>,
    output_errors: Vec<f64>,
    weight_errors: Vec<f64>,
    biases: Vec<f64>,
    worst: f64,
    costs: Vec<Costs>,
}

impl Trials {
    fn take(&mut self, off: Vec<f64>, weights: &WeightError, costs: &Costs) {
        self.output_errors.push(root_mean_square(&off));
        self.outputs.extend(off);
        self.weight_errors.push(weights.rms);
        self.biases.push(weights.bias);
        self.worst = self.worst.max(weights.most);
        self.costs.push(*costs);
    }

    fn report(self, study: Study, params: &ArrayParams) -> StudyReport {
        let costs = mean_costs(&self.costs);
        StudyReport {
            study,
            technology: params.name(),
            limits: params.limits(),
            output_error: Spread::of(&self.output_errors),
            weight_error: Spread::of(&self.weight_errors),
            worst_weight: self.worst,
            weight_bias: Spread::of(&self.biases),
            costs,
            tops_per_watt: costs.tops_per_watt(),
            output_histogram: Histogram::of(&self.outputs),
            weight_histogram: Histogram::of(&self.weights),
        }
    }
}

/// The mean of what differs from device to device: energies and writing.
fn mean_costs(all: &[Costs]) -> Costs {
    let Some(&first) = all.first() else { return Costs::default() };
    let mean = |f: fn(&Costs) -> f64| all.iter().map(f).sum::<f64>() / all.len() as f64;
    let mut costs = first;
    costs.multiply.energy = mean(|costs| costs.multiply.energy);
    costs.shares.cells = mean(|costs| costs.shares.cells);
    costs.spike.energy = mean(|costs| costs.spike.energy);
    costs.program.energy = mean(|costs| costs.program.energy);
    costs.program.time = mean(|costs| costs.program.time);
    costs.pulses = mean(|costs| costs.pulses);
    costs.failed_cells = all.iter().map(|costs| costs.failed_cells).sum::<u64>() / all.len() as u64;
    costs
}
