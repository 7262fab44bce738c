//! What a chip file says under `cores:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::{Joules, Seconds, Watts};
use crate::base::{Problem, Problems};
use crate::neuron::{EventCost, NeuronModel, SomaCost};
use crate::synapse::array::ArrayParams;

/// Most neurons of a core: synapses name their neuron by 16 bits.
pub const MAX_NEURONS: u32 = 1 << 16;

/// Most cores of a chip: packets name theirs by 16 bits.
pub const MAX_CORES: u32 = 1 << 16;

/// Most granules of a core.
pub const MAX_GRANULES: usize = 64;

/// The cores on the tiles: what they hold, what their events cost, and how they keep step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoreParams {
    /// Cores on each tile; 1 to 256.
    #[schemars(range(min = 1, max = 256))]
    pub per_tile: u16,
    /// Neurons that a core can hold; 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub neurons: u32,
    /// Synapses that a core can hold. Absent: as many as there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synapses: Option<u64>,
    /// Bits of a weight, 1 to 32: weights are rounded to whole multiples of a power of two that all
    /// synapses of a core share. Absent: weights are kept as they are.
    #[schemars(range(min = 1, max = 32))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_bits: Option<u8>,
    /// Synapses that can lead to one neuron. Absent: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_in: Option<u32>,
    /// Cores that a neuron can send to. Absent: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_out: Option<u32>,
    /// Neurons that can send to one core, its own included: entries of its table of inputs. Absent: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_axons: Option<u32>,
    /// Pairs of a neuron on one core and a core that this neuron sends to, its own included: entries of the core's table
    /// of outputs. Absent: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_axons: Option<u32>,
    /// Longest delay of a synapse [steps]; 1 to 32767.
    #[schemars(range(min = 1, max = 32767))]
    pub max_delay: u16,
    /// How tiles are numbered; cores are counted tile by tile.
    pub tile_order: TileOrder,
    /// Receiving a packet: once per packet.
    pub axon_in: EventCost,
    /// Sending a packet: once per packet.
    pub axon_out: EventCost,
    /// What a core with neurons takes whether or not anything happens in it [W]; cores without are off. Absent: nothing
    /// is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leakage: Option<Watts>,
    /// The kinds of neurons and synapses that a core holds side by side; default: one that takes all.
    pub granules: Vec<GranuleParams>,
    /// Arrays of devices that hold the synapses of a core in place of its digital memory: their precision,
    /// limits, times and energies count instead of `weight_bits`, `synapses`, `fan_in` and the granules'
    /// `synapse` and `dendrite`. A map as in a device file, or the name of one; `extends` names one to build on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array: Option<ArrayParams>,
    /// Time from programming the arrays to the run [s]: what drifts has drifted by then.
    #[serde(skip_serializing_if = "is_new")]
    pub array_age: Seconds,
    /// What a hop costs: the energy in every fidelity, the time where the network is not simulated router by
    /// router (`ideal`, `sanafe` and `sanafe-simple`). Absent: time by the router's pipeline; energy by the chip's
    /// `energy`, the mean over the links of a direction. Clocks and leakage of `energy` count over the simulated time
    /// in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hops: Option<HopCosts>,
    /// Packets that fit into one link's buffer in fidelity `sanafe`; at least 1.
    #[schemars(range(min = 1))]
    pub link_buffer: u32,
    /// Packets that a core's output queue holds in fidelity `cycle`; at least 1. A core whose queue is full waits
    /// until the network has taken a packet. Absent: any number. `approximate` knows no such bound; in the others
    /// the way into the network is never busy, or has a bound of its own (`link_buffer`).
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_queue: Option<u32>,
    /// Packets that wait at a core to be processed in fidelity `cycle`, at most; at least 1. What finds no room stays
    /// in the network and blocks what is behind it; packets from cores of the same node come beside the queue. Absent:
    /// any number. `approximate` knows no such bound; in the others the network holds whatever has arrived.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_queue: Option<u32>,
    /// Length of a packet [flits]; 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub packet_flits: u16,
    /// A spike is one packet, which routers copy where the ways to its cores part, in place of a packet for each core.
    /// Of one flit; in fidelities `cycle`, `approximate` and `ideal`, without `receive_queue`.
    #[serde(skip_serializing_if = "is_false")]
    pub multicast: bool,
    /// How cores keep step.
    pub synchronisation: Synchronisation,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_new(age: &Seconds) -> bool {
    age.0 == 0.0
}

