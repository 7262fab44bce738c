//! A finished mapping, and how it is written down.

use crate::base::{CoreId, NeuronId, Problem, Problems};
use crate::network::Net;
use crate::network::describe::{Seat, SeatParams};

/// Where every neuron goes. Immutable; neurons of a core stand in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    core_of: Vec<CoreId>,
    /// Start of each core's neurons; one more entry than cores.
    first: Vec<u32>,
    neurons: Vec<NeuronId>,
}

impl Placement {
    /// Neuron i on core `core_of[i]`, on a chip with `cores` cores, all of which are below that number.
    pub(super) fn new(core_of: Vec<CoreId>, cores: usize) -> Self {
        let mut first = vec![0u32; cores + 1];
        core_of.iter().for_each(|core| first[core.index() + 1] += 1);
        (0..cores).for_each(|core| first[core + 1] += first[core]);
        let mut next = first.clone();
        let mut neurons = vec![NeuronId(0); core_of.len()];
        for (neuron, core) in core_of.iter().enumerate() {
            let at = &mut next[core.index()];
            neurons[*at as usize] = NeuronId::at(neuron);
            *at += 1;
        }
        Self { core_of, first, neurons }
    }

    /// Neuron i on core `core_of[i]`, on a chip with `cores` cores.
    ///
    /// # Errors
    /// Cores that the chip does not have, at `core_of[i]`.
    pub fn from_cores(core_of: Vec<CoreId>, cores: usize) -> Result<Self, Problems> {
        let wrong = core_of.iter().enumerate().filter(|(_, core)| core.index() >= cores);
        let problems = wrong.take(20).map(|(i, core)| {
            Problem::new(format!("core_of[{i}]"), format!("there is no core {core}"))
                .allowed(format!("0 to {}", cores.saturating_sub(1)))
        });
        Problems(problems.collect()).into_result(())?;
        Ok(Self::new(core_of, cores))
    }

    /// By neuron: its core.
    pub fn core_of(&self) -> &[CoreId] {
        &self.core_of
    }

    /// The neurons of `core`, in the order in which the core holds them.
    pub fn neurons(&self, core: CoreId) -> &[NeuronId] {
        &self.neurons[self.first[core.index()] as usize..self.first[core.index() + 1] as usize]
    }

    /// Number of cores of the chip.
    pub fn cores(&self) -> usize {
        self.first.len() - 1
    }

    /// The place of `neuron` among the neurons of its core.
    pub fn position(&self, neuron: NeuronId) -> u32 {
        let core = self.core_of[neuron.index()];
        self.neurons(core).partition_point(|&other| other < neuron) as u32
    }

    /// The mapping as a workload says it under `network.mapping`: core by core, ranges of neurons. Reading it
    /// back gives the same mapping, and so does an edited one after its own fashion.
    pub fn seats(&self, net: &Net) -> Vec<SeatParams> {
        let mut seats = Vec::new();
        for core in (0..self.cores()).map(CoreId::at) {
            let mut rest = self.neurons(core);
            while let Some((&first, _)) = rest.split_first() {
                let Some((population, at)) = net.place(first) else { break };
                let room = (population.span.len - at) as usize;
                let follows = |(i, neuron): (usize, &NeuronId)| neuron.0 == first.0 + i as u32;
                let count = rest.iter().take(room).enumerate().take_while(|&it| follows(it)).count();
                let neurons = match (count, at, at + count as u32 - 1) {
                    (count, ..) if count == population.span.len as usize => population.name.clone(),
                    (1, only, _) => format!("{}[{only}]", population.name),
                    (_, from, to) => format!("{}[{from}..{to}]", population.name),
                };
                seats.push(SeatParams { neurons, core: core.0, granule: None });
                rest = &rest[count..];
            }
        }
        seats
    }

    /// The mapping that `seats` ask for, of `neurons` neurons on a chip with `cores` cores.
    ///
    /// # Errors
    /// Cores that the chip does not have (`mapping[i].core`), neurons without a seat.
    pub fn of_seats(seats: &[Seat], neurons: u32, cores: usize) -> Result<Self, Problems> {
        const NONE: u32 = u32::MAX;
        let mut problems = Problems::new();
        let mut core_of = vec![CoreId(NONE); neurons as usize];
        for (i, seat) in seats.iter().enumerate() {
            problems.require((seat.core as usize) < cores, &format!("mapping[{i}].core"), || {
                format!("there is no core {}: the chip has {cores}", seat.core)
            });
            seat.neurons.span.iter().for_each(|neuron| core_of[neuron.index()] = CoreId(seat.core));
        }
        let missing = core_of.iter().filter(|core| core.0 == NONE).count();
        problems.require(missing == 0, "mapping", || format!("{missing} neurons have no core"));
        problems.into_result(())?;
        Self::from_cores(core_of, cores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::describe::NetworkParams;

    const NETWORK: &str = "
populations:
  - {name: a, neurons: 5, model: integrate-fire}
  - {name: b, neurons: 3, model: integrate-fire}
";

    fn network(mapping: &[SeatParams]) -> NetworkParams {
        let params: NetworkParams = serde_yaml::from_str(NETWORK).unwrap();
        NetworkParams { mapping: mapping.to_vec(), ..params }
    }

    #[test]
    fn a_mapping_reads_back_as_it_was_written() {
        let cores = [2, 2, 0, 0, 2, 2, 3, 0].map(CoreId).to_vec();
        let placement = Placement::from_cores(cores, 4).unwrap();
        let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let net = network(&[]).compile(&files, 1).unwrap().net;
        let seats = placement.seats(&net);
        let written: Vec<_> = seats.iter().map(|seat| (seat.core, seat.neurons.as_str())).collect();
        let expected = [(0, "a[2..3]"), (0, "b[2]"), (2, "a[0..1]"), (2, "a[4]"), (2, "b[0]"), (3, "b[1]")];
        assert_eq!(written, expected);
        let again = network(&seats).compile(&files, 1).unwrap();
        assert_eq!(Placement::of_seats(&again.seats, 8, 4).unwrap(), placement);
        assert_eq!(placement.position(NeuronId(5)), 3);
        let found = Placement::of_seats(&again.seats, 8, 3).unwrap_err().to_string();
        assert_eq!(found, "mapping[5].core: there is no core 3: the chip has 3");
    }
}
