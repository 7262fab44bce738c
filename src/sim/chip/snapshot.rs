//! The state of a chip between two steps, to go on from later: with any number of threads, to the same bytes.
//!
//! It holds what changes while a chip runs, core by core; what the chip is built from is not in it, and has to be the
//! same again ([`Chip::fingerprint`]).

use serde::de::Error as _;
use serde::{Deserialize, Serialize, Serializer};

use super::arrays::SavedArray;
use super::free;
use super::learning::SavedLearner;
use super::{Chip, CoreCounts};
use crate::base::bits;
use crate::network::{Activity, Halt};
use crate::neuron::Bank;

/// The state of one core.
#[derive(Serialize, Deserialize)]
struct SavedCore {
    /// JSON of each.
    banks: Vec<String>,
    arrivals: Vec<SavedRow>,
    counts: CoreCounts,
    learner: Option<SavedLearner>,
    #[serde(default)]
    arrays: Vec<SavedArray>,
}

/// What is due in some step: by channel and input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedRow {
    pub row: u32,
    #[serde(with = "bits")]
    pub first: Vec<f64>,
    #[serde(with = "bits")]
    pub second: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct SavedChip {
    step: u64,
    /// Time so far, and the host's reward.
    #[serde(with = "bits")]
    numbers: Vec<f64>,
    #[serde(with = "bits")]
    earned: Vec<f64>,
    activity: [u64; 6],
    /// Weights that the host has changed: position and bits.
    weights: Vec<(u32, u64)>,
    free: Option<free::State>,
    cores: Vec<SavedCore>,
}

/// A bank, to be written.
struct State<'a>(&'a Bank);

impl Serialize for State<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        self.0.save(sink)
    }
}

impl Chip {
    /// The chip's state as JSON on one line. Tells the time of the last steps first, if need be.
    ///
    /// # Errors
    /// The network could not go on in that step.
    pub fn save(&mut self) -> Result<String, Halt> {
        self.settle()?;
        let unwritten = |error: serde_json::Error| Halt(format!("the state cannot be written down: {error}"));
        let mut cores = Vec::with_capacity(self.cores);
        for core in 0..self.cores {
            cores.push(self.save_core(core).map_err(unwritten)?);
        }
        let Activity { steps, spikes, synaptic_events, updates, late, host_round_trips } = self.activity;
        let saved = SavedChip {
            step: self.step,
            numbers: vec![self.seconds, self.praise],
            earned: self.earned.clone(),
            activity: [steps, spikes, synaptic_events, updates, late, host_round_trips],
            weights: self.changed.iter().map(|(&position, weight)| (position, weight.to_bits())).collect(),
            free: self.free.as_ref().map(|free| free.state.clone()),
            cores,
        };
        serde_json::to_string(&saved).map_err(unwritten)
    }

    fn save_core(&self, core: usize) -> Result<SavedCore, serde_json::Error> {
        let shard = &self.shards[usize::from(self.shard_of[core])];
        let own = core - shard.cores.start;
        let layout = &self.plan.layout;
        let inputs = layout.inputs_of(core);
        let banks = layout.bank_first[core] as usize..layout.bank_first[core + 1] as usize;
        Ok(SavedCore {
            banks: banks
                .map(|bank| serde_json::to_string(&State(&shard.banks[bank - shard.first_bank])))
                .collect::<Result<_, _>>()?,
            arrivals: shard.arrivals.save(own, inputs.start - shard.first_input, inputs.len()),
            counts: shard.counts[own].clone(),
            learner: shard.learners.get(own).and_then(Option::as_ref).map(|learner| learner.save()),
            arrays: shard.arrays.of_core(core).iter().map(|array| array.save()).collect(),
        })
    }

    /// Takes back what [`save`](Self::save) gave, into a chip built from the same parts.
    ///
    /// # Errors
    /// It is no such text, or belongs to another chip or network; the chip is of no use then.
    pub fn load(&mut self, saved: &str) -> Result<(), String> {
        let saved: SavedChip = serde_json::from_str(saved).map_err(|error| error.to_string())?;
        let misfit = || "it does not fit the chip".to_owned();
        if saved.cores.len() != self.cores {
            return Err(misfit());
        }
        let [seconds, praise] = saved.numbers[..] else { return Err(misfit()) };
        if saved.earned.len() != self.earned.len() || saved.free.is_some() != self.free.is_some() {
            return Err(misfit());
        }
        self.teller.forget();
        (self.step, self.seconds, self.praise, self.earned) = (saved.step, seconds, praise, saved.earned);
        let [steps, spikes, synaptic_events, updates, late, host_round_trips] = saved.activity;
        self.activity = Activity { steps, spikes, synaptic_events, updates, late, host_round_trips };
        for (position, bits) in saved.weights {
            if position as usize >= self.plan.memory.len() {
                return Err(misfit());
            }
            self.write_weight(position as usize, f64::from_bits(bits));
        }
        for (core, saved) in saved.cores.into_iter().enumerate() {
            self.load_core(core, saved).map_err(|error| format!("core {core}: {error}"))?;
        }
        // What was counted before belongs to no step that is still to come.
        self.shards.iter_mut().for_each(|shard| _ = shard.count());
        if let Some((free, state)) = self.free.as_mut().zip(saved.free) {
            free.load(state).ok_or_else(misfit)?;
        }
        Ok(())
    }

    fn load_core(&mut self, core: usize, saved: SavedCore) -> Result<(), serde_json::Error> {
        let misfit = |what: &str| serde_json::Error::custom(format!("its {what} do not fit"));
        let shard = &mut self.shards[usize::from(self.shard_of[core])];
        let own = core - shard.cores.start;
        let layout = &self.plan.layout;
        let inputs = layout.inputs_of(core);
        let banks = layout.bank_first[core] as usize - shard.first_bank
            ..layout.bank_first[core + 1] as usize - shard.first_bank;
        if banks.len() != saved.banks.len() {
            return Err(misfit("neurons"));
        }
        for (bank, state) in shard.banks[banks].iter_mut().zip(&saved.banks) {
            bank.load(&mut serde_json::Deserializer::from_str(state))?;
        }
        if !shard.arrivals.load(own, inputs.start - shard.first_input, inputs.len(), &saved.arrivals) {
            return Err(misfit("arrivals"));
        }
        let counts = &mut shard.counts[own];
        let same = |own: usize, saved: usize| own == saved;
        if !same(counts.soma.len(), saved.counts.soma.len())
            || !same(counts.synapse.len(), saved.counts.synapse.len())
            || !same(counts.learning.len(), saved.counts.learning.len())
        {
            return Err(misfit("counts"));
        }
        *counts = saved.counts;
        let arrays = shard.arrays.of_core_mut(core);
        let is_same = arrays.len() == saved.arrays.len();
        if !is_same || arrays.iter_mut().zip(saved.arrays).any(|(own, saved)| own.load(saved).is_none()) {
            return Err(misfit("arrays"));
        }
        match (shard.learners.get_mut(own).and_then(Option::as_mut), saved.learner) {
            (Some(learner), Some(saved)) => match learner.load(saved) {
                true => Ok(()),
                false => Err(misfit("synapses that learn")),
            },
            (None, None) => Ok(()),
            _ => Err(misfit("synapses that learn")),
        }
    }
}
