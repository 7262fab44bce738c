//! Random connectivity. Every draw is keyed by the projection and the neuron it is made for, so that one
//! projection does not change another.

use crate::base::random::{Purpose, Stream};

/// The random streams of one projection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    pub seed: u64,
    /// Position of the projection.
    pub projection: u32,
}

/// What a stream of a projection is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    Pairs = 0,
    Weights = 1,
    Delays = 2,
}

impl Dice {
    /// The stream for neuron `neuron` of the projection.
    pub(super) fn stream(&self, neuron: u32, purpose: Use) -> Stream {
        let step = u64::from(self.projection) << 2 | purpose as u64;
        Stream::new(self.seed, Purpose::Connectivity, neuron, step)
    }
}

/// The successes among `count` trials of probability `probability`, ascending: gaps between them are
/// geometric, so that the time goes with the successes.
pub(super) fn successes(stream: &mut Stream, count: u32, probability: f64) -> Vec<u32> {
    if probability >= 1.0 {
        return (0..count).collect();
    }
    let mut found = Vec::new();
    if probability <= 0.0 {
        return found;
    }
    let scale = (-probability).ln_1p();
    let mut next = 0u64;
    loop {
        // 1 − u lies in (0, 1].
        let gap = ((1.0 - stream.unit()).ln() / scale).floor();
        if gap >= f64::from(count) {
            return found;
        }
        next += gap as u64;
        if next >= u64::from(count) {
            return found;
        }
        found.push(next as u32);
        next += 1;
    }
}
