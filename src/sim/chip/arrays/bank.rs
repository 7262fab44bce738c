//! The arrays of some neighbouring cores: what is due on their rows, and what they are read for.

use std::ops::Range;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::plan::{ArrayPlan, Cell, Drive, MatrixPlan};
use crate::base::random::{Purpose, Stream};
use crate::base::{CoreId, Problems};
use crate::network::{Halt, Net};
use crate::sim::chip::arrivals::Arrivals;
use crate::sim::chip::counts::ArrayUse;
use crate::sim::chip::plan::Plan;
use crate::sim::chip::site::{Devices, Ground};
use crate::synapse::array::{Array, ArrayParams, Costs, Matrix, Pulse, WeightError, add_pulses};

/// What writing weights took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Programming {
    /// Energy [J].
    pub energy: f64,
    /// Time [s].
    pub time: f64,
    /// Pulses.
    pub pulses: f64,
    /// Cells that a closed programming loop gave up on.
    pub failed_cells: u64,
}

/// Weights of a core, or of a granule of it, in arrays.
#[derive(Clone, Debug)]
pub struct CoreArray {
    core: CoreId,
    pub(super) params: ArrayParams,
    /// Time from programming to the run [s].
    pub(super) age: f64,
    pub(super) seed: u64,
    /// The devices; none: ideal ones.
    pub(super) array: Option<Array>,
    /// What they are to hold.
    pub(super) weights: Matrix,
    columns: Vec<(u16, u8)>,
    /// By step, modulo the steps that are looked ahead.
    pub(super) due: Vec<Vec<Pulse>>,
    /// Weights that are to be written again.
    pub(super) changed: u64,
    /// What learning has asked for and pulses have not given yet; empty before anything was learned by pulses.
    pub(super) owed: Matrix,
    /// Whether anything is owed since the last read.
    pub(super) is_owing: bool,
    pub(super) programming: Programming,
    pub(super) total: ArrayUse,
    now: ArrayUse,
    out: Vec<f64>,
    ideal: Vec<f64>,
    /// Squares of the outputs' errors and of ideal outputs, added up over all reads.
    pub(super) squares: [f64; 2],
}

impl CoreArray {
    fn new(plan: &Plan, arrays: &ArrayPlan, number: usize, ground: &Ground<'_>) -> Result<Self, Problems> {
        let matrix: &MatrixPlan = &arrays.matrices[number];
        let path = format!("core {}", matrix.core);
        let Some(params) = arrays.params(matrix, ground) else {
            return Err(Problems::one(path, "its synapses are in no array"));
        };
        let weights = arrays.weights(plan, number);
        let (seed, is_real) = match ground.devices {
            Devices::Drawn(seed) => (device_seed(seed, matrix), true),
            Devices::Ideal => (0, false),
        };
        let columns = matrix.columns.len();
        let mut own = Self {
            core: matrix.core,
            params: params.clone(),
            age: ground.params.array_age.0,
            seed,
            array: None,
            weights,
            columns: matrix.columns.clone(),
            due: Vec::new(),
            changed: 0,
            owed: Matrix::zeros(0, 0),
            is_owing: false,
            programming: Programming::default(),
            total: ArrayUse::default(),
            now: ArrayUse::default(),
            out: vec![0.0; columns],
            ideal: vec![0.0; columns],
            squares: [0.0; 2],
        };
        if is_real {
            own.write(1.0).map_err(|problems| problems.under(&path))?;
        }
        Ok(own)
    }

    /// Writes the weights, a share of them anew.
    fn write(&mut self, share: f64) -> Result<(), Problems> {
        let mut array = self.params.program_for_spikes(&self.weights, self.seed)?;
        let Costs { program, pulses, failed_cells, .. } = *array.costs();
        if self.age > 0.0 {
            array.age(self.age)?;
        }
        self.programming.energy += share * program.energy;
        self.programming.time += share * program.time;
        self.programming.pulses += share * pulses;
        self.programming.failed_cells = failed_cells;
        self.array = Some(array);
        self.changed = 0;
        self.owed.data_mut().fill(0.0);
        Ok(())
    }

    /// Brings the devices to the weights as far as they can be: written anew where the host has changed them, pulse by
    /// pulse where they have learned.
    fn catch_up(&mut self) -> Result<(), Problems> {
        if self.changed > 0 && self.array.is_some() {
            self.write(self.changed as f64 / self.weights.data().len() as f64)?;
        }
        if std::mem::take(&mut self.is_owing) { self.pulse() } else { Ok(()) }
    }

