//! Turn models on two-dimensional meshes: adaptive, and deadlock-free without virtual channels.
//!
//! West-first, north-last, negative-first: Glass & Ni 1992, doi 10.1145/139669.140384; odd-even: Chiu
//! 2000, doi 10.1109/71.877831. On a flawless mesh packets take any minimal hop that the model allows.
//! With faults they take any hop on a shortest allowed route over what works, from a table; pairs
//! without an allowed route are refused.

use super::channels::{Channels, Turns};
use super::grid::{Mesh, port};
use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::routes::shortest_sets;
use super::table::Pick;
use super::{Candidates, Head, Kernel, Routing, Standing};
use crate::base::{Problems, RouterId};

/// Which turns are forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// No turn into west.
    WestFirst,
    /// No turn out of north.
    NorthLast,
    /// No turn from a positive into a negative direction.
    NegativeFirst,
    /// In even columns no turn from east to north or south; in odd columns none from there to west.
    OddEven,
}

impl Model {
    /// Whether a packet that moved through output port `from` may go on through `to`, in column `x`.
    pub fn allows(self, x: u32, from: u8, to: u8) -> bool {
        use port::{EAST, NORTH, SOUTH, WEST};
        if from == to {
            return true;
        }
        match (self, from, to) {
            (_, EAST, WEST) | (_, WEST, EAST) | (_, NORTH, SOUTH) | (_, SOUTH, NORTH) => false,
            (Self::WestFirst, _, WEST) | (Self::NorthLast, NORTH, _) => false,
            (Self::NegativeFirst, EAST | NORTH, WEST | SOUTH) => false,
            (Self::OddEven, EAST, NORTH | SOUTH) => x % 2 == 1,
            (Self::OddEven, NORTH | SOUTH, WEST) => x.is_multiple_of(2),
            _ => true,
        }
    }

    /// The allowed turns over `channels`.
    pub fn turns(self, channels: &Channels, mesh: Mesh) -> Turns {
        Turns::new(channels, |c, k| {
            let x = mesh.xy(RouterId(channels.head[c as usize])).0;
            self.allows(x, channels.out_port[c as usize], channels.out_port[k as usize])
        })
    }
}

/// A turn model on a flawless mesh.
#[derive(Clone, Debug)]
pub struct TurnModel {
    model: Model,
    mesh: Mesh,
    all: u32,
}

impl TurnModel {
    /// Whether a minimal hop in X, and one in Y, keeps the packet on an allowed minimal route.
    fn offers(&self, x: u32, came: u8, [east, west, north, south]: [u32; 4]) -> [bool; 2] {
        let (in_x, in_y) = (east + west > 0, north + south > 0);
        match self.model {
            Model::WestFirst => [in_x, in_y && west == 0],
            Model::NorthLast => [in_x, in_y && (north == 0 || !in_x)],
            Model::NegativeFirst if west + south > 0 => [west > 0, south > 0],
            Model::NegativeFirst => [in_x, in_y],
            // Eastward packets turn only in odd columns, and must not end up beside an even one's.
            Model::OddEven if west == 0 => {
                let turn =
                    in_y && Model::OddEven.allows(x, came, if north > 0 { port::NORTH } else { port::SOUTH });
                let straight = in_x && (!in_y || (x + east) % 2 == 1 || east > 1);
                [straight, turn]
            }
            Model::OddEven => [in_x, in_y && x.is_multiple_of(2)],
        }
    }
}

impl Kernel for TurnModel {
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        let ((x, y), (to_x, to_y)) = (self.mesh.xy(standing.at), self.mesh.xy(head.dst));
        if standing.at == head.dst {
            return out.push(head.eject, self.all, 0);
        }
        let [east, west] = [to_x.saturating_sub(x), x.saturating_sub(to_x)];
        let [north, south] = [to_y.saturating_sub(y), y.saturating_sub(to_y)];
        // A packet that came by input port p moved through the opposite output port.
        let came = if standing.port <= port::SOUTH { standing.port ^ 1 } else { standing.port };
        let [in_x, in_y] = self.offers(x, came, [east, west, north, south]);
        if in_x {
            out.push(if east > 0 { port::EAST } else { port::WEST }, self.all, 0);
        }
        if in_y {
            out.push(if north > 0 { port::NORTH } else { port::SOUTH }, self.all, 0);
        }
    }

    fn reaches(&self, _src: RouterId, _dst: RouterId) -> bool {
        true
    }
}

impl Plan for Model {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        Mesh::of(ground).map(drop).ok_or_else(|| Misfit::shape("a two-dimensional mesh"))
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let mesh = Mesh::of(ground).ok_or_else(|| Problems::one("", "a turn model needs a mesh"))?;
        if ground.whole() {
            return Ok(TurnModel { model: *self, mesh, all: all_vcs(ground.vcs) }.into());
        }
        let channels = Channels::new(ground, |_| true, false);
        let turns = self.turns(&channels, mesh);
        Ok(shortest_sets(ground, &channels, &turns, Pick::Adaptive)?.into())
    }
}
