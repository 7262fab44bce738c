//! A network under construction: a petgraph that topology generators draw, compiled into a [`Fabric`].

use std::collections::HashMap;

use petgraph::graph::{DiGraph, Edge};

use super::{Attachment, Fabric, Link, LinkKind, NO_LINK, Router, Shape};
use crate::base::{NodeId, Problem, Problems, RouterId};

/// Most ports a router can have: network ports and node ports together.
pub const MAX_PORTS: usize = 255;

/// Problems after which a broken network is described well enough.
const ENOUGH_PROBLEMS: usize = 16;

/// A router to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Where to draw it [tile pitches].
    pub position: [f32; 2],
    /// Nodes to attach.
    pub nodes: u8,
    /// Chip that it lies on.
    pub chip: u32,
}

/// A directed link to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wire {
    /// Output port at the source and input port at the target; `None`: the next free pair.
    pub ports: Option<(u8, u8)>,
    /// Flight time [cycles, ≥ 1].
    pub latency: u16,
    /// Cycles that one flit occupies the link [≥ 1].
    pub interval: u16,
    /// Length [mm].
    pub length_mm: f32,
    /// On-chip or chip-to-chip.
    pub kind: LinkKind,
    /// Energy per bit [J], if not the cost table's.
    pub energy_per_bit: Option<f64>,
}

impl Wire {
    /// The same wire from output port `out` to input port `into`.
    #[must_use]
    pub fn between(self, out: u8, into: u8) -> Self {
        Self { ports: Some((out, into)), ..self }
    }
}

/// A network under construction.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Regular structure that the router numbers follow.
    pub shape: Shape,
    /// Routers and directed links. Node indices become router ids.
    pub graph: DiGraph<Site, Wire>,
    /// Network ports that every router reserves, used or not (grids: two per dimension).
    pub reserved_ports: u8,
    /// Numbers of the nodes in the order of (router, node port), a permutation; `None`: they count up.
    pub node_numbers: Option<Vec<NodeId>>,
}

impl Blueprint {
    /// Lays the graph out as flat arrays.
    ///
    /// # Errors
    /// A router without room for its ports, a self-loop, two links on one port, no node at all, node
    /// numbers that are not a permutation.
    pub fn compile(self) -> Result<Fabric, Problems> {
        let Self { shape, graph, reserved_ports, node_numbers } = self;
        let (sites, wires) = graph.into_nodes_edges();
        let ports = assign_ports(&wires, sites.len(), reserved_ports)?;
        let mut used = vec![usize::from(reserved_ports); sites.len()];
        for (wire, &(out, into)) in wires.iter().zip(&ports) {
            for (router, port) in [(wire.source(), out), (wire.target(), into)] {
                let used = &mut used[router.index()];
                *used = (*used).max(usize::from(port) + 1);
            }
        }
        let mut fabric = Fabric {
            shape,
            routers: Vec::with_capacity(sites.len()),
            links: Vec::new(),
            nodes: Vec::new(),
            attached: Vec::new(),
            port_base: Vec::with_capacity(sites.len() + 1),
            out_link: Vec::new(),
            in_link: Vec::new(),
        };
        fabric.place_routers(sites.iter().map(|site| &site.weight), &used)?;
        fabric.number_nodes(node_numbers)?;
        drop(sites);
        fabric.connect(&wires, &ports)?;
        Ok(fabric)
    }
}

