//! The OE-TU turn map: odd-even turned on its side against the blocks.
//!
//! Needs one side of the mesh without blocks; in the standard frame that is the west side. Allowed
//! everywhere: N→E, S→E, W→N, W→S. What else a node allows depends on its vertical run, the longest
//! stretch of active nodes in its column. A cycle's rightmost column segment lies in one run and would
//! need E→N below N→W, or E→S above S→W, and no run allows both in that order: the set is acyclic.
//! Every node reaches the clean west column and is reached from it: it is complete.

use super::super::channels::{Channels, Turns};
use super::super::grid::{Mesh, port};
use super::contour::Frame;
use super::regions::{Block, Regions};
use crate::base::RouterId;

/// Which pairs of turns a node adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Extra {
    /// E→S and N→W.
    down: bool,
    /// E→N and S→W.
    up: bool,
    /// E→N and E→S (odd columns of free runs).
    leave_east: bool,
    /// N→W and S→W (even columns of free runs).
    leave_to_west: bool,
}

impl Extra {
    fn allows(self, from: u8, to: u8) -> bool {
        use port::{EAST, NORTH, SOUTH, WEST};
        match (from, to) {
            _ if from == to => true,
            (NORTH | SOUTH, EAST) | (WEST, NORTH | SOUTH) => true,
            (EAST, SOUTH) => self.down || self.leave_east,
            (EAST, NORTH) => self.up || self.leave_east,
            (NORTH, WEST) => self.down || self.leave_to_west,
            (SOUTH, WEST) => self.up || self.leave_to_west,
            _ => false,
        }
    }
}

/// The turns of the OE-TU map seen in `frame`; `None` if a block touches that frame's west side.
pub(super) fn oe_tu(channels: &Channels, regions: &Regions, active: &[bool], frame: Frame) -> Option<Turns> {
    let mesh = frame.mesh(regions.mesh);
    let blocks: Vec<Block> = regions.blocks.iter().map(|block| frame.block(regions.mesh, block)).collect();
    if blocks.iter().any(|block| block.x1 == 0) {
        return None;
    }
    let mut seen = vec![false; mesh.routers()];
    for router in (0..mesh.routers()).map(RouterId::at) {
        let (x, y) = frame.point(regions.mesh, regions.mesh.xy(router));
        seen[mesh.router(x, y).index()] = active[router.index()];
    }
    let extra = extras(mesh, &blocks, &seen);
    Some(Turns::new(channels, |c, k| {
        let at = regions.mesh.xy(RouterId(channels.head[c as usize]));
        let (x, y) = frame.point(regions.mesh, at);
        let [from, to] = [c, k].map(|channel| frame.port(channels.out_port[channel as usize]));
        extra[mesh.router(x, y).index()].allows(from, to)
    }))
}

fn extras(mesh: Mesh, blocks: &[Block], active: &[bool]) -> Vec<Extra> {
    let mut extra = vec![Extra::default(); mesh.routers()];
    let is_active = |x, y| active[mesh.router(x, y).index()];
    for x in 0..mesh.width {
        let mut y = 0;
        while y < mesh.height {
            let bottom = y;
            while y < mesh.height && is_active(x, y) {
                y += 1;
            }
            if y > bottom {
                run(mesh, blocks, x, bottom..y, &mut extra);
            }
            y = y.max(bottom + 1);
        }
    }
    extra
}

/// Sets what the nodes of one vertical run add.
fn run(mesh: Mesh, blocks: &[Block], x: u32, rows: std::ops::Range<u32>, extra: &mut [Extra]) {
    let beside = |block: &&Block| block.x2 + 1 == x && block.y1 < rows.end && rows.start <= block.y2;
    let mut west = blocks.iter().filter(beside).peekable();
    let shadowed = west.peek().is_some();
    // Blocks in one column do not touch, so at most one of them reaches the north border.
    let north = west.find(|block| block.y2 + 1 == mesh.height);
    let threshold = north.map_or(u32::MAX, |block| block.y1.saturating_sub(1));
    for y in rows {
        extra[mesh.router(x, y).index()] = match shadowed {
            true => Extra { down: y <= threshold, up: y >= threshold, ..Extra::default() },
            false => Extra { leave_east: x % 2 == 1, leave_to_west: x.is_multiple_of(2), ..Extra::default() },
        };
    }
}
