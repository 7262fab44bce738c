//! From a matrix of weights to programmed arrays, and from their conductances to what products see.

use super::bill::{RowWork, bill};
use super::mapping::{Mapping, Subtraction};
use super::params::{CrossbarParams, PassiveAccess};
use crate::base::{Problem, Problems};
use crate::synapse::array::bill::{Costs, Shares};
use crate::synapse::array::device::{BOLTZMANN, Cells, Programming};
use crate::synapse::array::matrix::Matrix;
use crate::synapse::array::pipeline::{Circuit, Pipeline, Plane, Subtract, Tile};
use crate::synapse::array::wires::{Curve, Segments, Unsolved, effective_conductance};

/// A column, and the one that is subtracted from it.
type Columns = (usize, Option<usize>);

/// A matrix on crossbars.
#[derive(Clone, Debug)]
pub(crate) struct Crossbar {
    params: CrossbarParams,
    arrays: Vec<Piece>,
    /// Weight that takes the whole window.
    scale: f64,
    shape: [usize; 2],
    programming: Programming,
    work: Vec<RowWork>,
}

/// One array and the part of the matrix on it.
#[derive(Clone, Debug)]
struct Piece {
    first: [usize; 2],
    /// Inputs and outputs.
    size: [usize; 2],
    cells: Cells,
}

impl Crossbar {
    /// Writes `weights` into arrays drawn with `seed`.
    pub(crate) fn program(params: &CrossbarParams, weights: &Matrix, seed: u64) -> Self {
        let largest = weights.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
        let scale = params.weight_scale.unwrap_or(if largest > 0.0 { largest } else { 1.0 });
        let shape = [weights.rows(), weights.columns()];
        let mut crossbar = Self {
            params: params.clone(),
            arrays: Vec::new(),
            scale,
            shape,
            programming: Programming::default(),
            work: Vec::new(),
        };
        for (number, (first, size)) in pieces(params, shape).into_iter().enumerate() {
            let columns = crossbar.physical_columns(size[1]);
            let mut cells = Cells::new(&params.cell, size[0], columns, seed, number as u32);
            let took = cells.program(&crossbar.targets((first, size), weights));
            crossbar.programming.add(took);
            crossbar.arrays.push(Piece { first, size, cells });
        }
        crossbar
    }

    fn slice_count(&self) -> u32 {
        self.params.slices.map_or(1, |slices| slices.count)
    }

    fn physical_columns(&self, outputs: usize) -> usize {
        outputs * self.params.devices_per_weight() as usize + self.params.reference_columns() as usize
    }

    /// The columns that hold output `output` of slice `slice`.
    fn sources(&self, slice: u32, output: usize, outputs: usize) -> (usize, usize) {
        let each = self.params.mapping.columns_per_slice() as usize;
        let plus = (slice as usize * outputs + output) * each;
        (plus, plus + each - 1)
    }

    fn reference(&self, slice: u32, outputs: usize) -> usize {
        outputs * self.params.devices_per_weight() as usize + slice as usize
    }

    /// Conductances that the weights from `first` on ask for [S].
    fn targets(&self, (first, [rows, outputs]): ([usize; 2], [usize; 2]), weights: &Matrix) -> Matrix {
        let (window, mapping) = (self.window(), self.params.mapping);
        let middle = 0.5 * (window[0] + window[1]);
        // Reference columns stand in the middle of the window; all else is written below.
        let mut targets = Matrix::from_fn(rows, self.physical_columns(outputs), |_, _| middle);
        for i in 0..rows {
            for j in 0..outputs {
                let w = weights.at(first[0] + i, first[1] + j) / self.scale;
                for slice in 0..self.slice_count() {
                    let at = mapping.positions(w, slice, self.params.slices);
                    let [plus, minus] = at.map(|at| window[0] + at * (window[1] - window[0]));
                    let (upper, lower) = self.sources(slice, j, outputs);
                    targets.set(i, lower, minus);
                    targets.set(i, upper, plus);
                }
            }
        }
        targets
    }

