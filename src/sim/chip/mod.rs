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
//! neuron that fires sends one packet to each core that has a synapse of it; the packet is received
//! (`axon_in`), each of its synapses is looked up and adds to what is due later. The cores then meet at a
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
mod counts;
mod drive;
mod layout;
mod machine;
pub mod params;
mod placement;
mod plan;
mod shard;
mod site;
#[cfg(test)]
mod tests;
mod timing;

use rayon::prelude::*;

use crate::base::{CoreId, NeuronId, Problems};
use crate::energy::CorePrices;
use crate::network::{Activity, Halt, Net};
use crate::neuron::Bank;
use crate::sim::Fidelity;

pub use arrays::{CoreArray, Programming};
pub use counts::{ArrayUse, CoreCounts, StepRecord};
pub use drive::{ChipEnding, DriveError, drive};
pub use params::{CoreParams, GranuleParams, HopCosts, Late, Synchronisation, TileOrder};
pub use placement::Placement;
pub use site::{Devices, Ground, Wires};

use arrays::Arrays;
use layout::Layout;
use plan::Plan;
use shard::{LATEST, LOST, Moment, Parcel, Shape, Shard};
use timing::{Clockwork, Outbox};

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

/// A step whose time has not been told yet.
#[derive(Debug)]
struct Pending {
    record: StepRecord,
    outboxes: Vec<Outbox>,
}

/// A network on a chip.
#[derive(Debug)]
pub struct Chip {
    net: Net,
    seed: u64,
    step: u64,
    plan: Plan,
    prices: CorePrices,
    tiles: Vec<[u16; 2]>,
    shard_of: Vec<u8>,
    axon_out: f64,
    barrier: f64,
    /// Where steps follow a clock: their length [s], and what becomes of late packets.
    tick: Option<(f64, Late)>,
    shards: Vec<Shard>,
    clockwork: Clockwork,
    /// Where there are several.
    threads: Option<rayon::ThreadPool>,
    pending: Option<Pending>,
    spare: Vec<Outbox>,
    records: Option<Vec<StepRecord>>,
    seconds: f64,
    fired: Vec<NeuronId>,
    values: Vec<f64>,
    activity: Activity,
}

impl Chip {
    /// `net` on the cores of a chip, at rest before step 1.
    ///
    /// # Errors
    /// A placement or synapses that do not fit, by how much; a fidelity that the chip does not allow.
    pub fn new(mut net: Net, placement: &Placement, ground: &Ground<'_>, how: How) -> Result<Self, Problems> {
        placement.check(&net, ground)?;
        let clockwork = Clockwork::new(how.fidelity, ground)?;
        let (layout, banks) = Layout::new(&net, placement, ground)?;
        let plan = Plan::new(&mut net, layout, ground)?;
        let params = ground.params;
        let threads = how.threads.clamp(1, 64);
        let cuts = cut(&plan, threads);
        let tick = match params.synchronisation {
            Synchronisation::Tick { period, late } => Some((period.0, late)),
            Synchronisation::Barrier(_) => None,
        };
        let slack = if matches!(tick, Some((_, Late::Apply))) { LATEST as usize } else { 0 };
        let shape = Shape { shards: cuts.len() - 1, granules: params.granules.len(), slack };
        let pool = pool(threads)?;
        let arrays = match &pool {
            Some(pool) => pool.install(|| Arrays::program(&plan, ground)),
            None => Arrays::program(&plan, ground),
        };
        let shards = shards(&plan, &cuts, shape, (banks, arrays?));
        let mut shard_of = vec![0; ground.cores() as usize];
        for (index, shard) in shards.iter().enumerate() {
            shard_of[shard.cores.clone()].fill(index as u8);
        }
        Ok(Self {
            seed: how.seed,
            step: 1,
            prices: prices(params, &plan.layout),
            tiles: timing::tiles(ground),
            shard_of,
            axon_out: params.axon_out.latency.0,
            barrier: params.synchronisation.barrier(tiles_in_use(&plan.layout, ground)),
            tick,
            shards,
            clockwork,
            threads: pool,
            pending: None,
            spare: Vec::new(),
            records: None,
            seconds: 0.0,
            fired: Vec::new(),
            values: Vec::new(),
            activity: Activity::default(),
            net,
            plan,
        })
    }

