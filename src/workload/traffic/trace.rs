//! Traces: every packet listed, one per line, as `cycle,src,dst,flits`.

use std::path::Path;

use super::text::Table;
use crate::base::{NodeId, Problems};
use crate::noc::source::Offer;

/// Columns of a trace file, in this order.
pub const TRACE_COLUMNS: [&str; 4] = ["cycle", "src", "dst", "flits"];

/// Latest cycle that a trace may name.
pub const MAX_CYCLE: u64 = 1 << 48;

/// Most packets in one trace: the tag that numbers them leaves one bit for replies.
const MAX_PACKETS: usize = 1 << 31;

/// One line of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracePacket {
    /// Cycle of creation.
    pub cycle: u64,
    /// Sending node.
    pub src: NodeId,
    /// Receiving node.
    pub dst: NodeId,
    /// Length [flits, ≥ 1].
    pub flits: u16,
}

/// Reads a trace for a chip of `nodes` nodes. `bytes` is CSV text, plain or gzipped, sorted by cycle;
/// lines that start with `#`, blank lines and a header line are skipped. `name` stands in messages.
///
/// # Errors
/// Up to [`super::MAX_PROBLEMS`] problems, each with `file:line:column`: a node that the chip does not
/// have, a cycle before the one above it, a packet without flits, a line that is malformed or cut off,
/// damaged or truncated gzip data, a file without packets.
pub fn read_trace(name: &Path, bytes: &[u8], nodes: usize) -> Result<Vec<TracePacket>, Problems> {
    let mut table = Table::new(name, bytes);
    let mut packets = Vec::new();
    let mut latest = 0;
    let node_range = (0, (nodes as u64).saturating_sub(1));
    while let Some(row) = table.row(&TRACE_COLUMNS) {
        if !table.has_columns(&row, &TRACE_COLUMNS) {
            continue;
        }
        let cycle = table.integer(&row, 0, (0, MAX_CYCLE), "cycle");
        let src = table.integer(&row, 1, node_range, "node");
        let dst = table.integer(&row, 2, node_range, "node");
        let flits = table.integer(&row, 3, (1, u16::MAX.into()), "packet length");
        let (Some(cycle), Some(src), Some(dst), Some(flits)) = (cycle, src, dst, flits) else { continue };
        if cycle < latest {
            let message = format!("cycle {cycle} comes after cycle {latest}: the trace is not sorted");
            table.complain(&row, 0, message, Some(format!("{latest} or later")));
        }
        if packets.len() == MAX_PACKETS {
            table.complain(&row, 0, "the trace is too long", Some(format!("up to {MAX_PACKETS} packets")));
            break;
        }
        latest = latest.max(cycle);
        let (src, dst) = (NodeId(src as u32), NodeId(dst as u32));
        packets.push(TracePacket { cycle, src, dst, flits: flits as u16 });
    }
    if packets.is_empty() && table.is_sound() {
        table.complain_of_all("the trace holds no packet");
    }
    table.finish(packets)
}

/// A trace sorted by sender, ready to replay.
#[derive(Debug)]
pub(super) struct Trace {
    /// Where each node's packets start; one more entry than nodes.
    start: Vec<u32>,
    /// Offers by sender, then by time. The tag is the packet's place in the file.
    offers: Vec<Offer>,
}

impl Trace {
    /// Sorts `packets` by sender. The order of packets of one sender stays.
    pub(super) fn new(packets: &[TracePacket], nodes: usize) -> Self {
        let mut start = vec![0u32; nodes + 1];
        for packet in packets {
            start[packet.src.index() + 1] += 1;
        }
        for node in 0..nodes {
            start[node + 1] += start[node];
        }
        let mut free = start.clone();
        let nothing = Offer { at: 0, dst: NodeId(0), flits: 1, tag: 0 };
        let mut offers = vec![nothing; packets.len()];
        for (tag, packet) in packets.iter().enumerate() {
            let place = &mut free[packet.src.index()];
            let TracePacket { cycle, dst, flits, .. } = *packet;
            offers[*place as usize] = Offer { at: cycle, dst, flits, tag: tag as u32 };
            *place += 1;
        }
        Self { start, offers }
    }

    /// Where each node's packets start.
    pub(super) fn starts(&self) -> &[u32] {
        &self.start
    }

    /// The offer at `place`, if it is one of `node`'s.
    #[inline]
    pub(super) fn offer(&self, node: NodeId, place: u32) -> Option<Offer> {
        (place < self.start[node.index() + 1]).then(|| self.offers[place as usize])
    }

    /// Number of packets.
    pub(super) fn len(&self) -> usize {
        self.offers.len()
    }
}
