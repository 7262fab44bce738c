//! Dimension-order routing on n-dimensional grids: correct one dimension after the other.
//!
//! On a torus the shorter way round is taken (ties go up), and virtual channels are halved at a dateline
//! between the last and the first router of each ring (Dally & Seitz 1987, doi 10.1109/TC.1987.1676939):
//! a packet that still has to cross it uses the lower half, all others the upper half.

use super::{Candidate, Candidates, Head, Standing};
use crate::base::RouterId;

/// Bits per coordinate in a packed position.
const FIELD: u32 = 16;

/// Dimension order over a grid.
#[derive(Clone, Debug)]
pub struct DimensionOrder {
    /// Dimensions in the order they are corrected.
    dims: Vec<Dimension>,
    /// Coordinates of each router, the dimension that is corrected first in the lowest field.
    packed: Vec<u64>,
    /// Port up of each field's dimension.
    ports: [u8; 4],
    /// Mask of all virtual channels.
    all: u32,
    /// Mask of the channels below the dateline.
    low: u32,
    /// No dimension wraps and there are at most four.
    plain: bool,
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
        let dims: Vec<_> = order.iter().map(dimension).collect();
        let plain = dims.len() <= 4 && dims.iter().all(|dim| !dim.wrap && dim.size < 1 << FIELD);
        let all = u32::MAX >> (32 - u32::from(vcs));
        let mut ports = [0; 4];
        ports.iter_mut().zip(&dims).for_each(|(port, dim)| *port = dim.port);
        let count = if plain { size.iter().product() } else { 0 };
        let packed = (0..count).map(|router| pack(&dims, router)).collect();
        Self { dims, packed, ports, all, low: all >> (vcs - vcs / 2), plain }
    }

    /// The candidate on grids that do not wrap.
    #[inline(always)]
    pub(super) fn fixed(&self, at: RouterId, head: &Head) -> Option<Candidate> {
        if !self.plain {
            return None;
        }
        let (here, there) = (self.packed[at.index()], self.packed[head.dst.index()]);
        let port = if here == there {
            head.eject
        } else {
            let field = (here ^ there).trailing_zeros() / FIELD;
            let coordinate = |packed: u64| packed >> (field * FIELD) & ((1 << FIELD) - 1);
            self.ports[field as usize & 3] + u8::from(coordinate(there) < coordinate(here))
        };
        Some(Candidate { vcs: self.all, port, priority: 0 })
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

fn pack(dims: &[Dimension], router: u32) -> u64 {
    let coordinate = |dim: &Dimension| u64::from(router / dim.stride % dim.size);
    dims.iter().rev().fold(0, |packed, dim| packed << FIELD | coordinate(dim))
}
