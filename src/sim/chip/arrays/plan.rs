//! Where in arrays synapses are, and what the chip's arrays cannot hold.

use crate::base::{CoreId, NeuronId, Problem, Problems};
use crate::network::Net;
use crate::sim::chip::plan::Plan;
use crate::sim::chip::site::Ground;
use crate::synapse::array::{ArrayParams, Matrix};

/// A row that a packet drives.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim::chip) struct Drive {
    /// Number of the array on the chip.
    pub array: u32,
    pub row: u32,
    /// Steps until then.
    pub delay: u16,
}

/// Where a synapse is.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim::chip) struct Cell {
    pub core: usize,
    pub array: u32,
    pub row: u32,
    pub column: u32,
}

/// The synapses of a core, or of a granule of it, as a matrix.
#[derive(Clone, Debug)]
pub(super) struct MatrixPlan {
    pub core: CoreId,
    /// Which of the core's arrays: see `CoreParams::array_of`.
    pub slot: u8,
    pub rows: u32,
    /// By column: the neuron, counted from the core's first site, and its channel.
    pub columns: Vec<(u16, u8)>,
    /// By neuron and channel: the column.
    column_of: Vec<[u32; 2]>,
    /// The packets that drive it.
    packets: Vec<u32>,
}

/// Everything about arrays that stays as it is.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct ArrayPlan {
    /// By packet: its first drive; one more entry than packets.
    first: Vec<u32>,
    drives: Vec<Drive>,
    /// By packet: where its digital synapses end.
    digital_end: Vec<u32>,
    /// Core by core.
    pub(super) matrices: Vec<MatrixPlan>,
    /// By granule: which of its core's arrays holds its synapses.
    slots: Vec<Option<u8>>,
}

/// No column, or no array.
const NONE: u32 = u32::MAX;

/// Largest matrix of a core, in weights: a gigabyte.
const MOST_WEIGHTS: u64 = 1 << 27;

impl ArrayPlan {
    /// `None` where no granule has arrays.
    ///
    /// # Errors
    /// Matrices that the arrays of a core cannot hold, by how much.
    pub(in crate::sim::chip) fn new(plan: &Plan, ground: &Ground<'_>) -> Result<Option<Self>, Problems> {
        let params = ground.params;
        let slots: Vec<Option<u8>> = (0..params.granules.len())
            .map(|granule| params.array_of(granule).map(|(slot, _)| slot))
            .collect();
        if slots.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut arrays =
            Self { first: vec![0], drives: Vec::new(), digital_end: Vec::new(), matrices: Vec::new(), slots };
        let number = arrays.lay_columns(plan);
        for packet in 0..plan.fan.len() - 1 {
            arrays.lay_rows(plan, packet, &number);
        }
        let mut problems = Problems::new();
        for matrix in &arrays.matrices {
            let params = arrays.params(matrix, ground);
            problems.0.extend(params.and_then(|params| matrix.problem(params)).into_iter().take(20));
        }
        problems.into_result(Some(arrays))
    }

    /// The array of the synapse at `index`, which leads to `core`: its place in the table of arrays by core.
    fn key(&self, plan: &Plan, core: usize, index: usize) -> Option<usize> {
        let site = plan.layout.first[core] as usize + usize::from(plan.slot(core, index));
        let slot = self.slots[usize::from(plan.layout.granule[site])]?;
        Some(core * (self.slots.len() + 1) + usize::from(slot))
    }

