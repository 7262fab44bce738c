//! The devices of one array.

use super::ageing::Retention;
use super::params::CellParams;
use super::pulse::Traits;
use super::verify::Task;
use super::{Draw, stream};
use crate::base::random::Stream;
use crate::synapse::array::matrix::Matrix;

/// What programming took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Programming {
    /// Cells that were written.
    pub cells: u64,
    /// Pulses that were given.
    pub pulses: f64,
    /// Energy [J].
    pub energy: f64,
    /// Time [s].
    pub time: f64,
    /// Cells that a closed loop gave up on.
    pub failed: u64,
}

impl Programming {
    /// Adds what another array took; arrays are written one after the other.
    pub fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.pulses += other.pulses;
        self.energy += other.energy;
        self.time += other.time;
        self.failed += other.failed;
    }
}

/// Whether a cell can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Works,
    Low,
    High,
}

/// The devices of one array, as columns.
#[derive(Clone, Debug)]
pub struct Cells {
    params: CellParams,
    seed: u64,
    array: u32,
    /// Conductance right after programming [S].
    programmed: Matrix,
    fates: Vec<Fate>,
    /// Drift exponents; empty without drift.
    exponents: Vec<f64>,
    /// Spread in units of the retention law's deviation; empty without.
    wander: Vec<f64>,
    /// Per-cell update constants; empty without pulses.
    traits: Vec<Traits>,
    /// Time since programming [s].
    age: f64,
    /// Writing events so far.
    events: u64,
}

impl Cells {
    /// Devices of array number `array` in their state of birth: all at the smallest conductance but those
    /// stuck high.
    pub fn new(params: &CellParams, rows: usize, columns: usize, seed: u64, array: u32) -> Self {
        let cells = rows * columns;
        let mut dice = stream(seed, array, Draw::Stuck, 0);
        let fates = (0..cells).map(|_| fate(params, &mut dice)).collect();
        let mut dice = stream(seed, array, Draw::Device, 0);
        let traits = params
            .pulses
            .iter()
            .flat_map(|pulses| (0..cells).map(|_| pulses.traits(&mut dice)).collect::<Vec<_>>());
        let mut born = Self {
            params: params.clone(),
            seed,
            array,
            programmed: Matrix::from_fn(rows, columns, |_, _| params.g_min.0),
            fates,
            exponents: Vec::new(),
            wander: Vec::new(),
            traits: traits.collect(),
            age: 0.0,
            events: 0,
        };
        born.apply_fates();
        born
    }

    /// Writes every cell towards its target [S]; what that took.
    pub fn program(&mut self, targets: &Matrix) -> Programming {
        self.events += 1;
        self.age = 0.0;
        let mut dice = stream(self.seed, self.array, Draw::Programming, self.events);
        let took = match self.params.verify {
            Some(_) => self.write_verified(targets, &mut dice),
            None => self.write_at_once(targets, &mut dice),
        };
        self.apply_fates();
        self.draw_ageing();
        took
    }

    fn window(&self) -> [f64; 2] {
        [self.params.g_min.0, self.params.g_max.0]
    }

    fn write_at_once(&mut self, targets: &Matrix, dice: &mut Stream) -> Programming {
        let Self { params, programmed, .. } = self;
        let g_max = params.g_max.0;
        for (g, &target) in programmed.data_mut().iter_mut().zip(targets.data()) {
            let target = params.level(target);
            *g = match &params.programming {
                Some(law) => drawn(target, law.deviation(target, g_max), dice),
                None => target,
            };
        }
        let cells = targets.data().len() as f64;
        let mean = targets.data().iter().sum::<f64>() / cells;
        let half = 0.5 * params.write.typical_pulses * cells;
        self.took([half; 2], [half * mean; 2], 0)
    }

    fn write_verified(&mut self, targets: &Matrix, dice: &mut Stream) -> Programming {
        let window = self.window();
        let (Some(verify), Some(model)) = (self.params.verify, self.params.pulses.clone()) else {
            return Programming::default();
        };
        let (mut pulses, mut carried, mut failed) = ([0.0; 2], [0.0; 2], 0);
        let cells = self.programmed.data_mut().iter_mut().zip(targets.data());
        for (((g, &target), &traits), fate) in cells.zip(&self.traits).zip(&self.fates) {
            let task = Task { model: &model, window, traits, stuck: *fate != Fate::Works };
            let written = verify.write(&task, *g, self.params.level(target), dice);
            *g = written.g;
            failed += u64::from(!written.reached);
            for way in 0..2 {
                pulses[way] += f64::from(written.pulses[way]);
                carried[way] += written.carried[way];
            }
        }
        self.took(pulses, carried, failed)
    }

    /// Costs of pulses up and down that found conductances adding up to `carried` [S].
    fn took(&self, pulses: [f64; 2], carried: [f64; 2], failed: u64) -> Programming {
        let write = &self.params.write;
        let volts = [write.set_voltage.0, write.reset_voltage.0];
        let heat: f64 = (0..2).map(|way| volts[way] * volts[way] * carried[way] * write.pulse.0).sum();
        let cells = self.programmed.data().len() as u64;
        let all = pulses[0] + pulses[1];
        // Every pulse is followed by a read, and one read finds that the cell is right.
        let reads = if self.params.verify.is_some() { all + cells as f64 } else { 0.0 };
        let time = all * write.pulse.0 + reads * write.verify_time.0;
        Programming {
            cells,
            pulses: all,
            energy: heat + reads * write.verify_energy.0,
            time: time / f64::from(write.parallel),
            failed,
        }
    }