    fn window(&self) -> [f64; 2] {
        [self.params.cell.g_min.0, self.params.cell.g_max.0]
    }

    /// Sets the time since programming [s].
    pub(crate) fn age(&mut self, seconds: f64) {
        self.arrays.iter_mut().for_each(|piece| piece.cells.age(seconds));
    }

    /// Gives cells the pulses that come nearest to changing the weights by `deltas`; a weight whose conductance is
    /// to change by less than `threshold` [S] gets none.
    pub(crate) fn nudge(&mut self, deltas: &Matrix, threshold: f64) -> Result<Programming, Problems> {
        let is_pair = !matches!(self.params.mapping, Mapping::Offset { .. });
        if self.params.slices.is_some() || self.params.cell.pulses.is_none() {
            let message = "updates in place need cells with `pulses` and weights in one piece";
            return Err(Problems::one("crossbar.cell.pulses", message));
        }
        let unit = self.per_weight();
        let mut all = Programming::default();
        for index in 0..self.arrays.len() {
            let [rows, outputs] = self.arrays[index].size;
            let first = self.arrays[index].first;
            let mut wanted = Matrix::zeros(rows, self.physical_columns(outputs));
            for i in 0..rows {
                for j in 0..outputs {
                    let change = deltas.at(first[0] + i, first[1] + j) * unit;
                    if change.abs() < threshold {
                        continue;
                    }
                    let (plus, minus) = self.sources(0, j, outputs);
                    let held = self.arrays[index].cells.programmed();
                    let parts = self.split(change, [held.at(i, plus), held.at(i, minus)]);
                    wanted.set(i, plus, parts[0]);
                    if is_pair {
                        wanted.set(i, minus, parts[1]);
                    }
                }
            }
            all.add(self.arrays[index].cells.nudge(&wanted));
        }
        self.programming.add(all);
        Ok(all)
    }

    /// By how much the devices of a weight, which are at `held` [S], are to change so that it changes by `change` [S].
    fn split(&self, change: f64, held: [f64; 2]) -> [f64; 2] {
        match (self.params.mapping, &self.params.cell.pulses) {
            (Mapping::Differential { .. }, Some(model)) => {
                // What the other device holds is taken off it first, as far as that is a pulse's worth.
                let (own, other) = if change > 0.0 { (0, 1) } else { (1, 0) };
                let above = held[other] - self.window()[0];
                let is_worth = above >= 0.5 * model.typical_step(self.window(), false);
                let taken = if is_worth { above.min(change.abs()) } else { 0.0 };
                let mut parts = [0.0; 2];
                parts[own] = change.abs() - taken;
                parts[other] = -taken;
                parts
            }
            (Mapping::Offset { .. }, _) => [change, 0.0],
            _ => [0.5 * change, -0.5 * change],
        }
    }

    /// Conductance by which a change of one weight is made, where the weights are in one piece [S].
    fn per_weight(&self) -> f64 {
        let [low, high] = self.window();
        (high - low) / self.params.mapping.unit(0, None) / self.scale
    }

    /// What a pulse for each device that a change is made with changes a weight by, in the middle of the window and in
    /// the direction in which cells take the larger steps; `None` where nothing is updated in place.
    pub(crate) fn weight_step(&self) -> Option<f64> {
        let model = self.params.cell.pulses.as_ref().filter(|_| self.params.slices.is_none())?;
        let step = [true, false].map(|up| model.typical_step(self.window(), up));
        let devices = if matches!(self.params.mapping, Mapping::TwoDevice { .. }) { 2.0 } else { 1.0 };
        Some(devices * step[0].max(step[1]) / self.per_weight())
    }

    /// The cells of all arrays.
    pub(crate) fn cells(&self) -> impl ExactSizeIterator<Item = &Cells> {
        self.arrays.iter().map(|piece| &piece.cells)
    }

