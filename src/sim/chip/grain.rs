//! The precision of weights: whole multiples of a power of two that all synapses of a core share.

use super::layout::Layout;
use super::plan::in_memory;
use super::site::Ground;
use crate::network::SynapseColumns;
use crate::synapse::Weights;

/// The weights that the synapses of a core can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grain {
    /// Distance between two of them.
    pub step: f64,
    /// Multiples of it up to which they go.
    pub most: f64,
}

impl Grain {
    /// The finest grain in which weights up to `largest` fit into `bits` bits with sign (one bit: the sign
    /// alone, at the magnitude's power of two).
    pub(super) fn new(largest: f64, bits: u8) -> Self {
        let most = ((1u64 << (bits - 1)) - 1).max(1) as f64;
        let step = if largest > 0.0 { (largest / most).log2().ceil().exp2() } else { 1.0 };
        Self { step, most }
    }

    /// The nearest of the weights.
    #[inline]
    pub(super) fn round(self, weight: f64) -> f64 {
        (weight / self.step).round().clamp(-self.most, self.most) * self.step + 0.0
    }
}

/// The grain of each core, such that the weights of its synapses fit, and what they learn up to `reach`; arrays have a
/// precision of their own. `core` says by neuron where it sits.
pub(super) fn grains(
    synapses: &SynapseColumns,
    (layout, core, ground): (&Layout, &[u16], &Ground<'_>),
    reach: &[f64],
    bits: u8,
) -> Vec<Grain> {
    let mut largest = reach.to_vec();
    let targets = synapses.target.iter().enumerate();
    for (index, &target) in targets.filter(|&(_, &target)| in_memory(target, layout, ground)) {
        let largest = &mut largest[usize::from(core[target as usize])];
        *largest = largest.max(synapses.weight.at(index).abs());
    }
    largest.into_iter().map(|largest| Grain::new(largest, bits)).collect()
}

/// The weights, each as its core holds it.
pub(super) fn rounded(
    synapses: &SynapseColumns,
    (layout, core, ground): (&Layout, &[u16], &Ground<'_>),
    grains: &[Grain],
) -> Weights {
    let round = |(index, &target): (usize, &u32)| {
        let weight = synapses.weight.at(index);
        match in_memory(target, layout, ground) {
            true => grains[usize::from(core[target as usize])].round(weight),
            false => weight,
        }
    };
    Weights::new(synapses.target.iter().enumerate().map(round))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weight_fits_and_half_of_it_would_not_need_the_step() {
        for (largest, bits, step) in [(7.0, 4, 1.0), (7.1, 4, 2.0), (1.0, 8, 1.0 / 64.0), (0.75, 1, 1.0)] {
            let grain = Grain::new(largest, bits);
            assert_eq!(grain.step, step, "{largest} in {bits} bits");
        }
        let grain = Grain::new(7.0, 4);
        assert_eq!([2.4, 2.6, -9.0].map(|weight| grain.round(weight)), [2.0, 3.0, -7.0]);
    }
}
