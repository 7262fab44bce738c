//! Dimension-order routing on n-dimensional grids: correct one dimension after the other.
//!
//! On a torus the shorter way round is taken; of two equal ways a coin drawn at injection decides.
//! Virtual channels are halved (Dally & Seitz 1987, doi 10.1109/TC.1987.1676939): a packet that enters
//! a ring at `here` for `there` keeps to the upper half while in that ring if `there < here`, else to
//! the lower half. No half then holds a cycle: it sees either only packets that cross the edge between
//! the last and the first router, each for at most half the ring, or only packets that never do.
//!
//! On a concentrated mesh with express links along its border (Balfour & Dally 2006,
//! doi 10.1145/1183401.1183430) a packet on the border takes one when it does not overshoot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::express::Express;
use super::grid::{Axis, axes};
use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::runs::Runs;
use super::{Candidate, Candidates, Head, Kernel, Routing, Standing};
use crate::base::random::Stream;
use crate::base::{Problem, Problems, RouterId};
use crate::fabric::Shape;

/// Stands for "came by a node port" in [`Standing::port`].
pub(super) const FROM_NODE: u8 = u8::MAX;

/// Virtual channels of a dimension-order routing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classes {
    /// In dimensions that do not wrap.
    pub all: u32,
    /// In rings, for packets towards higher coordinates.
    pub low: u32,
    /// In rings, for packets towards lower coordinates.
    pub high: u32,
}

impl Classes {
    /// Halves `vcs` channels for the rings.
    pub fn halves(vcs: u8) -> Self {
        let all = all_vcs(vcs);
        let low = all_vcs(vcs) >> (vcs - vcs / 2);
        Self { all, low, high: all & !low }
    }

    /// The class of a packet that enters a dimension at `here` for `there`.
    #[inline(always)]
    pub fn entering(&self, wrap: bool, here: u32, there: u32) -> u32 {
        match (wrap, there < here) {
            (false, _) => self.all,
            (true, false) => self.low,
            (true, true) => self.high,
        }
    }
}

/// Dimension order over a grid.
#[derive(Clone, Debug)]
pub struct DimensionOrder {
    /// Dimensions in the order they are corrected.
    axes: Vec<Axis>,
    classes: Classes,
    /// Mask for ejection.
    all: u32,
    /// How far one gets in each direction, where something is broken.
    runs: Option<Box<Runs>>,
    express: Option<Box<Express>>,
    /// The turn map this stands for, if `mftn` chose it.
    name: Option<&'static str>,
    /// Coordinates of each router in fields of [`FIELD`] bits, the dimension that is corrected first
    /// in the lowest; empty where the shortcut does not apply.
    packed: Vec<u64>,
}

/// Bits per coordinate in a packed position.
const FIELD: u32 = 16;

impl DimensionOrder {
    /// Corrects the dimensions of a flawless grid in the given `order` (`[0, 1]` is XY).
    pub fn new(size: &[u32], wrap: &[bool], order: &[usize], vcs: u8) -> Self {
        let axes = axes(size, wrap);
        let axes: Vec<Axis> = order.iter().map(|&d| axes[d]).collect();
        let packed = packed(&axes);
        let classes = Classes::halves(vcs);
        Self { axes, classes, all: all_vcs(vcs), runs: None, express: None, name: None, packed }
    }

    /// Corrects the dimensions of the grid under `ground` in the given `order`, within `classes`.
    pub(super) fn on(ground: &Ground, order: &[usize], classes: Classes) -> Result<Self, Problems> {
        let Shape::Grid { size, wrap } = &ground.fabric.shape else {
            return Err(Problems::one("", "dimension order needs a grid"));
        };
        let plain = Self { classes, ..Self::new(size, wrap, order, ground.vcs) };
        let runs = (!ground.whole()).then(|| Box::new(Runs::measure(ground, &plain.axes, classes)));
        let express = Express::find(ground, &plain.axes).map(Box::new);
        let packed = if express.is_none() { plain.packed } else { Vec::new() };
        Ok(Self { runs, express, packed, ..plain })
    }

