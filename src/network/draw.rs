//! Random draws of connectivity. Every draw is keyed by the projection and the neuron it is made for, so that
//! one projection does not change another.

use crate::base::random::{Purpose, Stream};

/// The random streams of one projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dice {
    /// Seed of the network.
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
    #[inline]
    pub(super) fn stream(&self, neuron: u32, purpose: Use) -> Stream {
        let step = u64::from(self.projection) << 2 | purpose as u64;
        Stream::new(self.seed, Purpose::Connectivity, neuron, step)
    }
}

/// The successes among some trials of one probability, ascending: gaps between them are geometric, so that
/// the time goes with the successes.
#[derive(Debug)]
pub(super) struct Successes {
    stream: Stream,
    /// The next trial, and their number.
    next: u64,
    count: u32,
    /// ln(1 − p); 0 for impossible successes, −∞ for certain ones.
    scale: f64,
}

impl Successes {
    pub(super) fn new(stream: Stream, count: u32, probability: f64) -> Self {
        let scale = if probability >= 1.0 { f64::NEG_INFINITY } else { (-probability.max(0.0)).ln_1p() };
        Self { stream, next: 0, count, scale }
    }
}

impl Iterator for Successes {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.scale == 0.0 {
            return None;
        }
        if self.scale > f64::NEG_INFINITY {
            // 1 − u lies in (0, 1].
            let gap = ((1.0 - self.stream.unit()).ln() / self.scale).floor();
            if gap >= f64::from(self.count) {
                self.next = u64::from(self.count);
            } else {
                self.next += gap as u64;
            }
        }
        if self.next >= u64::from(self.count) {
            self.scale = 0.0;
            return None;
        }
        self.next += 1;
        Some((self.next - 1) as u32)
    }
}
