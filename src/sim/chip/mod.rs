//! A spiking network on the cores of a chip, step by step.
//!
//! ```text
//!   Net + Placement ──Layout──▶ sites, banks ──Plan──▶ packets, synapse memory
//!                                                           │
//!   step:  update cores ──▶ packets ──▶ deliver ──▶ arrivals of later steps     (Shard)
//!                              └──────▶ Clockwork: what the step took           (timing)
//! ```
//!
//! A step: every core updates its neurons in the order of their mapping, each with what is due in this step; a
//! neuron that fires sends one packet to each core that has a synapse of it, or one that is copied for all of
//! them; the packet is received (`axon_in`), each of its synapses is looked up and adds to what is due later. The cores then meet at a
//! barrier, or a clock begins the next step: then a packet can be late.
//!
//! Invariants: what neurons do depends on no thread, and with a barrier on no fidelity; a bench and a chip fire
//! the same spikes as long as sums of weights are exact; events are counted as whole numbers, core by core.
//!
//! Must not know: YAML, files, the wall clock, joules (it hands out counts and prices).
//!
//! Read [`Chip`] first, then `shard.rs`, the hot part.

mod arrays;
mod arrivals;
mod build;
mod copies;
mod counts;
mod drawing;
mod drive;
mod free;
mod grain;
mod haul;
mod hops;
mod inputs;
mod layout;
mod learning;
mod machine;
mod maker;
mod moved;
pub mod params;
mod parcel;
mod placement;
mod plan;
mod profile;
mod shard;
mod site;
mod snapshot;
mod steps;
mod teller;
#[cfg(test)]
mod tests;
mod timing;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{CoreId, NeuronId, Problems};
use crate::energy::CorePrices;
use crate::network::{Activity, Halt, Net};
use crate::neuron::Bank;
use crate::sim::Fidelity;

pub use arrays::{CoreArray, Programming};
pub use counts::{ArrayUse, CoreCounts, Critical, StepRecord};
pub use drive::{ChipEnding, DriveError, drive};
pub use haul::{Haul, HaulState, Hauled};
pub use hops::direction;
pub use params::{CoreParams, GranuleParams, HopCosts, Late, Synchronisation, TileOrder};
pub use placement::Placement;
pub use site::{Devices, Ground, Wires};

use arrays::Arrays;
use build::{cut, pool, prices, shard_of, shards, tiles_in_use};
use free::Free;
use layout::Layout;
use learning::Learner;
use parcel::LATEST;
use plan::Plan;
use shard::{Shape, Shard};
use teller::Teller;
use timing::Clockwork;

/// How to simulate a chip, as opposed to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// How closely the network on chip is simulated.
    pub fidelity: Fidelity,
    /// Seed of all random choices.
    pub seed: u64,
    /// Threads to use, up to 64; results do not depend on them.
    pub threads: usize,
}

/// A synapse that learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// The lesson that it belongs to, counted from 0.
    pub lesson: usize,
    /// The neuron that sends.
    pub source: NeuronId,
    /// The neuron that receives.
    pub target: NeuronId,
    /// Its weight.
    pub weight: f64,
}

/// A network on a chip.
#[derive(Debug)]
pub struct Chip {
    net: Net,
    seed: u64,
    step: u64,
    plan: Plan,
    prices: CorePrices,
    cores: usize,
    shard_of: Vec<u8>,
    axon_out: f64,
    barrier: f64,
    /// Where steps follow a clock: their length [s], and what becomes of late packets.
    tick: Option<(f64, Late)>,
    /// Where cores run freely: how far they are.
    free: Option<Box<Free>>,
    shards: Vec<Shard>,
    teller: Teller,
    /// Where there are several.
    threads: Option<Arc<rayon::ThreadPool>>,
    records: Option<Vec<StepRecord>>,
    seconds: f64,
    fired: Vec<NeuronId>,
    values: Vec<f64>,
    /// Neurons by bits, and what each emits: where those that fired are put in order.
    sorting: (Vec<u64>, Vec<f64>),
    activity: Activity,
    /// By lesson: the reward that comes in the next step from neurons; and all of it in this step.
    earned: Vec<f64>,
    rewards: Vec<f64>,
    /// Reward that comes in the next step from the host.
    praise: f64,
    /// Weights that the host has changed, by their position in the memory.
    changed: BTreeMap<u32, f64>,
}

