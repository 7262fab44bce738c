//! The summary that people read in the terminal.

use std::fmt::Write;

use super::document::{
    Channel, Deflection, Energy, FaultEpoch, Faults, Latency, LinkLoad, Livelock, Lost, Report, Results,
    Saturation, Stalled,
};
use crate::base::RouterId;
use crate::fabric::{Fabric, Place};

/// Busiest links that are named.
const BUSIEST: usize = 3;

/// Channels of a deadlock that are named.
const CHANNELS: usize = 12;

/// Width of the column of names.
const NAMES: usize = 26;

/// Lines of a name and what there is to say about it.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, text: impl AsRef<str>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "  {name:NAMES$} {}", text.as_ref());
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }
}

/// The summary of a report; `fabric` is the chip it is about.
pub fn summary(report: &Report, fabric: &Fabric) -> String {
    let mut page = Page::default();
    let name = |document: &serde_json::Value| document["name"].as_str().unwrap_or("?").to_owned();
    let inputs = &report.inputs;
    let faults = inputs.faults.as_ref().map_or_else(String::new, |faults| format!(" with {}", name(faults)));
    let _ = writeln!(
        page.0,
        "{} on {}{faults}, seed {}{}",
        name(&inputs.workload),
        name(&inputs.chip),
        report.seed,
        if report.complete { "" } else { " (incomplete)" }
    );
    page.gap();
    let (cycles, seconds) = (grouped(report.time.cycles), engineering(report.time.seconds, "s"));
    page.line("simulated time", format!("{cycles} cycles = {seconds}"));
    delivered(&mut page, report);
    if let Some(Results::Saturation(saturation)) = &report.result {
        saturates(&mut page, saturation);
    }
    if let Some(deflection) = &report.deflection {
        deflected(&mut page, deflection);
    }
    if let Some(energy) = &report.energy {
        spent(&mut page, energy, &seconds);
    }
    if let Some(faults) = &report.faults {
        broken(&mut page, faults);
    }
    if let Some(links) = &report.links {
        busiest(&mut page, links, fabric);
    }
    if let Some(stalled) = &report.stalled {
        page.gap();
        page.line("deadlock", stalled.describe(fabric));
    }
    if let Some(livelock) = &report.livelock {
        page.gap();
        page.line("livelock", livelock.describe());
    }
    page.0
}

fn delivered(page: &mut Page, report: &Report) {
    let packets = &report.traffic.packets;
    let [injected, delivered, refused, lost] =
        [packets.injected, packets.delivered, packets.refused, packets.lost].map(grouped);
    let left = match packets.in_flight {
        0 => String::new(),
        left => format!(", {} still under way", grouped(left)),
    };
    page.line("packets", format!("{injected}: {delivered} delivered, {refused} refused, {lost} lost{left}"));
    if !packets.lost_to.0.is_empty() {
        page.line("  lost to", causes(&packets.lost_to));
    }
    if packets.corrupted > 0 {
        page.line("  delivered damaged", grouped(packets.corrupted));
    }
    if let Some(multicast) = &report.traffic.multicast {
        let [packets, destinations, copies] =
            [multicast.packets, multicast.destinations, multicast.copies].map(grouped);
        page.line(
            "multicast",
            format!("{packets} packets to {destinations} nodes: {copies} copies by routers"),
        );
    }
    page.gap();
    if let Some(latency) = &report.latency.packet {
        page.line("packet latency average", distribution(latency));
    }
    if let Some(latency) = &report.latency.network {
        page.line("network latency average", distribution(latency));
    }
    if let Some(hops) = report.traffic.mean_hops {
        page.line("hops average", format!("{hops:.4} routers"));
    }
    let throughput = &report.throughput;
    if let Some(offered) = throughput.offered {
        page.line("offered flit rate", format!("{offered:.5} flits/node/cycle"));
    }
    if let Some(accepted) = throughput.accepted {
        let note =
            if throughput.saturated { " (saturated: measured packets had not all arrived)" } else { "" };
        page.line("accepted flit rate", format!("{accepted:.5} flits/node/cycle{note}"));
    }
    if let Some(accepted) = throughput.accepted_packets {
        let rate = throughput
            .packets_per_second
            .map_or_else(String::new, |rate| format!("  ({} packets/s over the whole run)", scaled(rate)));
        page.line("accepted packet rate", format!("{accepted:.5} packets/node/cycle{rate}"));
    }
}