    /// The same, reported as the turn map `name`.
    pub(super) fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// The next port and its virtual channels; `None` at `dst`. Bit d of `coins` breaks the tie of
    /// dimension d downwards.
    #[inline]
    pub(in crate::noc) fn hop(&self, standing: Standing, dst: RouterId, coins: u32) -> Option<(u8, u32)> {
        for axis in &self.axes {
            let (here, there) = (axis.of(standing.at), axis.of(dst));
            if here != there {
                return Some(self.step(axis, here, there, standing, coins));
            }
        }
        None
    }

    #[inline]
    fn step(&self, axis: &Axis, here: u32, there: u32, standing: Standing, coins: u32) -> (u8, u32) {
        if !axis.wrap {
            let express = self.express.as_ref().and_then(|links| links.port(standing.at, axis, here, there));
            return (express.unwrap_or(axis.port + u8::from(there < here)), self.classes.all);
        }
        if standing.port >> 1 == axis.port >> 1 {
            let low = self.classes.low >> standing.vc & 1 == 1;
            return (standing.port ^ 1, if low { self.classes.low } else { self.classes.high });
        }
        let down = self.down(axis, standing.at, here, there, coins);
        (axis.port + u8::from(down), self.classes.entering(true, here, there))
    }

    /// Which way round a ring: the shorter; on a tie the coin's unless only the other way is open.
    #[inline]
    fn down(&self, axis: &Axis, at: RouterId, here: u32, there: u32, coins: u32) -> bool {
        let k = axis.len();
        let up = if there > here { there - here } else { there + k - here };
        if 2 * up != k {
            return 2 * up > k;
        }
        let coin = coins >> axis.number() & 1 == 1;
        match &self.runs {
            Some(runs) if !runs.open(axis, at, here, there, coin) => !coin,
            _ => coin,
        }
    }

    /// Whether the route from `src` to `dst` is open all the way.
    pub(in crate::noc) fn open(&self, src: RouterId, dst: RouterId) -> bool {
        let Some(runs) = &self.runs else { return true };
        if self.express.is_some() {
            return runs.alive(src) && self.walks(runs, src, dst);
        }
        let mut at = src;
        runs.alive(src)
            && runs.alive(dst)
            && self.axes.iter().all(|axis| {
                let (here, there) = (axis.of(at), axis.of(dst));
                let down = if axis.wrap { self.down(axis, at, here, there, 0) } else { there < here };
                let open = here == there || runs.open(axis, at, here, there, down);
                at = axis.moved(at, here, there);
                open
            })
    }

    /// Follows the route hop by hop, as express links want.
    fn walks(&self, runs: &Runs, src: RouterId, dst: RouterId) -> bool {
        let mut at = src;
        while let Some((port, vcs)) = self.hop(Standing { at, port: FROM_NODE, vc: 0 }, dst, 0) {
            match runs.next(at, port, vcs) {
                Some(next) => at = next,
                None => return false,
            }
        }
        true
    }

    /// The coins that make a difference on the way from `src` to `dst`.
    pub(in crate::noc) fn ties(&self, src: RouterId, dst: RouterId) -> u32 {
        let tied = |axis: &&Axis| {
            let up = (axis.of(dst) + axis.len() - axis.of(src)) % axis.len();
            axis.wrap && 2 * up == axis.len()
        };
        self.axes.iter().filter(tied).map(|axis| 1 << axis.number()).sum()
    }

    /// Draws the coins for a packet from `src` to `dst`.
    #[inline]
    pub(super) fn toss(&self, src: RouterId, dst: RouterId, draw: &mut Stream) -> u32 {
        match self.ties(src, dst) {
            0 => 0,
            ties => draw.bits() & ties,
        }
    }

    /// Hops from `src` to `dst`.
    pub(in crate::noc) fn distance(&self, src: RouterId, dst: RouterId) -> u32 {
        let along = |axis: &Axis| {
            let apart = axis.of(src).abs_diff(axis.of(dst));
            if axis.wrap { apart.min(axis.len() - apart) } else { apart }
        };
        self.axes.iter().map(along).sum()
    }

