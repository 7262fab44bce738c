//! What the cores of a chip have done, in whole numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CoreId, RouterId};

/// Events of one core, or of several added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreCounts {
    /// Neurons updated, spikes sent among them, by soma cost: accesses, updates, spikes.
    pub soma: Vec<[u64; 3]>,
    /// Synaptic events by granule.
    pub synapse: Vec<u64>,
    /// Weights and traces that learning changed, by granule.
    pub learning: Vec<[u64; 2]>,
    /// Packets received.
    pub axon_in: u64,
    /// Packets sent.
    pub axon_out: u64,
    /// Hops of the packets sent: east, north, west, south; on networks without directions all are east.
    pub hops: [u64; 4],
    /// Packets that arrived after the step they were due in.
    pub late: u64,
    /// Packets that came to a core which was in an earlier step than their sender; only where cores run freely.
    pub early: u64,
}

impl CoreCounts {
    /// Nothing, for so many soma costs and granules.
    pub(super) fn new(costs: usize, granules: usize) -> Self {
        Self {
            soma: vec![[0; 3]; costs],
            synapse: vec![0; granules],
            learning: vec![[0; 2]; granules],
            ..Self::default()
        }
    }

    /// Adds the events of `other`.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.soma.iter_mut().zip(&other.soma) {
            (0..3).for_each(|event| own[event] += other[event]);
        }
        self.synapse.iter_mut().zip(&other.synapse).for_each(|(own, other)| *own += other);
        for (own, other) in self.learning.iter_mut().zip(&other.learning) {
            (0..2).for_each(|event| own[event] += other[event]);
        }
        self.axon_in += other.axon_in;
        self.axon_out += other.axon_out;
        self.hops.iter_mut().zip(other.hops).for_each(|(own, other)| *own += other);
        self.late += other.late;
        self.early += other.early;
    }

    /// What was counted since `before`, which was part of it.
    pub fn since(&self, before: &Self) -> Self {
        let mut counts = self.clone();
        for (own, before) in counts.soma.iter_mut().zip(&before.soma) {
            (0..3).for_each(|event| own[event] -= before[event]);
        }
        counts.synapse.iter_mut().zip(&before.synapse).for_each(|(own, before)| *own -= before);
        for (own, before) in counts.learning.iter_mut().zip(&before.learning) {
            (0..2).for_each(|event| own[event] -= before[event]);
        }
        counts.axon_in -= before.axon_in;
        counts.axon_out -= before.axon_out;
        counts.hops.iter_mut().zip(before.hops).for_each(|(own, before)| *own -= before);
        counts.late -= before.late;
        counts.early -= before.early;
        counts
    }

    /// Neurons that fired.
    pub fn spikes(&self) -> u64 {
        self.soma.iter().map(|soma| soma[2]).sum()
    }

    /// Neurons that were updated.
    pub fn updates(&self) -> u64 {
        self.soma.iter().map(|soma| soma[1]).sum()
    }

    /// Synaptic events.
    pub fn synaptic_events(&self) -> u64 {
        self.synapse.iter().sum()
    }

    /// Weights that learning read and changed.
    pub fn weight_updates(&self) -> u64 {
        self.learning.iter().map(|learning| learning[0]).sum()
    }

    /// Traces of learning that were moved.
    pub fn trace_updates(&self) -> u64 {
        self.learning.iter().map(|learning| learning[1]).sum()
    }

    /// Adds what learning changed in `granule`.
    pub(super) fn learn(&mut self, granule: u8, [weights, traces]: [u32; 2]) {
        let own = &mut self.learning[usize::from(granule)];
        own[0] += u64::from(weights);
        own[1] += u64::from(traces);
    }

    /// Hops in all directions.
    pub fn total_hops(&self) -> u64 {
        self.hops.iter().sum()
    }
}

/// What a step waited for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Critical {
    /// A core that was still at work: on its neurons, or on packets that it had received.
    Core(CoreId),
    /// Packets under way: the last of them found its core idle, and this link, from one router to another,
    /// carried the most flits of all.
    Link(RouterId, RouterId),
}

impl fmt::Display for Critical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(core) => write!(f, "core {core}"),
            Self::Link(from, to) => write!(f, "link {from} > {to}"),
        }
    }
}

/// What an array was used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrayUse {
    /// Steps in which its columns were read.
    pub reads: u64,
    /// Full drives of its rows.
    pub drives: u64,
}

/// What one step of the whole chip amounted to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepRecord {
    /// Number of the step.
    pub step: u64,
    /// What it took [s].
    pub seconds: f64,
    /// What it waited for last; nothing if nothing took any time.
    pub critical: Option<Critical>,
    /// What happened in it.
    pub counts: CoreCounts,
    /// Arrays that were read, by their number.
    pub arrays: Vec<(u32, ArrayUse)>,
}
