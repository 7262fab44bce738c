//! Boards: a grid of chips, each a mesh, joined by slower and costlier links.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mesh::Grid;
use super::topology::{Extent, Pen, check_dimensions, check_extent};
use super::{Blueprint, LinkChange, LinkKind, Shape};
use crate::base::Problems;

/// A grid of chips. Its routers form one large grid, so every routing function for grids works on it;
/// each router on the border of a chip is joined to its neighbour on the next chip by a link of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Chips along each dimension, x first.
    pub chips: Vec<u32>,
    /// Routers of one chip along each dimension, x first.
    pub chip: Vec<u32>,
    /// How the chip-to-chip links differ from those on a chip.
    pub chip_link: LinkChange,
    /// Close the outer borders of the board with chip-to-chip links, as in a torus.
    #[serde(default)]
    pub wrap: bool,
}

impl Board {
    pub(super) fn draw(&self, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
        let mut problems = Problems::new();
        let size = problems.absorb("", self.checked_size());
        let across = pen.changed_wire(&self.chip_link, LinkKind::ChipToChip);
        let across = problems.absorb("chip_link", across);
        let (Some(size), Some(across)) = (size, across) else { return Err(problems) };
        let inside = pen.wire();
        let grid = Grid { size: &size, wrap: self.wrap, nodes: 1 };
        let mut blueprint = grid.draw(|step| {
            let [here, next] = step.at.map(|at| at / self.chip[step.dimension]);
            if here == next && step.at[0] < step.at[1] { inside } else { across }
        });
        for (router, site) in (0..).zip(blueprint.graph.node_weights_mut()) {
            site.chip = self.chip_of(router, &size);
        }
        debug_assert!(matches!(blueprint.shape, Shape::Grid { .. }));
        Ok(blueprint)
    }

    fn checked_size(&self) -> Result<Vec<u32>, Problems> {
        let mut problems = Problems::new();
        check_dimensions(&mut problems, "chips", &self.chips);
        check_dimensions(&mut problems, "chip", &self.chip);
        problems.require(self.chips.len() == self.chip.len(), "chips", || {
            format!("{} dimensions where the chip has {}", self.chips.len(), self.chip.len())
        });
        let size: Vec<u32> = self.chips.iter().zip(&self.chip).map(|(&n, &k)| n.saturating_mul(k)).collect();
        check_extent(&mut problems, "chips", &Extent::grid(&size, self.wrap, 1));
        problems.into_result(size)
    }

    /// The number of a router's chip, counted along x first.
    fn chip_of(&self, router: u32, size: &[u32]) -> u32 {
        let (mut rest, mut stride, mut chip) = (router, 1, 0);
        for (d, &k) in size.iter().enumerate() {
            chip += stride * (rest % k / self.chip[d]);
            stride *= self.chips[d];
            rest /= k;
        }
        chip
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::unit::{Joules, Millimetres};
    use crate::fabric::{Fabric, LinkParams, Topology};

    fn build(chips: &[u32], chip: &[u32], wrap: bool) -> Result<Fabric, Problems> {
        let chip_link = LinkChange {
            latency: Some(12),
            width_bits: Some(5),
            length: Some(Millimetres(20.0)),
            energy_per_bit: Some(Joules(26e-12)),
        };
        let board = Board { chips: chips.to_vec(), chip: chip.to_vec(), chip_link, wrap };
        Topology::Board(board).build(&LinkParams::default())
    }

    #[test]
    fn links_between_chips_are_slower() {
        let fabric = build(&[3, 2], &[4, 2], false).unwrap();
        assert_eq!(fabric.shape, Shape::Grid { size: vec![12, 4], wrap: vec![false; 2] });
        for link in &fabric.links {
            let crosses = [link.from, link.to].map(|router| fabric.routers[router.index()].chip);
            let expected = if crosses[0] == crosses[1] {
                (LinkKind::OnChip, 1, 1, None)
            } else {
                (LinkKind::ChipToChip, 12, 7, Some(26e-12))
            };
            assert_eq!((link.kind, link.latency, link.interval, link.energy_per_bit), expected);
        }
        let across = fabric.links.iter().filter(|link| link.kind == LinkKind::ChipToChip).count();
        assert_eq!(across, 2 * (2 * 4 + 12));
        let chips: Vec<u32> = fabric.routers.iter().step_by(2).map(|router| router.chip).collect();
        assert_eq!(chips[..6], [0, 0, 1, 1, 2, 2]);
        assert_eq!(chips[12..18], [3, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn a_wrapped_board_of_one_chip_has_external_loops() {
        let fabric = build(&[1, 1], &[3, 3], true).unwrap();
        let across = fabric.links.iter().filter(|link| link.kind == LinkKind::ChipToChip).count();
        assert_eq!((fabric.links.len(), across), (36, 12));
    }

    #[test]
    fn impossible_boards_are_refused() {
        let refusal = |chips: &[u32], chip: &[u32]| build(chips, chip, false).unwrap_err().to_string();
        assert!(refusal(&[0, 1], &[8, 8]).starts_with("board.chips[0]"));
        assert!(refusal(&[1], &[8, 8]).starts_with("board.chips: 1 dimensions"));
        assert!(refusal(&[1 << 20, 1], &[1 << 20, 1]).contains("too large"));
        let chip_link = LinkChange { latency: Some(0), ..LinkChange::default() };
        let board = Board { chips: vec![0], chip: vec![8], chip_link, wrap: false };
        let all = Topology::Board(board).build(&LinkParams::default()).unwrap_err().to_string();
        assert!(all.contains("board.chips[0]") && all.contains("board.chip_link.latency"), "{all}");
    }
}
