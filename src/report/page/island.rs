//! What the charts and the drawing are fed with: JSON inside the page.

use serde::Serialize;
use serde_json::{Value, json};

use super::chip::{Peaks, Span};
use super::curves::{latency_bins, percentile_curve};
use super::files::RunFiles;
use crate::report::figures::{Counted, Distribution, Drawing, Film};
use crate::report::traces::{Raster, Steps};

/// Digits of packed numbers, by value.
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// Largest packed number: two digits.
const LARGEST: u64 = 64 * 64 - 1;

/// One run as the page's script sees it.
#[derive(Serialize)]
struct Run<'a> {
    clock: Option<f64>,
    /// Cycles, or steps where packets are counted.
    cycles: Option<f64>,
    /// Cycles of the network, where `cycles` are steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<f64>,
    /// What is counted, and in what time.
    words: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    chip: Option<Chip<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latency: Vec<Latency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<Activity>,
    #[serde(skip_serializing_if = "Value::is_null")]
    saturation: &'a Value,
    /// Every better value of a search.
    #[serde(skip_serializing_if = "Value::is_null")]
    search: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<&'a Steps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spikes: Option<&'a Raster>,
}

/// The chip's parts, in the order in which they stand in its drawing.
#[derive(Serialize)]
struct Chip<'a> {
    size: Option<&'a [u32]>,
    state: &'a str,
    nodes: &'a [u32],
    flits: &'a [u64],
    delivered: &'a [u64],
    energy: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spikes: Option<&'a [u64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    neurons: Option<&'a [u64]>,
    from: &'a [u32],
    to: &'a [u32],
    #[serde(rename = "linkState")]
    link_state: &'a str,
    #[serde(rename = "linkFlits")]
    link_flits: &'a [u64],
    /// Cycles that a flit occupies a link; a number where it is the same for all.
    interval: Value,
    #[serde(rename = "linkEnergy")]
    link_energy: Option<Vec<f64>>,
    peak: [f64; 2],
    film: Option<Packed>,
}

/// Frames as texts: two letters for each part, in multiples of the quantum.
#[derive(Serialize)]
struct Packed {
    width: u64,
    /// Cycles of each frame, where frames are of steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    cycles: Option<Vec<f64>>,
    quantum: [u64; 2],
    links: Vec<String>,
    delivered: Vec<String>,
    /// Greatest flits through a router and utilisation of a link within a frame, per cycle.
    peak: [f64; 2],
}

#[derive(Serialize)]
struct Latency {
    name: &'static str,
    edges: Vec<u64>,
    counts: Vec<u64>,
    curve: Vec<[f64; 2]>,
}

/// Traffic over time: the middle of each frame, and what moved within it.
#[derive(Serialize)]
struct Activity {
    cycle: Vec<f64>,
    /// Flits delivered [flits/node/cycle].
    delivered: Vec<f64>,
    /// Mean utilisation of working links.
    utilisation: Vec<f64>,
    /// First and last measured cycle, if the workload has a window.
    window: Option<[f64; 2]>,
}

/// The island of a page. Nothing in it can end the element that it stands in.
pub(super) fn island(runs: &[RunFiles], peaks: Peaks) -> String {
    let runs: Vec<Run<'_>> = runs.iter().map(|run| Run::new(run, peaks)).collect();
    let text = serde_json::to_string(&runs).unwrap_or_else(|_| "[]".to_owned());
    safe(&text)
}

/// JSON that may stand in an HTML element: these letters stand in strings only, where they may be escaped.
fn safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

impl<'a> Run<'a> {
    fn new(run: &'a RunFiles, peaks: Peaks) -> Self {
        let figures = run.figures.as_ref();
        let of = |name, of: fn(&crate::report::Figures) -> &Option<Distribution>| {
            let distribution = of(figures?).as_ref()?;
            let bins = latency_bins(distribution);
            let curve = percentile_curve(distribution).into_iter().map(|point| point.map(digits)).collect();
            Some(Latency { name, edges: bins.edges, counts: bins.counts, curve })
        };
        let latency = [
            of("packet", |figures| &figures.packet_latency),
            of("network", |figures| &figures.network_latency),
        ];
        let film = figures.and_then(|figures| figures.timeline.as_ref());
        let none = Span { counts: Counted::Flits, time: 0.0, cycles: 0.0 };
        let span = run.span().unwrap_or(none);
        Self {
            clock: figures.map(|figures| figures.clock_hz),
            cycles: run.span().map(|span| span.time).or_else(|| run.number("/time/cycles")),
            network: (span.counts == Counted::Packets).then_some(span.cycles),
            words: span.words(),
            chip: run.chip().map(|chip| Chip::new(chip, film, span.time, peaks)),
            latency: latency.into_iter().flatten().collect(),
            activity: activity(run),
            saturation: run.report.pointer("/result/saturation").unwrap_or(&Value::Null),
            search: run.report.pointer("/result/best_so_far").unwrap_or(&Value::Null),
            steps: run.steps.as_ref(),
            spikes: run.spikes.as_ref(),
        }
    }
}