    /// The network, without its synapses: those are in the cores.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Keeps a record of every step from now on; [`take_records`](Self::take_records) hands them out.
    pub fn keep_records(&mut self) {
        self.records.get_or_insert_default();
    }

    /// The records of the steps whose time is known by now, in order. The last step may come later, with
    /// several threads; [`settle`](Self::settle) sees to it.
    pub fn take_records(&mut self) -> Vec<StepRecord> {
        self.records.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Tells the time of the last step, if that has not been done yet.
    ///
    /// # Errors
    /// The network could not go on in that step.
    pub fn settle(&mut self) -> Result<(), Halt> {
        self.tell_pending()
    }

    /// Simulated time of all steps whose time is known [s]; all of them after [`settle`](Self::settle).
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.tiles.len()
    }

    /// Neurons on `core`.
    pub fn neurons_on(&self, core: CoreId) -> u32 {
        self.plan.layout.first[core.index() + 1] - self.plan.layout.first[core.index()]
    }

    /// The core of `neuron`.
    pub fn core_of(&self, neuron: NeuronId) -> CoreId {
        self.plan.layout.core_of(self.plan.layout.site[neuron.index()])
    }

    /// What each core has done so far.
    pub fn counts(&self) -> impl Iterator<Item = &CoreCounts> {
        self.shards.iter().flat_map(|shard| &shard.counts)
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
        self.plan.bytes() + self.shards.iter().map(|shard| shard.arrivals.bytes()).sum::<usize>()
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

    /// Advances all neurons.
    fn update(shards: &mut [Shard], moment: Moment<'_>) {
        match shards {
            [shard] => shard.update(moment),
            shards => shards.par_iter_mut().for_each(|shard| shard.update(moment)),
        }
    }

    /// Delivers what they have sent; `late` by shard and message, where anything can be.
    fn deliver(shards: &mut [Shard], moment: Moment<'_>, late: Option<&[Vec<u32>]>) {
        let sent: Vec<Vec<Vec<Parcel>>> =
            shards.iter_mut().map(|shard| std::mem::take(&mut shard.parcels)).collect();
        let take = |(index, shard): (usize, &mut Shard)| {
            for (from, sent) in sent.iter().enumerate() {
                let late = late.map(|late| late[from].as_slice());
                shard.deliver(&sent[index], moment.plan, moment.step, late);
            }
        };
        if let [shard] = shards {
            take((0, shard));
        } else {
            shards.par_iter_mut().enumerate().for_each(take);
        }
        shards.iter_mut().zip(sent).for_each(|(shard, parcels)| shard.parcels = parcels);
    }

    /// A step that ends when the clock says so: what is late is known before anything is delivered.
    fn step_by_clock(
        shards: &mut [Shard],
        clockwork: &mut Clockwork,
        moment: Moment<'_>,
        (period, policy): (f64, Late),
    ) -> Result<(), Halt> {
        Self::update(shards, moment);
        let mut done = Vec::new();
        let outboxes: Vec<&Outbox> = shards.iter().map(|shard| &shard.outbox).collect();
        clockwork.time(&outboxes, &moment.plan.profiles, Some(&mut done))?;
        let mut done = done.into_iter();
        let late_by = |done: f64| match ((done / period).floor(), policy) {
            (steps, _) if steps < 1.0 => 0,
            (_, Late::Drop) => LOST,
            (steps, Late::Apply) => (steps as u32).min(LATEST),
        };
        let late: Vec<Vec<u32>> =
            outboxes.iter().map(|outbox| done.by_ref().take(outbox.len()).map(late_by).collect()).collect();
        Self::deliver(shards, moment, Some(&late));
        Ok(())
    }

    /// A step that ends when everybody is done.
    fn step_to_barrier(&mut self) -> Result<(), Halt> {
        let pending = self.pending.take();
        let plan = &self.plan;
        let moment = moment(plan, &self.tiles, &self.shard_of, (self.axon_out, self.step, self.seed));
        let shards = &mut self.shards;
        let act = |shards: &mut [Shard]| {
            Self::update(shards, moment);
            Self::deliver(shards, moment, None);
        };
        let told = match &self.threads {
            None => {
                act(shards);
                None
            }
            Some(threads) => {
                // The time of a step is told while the next one is simulated.
                let clockwork = &mut self.clockwork;
                let last = pending.as_ref().map(|pending| &pending.outboxes);
                threads.install(|| {
                    rayon::join(|| last.map(|outboxes| tell(clockwork, outboxes, plan)), || act(shards)).0
                })
            }
        };
        if let Some((pending, seconds)) = pending.zip(told.transpose()?) {
            self.book(pending, seconds + self.barrier);
        }
        self.check_cores()?;
        let record = self.gather();
        let mut outboxes = std::mem::take(&mut self.spare);
        outboxes.resize_with(self.shards.len(), Outbox::default);
        let pairs = self.shards.iter_mut().zip(&mut outboxes);
        pairs.for_each(|(shard, spare)| std::mem::swap(&mut shard.outbox, spare));
        self.pending = Some(Pending { record, outboxes });
        if self.threads.is_none() {
            self.tell_pending()?;
        }
        Ok(())
    }

    /// A step that takes as long as the clock says.
    fn step_to_tick(&mut self, tick: (f64, Late)) -> Result<(), Halt> {
        let keys = (self.axon_out, self.step, self.seed);
        let moment = moment(&self.plan, &self.tiles, &self.shard_of, keys);
        let (shards, clockwork) = (&mut self.shards, &mut self.clockwork);
        match &self.threads {
            None => Self::step_by_clock(shards, clockwork, moment, tick)?,
            Some(threads) => threads.install(|| Self::step_by_clock(shards, clockwork, moment, tick))?,
        }
        self.check_cores()?;
        let record = self.gather();
        self.book(Pending { record, outboxes: Vec::new() }, tick.0);
        Ok(())
    }

    /// Whether all cores can go on.
    fn check_cores(&mut self) -> Result<(), Halt> {
        self.shards.iter_mut().find_map(|shard| shard.halt.take()).map_or(Ok(()), Err)
    }

    /// Tells the time of the last step, if that has not been done yet.
    fn tell_pending(&mut self) -> Result<(), Halt> {
        if let Some(pending) = self.pending.take() {
            let seconds = tell(&mut self.clockwork, &pending.outboxes, &self.plan)?;
            self.book(pending, seconds + self.barrier);
        }
        Ok(())
    }

    fn book(&mut self, pending: Pending, seconds: f64) {
        let Pending { mut record, outboxes } = pending;
        record.seconds = seconds;
        self.seconds += record.seconds;
        if let Some(records) = &mut self.records {
            records.push(record);
        }
        self.spare = outboxes;
    }

    /// Adds up what happened in the step that was just simulated.
    fn gather(&mut self) -> StepRecord {
        self.fired.clear();
        self.values.clear();
        let mut counts = CoreCounts::new(self.plan.layout.costs.len(), self.prices.synapse.len());
        for shard in &self.shards {
            counts.add(&shard.now);
            self.fired.extend_from_slice(&shard.fired);
            self.values.extend_from_slice(&shard.values);
        }
        if !self.fired.is_sorted() {
            let mut both: Vec<_> = self.fired.iter().copied().zip(self.values.iter().copied()).collect();
            both.sort_unstable_by_key(|&(neuron, _)| neuron);
            (self.fired, self.values) = both.into_iter().unzip();
        }
        self.activity.steps += 1;
        self.activity.spikes += counts.spikes();
        self.activity.updates += counts.updates();
        self.activity.synaptic_events += counts.synaptic_events();
        self.activity.late += counts.late;
        let arrays = self.arrays().enumerate().filter(|(_, array)| array.now().reads > 0);
        let arrays = arrays.map(|(number, array)| (number as u32, array.now())).collect();
        StepRecord { step: self.step, seconds: 0.0, counts, arrays }
    }
}

fn tell(clockwork: &mut Clockwork, outboxes: &[Outbox], plan: &Plan) -> Result<f64, Halt> {
    let outboxes: Vec<&Outbox> = outboxes.iter().collect();
    clockwork.time(&outboxes, &plan.profiles, None)
}

fn moment<'a>(
    plan: &'a Plan,
    tiles: &'a [[u16; 2]],
    shard_of: &'a [u8],
    (axon_out, step, seed): (f64, u64, u64),
) -> Moment<'a> {
    Moment { plan, tiles, shard_of, axon_out, step, seed }
}

