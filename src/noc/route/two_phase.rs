//! Two-phase routing: dimension order to an intermediate router drawn at injection, then to the
//! destination, each phase on virtual channels of its own.
//!
//! Valiant (Valiant & Brebner 1981, doi 10.1145/800076.802479) draws among all routers, which makes any
//! traffic look uniform at twice the hops. ROMM (Nesson & Johnsson 1995, doi 10.1145/215399.215455)
//! draws among the routers of the smallest box around source and destination, which keeps routes minimal.

use super::dor::{Classes, DimensionOrder, FROM_NODE, subsets};
use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::{Candidates, Head, Kernel, Routing, Standing};
use crate::base::random::Stream;
use crate::base::{Problems, RouterId};
use crate::fabric::Shape;

/// Where the intermediate router may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// Anywhere (Valiant).
    Anywhere,
    /// In the smallest box around source and destination (ROMM).
    Between,
}

/// How many draws are tried before usable intermediate routers are looked for one by one.
const DRAWS: u32 = 32;

/// Coins of the second phase stand above those of the first in [`Head::memory`].
const SECOND: u32 = 8;

/// Valiant and ROMM.
#[derive(Clone, Debug)]
pub struct TwoPhase {
    legs: [DimensionOrder; 2],
    via: Via,
    routers: u32,
    all: u32,
}

impl TwoPhase {
    /// Where the intermediate router may lie.
    pub(crate) fn via(&self) -> Via {
        self.via
    }

    /// The dimension-order routing of the first or the second phase.
    pub(crate) fn leg(&self, phase: usize) -> &DimensionOrder {
        &self.legs[phase]
    }

    /// Whether something is broken, so that not every intermediate router serves every pair.
    pub(crate) fn is_impaired(&self) -> bool {
        self.legs[0].runs().is_some()
    }

    /// Whether both legs over `via` are open.
    pub(crate) fn serves(&self, src: RouterId, via: RouterId, dst: RouterId) -> bool {
        self.legs[0].open(src, via) && self.legs[1].open(via, dst)
    }

    /// Whether `via` may be drawn for the pair.
    pub(crate) fn may_draw(&self, src: RouterId, via: RouterId, dst: RouterId) -> bool {
        let within = |axis: &super::grid::Axis| {
            let (a, b) = (axis.of(src), axis.of(dst));
            (a.min(b)..=a.max(b)).contains(&axis.of(via))
        };
        self.via == Via::Anywhere || self.legs[0].axes().iter().all(within)
    }

    /// One uniform draw of an intermediate router.
    fn draw_via(&self, src: RouterId, dst: RouterId, draw: &mut Stream) -> RouterId {
        if self.via == Via::Anywhere {
            return RouterId(draw.below(self.routers));
        }
        self.legs[0].axes().iter().fold(src, |via, axis| {
            let (a, b) = (axis.of(src), axis.of(dst));
            axis.moved(via, a, a.min(b) + draw.below(a.abs_diff(b) + 1))
        })
    }

    /// Draws until both legs are open; at last takes the next open one by number.
    fn usable_via(&self, src: RouterId, dst: RouterId, draw: &mut Stream) -> RouterId {
        let first = self.draw_via(src, dst, draw);
        if !self.is_impaired() || self.serves(src, first, dst) {
            return first;
        }
        let again = (1..DRAWS).map(|_| self.draw_via(src, dst, draw)).find(|&via| self.serves(src, via, dst));
        again.or_else(|| self.search(first.0, src, dst)).unwrap_or(first)
    }

    /// The first usable intermediate router from number `from` on, round the chip.
    fn search(&self, from: u32, src: RouterId, dst: RouterId) -> Option<RouterId> {
        let all = (from..self.routers).chain(0..from).map(RouterId);
        all.into_iter().find(|&via| self.may_draw(src, via, dst) && self.serves(src, via, dst))
    }
}

impl Kernel for TwoPhase {
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        head.via = self.usable_via(src, head.dst, draw);
        let first = self.legs[0].toss(src, head.via, draw);
        head.memory = first | self.legs[1].toss(head.via, head.dst, draw) << SECOND;
        head.phase = u8::from(head.via == src);
    }

    #[inline]
    fn route(&self, mut standing: Standing, head: &mut Head, out: &mut Candidates) {
        if head.phase == 0 && standing.at == head.via {
            head.phase = 1;
            standing.port = FROM_NODE;
        }
        let hop = match head.phase {
            0 => self.legs[0].hop(standing, head.via, head.memory),
            _ => self.legs[1].hop(standing, head.dst, head.memory >> SECOND),
        };
        match hop {
            Some((port, vcs)) => out.push(port, vcs, 0),
            None => out.push(head.eject, self.all, 0),
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.serves(src, dst, dst) || self.serves(src, src, dst) || self.search(dst.0, src, dst).is_some()
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        let begin = out.len();
        let usable = |&via: &RouterId| self.may_draw(src, via, head.dst) && self.serves(src, via, head.dst);
        for via in (0..self.routers).map(RouterId).filter(usable) {
            let (first, second) = (self.legs[0].ties(src, via), self.legs[1].ties(via, head.dst));
            let share = 0.5f64.powi((first.count_ones() + second.count_ones()) as i32);
            let phase = u8::from(via == src);
            for memory in subsets(first | second << SECOND) {
                out.push((Head { via, phase, memory, ..head }, share));
            }
        }
        let total: f64 = out[begin..].iter().map(|(_, share)| share).sum();
        out[begin..].iter_mut().for_each(|(_, share)| *share /= total);
    }
}

/// Builds [`TwoPhase`].
pub(super) struct TwoPhasePlan(pub Via);

impl TwoPhasePlan {
    /// The channels of each phase: halves; on rings halves again, the phase below the dateline class.
    fn classes(vcs: u8, wraps: bool) -> [Classes; 2] {
        let Classes { low, high, .. } = Classes::halves(vcs);
        if !wraps {
            return [low, high].map(|all| Classes { all, low: 0, high: 0 });
        }
        let quarter = all_vcs(vcs / 4);
        [0, vcs / 4].map(|shift| {
            let [low, high] = [quarter << shift, quarter << (vcs / 2 + shift)];
            Classes { all: low | high, low, high }
        })
    }
}

impl Plan for TwoPhasePlan {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        match (&ground.fabric.shape, self.0) {
            (Shape::Grid { wrap, .. }, Via::Anywhere) => {
                Misfit::vcs(ground, if wrap.contains(&true) { 4 } else { 2 })
            }
            (Shape::Grid { wrap, .. }, Via::Between) if !wrap.contains(&true) => Misfit::vcs(ground, 2),
            (_, Via::Anywhere) => Err(Misfit::shape("a mesh or torus")),
            (_, Via::Between) => Err(Misfit::shape("a mesh")),
        }
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let Shape::Grid { size, wrap } = &ground.fabric.shape else {
            return Err(Problems::one("", "two-phase routing needs a grid"));
        };
        let order: Vec<usize> = (0..size.len()).collect();
        let [first, second] = Self::classes(ground.vcs, wrap.contains(&true));
        let legs = [DimensionOrder::on(ground, &order, first)?, DimensionOrder::on(ground, &order, second)?];
        let routers = ground.fabric.routers.len() as u32;
        Ok(TwoPhase { legs, via: self.0, routers, all: all_vcs(ground.vcs) }.into())
    }
}