    /// Gives cells the pulses that bring their weights nearest to what is owed. What is less than a pulse stays owed
    /// and adds up: mixed precision, with the sums in the core's memory (Nandakumar et al. 2020, doi
    /// 10.3389/fnins.2020.00406).
    fn pulse(&mut self) -> Result<(), Problems> {
        let Some(array) = &mut self.array else { return Ok(()) };
        let Some(step) = array.weight_step().filter(|step| *step > 0.0) else { return Ok(()) };
        let due = self.owed.map(|owed| (owed / step).trunc() * step);
        if due.data().iter().all(|&change| change == 0.0) {
            return Ok(());
        }
        self.owed.data_mut().iter_mut().zip(due.data()).for_each(|(owed, change)| *owed -= change);
        let took = array.nudge(&due, 0.0)?;
        self.programming.energy += took.energy;
        self.programming.time += took.time;
        self.programming.pulses += took.pulses;
        Ok(())
    }

    /// Changes a weight that learns by `change`: by pulses from the next read on, where the devices take them.
    fn learn(&mut self, [row, column]: [usize; 2], change: f64) {
        let weight = self.weights.at(row, column) + change;
        self.weights.set(row, column, weight);
        if self.array.as_ref().and_then(Array::weight_step).is_none() {
            self.changed += 1;
            return;
        }
        if self.owed.data().is_empty() {
            self.owed = Matrix::zeros(self.weights.rows(), self.weights.columns());
        }
        self.owed.set(row, column, self.owed.at(row, column) + change);
        self.is_owing = true;
    }

    /// Multiplies by what is due in `step`; `None` if that is nothing.
    fn read(&mut self, step: u64) -> Result<Option<f64>, Problems> {
        let slot = (step % self.due.len() as u64) as usize;
        if self.due[slot].is_empty() {
            return Ok(None);
        }
        self.catch_up()?;
        let pulses = std::mem::take(&mut self.due[slot]);
        let is_exact = self.is_exact();
        if !is_exact || self.array.is_none() {
            self.ideal.fill(0.0);
            add_pulses(&self.weights, &pulses, &mut self.ideal);
        }
        let time = match &mut self.array {
            Some(array) => {
                self.now.drives = array.pulses(step, &pulses, &mut self.out)?;
                let costs = array.costs();
                costs.step.time + self.now.drives as f64 * costs.spike.time
            }
            None => {
                self.now.drives = pulses.len() as u64;
                self.out.copy_from_slice(&self.ideal);
                0.0
            }
        };
        self.now.reads = 1;
        self.total.reads += 1;
        self.total.drives += self.now.drives;
        if !is_exact {
            for (out, ideal) in self.out.iter().zip(&self.ideal) {
                self.squares[0] += (out - ideal) * (out - ideal);
                self.squares[1] += ideal * ideal;
            }
        }
        self.due[slot] = pulses;
        self.due[slot].clear();
        Ok(Some(time))
    }

    /// The core that it belongs to.
    pub fn core(&self) -> CoreId {
        self.core
    }

    /// The technology, as a user writes it.
    pub fn technology(&self) -> &'static str {
        self.params.name()
    }

    /// Inputs and outputs.
    pub fn shape(&self) -> [usize; 2] {
        [self.weights.rows(), self.weights.columns()]
    }

    /// What reads and writes cost; `None` for ideal devices.
    pub fn costs(&self) -> Option<&Costs> {
        self.array.as_ref().map(Array::costs)
    }

    /// What writing the weights took, up to now.
    pub fn programming(&self) -> Programming {
        self.programming
    }

    /// What it has been used for.
    pub fn total(&self) -> ArrayUse {
        self.total
    }

    /// What it was used for in the last step.
    pub fn now(&self) -> ArrayUse {
        self.now
    }

    /// Whether its outputs are those of ideal devices, to the last bit.
    pub fn is_exact(&self) -> bool {
        self.array.as_ref().is_none_or(Array::is_exact) && self.owed.data().is_empty()
    }

    /// How far the weights in it are from those that were asked for.
    pub fn weight_error(&self) -> WeightError {
        self.array.as_ref().map_or_else(WeightError::default, |array| array.weight_error(&self.weights))
    }

    /// Squares of the differences between outputs and ideal outputs, and of ideal outputs, over all reads.
    pub fn output_squares(&self) -> [f64; 2] {
        self.squares
    }
}

/// The seed of an array's devices.
fn device_seed(seed: u64, matrix: &MatrixPlan) -> u64 {
    let mut dice = Stream::new(seed, Purpose::Device, matrix.core.0, 1 << 47 | u64::from(matrix.slot));
    u64::from(dice.bits()) << 32 | u64::from(dice.bits())
}

/// Arrays of neighbouring cores, ascending.
#[derive(Clone, Debug, Default)]
pub(in crate::sim::chip) struct Arrays {
    /// Number of the first one on the chip.
    first: u32,
    all: Vec<CoreArray>,
}

