//! The topologies a chip file can name, and the limits that all of them share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::link::{LinkChange, LinkParams};
use super::mesh::{self, Grid};
use super::{
    Blueprint, Board, Cmesh, Fabric, FatTree, GraphFile, Hierarchy, LinkKind, TriangularTorus, Wire,
};
use crate::base::{Problem, Problems};

/// Most routers a fabric may have: a 2048 × 2048 mesh.
pub const MAX_ROUTERS: u64 = 1 << 22;

/// Most directed links a fabric may have: a 2048 × 2048 torus.
pub const MAX_LINKS: u64 = 1 << 24;

/// Most nodes a fabric may have.
pub const MAX_NODES: u64 = 1 << 24;

/// Most nodes on one router.
pub const MAX_NODES_PER_ROUTER: u32 = 128;

/// Flit width where none is stated [bits].
pub const DEFAULT_FLIT_BITS: u32 = 32;

/// How routers are joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Topology {
    /// n-dimensional mesh.
    Mesh {
        /// Routers along each dimension, x first; 1 to 6 dimensions.
        size: Vec<u32>,
    },
    /// n-dimensional torus. A dimension of two routers is joined once, not twice.
    Torus {
        /// Routers along each dimension, x first; 1 to 6 dimensions.
        size: Vec<u32>,
    },
    /// Ring: a torus of one dimension.
    Ring {
        /// Routers around the ring.
        size: u32,
    },
    /// Concentrated mesh: several nodes on each router.
    Cmesh(Cmesh),
    /// k-ary n-tree.
    FatTree(FatTree),
    /// A tree over meshes.
    Hierarchy(Hierarchy),
    /// Torus with a third axis along the diagonal, as in SpiNNaker.
    TriangularTorus(TriangularTorus),
    /// A grid of chips, each a mesh.
    Board(Board),
    /// Any graph, from a file.
    Graph(GraphFile),
}

/// What building a network needs from outside.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Flit width [bits]; with a link's width it gives the cycles that a flit occupies the link.
    pub flit_bits: u32,
    /// Reads a graph file, given its name as written in the chip file.
    pub read: &'a dyn Fn(&str) -> Result<String, Problems>,
}

impl Default for Surroundings<'_> {
    /// Flits of [`DEFAULT_FLIT_BITS`] and no files.
    fn default() -> Self {
        Self {
            flit_bits: DEFAULT_FLIT_BITS,
            read: &|name| Err(Problems::one("", format!("`{name}` cannot be read here"))),
        }
    }
}

impl Topology {
    /// Draws and compiles the network for flits of [`DEFAULT_FLIT_BITS`], without access to files.
    ///
    /// # Errors
    /// As [`Topology::build_in`].
    pub fn build(&self, link: &LinkParams) -> Result<Fabric, Problems> {
        self.build_in(link, &Surroundings::default())
    }

    /// Draws and compiles the network.
    ///
    /// # Errors
    /// Sizes of zero or beyond [`MAX_ROUTERS`], [`MAX_LINKS`] and [`MAX_NODES`], parameters out of range,
    /// graph files that cannot be read or mean no network; each with its path relative to the topology
    /// (`mesh.size[0]`). A `link` that fails [`LinkParams::validate`] is reported under `link`.
    pub fn build_in(&self, link: &LinkParams, around: &Surroundings<'_>) -> Result<Fabric, Problems> {
        link.validate().map_err(|problems| problems.under("link"))?;
        if !(1..=65536).contains(&around.flit_bits) {
            let problem = Problem::new("flit_bits", format!("{} is out of range", around.flit_bits));
            return Err(problem.allowed("1 to 65536").into());
        }
        let pen = Pen { link, flit_bits: around.flit_bits };
        let blueprint = match self {
            Self::Mesh { size } => mesh::draw(size, false, &pen),
            Self::Torus { size } => mesh::draw(size, true, &pen),
            Self::Ring { size } => draw_ring(*size, &pen),
            Self::Cmesh(cmesh) => cmesh.draw(&pen),
            Self::FatTree(tree) => tree.draw(&pen),
            Self::Hierarchy(hierarchy) => hierarchy.draw(&pen),
            Self::TriangularTorus(torus) => torus.draw(&pen),
            Self::Board(board) => board.draw(&pen),
            Self::Graph(graph) => graph.draw(&pen, around.read),
        };
        blueprint.and_then(Blueprint::compile).map_err(|problems| problems.under(self.name()))
    }