    /// Gives single cells pulses: `wanted` [S] is by how much each should change. What that took.
    pub fn nudge(&mut self, wanted: &Matrix) -> Programming {
        let Some(model) = self.params.pulses.clone() else { return Programming::default() };
        self.events += 1;
        let window = self.window();
        let mut dice = stream(self.seed, self.array, Draw::Update, self.events);
        let steps = [model.typical_step(window, true), model.typical_step(window, false)];
        let (mut pulses, mut carried) = ([0.0; 2], [0.0; 2]);
        let cells = self.programmed.data_mut().iter_mut().zip(wanted.data());
        for (((g, &wanted), &traits), fate) in cells.zip(&self.traits).zip(&self.fates) {
            if wanted == 0.0 {
                continue;
            }
            let way = usize::from(wanted < 0.0);
            let count = (wanted.abs() / steps[way]).round().max(1.0) as u32;
            for _ in 0..count {
                pulses[way] += 1.0;
                carried[way] += *g;
                if *fate == Fate::Works {
                    *g = model.pulse(*g, window, wanted > 0.0, traits, &mut dice);
                }
            }
        }
        self.apply_fates();
        Programming { cells: 0, ..self.took(pulses, carried, 0) }
    }

    fn apply_fates(&mut self) {
        let [low, high] = self.window();
        for (g, fate) in self.programmed.data_mut().iter_mut().zip(&self.fates) {
            match fate {
                Fate::Works => {}
                Fate::Low => *g = low,
                Fate::High => *g = high,
            }
        }
    }

    fn draw_ageing(&mut self) {
        let g_max = self.params.g_max.0;
        if let Some(drift) = &self.params.drift {
            let mut dice = stream(self.seed, self.array, Draw::Drift, self.events);
            let exponent = |&g: &f64| {
                let (mean, sigma) = drift.exponent(g, g_max);
                if sigma > 0.0 { mean + sigma * dice.normal() } else { mean }
            };
            self.exponents = self.programmed.data().iter().map(exponent).collect();
        }
        if self.params.retention.as_ref().is_some_and(|retention| retention.spread.is_some()) {
            let mut dice = stream(self.seed, self.array, Draw::Retention, self.events);
            self.wander = self.programmed.data().iter().map(|_| dice.normal()).collect();
        }
    }

    /// Sets the time since programming [s].
    pub fn age(&mut self, seconds: f64) {
        self.age = seconds;
    }

    /// Writing events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Takes the cells to where they were after `events` writing events, the first of which is behind them. Whether
    /// there are as many.
    pub(in crate::synapse::array) fn restore(&mut self, events: u64, conductances: &[f64]) -> bool {
        let fits = conductances.len() == self.programmed.data().len();
        if fits {
            self.events = events;
            self.programmed.data_mut().copy_from_slice(conductances);
        }
        fits
    }

    /// Conductance right after programming [S].
    pub fn programmed(&self) -> &Matrix {
        &self.programmed
    }

    /// Conductances now [S].
    pub fn conductances(&self) -> Matrix {
        let params = &self.params;
        let mut now = self.programmed.clone();
        if let Some(retention) = &params.retention {
            self.retain(retention, &mut now);
        }
        if let Some(drift) = &params.drift {
            for (g, &nu) in now.data_mut().iter_mut().zip(&self.exponents) {
                *g *= drift.factor(nu, self.age);
            }
        }
        if let Some(temperature) = params.temperature {
            let factor = temperature.factor(temperature.activation);
            now.data_mut().iter_mut().for_each(|g| *g *= factor);
        }
        now
    }

    fn retain(&self, retention: &Retention, now: &mut Matrix) {
        let speed =
            self.params.temperature.map_or(1.0, |temperature| temperature.factor(retention.activation));
        let grown = (self.age / retention.spread_time.0).sqrt();
        for (k, g) in now.data_mut().iter_mut().enumerate() {
            let mean = retention.relaxed(*g, self.age, speed);
            let spread =
                retention.spread.as_ref().map_or(0.0, |law| law.deviation(mean, self.params.g_max.0));
            let wander = self.wander.get(k).copied().unwrap_or(0.0);
            *g = (mean + spread * grown * wander).max(0.0);
        }
    }

    /// Variance of one read of each cell [S²], for conductances `now` [S]; `None` without read noise.
    pub fn read_variance(&self, now: &Matrix) -> Option<Matrix> {
        let noise = self.params.read_noise.as_ref()?;
        let (age, g_max) = (self.age, self.params.g_max.0);
        let cells = now.data().iter().zip(self.programmed.data());
        let variances = cells.map(|(&g, &programmed)| noise.deviation(g, programmed, g_max, age).powi(2));
        Matrix::from_rows(now.rows(), now.columns(), variances.collect())
    }
}

fn fate(params: &CellParams, dice: &mut Stream) -> Fate {
    let stuck = params.stuck.unwrap_or_default();
    let failed = params.endurance.map_or(0.0, |endurance| endurance.failed());
    let (point, worn) = (dice.unit(), dice.unit());
    if point < stuck.low {
        Fate::Low
    } else if point < stuck.low + stuck.high {
        Fate::High
    } else if worn < 0.5 * failed {
        Fate::Low
    } else if worn < failed {
        Fate::High
    } else {
        Fate::Works
    }
}

/// A normal deviate about `mean`, cut off at zero.
fn drawn(mean: f64, sigma: f64, dice: &mut Stream) -> f64 {
    if sigma == 0.0 { mean } else { (mean + sigma * dice.normal()).max(0.0) }
}
