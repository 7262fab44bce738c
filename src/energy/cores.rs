//! What cores spend: counted events times prices.

use super::{Component, Energy, Prices};

/// What the events of a chip's cores cost [J].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CorePrices {
    /// By kind of soma: access, update, spike.
    pub soma: Vec<[f64; 3]>,
    /// A synaptic event, by granule.
    pub synapse: Vec<f64>,
    /// Adding it up for its neuron, by granule.
    pub dendrite: Vec<f64>,
    /// Changing a weight that learns, moving a trace, by granule.
    pub learning: Vec<[f64; 2]>,
    /// Receiving a packet.
    pub axon_in: f64,
    /// Sending a packet.
    pub axon_out: f64,
    /// A hop, by direction.
    pub hops: [f64; 4],
    /// What a core with neurons takes whether or not anything happens in it [W].
    pub leakage: Option<f64>,
    /// What the network takes whether or not anything happens in it, by component [W].
    pub standing: Vec<(&'static str, f64)>,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub struct CoreEvents<'a> {
    /// By kind of soma: accesses, updates, spikes.
    pub soma: &'a [[u64; 3]],
    /// Synaptic events by granule.
    pub synapse: &'a [u64],
    /// Weights and traces that learning changed, by granule.
    pub learning: &'a [[u64; 2]],
    /// Packets received.
    pub axon_in: u64,
    /// Packets sent.
    pub axon_out: u64,
    /// Hops of the packets sent, by direction; none where the network's energy is accounted for elsewhere.
    pub hops: [u64; 4],
}

/// Where energy went, by component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreEnergy {
    /// Accessing, updating and firing neurons.
    pub soma: Energy,
    /// Looking up synapses.
    pub synapse: Energy,
    /// Adding up for neurons.
    pub dendrite: Energy,
    /// Changing weights and traces by learning.
    pub learning: Energy,
    /// Receiving packets.
    pub axon_in: Energy,
    /// Sending packets.
    pub axon_out: Energy,
    /// Hops.
    pub hop: Energy,
}

impl CoreEnergy {
    /// Names and energies of the components, in order.
    pub fn components(&self) -> [(&'static str, Energy); 7] {
        [
            ("soma", self.soma),
            ("synapse", self.synapse),
            ("dendrite", self.dendrite),
            ("learning", self.learning),
            ("axon_in", self.axon_in),
            ("axon_out", self.axon_out),
            ("core_hop", self.hop),
        ]
    }

    /// All of it.
    pub fn total(&self) -> Energy {
        self.components().into_iter().map(|(_, energy)| energy).sum()
    }

    /// Packets and their way: axons and hops.
    pub fn network(&self) -> Energy {
        self.axon_in + self.axon_out + self.hop
    }
}

impl std::ops::AddAssign for CoreEnergy {
    fn add_assign(&mut self, other: Self) {
        self.soma += other.soma;
        self.synapse += other.synapse;
        self.dendrite += other.dendrite;
        self.learning += other.learning;
        self.axon_in += other.axon_in;
        self.axon_out += other.axon_out;
        self.hop += other.hop;
    }
}

impl Prices {
    /// What a flit spends on leaving `router` over `link`: written into a buffer, read, arbitrated for, taken across
    /// the crossbar and over the link [J]. Parts without a figure count nothing.
    pub fn flit_hop(&self, router: usize, link: usize) -> f64 {
        let ports = self.ports.get(router).copied().unwrap_or(0);
        let inside = self.routers.get(usize::from(ports)).copied().unwrap_or_default();
        let parts = [inside.write, inside.read, inside.crossbar, inside.arbitration];
        let outside = self.links.get(link).map_or([None; 2], |it| [it.hop, it.flit.map(|flit| flit.1)]);
        parts.into_iter().chain(outside).flatten().sum()
    }