fn causes(lost: &Lost) -> String {
    let said = |&(cause, packets): &(&str, u64)| {
        let cause = match cause {
            "stuck_vc" => "stuck channels",
            "cut_off" => "old routes cut off",
            "bit_errors" => "bit errors",
            other => other,
        };
        format!("{cause} {}", grouped(packets))
    };
    lost.0.iter().map(said).collect::<Vec<_>>().join(", ")
}

fn distribution(latency: &Latency) -> String {
    let Latency { unit, count, mean, min, p50, p90, p99, p999, max } = latency;
    let count = grouped(*count);
    format!(
        "{mean:.4} {unit}  (min {min}, p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p999}, max {max}; {count} packets)"
    )
}

fn saturates(page: &mut Page, saturation: &Saturation) {
    page.gap();
    let Saturation { below, above, points } = saturation;
    match above {
        Some(above) => page.line("saturates between", format!("{below:.5} and {above:.5} flits/node/cycle")),
        None => page
            .line("saturates", format!("not even at {below:.5} flits/node/cycle, all that can be offered")),
    }
    for point in points {
        let latency = point.mean_latency.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.2} cycles"));
        let note = if point.saturated { ", saturated" } else { "" };
        page.line(
            &format!("  at {:.5}", point.rate),
            format!("{:.5} accepted, {latency}{note}", point.accepted),
        );
    }
}

fn deflected(page: &mut Page, deflection: &Deflection) {
    let Deflection { per_flit, deflected_share, worst, blocked_injections, reassembly_packets, .. } =
        deflection;
    let (Some(mean), Some(share)) = (per_flit, deflected_share) else { return };
    page.gap();
    let share = 100.0 * share;
    page.line("deflections per flit", format!("{mean:.4}  ({share:.1} % of flits, worst {worst})"));
    page.line("  injection held back", format!("{} node-cycles", grouped(*blocked_injections)));
    page.line("  reassembly at a node", format!("up to {reassembly_packets} packets at once"));
}

fn spent(page: &mut Page, energy: &Energy, seconds: &str) {
    page.gap();
    let joules = |joules: f64| engineering(joules, "J");
    let share = |part: f64| if energy.total_joules > 0.0 { 100.0 * part / energy.total_joules } else { 0.0 };
    let power = energy.mean_power_watts.map_or_else(String::new, |watts| {
        format!(" = {} on average over {seconds}", engineering(watts, "W"))
    });
    page.line("energy of the network", format!("{}{power}", joules(energy.total_joules)));
    for (name, part) in [
        ("  dynamic: by events", energy.dynamic_joules),
        ("  clock: by the cycle", energy.clock_joules),
        ("  static: leaked away", energy.static_joules),
    ] {
        page.line(name, format!("{} ({:.1} %)", joules(part), share(part)));
    }
    let parts: Vec<String> =
        energy.by_component.0.iter().map(|&(name, part)| format!("{name} {}", joules(part))).collect();
    for (row, parts) in parts.chunks(3).enumerate() {
        page.line(if row == 0 { "  by component" } else { "" }, parts.join(", "));
    }
}

