//! Coordinates on n-dimensional grids, without a hardware division per hop.

use super::ground::Ground;
use crate::base::RouterId;
use crate::fabric::Shape;

/// Divides by a fixed number: the high half of a product with the rounded-up reciprocal.
///
/// Exact while `n · d < 2^64`; router counts end at 2^22.
#[derive(Clone, Copy, Debug)]
struct Divisor {
    by: u32,
    reciprocal: u64,
}

impl Divisor {
    fn new(by: u32) -> Self {
        let by = by.max(1);
        Self { by, reciprocal: (u64::MAX / u64::from(by)).wrapping_add(1) }
    }

    #[inline(always)]
    fn quotient(self, n: u32) -> u32 {
        if self.by == 1 { n } else { ((u128::from(n) * u128::from(self.reciprocal)) >> 64) as u32 }
    }

    #[inline(always)]
    fn remainder(self, n: u32) -> u32 {
        n - self.quotient(n) * self.by
    }
}

/// One dimension of a grid.
#[derive(Clone, Copy, Debug)]
pub(in crate::noc) struct Axis {
    stride: Divisor,
    size: Divisor,
    /// Whether the dimension closes into a ring.
    pub wrap: bool,
    /// Port towards higher coordinates; the next one leads back.
    pub port: u8,
}

impl Axis {
    fn new(size: &[u32], wrap: &[bool], d: usize) -> Self {
        let stride = size[..d].iter().product();
        Self { stride: Divisor::new(stride), size: Divisor::new(size[d]), wrap: wrap[d], port: 2 * d as u8 }
    }

    /// Coordinate of `router` along this axis.
    #[inline(always)]
    pub fn of(&self, router: RouterId) -> u32 {
        self.size.remainder(self.stride.quotient(router.0))
    }

    /// Number of routers along this axis.
    #[inline(always)]
    pub fn len(&self) -> u32 {
        self.size.by
    }

    /// Number of this axis.
    pub fn number(&self) -> u32 {
        u32::from(self.port) / 2
    }

    /// `router` moved from coordinate `here` to coordinate `there` of this axis.
    #[inline(always)]
    pub fn moved(&self, router: RouterId, here: u32, there: u32) -> RouterId {
        let stride = self.stride.by;
        RouterId(router.0.wrapping_add(there.wrapping_mul(stride)).wrapping_sub(here.wrapping_mul(stride)))
    }

    /// The neighbour of `router` (at coordinate `here`) upwards or downwards, round the ring if there is one.
    #[inline(always)]
    pub fn neighbour(&self, router: RouterId, here: u32, down: bool) -> RouterId {
        let last = self.len() - 1;
        let there = match down {
            false if here == last => 0,
            false => here + 1,
            true if here == 0 => last,
            true => here - 1,
        };
        self.moved(router, here, there)
    }
}

/// The axes of a grid in ascending order.
pub(super) fn axes(size: &[u32], wrap: &[bool]) -> Vec<Axis> {
    (0..size.len()).map(|d| Axis::new(size, wrap, d)).collect()
}

/// A two-dimensional mesh without wrap-around, every link between neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// Routers in x.
    pub width: u32,
    /// Routers in y.
    pub height: u32,
}

/// Ports of a two-dimensional mesh.
pub mod port {
    /// Towards +x.
    pub const EAST: u8 = 0;
    /// Towards −x.
    pub const WEST: u8 = 1;
    /// Towards +y.
    pub const NORTH: u8 = 2;
    /// Towards −y.
    pub const SOUTH: u8 = 3;
}

impl Mesh {
    /// The mesh that `ground` stands on, if it is one.
    pub fn of(ground: &Ground) -> Option<Self> {
        let Shape::Grid { size, wrap } = &ground.fabric.shape else { return None };
        let &[width, height] = size.as_slice() else { return None };
        let mesh = Self { width, height };
        let plain = || {
            ground.fabric.links.iter().all(|link| {
                let [(ax, ay), (bx, by)] = [mesh.xy(link.from), mesh.xy(link.to)];
                ax.abs_diff(bx) + ay.abs_diff(by) == 1
            })
        };
        (!wrap.contains(&true) && plain()).then_some(mesh)
    }

    /// Coordinates of `router`.
    #[inline(always)]
    pub fn xy(&self, router: RouterId) -> (u32, u32) {
        (router.0 % self.width, router.0 / self.width)
    }

    /// The router at (`x`, `y`).
    #[inline(always)]
    pub fn router(&self, x: u32, y: u32) -> RouterId {
        RouterId(y * self.width + x)
    }

    /// Number of routers.
    pub fn len(&self) -> usize {
        (self.width * self.height) as usize
    }

    /// The neighbour of `router` through `port`, if the mesh goes on there.
    pub fn neighbour(&self, router: RouterId, port: u8) -> Option<RouterId> {
        let (x, y) = self.xy(router);
        match port {
            port::EAST => (x + 1 < self.width).then(|| self.router(x + 1, y)),
            port::WEST => x.checked_sub(1).map(|x| self.router(x, y)),
            port::NORTH => (y + 1 < self.height).then(|| self.router(x, y + 1)),
            port::SOUTH => y.checked_sub(1).map(|y| self.router(x, y)),
            _ => None,
        }
    }

    /// Hops between two routers when nothing is broken.
    pub fn distance(&self, a: RouterId, b: RouterId) -> u32 {
        let ((ax, ay), (bx, by)) = (self.xy(a), self.xy(b));
        ax.abs_diff(bx) + ay.abs_diff(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_divide_exactly() {
        for by in (1..70).chain([255, 1000, 2047, 2048, 1 << 21, (1 << 22) - 1]) {
            let divisor = Divisor::new(by);
            for n in (0..200).chain([by - 1, by, by + 1, (1 << 22) - 1, 1 << 22, u32::MAX]) {
                assert_eq!((divisor.quotient(n), divisor.remainder(n)), (n / by, n % by), "{n} / {by}");
            }
        }
    }

    #[test]
    fn coordinates_follow_the_shape() {
        let axes = axes(&[5, 3, 4], &[false, true, false]);
        for router in (0..60).map(RouterId) {
            let at: Vec<u32> = axes.iter().map(|axis| axis.of(router)).collect();
            assert_eq!(at[0] + 5 * at[1] + 15 * at[2], router.0);
            let up = axes[1].neighbour(router, at[1], false);
            assert_eq!(axes[1].of(up), (at[1] + 1) % 3);
            assert_eq!(axes[2].of(up), at[2]);
        }
    }
}
