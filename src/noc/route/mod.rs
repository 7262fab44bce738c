//! Routing functions: where a packet may go next.
//!
//! A routing function is a relation: at a router, for the head of a packet that came in by some
//! port, it lists the output ports and virtual channels the packet may take. The router's allocator
//! picks among them. The same relation is what the `check` certificate walks.
//!
//! Invariants: [`Routing::route`] is a pure function of its arguments; it offers at least one
//! candidate for every pair that [`Routing::reaches`]; it never offers a dead link.

mod adaptive;
mod channels;
mod codebook;
mod dependency;
mod dor;
mod express;
mod grid;
mod ground;
mod homing;
mod listed;
mod masked;
mod maze;
pub mod mftn;
mod o1turn;
mod plan;
mod routes;
mod runs;
mod spec;
mod table;
mod trees;
mod turn_models;
mod two_phase;
mod up_down;

pub use adaptive::{Directions, MinimalAdaptive, MinimalAdaptiveParams};
pub use channels::{Channels, Turns};
pub use dependency::Dependencies;
pub(in crate::noc) use dor::subsets;
pub use dor::{DimensionOrder, DimensionOrderParams};
pub(in crate::noc) use grid::Axis;
pub use grid::{Mesh, port};
pub use ground::{Flow, Ground, all_vcs};
pub use homing::Homing;
pub use listed::{Hop, TableParams};
pub use masked::Masked;
pub use maze::Maze;
pub use mftn::{Literal, MftnParams, Policy};
pub use o1turn::O1Turn;
pub use routes::{Routes, View};
pub use spec::RoutingSpec;
pub use table::{PortSets, Table};
pub use trees::Trees;
pub use turn_models::TurnModel;
pub use two_phase::TwoPhase;
pub(in crate::noc) use two_phase::Via;
pub use up_down::UpDownParams;

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

    /// Keeps of each candidate the virtual channels in `usable(port)`; drops those left with none.
    pub(super) fn retain_vcs(&mut self, usable: impl Fn(u8) -> u32) {
        let before = *self;
        self.clear();
        for candidate in before.as_slice() {
            match candidate.vcs & usable(candidate.port) {
                0 => {}
                vcs => self.push(candidate.port, vcs, candidate.priority),
            }
        }
    }

    /// The candidates in the order they were added.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Candidate] {
        &self.list[..usize::from(self.len)]
    }
}

/// What a packet carries for its routing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The router that holds the head flit.
    pub at: RouterId,
    /// Input port it came in by (a node port at the source).
    pub port: u8,
    /// Virtual channel it came in by.
    pub vc: u8,
}

/// One thing a packet may do next, for the certificate: a candidate and what becomes of the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Output port.
    pub port: u8,
    /// Virtual channels of it that the packet may take.
    pub vcs: u32,
    /// The head as it leaves.
    pub head: Head,
    /// Share of such packets that leave by this step, if all candidates of the highest priority are
    /// equally likely.
    pub share: f64,
}

/// What every routing function provides.
pub(in crate::noc) trait Kernel {
    /// See [`Routing::inject`].
    #[inline]
    fn inject(&self, _src: RouterId, _head: &mut Head, _draw: &mut Stream) {}

    /// See [`Routing::route`]; `out` is empty.
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates);

    /// See [`Routing::fixed`].
    #[inline(always)]
    fn fixed(&self, _at: RouterId, _head: &Head) -> Option<Candidate> {
        None
    }

    /// See [`Routing::reaches`].
    fn reaches(&self, src: RouterId, dst: RouterId) -> bool;

    /// Every outcome of [`Kernel::inject`] for a packet from `src`, with its probability.
    fn starts(&self, _src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        out.push((head, 1.0));
    }

    /// Everything [`Kernel::route`] may list, whatever was drawn at injection.
    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
        let (mut head, mut list) = (head, Candidates::default());
        self.route(standing, &mut head, &mut list);
        let list = list.as_slice();
        let top = list.iter().map(|candidate| candidate.priority).max().unwrap_or(0);
        let likely = list.iter().filter(|candidate| candidate.priority == top).count();
        out.extend(list.iter().map(|&Candidate { vcs, port, priority }| Step {
            port,
            vcs,
            head,
            share: if priority == top { 1.0 / likely as f64 } else { 0.0 },
        }));
    }

    /// Virtual channels of the escape subfunction, if there is one (Duato 1993).
    fn escape(&self) -> u32 {
        0
    }

    /// The name of the turn map chosen.
    fn turn_map(&self) -> Option<&str> {
        None
    }
}

