//! O1TURN (Seo et al. 2005, doi 10.1145/1080695.1070006): a coin at injection decides whether the
//! dimensions are corrected in ascending or in descending order; each order has half of the virtual
//! channels to itself, so that neither can deadlock.

use super::dor::{Classes, DimensionOrder};
use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::{Candidates, Head, Kernel, Routing, Standing};
use crate::base::random::Stream;
use crate::base::{Problems, RouterId};
use crate::fabric::Shape;

/// Ascending or descending dimension order on a mesh, by a coin.
#[derive(Clone, Debug)]
pub struct O1Turn {
    /// Ascending (lower half of the channels), descending (upper half).
    orders: [DimensionOrder; 2],
    all: u32,
}

impl O1Turn {
    /// The orders that get from `src` to `dst`.
    fn open(&self, src: RouterId, dst: RouterId) -> [bool; 2] {
        [self.orders[0].open(src, dst), self.orders[1].open(src, dst)]
    }
}

impl Kernel for O1Turn {
    #[inline]
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        let phase = (draw.bits() & 1) as u8;
        let open = self.orders[usize::from(phase)].open(src, head.dst);
        head.phase = if open { phase } else { 1 - phase };
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        match self.orders[usize::from(head.phase)].hop(standing, head.dst, 0) {
            Some((port, vcs)) => out.push(port, vcs, 0),
            None => out.push(head.eject, self.all, 0),
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.open(src, dst).contains(&true)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        let open = self.open(src, head.dst);
        let share = if open == [true; 2] { 0.5 } else { 1.0 };
        out.extend((0..2).filter(|&p| open[p]).map(|p| (Head { phase: p as u8, ..head }, share)));
    }
}

/// Builds [`O1Turn`].
pub(super) struct O1TurnPlan;

impl Plan for O1TurnPlan {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        match &ground.fabric.shape {
            Shape::Grid { wrap, .. } if !wrap.contains(&true) => Misfit::vcs(ground, 2),
            _ => Err(Misfit::shape("a mesh")),
        }
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let Shape::Grid { size, .. } = &ground.fabric.shape else {
            return Err(Problems::one("", "o1turn needs a mesh"));
        };
        let ascending: Vec<usize> = (0..size.len()).collect();
        let descending: Vec<usize> = (0..size.len()).rev().collect();
        let Classes { low, high, .. } = Classes::halves(ground.vcs);
        let order = |list: &[usize], all| DimensionOrder::on(ground, list, Classes { all, low: 0, high: 0 });
        let orders = [order(&ascending, low)?, order(&descending, high)?];
        Ok(O1Turn { orders, all: all_vcs(ground.vcs) }.into())
    }
}