/// Output and input port of every wire, with free ports chosen where none is given: neighbours that are
/// joined in both directions share one port number.
fn assign_ports(wires: &[Edge<Wire>], routers: usize, reserved_ports: u8) -> Result<Vec<(u8, u8)>, Problems> {
    let mut problems = Problems::new();
    let mut next = vec![usize::from(reserved_ports); routers];
    let mut pairs = HashMap::new();
    let mut ports = Vec::with_capacity(wires.len());
    for wire in wires {
        let (from, to) = (wire.source().index(), wire.target().index());
        if problems.0.len() >= ENOUGH_PROBLEMS {
            break;
        }
        problems.require(from != to, "", || format!("router {from} is linked to itself"));
        let (out, into) = match wire.weight.ports {
            Some((out, into)) => (usize::from(out), usize::from(into)),
            None => pairs.remove(&(from, to)).unwrap_or_else(|| {
                let free = (next[from], next[to]);
                next[from] += 1;
                next[to] += 1;
                pairs.insert((to, from), (free.1, free.0));
                free
            }),
        };
        let fits = out < MAX_PORTS && into < MAX_PORTS;
        if !fits {
            problems.push(
                Problem::new("", format!("the link {from} → {to} finds no free port"))
                    .allowed(format!("at most {MAX_PORTS} ports on a router")),
            );
        }
        ports.push((out.min(MAX_PORTS) as u8, into.min(MAX_PORTS) as u8));
    }
    problems.into_result(ports)
}

impl Fabric {
    fn place_routers<'a>(
        &mut self,
        sites: impl Iterator<Item = &'a Site>,
        network_ports: &[usize],
    ) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let (mut ports, mut nodes) = (0u32, 0u32);
        self.port_base.push(0);
        for (index, (site, &network)) in sites.zip(network_ports).enumerate() {
            if network + usize::from(site.nodes) > MAX_PORTS {
                let message = format!("router {index} has {network} network ports and {} nodes", site.nodes);
                problems.push(Problem::new("", message).allowed(format!("{MAX_PORTS} ports in all")));
                if problems.0.len() >= ENOUGH_PROBLEMS {
                    break;
                }
                continue;
            }
            self.routers.push(Router {
                position: site.position,
                network_ports: network as u8,
                first_node: NodeId(nodes),
                nodes: site.nodes,
                node_base: nodes,
                chip: site.chip,
            });
            ports += network as u32 + u32::from(site.nodes);
            nodes += u32::from(site.nodes);
            self.port_base.push(ports);
        }
        problems.require(nodes > 0 || !problems.0.is_empty(), "", || "the network has no node".into());
        problems.into_result(())
    }

    fn number_nodes(&mut self, numbers: Option<Vec<NodeId>>) -> Result<(), Problems> {
        let count: usize = self.routers.iter().map(|router| usize::from(router.nodes)).sum();
        self.attached = numbers.unwrap_or_else(|| (0..count).map(NodeId::at).collect());
        let unset = Attachment { router: RouterId(u32::MAX), port: 0 };
        self.nodes = vec![unset; count];
        let mut placed = 0;
        for (index, router) in self.routers.iter_mut().enumerate() {
            let base = router.node_base as usize;
            let Some(mine) = self.attached.get(base..base + usize::from(router.nodes)) else { break };
            if let Some(&first) = mine.first() {
                router.first_node = first;
            }
            for (port, node) in (router.network_ports..).zip(mine) {
                if let Some(slot) = self.nodes.get_mut(node.index()).filter(|slot| **slot == unset) {
                    *slot = Attachment { router: RouterId::at(index), port };
                    placed += 1;
                }
            }
        }
        let mut problems = Problems::new();
        problems.require(placed == count && self.attached.len() == count, "", || {
            format!("the node numbers are not a permutation of 0 to {}", count.saturating_sub(1))
        });
        problems.into_result(())
    }

    /// Numbers the links by (router, output port) and fills both port tables.
    fn connect(&mut self, wires: &[Edge<Wire>], ports: &[(u8, u8)]) -> Result<(), Problems> {
        let slots = self.port_base[self.routers.len()] as usize;
        let mut problems = Problems::new();
        let (mut leaving, mut entering) = (vec![NO_LINK; slots], vec![NO_LINK; slots]);
        for (index, (wire, &(out, into))) in wires.iter().zip(ports).enumerate() {
            let (from, to) = (RouterId::at(wire.source().index()), RouterId::at(wire.target().index()));
            let ends = (&mut leaving[self.slot(from, out)], &mut entering[self.slot(to, into)]);
            if *ends.0 != NO_LINK || *ends.1 != NO_LINK {
                problems
                    .require(false, "", || format!("the link {from} → {to} shares a port with another link"));
                if problems.0.len() >= ENOUGH_PROBLEMS {
                    break;
                }
            }
            (*ends.0, *ends.1) = (index as u32, index as u32);
        }
        problems.into_result(())?;
        let mut number_of_wire = vec![NO_LINK; wires.len()];
        self.links = Vec::with_capacity(wires.len());
        for slot in leaving.iter_mut().filter(|slot| **slot != NO_LINK) {
            let index = *slot as usize;
            *slot = self.links.len() as u32;
            number_of_wire[index] = *slot;
            self.links.push(link(&wires[index], ports[index]));
        }
        for slot in entering.iter_mut().filter(|slot| **slot != NO_LINK) {
            *slot = number_of_wire[*slot as usize];
        }
        (self.out_link, self.in_link) = (leaving, entering);
        Ok(())
    }
}

