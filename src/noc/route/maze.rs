//! Maze-routing: greedy hops, and a walk along the face of the obstacle where greed fails
//! (Fattah et al., NOCS 2015, doi 10.1145/2786572.2786591).
//!
//! A packet goes to any neighbour that is nearer to its destination. Where none is in service it
//! notes its distance, keeps a hand on the wall and walks until it can get nearer than noted. It needs
//! no tables and no memory in routers, and finds a way wherever there is one; but its turns close
//! cycles, so it belongs in a bufferless router, where nothing waits. A router that deflects a packet
//! clears [`Head::memory`], which makes the packet start anew from where it is.

use super::ground::{Ground, all_vcs};
use super::plan::{Misfit, Plan};
use super::{Candidates, Head, Kernel, Mesh, Routing, Standing, port};
use crate::base::{LinkId, Problems, RouterId};

/// Output ports counter-clockwise: E, N, W, S.
const CIRCLE: [u8; 4] = [port::EAST, port::NORTH, port::WEST, port::SOUTH];

/// What a packet remembers, packed into [`Head::memory`]; zero is a fresh packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walk {
    /// Least distance to the destination so far.
    nearest: u32,
    /// Walks along a face with the left hand on the wall (or with the right).
    hand: Option<bool>,
}

impl Walk {
    fn pack(self) -> u32 {
        1 | self.hand.map_or(0, |left| 2 | u32::from(left) << 2) | self.nearest << 3
    }

    fn unpack(word: u32, distance: u32) -> Self {
        match word {
            0 => Self { nearest: distance, hand: None },
            _ => Self { nearest: word >> 3, hand: (word & 2 != 0).then_some(word & 4 != 0) },
        }
    }
}

/// Greedy and face routing on a mesh.
#[derive(Clone, Debug)]
pub struct Maze {
    mesh: Mesh,
    /// By router: bit p is set if the link through output port p works.
    open: Vec<u8>,
    alive: Vec<bool>,
    whole: bool,
    all: u32,
}

impl Maze {
    fn is_open(&self, at: RouterId, out: u8) -> bool {
        self.open[at.index()] >> out & 1 == 1
    }

    /// A working port that leads nearer to `dst`, X before Y.
    fn nearer(&self, at: RouterId, dst: RouterId) -> Option<u8> {
        let ((x, y), (to_x, to_y)) = (self.mesh.xy(at), self.mesh.xy(dst));
        let in_x = (x != to_x).then_some(if x < to_x { port::EAST } else { port::WEST });
        let in_y = (y != to_y).then_some(if y < to_y { port::NORTH } else { port::SOUTH });
        in_x.into_iter().chain(in_y).find(|&out| self.is_open(at, out))
    }

    /// The first working port after `from`, turning left or right.
    fn sweep(&self, at: RouterId, from: u8, left: bool) -> Option<u8> {
        let begin = CIRCLE.iter().position(|&p| p == from).unwrap_or(0);
        let turned = |n: usize| CIRCLE[(begin + if left { n } else { 4 - n }) % 4];
        (1..=4).map(turned).find(|&out| self.is_open(at, out))
    }

    /// Where a stuck packet sets out along the face, and with which hand: it turns towards the middle
    /// of the mesh, where faces are shorter to go round.
    fn set_out(&self, at: RouterId, dst: RouterId) -> Option<(u8, bool)> {
        let ((x, y), (to_x, to_y)) = (self.mesh.xy(at), self.mesh.xy(dst));
        let wanted = match (x.cmp(&to_x), y < to_y) {
            (std::cmp::Ordering::Less, _) => port::EAST,
            (std::cmp::Ordering::Greater, _) => port::WEST,
            (_, true) => port::NORTH,
            (_, false) => port::SOUTH,
        };
        // Turning left from east leads north, from north west, and so on.
        let left = match wanted {
            port::EAST => {
                if to_y == y {
                    2 * y < self.mesh.height
                } else {
                    to_y > y
                }
            }
            port::WEST => {
                if to_y == y {
                    2 * y >= self.mesh.height
                } else {
                    to_y < y
                }
            }
            port::NORTH => 2 * x >= self.mesh.width,
            _ => 2 * x < self.mesh.width,
        };
        Some((self.sweep(at, wanted, left)?, left))
    }

    fn next(&self, standing: Standing, head: &mut Head) -> Option<u8> {
        let distance = self.mesh.distance(standing.at, head.dst);
        let mut walk = Walk::unpack(head.memory, distance);
        let hop = match (walk.hand, self.nearer(standing.at, head.dst)) {
            (None, Some(out)) => {
                walk.nearest = walk.nearest.min(distance - 1);
                Some(out)
            }
            (Some(_), Some(out)) if distance <= walk.nearest => {
                walk = Walk { nearest: distance - 1, hand: None };
                Some(out)
            }
            // The input port and the output port back have one number: sweep on from where it came.
            (Some(left), _) => self.sweep(standing.at, standing.port, left),
            (None, None) => {
                let (out, left) = self.set_out(standing.at, head.dst)?;
                walk = Walk { nearest: distance, hand: Some(left) };
                Some(out)
            }
        };
        head.memory = walk.pack();
        hop
    }
}

impl Kernel for Maze {
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        if standing.at == head.dst {
            return out.push(head.eject, self.all, 0);
        }
        if let Some(hop) = self.next(standing, head) {
            out.push(hop, self.all, 0);
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        if self.whole || src == dst {
            return self.alive[src.index()];
        }
        let mut head = Head { dst, ..Head::default() };
        let mut standing = Standing { at: src, port: u8::MAX, vc: 0 };
        // A walk that has passed every channel in both modes without arriving never will.
        for _ in 0..8 * self.mesh.len() {
            if standing.at == dst {
                return true;
            }
            let Some(out) = self.next(standing, &mut head) else { return false };
            let Some(at) = self.mesh.neighbour(standing.at, out) else { return false };
            standing = Standing { at, port: out ^ 1, vc: 0 };
        }
        false
    }
}

/// Builds [`Maze`].
pub(super) struct MazePlan;

impl Plan for MazePlan {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        Mesh::of(ground).map(drop).ok_or_else(|| Misfit::shape("a two-dimensional mesh"))
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let mesh = Mesh::of(ground).ok_or_else(|| Problems::one("", "maze routing needs a mesh"))?;
        let mut open = vec![0; mesh.len()];
        for (id, link) in ground.fabric.links.iter().enumerate() {
            // Walls are solid from both sides, or a walk could not be retraced.
            let back = ground.fabric.reverse(LinkId::at(id)).is_none_or(|back| ground.usable(back) != 0);
            if ground.usable(LinkId::at(id)) != 0 && back {
                open[link.from.index()] |= 1 << link.from_port;
            }
        }
        let alive = ground.health.router.clone();
        Ok(Maze { mesh, open, alive, whole: ground.whole(), all: all_vcs(ground.vcs) }.into())
    }
}
