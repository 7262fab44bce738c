//! The figures that a run is judged by: where they stand in a report, their units, and which way is better.

use Better::{Higher, Lower, Neither};
use Unit::{Count, Plain, Prefixed, Share, Stated};

use super::files::RunFiles;
use crate::report::text::{engineering, grouped, scaled};

/// Which way a figure gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// It describes, and is neither good nor bad.
    Neither,
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A whole number of something.
    Count(&'static str),
    /// Four digits and a unit as it is.
    Plain(&'static str),
    /// Four digits and a unit with the prefix of a power of a thousand.
    Prefixed(&'static str),
    /// Percent of a share.
    Share,
    /// In the unit that stands beside it in the report, as latencies have it.
    Stated,
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A number of the report.
    At(&'static str),
    /// One number of the report over another.
    Over(&'static str, &'static str),
}

/// A figure that runs are judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it means, where its name does not say.
    pub note: &'static str,
    source: Source,
    pub unit: Unit,
    pub better: Better,
    /// It stands at the top of the page.
    pub headline: bool,
}

const fn metric(name: &'static str, at: &'static str, unit: Unit, better: Better) -> Metric {
    Metric { name, note: "", source: Source::At(at), unit, better, headline: false }
}

impl Metric {
    const fn headline(self) -> Self {
        Self { headline: true, ..self }
    }

    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    const fn over(self, divisor: &'static str) -> Self {
        let Source::At(at) = self.source else { return self };
        Self { source: Source::Over(at, divisor), ..self }
    }

    /// Its value in a run.
    pub(super) fn of(&self, run: &RunFiles) -> Option<f64> {
        let value = match self.source {
            Source::At(at) => run.number(at).or_else(|| certified(run, at))?,
            Source::Over(at, divisor) => {
                let divisor = run.number(divisor).filter(|divisor| *divisor > 0.0)?;
                run.number(at)? / divisor
            }
        };
        value.is_finite().then_some(value)
    }

    /// Its value in a run as people read it: number and unit.
    pub(super) fn written(&self, run: &RunFiles) -> Option<(String, String)> {
        let value = self.of(run)?;
        Some(match self.unit {
            Count(of) => (count(value), of.to_owned()),
            Plain(unit) => (scaled(value), unit.to_owned()),
            Prefixed(unit) => {
                let text = engineering(value, unit);
                let (number, unit) = text.split_once(' ').unwrap_or((&text, unit));
                (number.to_owned(), unit.to_owned())
            }
            Share => (scaled(100.0 * value), "%".to_owned()),
            Stated => self.stated(run, value),
        })
    }

    /// The unit of its value in a run, without a prefix.
    pub(super) fn base_unit(&self, run: &RunFiles) -> Option<String> {
        let value = self.of(run)?;
        Some(match self.unit {
            Count(unit) | Plain(unit) | Prefixed(unit) => unit.to_owned(),
            Share => "1".to_owned(),
            Stated => match self.stated(run, value).1 {
                time if time.ends_with('s') && time != "cycles" => "s".to_owned(),
                unit => unit,
            },
        })
    }

    /// A latency: whole cycles as they are, seconds with a prefix.
    fn stated(&self, run: &RunFiles, value: f64) -> (String, String) {
        let (Source::At(at) | Source::Over(at, _)) = self.source;
        let beside = at.rsplit_once('/').map_or(String::new(), |(section, _)| format!("{section}/unit"));
        let unit = run.text(&beside).unwrap_or("cycles");
        match unit {
            "s" | "seconds" => {
                let text = engineering(value, "s");
                let (number, unit) = text.split_once(' ').unwrap_or((&text, "s"));
                (number.to_owned(), unit.to_owned())
            }
            unit if value.fract() == 0.0 && value.abs() < 1e15 => (count(value), unit.to_owned()),
            unit => (scaled(value), unit.to_owned()),
        }
    }

    /// A latency in cycles as time at the chip's clock.
    pub(super) fn as_time(&self, run: &RunFiles) -> Option<String> {
        let (_, unit) = self.written(run).filter(|_| self.unit == Stated)?;
        let clock = run.figures.as_ref().map(|figures| figures.clock_hz).filter(|clock| *clock > 0.0)?;
        let time = engineering(self.of(run)? / clock, "s");
        (unit == "cycles").then(|| format!("= {time} at {}", hertz(clock)))
    }
}

/// What the certificate says where the report does not: of a chip without faults.
fn certified(run: &RunFiles, at: &str) -> Option<f64> {
    let known = run.figures.as_ref()?.certificate.as_ref()?;
    known.pointer(at.strip_prefix("/faults")?)?.as_f64()
}

/// A whole number, with commas.
pub(super) fn count(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..9e15).contains(&value) { grouped(value as u64) } else { scaled(value) }
}

/// A frequency.
pub(super) fn hertz(clock: f64) -> String {
    let text = engineering(clock, "Hz");
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// Every figure, in the order in which it stands in tables.
pub(super) const METRICS: [Metric; 44] = [
    metric("Packet latency, mean", "/latency/packet/mean", Stated, Lower)
        .headline()
        .note("creation to tail read, the wait in the source's queue included"),
    metric("Packet latency, median", "/latency/packet/p50", Stated, Lower),
    metric("Packet latency, 90 %", "/latency/packet/p90", Stated, Lower),
    metric("Packet latency, 99 %", "/latency/packet/p99", Stated, Lower)
        .headline()
        .note("99 of 100 packets are no slower"),
    metric("Packet latency, 99.9 %", "/latency/packet/p999", Stated, Lower),
    metric("Packet latency, greatest", "/latency/packet/max", Stated, Lower),
    metric("Network latency, mean", "/latency/network/mean", Stated, Lower)
        .note("head injected to tail read"),
    metric("Step latency, mean", "/latency/step/mean", Stated, Lower).headline(),
    metric("Step latency, 99 %", "/latency/step/p99", Stated, Lower).headline(),
    metric("Step latency, greatest", "/latency/step/max", Stated, Lower),
    metric("Hops, mean", "/traffic/mean_hops", Plain("routers"), Lower),
    metric("Offered", "/throughput/offered", Plain("flits/node/cycle"), Neither),
    metric("Accepted", "/throughput/accepted", Plain("flits/node/cycle"), Higher).headline(),
    metric("Accepted packets", "/throughput/accepted_packets", Plain("packets/node/cycle"), Higher),
    metric("Saturates above", "/result/saturation/below", Plain("flits/node/cycle"), Higher)
        .headline()
        .note("the highest rate tried that does not saturate the network"),
    metric("Packets per second", "/throughput/packets_per_second", Prefixed("packets/s"), Higher),
    metric(
        "Synaptic operations per second",
        "/throughput/synaptic_ops_per_second",
        Prefixed("ops/s"),
        Higher,
    )
    .headline(),
    metric("Packets created", "/traffic/packets/injected", Count("packets"), Neither),
    metric("Packets delivered", "/traffic/packets/delivered", Count("packets"), Neither).headline(),
    metric("Share delivered", "/traffic/packets/delivered", Share, Higher).over("/traffic/packets/injected"),
    metric("Packets refused", "/traffic/packets/refused", Count("packets"), Lower)
        .note("at the source: one end does not work, or no route leads there"),
    metric("Packets lost", "/traffic/packets/lost", Count("packets"), Lower).note("to a fault on their way"),
    metric("Packets delivered damaged", "/traffic/packets/corrupted", Count("packets"), Lower)
        .note("by bit errors that no check noticed"),
    metric("Flits sent again", "/traffic/retransmitted_flits", Count("flits"), Lower)
        .note("after bit errors"),
    metric("Packets under way at the end", "/traffic/packets/in_flight", Count("packets"), Neither),
    metric("Flit-hops", "/traffic/flit_hops", Count("traversals"), Neither),
    metric("Spikes", "/traffic/spikes", Count("spikes"), Neither).headline(),
    metric("Synaptic events", "/traffic/synaptic_events", Count("events"), Neither),
    metric("Late spikes", "/traffic/late", Count("spikes"), Lower),
    metric("Energy", "/energy/total_joules", Prefixed("J"), Lower).headline(),
    metric("Energy by events", "/energy/dynamic_joules", Prefixed("J"), Lower),
    metric("Energy of the clock", "/energy/clock_joules", Prefixed("J"), Lower),
    metric("Energy leaked", "/energy/static_joules", Prefixed("J"), Lower),
    metric("Energy per packet delivered", "/energy/total_joules", Prefixed("J"), Lower)
        .over("/traffic/packets/delivered"),
    metric("Energy per spike", "/energy/per_spike_joules", Prefixed("J"), Lower).headline(),
    metric("Energy per synaptic event", "/energy/per_synaptic_event_joules", Prefixed("J"), Lower).headline(),
    metric("Mean power", "/energy/mean_power_watts", Prefixed("W"), Lower).headline(),
    metric("Simulated time", "/time/seconds", Prefixed("s"), Neither).headline(),
    metric("Simulated cycles", "/time/cycles", Count("cycles"), Neither),
    metric("Steps", "/time/steps", Count("steps"), Neither),
    metric("Accuracy", "/result/accuracy", Share, Higher).headline(),
    metric("Pairs served", "/faults/delivered_share", Share, Higher)
        .headline()
        .note("share of the pairs of working nodes that packets are delivered between"),
    metric("Stretch", "/faults/stretch", Plain("× shortest"), Lower)
        .note("hops over those of the shortest ways through what works"),
    metric("Largest load γ", "/faults/gamma", Plain("flits/cycle"), Lower)
        .note("of a link, if every node injects one flit a cycle, evenly to all others"),
];