impl Chip {
    /// `net` on the cores of a chip, at rest before step 1.
    ///
    /// # Errors
    /// A placement or synapses that do not fit, by how much; a fidelity that the chip does not allow.
    pub fn new(mut net: Net, placement: &Placement, ground: &Ground<'_>, how: How) -> Result<Self, Problems> {
        placement.check(&net, ground)?;
        let threads = how.threads.clamp(1, 64);
        let (models, each) = ground.params.synchronisation.crew(threads);
        let mut clockwork = Clockwork::new(how.fidelity, ground, each)?;
        let (layout, banks) = Layout::new(&net, placement, ground)?;
        let plan = Plan::new(&mut net, layout, ground)?;
        clockwork.expect(&plan)?;
        let params = ground.params;
        let free = match params.synchronisation {
            Synchronisation::Free { period } => {
                Some(Box::new(Free::new(period.0, how.fidelity, (&net, &plan, ground))?))
            }
            _ => None,
        };
        // Cores that run freely are taken one after the other.
        let threads = if free.is_some() { 1 } else { threads };
        let cuts = cut(&plan, threads);
        let tick = params.synchronisation.tick();
        let slack = if matches!(tick, Some((_, Late::Apply))) { LATEST as usize } else { 0 };
        let shape = Shape { shards: cuts.len() - 1, granules: params.granules.len(), slack };
        let pool = pool(threads)?;
        let arrays = Arrays::program((&net, &plan), ground, pool.as_ref())?;
        let mut shards = shards(&plan, &cuts, shape, (banks, arrays));
        let mut learners = learning::learners(&net, &plan, ground)?.into_iter();
        for shard in &mut shards {
            shard.learners = learners.by_ref().take(shard.cores.len()).collect();
        }
        let lessons = net.lessons.len();
        net.forget_parts();
        Ok(Self {
            seed: how.seed,
            step: 1,
            prices: prices(ground, &plan.layout),
            cores: ground.cores() as usize,
            shard_of: shard_of(&shards, ground.cores() as usize),
            axon_out: params.axon_out.latency.0,
            barrier: params.synchronisation.barrier(tiles_in_use(&plan.layout, ground)),
            tick,
            free,
            shards,
            teller: Teller::new(clockwork, models, &plan.latencies),
            threads: pool.map(Arc::new),
            records: None,
            seconds: 0.0,
            fired: Vec::new(),
            values: Vec::new(),
            sorting: (Vec::new(), Vec::new()),
            activity: Activity::default(),
            earned: vec![0.0; lessons],
            rewards: vec![0.0; lessons],
            praise: 0.0,
            changed: BTreeMap::new(),
            net,
            plan,
        })
    }

    /// The network, without its synapses and with the first part of each population alone: the others are in the cores.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Keeps a record of every step from now on; [`take_records`](Self::take_records) hands them out.
    pub fn keep_records(&mut self) {
        self.records.get_or_insert_default();
    }

    /// The records of the steps whose time is known by now, in order. The last steps may come later;
    /// [`settle`](Self::settle) sees to it.
    pub fn take_records(&mut self) -> Vec<StepRecord> {
        self.records.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Tells the time of the last steps, as far as that has not been done yet.
    ///
    /// # Errors
    /// The network could not go on in one of them.
    pub fn settle(&mut self) -> Result<(), Halt> {
        self.book_told(true)
    }

    /// Simulated time of all steps whose time is known [s]; all of them after [`settle`](Self::settle).
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// Neurons on `core`.
    pub fn neurons_on(&self, core: CoreId) -> u32 {
        self.plan.layout.first[core.index() + 1] - self.plan.layout.first[core.index()]
    }

    /// The core of `neuron`.
    pub fn core_of(&self, neuron: NeuronId) -> CoreId {
        self.plan.layout.core_of(self.plan.layout.site[neuron.index()])
    }

    /// The neurons of `core`.
    pub fn neurons_of(&self, core: CoreId) -> impl ExactSizeIterator<Item = NeuronId> + '_ {
        let sites = self.plan.layout.first[core.index()]..self.plan.layout.first[core.index() + 1];
        self.plan.layout.neuron[sites.start as usize..sites.end as usize].iter().map(|&it| NeuronId(it))
    }

