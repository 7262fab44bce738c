//! Routing functions: where a packet may go next.
//!
//! A routing function is a relation: at a router, for the head of a packet that came in by some
//! port, it lists the output ports and virtual channels the packet may take. The router's allocator
//! picks among them. The same relation is what the `check` certificate walks.
//!
//! Invariants: [`Routing::route`] is a pure function of its arguments; it offers at least one
//! candidate for every pair that [`Routing::reaches`]; it never offers a dead link.

mod dor;

pub use dor::DimensionOrder;

use crate::base::RouterId;
use crate::base::random::Stream;

/// One output port with the virtual channels of it that a packet may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Bit mask of virtual channels at the downstream buffer.
    pub vcs: u32,
    /// Output port.
    pub port: u8,
    /// Higher wins over lower where the allocator looks at priorities.
    pub priority: u8,
}

/// The candidates of one packet at one router; at most eight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates {
    list: [Candidate; 8],
    len: u8,
}

impl Candidates {
    /// Forgets all candidates.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a candidate; the ninth and further ones are dropped, which no routing function needs.
    #[inline(always)]
    pub fn push(&mut self, port: u8, vcs: u32, priority: u8) {
        if let Some(slot) = self.list.get_mut(usize::from(self.len)) {
            *slot = Candidate { vcs, port, priority };
            self.len += 1;
        }
    }

    /// The candidates in the order they were added.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Candidate] {
        &self.list[..usize::from(self.len)]
    }
}

/// What a packet carries for its routing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Router of the destination node.
    pub dst: RouterId,
    /// Intermediate router of two-phase routings.
    pub via: RouterId,
    /// Memory of history-dependent routings; zero at injection.
    pub memory: u32,
    /// Ejection port at `dst`.
    pub eject: u8,
    /// Phase of two-phase routings, or the class drawn at injection.
    pub phase: u8,
}

/// Where a packet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The router that holds the head flit.
    pub at: RouterId,
    /// Input port it came in by (a node port at the source).
    pub port: u8,
    /// Virtual channel it came in by.
    pub vc: u8,
}

/// A routing function, ready for a fabric, its health and a number of virtual channels.
#[derive(Clone, Debug)]
pub enum Routing {
    /// Dimension order on grids.
    DimensionOrder(DimensionOrder),
}

impl Routing {
    /// Draws what a packet from `src` decides at injection (an intermediate router, an order).
    #[inline]
    pub fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        let _ = (src, head, draw);
        match self {
            Self::DimensionOrder(_) => {}
        }
    }

    /// The only candidate, from routing functions that never have more than one and keep no memory:
    /// a shortcut past [`Routing::route`] for the hot loop.
    #[inline(always)]
    pub fn fixed(&self, at: RouterId, head: &Head) -> Option<Candidate> {
        match self {
            Self::DimensionOrder(routing) => routing.fixed(at, head),
        }
    }

    /// Lists where the packet may go; `out` is cleared first. At the destination it lists the
    /// ejection port with every virtual channel.
    #[inline]
    pub fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        out.clear();
        match self {
            Self::DimensionOrder(routing) => routing.route(standing, head, out),
        }
    }

    /// Whether a packet injected at `src` is delivered to `dst`; others are refused at the source.
    pub fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        let _ = (src, dst);
        match self {
            Self::DimensionOrder(_) => true,
        }
    }
}
