//! What a run leaves behind: integers and histograms.

use std::fmt;

use super::{Passage, Summary, Timeline};
use crate::base::Problems;
use crate::noc::deflection::Deflections;
use crate::noc::engine::{Counts, PacketRecord, Stall};
use crate::noc::loss::Losses;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything that was to be measured was measured.
    Complete,
    /// Some measured packets had not arrived when the drain limit was reached.
    Saturated,
    /// The network stopped moving with packets in it.
    Stalled(Stall),
    /// Packets moved on and on, but none arrived any more.
    Circling(Circling),
    /// It was interrupted.
    Cancelled,
}

/// A livelock: flits move, and none gets anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circling {
    /// Packets under way.
    pub packets: u64,
    /// Cycles since the last flit was read by its destination.
    pub cycles: u64,
    /// Link traversals in these cycles.
    pub hops: u64,
}

/// Where the packets went. `created = delivered + refused + lost + in_flight`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// Created by their nodes, in the whole run.
    pub created: u64,
    /// Delivered whole.
    pub delivered: u64,
    /// Refused at the source: one end does not work, or no route leads there.
    pub refused: u64,
    /// Lost to a fault on their way.
    pub lost: u64,
    /// Still on their way when the run ended.
    pub in_flight: u64,
}

/// What each part of the network carried in the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loads {
    /// Flits that left each router, by any port.
    pub router_flits: Vec<u64>,
    /// Flits that each router handed to its nodes.
    pub delivered_flits: Vec<u64>,
    /// Flits over each link.
    pub link_flits: Vec<u64>,
    /// Flits that each link carried again after bit errors, besides `link_flits`; `None` where there are no bit
    /// errors.
    pub link_resent: Option<Vec<u64>>,
    /// Flits that each node offered within the window, refused ones included.
    pub node_offered: Vec<u64>,
    /// Flits that each node received within the window.
    pub node_accepted: Vec<u64>,
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Simulated time [cycles]: to the last delivery where the run ended by itself.
    pub cycles: u64,
    /// Length of the measured window as far as the run came [cycles].
    pub measured_cycles: u64,
    /// Where the packets went.
    pub packets: Packets,
    /// Creation to tail read, of measured packets [cycles].
    pub packet_latency: Counts,
    /// Head injected to tail read, of measured packets [cycles].
    pub network_latency: Counts,
    /// Routers traversed, of measured packets.
    pub hops: Counts,
    /// Flits offered within the window, refused ones included.
    pub offered_flits: u64,
    /// Flits offered within the window and refused.
    pub refused_flits: u64,
    /// Flits read by sinks within the window.
    pub accepted_flits: u64,
    /// Virtual channels allocated.
    pub vc_allocations: u64,
    /// Flits sent again after a bit error.
    pub retransmitted: u64,
    /// Packets lost on their way, by cause.
    pub losses: Losses,
    /// Packets delivered with damage that nobody noticed.
    pub corrupted: u64,
    /// Faults that struck during the run, in order.
    pub passages: Vec<Passage>,
    /// What only bufferless networks count.
    pub deflections: Option<Deflections>,
    /// What each part carried.
    pub loads: Loads,
    /// What moved when.
    pub timeline: Timeline,
    /// Every delivered packet, in order of delivery, if a log was kept.
    pub log: Option<Vec<PacketRecord>>,
}

impl Outcome {
    /// Whether the run went to its end.
    pub fn is_complete(&self) -> bool {
        matches!(self.ending, Ending::Complete | Ending::Saturated)
    }

    /// Flits offered per node and cycle of the window, over all nodes, refused ones included.
    pub fn offered(&self) -> Option<f64> {
        self.per_node_and_cycle(self.offered_flits)
    }

    /// Flits offered and not refused, per node and cycle of the window.
    pub fn admitted(&self) -> Option<f64> {
        self.per_node_and_cycle(self.offered_flits - self.refused_flits)
    }

    /// Flits accepted per node and cycle of the window, over all nodes.
    pub fn accepted(&self) -> Option<f64> {
        self.per_node_and_cycle(self.accepted_flits)
    }

    fn per_node_and_cycle(&self, flits: u64) -> Option<f64> {
        let node_cycles = self.loads.node_offered.len() as f64 * self.measured_cycles as f64;
        (node_cycles > 0.0).then(|| flits as f64 / node_cycles)
    }

    /// Link traversals of flits.
    pub fn flit_hops(&self) -> u64 {
        self.loads.link_flits.iter().sum()
    }

    /// Packet latency in a few numbers.
    pub fn packet_summary(&self) -> Option<Summary> {
        Summary::of(&self.packet_latency)
    }

    /// Network latency in a few numbers.
    pub fn network_summary(&self) -> Option<Summary> {
        Summary::of(&self.network_latency)
    }
}

/// Why a run gave no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The engine refuses the chip's parameters; paths are relative to `router`.
    Refused(Problems),
    /// There is no such traffic; paths are the source's.
    Source(Problems),
    /// Packets or flits are unaccounted for: a defect of the program, not of the input. Says which sum
    /// does not hold.
    Unbalanced(String),
}

impl From<Problems> for RunError {
    fn from(problems: Problems) -> Self {
        Self::Refused(problems)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problems) | Self::Source(problems) => problems.fmt(f),
            Self::Unbalanced(sum) => write!(f, "packets are unaccounted for: {sum}"),
        }
    }
}

impl std::error::Error for RunError {}