    /// The cores that a spike of `neuron` goes to, ascending, in `cores`.
    pub fn fan_out(&self, neuron: NeuronId, cores: &mut Vec<CoreId>) {
        cores.clear();
        let Some(&site) = self.plan.layout.site.get(neuron.index()) else { return };
        self.plan.each_core_of(neuron, site, |core| cores.push(CoreId(core.into())));
    }

    /// What each core has done so far.
    pub fn counts(&self) -> impl Iterator<Item = &CoreCounts> {
        self.shards.iter().flat_map(|shard| &shard.counts)
    }

    /// A number that differs where neurons sit elsewhere, or are joined otherwise: what one chip has
    /// [saved](Self::save) goes with no other. To be asked for before the host changes any weight.
    pub fn fingerprint(&self) -> u64 {
        self.plan.fingerprint()
    }

    /// What the events that are counted cost.
    pub fn prices(&self) -> &CorePrices {
        &self.prices
    }

    /// The arrays that hold synapses, core by core.
    pub fn arrays(&self) -> impl Iterator<Item = &CoreArray> {
        self.shards.iter().flat_map(|shard| shard.arrays.iter())
    }

    /// Memory for synapses, packets and what is under way [bytes].
    pub fn bytes(&self) -> usize {
        let learning =
            |shard: &Shard| -> usize { shard.learners.iter().flatten().map(|learner| learner.bytes()).sum() };
        self.plan.bytes()
            + self
                .shards
                .iter()
                .map(|shard| shard.arrivals.bytes() + shard.letters.bytes() + learning(shard))
                .sum::<usize>()
    }

    /// Adds `amount` to the reward signal of all rules that know one, in the next step.
    pub fn reward(&mut self, amount: f64) {
        self.praise += amount;
    }

    /// The synapses that learn, lesson by lesson: source, target and present weight.
    pub fn learned(&self) -> Vec<Learned> {
        let learned = |lesson, &(source, target, position): &(u32, u32, u32)| Learned {
            lesson,
            source: NeuronId(source),
            target: NeuronId(target),
            weight: self.weight(position as usize),
        };
        let lessons = self.net.lessons.iter().enumerate();
        lessons.flat_map(|(number, it)| it.synapses.iter().map(move |it| learned(number, it))).collect()
    }

    /// The weight of the synapse at position `index` of the network.
    fn weight(&self, index: usize) -> f64 {
        let position = self.plan.moved(index);
        let packet = self.plan.packet_of(position);
        let offset = position - self.plan.synapses(packet).start;
        let core = usize::from(self.plan.fan[packet].core);
        let shard = &self.shards[usize::from(self.shard_of[core])];
        let learner = shard.learners.get(core - shard.cores.start).and_then(Option::as_deref);
        let own = learner.and_then(|learner| learner.weight(packet, offset));
        own.unwrap_or_else(|| self.plan.memory.weight(position))
    }

    fn learner_of(&mut self, core: usize) -> Option<&mut Learner> {
        let shard = &mut self.shards[usize::from(self.shard_of[core])];
        shard.learners.get_mut(core - shard.cores.start)?.as_deref_mut()
    }

    /// Value of variable number `variable` of `neuron`, for probes: no round trip of the host.
    pub fn probe(&self, neuron: NeuronId, variable: usize) -> Option<f64> {
        let (bank, position) = self.bank_of(neuron)?;
        bank.read(variable, position)
    }

    fn bank_of(&self, neuron: NeuronId) -> Option<(&Bank, usize)> {
        let &site = self.plan.layout.site.get(neuron.index())?;
        let (bank, position) = self.plan.layout.bank_of(site);
        let shard = &self.shards[self.shard_at(site)];
        Some((&shard.banks[bank - shard.first_bank], position))
    }

    fn shard_at(&self, site: u32) -> usize {
        usize::from(self.shard_of[self.plan.layout.core_of(site).index()])
    }
}