    /// Finds the arrays and their columns; the number of the array by core and slot.
    fn lay_columns(&mut self, plan: &Plan) -> Vec<u32> {
        let slots = self.slots.len() + 1;
        let cores = plan.layout.first.len() - 1;
        let mut number = vec![NONE; cores * slots];
        let each = |act: &mut dyn FnMut(usize, usize, usize)| {
            for packet in 0..plan.fan.len() - 1 {
                let core = usize::from(plan.fan[packet].core);
                let keys =
                    plan.synapses(packet).filter_map(|index| Some((self.key(plan, core, index)?, index)));
                keys.for_each(|(key, index)| act(key, core, index));
            }
        };
        each(&mut |key, _, _| number[key] = 0);
        let mut matrices = Vec::new();
        for (key, number) in number.iter_mut().enumerate().filter(|(_, number)| **number == 0) {
            *number = matrices.len() as u32;
            let core = CoreId::at(key / slots);
            let neurons = plan.layout.first[core.index() + 1] - plan.layout.first[core.index()];
            let column_of = vec![[NONE; 2]; neurons as usize];
            let (slot, columns) = ((key % slots) as u8, Vec::new());
            matrices.push(MatrixPlan { core, slot, rows: 0, columns, column_of, packets: Vec::new() });
        }
        each(&mut |key, core, index| {
            let (target, channel) = (plan.slot(core, index), plan.memory.timing(index).channel());
            matrices[number[key] as usize].column_of[usize::from(target)][channel] = 0;
        });
        for matrix in &mut matrices {
            for (target, columns) in matrix.column_of.iter_mut().enumerate() {
                for (channel, column) in columns.iter_mut().enumerate().filter(|(_, column)| **column == 0) {
                    *column = matrix.columns.len() as u32;
                    matrix.columns.push((target as u16, channel as u8));
                }
            }
        }
        self.matrices = matrices;
        number
    }

    /// The rows that a packet drives: one for each array and delay.
    fn lay_rows(&mut self, plan: &Plan, packet: usize, number: &[u32]) {
        let core = usize::from(plan.fan[packet].core);
        let begin = self.drives.len();
        let mut digital_end = plan.synapses(packet).start;
        for index in plan.synapses(packet) {
            let Some(key) = self.key(plan, core, index) else {
                digital_end = index + 1;
                continue;
            };
            let (array, delay) = (number[key], plan.memory.timing(index).delay());
            if self.drives[begin..].iter().any(|drive| (drive.array, drive.delay) == (array, delay)) {
                continue;
            }
            let matrix = &mut self.matrices[array as usize];
            self.drives.push(Drive { array, row: matrix.rows, delay });
            matrix.rows += 1;
            if matrix.packets.last() != Some(&(packet as u32)) {
                matrix.packets.push(packet as u32);
            }
        }
        self.digital_end.push(digital_end as u32);
        self.first.push(self.drives.len() as u32);
    }

    /// The rows that packet `packet` drives.
    #[inline]
    pub(in crate::sim::chip) fn drives(&self, packet: usize) -> &[Drive] {
        &self.drives[self.first[packet] as usize..self.first[packet + 1] as usize]
    }

    /// Where the synapses of a packet end that are in digital memory.
    #[inline]
    pub(in crate::sim::chip) fn digital_end(&self, packet: usize) -> usize {
        self.digital_end[packet] as usize
    }

    /// Where the synapse at `index` of the plan's memory is, if it is in an array.
    pub(in crate::sim::chip) fn cell(&self, plan: &Plan, index: usize) -> Option<Cell> {
        let packet = plan.fan.partition_point(|packet| packet.start as usize <= index).checked_sub(1)?;
        let core = usize::from(plan.fan[packet].core);
        self.key(plan, core, index)?;
        let site = plan.layout.first[core] as usize + usize::from(plan.slot(core, index));
        let slot = self.slots[usize::from(plan.layout.granule[site])]?;
        let here = (CoreId::at(core), slot);
        let array = self.matrices.binary_search_by_key(&here, |matrix| (matrix.core, matrix.slot)).ok()?;
        let timing = plan.memory.timing(index);
        let is_its = |drive: &&Drive| (drive.array as usize, drive.delay) == (array, timing.delay());
        let row = self.drives(packet).iter().find(is_its)?.row;
        let column = self.matrices[array].column_of[usize::from(plan.slot(core, index))][timing.channel()];
        Some(Cell { core, array: array as u32, row, column })
    }