impl<'a> Chip<'a> {
    fn new(chip: &'a Drawing, film: Option<&Film>, time: f64, peaks: Peaks) -> Self {
        let (routers, links) = (&chip.routers, &chip.links);
        let first = links.interval.first().copied().unwrap_or(1);
        let is_even = links.interval.iter().all(|&interval| interval == first);
        let rounded = |column: &Option<Vec<f64>>| {
            column.as_ref().map(|column| column.iter().copied().map(digits).collect())
        };
        Self {
            size: chip.size.as_deref(),
            state: &routers.state,
            nodes: &routers.nodes,
            flits: &routers.flits,
            delivered: &routers.delivered,
            energy: rounded(&routers.energy),
            spikes: routers.spikes.as_deref(),
            neurons: routers.neurons.as_deref(),
            from: &links.from,
            to: &links.to,
            link_state: &links.state,
            link_flits: &links.flits,
            interval: if is_even { json!(first) } else { json!(links.interval) },
            link_energy: rounded(&links.energy),
            peak: [peaks.router, peaks.link],
            film: film.map(|film| Packed::new(chip, film, time)),
        }
    }
}

impl Packed {
    fn new(chip: &Drawing, film: &Film, time: f64) -> Self {
        let most = |frames: &[Vec<u32>]| u64::from(frames.iter().flatten().copied().max().unwrap_or(0));
        let quantum = [&film.links, &film.delivered].map(|frames| most(frames).div_ceil(LARGEST).max(1));
        let pack = |frames: &[Vec<u32>], quantum: u64| {
            frames.iter().map(|frame| packed(frame, quantum)).collect::<Vec<_>>()
        };
        let (mut router, mut link) = (0f64, 0f64);
        for (place, (flits, delivered)) in film.links.iter().zip(&film.delivered).enumerate() {
            let width = film.lasts(place, time);
            let cycles = film.cycles.as_ref().map_or(width, |cycles| cycles[place].max(1.0));
            let mut through: Vec<u64> = delivered.iter().map(|&flits| flits.into()).collect();
            for (id, &flits) in flits.iter().enumerate() {
                through[chip.links.from[id] as usize] += u64::from(flits);
                link = link.max(f64::from(flits) * f64::from(chip.links.interval[id]) / cycles);
            }
            router = router.max(through.into_iter().max().unwrap_or(0) as f64 / width);
        }
        Self {
            width: film.width,
            cycles: film.cycles.as_ref().map(|cycles| cycles.iter().copied().map(digits).collect()),
            quantum,
            links: pack(&film.links, quantum[0]),
            delivered: pack(&film.delivered, quantum[1]),
            peak: [super::chip::rounded_up(router), super::chip::rounded_up(link).min(1.0)],
        }
    }
}

impl Film {
    /// Cycles, or steps, that a frame covers of a run of so many.
    fn lasts(&self, frame: usize, cycles: f64) -> f64 {
        let (width, from) = (self.width as f64, frame as f64 * self.width as f64);
        (cycles - from).clamp(1.0, width)
    }
}

/// Numbers in multiples of `quantum`, two letters each.
fn packed(frame: &[u32], quantum: u64) -> String {
    let digit = |value: u64| ALPHABET[(value % 64) as usize] as char;
    let letters = frame.iter().flat_map(|&value| {
        let value = (u64::from(value) + quantum / 2) / quantum;
        let value = value.min(LARGEST);
        [digit(value / 64), digit(value)]
    });
    letters.collect()
}

fn activity(run: &RunFiles) -> Option<Activity> {
    let (figures, chip) = (run.figures.as_ref()?, run.chip()?);
    let film = figures.timeline.as_ref().filter(|_| figures.counts == Counted::Flits)?;
    let cycles = run.number("/time/cycles")?;
    let nodes = f64::from(chip.routers.nodes.iter().sum::<u32>().max(1));
    let alive: Vec<bool> = chip.links.state.bytes().map(|state| state != b'x').collect();
    let count = alive.iter().filter(|alive| **alive).count().max(1) as f64;
    let mut activity =
        Activity { cycle: Vec::new(), delivered: Vec::new(), utilisation: Vec::new(), window: window(run) };
    for (place, (links, delivered)) in film.links.iter().zip(&film.delivered).enumerate() {
        let width = film.lasts(place, cycles);
        let delivered: f64 = delivered.iter().map(|&flits| f64::from(flits)).sum();
        let busy = links.iter().zip(&chip.links.interval).map(|(&f, &i)| f64::from(f) * f64::from(i));
        activity.cycle.push(place as f64 * film.width as f64 + width / 2.0);
        activity.delivered.push(digits(delivered / nodes / width));
        activity.utilisation.push(digits(busy.sum::<f64>() / count / width));
    }
    Some(activity)
}

/// Flits delivered per node and cycle, at the middle of each frame.
pub(in crate::report) fn delivered_over_time(run: &RunFiles) -> Option<Vec<[f64; 2]>> {
    let activity = activity(run)?;
    Some(activity.cycle.into_iter().zip(activity.delivered).map(|(cycle, flits)| [cycle, flits]).collect())
}

/// The measured window, as the workload says.
pub(in crate::report) fn window(run: &RunFiles) -> Option<[f64; 2]> {
    let traffic = run.report.pointer("/inputs/workload/traffic")?;
    let measure = traffic["measure_cycles"].as_f64()?;
    let warmup = traffic["warmup_cycles"].as_f64().unwrap_or(0.0);
    Some([warmup, warmup + measure])
}

/// Four significant digits: as many as a chart shows.
fn digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_exact_up_to_two_digits() {
        assert_eq!(packed(&[0, 1, 63, 64, 4095], 1), "00010_10__");
        assert_eq!(packed(&[0, 2, 8190], 2), "0001__");
    }

    #[test]
    fn nothing_in_an_island_ends_it() {
        assert_eq!(safe("[\"</script><!--&\"]"), "[\"\\u003c/script\\u003e\\u003c!--\\u0026\"]");
    }
}
