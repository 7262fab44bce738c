//! Dimension-order routing on n-dimensional grids: correct one dimension after the other.
//!
//! On a torus the shorter way round is taken (ties go up), and virtual channels are halved at a dateline
//! between the last and the first router of each ring (Dally & Seitz 1987, doi 10.1109/TC.1987.1676939):
//! a packet that still has to cross it uses the lower half, all others the upper half.

use super::{Candidates, Head, Standing};
use crate::base::RouterId;

/// Dimension order over a grid.
#[derive(Clone, Debug)]
pub struct DimensionOrder {
    /// Dimensions in the order they are corrected.
    dims: Vec<Dimension>,
    /// Mask of all virtual channels.
    all: u32,
    /// Mask of the channels below the dateline.
    low: u32,
}

#[derive(Clone, Copy, Debug)]
struct Dimension {
    stride: u32,
    size: u32,
    wrap: bool,
    port: u8,
}

impl DimensionOrder {
    /// Corrects the dimensions of a grid in the given `order` (`[0, 1]` is XY).
    pub fn new(size: &[u32], wrap: &[bool], order: &[usize], vcs: u8) -> Self {
        let stride = |d: usize| size[..d].iter().product();
        let dimension =
            |&d: &usize| Dimension { stride: stride(d), size: size[d], wrap: wrap[d], port: 2 * d as u8 };
        let all = u32::MAX >> (32 - u32::from(vcs));
        Self { dims: order.iter().map(dimension).collect(), all, low: all >> (vcs - vcs / 2) }
    }

    #[inline]
    pub(super) fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        match self.hop(standing.at, head.dst) {
            Some((port, vcs)) => out.push(port, vcs, 0),
            None => out.push(head.eject, self.all, 0),
        }
    }

    /// The next port and its virtual channels; `None` at the destination.
    #[inline]
    fn hop(&self, at: RouterId, dst: RouterId) -> Option<(u8, u32)> {
        for dim in &self.dims {
            let (here, there) = (at.0 / dim.stride % dim.size, dst.0 / dim.stride % dim.size);
            if here == there {
                continue;
            }
            if !dim.wrap {
                return Some((dim.port + u8::from(there < here), self.all));
            }
            let up = (there + dim.size - here) % dim.size;
            let down = up > dim.size - up;
            let crosses = if down { there > here } else { there < here };
            return Some((dim.port + u8::from(down), if crosses { self.low } else { self.all & !self.low }));
        }
        None
    }
}
