//! What a chip is made of: shards of about equal weight, threads, prices.

use super::arrays::Arrays;
use super::layout::Layout;
use super::params::GranuleParams;
use super::plan::Plan;
use super::shard::{Shape, Shard};
use super::site::Ground;
use crate::base::Problems;
use crate::energy::CorePrices;
use crate::neuron::Bank;

/// Where one shard ends and the next begins: about as many neurons and synapses in each.
pub(super) fn cut(plan: &Plan, shards: usize) -> Vec<usize> {
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

pub(super) fn shards(
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

/// By core: its shard.
pub(super) fn shard_of(shards: &[Shard], cores: usize) -> Vec<u8> {
    let mut owner = vec![0; cores];
    for (index, shard) in shards.iter().enumerate() {
        owner[shard.cores.clone()].fill(index as u8);
    }
    owner
}

pub(super) fn pool(threads: usize) -> Result<Option<rayon::ThreadPool>, Problems> {
    let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let failed = |error| Problems::one("threads", format!("cannot be started: {error}"));
    (threads > 1).then(build).transpose().map_err(failed)
}

pub(super) fn tiles_in_use(layout: &Layout, ground: &Ground<'_>) -> u32 {
    let per_tile = usize::from(ground.params.per_tile);
    let used = |tile: &&[u32]| tile[0] != tile[tile.len() - 1];
    let tiles = (0..ground.cores() as usize / per_tile)
        .map(|tile| &layout.first[tile * per_tile..=(tile + 1) * per_tile]);
    tiles.filter(used).count() as u32
}

pub(super) fn prices(ground: &Ground<'_>, layout: &Layout) -> CorePrices {
    let params = ground.params;
    let hops = match params.hops {
        Some(hops) => hops.all().map(|cost| cost.energy.0),
        None => ground.hop_energy(),
    };
    // What arrays do is priced by the arrays.
    let digital = |price: fn(&GranuleParams) -> f64| {
        let granules = params.granules.iter().enumerate();
        let price = |(at, granule)| if params.array_of(at).is_some() { 0.0 } else { price(granule) };
        granules.map(price).collect()
    };
    CorePrices {
        soma: layout
            .costs
            .iter()
            .map(|it| [it.access, it.update, it.spike].map(|cost| cost.energy.0))
            .collect(),
        synapse: digital(|granule| granule.synapse.energy.0),
        dendrite: digital(|granule| granule.dendrite.energy.0),
        learning: params
            .granules
            .iter()
            .map(|it| [it.weight_update, it.trace_update].map(|cost| cost.energy.0))
            .collect(),
        axon_in: params.axon_in.energy.0,
        axon_out: params.axon_out.energy.0,
        hops,
        leakage: params.leakage.map(|watts| watts.0),
        standing: ground.standing(),
    }
}