/// Where one shard ends and the next begins: about as many neurons and synapses in each.
fn cut(plan: &Plan, shards: usize) -> Vec<usize> {
    let cores = plan.layout.walk.len();
    let mut weight = vec![0u64; cores];
    for (core, weight) in weight.iter_mut().enumerate() {
        *weight = u64::from(plan.layout.first[core + 1] - plan.layout.first[core]);
    }
    for packet in 0..plan.fan.len() - 1 {
        weight[usize::from(plan.fan[packet].core)] += plan.synapses(packet).len() as u64 / 16 + 1;
    }
    let total: u64 = weight.iter().sum();
    let (mut cuts, mut sum) = (vec![0], 0);
    for (core, weight) in weight.iter().enumerate() {
        if sum * shards as u64 >= total * cuts.len() as u64 && cuts.len() < shards && total > 0 {
            cuts.push(core);
        }
        sum += weight;
    }
    cuts.push(cores);
    cuts
}

fn shards(
    plan: &Plan,
    cuts: &[usize],
    shape: Shape,
    (mut banks, mut arrays): (Vec<Bank>, Arrays),
) -> Vec<Shard> {
    cuts.windows(2)
        .map(|cores| {
            let own = plan.layout.bank_first[cores[1]] - plan.layout.bank_first[cores[0]];
            let rest = banks.split_off(own as usize);
            let banks = std::mem::replace(&mut banks, rest);
            Shard::new(plan, cores[0]..cores[1], shape, banks, arrays.split_off(cores[1]))
        })
        .collect()
}

