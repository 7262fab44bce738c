//! The ground that cores stand on: the chip's network as the cores see it.

use super::hops::direction;
use super::params::{CoreParams, MAX_CORES, TileOrder};
use crate::base::{CoreId, LinkId, NodeId, Problem, Problems, RouterId};
use crate::energy::Prices;
use crate::fabric::{Fabric, Health, Shape};
use crate::noc::params::RouterParams;
use crate::noc::route::Routing;

/// What is needed to simulate the network between cores router by router.
#[derive(Clone, Copy, Debug)]
pub struct Wires<'a> {
    /// What of it works.
    pub health: &'a Health,
    /// How packets find their way.
    pub routing: &'a Routing,
    /// What routers are made of.
    pub router: &'a RouterParams,
    /// Its clock [Hz].
    pub clock_hz: f64,
}

/// What the arrays of cores are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Devices {
    /// Devices drawn with this seed.
    Drawn(u64),
    /// None: weights are held and added up exactly, at no cost. What non-ideal ones are compared with.
    Ideal,
}

/// Cores on the nodes of a network on chip.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The network.
    pub fabric: &'a Fabric,
    /// What the chip file says about cores.
    pub params: &'a CoreParams,
    /// Nodes in the order in which they are counted.
    nodes: Vec<NodeId>,
    /// By node: it works and can be reached.
    usable: Vec<bool>,
    /// No router and no link is broken.
    pub(super) is_whole: bool,
    pub(super) wires: Option<Wires<'a>>,
    /// What routers and links cost.
    prices: Option<&'a Prices>,
    pub(super) devices: Devices,
}

impl<'a> Ground<'a> {
    /// The cores of a chip; those on nodes that are broken, or cut off from most others, are not used.
    ///
    /// # Errors
    /// Parameters out of range, by their path relative to `cores`; too many cores; tiles counted by columns
    /// on a network that has none.
    pub fn new(fabric: &'a Fabric, health: &Health, params: &'a CoreParams) -> Result<Self, Problems> {
        params.validate()?;
        let nodes = count_tiles(fabric, params.tile_order)?;
        let cores = nodes.len() as u64 * u64::from(params.per_tile);
        if cores > u64::from(MAX_CORES) {
            let problem = Problem::new("per_tile", format!("the chip would have {cores} cores"));
            return Err(problem.allowed(format!("up to {MAX_CORES} cores")).into());
        }
        let joined = largest_part(fabric, health);
        let works = |node: usize| health.node[node] && joined[fabric.nodes[node].router.index()];
        let usable = (0..fabric.nodes.len()).map(works).collect();
        let all = |parts: &[bool]| parts.iter().all(|&works| works);
        let is_whole = all(&health.router) && all(&health.link);
        let (wires, prices, devices) = (None, None, Devices::Drawn(1));
        Ok(Self { fabric, params, nodes, usable, is_whole, wires, prices, devices })
    }

    /// The same with a network that can be simulated router by router.
    #[must_use]
    pub fn with_wires(self, wires: Wires<'a>) -> Self {
        Self { wires: Some(wires), ..self }
    }

    /// The same with what the events of routers and links cost.
    #[must_use]
    pub fn with_prices(self, prices: Option<&'a Prices>) -> Self {
        Self { prices, ..self }
    }

    /// What a packet spends on a hop, by direction [J]: the router that it leaves and the link, flit by flit;
    /// where links of one direction differ, their mean. Nothing where no figures are known.
    pub(super) fn hop_energy(&self) -> [f64; 4] {
        let Some(prices) = self.prices else { return [0.0; 4] };
        let (mut sum, mut count) = ([0.0; 4], [0u32; 4]);
        for (index, link) in self.fabric.links.iter().enumerate() {
            let direction = direction(self.fabric, link);
            sum[direction] += prices.flit_hop(link.from.index(), index);
            count[direction] += 1;
        }
        let flits = f64::from(self.params.packet_flits);
        [0, 1, 2, 3].map(|way| sum[way] / f64::from(count[way].max(1)) * flits)
    }

