//! What the arrays of a chip did: their share of the energy, and what their devices made of the result.

use serde::Serialize;

use crate::energy::Energy;
use crate::sim::chip::{ArrayUse, Chip, CoreArray};

/// Arrays of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArraysReport {
    /// The technologies in use.
    pub technologies: Vec<&'static str>,
    /// Matrices that cores hold, one each for its granules with arrays of their own.
    pub matrices: u64,
    /// Arrays that these take.
    pub arrays: u64,
    /// Weights in them.
    pub weights: u64,
    /// Times that the arrays of a core were read.
    pub reads: u64,
    /// Rows driven, over all reads.
    pub drives: u64,
    /// What the arrays spent [J].
    pub energy_joules: f64,
    /// Its share of the energy of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_share: Option<f64>,
    /// Writing the weights: once before the run, and whenever they are changed. No part of the energy and the
    /// time of the run.
    pub programming: ProgrammingReport,
    /// How far weights are from those that were asked for, relative to the largest of their matrix.
    pub weight_error: ErrorReport,
    /// Root mean square error of what arrays added up, over the root mean square of ideal sums; zero for arrays
    /// that are ideal.
    pub output_error: f64,
    /// The run against one with ideal arrays; absent where they are ideal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against_ideal: Option<Difference>,
    /// The same network on several sets of devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<DevicesReport>,
}

/// What writing took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ProgrammingReport {
    /// Energy of all arrays [J].
    pub joules: f64,
    /// Time of the core that takes longest: cores are written side by side [s].
    pub seconds: f64,
    /// Pulses.
    pub pulses: f64,
    /// Cells that a closed programming loop gave up on.
    pub failed_cells: u64,
}

/// Errors relative to the largest weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ErrorReport {
    /// Root mean square.
    pub rms: f64,
    /// Largest.
    pub most: f64,
    /// Mean.
    pub bias: f64,
}

/// Spikes of a run and of one with ideal arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Spikes with ideal arrays.
    pub spikes: u64,
    /// Spikes of those that did not occur (in the same step).
    pub missing: u64,
    /// Spikes that occurred instead.
    pub extra: u64,
    /// Share of samples answered rightly with ideal arrays, where the workload has labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// One run of several that differ in the devices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceRun {
    /// Root mean square error of weights.
    pub weight_error: f64,
    /// Error of what arrays added up.
    pub output_error: f64,
    /// Energy of the run [J].
    pub energy: f64,
    /// Spikes.
    pub spikes: u64,
    /// Spikes that are missing or extra, over the spikes with ideal arrays.
    pub changed: f64,
    /// Share of samples answered rightly.
    pub accuracy: Option<f64>,
}

/// Several runs that differ in the devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DevicesReport {
    /// Sets of devices.
    pub count: u64,
    /// Root mean square error of weights.
    pub weight_error: Spread,
    /// Error of what arrays added up.
    pub output_error: Spread,
    /// Energy of the run [J].
    pub energy_joules: Spread,
    /// Spikes.
    pub spikes: Spread,
    /// Spikes that are missing or extra, over the spikes with ideal arrays.
    pub changed_spikes: Spread,
    /// Share of samples answered rightly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Spread>,
}

