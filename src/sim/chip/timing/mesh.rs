//! A two-dimensional mesh as the semi-analytic models see it: hops, their least time, and the links of a
//! route, which follows the row first and then the column.

use crate::base::{CoreId, Problems};
use crate::sim::chip::params::HopCosts;
use crate::sim::chip::site::Ground;

/// Links of all routes between tiles up to which they are kept in a table [numbers of 32 bits].
const MOST_KEPT: usize = 1 << 21;

/// Links that are walked together: routes are filled up to multiples of this.
pub(super) const STRIDE: usize = 4;

/// The way between two tiles.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sim::chip) struct Way {
    /// Where its links begin in the table.
    start: u32,
    pub(super) hops: u32,
    /// Time of its hops without any wait [s].
    pub(in crate::sim::chip) least: f64,
}

/// Tiles and the ways between them.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Mesh {
    width: u32,
    height: u32,
    /// By core: its tile, numbered row by row.
    tile: Vec<u32>,
    /// Time of a hop: east, north, west, south [s].
    hop: [f64; 4],
    /// Packets that a link's buffer holds.
    pub(super) buffer: f64,
    /// By source and destination tile, where there are few enough.
    ways: Vec<Way>,
    links: Vec<u32>,
}

impl Mesh {
    /// # Errors
    /// A chip that is no such mesh, or does not say what a hop takes.
    pub(in crate::sim::chip) fn new(ground: &Ground<'_>) -> Result<Self, Problems> {
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
        let tile = |core| {
            let [x, y] = ground.tile(CoreId(core)).map(u32::from);
            y * width + x
        };
        let mut mesh = Self {
            width,
            height,
            tile: (0..ground.cores()).map(tile).collect(),
            hop: HopCosts::all(&hops).map(|cost| cost.latency.0),
            buffer: ground.params.link_buffer.into(),
            ways: Vec::new(),
            links: Vec::new(),
        };
        mesh.keep_ways();
        Ok(mesh)
    }

    fn keep_ways(&mut self) {
        let tiles = self.tiles();
        if tiles * tiles * ((self.width + self.height) as usize / 3 + STRIDE / 2) > MOST_KEPT {
            return;
        }
        let mut links = Vec::new();
        let ends = (0..tiles as u32).flat_map(|from| (0..tiles as u32).map(move |to| (from, to)));
        self.ways = ends
            .map(|(from, to)| Way { start: self.walk(from, to, &mut links), ..self.measure(from, to) })
            .collect();
        self.links = links;
    }

    pub(super) fn cores(&self) -> usize {
        self.tile.len()
    }

    fn tiles(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Links between tiles, those at the border that lead nowhere included, and one more that fills up routes.
    pub(super) fn links(&self) -> usize {
        4 * self.tiles() + 1
    }

    /// The longest way [hops].
    pub(super) fn diameter(&self) -> u32 {
        self.width + self.height - 2
    }

    /// The way from one core's tile to that of another.
    #[inline]
    pub(in crate::sim::chip) fn way(&self, from: usize, to: usize) -> Way {
        let (from, to) = (self.tile[from], self.tile[to]);
        match self.ways.get(from as usize * self.tiles() + to as usize) {
            Some(way) => *way,
            None => self.measure(from, to),
        }
    }

    fn at(&self, tile: u32) -> (u32, u32) {
        (tile % self.width, tile / self.width)
    }

    fn measure(&self, from: u32, to: u32) -> Way {
        let ((x, y), (to_x, to_y)) = (self.at(from), self.at(to));
        let (along, up) = (to_x.abs_diff(x), to_y.abs_diff(y));
        let along_time = f64::from(along) * if to_x > x { self.hop[0] } else { self.hop[2] };
        let up_time = f64::from(up) * if to_y > y { self.hop[1] } else { self.hop[3] };
        Way { start: 0, hops: along + up, least: along_time + up_time }
    }

    /// The links of a way, in order, filled up to a multiple of [`STRIDE`]; `scratch` holds them where there is no
    /// table.
    #[inline]
    pub(super) fn route<'a>(
        &'a self,
        way: Way,
        from: usize,
        to: usize,
        scratch: &'a mut Vec<u32>,
    ) -> &'a [[u32; STRIDE]] {
        let links = if self.ways.is_empty() {
            scratch.clear();
            self.walk(self.tile[from], self.tile[to], scratch);
            scratch.as_slice()
        } else {
            let start = way.start as usize;
            &self.links[start..start + (way.hops as usize).next_multiple_of(STRIDE)]
        };
        links.as_chunks().0
    }

    /// Appends the links of a way to `links`, filled up; where they begin. A link belongs to the tile that it
    /// leaves.
    fn walk(&self, from: u32, to: u32, links: &mut Vec<u32>) -> u32 {
        let start = links.len() as u32;
        let ((mut x, mut y), (to_x, to_y)) = (self.at(from), self.at(to));
        let mut leave = |x: u32, y: u32, direction: u32| links.push((y * self.width + x) * 4 + direction);
        while x != to_x {
            leave(x, y, if to_x > x { 0 } else { 2 });
            x = if to_x > x { x + 1 } else { x - 1 };
        }
        while y != to_y {
            leave(x, y, if to_y > y { 1 } else { 3 });
            y = if to_y > y { y + 1 } else { y - 1 };
        }
        links.resize(links.len().next_multiple_of(STRIDE), 4 * self.tiles() as u32);
        start
    }
}