    /// What routers and links take whether or not anything happens in them [W], by component.
    pub(super) fn standing(&self) -> Vec<(&'static str, f64)> {
        self.prices.map(Prices::standing).unwrap_or_default()
    }

    /// The same with no other cores than `cores` to be used.
    #[must_use]
    pub fn limited_to(mut self, cores: &[CoreId]) -> Self {
        let mut kept = vec![false; self.usable.len()];
        cores.iter().for_each(|&core| kept[self.node(core).index()] = true);
        self.usable.iter_mut().zip(kept).for_each(|(usable, kept)| *usable &= kept);
        self
    }

    /// The same with arrays of these devices; without it they are drawn with seed 1.
    #[must_use]
    pub fn with_devices(self, devices: Devices) -> Self {
        Self { devices, ..self }
    }

    /// Number of cores, whether they work or not.
    pub fn cores(&self) -> u32 {
        self.nodes.len() as u32 * u32::from(self.params.per_tile)
    }

    /// The node that `core` hangs on.
    pub fn node(&self, core: CoreId) -> NodeId {
        self.nodes[core.index() / usize::from(self.params.per_tile)]
    }

    /// Whether `core` works and can be reached.
    pub fn works(&self, core: CoreId) -> bool {
        self.usable[self.node(core).index()]
    }

    /// The cores that can be used, ascending.
    pub fn working(&self) -> impl Iterator<Item = CoreId> + '_ {
        (0..self.cores()).map(CoreId).filter(|&core| self.works(core))
    }

    /// Columns and rows of the network, if it is a two-dimensional mesh without wrap-around.
    pub fn mesh(&self) -> Option<[u32; 2]> {
        match &self.fabric.shape {
            Shape::Grid { size, wrap } if wrap.iter().all(|&wraps| !wraps) => match size[..] {
                [width, height] => Some([width, height]),
                _ => None,
            },
            _ => None,
        }
    }

    /// Column and row of a core's router on such a mesh.
    pub fn tile(&self, core: CoreId) -> [u16; 2] {
        let router = self.fabric.nodes[self.node(core).index()].router;
        match self.fabric.coordinates(router).as_deref() {
            Some(&[x, y]) => [x as u16, y as u16],
            _ => [0, 0],
        }
    }
}

fn count_tiles(fabric: &Fabric, order: TileOrder) -> Result<Vec<NodeId>, Problems> {
    let rows = (0..fabric.nodes.len()).map(NodeId::at);
    match (order, &fabric.shape) {
        (TileOrder::Rows, _) => Ok(rows.collect()),
        (TileOrder::Columns, Shape::Grid { size, .. }) if size.len() == 2 => {
            let mut nodes: Vec<NodeId> = rows.collect();
            nodes.sort_by_key(|node| {
                let router = fabric.nodes[node.index()].router.0;
                (router % size[0], router / size[0])
            });
            Ok(nodes)
        }
        _ => Err(Problems::one("tile_order", "`columns` needs a two-dimensional mesh")),
    }
}

/// By router: it belongs to the largest part of the network whose routers are joined by links that work in
/// both directions.
fn largest_part(fabric: &Fabric, health: &Health) -> Vec<bool> {
    let routers = fabric.routers.len();
    let works = |link: LinkId| health.link[link.index()];
    let mut part = vec![0u32; routers];
    let (mut parts, mut largest) = (0, (0, 0));
    for start in 0..routers {
        if !health.router[start] || part[start] != 0 {
            continue;
        }
        parts += 1;
        part[start] = parts;
        let (mut stack, mut size) = (vec![RouterId::at(start)], 0);
        while let Some(router) = stack.pop() {
            size += 1;
            for link in fabric.links_from(router).filter(|&link| works(link)) {
                let next = fabric.link(link).to;
                let back = fabric.reverse(link).is_none_or(works);
                if back && health.router[next.index()] && part[next.index()] == 0 {
                    part[next.index()] = parts;
                    stack.push(next);
                }
            }
        }
        largest = largest.max((size, u32::MAX - parts));
    }
    let name = u32::MAX - largest.1;
    part.iter().map(|&part| part != 0 && part == name).collect()
}
