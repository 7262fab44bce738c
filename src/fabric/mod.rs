//! The chip as a graph: routers, the links between them, and the nodes (tiles) attached to them.
//!
//! ```text
//!   Topology ──generate──▶ Blueprint (petgraph) ──compile──▶ Fabric (flat arrays)
//!   FaultMap ──resolve───▶ Health (what of the fabric still works)
//! ```
//!
//! Invariants: a [`Fabric`] never changes after it is built; link and port tables agree in both
//! directions; every node hangs on exactly one router port. Network ports come first, node ports
//! after them; output port `p` and input port `p` of a router face the same neighbour. Building and
//! resolving are pure: files are read by the caller's hook, random faults are keyed by their seed.
//!
//! Must not know: packets, routing, neurons, YAML.
//!
//! Read [`Fabric`] first, then [`topology`] for how a network is drawn, then [`faults`] for how it breaks.
//! A new topology is one file with its parameters and a `draw` function, and two lines in [`topology`].

mod blueprint;
mod board;
#[cfg(test)]
mod checks;
mod cmesh;
mod fat_tree;
pub mod faults;
mod graph;
mod health;
mod hierarchy;
mod link;
mod mesh;
mod place;
pub mod topology;
mod triangular;

pub use blueprint::{Blueprint, Site, Wire};
pub use board::Board;
pub use cmesh::Cmesh;
pub use fat_tree::FatTree;
pub use faults::{FaultEvent, FaultMap};
pub use graph::{EntryMeaning, GraphFile, GraphFormat};
pub use health::Health;
pub use hierarchy::Hierarchy;
pub use link::{LinkChange, LinkOverride, LinkParams};
pub use place::Place;
pub use topology::{Surroundings, Topology};
pub use triangular::TriangularTorus;

use crate::base::{LinkId, NodeId, RouterId};

/// Marks an absent link in the port tables.
pub const NO_LINK: u32 = u32::MAX;

/// What kind of wire a link is; it decides the cost table that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// A wire between two routers of one chip.
    OnChip,
    /// A link that leaves the chip: slower and costlier.
    ChipToChip,
}

/// A directed link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Router that drives the link.
    pub from: RouterId,
    /// Output port at `from`.
    pub from_port: u8,
    /// Router that receives.
    pub to: RouterId,
    /// Input port at `to`.
    pub to_port: u8,
    /// Flight time of a flit [cycles, ≥ 1].
    pub latency: u16,
    /// Cycles that one flit occupies the link [≥ 1]: flit width over link width, rounded up.
    pub interval: u16,
    /// Physical length [mm].
    pub length_mm: f32,
    /// On-chip wire or chip-to-chip link.
    pub kind: LinkKind,
    /// Energy per bit [J] where the link states its own; otherwise the cost table's per millimetre.
    pub energy_per_bit: Option<f64>,
}

/// Regular structure that routing functions may rely on. Router numbers follow from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An n-dimensional grid: `router = Σ coordinate[d] · Π size[..d]` (dimension 0, x, runs fastest).
    /// Port `2d` leads to coordinate + 1 of dimension d, port `2d + 1` to coordinate − 1. Where a
    /// concentrated mesh has express links, port `2n + d` of a border router leads along dimension d to
    /// the router half the grid away; grids without them have no port from `2n` on.
    Grid {
        /// Routers along each dimension.
        size: Vec<u32>,
        /// Whether each dimension wraps around.
        wrap: Vec<bool>,
    },
    /// k-ary n-tree: `levels` levels of `arity^(levels−1)` switches; router = level · width + position,
    /// level 0 is the root level. Ports `0..arity` go down, `arity..2·arity` go up (absent at the roots).
    /// Leaf switches have nodes in place of links below, so their ports `0..arity` stay empty. With the
    /// position written in base `arity`, most significant digit first, port p down from level l sets
    /// digit l to p; node = position of its leaf · arity + index.
    FatTree {
        /// k.
        arity: u32,
        /// n.
        levels: u32,
    },
    /// A two-dimensional torus with a third axis along (+1, +1); router = y · width + x. Ports:
    /// 0 E (+1,0), 1 NE (+1,+1), 2 N (0,+1), 3 W (−1,0), 4 SW (−1,−1), 5 S (0,−1).
    TriangularTorus {
        /// Routers in x.
        width: u32,
        /// Routers in y.
        height: u32,
    },
    /// No structure beyond the graph itself (trees over meshes, graphs from files).
    Irregular,
}

/// One router.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Router {
    /// Where to draw it [tile pitches].
    pub position: [f32; 2],
    /// Number of network ports; node ports follow.
    pub network_ports: u8,
    /// First attached node. The others follow it in number, except on concentrated meshes: ask
    /// [`Fabric::nodes_of`] and [`Fabric::node_at`].
    pub first_node: NodeId,
    /// Number of attached nodes.
    pub nodes: u8,
    /// Start of the attached nodes in [`Fabric::attached`].
    pub node_base: u32,
    /// Chip that it lies on, for boards of several chips.
    pub chip: u32,
}