impl Arrays {
    /// Programs all arrays of the chip, on all threads of `pool`.
    ///
    /// # Errors
    /// What arrays refuse, core by core; synapses that learn in arrays that cannot.
    pub(in crate::sim::chip) fn program(
        (net, plan): (&Net, &Plan),
        ground: &Ground<'_>,
        pool: Option<&ThreadPool>,
    ) -> Result<Self, Problems> {
        let Some(arrays) = &plan.arrays else { return Ok(Self::default()) };
        arrays.refuse_lessons((net, plan), ground)?;
        let program = |number| CoreArray::new(plan, arrays, number, ground);
        let numbers = 0..arrays.matrices.len();
        let made: Vec<_> = match pool {
            Some(pool) => pool.install(|| numbers.into_par_iter().map(program).collect()),
            None => numbers.map(program).collect(),
        };
        let mut problems = Problems::new();
        let all = made.into_iter().filter_map(|made| problems.absorb("", made)).collect();
        problems.0.truncate(20);
        problems.into_result(Self { first: 0, all })
    }

    /// Takes the arrays of cores below `end` out.
    pub(in crate::sim::chip) fn split_off(&mut self, end: usize) -> Self {
        let own = self.all.partition_point(|array| array.core.index() < end);
        let rest = self.all.split_off(own);
        let first = self.first;
        self.first += own as u32;
        Self { first, all: std::mem::replace(&mut self.all, rest) }
    }

    /// Makes room for spikes that are due within `depth` steps.
    pub(in crate::sim::chip) fn look_ahead(&mut self, depth: usize) {
        self.all.iter_mut().for_each(|array| array.due = vec![Vec::new(); depth]);
    }

    pub(in crate::sim::chip) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(in crate::sim::chip) fn iter(&self) -> impl Iterator<Item = &CoreArray> {
        self.all.iter()
    }

    /// Begins a step.
    pub(in crate::sim::chip) fn begin(&mut self) {
        self.all.iter_mut().for_each(|array| array.now = ArrayUse::default());
    }

    /// Takes in a packet that counts as sent in `step`.
    #[inline]
    pub(in crate::sim::chip) fn take_in(&mut self, drives: &[Drive], step: u64, value: f64) {
        for &Drive { array, row, delay } in drives {
            let array = &mut self.all[(array - self.first) as usize];
            let slot = ((step + u64::from(delay)) % array.due.len() as u64) as usize;
            array.due[slot].push(Pulse { row, value });
        }
    }

    /// Reads the arrays of `core` and hands their sums to its neurons, whose core has the inputs `inputs` of `arrivals`; the
    /// time that it takes [s].
    ///
    /// # Errors
    /// An array that cannot be read.
    pub(in crate::sim::chip) fn read(
        &mut self,
        core: usize,
        step: u64,
        arrivals: &mut Arrivals,
        (own, inputs): (usize, Range<usize>),
    ) -> Result<f64, Halt> {
        let row = arrivals.row(step);
        let mut longest = 0.0f64;
        for array in self.of_core_mut(core) {
            let read = array.read(step).map_err(|problems| Halt(format!("core {core}: {problems}")))?;
            let Some(time) = read else { continue };
            longest = longest.max(time);
            for (&sum, &(target, channel)) in array.out.iter().zip(&array.columns) {
                // A column that stays at zero is no input.
                if sum != 0.0 {
                    let due = arrivals.add_to(row, channel.into(), own, inputs.start, inputs.len());
                    due[usize::from(target)] += sum;
                }
            }
        }
        Ok(longest)
    }

    /// Changes the weight of a cell from the next read on.
    pub(in crate::sim::chip) fn change(&mut self, cell: Cell, change: f64) {
        let array = &mut self.all[(cell.array - self.first) as usize];
        let (row, column) = (cell.row as usize, cell.column as usize);
        let weight = array.weights.at(row, column) + change;
        array.weights.set(row, column, weight);
        array.changed += 1;
    }

    /// Changes the weight of a cell that learns from the next read on.
    pub(in crate::sim::chip) fn learn(&mut self, cell: Cell, change: f64) {
        let array = &mut self.all[(cell.array - self.first) as usize];
        array.learn([cell.row as usize, cell.column as usize], change);
    }

    /// Where the arrays of `core` are.
    fn place(&self, core: usize) -> Range<usize> {
        let from = self.all.partition_point(|array| array.core.index() < core);
        from..self.all.partition_point(|array| array.core.index() <= core)
    }

    /// The arrays of `core`.
    pub(in crate::sim::chip) fn of_core(&self, core: usize) -> &[CoreArray] {
        &self.all[self.place(core)]
    }

    /// The same to be changed.
    pub(in crate::sim::chip) fn of_core_mut(&mut self, core: usize) -> &mut [CoreArray] {
        let place = self.place(core);
        &mut self.all[place]
    }

    /// Forgets what is due.
    pub(in crate::sim::chip) fn forget(&mut self) {
        self.all.iter_mut().for_each(|array| array.due.iter_mut().for_each(Vec::clear));
    }

    /// Whether nothing is due.
    pub(in crate::sim::chip) fn is_quiet(&self) -> bool {
        self.all.iter().all(|array| array.due.iter().all(Vec::is_empty))
    }
}
