//! The CONTOUR turn maps: dimension order plus the turns that lead round each block.
//!
//! In the standard frame (X first, the south-west corner cut) an interior block lets packets turn off
//! a column at its ring and back onto it, except at its south-west corner, which loses two turns so
//! that the ring does not close. A block at the border has an open ring and needs no cut. The eight
//! maps are this one seen from four corners, X first or Y first. They need not be acyclic as sets:
//! the routes are certified.

use super::super::channels::{Channels, Turns};
use super::super::grid::{Mesh, port};
use super::regions::{Block, Regions};
use crate::base::RouterId;

/// A way to look at a mesh: mirrored and transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub mirror_x: bool,
    pub mirror_y: bool,
    pub transpose: bool,
}

impl Frame {
    /// All eight.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|n| Self { transpose: n & 4 != 0, mirror_y: n & 2 != 0, mirror_x: n & 1 != 0 })
    }

    /// The mesh as seen in the frame.
    pub fn mesh(self, mesh: Mesh) -> Mesh {
        if self.transpose { Mesh { width: mesh.height, height: mesh.width } } else { mesh }
    }

    /// Coordinates as seen in the frame.
    pub fn point(self, mesh: Mesh, (x, y): (u32, u32)) -> (u32, u32) {
        let x = if self.mirror_x { mesh.width - 1 - x } else { x };
        let y = if self.mirror_y { mesh.height - 1 - y } else { y };
        if self.transpose { (y, x) } else { (x, y) }
    }

    /// An output port as seen in the frame.
    pub fn port(self, out: u8) -> u8 {
        let mirrored = if out < port::NORTH { self.mirror_x } else { self.mirror_y };
        (out ^ u8::from(mirrored)) ^ if self.transpose { 2 } else { 0 }
    }

    /// A block as seen in the frame.
    pub fn block(self, mesh: Mesh, block: &Block) -> Block {
        let (ax, ay) = self.point(mesh, (block.x1, block.y1));
        let (bx, by) = self.point(mesh, (block.x2, block.y2));
        Block { x1: ax.min(bx), y1: ay.min(by), x2: ax.max(bx), y2: ay.max(by) }
    }
}

/// Bit of the turn from direction `from` to direction `to`.
const fn turn(from: u8, to: u8) -> u16 {
    1 << (from * 4 + to)
}

const NE: u16 = turn(port::NORTH, port::EAST);
const NW: u16 = turn(port::NORTH, port::WEST);
const SE: u16 = turn(port::SOUTH, port::EAST);
const SW: u16 = turn(port::SOUTH, port::WEST);
const WN: u16 = turn(port::WEST, port::NORTH);

/// X to Y turns and going straight.
const X_FIRST: u16 = turn(port::EAST, port::NORTH)
    | turn(port::EAST, port::SOUTH)
    | WN
    | turn(port::WEST, port::SOUTH)
    | turn(port::EAST, port::EAST)
    | turn(port::WEST, port::WEST)
    | turn(port::NORTH, port::NORTH)
    | turn(port::SOUTH, port::SOUTH);

/// The allowed turns at every node, as seen in `frame`.
struct Map {
    mesh: Mesh,
    gained: Vec<u16>,
    lost: Vec<u16>,
}

impl Map {
    fn draw(regions: &Regions, frame: Frame) -> Self {
        let mesh = frame.mesh(regions.mesh);
        let mut map = Self { mesh, gained: vec![0; mesh.routers()], lost: vec![0; mesh.routers()] };
        for block in &regions.blocks {
            map.ring(frame.block(regions.mesh, block));
        }
        map
    }

    fn ring(&mut self, Block { x1, y1, x2, y2 }: Block) {
        let border = x1 == 0 || y1 == 0 || x2 + 1 == self.mesh.width || y2 + 1 == self.mesh.height;
        let (west, south) = (x1.checked_sub(1), y1.checked_sub(1));
        let (east, north) = (Some(x2 + 1), Some(y2 + 1));
        self.gain(west, north, NE);
        self.gain(east, north, NW);
        self.gain(east, south, SW);
        for x in x1..=x2 {
            self.gain(Some(x), south, if border { NE | NW } else { NE });
            self.gain(Some(x), north, if border { SE | SW } else { SE });
        }
        if border {
            self.gain(west, south, SE);
        } else if let (Some(x), Some(y)) = (west, south) {
            self.lost[self.mesh.router(x, y).index()] |= WN | SE;
        }
    }

    fn gain(&mut self, x: Option<u32>, y: Option<u32>, turns: u16) {
        if let (Some(x), Some(y)) = (x, y)
            && x < self.mesh.width
            && y < self.mesh.height
        {
            self.gained[self.mesh.router(x, y).index()] |= turns;
        }
    }

    fn allows(&self, (x, y): (u32, u32), from: u8, to: u8) -> bool {
        let at = self.mesh.router(x, y).index();
        (X_FIRST | self.gained[at]) & !self.lost[at] & turn(from, to) != 0
    }
}

/// The turns of the CONTOUR map seen in `frame`.
pub(super) fn contour(channels: &Channels, regions: &Regions, frame: Frame) -> Turns {
    let map = Map::draw(regions, frame);
    Turns::new(channels, |c, k| {
        let at = regions.mesh.xy(RouterId(channels.head[c as usize]));
        let [from, to] = [c, k].map(|channel| frame.port(channels.out_port[channel as usize]));
        map.allows(frame.point(regions.mesh, at), from, to)
    })
}

/// Dimension order, Y first if `transpose`.
pub(super) fn dimension_order(channels: &Channels, transpose: bool) -> Turns {
    let frame = Frame { mirror_x: false, mirror_y: false, transpose };
    Turns::new(channels, |c, k| {
        let [from, to] = [c, k].map(|channel| frame.port(channels.out_port[channel as usize]));
        X_FIRST & turn(from, to) != 0
    })
}
