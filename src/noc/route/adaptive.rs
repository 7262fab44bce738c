//! Minimal adaptive routing with escape channels (Duato 1993, doi 10.1109/71.250114).
//!
//! Virtual channel 0 (0 and 1 on a torus) is the escape: dimension order, low priority. All other
//! channels may be taken in any direction that brings the packet nearer. A packet that has taken an
//! escape channel stays on escape channels to its destination.
//!
//! A packet waits for a channel with room for all of it ([`Routing::escape`]), so that it can turn to an escape channel
//! until it has one. BookSim 2's packets settle for any channel that no other packet holds: then some wait in a circle
//! when the network is full.
//!
//! BookSim 2's `min_adapt` offers other channels in the first dimension alone that has some way to go: the set in which
//! it keeps what it offers holds one port per priority. [`Directions::First`] does the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dor::{Classes, DimensionOrder, FROM_NODE};
use super::grid::Axis;
use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::{Candidates, Head, Kernel, Routing, Standing};
use crate::base::random::Stream;
use crate::base::{Problems, RouterId};
use crate::fabric::Shape;

/// Where packets may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Directions {
    /// In every direction that brings them nearer.
    #[default]
    All,
    /// In the first dimension only that has some way to go, as in BookSim 2.
    First,
}

/// Parameters of `minimal-adaptive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MinimalAdaptiveParams {
    /// Where packets may choose.
    pub directions: Directions,
}

/// Minimal adaptive routing on grids.
#[derive(Clone, Debug)]
pub struct MinimalAdaptive {
    escape: DimensionOrder,
    escape_vcs: u32,
    adaptive_vcs: u32,
    /// By router: ports from this one on lead to nodes. Express links make it differ.
    network_ports: Box<[u8]>,
    all: u32,
    directions: Directions,
}

impl MinimalAdaptive {
    /// Whether a packet may leave `at` by `port` without losing its escape route.
    #[inline]
    fn safe(&self, at: RouterId, port: u8, dst: RouterId) -> bool {
        let Some(runs) = self.escape.runs() else { return true };
        runs.next(at, port, self.adaptive_vcs).is_some_and(|next| self.escape.open(next, dst))
    }

    /// Whether the shorter way along `axis` leads down; a coin decides ties.
    #[inline]
    fn down(axis: &Axis, here: u32, there: u32, coins: u32) -> bool {
        if !axis.wrap {
            return there < here;
        }
        let k = axis.len();
        let up = if there > here { there - here } else { there + k - here };
        2 * up > k || (2 * up == k && coins >> axis.number() & 1 == 1)
    }
}

impl Kernel for MinimalAdaptive {
    #[inline]
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        self.escape.inject(src, head, draw);
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        let by_link = standing.port < self.network_ports[standing.at.index()];
        let escaping = by_link && self.escape_vcs >> standing.vc & 1 == 1;
        let entering = Standing { port: if escaping { standing.port } else { FROM_NODE }, ..standing };
        let Some((port, vcs)) = self.escape.hop(entering, head.dst, head.memory) else {
            return out.push(head.eject, self.all, 0);
        };
        out.push(port, vcs, 0);
        if escaping {
            return;
        }
        for axis in self.escape.axes() {
            let (here, there) = (axis.of(standing.at), axis.of(head.dst));
            if here != there {
                let port = axis.port + u8::from(Self::down(axis, here, there, head.memory));
                if self.safe(standing.at, port, head.dst) {
                    out.push(port, self.adaptive_vcs, 1);
                }
                if self.directions == Directions::First {
                    return;
                }
            }
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.escape.open(src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        self.escape.starts(src, head, out);
    }

    /// Without a choice of directions there is nothing to escape from.
    fn escape(&self) -> u32 {
        match self.directions {
            Directions::All => self.escape_vcs,
            Directions::First => 0,
        }
    }
}

impl Plan for MinimalAdaptiveParams {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        match &ground.fabric.shape {
            Shape::Grid { wrap, .. } => Misfit::vcs(ground, if wrap.contains(&true) { 3 } else { 2 }),
            _ => Err(Misfit::shape("a mesh or torus")),
        }
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let Shape::Grid { size, wrap } = &ground.fabric.shape else {
            return Err(Problems::one("", "minimal adaptive routing needs a grid"));
        };
        let escape_vcs = if wrap.contains(&true) { 0b11 } else { 0b01 };
        let classes = Classes { all: escape_vcs, low: 0b01, high: 0b10 };
        let ascending: Vec<usize> = (0..size.len()).collect();
        let all = all_vcs(ground.vcs);
        let kernel = MinimalAdaptive {
            escape: DimensionOrder::on(ground, &ascending, classes)?,
            escape_vcs,
            adaptive_vcs: all & !escape_vcs,
            network_ports: ground.fabric.routers.iter().map(|router| router.network_ports).collect(),
            all,
            directions: self.directions,
        };
        Ok(kernel.into())
    }
}
