//! What devices do to a result: the same network with ideal arrays, and with other sets of devices.

use super::failure::Failure;
use super::run::{Plan, RunArguments};
use super::spiking::with_devices;
use super::watch::Watch;
use crate::base::NeuronId;
use crate::network::Machine;
use crate::report::{DeviceRun, Difference, NetworkReport};
use crate::sim::chip::{Chip, ChipEnding, CoreArray, Devices, DriveError, drive};
use crate::workload::Tally;

/// A chip that is watched: whether it answers rightly, and how it differs from one with ideal arrays.
pub(super) struct Watched {
    tally: Option<Tally>,
    twin: Option<Twin>,
}

/// The same chip with ideal arrays, step by step.
struct Twin {
    chip: Chip,
    tally: Option<Tally>,
    difference: Difference,
}

impl Watched {
    pub(super) fn begin(plan: &Plan, arguments: &RunArguments, chip: &Chip) -> Result<Self, Failure> {
        let workload = &plan.workload;
        let tally = workload.value.labels.as_ref().map(|labels| {
            Tally::new(labels, chip.net())
                .map_err(|problems| Failure::from(workload.explain(problems.under("labels"))))
        });
        let tally = tally.transpose()?;
        let is_ideal = chip.arrays().all(CoreArray::is_exact);
        let twin = (!is_ideal).then(|| Twin::build(plan, arguments, tally.clone())).transpose()?;
        Ok(Self { tally, twin })
    }

    /// Looks at the step that `chip` has just run.
    pub(super) fn step(&mut self, chip: &Chip) -> Result<(), Failure> {
        let step = chip.next_step() - 1;
        if let Some(tally) = &mut self.tally {
            tally.step(step, chip.fired());
        }
        self.twin.as_mut().map_or(Ok(()), |twin| twin.step(step, chip.fired()))
    }

    /// Puts what was seen into the report of the run.
    pub(super) fn tell(&self, report: &mut NetworkReport) -> Result<(), Failure> {
        if let Some(score) = self.tally.as_ref().and_then(Tally::score) {
            let result = serde_json::to_value(score).map_err(|error| Failure::Failed(error.to_string()))?;
            report.result = Some(result);
        }
        if let Some(arrays) = &mut report.arrays {
            arrays.against_ideal = self.difference();
        }
        Ok(())
    }

    fn difference(&self) -> Option<Difference> {
        let twin = self.twin.as_ref()?;
        let accuracy = twin.tally.as_ref().and_then(Tally::score).map(|score| score.accuracy);
        Some(Difference { accuracy, ..twin.difference })
    }

    fn accuracy(&self) -> Option<f64> {
        Some(self.tally.as_ref()?.score()?.accuracy)
    }
}

impl Twin {
    fn build(plan: &Plan, arguments: &RunArguments, tally: Option<Tally>) -> Result<Self, Failure> {
        Ok(Self {
            chip: with_devices(plan, arguments, Devices::Ideal)?,
            tally,
            difference: Difference::default(),
        })
    }

    fn step(&mut self, step: u64, fired: &[NeuronId]) -> Result<(), Failure> {
        self.chip.step().map_err(|halt| Failure::Failed(halt.to_string()))?;
        if let Some(tally) = &mut self.tally {
            tally.step(step, self.chip.fired());
        }
        let ideal = self.chip.fired();
        let common = common(ideal, fired);
        self.difference.spikes += ideal.len() as u64;
        self.difference.missing += ideal.len() as u64 - common;
        self.difference.extra += fired.len() as u64 - common;
        Ok(())
    }
}

/// How many neurons are in both of two ascending lists.
fn common(a: &[NeuronId], b: &[NeuronId]) -> u64 {
    let (mut a, mut b, mut count) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(first), Some(second)) = (a.peek(), b.peek()) {
        let order = first.cmp(second);
        count += u64::from(order.is_eq());
        if order.is_le() {
            a.next();
        }
        if order.is_ge() {
            b.next();
        }
    }
    count
}

/// One run with other devices than the first; they are drawn with `seed`.
pub(super) fn other_run(plan: &Plan, arguments: &RunArguments, seed: u64) -> Result<DeviceRun, Failure> {
    let mut chip = with_devices(plan, arguments, Devices::Drawn(seed))?;
    let mut watched = Watched::begin(plan, arguments, &chip)?;
    chip.keep_records();
    let steps = plan.workload.value.steps();
    let ending = Watch::new().over(|control| drive(&mut chip, steps, control, |chip| watched.step(chip)));
    match ending {
        Ok(ChipEnding::Complete) => {}
        Ok(ChipEnding::Cancelled) => return Err(Failure::Interrupted),
        Err(DriveError::Halted(halt)) => return Err(Failure::Failed(halt.to_string())),
        Err(DriveError::Observer(failure)) => return Err(failure),
    }
    let seconds = chip.take_records().iter().map(|record| record.seconds).collect();
    let report = NetworkReport::new(&mut chip, plan.inputs()?, arguments.seed, true, seconds);
    Ok(device_run(&report, &watched))
}

/// What a run is among others with other devices.
pub(super) fn device_run(report: &NetworkReport, watched: &Watched) -> DeviceRun {
    let arrays = report.arrays.as_ref();
    DeviceRun {
        weight_error: arrays.map_or(0.0, |arrays| arrays.weight_error.rms),
        output_error: arrays.map_or(0.0, |arrays| arrays.output_error),
        energy: report.energy.total_joules,
        spikes: report.traffic.spikes,
        changed: watched.difference().map_or(0.0, |difference| difference.changed()),
        accuracy: watched.accuracy(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_in_both_lists_are_counted() {
        let list = |ids: &[u32]| ids.iter().map(|&id| NeuronId(id)).collect::<Vec<_>>();
        assert_eq!(common(&list(&[1, 3, 5, 9]), &list(&[0, 3, 4, 5, 10])), 2);
        assert_eq!(common(&list(&[]), &list(&[1])), 0);
    }
}
