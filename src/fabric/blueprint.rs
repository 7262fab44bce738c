//! A network under construction: a petgraph that topology generators draw, compiled into a [`Fabric`].

use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::{Attachment, Fabric, Link, LinkKind, NO_LINK, Router, Shape};
use crate::base::{NodeId, Problems, RouterId};

/// Most ports a router can have: network ports and node ports together.
pub const MAX_PORTS: usize = 255;

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

/// A network under construction.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Regular structure that the router numbers follow.
    pub shape: Shape,
    /// Routers and directed links. Node indices become router ids.
    pub graph: DiGraph<Site, Wire>,
    /// Network ports that every router reserves, used or not (grids: two per dimension).
    pub reserved_ports: u8,
}

impl Blueprint {
    /// Lays the graph out as flat arrays.
    ///
    /// # Errors
    /// A router without room for its ports, a self-loop, two links on one port, no node at all.
    pub fn compile(self) -> Result<Fabric, Problems> {
        let mut problems = Problems::new();
        let mut wires = self.assign_ports(&mut problems);
        let network_ports = self.network_ports(&wires);
        let mut fabric = Fabric {
            shape: self.shape,
            routers: Vec::with_capacity(network_ports.len()),
            links: Vec::with_capacity(wires.len()),
            nodes: Vec::new(),
            port_base: vec![0],
            out_link: Vec::new(),
            in_link: Vec::new(),
        };
        let mut ports = 0;
        for (index, site) in self.graph.node_weights().enumerate() {
            let network = network_ports[index];
            if network + usize::from(site.nodes) > MAX_PORTS {
                problems.require(false, "", || {
                    format!("router {index} needs {network} network ports; {MAX_PORTS} are possible")
                });
                continue;
            }
            fabric.routers.push(Router {
                position: site.position,
                network_ports: network as u8,
                first_node: NodeId::at(fabric.nodes.len()),
                nodes: site.nodes,
                chip: site.chip,
            });
            let router = RouterId::at(index);
            let attach = |node: u8| Attachment { router, port: network as u8 + node };
            fabric.nodes.extend((0..site.nodes).map(attach));
            ports += network + usize::from(site.nodes);
            fabric.port_base.push(ports as u32);
        }
        problems.require(!fabric.nodes.is_empty(), "", || "the network has no node".into());
        problems.into_result(())?;
        wires.sort_by_key(|&(from, port, ..)| (from, port));
        fabric.connect(&wires)?;
        Ok(fabric)
    }

    /// Every wire as (from, from_port, to, to_port, wire), with free ports chosen where none is given:
    /// neighbours that are joined in both directions share one port number.
    fn assign_ports(&self, problems: &mut Problems) -> Vec<(u32, u8, u32, u8, Wire)> {
        let mut next: Vec<usize> = vec![usize::from(self.reserved_ports); self.graph.node_count()];
        let mut pairs = std::collections::HashMap::new();
        let mut wires = Vec::with_capacity(self.graph.edge_count());
        for edge in self.graph.edge_references() {
            let (from, to) = (edge.source().index() as u32, edge.target().index() as u32);
            if from == to {
                problems.require(false, "", || format!("router {from} is linked to itself"));
                continue;
            }
            let (from_port, to_port) = match edge.weight().ports {
                Some((from_port, to_port)) => (usize::from(from_port), usize::from(to_port)),
                None => pairs.remove(&(from, to)).unwrap_or_else(|| {
                    let ports = (next[from as usize], next[to as usize]);
                    next[from as usize] += 1;
                    next[to as usize] += 1;
                    pairs.insert((to, from), (ports.1, ports.0));
                    ports
                }),
            };
            if from_port >= MAX_PORTS || to_port >= MAX_PORTS {
                problems.require(false, "", || {
                    format!("the link {from} → {to} needs more than {MAX_PORTS} ports on a router")
                });
                continue;
            }
            wires.push((from, from_port as u8, to, to_port as u8, *edge.weight()));
        }
        wires
    }

    fn network_ports(&self, wires: &[(u32, u8, u32, u8, Wire)]) -> Vec<usize> {
        let mut ports = vec![usize::from(self.reserved_ports); self.graph.node_count()];
        for &(from, from_port, to, to_port, _) in wires {
            ports[from as usize] = ports[from as usize].max(usize::from(from_port) + 1);
            ports[to as usize] = ports[to as usize].max(usize::from(to_port) + 1);
        }
        ports
    }
}

impl Fabric {
    fn connect(&mut self, wires: &[(u32, u8, u32, u8, Wire)]) -> Result<(), Problems> {
        let slots = self.port_base[self.routers.len()] as usize;
        self.out_link = vec![NO_LINK; slots];
        self.in_link = vec![NO_LINK; slots];
        let mut problems = Problems::new();
        for &(from, from_port, to, to_port, wire) in wires {
            let id = self.links.len() as u32;
            let (from, to) = (RouterId(from), RouterId(to));
            let (out, into) = (self.slot(from, from_port), self.slot(to, to_port));
            if self.out_link[out] != NO_LINK || self.in_link[into] != NO_LINK {
                problems
                    .require(false, "", || format!("the link {from} → {to} shares a port with another link"));
                continue;
            }
            self.out_link[out] = id;
            self.in_link[into] = id;
            let Wire { latency, interval, length_mm, kind, energy_per_bit, .. } = wire;
            self.links.push(Link {
                from,
                from_port,
                to,
                to_port,
                latency,
                interval,
                length_mm,
                kind,
                energy_per_bit,
            });
        }
        problems.into_result(())
    }
}