    /// What routers and links take whether or not anything happens in them [W]: clocks and leakage, as far as there are
    /// figures for them.
    pub fn standing(&self) -> Vec<(&'static str, f64)> {
        let routers = self.ports.iter().filter(|&&ports| ports > 0);
        let routers = routers.filter_map(|&ports| self.routers.get(usize::from(ports)));
        let sum = |figures: &mut dyn Iterator<Item = f64>| figures.reduce(|sum, watts| sum + watts);
        let parts = [
            (
                Component::Clock,
                sum(&mut routers.clone().filter_map(|it| it.clock).map(|it| it * self.clock_hz)),
            ),
            (Component::RouterLeakage, sum(&mut routers.filter_map(|it| it.leakage))),
            (Component::LinkLeakage, sum(&mut self.links.iter().filter_map(|it| it.leakage))),
        ];
        parts.into_iter().filter_map(|(part, watts)| Some((part.name(), watts?))).collect()
    }
}

impl CorePrices {
    /// The energy that is spent in so many seconds whether or not anything happens, with `cores` cores that hold
    /// neurons, by component [J].
    pub fn at_rest(&self, seconds: f64, cores: usize) -> Vec<(&'static str, f64)> {
        let own = self.leakage.map(|watts| ("core_leakage", watts * cores as f64));
        own.into_iter()
            .chain(self.standing.iter().copied())
            .map(|(name, watts)| (name, watts * seconds))
            .collect()
    }

    /// The energy of what was counted. Each product is rounded to a whole quantum, so that the parts of a
    /// chip that was counted core by core add up to its total.
    pub fn energy(&self, events: &CoreEvents<'_>) -> CoreEnergy {
        let sum = |counts: &[u64], prices: &[f64]| -> Energy {
            counts.iter().zip(prices).map(|(&count, &price)| Energy::of(count, price)).sum()
        };
        CoreEnergy {
            soma: events.soma.iter().zip(&self.soma).map(|(counts, prices)| sum(counts, prices)).sum(),
            synapse: sum(events.synapse, &self.synapse),
            dendrite: sum(events.synapse, &self.dendrite),
            learning: events
                .learning
                .iter()
                .zip(&self.learning)
                .map(|(counts, prices)| sum(counts, prices))
                .sum(),
            axon_in: Energy::of(events.axon_in, self.axon_in),
            axon_out: Energy::of(events.axon_out, self.axon_out),
            hop: sum(&events.hops, &self.hops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_add_up_to_the_chip() {
        let prices = CorePrices {
            soma: vec![[51.2e-12, 21.6e-12, 69.3e-12]],
            synapse: vec![35.5e-12],
            dendrite: vec![0.5e-12],
            learning: vec![[120e-12, 0.0]],
            axon_in: 1e-12,
            axon_out: 111e-12,
            hops: [3.0e-12, 4.2e-12, 3.0e-12, 4.2e-12],
            leakage: Some(1e-3),
            standing: vec![("clock", 2e-3)],
        };
        assert_eq!(prices.at_rest(0.5, 4), [("core_leakage", 2e-3), ("clock", 1e-3)]);
        let events = |n: u64| CoreEvents {
            soma: &[[100, 7, 3]],
            synapse: &[41],
            learning: &[[2, 9]],
            axon_in: n,
            axon_out: 5,
            hops: [n, 2, 0, 1],
        };
        let mut sum = CoreEnergy::default();
        (1..4).for_each(|n| sum += prices.energy(&events(n)));
        let parts: Energy = sum.components().into_iter().map(|(_, energy)| energy).sum();
        assert_eq!(sum.total(), parts);
        let by_hand = 3.0
            * (5120.0 + 7.0 * 21.6 + 3.0 * 69.3 + 41.0 * 36.0 + 2.0 * 120.0 + 5.0 * 111.0 + 3.0 * 4.2)
            + 6.0 * 4.0;
        assert!((sum.total().joules() / (by_hand * 1e-12) - 1.0).abs() < 1e-12);
    }
}