fn link(wire: &Edge<Wire>, (from_port, to_port): (u8, u8)) -> Link {
    let Wire { ports: _, latency, interval, length_mm, kind, energy_per_bit } = wire.weight;
    let (from, to) = (RouterId::at(wire.source().index()), RouterId::at(wire.target().index()));
    Link { from, from_port, to, to_port, latency, interval, length_mm, kind, energy_per_bit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blueprint(nodes: u8, links: &[(u32, u32)]) -> Blueprint {
        let mut graph = DiGraph::new();
        for at in 0..3 {
            graph.add_node(Site { position: [at as f32, 0.0], nodes, chip: 0 });
        }
        let kind = LinkKind::OnChip;
        let wire = Wire { ports: None, latency: 1, interval: 1, length_mm: 1.0, kind, energy_per_bit: None };
        for &(from, to) in links {
            graph.add_edge(from.into(), to.into(), wire);
        }
        Blueprint { shape: Shape::Irregular, graph, reserved_ports: 0, node_numbers: None }
    }

    fn refusal(blueprint: Blueprint) -> String {
        blueprint.compile().map(drop).expect_err("the blueprint compiles").to_string()
    }

    #[test]
    fn both_directions_share_a_port_number() {
        let fabric = blueprint(1, &[(0, 1), (2, 1), (1, 0), (1, 2)]).compile().unwrap();
        for link in (0..4).map(crate::base::LinkId) {
            let back = fabric.reverse(link).expect("every wire was drawn both ways");
            assert_eq!(fabric.reverse(back), Some(link));
            assert_eq!(fabric.link(link).from_port, fabric.link(back).to_port);
        }
        assert_eq!([0, 1, 2].map(|r| fabric.routers[r].network_ports), [1, 2, 1]);
    }

    #[test]
    fn impossible_networks_are_refused() {
        assert!(refusal(blueprint(0, &[(0, 1)])).contains("no node"));
        assert!(refusal(blueprint(1, &[(1, 1)])).contains("linked to itself"));
        assert!(refusal(blueprint(255, &[(0, 1)])).contains("255 ports in all"));
        assert!(refusal(blueprint(1, &[(0, 1); 300])).contains("no free port"));
        let twice = |ports| {
            let mut blueprint = blueprint(1, &[(0, 1), (0, 2)]);
            blueprint.graph.edge_weights_mut().for_each(|wire| wire.ports = Some(ports));
            blueprint
        };
        assert!(refusal(twice((0, 0))).contains("shares a port"));
        for numbers in [vec![0, 1], vec![0, 0, 1], vec![0, 1, 3], vec![0, 1, 2, 3]] {
            let numbers = Some(numbers.into_iter().map(NodeId).collect());
            let numbered = Blueprint { node_numbers: numbers, ..blueprint(1, &[]) };
            assert!(refusal(numbered).contains("permutation"));
        }
    }
}