impl Default for CoreParams {
    fn default() -> Self {
        Self {
            per_tile: 1,
            neurons: 1024,
            synapses: None,
            weight_bits: None,
            fan_in: None,
            fan_out: None,
            input_axons: None,
            output_axons: None,
            max_delay: 63,
            tile_order: TileOrder::Rows,
            axon_in: EventCost::default(),
            axon_out: EventCost::default(),
            leakage: None,
            granules: vec![GranuleParams::default()],
            array: None,
            array_age: Seconds(0.0),
            hops: None,
            link_buffer: 16,
            send_queue: None,
            receive_queue: None,
            packet_flits: 1,
            multicast: false,
            synchronisation: Synchronisation::default(),
        }
    }
}

/// How tiles are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TileOrder {
    /// As the network numbers its nodes: on a mesh, row by row.
    #[default]
    Rows,
    /// On a two-dimensional mesh, column by column, as SANA-FE does.
    Columns,
}

/// Neurons of some models with their synapses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GranuleParams {
    /// What workloads call it.
    pub name: String,
    /// Neuron models that it runs; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Neurons of a core that can be of this kind. Absent: as many as the core can hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neurons: Option<u32>,
    /// One synaptic event.
    pub synapse: EventCost,
    /// Adding a synaptic event up for its neuron.
    pub dendrite: EventCost,
    /// Accessing, updating and firing a neuron. Absent: what the neuron's model states for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soma: Option<SomaCost>,
    /// Arrays of its own that hold the synapses of its neurons, like the core's `array`. Absent: the core's, if
    /// that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array: Option<ArrayParams>,
    /// Reading and changing one weight that learns: once for each that a spike at either end touches, and
    /// for each that a reward changes.
    #[serde(skip_serializing_if = "is_free")]
    pub weight_update: EventCost,
    /// Moving one trace of learning: once per spike, rule and trace, in each core that keeps it.
    #[serde(skip_serializing_if = "is_free")]
    pub trace_update: EventCost,
}

fn is_free(cost: &EventCost) -> bool {
    *cost == EventCost::default()
}

impl Default for GranuleParams {
    fn default() -> Self {
        Self {
            name: "all".into(),
            models: Vec::new(),
            neurons: None,
            synapse: EventCost::default(),
            dendrite: EventCost::default(),
            soma: None,
            array: None,
            weight_update: EventCost::default(),
            trace_update: EventCost::default(),
        }
    }
}

impl GranuleParams {
    /// Time to change so many weights and traces [s].
    pub(super) fn learning_time(&self, [weights, traces]: [u32; 2]) -> f64 {
        f64::from(weights) * self.weight_update.latency.0 + f64::from(traces) * self.trace_update.latency.0
    }

    /// Whether it runs `model`.
    pub fn runs(&self, model: &NeuronModel) -> bool {
        self.models.is_empty() || self.models.iter().any(|name| name == model.name())
    }
}

/// Energy and time of a hop by direction, on a two-dimensional mesh: east is +x, north is +y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HopCosts {
    /// Towards larger x.
    pub east: EventCost,
    /// Towards larger y.
    pub north: EventCost,
    /// Towards smaller x.
    pub west: EventCost,
    /// Towards smaller y.
    pub south: EventCost,
}

impl HopCosts {
    /// East, north, west, south.
    pub fn all(&self) -> [EventCost; 4] {
        [self.east, self.north, self.west, self.south]
    }
}

/// How cores keep step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Synchronisation {
    /// A step ends when every core is done and every packet processed, plus the time of the barrier: the
    /// entry with the largest number of tiles that is no greater than the number of tiles in use; 0 where
    /// there is none.
    Barrier(BTreeMap<u32, Seconds>),
    /// Steps follow a clock, whether or not everybody is done. A packet that has not been processed by the
    /// end of its step is late.
    Tick {
        /// Length of a step [s].
        period: Seconds,
        /// What becomes of late packets.
        #[serde(default)]
        late: Late,
    },
    /// Nobody waits for anybody: each core has a clock of its own, and falls behind it when a step takes longer.
    /// A packet acts in the step that the receiving core is in by then; packets that come to a core further or
    /// less far than their sender are counted as late and early. In fidelity `ideal`, on two-dimensional meshes.
    Free {
        /// Period of the clocks [s].
        period: Seconds,
    },
}

/// What becomes of late packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// They count as sent in the step in which they are done: their synapses act that much later.
    #[default]
    Apply,
    /// They are lost.
    Drop,
}

impl Default for Synchronisation {
    fn default() -> Self {
        Self::Barrier(BTreeMap::new())
    }
}