    /// The name that chip files use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mesh { .. } => "mesh",
            Self::Torus { .. } => "torus",
            Self::Ring { .. } => "ring",
            Self::Cmesh(_) => "cmesh",
            Self::FatTree(_) => "fat-tree",
            Self::Hierarchy(_) => "hierarchy",
            Self::TriangularTorus(_) => "triangular-torus",
            Self::Board(_) => "board",
            Self::Graph(_) => "graph",
        }
    }
}

/// What topologies draw with: the ordinary link and the width of a flit.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub(super) link: &'a LinkParams,
    pub(super) flit_bits: u32,
}

impl Pen<'_> {
    /// An ordinary wire on the chip.
    pub(super) fn wire(&self) -> Wire {
        self.link.wire(self.flit_bits, LinkKind::OnChip)
    }

    /// A wire that differs from the ordinary one by `change`.
    ///
    /// # Errors
    /// A value of `change` is out of range.
    pub(super) fn changed_wire(&self, change: &LinkChange, kind: LinkKind) -> Result<Wire, Problems> {
        change.validate()?;
        Ok(self.link.with(change).wire(self.flit_bits, kind))
    }
}

fn draw_ring(size: u32, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
    let mut problems = Problems::new();
    problems.require(size > 0, "size", || "a ring needs at least one router".into());
    check_extent(&mut problems, "size", &Extent::grid(&[size], true, 1));
    problems.into_result(())?;
    let wire = pen.wire();
    Ok(Grid { size: &[size], wrap: true, nodes: 1 }.draw(|_| wire))
}

/// How large a network would be; `None` where the number has overflowed.
pub(super) struct Extent {
    pub(super) routers: Option<u64>,
    pub(super) links: Option<u64>,
    pub(super) nodes: Option<u64>,
}

impl Extent {
    /// Of a grid with `nodes` nodes on each router.
    pub(super) fn grid(size: &[u32], wrap: bool, nodes: u32) -> Self {
        let routers = size.iter().try_fold(1u64, |product, &k| product.checked_mul(u64::from(k)));
        let rows = |k: u32| routers.map(|routers| routers / u64::from(k.max(1)));
        let links = size.iter().try_fold(0u64, |sum, &k| {
            let per_row = if wrap && k > 2 { k } else { k.saturating_sub(1) };
            rows(k)?.checked_mul(2 * u64::from(per_row)).and_then(|links| links.checked_add(sum))
        });
        Self { routers, links, nodes: routers.and_then(|routers| routers.checked_mul(nodes.into())) }
    }
}

/// Records at `path` that a network of this extent is too large, if it is.
pub(super) fn check_extent(problems: &mut Problems, path: &str, extent: &Extent) {
    for (what, count, most) in [
        ("routers", extent.routers, MAX_ROUTERS),
        ("links", extent.links, MAX_LINKS),
        ("nodes", extent.nodes, MAX_NODES),
    ] {
        if count.is_none_or(|count| count > most) {
            let found = count.map_or_else(|| "more".to_owned(), |count| count.to_string());
            problems.push(
                Problem::new(path, format!("the network is too large: {found} {what}"))
                    .allowed(format!("at most {most} {what}")),
            );
            return;
        }
    }
}

/// Records at `path` what is wrong with the dimensions of a grid, other than their product.
pub(super) fn check_dimensions(problems: &mut Problems, path: &str, size: &[u32]) {
    if !(1..=6).contains(&size.len()) {
        let message = format!("{} dimensions", size.len());
        problems.push(Problem::new(path, message).allowed("1 to 6 dimensions"));
    }
    for (d, &k) in size.iter().enumerate() {
        if k == 0 {
            let problem = Problem::new(format!("{path}[{d}]"), "a dimension needs at least one router");
            problems.push(problem.allowed("1 or more"));
        }
    }
}