impl Routing {
    /// The two-phase routing this is, possibly behind a mask or with a way home.
    pub(in crate::noc) fn two_phase(&self) -> Option<&TwoPhase> {
        match self {
            Self::TwoPhase(kernel) => Some(kernel),
            Self::Masked(kernel) => kernel.inner().two_phase(),
            Self::Homing(kernel) => kernel.inner().two_phase(),
            _ => None,
        }
    }
}

macro_rules! kernels {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A routing function, ready for a fabric, its health and a number of virtual channels.
        #[derive(Clone, Debug)]
        pub enum Routing {
            $($(#[$doc])* $name($name),)+
        }

        $(impl From<$name> for Routing {
            fn from(kernel: $name) -> Self {
                Self::$name(kernel)
            }
        })+

        impl Routing {
            /// Draws what a packet from `src` decides at injection (an intermediate router, an order).
            #[inline]
            pub fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
                match self {
                    $(Self::$name(kernel) => kernel.inject(src, head, draw),)+
                }
            }

            /// The only candidate, from routing functions that need nothing but the place and the
            /// destination: a shortcut past [`Routing::route`] for the hot loop.
            #[inline(always)]
            pub fn fixed(&self, at: RouterId, head: &Head) -> Option<Candidate> {
                match self {
                    $(Self::$name(kernel) => kernel.fixed(at, head),)+
                }
            }

            /// Lists where the packet may go; `out` is cleared first. At the destination it lists the
            /// ejection port with every virtual channel.
            #[inline]
            pub fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
                out.clear();
                match self {
                    $(Self::$name(kernel) => kernel.route(standing, head, out),)+
                }
            }

            /// Whether a packet injected at `src` is delivered to `dst`; others are refused at the source.
            #[inline]
            pub fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
                match self {
                    $(Self::$name(kernel) => kernel.reaches(src, dst),)+
                }
            }

            /// Every outcome of [`Routing::inject`] for a packet from `src`, with its probability.
            pub fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
                match self {
                    $(Self::$name(kernel) => kernel.starts(src, head, out),)+
                }
            }

            /// Everything [`Routing::route`] may list for such a packet, whatever was drawn at injection.
            pub fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
                match self {
                    $(Self::$name(kernel) => kernel.steps(standing, head, out),)+
                }
            }

            /// Mask of the virtual channels of the escape subfunction; 0 where all channels count.
            pub fn escape(&self) -> u32 {
                match self {
                    $(Self::$name(kernel) => kernel.escape(),)+
                }
            }

            /// Name of the turn map that `mftn` and its relatives settled on.
            pub fn turn_map(&self) -> Option<&str> {
                match self {
                    $(Self::$name(kernel) => kernel.turn_map(),)+
                }
            }
        }
    };
}

kernels! {
    /// Dimension order on grids.
    DimensionOrder,
    /// Ascending or descending dimension order, by a coin.
    O1Turn,
    /// Valiant and ROMM.
    TwoPhase,
    /// Minimal adaptive with escape channels.
    MinimalAdaptive,
    /// Turn models on a flawless mesh.
    TurnModel,
    /// Next ports from a table.
    Table,
    /// Sets of next ports from a table.
    PortSets,
    /// The literal ring bypass.
    Literal,
    /// Greedy and face routing.
    Maze,
    /// Any of the others on a chip with stuck virtual channels.
    Masked,
    /// Any of the others in a network of bufferless routers.
    Homing,
}