impl Synchronisation {
    /// What a barrier over `tiles` tiles takes [s].
    pub fn barrier(&self, tiles: u32) -> f64 {
        match self {
            Self::Barrier(table) => table.range(..=tiles).next_back().map_or(0.0, |(_, time)| time.0),
            Self::Tick { .. } | Self::Free { .. } => 0.0,
        }
    }

    /// The period of the clock [s], and what becomes of late packets.
    pub(super) fn tick(&self) -> Option<(f64, Late)> {
        match *self {
            Self::Tick { period, late } => Some((period.0, late)),
            Self::Barrier(_) | Self::Free { .. } => None,
        }
    }

    /// How many models of time, and the threads of each. Where a step has to be told before the next one begins, all
    /// threads take part in that.
    pub(super) fn crew(&self, threads: usize) -> (usize, usize) {
        match self {
            Self::Barrier(_) => (threads, 1),
            Self::Tick { .. } => (1, threads),
            Self::Free { .. } => (1, 1),
        }
    }
}

/// Most that a core can take at rest [W].
const MAX_LEAKAGE: f64 = 1000.0;

/// Dearest event [J] and longest [s] that can be stated.
const MAX_EVENT: f64 = 1.0;

impl CoreParams {
    /// Checks everything that does not depend on the network on chip.
    ///
    /// # Errors
    /// Every value out of range, by its path relative to `cores`.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut range = |path: &str, value: u64, low: u64, high: u64| {
            if !(low..=high).contains(&value) {
                let problem = Problem::new(path, format!("{value} is out of range"));
                problems.push(problem.allowed(format!("{low} to {high}")));
            }
        };
        range("per_tile", self.per_tile.into(), 1, 256);
        range("neurons", self.neurons.into(), 1, MAX_NEURONS.into());
        range("max_delay", self.max_delay.into(), 1, crate::synapse::Timing::MAX_DELAY.into());
        range("packet_flits", self.packet_flits.into(), 1, 64);
        range("link_buffer", self.link_buffer.into(), 1, u32::MAX.into());
        range("send_queue", self.send_queue.unwrap_or(1).into(), 1, u32::MAX.into());
        range("receive_queue", self.receive_queue.unwrap_or(1).into(), 1, u32::MAX.into());
        range("granules", self.granules.len() as u64, 1, MAX_GRANULES as u64);
        range("weight_bits", self.weight_bits.unwrap_or(1).into(), 1, 32);
        if self.multicast && self.packet_flits > 1 {
            let message = "routers copy packets of one flit alone: longer ones could lock each other up";
            problems.push(Problem::new("packet_flits", message).allowed("1 with `multicast`"));
        }
        if self.multicast && self.receive_queue.is_some() {
            let message = "bounded queues are not known yet where packets are copied";
            problems.push(Problem::new("receive_queue", message).allowed("nothing, or no `multicast`"));
        }
        self.check_costs(&mut problems);
        self.check_granules(&mut problems);
        problems.absorb("array", self.array.as_ref().map_or(Ok(()), ArrayParams::validate));
        let leakage = self.leakage.map_or(0.0, |watts| watts.0);
        problems.require((0.0..=MAX_LEAKAGE).contains(&leakage), "leakage", || {
            format!("{leakage} W is out of range: a core takes 0 to {MAX_LEAKAGE} W")
        });
        let age = self.array_age.0;
        problems.require(age >= 0.0 && age.is_finite(), "array_age", || format!("{age} s is no age"));
        problems.into_result(())
    }

    /// The arrays that hold the synapses of a granule, if any do, and which of the core's they are: 0 for
    /// those of the whole core, 1 and up for those of single granules.
    pub fn array_of(&self, granule: usize) -> Option<(u8, &ArrayParams)> {
        let own = self.granules[granule].array.as_ref().map(|array| (granule as u8 + 1, array));
        own.or(self.array.as_ref().map(|array| (0, array)))
    }

    /// Where the arrays of a granule are described.
    pub(super) fn array_path(&self, granule: usize) -> String {
        match self.array_of(granule) {
            Some((1.., _)) => format!("granules[{granule}].array"),
            _ => "array".to_owned(),
        }
    }

    /// Neurons and inputs that the arrays of a granule have room for; `None` where nothing limits them. A core
    /// that can hold more neurons than an array has outputs sets as many arrays side by side as those take, if
    /// there are so many, and uses the rest for more inputs.
    pub fn array_room(&self, granule: usize) -> Option<[u32; 2]> {
        let limits = self.array_of(granule)?.1.limits();
        let (outputs, arrays) = (limits.outputs.max(1), limits.arrays?);
        let neurons = self.granules[granule].neurons.unwrap_or(self.neurons).min(self.neurons);
        let across = neurons.div_ceil(outputs).clamp(1, arrays.max(1));
        Some([outputs.saturating_mul(across), limits.rows.saturating_mul(arrays / across)])
    }

    fn check_costs(&self, problems: &mut Problems) {
        check_cost(problems, "axon_in", self.axon_in);
        check_cost(problems, "axon_out", self.axon_out);
        if let Some(HopCosts { east, north, west, south }) = self.hops {
            for (name, cost) in [("east", east), ("north", north), ("west", west), ("south", south)] {
                check_cost(problems, &format!("hops.{name}"), cost);
            }
        }
        match &self.synchronisation {
            Synchronisation::Barrier(table) => {
                for (tiles, time) in table {
                    check_value(problems, &format!("synchronisation.barrier.{tiles}"), time.0);
                }
            }
            Synchronisation::Tick { period, .. } => {
                let path = "synchronisation.tick.period";
                check_value(problems, path, period.0);
                problems.require(period.0 > 0.0, path, || "a step takes some time".into());
            }
            Synchronisation::Free { period } => {
                let path = "synchronisation.free.period";
                check_value(problems, path, period.0);
                problems.require(period.0 > 0.0, path, || "a step takes some time".into());
            }
        }
    }

    fn check_granules(&self, problems: &mut Problems) {
        for (i, granule) in self.granules.iter().enumerate() {
            let path = |field: &str| format!("granules[{i}].{field}");
            let is_new = !self.granules[..i].iter().any(|other| other.name == granule.name);
            problems.require(is_new, &path("name"), || "this name is used twice".into());
            check_cost(problems, &path("synapse"), granule.synapse);
            check_cost(problems, &path("dendrite"), granule.dendrite);
            check_cost(problems, &path("weight_update"), granule.weight_update);
            check_cost(problems, &path("trace_update"), granule.trace_update);
            if let Some(SomaCost { access, update, spike }) = granule.soma {
                for (name, cost) in [("access", access), ("update", update), ("spike", spike)] {
                    check_cost(problems, &path(&format!("soma.{name}")), cost);
                }
            }
            problems.absorb(&path("array"), granule.array.as_ref().map_or(Ok(()), ArrayParams::validate));
            for (at, name) in granule.models.iter().enumerate() {
                if !NeuronModel::NAMES.contains(&name.as_str()) {
                    let message = format!("there is no neuron model `{name}`");
                    let problem = Problem::new(path(&format!("models[{at}]")), message);
                    let problem = problem.allowed(NeuronModel::NAMES.join(", "));
                    problems.push(problem.nearest(name, NeuronModel::NAMES.iter().copied()));
                }
            }
        }
    }
}

