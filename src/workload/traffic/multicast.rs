//! Packets to groups of nodes: one group for each sender.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Table;
use super::{Files, open};
use crate::base::random::{Purpose, Stream};
use crate::base::{NodeId, Problem, Problems};
use crate::noc::source::Multicast;

/// Columns of a file of groups, in this order.
pub const GROUP_COLUMNS: [&str; 2] = ["src", "dst"];

/// Marks the destination of an offer as the number of a tree.
const TREE: u32 = 1 << 31;

/// Every packet goes to all nodes of its sender's group. The process creates packets as ever; `rate` counts them
/// before they are copied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MulticastParams {
    /// Members of every group; ≥ 1. Each node's group is drawn at random among all other nodes and then stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_out: Option<u32>,
    /// The groups, instead: a CSV file, plain or gzipped, with a line `src,dst` for each member of the group of
    /// `src`. Nodes without a line are silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<PathBuf>,
    /// How a packet gets to all members.
    #[serde(rename = "as")]
    pub carriage: Carriage,
}

/// How one packet gets to many nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Carriage {
    /// One packet of one flit, which routers copy where the ways to its destinations part.
    #[default]
    Tree,
    /// A packet for each member, sent one after the other.
    Unicast,
}

impl MulticastParams {
    pub(super) fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let one = self.fan_out.is_some() != self.groups.is_some();
        problems.require(one, "", || "groups are drawn or come from a file".into());
        if let Some(problem) = problems.0.last_mut() {
            problem.allowed = Some("either `fan_out` or `groups`".into());
        }
        if self.fan_out == Some(0) {
            problems.push(Problem::new("fan_out", "a group without members").allowed("1 or more"));
        }
        problems.into_result(())
    }

    /// The groups on a chip of `nodes` nodes.
    ///
    /// # Errors
    /// More members than nodes; what is wrong with the file, with `file:line:column`.
    pub(super) fn compile(&self, nodes: usize, files: Files<'_>, seed: u64) -> Result<Groups, Problems> {
        let list = match &self.groups {
            Some(name) => {
                let read = open(files, name).and_then(|bytes| read(name, &bytes, nodes));
                read.map_err(|problems| problems.under("groups"))?
            }
            None => draw(self.fan_out.unwrap_or_default(), nodes as u32, seed)?,
        };
        let mut of = vec![None; nodes];
        (0u32..).zip(&list).for_each(|(number, group)| of[group.src.index()] = Some(number));
        Ok(Groups { list, of, carriage: self.carriage })
    }
}

/// Who sends to whom.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// By number of the group.
    pub list: Vec<Multicast>,
    /// By node, the number of its group.
    of: Vec<Option<u32>>,
    pub carriage: Carriage,
}

impl Groups {
    /// The packets that a packet of `node` becomes at its source; none if the node has no group.
    pub(super) fn packets(&self, node: NodeId) -> u32 {
        match (self.of[node.index()], self.carriage) {
            (None, _) => 0,
            (Some(_), Carriage::Tree) => 1,
            (Some(group), Carriage::Unicast) => self.list[group as usize].dsts.len() as u32,
        }
    }

    /// The destination of one of them.
    pub(super) fn destination(&self, node: NodeId, packet: u32) -> Option<NodeId> {
        let group = self.of[node.index()]?;
        Some(match self.carriage {
            Carriage::Tree => NodeId(TREE | group),
            Carriage::Unicast => self.list[group as usize].dsts[packet as usize],
        })
    }
}

/// The tree that a destination stands for.
pub(super) fn tree(dst: NodeId) -> Option<u32> {
    (dst.0 & TREE != 0).then_some(dst.0 & !TREE)
}

fn draw(fan_out: u32, nodes: u32, seed: u64) -> Result<Vec<Multicast>, Problems> {
    if fan_out >= nodes {
        let problem = Problem::new("fan_out", format!("{fan_out} members"));
        return Err(problem.allowed(format!("1 to {}: all other nodes", nodes.saturating_sub(1))).into());
    }
    let mut others: Vec<u32> = Vec::with_capacity(nodes as usize);
    let group = |src: u32| {
        let mut draw = Stream::new(seed, Purpose::Destination, src, 0);
        others.clear();
        others.extend((0..nodes).filter(|&node| node != src));
        for place in 0..fan_out {
            others.swap(place as usize, (place + draw.below(nodes - 1 - place)) as usize);
        }
        let mut dsts: Vec<NodeId> = others[..fan_out as usize].iter().copied().map(NodeId).collect();
        dsts.sort_unstable();
        Multicast { src: NodeId(src), dsts }
    };
    Ok((0..nodes).map(group).collect())
}

fn read(name: &Path, bytes: &[u8], nodes: usize) -> Result<Vec<Multicast>, Problems> {
    let mut table = Table::new(name, bytes);
    let node_range = (0, (nodes as u64).saturating_sub(1));
    let mut dsts = vec![Vec::new(); nodes];
    while let Some(row) = table.row(&GROUP_COLUMNS) {
        if !table.has_columns(&row, &GROUP_COLUMNS) {
            continue;
        }
        let src = table.integer(&row, 0, node_range, "node");
        let dst = table.integer(&row, 1, node_range, "node");
        if let (Some(src), Some(dst)) = (src, dst) {
            dsts[src as usize].push(NodeId(dst as u32));
        }
    }
    let groups = (0u32..).zip(dsts).filter(|(_, dsts)| !dsts.is_empty());
    let list: Vec<Multicast> = groups
        .map(|(src, mut dsts)| {
            dsts.sort_unstable();
            dsts.dedup();
            Multicast { src: NodeId(src), dsts }
        })
        .collect();
    if list.is_empty() && table.is_sound() {
        table.complain_of_all("the file holds no member of a group");
    }
    table.finish(list)
}