    /// The same to be changed.
    pub(crate) fn cells_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Cells> {
        self.arrays.iter_mut().map(|piece| &mut piece.cells)
    }

    /// What products see of the conductances as they are now.
    pub(crate) fn pipeline(&mut self, seed: u64) -> Result<Pipeline, Unsolved> {
        let curve = self.params.cell.curve.map(|curve| (curve.curve(), self.params.read_voltage.0));
        let solved = self.is_solved_each_time();
        let mut tiles = Vec::new();
        self.work.clear();
        for (number, piece) in self.arrays.iter().enumerate() {
            let now = piece.cells.conductances();
            self.work.push(RowWork::of(piece.first[0], &now));
            let effective = match self.segments() {
                Some(segments) => effective_conductance(&now, segments)?,
                None => now.clone(),
            };
            let variance = piece.cells.read_variance(&now);
            let circuit = solved.map(|segments| self.circuit(&now, segments));
            let mut tile = Tile { number: number as u32, first: piece.first, planes: Vec::new(), circuit };
            self.add_planes(&mut tile, piece.size[1], &effective, variance.as_ref());
            tiles.push(tile);
        }
        Ok(Pipeline {
            rows: self.shape[0],
            columns: self.shape[1],
            seed,
            input: self.params.input,
            full_scale: self.params.full_scale,
            curve: curve.filter(|_| solved.is_none()),
            tiles,
        })
    }

    fn segments(&self) -> Option<Segments> {
        self.params.wires.map(|wires| Segments { row: wires.row.0, column: wires.column.0 })
    }

    /// The wires, if sums are not linear in the drive.
    fn is_solved_each_time(&self) -> Option<Segments> {
        let nonlinear =
            self.params.cell.curve.is_some() || self.params.passive == Some(PassiveAccess::Floating);
        self.segments().filter(|_| nonlinear)
    }

    fn circuit(&self, now: &Matrix, segments: Segments) -> Circuit {
        let curve = self.params.cell.curve.map_or(Curve::Ohmic, |curve| curve.curve());
        let voltage = self.params.read_voltage.0;
        // At full drive a cell without wires reads its nominal weight.
        let ampere_per_siemens = curve.current(voltage);
        let slices = 0..self.slice_count();
        let per_ampere = slices.flat_map(|slice| {
            let planes = if self.subtraction() == Some(Subtraction::Digital) { 2 } else { 1 };
            vec![self.per_siemens(slice) / ampere_per_siemens; planes]
        });
        Circuit {
            cells: now.clone(),
            segments,
            curve,
            voltage,
            per_ampere: per_ampere.collect(),
            floats: self.params.passive == Some(PassiveAccess::Floating),
        }
    }

    /// Weight per siemens of a device in a slice.
    fn per_siemens(&self, slice: u32) -> f64 {
        let [low, high] = self.window();
        self.scale * self.params.mapping.unit(slice, self.params.slices) / (high - low)
    }

    fn subtraction(&self) -> Option<Subtraction> {
        match self.params.mapping {
            Mapping::Differential { subtract } | Mapping::TwoDevice { subtract } => Some(subtract),
            Mapping::Offset { .. } => None,
        }
    }

    fn add_planes(&self, tile: &mut Tile, outputs: usize, effective: &Matrix, variance: Option<&Matrix>) {
        for slice in 0..self.slice_count() {
            let pair = |j: usize| self.sources(slice, j, outputs);
            let single =
                |column: fn((usize, usize)) -> usize| (0..outputs).map(|j| (column(pair(j)), None)).collect();
            let sets: Vec<(f64, Vec<Columns>)> = match self.subtraction() {
                Some(Subtraction::Analog) => {
                    vec![(1.0, (0..outputs).map(|j| (pair(j).0, Some(pair(j).1))).collect())]
                }
                Some(Subtraction::Digital) => {
                    vec![(1.0, single(|pair| pair.0)), (-1.0, single(|pair| pair.1))]
                }
                None => vec![(1.0, single(|pair| pair.0))],
            };
            for (gain, mut sources) in sets {
                if self.params.mapping.has_reference() {
                    sources.push((self.reference(slice, outputs), None));
                }
                tile.planes.push(self.plane(slice, (gain, sources), effective, variance));
            }
        }
    }

