//! Networks read from graph files: edge lists, Matrix Market, GraphML and DOT.
//!
//! ```text
//!   text ──edge_list | matrix_market | graphml | dot──▶ Listing ──draw──▶ Blueprint
//! ```
//!
//! Invariants: a reader never panics, whatever the text; it stops after a bounded number of problems,
//! each with file, line and column; the numbers of routers depend on the file alone.
//!
//! Must not know: where files are. The text comes through a hook.
//!
//! Read [`listing`] first: what every reader hands over.

mod dot;
mod dot_words;
mod edge_list;
mod graphml;
mod listing;
mod matrix_market;

use std::collections::HashMap;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use listing::{EdgeLine, Findings, Listing};

use super::topology::{Extent, MAX_NODES_PER_ROUTER, Pen, check_extent};
use super::{Blueprint, LinkKind, Shape, Site, Wire};
use crate::base::{Problem, Problems, Spot};

/// A network from a graph file. Every vertex becomes a router.
///
/// Edges and vertices may carry attributes: `latency` [cycles], `width_bits`, `length` and
/// `energy_per_bit` (with or without units) on edges; `nodes` (how many hang on the router) and `chip`
/// (a number; edges between chips are chip-to-chip links) on vertices. Other attributes of GraphML and
/// DOT files belong to drawing programs and are passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphFile {
    /// File with the graph, relative to the chip file.
    pub file: String,
    /// Its format. Absent: recognised by its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<GraphFormat>,
    /// Whether each edge is one link, from its first to its second vertex, rather than two. Absent: as
    /// the file says (GraphML, DOT, Matrix Market: `symmetric` is undirected); edge lists are undirected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directed: Option<bool>,
    /// Nodes on each router that does not state its own; 0 to 128.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 128))]
    pub nodes_per_router: u32,
    /// What the values of a Matrix Market file, or a bare third column of an edge list, mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<EntryMeaning>,
}

fn one() -> u32 {
    1
}

/// A format of graph files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GraphFormat {
    /// One edge per line: two vertex numbers, then attributes as `name=value`; `#`, `%` and `//` start
    /// comments. Routers are numbered in the order of the vertex numbers, without gaps.
    EdgeList,
    /// Matrix Market coordinate file: an entry (i, j) is an edge between routers i − 1 and j − 1. Entries on
    /// the diagonal, which matrices of graphs often have, are passed over with a warning.
    MatrixMarket,
    /// GraphML; routers are numbered in the order of their `node` elements.
    Graphml,
    /// Graphviz DOT; routers are numbered in the order in which they are first named.
    Dot,
}

/// What the value of an edge means where the format does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryMeaning {
    /// Flight time [cycles].
    Latency,
    /// Length [mm].
    Length,
    /// Nothing for the network.
    Ignore,
}

impl GraphFile {
    pub(super) fn draw(
        &self,
        pen: &Pen<'_>,
        read: &dyn Fn(&str) -> Result<String, Problems>,
    ) -> Result<Blueprint, Problems> {
        if self.nodes_per_router > MAX_NODES_PER_ROUTER {
            let message = format!("{} nodes on each router", self.nodes_per_router);
            let problem = Problem::new("nodes_per_router", message);
            return Err(problem.allowed(format!("0 to {MAX_NODES_PER_ROUTER}")).into());
        }
        let text = read(&self.file).map_err(|problems| problems.under("file"))?;
        let mut findings = Findings::new(&self.file);
        let listing = match self.format.unwrap_or_else(|| recognise(&text)) {
            GraphFormat::EdgeList => edge_list::read(&text, self.values, &mut findings),
            GraphFormat::MatrixMarket => matrix_market::read(&text, self.values, &mut findings),
            GraphFormat::Graphml => graphml::read(&text, &mut findings),
            GraphFormat::Dot => dot::read(&text, &mut findings),
        };
        let listing = findings.into_result(listing)?;
        self.check(&listing)?;
        let graph = self.graph(&listing, pen)?;
        Ok(Blueprint { shape: Shape::Irregular, graph, reserved_ports: 0, node_numbers: None })
    }