/// Where a node hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The node's router.
    pub router: RouterId,
    /// Its port there, for injection and ejection alike.
    pub port: u8,
}

/// The chip's network: immutable flat arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Fabric {
    /// Regular structure, if any.
    pub shape: Shape,
    /// Routers by id.
    pub routers: Vec<Router>,
    /// Links by id, ordered by (from, from_port).
    pub links: Vec<Link>,
    /// Nodes by id.
    pub nodes: Vec<Attachment>,
    /// Node ids in the order of (router, node port): the inverse of `nodes`.
    pub attached: Vec<NodeId>,
    /// Start of each router's ports in the port tables; one more entry than routers.
    pub port_base: Vec<u32>,
    /// Link that leaves by each (router, port), or [`NO_LINK`].
    pub out_link: Vec<u32>,
    /// Link that enters by each (router, port), or [`NO_LINK`].
    pub in_link: Vec<u32>,
}

impl Fabric {
    /// Number of ports (network and node ports) of `router`.
    pub fn ports(&self, router: RouterId) -> usize {
        (self.port_base[router.index() + 1] - self.port_base[router.index()]) as usize
    }

    /// Index of (`router`, `port`) in the port tables.
    #[inline]
    pub fn slot(&self, router: RouterId, port: u8) -> usize {
        self.port_base[router.index()] as usize + usize::from(port)
    }

    /// The link that leaves `router` by `port`.
    #[inline]
    pub fn out(&self, router: RouterId, port: u8) -> Option<LinkId> {
        let link = self.out_link[self.slot(router, port)];
        (link != NO_LINK).then_some(LinkId(link))
    }

    /// The link that enters `router` by `port`.
    #[inline]
    pub fn into(&self, router: RouterId, port: u8) -> Option<LinkId> {
        let link = self.in_link[self.slot(router, port)];
        (link != NO_LINK).then_some(LinkId(link))
    }

    /// The link `link`.
    #[inline]
    pub fn link(&self, link: LinkId) -> &Link {
        &self.links[link.index()]
    }

    /// The links that leave `router`, by port.
    pub fn links_from(&self, router: RouterId) -> impl Iterator<Item = LinkId> + '_ {
        let ports = 0..self.routers[router.index()].network_ports;
        ports.filter_map(move |port| self.out(router, port))
    }

    /// The express link of a concentrated mesh that leaves `router` along `dimension`, if there is one.
    pub fn express(&self, router: RouterId, dimension: usize) -> Option<LinkId> {
        let Shape::Grid { size, .. } = &self.shape else { return None };
        let port = u8::try_from(2 * size.len() + dimension).ok()?;
        (port < self.routers[router.index()].network_ports).then(|| self.out(router, port)).flatten()
    }

    /// The links from `from` to `to`: none if they are not neighbours, several if they are joined twice.
    pub fn links_between(&self, from: RouterId, to: RouterId) -> impl Iterator<Item = LinkId> + '_ {
        self.links_from(from).filter(move |&link| self.link(link).to == to)
    }

    /// The nodes attached to `router`, by port.
    #[inline]
    pub fn nodes_of(&self, router: RouterId) -> &[NodeId] {
        let site = &self.routers[router.index()];
        &self.attached[site.node_base as usize..][..usize::from(site.nodes)]
    }

    /// The node at `port` of `router`, if that is a node port.
    #[inline]
    pub fn node_at(&self, router: RouterId, port: u8) -> Option<NodeId> {
        let index = port.checked_sub(self.routers[router.index()].network_ports)?;
        self.nodes_of(router).get(usize::from(index)).copied()
    }

    /// The link that runs the other way along the same wire, if there is one.
    pub fn reverse(&self, link: LinkId) -> Option<LinkId> {
        let forward = self.link(link);
        let back = self.out(forward.to, forward.to_port)?;
        let candidate = self.link(back);
        (candidate.to == forward.from && candidate.to_port == forward.from_port).then_some(back)
    }

    /// Grid coordinates of `router` (x first), if the shape is a grid.
    pub fn coordinates(&self, router: RouterId) -> Option<Vec<u32>> {
        let Shape::Grid { size, .. } = &self.shape else { return None };
        let mut rest = router.0;
        Some(size.iter().map(|&k| (rest % k, rest /= k).0).collect())
    }

    /// The router at grid coordinates `at`, if the shape is a grid and contains them.
    pub fn router_at(&self, at: &[u32]) -> Option<RouterId> {
        let Shape::Grid { size, .. } = &self.shape else { return None };
        if at.len() != size.len() || at.iter().zip(size).any(|(c, k)| c >= k) {
            return None;
        }
        let number = at.iter().zip(size).rev().fold(0, |number, (c, k)| number * k + c);
        Some(RouterId(number))
    }
}
