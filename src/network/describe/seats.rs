//! Where neurons are to sit.

use super::params::SeatParams;
use super::select::Selection;
use crate::base::{Problem, Problems};
use crate::network::{Net, Population};

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
