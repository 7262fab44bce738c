//! What enters a bank in a step.

/// The network-wide numbers of a bank's neurons. They key random draws, so that a draw does not
/// depend on where a neuron is mapped.
#[derive(Clone, Copy, Debug)]
pub enum Ids<'a> {
    /// Neuron `i` of the bank has number `first + i`.
    From(u32),
    /// Neuron `i` of the bank has number `table[i]`.
    Table(&'a [u32]),
}

impl Ids<'_> {
    /// The number of the bank's neuron `index`.
    #[inline]
    pub fn of(&self, index: usize) -> u32 {
        match self {
            Ids::From(first) => first + index as u32,
            Ids::Table(table) => table[index],
        }
    }
}

/// What enters a bank in one step.
#[derive(Clone, Copy, Debug)]
pub struct StepInput<'a> {
    /// Number of the time-step. Sources compare it with the steps they are given; the convention of
    /// the whole crate is that the first step has number 1.
    pub step: u64,
    /// Seed of all random draws.
    pub seed: u64,
    /// The network-wide numbers of the neurons.
    pub ids: Ids<'a>,
    /// Per neuron the sum of what is due in this step on the first input channel, starting from
    /// [`NO_INPUT`](super::NO_INPUT); empty for a model without input channels.
    pub arrivals: &'a [f64],
    /// The same for the second channel; empty for a model with fewer.
    pub second: &'a [f64],
    /// The same for all taps of dendrites but those at the soma, neuron by neuron; empty where there are none.
    pub taps: &'a [f64],
}