    fn check(&self, listing: &Listing) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let nodes = listing.vertices.iter().map(|v| u64::from(v.nodes.unwrap_or(self.nodes_per_router)));
        let links = listing.edges.iter().map(|edge| if self.is_one_way(edge) { 1 } else { 2 });
        let extent = Extent {
            routers: Some(listing.vertices.len() as u64),
            links: Some(links.sum()),
            nodes: Some(nodes.sum()),
        };
        check_extent(&mut problems, "file", &extent);
        problems.into_result(())?;
        let mut findings = Findings::new(&self.file);
        let mut first_spot = HashMap::new();
        for edge in &listing.edges {
            let (a, b) = (edge.from, edge.to);
            if a == b {
                findings.at(edge.spot, format!("router {a} is linked to itself"));
            }
            let directions = [(a, b), (b, a)];
            for &(a, b) in &directions[..if self.is_one_way(edge) { 1 } else { 2 }] {
                let earlier = first_spot.insert((a, b), edge.spot).filter(|_| edge.from != edge.to);
                if let Some(Spot { line, .. }) = earlier {
                    findings
                        .at(edge.spot, format!("the link from {a} to {b} is already given in line {line}"));
                    break;
                }
            }
            if findings.are_enough() {
                break;
            }
        }
        findings.into_result(())
    }

    fn is_one_way(&self, edge: &EdgeLine) -> bool {
        self.directed.unwrap_or(edge.directed)
    }

    /// The graph, with its routers drawn on a circle.
    fn graph(&self, listing: &Listing, pen: &Pen<'_>) -> Result<DiGraph<Site, Wire>, Problems> {
        let count = listing.vertices.len();
        let mut graph = DiGraph::with_capacity(count, 2 * listing.edges.len());
        let radius = count as f32 / std::f32::consts::TAU;
        for (index, vertex) in listing.vertices.iter().enumerate() {
            let angle = std::f32::consts::TAU * index as f32 / count as f32;
            let position = [radius * angle.cos(), radius * angle.sin()];
            // At most MAX_NODES_PER_ROUTER, checked where it was read.
            let nodes = vertex.nodes.unwrap_or(self.nodes_per_router) as u8;
            graph.add_node(Site { position, nodes, chip: vertex.chip });
        }
        let mut findings = Findings::new(&self.file);
        for edge in &listing.edges {
            let [a, b] = [edge.from, edge.to].map(|router| NodeIndex::new(router as usize));
            let kind = if graph[a].chip == graph[b].chip { LinkKind::OnChip } else { LinkKind::ChipToChip };
            match pen.changed_wire(&edge.change, kind) {
                Ok(wire) => {
                    graph.add_edge(a, b, wire);
                    if !self.is_one_way(edge) {
                        graph.add_edge(b, a, wire);
                    }
                }
                Err(problems) => findings.at(edge.spot, problems.to_string().replace('\n', "; ")),
            }
            if findings.are_enough() {
                break;
            }
        }
        findings.into_result(())?;
        check_connected(&graph)?;
        Ok(graph)
    }
}

/// The format of `text` by how it begins, after comments that edge lists and DOT files share.
fn recognise(text: &str) -> GraphFormat {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    let is_comment = |line: &&str| line.is_empty() || line.starts_with('#') || line.starts_with("//");
    let first = lines.find(|line| !is_comment(line)).unwrap_or_default();
    let lower: String = first.chars().take(15).map(|c| c.to_ascii_lowercase()).collect();
    let begins = |with: &str| lower.starts_with(with);
    if begins("%%matrixmarket") {
        GraphFormat::MatrixMarket
    } else if begins("<") {
        GraphFormat::Graphml
    } else if ["graph", "digraph", "strict", "/*"].into_iter().any(begins) {
        GraphFormat::Dot
    } else {
        GraphFormat::EdgeList
    }
}

/// Every router must reach every other along directed links.
fn check_connected(graph: &DiGraph<Site, Wire>) -> Result<(), Problems> {
    let start = NodeIndex::new(0);
    let mut reached = vec![0u8; graph.node_count()];
    if reached.is_empty() {
        return Ok(());
    }
    let mut forward = Bfs::new(graph, start);
    while let Some(router) = forward.next(graph) {
        reached[router.index()] |= 1;
    }
    let mut backward = Bfs::new(Reversed(graph), start);
    while let Some(router) = backward.next(Reversed(graph)) {
        reached[router.index()] |= 2;
    }
    let stranded = |direction: u8| reached.iter().position(|reached| reached & direction == 0);
    let mut problems = Problems::new();
    if let Some(router) = stranded(1) {
        problems.push(Problem::new("file", format!("no path leads from router 0 to router {router}")));
    } else if let Some(router) = stranded(2) {
        problems.push(Problem::new("file", format!("no path leads from router {router} to router 0")));
    }
    problems.into_result(())
}

#[cfg(test)]
mod tests;
