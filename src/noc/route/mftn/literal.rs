//! The bypass read literally: XY, round each block by its ring, leave the ring as early as possible.
//!
//! Without virtual channels it deadlocks (three of four single faults on an 8×8 mesh close a cycle of
//! dependencies); it is here as the baseline. With one channel class per kind of message (west to
//! east, east to west, north to south, south to north) it is sound; each link carries three of the
//! four classes. Livelock-free either way: in the row phase the X distance never grows, in the column
//! phase the Y distance.
//!
//! A packet that enters a ring may turn straight back: it comes along its row to the column of its destination, finds
//! that column blocked, and the nearer vertical side of the block is the one it came from. The rule forbids such a
//! reversal only where a packet leaves a ring, and at the border of the mesh there is no other way. Reversals
//! are part of the baseline's figures: with them 48 of the 64 single faults of an 8 × 8 mesh close a cycle of
//! dependencies, at a mean γ of 3.73; turning to the farther side where it is open leaves the 48 and makes the mean
//! 3.59, and a graph without reversals would show 36 only. In a cycle that `check` prints they stand as `a → b, b → a`.

use super::super::ground::{Ground, all_vcs};
use super::super::plan::{Misfit, Plan};
use super::super::{Candidates, Head, Kernel, Mesh, Routing, Standing, port};
use super::Policy;
use super::regions::Block;
use super::site::Site;
use crate::base::random::Stream;
use crate::base::{LinkId, Problem, Problems, RouterId};

/// What the packet does: which way through the row, then which way through the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    WestEast,
    EastWest,
    NorthSouth,
    SouthNorth,
}

/// What a packet remembers, packed into [`Head::memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Memory {
    class: Class,
    /// The block it goes round, and whether clockwise.
    ring: Option<(u32, bool)>,
}

impl Memory {
    fn pack(self) -> u32 {
        let ring = self.ring.map_or(0, |(block, clockwise)| 4 | u32::from(clockwise) << 3 | block << 4);
        self.class as u32 | ring
    }

    fn unpack(word: u32) -> Self {
        let class = match word & 3 {
            0 => Class::WestEast,
            1 => Class::EastWest,
            2 => Class::NorthSouth,
            _ => Class::SouthNorth,
        };
        Self { class, ring: (word & 4 != 0).then_some((word >> 4, word & 8 != 0)) }
    }
}

/// XY with ring bypass.
#[derive(Clone, Debug)]
pub struct Literal {
    mesh: Mesh,
    blocks: Vec<Block>,
    /// By router: the block it lies in, or `u32::MAX`.
    block_of: Vec<u32>,
    active: Vec<bool>,
    /// By router: it works, whether or not it takes part.
    works: Vec<bool>,
    /// By class group: virtual channels. All three are the same without classes.
    groups: [u32; 3],
    all: u32,
}

/// Follows the ring of a block: the side or corner that (x, y) lies on decides the way.
fn along(block: &Block, (x, y): (u32, u32), clockwise: bool) -> u8 {
    use port::{EAST, NORTH, SOUTH, WEST};
    let (west, east) = (x < block.x1, x > block.x2);
    let (south, north) = (y < block.y1, y > block.y2);
    match (clockwise, west, east, south, north) {
        (true, true, _, _, false) => NORTH,
        (true, _, false, _, true) => EAST,
        (true, _, true, false, _) => SOUTH,
        (true, ..) => WEST,
        (false, true, _, false, _) => SOUTH,
        (false, _, false, true, _) => EAST,
        (false, _, true, _, false) => NORTH,
        (false, ..) => WEST,
    }
}

impl Literal {
    fn class(&self, (x, y): (u32, u32), (to_x, to_y): (u32, u32)) -> Class {
        match (x.cmp(&to_x), y < to_y) {
            (std::cmp::Ordering::Less, _) => Class::WestEast,
            (std::cmp::Ordering::Greater, _) => Class::EastWest,
            (_, true) => Class::SouthNorth,
            (_, false) => Class::NorthSouth,
        }
    }

    /// Whether the neighbour through `out` is in service.
    fn free(&self, at: RouterId, out: u8) -> bool {
        self.mesh.neighbour(at, out).is_some_and(|next| self.block_of[next.index()] == u32::MAX)
    }

    /// The way round `block` for a packet that wants to go through `out`: clockwise or not.
    fn clockwise(&self, block: &Block, (x, y): (u32, u32), to_y: u32, out: u8) -> bool {
        let Block { x1, y1, x2, y2 } = *block;
        if out >= port::NORTH {
            // Round the nearer vertical side, east on a tie, unless the border is in the way.
            let (west_open, east_open) = (x1 > 0, x2 + 1 < self.mesh.width);
            let west = !east_open || (west_open && x + 1 - x1 < x2 + 1 - x);
            return west == (out == port::NORTH);
        }
        let (south_open, north_open) = (y1 > 0, y2 + 1 < self.mesh.height);
        let over = (y2 + 1 - y) + (y2 + 1).abs_diff(to_y);
        let under = (y + 1 - y1) + (to_y + 1).abs_diff(y1);
        let north = match (to_y > y2, to_y < y1) {
            (true, _) => true,
            (_, true) => false,
            _ => !south_open || (north_open && over <= under),
        };
        north == (out == port::EAST)
    }

