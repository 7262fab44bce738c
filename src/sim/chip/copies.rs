//! One packet for all cores that a neuron sends to: routers copy it where its ways part.
//!
//! A spike is one packet, whatever the number of its cores. Nodes other than the sender's get it by a multicast tree, or, if
//! it is one node, as any other packet; each node hands it to all of its cores that have synapses of the neuron. What
//! stays on the sender's node does not enter the network, as without copies.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::drawing::Drawing;
use super::hops::{Hops, direction};
use super::layout::Layout;
use super::plan::FanOut;
use super::site::{Ground, Wires};
use crate::base::{CoreId, NeuronId, NodeId, Problem, Problems};
use crate::noc::multicast::{Leg, Multicast, TreeTable};

/// No tree: nothing leaves the node, or it goes to one other node.
pub(super) const NO_TREE: u32 = u32::MAX;

/// Most nodes that trees lead to, all together.
const MOST_ENDS: usize = 1 << 28;

/// Most problems that are reported.
const MOST: usize = 20;

/// The trees that the spikes of a chip follow.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    pub table: Arc<TreeTable>,
    /// By site.
    tree: Vec<u32>,
    /// By tree: its links.
    hops: Vec<Hops>,
}

impl Copies {
    /// The trees of all neurons, if the chip copies packets.
    ///
    /// # Errors
    /// A chip of whose network nothing is known; nodes that cannot be reached; trees beyond all bounds.
    pub(super) fn new(
        layout: &Layout,
        fan: (&[u32], &[FanOut]),
        drawing: Option<&Drawing>,
        ground: &Ground<'_>,
    ) -> Result<Option<Self>, Problems> {
        if !ground.params.multicast {
            return Ok(None);
        }
        let Some(Wires { health, routing, .. }) = ground.wires else {
            return Err(Problems::one("multicast", "nothing is known of the network on chip"));
        };
        let (tree, list) = trees(layout, fan, drawing, ground)?;
        let table = TreeTable::build(ground.fabric, health, routing, &list)?;
        let mut problems = Problems::new();
        let missing =
            (0..list.len() as u32).filter_map(|number| table.tree(number)).filter(|it| it.missed > 0);
        for it in missing.take(MOST) {
            let message =
                format!("the routing finds no way from node {} to {} of its nodes", it.src, it.missed);
            problems.push(Problem::new("multicast", message));
        }
        let hops = (0..list.len() as u32).map(|number| hops(&table, number, ground)).collect();
        problems.into_result(Some(Self { table: Arc::new(table), tree, hops }))
    }

    /// The tree of the neuron at `site`, or [`NO_TREE`].
    #[inline]
    pub(super) fn of(&self, site: u32) -> u32 {
        self.tree[site as usize]
    }

    /// The hops of its packet, if it follows a tree.
    pub(super) fn hops(&self, site: u32) -> Option<Hops> {
        self.hops.get(self.of(site) as usize).copied()
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        self.table.bytes() + size_of::<u32>() * self.tree.len() + size_of::<Hops>() * self.hops.len()
    }
}

/// The nodes of some cores, which are ascending: each once.
pub(super) fn nodes<'a>(
    cores: impl Iterator<Item = u16> + 'a,
    ground: &'a Ground<'_>,
) -> impl Iterator<Item = NodeId> + 'a {
    let mut last = None;
    let node = cores.map(|core| ground.node(CoreId(core.into())));
    node.filter(move |&node| last.replace(node) != Some(node))
}

/// By site: its tree; and where the trees lead.
fn trees(
    layout: &Layout,
    (fan_first, fan): (&[u32], &[FanOut]),
    drawing: Option<&Drawing>,
    ground: &Ground<'_>,
) -> Result<(Vec<u32>, Vec<Multicast>), Problems> {
    let (mut tree, mut known, mut ends) = (vec![NO_TREE; layout.neuron.len()], HashMap::new(), 0);
    let mut list: Vec<Multicast> = Vec::new();
    for core in 0..layout.first.len() - 1 {
        let src = ground.node(CoreId::at(core));
        for site in layout.first[core] as usize..layout.first[core + 1] as usize {
            let neuron = NeuronId(layout.neuron[site]);
            let others = |cores: &mut dyn Iterator<Item = u16>| -> Vec<NodeId> {
                nodes(cores, ground).filter(|&node| node != src).collect()
            };
            let dsts = match drawing.filter(|it| it.drawn.has(neuron)) {
                Some(drawing) => others(&mut drawing.cores(neuron).into_iter()),
                None => {
                    let packets: Range<usize> = fan_first[site] as usize..fan_first[site + 1] as usize;
                    others(&mut fan[packets].iter().map(|packet| packet.core))
                }
            };
            if dsts.len() > 1 {
                tree[site] = *known.entry((src, dsts)).or_insert_with_key(|(_, dsts)| {
                    ends += dsts.len();
                    list.push(Multicast { src, dsts: dsts.clone() });
                    list.len() as u32 - 1
                });
            }
            if ends > MOST_ENDS {
                let message = format!("the trees of all neurons have more than {MOST_ENDS} ends");
                return Err(Problems::one("multicast", message));
            }
        }
    }
    Ok((tree, list))
}

/// The links of a tree, by direction.
fn hops(table: &TreeTable, number: u32, ground: &Ground<'_>) -> Hops {
    let mut hops = [0; 4];
    for branch in table.branches_of(number).filter_map(|branch| table.branch(branch)) {
        if let Leg::Link(link) = branch.leg {
            hops[direction(ground.fabric, ground.fabric.link(link))] += 1;
        }
    }
    hops
}
