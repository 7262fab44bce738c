//! Table-driven routing: the next port stands in a compact table, by input port and destination.
//!
//! Tables may have several layers, each a complete set of routes; a packet draws one at injection and
//! keeps it. All layers share one acyclic set of turns, so mixing them is as safe as each alone.

use super::codebook::{Builder, Codebook};
use super::ground::{Ground, all_vcs};
use super::{Candidates, Head, Kernel, Standing, Step};
use crate::base::random::Stream;
use crate::base::{RouterId, ones};

/// Marks "no route" in a row of ports.
pub(super) const NO_PORT: u8 = u8::MAX;

/// One next port per input port and destination, in one or several layers.
#[derive(Clone, Debug)]
pub struct Table {
    next: Codebook<u8>,
    alive: Vec<bool>,
    turn_map: Option<String>,
    all: u32,
}

impl Table {
    pub(super) fn new(next: Builder<u8>, ground: &Ground, turn_map: Option<String>) -> Self {
        let alive = ground.health.router.clone();
        Self { next: next.finish(), alive, turn_map, all: all_vcs(ground.vcs) }
    }

    /// Memory of the table [bytes].
    pub fn bytes(&self) -> usize {
        self.next.bytes()
    }
}

impl Kernel for Table {
    #[inline]
    fn inject(&self, _src: RouterId, head: &mut Head, draw: &mut Stream) {
        let layers = u32::from(self.next.layers());
        if layers > 1 {
            head.phase = draw.below(layers) as u8;
        }
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        if standing.at == head.dst {
            return out.push(head.eject, self.all, 0);
        }
        match self.next.get(standing.at, standing.port, head.phase, head.dst) {
            Some(NO_PORT) | None => {}
            Some(port) => out.push(port, self.all, 0),
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        let alive = self.alive[src.index()];
        let first = || self.next.get(src, NO_PORT, 0, dst);
        alive && (src == dst || first().is_some_and(|port| port != NO_PORT))
    }

    fn starts(&self, _src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        let layers = self.next.layers();
        out.extend((0..layers).map(|phase| (Head { phase, ..head }, 1.0 / f64::from(layers))));
    }

    fn turn_map(&self) -> Option<&str> {
        self.turn_map.as_deref()
    }
}

/// How a set of ports is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// All ports are candidates; the allocator chooses.
    Adaptive,
    /// One port of the set, by digits of a number drawn at injection.
    Random,
}

/// Most network ports of a router in a table of port sets.
pub(super) const MAX_SET_PORTS: u8 = 32;

/// A set of next ports per input port and destination.
#[derive(Clone, Debug)]
pub struct PortSets {
    next: Codebook<u32>,
    pick: Pick,
    alive: Vec<bool>,
    all: u32,
}

impl PortSets {
    pub(super) fn new(next: Builder<u32>, ground: &Ground, pick: Pick) -> Self {
        Self { next: next.finish(), pick, alive: ground.health.router.clone(), all: all_vcs(ground.vcs) }
    }

    fn set(&self, standing: Standing, head: &Head) -> u32 {
        self.next.get(standing.at, standing.port, 0, head.dst).unwrap_or(0)
    }
}

/// The ports of a set, ascending.
fn ports(set: u32) -> impl Iterator<Item = u8> {
    ones(set.into()).map(|port| port as u8)
}

impl Kernel for PortSets {
    #[inline]
    fn inject(&self, _src: RouterId, head: &mut Head, draw: &mut Stream) {
        if self.pick == Pick::Random {
            head.memory = draw.bits();
        }
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        if standing.at == head.dst {
            return out.push(head.eject, self.all, 0);
        }
        let set = self.set(standing, head);
        match self.pick {
            Pick::Adaptive => ports(set).for_each(|port| out.push(port, self.all, 0)),
            Pick::Random => {
                // The next digit of the drawn number, read as a fraction, in base |set|.
                let product = u64::from(head.memory) * u64::from(set.count_ones());
                head.memory = product as u32;
                if let Some(port) = ports(set).nth((product >> 32) as usize) {
                    out.push(port, self.all, 0);
                }
            }
        }
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        let first = || self.next.get(src, NO_PORT, 0, dst);
        self.alive[src.index()] && (src == dst || first().is_some_and(|set| set != 0))
    }

    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
        let step = |port, share| Step { port, vcs: self.all, head: Head { memory: 0, ..head }, share };
        if standing.at == head.dst {
            return out.push(step(head.eject, 1.0));
        }
        let set = self.set(standing, &head);
        out.extend(ports(set).map(|port| step(port, 1.0 / f64::from(set.count_ones()))));
    }
}
