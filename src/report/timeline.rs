//! A run as a timeline that Perfetto (<https://ui.perfetto.dev>) opens: every packet from its creation to
//! its last flit, by source, and how many are under way.
//!
//! The format is Chrome's trace events as JSON
//! (<https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>): packets are
//! asynchronous events, since those of one source overlap; their time in the source's queue and in the
//! network are nested in them. A microsecond of the timeline is one of simulated time.

use std::io;

use serde_json::json;

use super::Facts;
use crate::fabric::Place;
use crate::noc::engine::PacketRecord;

/// Packets that are drawn at most: larger files open slowly. What is left out is said in the file.
pub const MOST_PACKETS: usize = 100_000;

/// Points of the counter of packets under way.
const SAMPLES: u64 = 2000;

/// Writes the timeline of a run; its outcome must have kept its log.
///
/// # Errors
/// What `out` has to say.
pub fn timeline(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut packets: Vec<&PacketRecord> = facts.outcome.log.iter().flatten().collect();
    packets.sort_unstable_by_key(|packet| (packet.created, packet.src, packet.tag));
    let left_out = packets.len().saturating_sub(MOST_PACKETS);
    let microseconds = |cycle: u64| cycle as f64 * 1e6 / facts.clock_hz;
    write!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    write!(out, "{}", json!({"ph": "M", "pid": 0, "name": "process_name", "args": {"name": "network"}}))?;
    for (index, packet) in packets.iter().take(MOST_PACKETS).enumerate() {
        let at = |node: crate::base::NodeId| Place::of(facts.fabric, facts.fabric.nodes[node.index()].router);
        let track = format!("from {}", at(packet.src));
        let name = format!(
            "to {}, {} flit{}",
            at(packet.dst),
            packet.flits,
            if packet.flits == 1 { "" } else { "s" }
        );
        let mut event = |ph: &str, name: &str, cycle: u64| {
            write!(
                out,
                ",\n{}",
                json!({"ph": ph, "cat": &track, "id": index, "name": name, "pid": 0, "tid": packet.src.0,
                       "ts": microseconds(cycle)})
            )
        };
        event("b", &name, packet.created)?;
        if packet.injected > packet.created {
            event("b", "waits at its source", packet.created)?;
            event("e", "waits at its source", packet.injected)?;
        }
        event("b", "is under way", packet.injected)?;
        event("e", "is under way", packet.tail_ejected)?;
        event("e", &name, packet.tail_ejected)?;
    }
    for (cycle, count) in under_way(&packets) {
        let counter = json!({"ph": "C", "pid": 0, "name": "packets under way", "ts": microseconds(cycle),
                             "args": {"packets": count}});
        write!(out, ",\n{counter}")?;
    }
    let about = json!({
        "program": concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        "seed": facts.seed,
        "clock_hz": facts.clock_hz,
        "packets_left_out": left_out,
    });
    writeln!(out, "],\n\"otherData\":{}}}", about)
}

/// Packets between creation and delivery, at so many moments; all packets count, drawn or not.
fn under_way(packets: &[&PacketRecord]) -> Vec<(u64, u64)> {
    let end = packets.iter().map(|packet| packet.tail_ejected).max().unwrap_or(0);
    let step = (end / SAMPLES).max(1);
    let mut changes = vec![(0u64, 0u64); (end / step + 2) as usize];
    for packet in packets {
        changes[packet.created.div_ceil(step) as usize].0 += 1;
        changes[packet.tail_ejected.div_ceil(step) as usize].1 += 1;
    }
    let mut count = 0;
    let counted = changes.iter().enumerate().map(|(at, (more, less))| {
        count = count + more - less;
        (at as u64 * step, count)
    });
    counted.collect()
}
