//! The plots of the page as drawings by themselves: SVG for papers and slides, PNG where that is not taken.
//!
//! Invariants: what a plot shows is what the page's chart of the same name shows; the same files give the
//! same bytes; colours are those for white paper.
//!
//! Must not know: the page's template or script.
//!
//! Read [`plots`] first, then `chart.rs`.

mod chart;
mod energy;
mod png;

pub use png::Painter;

use chart::{Axis, Chart, Line, Mark};

use super::page::{
    PageError, RunFiles, Style, chip_svg, delivered_over_time, latency_bins, peaks, percentile_curve,
    treemap_svg, window,
};

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Name of its file.
    pub name: String,
    /// SVG.
    pub svg: String,
}

/// Every plot that there is something for, of one run or of several in one.
///
/// # Errors
/// A plot cannot be drawn, which is a defect of the program.
pub fn plots(runs: &[RunFiles]) -> Result<Vec<Plot>, PageError> {
    let mut plots = Vec::new();
    let shared = peaks(runs);
    for (place, run) in runs.iter().enumerate() {
        let name = |plot: &str| match runs.len() {
            1 => format!("{plot}.svg"),
            _ => format!("{plot}-{}.svg", letter(place).to_lowercase()),
        };
        let drawn = run.chip().zip(run.span());
        let drawn = drawn.map(|(chip, span)| chip_svg(chip, span, shared, Style::File, &run.title()));
        plots.extend(drawn.map(|svg| Plot { name: name("chip"), svg }));
        plots.extend(treemap_svg(run, Style::File).map(|svg| Plot { name: name("energy-parts"), svg }));
        plots.extend(energy::components_svg(run).map(|svg| Plot { name: name("energy"), svg }));
        if let Some(chart) = raster(run) {
            plots.push(Plot { name: name("raster"), svg: chart.svg()? });
        }
    }
    let charts = [
        ("histogram", histogram(runs)),
        ("percentiles", percentiles(runs)),
        ("load-latency", saturation(runs, "mean_latency")),
        ("load-accepted", saturation(runs, "accepted")),
        ("delivered", traffic(runs)),
        ("steps", steps(runs)),
    ];
    for (name, chart) in charts {
        if !chart.lines.is_empty() {
            plots.push(Plot { name: format!("{name}.svg"), svg: chart.svg()? });
        }
    }
    Ok(plots)
}

/// What a run is called where there are several.
fn letter(place: usize) -> String {
    char::from(b'A' + (place % 26) as u8).to_string()
}

fn called(runs: &[RunFiles], place: usize, alone: &str) -> String {
    if runs.len() > 1 { format!("{} {}", letter(place), runs[place].label) } else { alone.to_owned() }
}

/// Lines of both latencies of one run, or of the packet latencies of several.
fn latencies(
    runs: &[RunFiles],
    points: impl Fn(&super::Distribution) -> Vec<[f64; 2]>,
    mark: Mark,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let Some(figures) = &run.figures else { continue };
        let kinds = [("packet", &figures.packet_latency), ("network", &figures.network_latency)];
        for (kind, (name, distribution)) in kinds.into_iter().enumerate() {
            let Some(distribution) = distribution else { continue };
            if kind == 0 || runs.len() == 1 {
                let colour = if runs.len() > 1 { place } else { kind };
                lines.push(Line {
                    name: called(runs, place, name),
                    colour,
                    points: points(distribution),
                    mark,
                });
            }
        }
    }
    lines
}

fn histogram(runs: &[RunFiles]) -> Chart {
    let points = |distribution: &super::Distribution| {
        let bins = latency_bins(distribution);
        let total: u64 = bins.counts.iter().sum();
        let mut points = Vec::new();
        for (edges, &count) in bins.edges.windows(2).zip(&bins.counts) {
            // A bin without packets has no place on a logarithmic axis.
            if count > 0 {
                let share = 100.0 * count as f64 / total as f64;
                points.extend([[edges[0].max(1) as f64, share], [edges[1].max(1) as f64, share]]);
            }
        }
        points
    };
    Chart {
        title: "Packets by latency",
        x: Axis::logarithmic("latency [cycles]"),
        y: Axis::logarithmic("packets [%]"),
        lines: latencies(runs, points, Mark::Line),
        shaded: None,
    }
}

