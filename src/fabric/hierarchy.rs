//! Hierarchies: a tree of routers over many small meshes.

use petgraph::graph::{DiGraph, NodeIndex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mesh::Grid;
use super::topology::{Extent, Pen, check_dimensions, check_extent};
use super::{Blueprint, LinkChange, LinkKind, LinkParams, Shape, Site, Wire};
use crate::base::{Problem, Problems};

/// A tree over meshes, as in BiCoSS: `arity^levels` clusters, each a mesh, whose gateways (the routers
/// in their middle) hang below `levels` levels of tree routers. Only the clusters have nodes.
///
/// Routers are numbered cluster by cluster, x first in each, then the tree routers from the lowest level
/// to the root; so the nodes of the clusters have the numbers of their routers. Ports `0..2n` of a
/// cluster's router lead to its neighbours in the mesh as in a grid, port `2n` of a gateway leads up;
/// ports `0..arity` of a tree router lead down, port `arity` leads up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// Routers of one cluster along each dimension, x first.
    pub cluster: Vec<u32>,
    /// Children of a tree router; 2 to 64.
    #[schemars(range(min = 2, max = 64))]
    pub arity: u32,
    /// Levels of tree routers; 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub levels: u32,
    /// How the links from the gateways to the lowest tree routers differ from those in a cluster.
    #[serde(default)]
    pub up_link: LinkChange,
    /// Length of each further level's links, and with it their flight time and energy, in lengths of the
    /// level below; 1 to 16. In an H-tree layout each level of a tree of arity 4 is twice as long.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 16))]
    pub growth: u32,
    /// The lowest level, counted from 1 at the gateways' links, whose links leave the chip. Absent: all
    /// is on one chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_chip_from: Option<u32>,
}

fn two() -> u32 {
    2
}

impl Hierarchy {
    pub(super) fn draw(&self, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
        let clusters = self.checked_clusters()?;
        let up_wires = self.up_wires(pen)?;
        let mut graph = DiGraph::new();
        let gateways = self.draw_clusters(&mut graph, clusters, pen.wire());
        let up_port = 2 * self.cluster.len() as u8;
        let mut below: Vec<(u32, u8)> = gateways.map(|gateway| (gateway, up_port)).collect();
        for (level, wire) in (1..).zip(up_wires) {
            below = self.draw_level(&mut graph, &below, level, wire);
        }
        Ok(Blueprint { shape: Shape::Irregular, graph, reserved_ports: 0, node_numbers: None })
    }