    pub(super) fn params<'g>(&self, matrix: &MatrixPlan, ground: &Ground<'g>) -> Option<&'g ArrayParams> {
        let granule = self.slots.iter().position(|&slot| slot == Some(matrix.slot))?;
        Some(ground.params.array_of(granule)?.1)
    }

    /// The weights that array `array` is to hold.
    pub(super) fn weights(&self, plan: &Plan, array: usize) -> Matrix {
        let matrix = &self.matrices[array];
        let mut weights = Matrix::zeros(matrix.rows as usize, matrix.columns.len());
        for &packet in &matrix.packets {
            for index in plan.synapses(packet as usize) {
                let Some(cell) = self.cell_in(plan, packet as usize, index, array) else { continue };
                let [row, column] = cell;
                let sum = weights.at(row, column) + plan.memory.weight(index);
                weights.set(row, column, sum);
            }
        }
        weights
    }

    /// Row and column of a packet's synapse in array `array`, if it is there.
    fn cell_in(&self, plan: &Plan, packet: usize, index: usize, array: usize) -> Option<[usize; 2]> {
        let matrix = &self.matrices[array];
        let core = matrix.core.index();
        let (target, timing) = (usize::from(plan.slot(core, index)), plan.memory.timing(index));
        let site = plan.layout.first[core] as usize + target;
        if self.slots[usize::from(plan.layout.granule[site])] != Some(matrix.slot) {
            return None;
        }
        let is_its = |drive: &&Drive| (drive.array as usize, drive.delay) == (array, timing.delay());
        let row = self.drives(packet).iter().find(is_its)?.row;
        Some([row as usize, matrix.column_of[target][timing.channel()] as usize])
    }

    /// Refuses synapses that learn in arrays whose weights cannot be changed one by one.
    ///
    /// # Errors
    /// Lessons with a synapse in such an array.
    pub(super) fn refuse_lessons(
        &self,
        (net, plan): (&Net, &Plan),
        ground: &Ground<'_>,
    ) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for lesson in &net.lessons {
            let rigid = lesson.synapses.iter().find_map(|&(source, target, _)| {
                let site = plan.layout.site[target as usize] as usize;
                let granule = usize::from(plan.layout.granule[site]);
                let (_, params) =
                    ground.params.array_of(granule).filter(|(_, params)| !params.can_learn())?;
                Some((source, target, granule, params.name()))
            });
            let Some((source, target, granule, technology)) = rigid else { continue };
            let name = |neuron| net.place(NeuronId(neuron)).map_or("?", |(population, _)| &population.name);
            let message = format!(
                "the synapses from `{}` to `{}` learn, and the weights of this `{technology}` are not changed one by one",
                name(source),
                name(target)
            );
            let allowed = "`sram`, or a `crossbar` without slices whose cells take `pulses`";
            problems.push(Problem::new(ground.params.array_path(granule), message).allowed(allowed));
        }
        problems.into_result(())
    }

    /// Memory taken [bytes].
    pub(in crate::sim::chip) fn bytes(&self) -> usize {
        let matrices = self.matrices.iter().map(|matrix| {
            8 * matrix.rows as usize * matrix.columns.len()
                + 8 * matrix.column_of.len()
                + 4 * matrix.packets.len()
        });
        8 * self.first.len() + size_of::<Drive>() * self.drives.len() + matrices.sum::<usize>()
    }
}

impl MatrixPlan {
    /// What keeps the arrays of a core from holding it.
    fn problem(&self, params: &ArrayParams) -> Option<Problem> {
        let (rows, columns) = (self.rows as usize, self.columns.len());
        let limits = params.limits();
        let needed = limits.arrays_for(rows, columns);
        let path = format!("core {}", self.core);
        if let Some(most) = limits.arrays.filter(|&most| needed > u64::from(most)) {
            let message = format!(
                "{rows} inputs of {columns} neurons take {needed} arrays of {} × {} weights: the core has {most}, \
                 {} too few",
                limits.rows,
                limits.outputs,
                needed - u64::from(most)
            );
            return Some(
                Problem::new(path, message).allowed("fewer neurons a core (`cores.neurons`), or a mapping"),
            );
        }
        let weights = rows as u64 * columns as u64;
        (weights > MOST_WEIGHTS).then(|| {
            let message = format!("{rows} inputs of {columns} neurons are a matrix of {weights} weights");
            Problem::new(path, message).allowed(format!("up to {MOST_WEIGHTS} weights a core"))
        })
    }
}