fn broken(page: &mut Page, faults: &Faults) {
    page.gap();
    let is_whole = faults.nodes + faults.links + faults.stuck_vcs + faults.events.unwrap_or(0) == 0;
    let mut said = match is_whole {
        true => "none".to_owned(),
        false => format!("{} nodes, {} links", faults.nodes, faults.links),
    };
    if faults.stuck_vcs > 0 {
        let _ = write!(said, ", {} stuck virtual channels", faults.stuck_vcs);
    }
    let cut_off = faults.r#unsafe.zip(faults.isolated).filter(|_| !is_whole);
    if let Some((r#unsafe, isolated)) = cut_off {
        let _ = write!(said, "; {unsafe} working nodes unsafe, {isolated} isolated");
    }
    page.line("faults", said);
    if let (Some(share), Some(stretch), Some(gamma)) = (faults.delivered_share, faults.stretch, faults.gamma)
    {
        page.line(
            "  what routing makes of it",
            format!("{:.2} % of the healthy pairs served, stretch {stretch:.4}, γ {gamma:.3}", 100.0 * share),
        );
    }
    if let Some(free) = faults.deadlock_free {
        page.line("  deadlock-free", if free { "yes, certified" } else { "no: see `spikeloom check`" });
    }
    if let Some(errors) = &faults.bit_errors {
        let resent =
            errors.resent_share.map_or_else(String::new, |share| format!("; {share:.3e} resent per hop"));
        page.line("  bit errors", format!("{:.3e} of transmissions damaged{resent}", errors.flit_damage));
    }
    for epoch in &faults.epochs {
        struck(page, epoch);
    }
    let late = faults.events.unwrap_or(0).saturating_sub(faults.epochs.len() as u64);
    if late > 0 {
        page.line(
            "  did not strike",
            format!("{late} of the faults that were to strike: the run was over before"),
        );
    }
}

/// A fault that struck during the run.
fn struck(page: &mut Page, epoch: &FaultEpoch) {
    let FaultEpoch { at_cycle, resumed_at_cycle, in_flight, lost, nodes, links, .. } = epoch;
    let resumed = match resumed_at_cycle {
        Some(cycle) => format!("sources went on at {}", grouped(*cycle)),
        None => "the run ended before sources went on".to_owned(),
    };
    let mut said = format!("{} of {} packets under way lost; {resumed}", grouped(*lost), grouped(*in_flight));
    let _ = write!(said, "; {nodes} nodes, {links} links broken by then");
    page.line(&format!("  fault at cycle {}", grouped(*at_cycle)), said);
    let (Some(share), Some(gamma), Some(free)) = (epoch.delivered_share, epoch.gamma, epoch.deadlock_free)
    else {
        return;
    };
    let free = if free { "deadlock-free, certified" } else { "NOT deadlock-free" };
    page.line("", format!("{:.2} % of the healthy pairs served, γ {gamma:.3}, {free}", 100.0 * share));
}

fn busiest(page: &mut Page, links: &[LinkLoad], fabric: &Fabric) {
    let mut order: Vec<&LinkLoad> = links.iter().filter(|link| link.flits > 0).collect();
    order.sort_by_key(|link| std::cmp::Reverse(link.flits));
    if order.is_empty() {
        return;
    }
    page.gap();
    let named = order.iter().take(BUSIEST).map(|link| {
        let (from, to) = (router(fabric, link.from), router(fabric, link.to));
        format!("{from} → {to} {:.1} %", 100.0 * link.utilisation)
    });
    page.line("busiest links", named.collect::<Vec<_>>().join(", "));
}

impl Livelock {
    /// What was seen, in words.
    pub fn describe(&self) -> String {
        let [packets, cycles, hops] = [self.packets, self.cycles, self.hops].map(grouped);
        format!("{packets} packets made {hops} hops in {cycles} cycles, and no flit arrived")
    }
}

impl Stalled {
    /// Which channels wait for which, in words.
    pub fn describe(&self, fabric: &Fabric) -> String {
        let packets = grouped(self.packets);
        if self.cycle.is_empty() {
            return format!(
                "nothing moves, with {packets} packets under way, but no cycle of waiting channels was found"
            );
        }
        let channel = |channel: &Channel| {
            let to = router(fabric, channel.to);
            match channel.from {
                Some(from) => format!("{} → {to} vc {}", router(fabric, from), channel.vc),
                None => format!("node → {to} vc {}", channel.vc),
            }
        };
        let mut named: Vec<String> = self.cycle.iter().take(CHANNELS).map(channel).collect();
        if self.cycle.len() > CHANNELS {
            named.push(format!("… {} more", self.cycle.len() - CHANNELS));
        }
        let count = self.cycle.len();
        let cycle = named.join(", then ");
        format!(
            "nothing moves, with {packets} packets under way; {count} channels wait for each other in a cycle: {cycle}"
        )
    }
}

fn router(fabric: &Fabric, router: u32) -> String {
    Place::of(fabric, RouterId(router)).to_string()
}

/// With a comma between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// With four digits and the prefix of a power of a thousand.
pub(super) fn engineering(value: f64, unit: &str) -> String {
    const PREFIXES: [(&str, f64); 10] = [
        ("G", 1e9),
        ("M", 1e6),
        ("k", 1e3),
        ("", 1.0),
        ("m", 1e-3),
        ("µ", 1e-6),
        ("n", 1e-9),
        ("p", 1e-12),
        ("f", 1e-15),
        ("a", 1e-18),
    ];
    if value == 0.0 {
        return format!("0 {unit}");
    }
    let (prefix, scale) =
        PREFIXES.into_iter().find(|&(_, scale)| value.abs() >= scale).unwrap_or(PREFIXES[9]);
    format!("{} {prefix}{unit}", scaled(value / scale))
}

/// Four significant digits.
pub(super) fn scaled(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{value:.3e}"),
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(engineering(1.2345e-5, "s"), "12.35 µs");
        assert_eq!(engineering(0.0, "J"), "0 J");
        assert_eq!(engineering(2.5, "W"), "2.500 W");
        assert_eq!(engineering(1e-30, "J"), "0.000 aJ");
    }
}