    /// Number of clusters.
    fn checked_clusters(&self) -> Result<u32, Problems> {
        let mut problems = Problems::new();
        check_dimensions(&mut problems, "cluster", &self.cluster);
        let mut range = |field: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                let problem = Problem::new(field, format!("{value} is out of range"));
                problems.push(problem.allowed(format!("{low} to {high}")));
            }
        };
        range("arity", self.arity, 2, 64);
        range("levels", self.levels, 1, 16);
        range("growth", self.growth, 1, 16);
        range("off_chip_from", self.off_chip_from.unwrap_or(1), 1, self.levels.max(1));
        problems.into_result(())?;
        let mut problems = Problems::new();
        let mesh = Extent::grid(&self.cluster, false, 1);
        check_extent(&mut problems, "cluster", &mesh);
        let clusters = u64::from(self.arity).checked_pow(self.levels);
        let total = |per_cluster: Option<u64>, per_edge: u64| {
            let all = clusters?.checked_mul(per_cluster?)?;
            // A tree with n leaves and arity of two or more has fewer than 2 n vertices and edges.
            clusters?.checked_mul(2 * per_edge)?.checked_add(all)
        };
        let (routers, links) = (total(mesh.routers, 1), total(mesh.links, 2));
        check_extent(&mut problems, "levels", &Extent { routers, links, nodes: routers });
        problems.into_result(clusters.unwrap_or(0) as u32)
    }

    /// The wire of each level above the clusters.
    fn up_wires(&self, pen: &Pen<'_>) -> Result<Vec<Wire>, Problems> {
        self.up_link.validate().map_err(|problems| problems.under("up_link"))?;
        let mut link: LinkParams = pen.link.with(&self.up_link);
        let mut wires = Vec::new();
        for level in 1..=self.levels {
            if level > 1 {
                link =
                    link.stretched(self.growth).map_err(|problem| Problems::from(problem).under("growth"))?;
            }
            let leaves_chip = self.off_chip_from.is_some_and(|lowest| level >= lowest);
            let kind = if leaves_chip { LinkKind::ChipToChip } else { LinkKind::OnChip };
            wires.push(link.wire(pen.flit_bits, kind));
        }
        Ok(wires)
    }

    /// Draws all clusters and gives their gateways.
    fn draw_clusters<'a>(
        &'a self,
        graph: &mut DiGraph<Site, Wire>,
        clusters: u32,
        wire: Wire,
    ) -> impl Iterator<Item = u32> + use<'a> {
        let grid = Grid { size: &self.cluster, wrap: false, nodes: 1 };
        let routers = grid.routers();
        let columns = f64::from(clusters).sqrt().ceil() as u32;
        let [far_x, far_y] = grid.draw_at(routers - 1);
        for cluster in 0..clusters {
            let corner =
                [(cluster % columns) as f32 * (far_x + 2.0), (cluster / columns) as f32 * (far_y + 2.0)];
            for router in 0..routers {
                let [x, y] = grid.draw_at(router);
                let position = [corner[0] + x, corner[1] + y];
                graph.add_node(Site { position, nodes: 1, chip: self.chip_of(0, cluster) });
            }
            grid.walk(|step| step.join(graph, cluster * routers, wire));
        }
        let middle = self.cluster.iter().rev().fold(0, |number, &k| number * k + k / 2);
        (0..clusters).map(move |cluster| cluster * routers + middle)
    }

    /// Draws the tree routers of `level` over those `below` (router and up port) and gives them likewise.
    fn draw_level(
        &self,
        graph: &mut DiGraph<Site, Wire>,
        below: &[(u32, u8)],
        level: u32,
        wire: Wire,
    ) -> Vec<(u32, u8)> {
        let mut level_routers = Vec::new();
        for (index, children) in (0..).zip(below.chunks(self.arity as usize)) {
            let centre = |d: usize| {
                let at = |&(child, _): &(u32, u8)| graph[NodeIndex::new(child as usize)].position[d];
                children.iter().map(at).sum::<f32>() / children.len() as f32
            };
            // Half a pitch aside, so that a tree router never hides a cluster's.
            let position = [centre(0) + 0.5, centre(1) + 0.5];
            let parent = graph.add_node(Site { position, nodes: 0, chip: self.chip_of(level, index) });
            for (port, &(child, up)) in (0..).zip(children) {
                let child = NodeIndex::new(child as usize);
                graph.add_edge(parent, child, wire.between(port, up));
                graph.add_edge(child, parent, wire.between(up, port));
            }
            level_routers.push((parent.index() as u32, self.arity as u8));
        }
        level_routers
    }

    /// The chip of the router with number `index` of `level` (0: of the cluster `index`). Tree routers
    /// whose links down leave the chip are chips of their own, numbered after those with clusters.
    fn chip_of(&self, level: u32, index: u32) -> u32 {
        let Some(lowest) = self.off_chip_from else { return 0 };
        if level < lowest {
            return index / self.arity.pow(lowest - 1 - level);
        }
        let chips_at = |level: u32| self.arity.pow(self.levels - level);
        index + chips_at(lowest - 1) + (lowest..level).map(chips_at).sum::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::RouterId;
    use crate::base::unit::Millimetres;
    use crate::fabric::{Fabric, Topology};

    fn hierarchy(levels: u32, off_chip_from: Option<u32>) -> Hierarchy {
        let up_link =
            LinkChange { latency: Some(3), length: Some(Millimetres(5.0)), ..LinkChange::default() };
        Hierarchy { cluster: vec![3, 2], arity: 4, levels, up_link, growth: 2, off_chip_from }
    }

    fn build(hierarchy: Hierarchy) -> Result<Fabric, Problems> {
        Topology::Hierarchy(hierarchy).build(&LinkParams::default())
    }

    #[test]
    fn counts_and_ports_follow_the_tree() {
        let fabric = build(hierarchy(2, None)).unwrap();
        assert_eq!(fabric.nodes.len(), 16 * 6);
        assert_eq!(fabric.routers.len(), 16 * 6 + 4 + 1);
        assert_eq!(fabric.links.len(), 16 * 14 + 2 * (16 + 4));
        let root = RouterId(100);
        for child in 0..4u8 {
            let down = fabric.link(fabric.out(root, child).unwrap());
            assert_eq!((down.to, down.to_port, down.latency), (RouterId(96 + u32::from(child)), 4, 6));
            let gateway = fabric.link(fabric.out(down.to, 2).unwrap());
            assert_eq!(gateway.to, RouterId((u32::from(child) * 4 + 2) * 6 + 4));
            assert_eq!((gateway.to_port, gateway.latency, gateway.length_mm), (4, 3, 5.0));
        }
        assert_eq!(
            fabric.out(root, 4.min(fabric.routers[100].network_ports - 1)).map(|l| fabric.link(l).from),
            Some(root)
        );
        assert!(fabric.nodes_of(root).is_empty());
    }

    #[test]
    fn chips_are_cut_where_links_leave() {
        for (off_chip_from, chips) in [(None, 1), (Some(1), 16 + 4 + 1), (Some(2), 4 + 1)] {
            let fabric = build(hierarchy(2, off_chip_from)).unwrap();
            let mut numbers: Vec<u32> = fabric.routers.iter().map(|router| router.chip).collect();
            for link in &fabric.links {
                let crosses = numbers[link.from.index()] != numbers[link.to.index()];
                assert_eq!(crosses, link.kind == LinkKind::ChipToChip);
            }
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers, (0..chips).collect::<Vec<_>>());
        }
    }

    #[test]
    fn impossible_hierarchies_are_refused() {
        let refusal = |change: fn(&mut Hierarchy)| {
            let mut params = hierarchy(2, None);
            change(&mut params);
            build(params).map(drop).unwrap_err().to_string()
        };
        assert!(refusal(|h| h.cluster = vec![]).starts_with("hierarchy.cluster: 0 dimensions"));
        assert!(refusal(|h| h.arity = 1).starts_with("hierarchy.arity: 1"));
        assert!(refusal(|h| h.levels = 16).contains("too large"));
        assert!(refusal(|h| h.off_chip_from = Some(3)).starts_with("hierarchy.off_chip_from: 3"));
        assert!(refusal(|h| h.up_link.latency = Some(0)).starts_with("hierarchy.up_link.latency: 0"));
        assert!(refusal(|h| h.up_link.latency = Some(1000)).starts_with("hierarchy.growth: the links"));
    }
}