fn pool(threads: usize) -> Result<Option<rayon::ThreadPool>, Problems> {
    let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let failed = |error| Problems::one("threads", format!("cannot be started: {error}"));
    (threads > 1).then(build).transpose().map_err(failed)
}

fn tiles_in_use(layout: &Layout, ground: &Ground<'_>) -> u32 {
    let per_tile = usize::from(ground.params.per_tile);
    let used = |tile: &&[u32]| tile[0] != tile[tile.len() - 1];
    let tiles = (0..ground.cores() as usize / per_tile)
        .map(|tile| &layout.first[tile * per_tile..=(tile + 1) * per_tile]);
    tiles.filter(used).count() as u32
}

fn prices(params: &CoreParams, layout: &Layout) -> CorePrices {
    let hops = params.hops.unwrap_or_default().all();
    // What arrays do is priced by the arrays.
    let digital = |price: fn(&GranuleParams) -> f64| {
        let granules = params.granules.iter().enumerate();
        granules
            .map(|(at, granule)| if params.array_of(at).is_some() { 0.0 } else { price(granule) })
            .collect()
    };
    CorePrices {
        soma: layout
            .costs
            .iter()
            .map(|it| [it.access, it.update, it.spike].map(|cost| cost.energy.0))
            .collect(),
        synapse: digital(|granule| granule.synapse.energy.0),
        dendrite: digital(|granule| granule.dendrite.energy.0),
        axon_in: params.axon_in.energy.0,
        axon_out: params.axon_out.energy.0,
        hops: hops.map(|cost| cost.energy.0),
    }
}
