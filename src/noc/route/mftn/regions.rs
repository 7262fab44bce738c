//! Regions to bypass: faulty nodes, the unsafe nodes around them, and the rings about both.

use super::super::grid::Mesh;
use crate::base::RouterId;

/// A rectangle of disabled nodes, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Westmost column.
    pub x1: u32,
    /// Southmost row.
    pub y1: u32,
    /// Eastmost column.
    pub x2: u32,
    /// Northmost row.
    pub y2: u32,
}

impl Block {
    /// Whether (`x`, `y`) is one step away from the block, diagonal steps included.
    pub fn ring_contains(&self, x: u32, y: u32) -> bool {
        let apart = |v: u32, low: u32, high: u32| low.saturating_sub(v).max(v.saturating_sub(high));
        apart(x, self.x1, self.x2).max(apart(y, self.y1, self.y2)) == 1
    }
}

/// The disabled regions of a mesh.
#[derive(Clone, Debug)]
pub struct Regions {
    /// The mesh.
    pub mesh: Mesh,
    /// By router: faulty or unsafe.
    pub disabled: Vec<bool>,
    /// The disabled rectangles, in the order of their first router.
    pub blocks: Vec<Block>,
}

impl Regions {
    /// Grows the regions: a healthy node with a disabled neighbour in X and one in Y joins, until none
    /// is left. What results are rectangles no two of which touch, diagonally either.
    pub fn grow(mesh: Mesh, faulty: &[bool]) -> Self {
        let mut disabled = faulty.to_vec();
        let is = |disabled: &[bool], x: Option<u32>, y: Option<u32>| match (x, y) {
            (Some(x), Some(y)) if x < mesh.width && y < mesh.height => disabled[mesh.router(x, y).index()],
            _ => false,
        };
        let mut pending: Vec<u32> = (0..mesh.len() as u32).collect();
        while let Some(router) = pending.pop() {
            let (x, y) = mesh.xy(RouterId(router));
            let beside = is(&disabled, x.checked_sub(1), Some(y)) || is(&disabled, Some(x + 1), Some(y));
            let above = is(&disabled, Some(x), y.checked_sub(1)) || is(&disabled, Some(x), Some(y + 1));
            if beside && above && !disabled[router as usize] {
                disabled[router as usize] = true;
                pending.extend((0..4).filter_map(|port| mesh.neighbour(RouterId(router), port)).map(|n| n.0));
            }
        }
        let blocks = rectangles(mesh, &disabled);
        Self { mesh, disabled, blocks }
    }

    /// The block that `router` lies in.
    pub fn block_of(&self, router: RouterId) -> Option<usize> {
        let (x, y) = self.mesh.xy(router);
        let holds = |block: &Block| (block.x1..=block.x2).contains(&x) && (block.y1..=block.y2).contains(&y);
        if self.disabled[router.index()] { self.blocks.iter().position(holds) } else { None }
    }
}

/// The connected components of the disabled nodes, each of which fills its bounding box.
fn rectangles(mesh: Mesh, disabled: &[bool]) -> Vec<Block> {
    let mut seen = vec![false; mesh.len()];
    let mut blocks = Vec::new();
    for first in (0..mesh.len()).map(RouterId::at) {
        if !disabled[first.index()] || seen[first.index()] {
            continue;
        }
        let (x, y) = mesh.xy(first);
        let mut block = Block { x1: x, y1: y, x2: x, y2: y };
        let mut pending = vec![first];
        let mut count = 0;
        seen[first.index()] = true;
        while let Some(router) = pending.pop() {
            let (x, y) = mesh.xy(router);
            block =
                Block { x1: block.x1.min(x), y1: block.y1.min(y), x2: block.x2.max(x), y2: block.y2.max(y) };
            count += 1;
            for next in (0..4).filter_map(|port| mesh.neighbour(router, port)) {
                if disabled[next.index()] && !seen[next.index()] {
                    seen[next.index()] = true;
                    pending.push(next);
                }
            }
        }
        let area = (block.x2 - block.x1 + 1) * (block.y2 - block.y1 + 1);
        assert_eq!(count, area, "a region closed under the X-and-Y rule is a rectangle");
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(rows: &[&str]) -> Regions {
        let (width, height) = (rows[0].len() as u32, rows.len() as u32);
        // The first row of the picture is the northmost.
        let faulty: Vec<bool> = rows.iter().rev().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
        Regions::grow(Mesh { width, height }, &faulty)
    }

    #[test]
    fn diagonal_faults_merge_into_a_rectangle() {
        let found = regions(&["......", "...#..", "..#...", "......"]);
        assert_eq!(found.blocks, [Block { x1: 2, y1: 1, x2: 3, y2: 2 }]);
        assert_eq!(found.disabled.iter().filter(|&&d| d).count(), 4);
    }

    #[test]
    fn faults_in_one_row_two_apart_stay_apart() {
        let found = regions(&["......", ".#.#..", "......"]);
        assert_eq!(found.blocks.len(), 2);
        assert_eq!(found.disabled.iter().filter(|&&d| d).count(), 2);
    }

    #[test]
    fn growth_cascades() {
        let found = regions(&[".....", "..#..", ".#.#.", "....."]);
        assert_eq!(found.blocks, [Block { x1: 1, y1: 1, x2: 3, y2: 2 }]);
        assert!(found.blocks[0].ring_contains(0, 0) && !found.blocks[0].ring_contains(2, 1));
    }
}
