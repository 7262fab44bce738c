//! A two-dimensional mesh as the semi-analytic models see it: hops, their least time, and the links of a
//! route, which follows the row first and then the column.

use crate::base::{CoreId, Problems};
use crate::sim::chip::params::HopCosts;
use crate::sim::chip::site::Ground;

/// Links of all routes between tiles up to which they are kept in a table [numbers of 32 bits].
const MOST_KEPT: usize = 1 << 21;

/// Links that are walked together: routes are filled up to multiples of this.
pub(super) const STRIDE: usize = 4;

/// The way between two tiles, in few bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Its last links, in order, filled up.
    pub(super) end: [u16; STRIDE],
    /// Where the links before them begin in the table.
    start: u32,
    pub(super) hops: u16,
    /// Its least time, as an index into the table of them.
    least: u16,
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
    /// By columns and rows to go: the time of the hops without any wait [s].
    least: Vec<f64>,
    /// By source and destination tile, where there are few enough.
    ways: Vec<Way>,
    links: Vec<[u16; STRIDE]>,
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
            least: Vec::new(),
            ways: Vec::new(),
            links: Vec::new(),
        };
        mesh.keep_least();
        mesh.keep_ways();
        Ok(mesh)
    }

    /// Columns to go, counted from the farthest to the west, and rows likewise from the farthest to the south.
    fn keep_least(&mut self) {
        let ([width, height], [east, north, west, south]) =
            ([self.width, self.height].map(i64::from), self.hop);
        let time = |to_go: i64, [ahead, back]: [f64; 2]| {
            to_go.unsigned_abs() as f64 * if to_go > 0 { ahead } else { back }
        };
        let rows = 1 - height..height;
        let row =
            |up| (1 - width..width).map(move |along| time(along, [east, west]) + time(up, [north, south]));
        self.least = rows.flat_map(row).collect();
    }

    fn keep_ways(&mut self) {
        let tiles = self.tiles();
        if tiles * tiles * ((self.width + self.height) as usize / 3 + STRIDE / 2) > MOST_KEPT {
            return;
        }
        let (mut ways, mut table) = (Vec::with_capacity(tiles * tiles), Vec::new());
        for pair in 0..(tiles * tiles) as u32 {
            let (mut links, start) = (Vec::new(), table.len() as u32);
            self.walk(pair, |link| links.push(link as u16));
            let hops = links.len() as u16;
            let filled = links.len().next_multiple_of(STRIDE).max(STRIDE);
            links.extend((links.len()..filled).map(|at| (4 * tiles + at % STRIDE) as u16));
            let (strides, _) = links.as_chunks();
            let end = strides.last().copied().unwrap_or_default();
            table.extend_from_slice(&strides[..strides.len() - 1]);
            ways.push(Way { end, start, hops, least: self.to_go(pair) as u16 });
        }
        (self.ways, self.links) = (ways, table);
    }

    pub(super) fn cores(&self) -> usize {
        self.tile.len()
    }

    fn tiles(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Links between tiles, those at the border that lead nowhere included, and those that fill up routes.
    pub(super) fn links(&self) -> usize {
        4 * self.tiles() + STRIDE
    }

    /// The longest way [hops].
    pub(super) fn diameter(&self) -> u32 {
        self.width + self.height - 2
    }

    /// Time of the hops from one core's tile to that of another without any wait [s].
    pub(in crate::sim::chip) fn least(&self, from: usize, to: usize) -> f64 {
        self.least[self.to_go(self.pairs_from(from) + self.tile[to])]
    }

    /// By core: its tile.
    pub(super) fn tile_of(&self) -> &[u32] {
        &self.tile
    }

    /// The first of the pairs of tiles that begin with a core's own: the number of the other is to be added.
    pub(super) fn pairs_from(&self, core: usize) -> u32 {
        self.tile[core] * self.tiles() as u32
    }

    /// The way of a pair of tiles, where ways are kept.
    #[inline(always)]
    pub(super) fn way(&self, pair: u32) -> Option<&Way> {
        self.ways.get(pair as usize)
    }

    /// The links of a way before its last ones.
    #[inline(always)]
    pub(super) fn strides(&self, way: &Way) -> &[[u16; STRIDE]] {
        let strides = usize::from(way.hops).saturating_sub(1) / STRIDE;
        if strides == 0 { &[] } else { &self.links[way.start as usize..][..strides] }
    }

    /// The least time of a way [s].
    #[inline(always)]
    pub(super) fn least_of(&self, way: &Way) -> f64 {
        self.least[usize::from(way.least)]
    }

    /// Hops of any pair of tiles, and their least time [s].
    pub(super) fn measure(&self, pair: u32) -> (usize, f64) {
        let ([x, y], [to_x, to_y]) = self.ends(pair);
        ((to_x.abs_diff(x) + to_y.abs_diff(y)) as usize, self.least[self.to_go(pair)])
    }

    /// Columns and rows at the ends of a pair of tiles.
    fn ends(&self, pair: u32) -> ([u32; 2], [u32; 2]) {
        let at = |tile: u32| [tile % self.width, tile / self.width];
        let tiles = self.tiles() as u32;
        (at(pair / tiles), at(pair % tiles))
    }

    /// The place in the table of least times.
    fn to_go(&self, pair: u32) -> usize {
        let ([x, y], [to_x, to_y]) = self.ends(pair);
        let (along, up) = (to_x + self.width - 1 - x, to_y + self.height - 1 - y);
        (up * (2 * self.width - 1) + along) as usize
    }

    /// Takes each link of a pair of tiles, in order. A link belongs to the tile that it leaves.
    pub(super) fn walk(&self, pair: u32, mut take: impl FnMut(usize)) {
        let ([mut x, mut y], [to_x, to_y]) = self.ends(pair);
        let mut leave = |x: u32, y: u32, direction| take((y * self.width + x) as usize * 4 + direction);
        while x != to_x {
            leave(x, y, if to_x > x { 0 } else { 2 });
            x = if to_x > x { x + 1 } else { x - 1 };
        }
        while y != to_y {
            leave(x, y, if to_y > y { 1 } else { 3 });
            y = if to_y > y { y + 1 } else { y - 1 };
        }
    }
}
