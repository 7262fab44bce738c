//! A chip as its host sees it.

use super::Chip;
use super::shard::Shard;
use crate::base::NeuronId;
use crate::network::{Activity, Halt, Machine};
use crate::neuron::Bank;

impl Chip {
    /// Gives the synapse at `position` of the memory another weight, as its core can hold it.
    pub(super) fn write_weight(&mut self, position: usize, weight: f64) {
        let packet = self.plan.packet_of(position);
        let core = usize::from(self.plan.fan[packet].core);
        let is_digital = self.plan.arrays.as_ref().is_none_or(|it| it.cell(&self.plan, position).is_none());
        let grain = self.plan.grain(core).filter(|_| is_digital);
        let weight = grain.map_or(weight, |grain| grain.round(weight)) + 0.0;
        let offset = position - self.plan.synapses(packet).start;
        match self.learner_of(core).and_then(|learner| learner.weight_mut(packet, offset)) {
            Some(own) => *own = weight,
            None => {
                self.plan.memory.set_weight(position, weight);
                self.changed.insert(position as u32, weight);
            }
        }
    }
}

impl Machine for Chip {
    fn next_step(&self) -> u64 {
        self.step
    }

    fn poke(&mut self, neuron: NeuronId, weight: f64) {
        let Some(&site) = self.plan.layout.site.get(neuron.index()) else { return };
        let core = self.plan.layout.core_of(site).index();
        let shard = &mut self.shards[usize::from(self.shard_of[core])];
        let first = self.plan.layout.input(core, site) as usize - shard.first_input;
        let step = self.free.as_ref().map_or(self.step, |free| free.next_step(core));
        let row = shard.arrivals.row(step);
        shard.arrivals.add_to(row, 0, core - shard.cores.start, first, 1)[0] += weight + 0.0;
        self.activity.synaptic_events += 1;
    }

    fn step(&mut self) -> Result<(), Halt> {
        match (&self.free, self.tick) {
            (Some(_), _) => self.step_freely(),
            (None, Some(tick)) => self.step_to_tick(tick)?,
            (None, None) => self.step_to_barrier()?,
        }
        self.step += 1;
        Ok(())
    }

    fn fired(&self) -> &[NeuronId] {
        &self.fired
    }

    fn values(&self) -> &[f64] {
        &self.values
    }

    fn read(&mut self, neuron: NeuronId, variable: usize) -> Option<f64> {
        self.activity.host_round_trips += 1;
        self.probe(neuron, variable)
    }

    fn write(&mut self, neuron: NeuronId, variable: usize, value: f64) -> bool {
        self.activity.host_round_trips += 1;
        let Some(&site) = self.plan.layout.site.get(neuron.index()) else { return false };
        let (bank, position) = self.plan.layout.bank_of(site);
        let shard = self.shard_at(site);
        let shard = &mut self.shards[shard];
        shard.banks[bank - shard.first_bank].write(variable, position, value)
    }

    fn set_weight(&mut self, index: usize, weight: f64) {
        self.activity.host_round_trips += 1;
        let position = self.plan.moved(index);
        if let Some(cell) = self.plan.arrays.as_ref().and_then(|arrays| arrays.cell(&self.plan, position)) {
            let packet = self.plan.packet_of(position);
            let offset = position - self.plan.synapses(packet).start;
            let before = match self.learner_of(cell.core).and_then(|it| it.weight_mut(packet, offset)) {
                Some(own) => std::mem::replace(own, weight + 0.0),
                None => {
                    let before = self.plan.memory.weight(position);
                    self.plan.memory.set_weight(position, weight + 0.0);
                    self.changed.insert(position as u32, weight + 0.0);
                    before
                }
            };
            let change = weight - before;
            let shard = usize::from(self.shard_of[cell.core]);
            self.shards[shard].arrays.change(cell, change);
            return;
        }
        self.write_weight(position, weight);
    }

    fn reset(&mut self) {
        self.activity.host_round_trips += 1;
        for shard in &mut self.shards {
            shard.banks.iter_mut().for_each(Bank::reset);
            shard.arrivals.reset();
            shard.arrays.forget();
            shard.learners.iter_mut().flatten().for_each(|learner| learner.reset());
        }
        if let Some(free) = &mut self.free {
            free.reset();
        }
        self.earned.fill(0.0);
        self.praise = 0.0;
    }

    fn activity(&self) -> Activity {
        self.activity
    }

    fn is_quiet(&self) -> bool {
        let waits = |shard: &Shard| shard.learners.iter().flatten().any(|learner| learner.is_waiting());
        let is_still = self.free.as_ref().is_none_or(|free| free.is_quiet());
        let is_quiet = |shard: &Shard| shard.arrivals.is_empty() && shard.arrays.is_quiet() && !waits(shard);
        is_still && self.shards.iter().all(is_quiet)
    }
}
