//! Where neurons are to sit, relays among them.

use super::compile::Files;
use super::params::{NetworkParams, SeatParams};
use super::select::Selection;
use crate::base::{Problem, Problems};
use crate::network::{Net, Population, RELAYS};

/// Neurons that are to sit on a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which neurons.
    pub neurons: Selection,
    /// Their core.
    pub core: u32,
    /// The granule that was asked for.
    pub granule: Option<String>,
}

/// A description that has been read.
#[derive(Clone, Debug)]
pub struct Described {
    /// The network.
    pub net: Net,
    /// The mapping that was asked for; empty if none was.
    pub seats: Vec<Seat>,
}

impl NetworkParams {
    /// Makes the network for a chip with delays of at most `longest` steps: with relays, if they are wanted, for what takes
    /// longer.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile), and delays that relays cannot pass on.
    pub fn compile_for(&self, longest: u16, files: Files<'_>, seed: u64) -> Result<Described, Problems> {
        if !self.relays {
            return self.compile(files, seed);
        }
        // A mapping may name relays, which are only known once there are any.
        let is_whole =
            self.mapping.iter().any(|seat| seat.neurons.split('[').next().map(str::trim) == Some(RELAYS));
        let seats = if is_whole { &[] } else { self.mapping.as_slice() };
        let Described { net, seats } = self.compile_seats(seats, files, seed)?;
        let net = net.relayed(longest)?;
        let seats =
            if is_whole { read_seats(&self.mapping, &net.populations)? } else { with_relays(seats, &net) };
        Ok(Described { net, seats })
    }
}

/// `seats`, if there are any, and the relays of each neuron on its core.
fn with_relays(mut seats: Vec<Seat>, net: &Net) -> Vec<Seat> {
    let population = net.populations.len() - 1;
    let sources = seats.iter().flat_map(|seat| seat.neurons.span.iter().map(|source| (source, seat.core)));
    let relays = sources.map(|(source, core)| (net.relays_of(source), core)).filter(|(span, _)| span.len > 0);
    let seat = |(span, core)| Seat { neurons: Selection { population, span }, core, granule: None };
    let relays: Vec<Seat> = relays.map(seat).collect();
    seats.extend(relays);
    seats
}

/// Reads seats, which must hold every neuron of `populations` once.
///
/// # Errors
/// Unknown neurons (`mapping[i].neurons`), neurons with no seat or several.
pub fn read_seats(list: &[SeatParams], populations: &[Population]) -> Result<Vec<Seat>, Problems> {
    let mut problems = Problems::new();
    let mut seats = Vec::with_capacity(list.len());
    let mut count = vec![0u32; populations.iter().map(|it| it.span.len as usize).sum()];
    for (i, seat) in list.iter().enumerate() {
        let path = format!("mapping[{i}].neurons");
        let Some(neurons) = problems.absorb(&path, Selection::read(&seat.neurons, populations)) else {
            continue;
        };
        neurons.span.iter().for_each(|neuron| count[neuron.index()] += 1);
        seats.push(Seat { neurons, core: seat.core, granule: seat.granule.clone() });
    }
    if let (false, Some(wrong)) = (seats.is_empty(), count.iter().position(|&count| count != 1)) {
        let times = count[wrong];
        let message = format!("neuron {wrong} is placed {times} times; all are to be placed once, or none");
        problems.push(Problem::new("mapping", message));
    }
    problems.into_result(seats)
}