    /// Virtual channels of a class on a link in direction `out`. Each direction is closed to one class.
    fn vcs(&self, class: Class, out: u8) -> u32 {
        let group = match (out, class) {
            (port::EAST | port::WEST, Class::WestEast | Class::EastWest) => 0,
            (port::EAST | port::WEST, Class::NorthSouth) => 1,
            (port::EAST | port::WEST, Class::SouthNorth) => 2,
            (_, Class::WestEast) => 0,
            (_, Class::EastWest) => 1,
            (_, Class::NorthSouth | Class::SouthNorth) => 2,
        };
        self.groups[group]
    }
}

impl Kernel for Literal {
    fn inject(&self, src: RouterId, head: &mut Head, _draw: &mut Stream) {
        let class = self.class(self.mesh.xy(src), self.mesh.xy(head.dst));
        head.memory = Memory { class, ring: None }.pack();
    }

    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        if standing.at == head.dst {
            return out.push(head.eject, self.all, 0);
        }
        let (here, there) = (self.mesh.xy(standing.at), self.mesh.xy(head.dst));
        let mut memory = Memory::unpack(head.memory);
        if here.0 == there.0 && matches!(memory.class, Class::WestEast | Class::EastWest) {
            memory.class = self.class(here, there);
        }
        let straight = match (here.0.cmp(&there.0), here.1 < there.1) {
            (std::cmp::Ordering::Less, _) => port::EAST,
            (std::cmp::Ordering::Greater, _) => port::WEST,
            (_, true) => port::NORTH,
            (_, false) => port::SOUTH,
        };
        // An input port and the output port back to the same neighbour have one number.
        let turns_back = memory.ring.is_some() && straight == standing.port;
        let hop = if self.free(standing.at, straight) && !turns_back {
            memory.ring = None;
            straight
        } else {
            let (block, clockwise) = memory.ring.unwrap_or_else(|| {
                let next = self.mesh.neighbour(standing.at, straight).unwrap_or(standing.at);
                let block = self.block_of[next.index()];
                let clockwise = self
                    .blocks
                    .get(block as usize)
                    .is_some_and(|b| self.clockwise(b, here, there.1, straight));
                (block, clockwise)
            });
            let Some(around) = self.blocks.get(block as usize) else { return };
            memory.ring = Some((block, clockwise));
            along(around, here, clockwise)
        };
        head.memory = memory.pack();
        out.push(hop, self.vcs(memory.class, hop), 0);
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        if src == dst {
            self.works[src.index()]
        } else {
            self.active[src.index()] && self.active[dst.index()]
        }
    }

    fn starts(&self, src: RouterId, mut head: Head, out: &mut Vec<(Head, f64)>) {
        let class = self.class(self.mesh.xy(src), self.mesh.xy(head.dst));
        head.memory = Memory { class, ring: None }.pack();
        out.push((head, 1.0));
    }
}

/// `mftn-literal` and, with `classes`, `mftn-literal-vc`.
pub(in super::super) struct LiteralPlan {
    /// Whether each class of messages has virtual channels of its own.
    pub classes: bool,
}

impl Plan for LiteralPlan {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        Mesh::of(ground).ok_or_else(|| Misfit::shape("a two-dimensional mesh"))?;
        Misfit::vcs(ground, if self.classes { 3 } else { 1 })
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let site = Site::survey(ground, Policy::Disable);
        let Some(regions) = site.regions else {
            return Err(Problems::one("", "the literal bypass needs a two-dimensional mesh"));
        };
        broken_links(ground, |router| regions.block_of(router).is_some())?;
        let all = all_vcs(ground.vcs);
        let third = |n: u32| (0..32).filter(|vc| vc % 3 == n).fold(0, |mask, vc| mask | 1 << vc) & all;
        let groups = if self.classes { [third(0), third(1), third(2)] } else { [all; 3] };
        let block_of = |router: RouterId| regions.block_of(router).map_or(u32::MAX, |block| block as u32);
        let kernel = Literal {
            mesh: regions.mesh,
            block_of: ground.routers().map(block_of).collect(),
            active: site.active,
            works: ground.health.router.clone(),
            groups,
            all,
            blocks: regions.blocks,
        };
        Ok(kernel.into())
    }
}

/// Rings lead round blocks of nodes: a broken link between two routers outside of them has no way round it here.
fn broken_links(ground: &Ground, in_block: impl Fn(RouterId) -> bool) -> Result<(), Problems> {
    let broken =
        ground.fabric.links.iter().enumerate().find(|(id, link)| {
            ground.usable(LinkId::at(*id)) == 0 && !in_block(link.from) && !in_block(link.to)
        });
    let Some((_, link)) = broken else { return Ok(()) };
    let message = format!(
        "the literal bypass goes round faulty nodes, but the link from router {} to router {} is broken",
        link.from, link.to
    );
    Err(Problem::new("", message).allowed("mftn, corner, up-down").into())
}
