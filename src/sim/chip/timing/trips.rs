//! How long packets take from node to node where they never meet.

use crate::base::NodeId;
use crate::noc::ideal::{Drawn, Ideal};

/// Pairs of nodes up to which ways are kept.
const MOST_PAIRS: usize = 1 << 25;

/// A way that has not been looked for yet, and one that there is not. Others are kept as cycles plus one.
const UNKNOWN: u32 = 0;
const NOWHERE: u32 = u32::MAX;

/// The ways between nodes, as far as packets have taken them.
#[derive(Clone, Debug)]
pub(super) struct Trips {
    pub(super) flits: u16,
    nodes: usize,
    /// By pair.
    kept: Vec<u32>,
}

impl Trips {
    /// None yet, of packets of so many flits between so many nodes; `None` if the nodes are too many.
    pub(super) fn new(nodes: usize, flits: u16) -> Option<Self> {
        let pairs = nodes.checked_mul(nodes).filter(|&pairs| pairs <= MOST_PAIRS)?;
        Some(Self { flits, nodes, kept: vec![UNKNOWN; pairs] })
    }

    /// Cycles from a packet's creation at `from` to its arrival; 0 within a node, `None` if it does not arrive.
    ///
    /// # Errors
    /// Routes are drawn.
    #[inline]
    pub(super) fn cycles(
        &mut self,
        network: &mut Ideal,
        from: NodeId,
        to: NodeId,
    ) -> Result<Option<u32>, Drawn> {
        if from == to {
            return Ok(Some(0));
        }
        let pair = from.index() * self.nodes + to.index();
        match self.kept[pair] {
            UNKNOWN => {}
            NOWHERE => return Ok(None),
            kept => return Ok(Some(kept - 1)),
        }
        let trip = network.trip(from, to, self.flits)?;
        let cycles = trip.map(|trip| u32::try_from(trip.cycles).unwrap_or(u32::MAX).min(NOWHERE - 2));
        self.kept[pair] = cycles.map_or(NOWHERE, |cycles| cycles + 1);
        Ok(cycles)
    }
}