fn percentiles(runs: &[RunFiles]) -> Chart {
    let points = |distribution: &super::Distribution| {
        let mut points: Vec<[f64; 2]> = Vec::new();
        for [left, value] in percentile_curve(distribution) {
            // A step: the value holds until the next one begins.
            points.extend(points.last().map(|&[_, before]| [left, before]));
            points.push([left, value.max(1.0)]);
        }
        points
    };
    Chart {
        title: "Latency by percentile",
        x: Axis { percentiles: true, ..Axis::logarithmic("percentile") },
        y: Axis::logarithmic("latency [cycles]"),
        lines: latencies(runs, points, Mark::Line),
        shaded: None,
    }
}

fn saturation(runs: &[RunFiles], value: &str) -> Chart {
    let line = |(place, run): (usize, &RunFiles)| {
        let tried = run.report.pointer("/result/saturation/points")?.as_array()?;
        let point = |point: &serde_json::Value| Some([point["offered"].as_f64()?, point[value].as_f64()?]);
        let mut points: Vec<[f64; 2]> =
            tried.iter().filter_map(point).filter(|point| point[0] > 0.0).collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let name = called(runs, place, "");
        (!points.is_empty()).then_some(Line { name, colour: place, points, mark: Mark::Dotted })
    };
    let is_latency = value == "mean_latency";
    Chart {
        title: if is_latency {
            "Mean packet latency against offered load"
        } else {
            "Accepted against offered load"
        },
        x: Axis::from_zero("offered [flits/node/cycle]"),
        y: match is_latency {
            true => Axis::logarithmic("mean latency [cycles]"),
            false => Axis::from_zero("accepted [flits/node/cycle]"),
        },
        lines: runs.iter().enumerate().filter_map(line).collect(),
        shaded: None,
    }
}

fn traffic(runs: &[RunFiles]) -> Chart {
    let line = |(place, run): (usize, &RunFiles)| {
        let points = delivered_over_time(run)?;
        Some(Line { name: called(runs, place, ""), colour: place, points, mark: Mark::Line })
    };
    Chart {
        title: "Flits delivered over time",
        x: Axis::from_zero("time [cycles]"),
        y: Axis::from_zero("delivered [flits/node/cycle]"),
        lines: runs.iter().enumerate().filter_map(line).collect(),
        shaded: runs.first().and_then(window).filter(|_| runs.len() == 1),
    }
}

fn steps(runs: &[RunFiles]) -> Chart {
    let line = |(place, run): (usize, &RunFiles)| {
        let steps = run.steps.as_ref()?;
        let points = steps.timestep.iter().zip(&steps.seconds).map(|(&step, &took)| [step, took]).collect();
        Some(Line { name: called(runs, place, ""), colour: place, points, mark: Mark::Line })
    };
    Chart {
        title: "Duration of each step",
        x: Axis::linear("step"),
        y: Axis::from_zero("duration [s]"),
        lines: runs.iter().enumerate().filter_map(line).collect(),
        shaded: None,
    }
}

fn raster(run: &RunFiles) -> Option<Chart> {
    let spikes = run.spikes.as_ref()?;
    let points = spikes.time.iter().zip(&spikes.row).map(|(&time, &row)| [time, row]).collect();
    let line = Line { name: String::new(), colour: 0, points, mark: Mark::Dot };
    Some(Chart {
        title: "Spikes",
        x: Axis::linear("time"),
        y: Axis::linear("neuron"),
        lines: vec![line],
        shaded: None,
    })
}