    /// The dimensions in the order they are corrected.
    pub(in crate::noc) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// What is known of broken parts; `None` when nothing is broken.
    pub(super) fn runs(&self) -> Option<&Runs> {
        self.runs.as_deref()
    }
}

/// Every subset of the set bits of `mask`, each once.
pub(in crate::noc) fn subsets(mask: u32) -> impl Iterator<Item = u32> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let this = next?;
        next = (this != mask).then(|| this.wrapping_sub(mask) & mask);
        Some(this)
    })
}

/// Packed coordinates of every router; none if a dimension wraps or they do not fit.
fn packed(axes: &[Axis]) -> Vec<u64> {
    let fits = axes.len() <= (u64::BITS / FIELD) as usize && axes.iter().all(|axis| axis.len() < 1 << FIELD);
    if !fits || axes.iter().any(|axis| axis.wrap) {
        return Vec::new();
    }
    let routers: u32 = axes.iter().map(Axis::len).product();
    let pack =
        |router| axes.iter().rev().fold(0, |packed, axis| packed << FIELD | u64::from(axis.of(router)));
    (0..routers).map(|router| pack(RouterId(router))).collect()
}

impl Kernel for DimensionOrder {
    #[inline(always)]
    fn fixed(&self, at: RouterId, head: &Head) -> Option<Candidate> {
        let (here, there) = (*self.packed.get(at.index())?, *self.packed.get(head.dst.index())?);
        if here == there {
            return Some(Candidate { vcs: self.all, port: head.eject, priority: 0 });
        }
        let shift = (here ^ there).trailing_zeros() & !(FIELD - 1);
        let coordinate = |packed: u64| packed >> shift & ((1 << FIELD) - 1);
        let axis = &self.axes[(shift / FIELD) as usize];
        let port = axis.port + u8::from(coordinate(there) < coordinate(here));
        Some(Candidate { vcs: self.classes.all, port, priority: 0 })
    }

    #[inline]
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        if self.axes.iter().any(|axis| axis.wrap) {
            head.memory = self.toss(src, head.dst, draw);
        }
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        match self.hop(standing, head.dst, head.memory) {
            Some((port, vcs)) => out.push(port, vcs, 0),
            None => out.push(head.eject, self.all, 0),
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.open(src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        let ties = self.ties(src, head.dst);
        let share = 0.5f64.powi(ties.count_ones() as i32);
        out.extend(subsets(ties).map(|memory| (Head { memory, ..head }, share)));
    }

    fn turn_map(&self) -> Option<&str> {
        self.name
    }
}

/// Parameters of `dimension-order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionOrderParams {
    /// The dimensions in the order they are corrected: `[0, 1]` is XY, `[1, 0]` is YX. Each exactly once.
    pub order: Vec<usize>,
}

/// Which order, before the number of dimensions is known.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Ascending,
    Descending,
    Listed(DimensionOrderParams),
}

impl Order {
    fn list(&self, dims: usize) -> Result<Vec<usize>, Problems> {
        match self {
            Self::Ascending => Ok((0..dims).collect()),
            Self::Descending => Ok((0..dims).rev().collect()),
            Self::Listed(params) => {
                let mut sorted = params.order.clone();
                sorted.sort_unstable();
                if sorted == (0..dims).collect::<Vec<_>>() {
                    return Ok(params.order.clone());
                }
                let problem = Problem::new("order", format!("{:?} is not an order", params.order))
                    .allowed(format!("each of the {dims} dimensions 0 to {} exactly once", dims - 1));
                Err(problem.into())
            }
        }
    }
}

impl Plan for Order {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        match &ground.fabric.shape {
            Shape::Grid { wrap, .. } => Misfit::vcs(ground, if wrap.contains(&true) { 2 } else { 1 }),
            _ => Err(Misfit::shape("a mesh or torus")),
        }
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let Shape::Grid { size, .. } = &ground.fabric.shape else {
            return Err(Problems::one("", "dimension order needs a grid"));
        };
        let order = self.list(size.len())?;
        Ok(DimensionOrder::on(ground, &order, Classes::halves(ground.vcs))?.into())
    }
}
