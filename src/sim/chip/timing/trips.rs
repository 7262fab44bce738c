//! How long packets take from node to node where they never meet.

use rayon::prelude::*;

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

    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// Follows packets from each node to those that `ends` names, on all threads; drawn routes are left out.
    pub(super) fn follow<E: Iterator<Item = NodeId>>(
        &mut self,
        network: &Ideal,
        ends: impl Fn(NodeId) -> E + Sync,
    ) {
        let flits = self.flits;
        self.kept.par_chunks_mut(self.nodes).enumerate().for_each(|(from, row)| {
            let from = NodeId::at(from);
            for to in ends(from).filter(|&to| to != from) {
                if row[to.index()] == UNKNOWN
                    && let Ok(kept) = look(network, (from, to), flits)
                {
                    row[to.index()] = kept;
                }
            }
        });
    }

    /// Cycles from a packet's creation at `from` to its arrival; 0 within a node, `None` if it does not arrive.
    ///
    /// # Errors
    /// Routes are drawn.
    #[inline]
    pub(super) fn cycles(&mut self, network: &Ideal, from: NodeId, to: NodeId) -> Result<Option<u32>, Drawn> {
        if from == to {
            return Ok(Some(0));
        }
        let pair = from.index() * self.nodes + to.index();
        if self.kept[pair] == UNKNOWN {
            self.kept[pair] = look(network, (from, to), self.flits)?;
        }
        match self.kept[pair] {
            NOWHERE => Ok(None),
            kept => Ok(Some(kept - 1)),
        }
    }
}

/// A way as it is kept.
fn look(network: &Ideal, (from, to): (NodeId, NodeId), flits: u16) -> Result<u32, Drawn> {
    let trip = network.trip(from, to, flits)?;
    Ok(trip.map_or(NOWHERE, |trip| u32::try_from(trip.cycles).unwrap_or(u32::MAX).min(NOWHERE - 2) + 1))
}