    fn plane(
        &self,
        slice: u32,
        (gain, sources): (f64, Vec<(usize, Option<usize>)>),
        effective: &Matrix,
        variance: Option<&Matrix>,
    ) -> Plane {
        let unit = self.per_siemens(slice);
        let combine = |matrix: &Matrix, minus_sign: f64, unit: f64| {
            Matrix::from_fn(matrix.rows(), sources.len(), |i, j| {
                let (plus, minus) = sources[j];
                let minus = minus.map_or(0.0, |minus| matrix.at(i, minus));
                unit * (matrix.at(i, plus) + minus_sign * minus)
            })
        };
        let mut plane = Plane {
            weights: combine(effective, -1.0, unit),
            variance: variance.map(|variance| combine(variance, 1.0, unit * unit)),
            floor: self.thermal_floor(unit, effective),
            shot: 0.0,
            relative: 0.0,
            gain,
            converter: None,
            single: None,
            subtract: self.common(unit),
            sources,
        };
        if let Some(adc) = &self.params.adc {
            plane.calibrate(adc, self.params.input, self.params.full_scale);
        }
        plane
    }

    /// The common part of offset weights: what a device in the middle of its window adds.
    fn common(&self, unit: f64) -> Subtract {
        let [low, high] = self.window();
        let middle = 0.5 * (low + high);
        match self.params.mapping {
            Mapping::Offset { reference_column: true } => {
                Subtract::Reference(unit * (middle - self.params.cell.level(middle)))
            }
            Mapping::Offset { reference_column: false } => Subtract::Sum(unit * middle),
            _ => Subtract::Nothing,
        }
    }

    /// Thermal noise of a column in one read [weight²]: `Σ 4kTG·Δf`, referred to full drive.
    fn thermal_floor(&self, unit: f64, effective: &Matrix) -> f64 {
        let Some(temperature) = self.params.cell.temperature.filter(|temperature| temperature.thermal_noise)
        else {
            return 0.0;
        };
        let columns = effective.columns().max(1) as f64;
        let per_column = effective.data().iter().sum::<f64>() / columns;
        let pair = f64::from(self.params.mapping.columns_per_slice());
        let bandwidth = 0.5 / self.params.read_time.0;
        let ampere = 4.0 * BOLTZMANN * temperature.kelvin * per_column * pair * bandwidth;
        let drive = self.params.read_voltage.0;
        ampere / (drive * drive) * unit * unit
    }

    /// What products, spikes and writing cost.
    pub(crate) fn costs(&self) -> Costs {
        bill(&self.params, self.shape, &self.work, self.programming)
    }

    /// Energy of the product with `x` [J].
    pub(crate) fn energy_of(&self, x: &[f64]) -> Shares {
        super::bill::energy_of(&self.params, self.shape, &self.work, x)
    }
}

/// First input and output, and numbers of both, of the arrays that a matrix is cut into.
fn pieces(params: &CrossbarParams, shape: [usize; 2]) -> Vec<([usize; 2], [usize; 2])> {
    let (height, width) = (params.rows as usize, params.outputs_per_array() as usize);
    let across = |j: usize| (0..shape[0]).step_by(height).map(move |i| [i, j]);
    let firsts = (0..shape[1]).step_by(width).flat_map(across);
    firsts.map(|[i, j]| ([i, j], [height.min(shape[0] - i), width.min(shape[1] - j)])).collect()
}

/// The problem of a matrix that needs more arrays than there are.
pub(crate) fn too_large(found: u64, arrays: u32, shape: [usize; 2]) -> Problem {
    let message = format!("a matrix of {} by {} takes {found} arrays", shape[0], shape[1]);
    Problem::new("arrays", message).allowed(format!("up to {arrays}"))
}