/// What a number is over several runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation from run to run.
    pub deviation: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let square = values.clone().map(|value| (value - mean).powi(2)).sum::<f64>();
        Self {
            mean,
            deviation: if count > 1.0 { (square / (count - 1.0)).sqrt() } else { 0.0 },
            min: values.clone().fold(f64::INFINITY, f64::min),
            max: values.fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl DevicesReport {
    /// The statistics of some runs, at least one.
    pub fn of(runs: &[DeviceRun]) -> Self {
        let spread = |value: fn(&DeviceRun) -> f64| Spread::of(runs.iter().map(value));
        let has_labels = !runs.is_empty() && runs.iter().all(|run| run.accuracy.is_some());
        Self {
            count: runs.len() as u64,
            weight_error: spread(|run| run.weight_error),
            output_error: spread(|run| run.output_error),
            energy_joules: spread(|run| run.energy),
            spikes: spread(|run| run.spikes as f64),
            changed_spikes: spread(|run| run.changed),
            accuracy: has_labels.then(|| spread(|run| run.accuracy.unwrap_or_default())),
        }
    }
}

impl Difference {
    /// Share of the ideal run's spikes that are missing or extra.
    pub fn changed(&self) -> f64 {
        let changed = self.missing + self.extra;
        if changed == 0 { 0.0 } else { changed as f64 / self.spikes.max(1) as f64 }
    }
}

/// What an array spent on what it was used for.
pub fn array_energy(array: &CoreArray, used: ArrayUse) -> Energy {
    let [read, drive] = array.costs().map_or([0.0; 2], |costs| [costs.step.energy, costs.spike.energy]);
    Energy::of(used.reads, read) + Energy::of(used.drives, drive)
}

/// What the arrays of a chip spent: on reads, and by being there for the time of the run.
pub(super) fn spent(chip: &Chip) -> [Energy; 2] {
    let reads = chip.arrays().map(|array| array_energy(array, array.total())).sum();
    let watts: f64 = chip.arrays().filter_map(CoreArray::costs).map(|costs| costs.standby).sum();
    [reads, Energy::of(1, watts * chip.seconds())]
}

impl ArraysReport {
    /// `None` for a chip without arrays; `total` is the energy of the run [J].
    pub(super) fn new(chip: &Chip, total: f64) -> Option<Self> {
        let mut technologies: Vec<_> = chip.arrays().map(CoreArray::technology).collect();
        technologies.sort_unstable();
        technologies.dedup();
        if technologies.is_empty() {
            return None;
        }
        let energy = spent(chip).into_iter().sum::<Energy>().joules();
        let sum = |count: fn(&CoreArray) -> u64| chip.arrays().map(count).sum::<u64>();
        Some(Self {
            technologies,
            matrices: chip.arrays().count() as u64,
            arrays: sum(|array| array.costs().map_or(0, |costs| costs.arrays.into())),
            weights: sum(|array| array.shape().iter().product::<usize>() as u64),
            reads: sum(|array| array.total().reads),
            drives: sum(|array| array.total().drives),
            energy_joules: energy,
            energy_share: (total > 0.0).then(|| energy / total),
            programming: programming(chip),
            weight_error: weight_error(chip),
            output_error: output_error(chip),
            against_ideal: None,
            devices: None,
        })
    }
}

fn programming(chip: &Chip) -> ProgrammingReport {
    let mut all = ProgrammingReport::default();
    for own in chip.arrays().map(CoreArray::programming) {
        all.joules += own.energy;
        all.seconds = all.seconds.max(own.time);
        all.pulses += own.pulses;
        all.failed_cells += own.failed_cells;
    }
    all
}

fn weight_error(chip: &Chip) -> ErrorReport {
    let (mut squares, mut sum, mut count) = (0.0, 0.0, 0.0);
    let mut most = 0.0f64;
    for array in chip.arrays() {
        let weights = array.shape().iter().product::<usize>() as f64;
        let error = array.weight_error();
        squares += weights * error.rms * error.rms;
        sum += weights * error.bias;
        count += weights;
        most = most.max(error.most);
    }
    ErrorReport { rms: (squares / count).sqrt(), most, bias: sum / count }
}

fn output_error(chip: &Chip) -> f64 {
    let squares = chip.arrays().map(CoreArray::output_squares);
    let [error, ideal] = squares.fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
    if error == 0.0 { 0.0 } else { (error / ideal.max(f64::MIN_POSITIVE)).sqrt() }
}

impl ArraysReport {
    /// What people read of it, line by line.
    pub(super) fn lines(&self) -> Vec<(String, String)> {
        let share = self.energy_share.map_or_else(String::new, |share| format!(", {:.2} %", 100.0 * share));
        let mut lines = vec![
            (
                "arrays".to_owned(),
                format!(
                    "{} of {}, for {} matrices",
                    self.arrays,
                    self.technologies.join(", "),
                    self.matrices
                ),
            ),
            (
                "  use".to_owned(),
                format!("{} reads, {} rows driven{share} of the energy", self.reads, self.drives),
            ),
            (
                "  writing".to_owned(),
                format!(
                    "{:.4e} J in {:.4e} s before the run, {:.0} pulses, {} cells given up",
                    self.programming.joules,
                    self.programming.seconds,
                    self.programming.pulses,
                    self.programming.failed_cells
                ),
            ),
            (
                "  weight error".to_owned(),
                format!(
                    "{:.4} % rms, {:.3} % at worst",
                    100.0 * self.weight_error.rms,
                    100.0 * self.weight_error.most
                ),
            ),
            ("  output error".to_owned(), format!("{:.4} % of the ideal rms", 100.0 * self.output_error)),
        ];
        if let Some(ideal) = &self.against_ideal {
            let accuracy = ideal
                .accuracy
                .map_or_else(String::new, |accuracy| format!("; ideal accuracy {:.2} %", 100.0 * accuracy));
            let text = format!(
                "{} spikes, {} missing, {} extra{accuracy}",
                ideal.spikes, ideal.missing, ideal.extra
            );
            lines.push(("  against ideal arrays".to_owned(), text));
        }
        lines.extend(self.devices.iter().flat_map(DevicesReport::lines));
        lines
    }
}

impl DevicesReport {
    fn lines(&self) -> Vec<(String, String)> {
        let percent = |spread: Spread| {
            let [mean, deviation, min, max] =
                [spread.mean, spread.deviation, spread.min, spread.max].map(|value| 100.0 * value);
            format!("{mean:.3} ± {deviation:.3} % ({min:.3} to {max:.3})")
        };
        let mut lines = vec![
            (format!("  over {} sets of devices", self.count), String::new()),
            ("    weight error".to_owned(), percent(self.weight_error)),
            ("    output error".to_owned(), percent(self.output_error)),
            ("    changed spikes".to_owned(), percent(self.changed_spikes)),
        ];
        lines.extend(self.accuracy.map(|accuracy| ("    accuracy".to_owned(), percent(accuracy))));
        let Spread { mean, deviation, .. } = self.energy_joules;
        lines.push(("    energy".to_owned(), format!("{mean:.4e} ± {deviation:.1e} J")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_summed_up() {
        let run = |weight_error, spikes| DeviceRun {
            weight_error,
            spikes,
            accuracy: Some(0.5),
            ..DeviceRun::default()
        };
        let report = DevicesReport::of(&[run(0.1, 10), run(0.3, 14)]);
        let Spread { mean, deviation, min, max } = report.weight_error;
        assert!((mean - 0.2).abs() < 1e-12 && (deviation - 0.02f64.sqrt()).abs() < 1e-12);
        assert_eq!((min, max, report.spikes.mean), (0.1, 0.3, 12.0));
        assert_eq!(report.accuracy.map(|spread| spread.mean), Some(0.5));
        let one = DevicesReport::of(&[DeviceRun::default()]);
        assert_eq!((one.spikes.deviation, one.accuracy), (0.0, None));
    }
}