fn check_cost(problems: &mut Problems, path: &str, EventCost { energy, latency }: EventCost) {
    let (Joules(energy), Seconds(latency)) = (energy, latency);
    check_value(problems, &format!("{path}.energy"), energy);
    check_value(problems, &format!("{path}.latency"), latency);
}

fn check_value(problems: &mut Problems, path: &str, value: f64) {
    if !(0.0..=MAX_EVENT).contains(&value) {
        problems.push(
            Problem::new(path, format!("{value} is out of range")).allowed(format!("0 to {MAX_EVENT}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_barrier_is_looked_up_by_the_largest_entry_that_fits() {
        let yaml = "barrier: {1: 0.6 µs, 2: 1.0 µs, 29: 1.8 µs}";
        let sync: Synchronisation =
            serde_yaml::with::singleton_map::deserialize(serde_yaml::Deserializer::from_str(yaml)).unwrap();
        let micro = |tiles| (sync.barrier(tiles) * 1e7).round();
        assert_eq!([0, 1, 28, 29, 99].map(micro), [0.0, 6.0, 10.0, 18.0, 18.0]);
    }

    #[test]
    fn everything_out_of_range_is_named() {
        let params = CoreParams {
            per_tile: 0,
            neurons: 70_000,
            granules: vec![
                GranuleParams { models: vec!["lif-epx".into()], ..Default::default() },
                GranuleParams::default(),
            ],
            axon_in: EventCost { energy: Joules(-1.0), ..Default::default() },
            ..Default::default()
        };
        let problems = params.validate().unwrap_err().to_string();
        for expected in [
            "per_tile: 0 is out of range",
            "neurons: 70000 is out of range",
            "granules[0].models[0]: there is no neuron model `lif-epx`; allowed: ",
            "did you mean `lif-exp`?",
            "granules[1].name: this name is used twice",
            "axon_in.energy: -1 is out of range",
        ] {
            assert!(problems.contains(expected), "{expected}\nis not in\n{problems}");
        }
    }
}
