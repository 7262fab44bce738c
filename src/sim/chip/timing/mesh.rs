//! A two-dimensional mesh as the semi-analytic models see it: hops, their least time, and the links of a
//! route by columns first.

use crate::base::{CoreId, Problems};
use crate::sim::chip::params::HopCosts;
use crate::sim::chip::site::Ground;

/// Tiles and links.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Mesh {
    width: usize,
    height: usize,
    /// By core: column and row.
    tiles: Vec<[u16; 2]>,
    /// Time of a hop: east, north, west, south [s].
    hop: [f64; 4],
    /// Packets that a link's buffer holds.
    pub(super) buffer: f64,
}

impl Mesh {
    /// # Errors
    /// A chip that is no such mesh, or does not say what a hop takes.
    pub(super) fn new(ground: &Ground<'_>) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let size = ground.mesh();
        problems.require(size.is_some(), "fidelity", || "this fidelity needs a two-dimensional mesh".into());
        problems.require(ground.is_whole, "fidelity", || {
            "this fidelity knows no broken routers and links".into()
        });
        let hops = ground.params.hops;
        problems.require(hops.is_some(), "hops", || "this fidelity needs to know what a hop takes".into());
        problems.into_result(())?;
        let ([width, height], hops) = (size.unwrap_or([1, 1]), hops.unwrap_or_default());
        Ok(Self {
            width: width as usize,
            height: height as usize,
            tiles: (0..ground.cores()).map(|core| ground.tile(CoreId(core))).collect(),
            hop: HopCosts::all(&hops).map(|cost| cost.latency.0),
            buffer: ground.params.link_buffer.into(),
        })
    }

    pub(super) fn cores(&self) -> usize {
        self.tiles.len()
    }

    /// Hops between two cores, and their time without any wait [s].
    #[inline]
    pub(super) fn distance(&self, from: usize, to: usize) -> (u32, f64) {
        let ([x, y], [to_x, to_y]) = (self.tiles[from], self.tiles[to]);
        let (along, up) = (to_x.abs_diff(x), to_y.abs_diff(y));
        let along_time = f64::from(along) * if to_x > x { self.hop[0] } else { self.hop[2] };
        let up_time = f64::from(up) * if to_y > y { self.hop[1] } else { self.hop[3] };
        (u32::from(along) + u32::from(up), along_time + up_time)
    }
}

/// A number per link: of each tile to the east, north, west and south, and of each core into its router.
#[derive(Clone, Debug)]
pub(super) struct Links {
    /// East and west by row, north and south by column, so that a straight way lies in one piece.
    east: Vec<f64>,
    west: Vec<f64>,
    north: Vec<f64>,
    south: Vec<f64>,
    inject: Vec<f64>,
}

impl Links {
    pub(super) fn new(mesh: &Mesh) -> Self {
        let way = vec![0.0; mesh.width * mesh.height];
        let inject = vec![0.0; mesh.cores()];
        Self { east: way.clone(), west: way.clone(), north: way.clone(), south: way, inject }
    }

    pub(super) fn clear(&mut self) {
        for way in [&mut self.east, &mut self.west, &mut self.north, &mut self.south, &mut self.inject] {
            way.fill(0.0);
        }
    }

    /// Visits the numbers along the route: the way into the network, then the row, then the column. A link
    /// belongs to the tile that it leaves.
    #[inline]
    pub(super) fn along(&mut self, mesh: &Mesh, from: usize, to: usize, mut visit: impl FnMut(&mut f64)) {
        let [x, y] = mesh.tiles[from].map(usize::from);
        let [to_x, to_y] = mesh.tiles[to].map(usize::from);
        visit(&mut self.inject[from]);
        let row = y * mesh.width;
        if to_x > x {
            self.east[row + x..row + to_x].iter_mut().for_each(&mut visit);
        } else {
            self.west[row + to_x + 1..row + x + 1].iter_mut().rev().for_each(&mut visit);
        }
        let column = to_x * mesh.height;
        if to_y > y {
            self.north[column + y..column + to_y].iter_mut().for_each(&mut visit);
        } else {
            self.south[column + to_y + 1..column + y + 1].iter_mut().rev().for_each(&mut visit);
        }
    }
}
