//! `spikeloom array`: an array of devices alone, on random weights and inputs.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::console;
use super::failure::Failure;
use super::watch::patiently;
use crate::base::Problems;
use crate::spec::{DeviceDoc, Kind, Loaded, Overrides, load_device};
use crate::synapse::array::study::{Histogram, Study, StudyReport};
use crate::synapse::array::{ArrayParams, Event};

/// Largest matrix that is tried, in weights.
const MOST_WEIGHTS: usize = 1 << 26;

/// Columns of the longest bar of a histogram.
const LONGEST_BAR: u64 = 50;

/// Arguments of `array`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom array rram_yao
  spikeloom array pcm_ibm --rows 256 --columns 256 --age 86400 --trials 20 --json
  spikeloom array rram_wan --set device.array.crossbar.adc.bits=6")]
pub(super) struct ArrayArguments {
    /// The device: a file, or a built-in one.
    device: String,
    /// Set one value of the document, e.g. device.array.crossbar.adc.bits=6; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Inputs of the matrix that is tried.
    #[arg(long, default_value_t = 64, value_name = "N")]
    rows: usize,
    /// Outputs of the matrix that is tried.
    #[arg(long, visible_alias = "cols", default_value_t = 64, value_name = "N")]
    columns: usize,
    /// Products on each array.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    products: u32,
    /// Arrays that are drawn, each with a seed of its own.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,
    /// Time from programming to the products, in seconds.
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS", allow_negative_numbers = true)]
    age: f64,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Write the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    array: &'a ArrayParams,
    #[serde(flatten)]
    report: &'a StudyReport,
}

pub(super) fn array(arguments: &ArrayArguments) -> Result<(), Failure> {
    let watched = |study: Study, array: &ArrayParams| {
        patiently(true, "trying arrays", |gauge| study.run_watched(array, gauge))
    };
    let (device, report) = studied(arguments, watched)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&answer(&device, &report)?).map_err(unwritable)?;
        return console::answer(&format!("{text}\n"));
    }
    let mut text =
        format!("{}: {}\n\n", device.name(), device.header.description.as_deref().unwrap_or("an array"));
    describe(&report, &mut text);
    console::show(&text)
}

/// What `array --json` answers, and nothing shown.
pub(super) fn answer_of(arguments: &ArrayArguments) -> Result<Value, Failure> {
    let (device, report) = studied(arguments, |study, array| study.run(array))?;
    serde_json::to_value(answer(&device, &report)?).map_err(unwritable)
}

fn studied(
    arguments: &ArrayArguments,
    work: impl FnOnce(Study, &ArrayParams) -> Result<StudyReport, Problems>,
) -> Result<(Loaded<DeviceDoc>, StudyReport), Failure> {
    let study = study_of(arguments)?;
    let overrides = Overrides::of(&[Kind::Device], &arguments.set)?;
    let device = load_device(&arguments.device, &overrides)?;
    let array = array_of(&device)?;
    let report = work(study, array).map_err(|problems| explained(&device, problems))?;
    Ok((device, report))
}

fn array_of(device: &Loaded<DeviceDoc>) -> Result<&ArrayParams, Failure> {
    match &device.value {
        DeviceDoc::Array(array) => Ok(array),
        DeviceDoc::Neuron(_) => {
            Err(Failure::Usage(format!("`{}` describes a neuron, and no array", device.name())))
        }
    }
}

fn answer<'a>(device: &'a Loaded<DeviceDoc>, report: &'a StudyReport) -> Result<Answer<'a>, Failure> {
    Ok(Answer { name: device.name(), array: array_of(device)?, report })
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Failed(format!("the report cannot be written down: {error}"))
}

fn study_of(arguments: &ArrayArguments) -> Result<Study, Failure> {
    let &ArrayArguments { rows, columns, products, trials, age, seed, .. } = arguments;
    let fits = |a: usize, b: usize| a.checked_mul(b).is_some_and(|size| (1..=MOST_WEIGHTS).contains(&size));
    if !fits(rows, columns) || !fits(products as usize, rows.max(columns)) {
        let message =
            format!("a matrix of {rows} by {columns} and {products} products: up to {MOST_WEIGHTS} numbers");
        return Err(Failure::Usage(message));
    }
    if !(age >= 0.0 && age.is_finite()) {
        return Err(Failure::Usage(format!("--age {age} is no time")));
    }
    Ok(Study { rows, columns, trials, products, seed, age })
}

fn explained(device: &Loaded<DeviceDoc>, problems: Problems) -> Failure {
    device.explain(problems.under("array")).into()
}

fn describe(report: &StudyReport, text: &mut String) {
    for (name, value) in subject(report).into_iter().chain(errors(report)).chain(prices(report)) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:14} {value}");
    }
    draw("errors of outputs, in rms outputs", &report.output_histogram, text);
    draw("errors of weights, in largest weights", &report.weight_histogram, text);
}

/// A line of the answer: what it is about, and what is said.
type Line = (&'static str, String);

fn subject(report: &StudyReport) -> [Line; 2] {
    let StudyReport { study, limits, costs, .. } = report;
    let bits = |bits: Option<u32>| bits.map_or_else(|| "any".into(), |bits| format!("{bits} bits"));
    let arrays = if costs.arrays == 1 { "1 array".into() } else { format!("{} arrays", costs.arrays) };
    let matrix = format!(
        "{} × {} on {arrays} of {} × {} ({})",
        study.rows, study.columns, limits.rows, limits.outputs, report.technology
    );
    let precision = format!(
        "weights {}, inputs {}, outputs {}",
        bits(limits.weight_bits),
        bits(limits.input_bits),
        bits(limits.output_bits)
    );
    [("matrix", matrix), ("precision", precision)]
}

fn errors(report: &StudyReport) -> [Line; 2] {
    let StudyReport { study, output_error, weight_error, .. } = report;
    let outputs = format!(
        "{:.4} % ± {:.4} % of the rms output ({} products on {} arrays, {} s after programming)",
        100.0 * output_error.mean,
        100.0 * output_error.deviation,
        study.products,
        study.trials,
        study.age
    );
    let weights = format!(
        "{:.4} % ± {:.4} % rms of the largest weight, {:.3} % at worst, {:+.4} % on average",
        100.0 * weight_error.mean,
        100.0 * weight_error.deviation,
        100.0 * report.worst_weight,
        100.0 * report.weight_bias.mean
    );
    [("output error", outputs), ("weight error", weights)]
}

fn prices(report: &StudyReport) -> Vec<Line> {
    let costs = &report.costs;
    let writing = format!(
        "{}, {:.0} pulses, {} cells given up",
        event(costs.program),
        costs.pulses,
        costs.failed_cells
    );
    let mut lines = vec![
        ("product", format!("{}; {:.4} TOPS/W", event(costs.multiply), report.tops_per_watt)),
        ("of which", parts(report)),
        ("time-step", format!("{}, and {} for each spike", event(costs.step), joules(costs.spike.energy))),
        ("writing", writing),
    ];
    if costs.standby > 0.0 {
        lines.push(("all the time", format!("{}W", prefixed(costs.standby))));
    }
    lines
}

fn parts(report: &StudyReport) -> String {
    let shares = report.costs.shares;
    let parts = [
        ("cells", shares.cells),
        ("drivers", shares.drivers),
        ("sample-and-hold", shares.sample_hold),
        ("converters", shares.converters),
        ("digital", shares.digital),
        ("other", shares.other),
    ];
    let some = parts.iter().filter(|(_, energy)| *energy > 0.0);
    let some: Vec<String> = some.map(|(name, energy)| format!("{name} {}", joules(*energy))).collect();
    if some.is_empty() { "nothing that is priced".into() } else { some.join(", ") }
}

fn event(event: Event) -> String {
    format!("{} in {}s", joules(event.energy), prefixed(event.time))
}

fn joules(energy: f64) -> String {
    format!("{}J", prefixed(energy))
}

/// Four digits and a prefix: `371.9 p`.
fn prefixed(value: f64) -> String {
    const PREFIXES: [(f64, &str); 9] = [
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
        (1e-12, "p"),
        (1e-15, "f"),
        (1e-18, "a"),
        (1e-21, "z"),
        (1e-24, "y"),
    ];
    if value == 0.0 {
        return "0 ".into();
    }
    let found = PREFIXES.iter().find(|(scale, _)| value.abs() >= *scale).unwrap_or(&PREFIXES[8]);
    let shown = value / found.0;
    let digits = if shown >= 100.0 {
        1
    } else if shown >= 10.0 {
        2
    } else {
        3
    };
    format!("{shown:.digits$} {}", found.1)
}

fn draw(title: &str, histogram: &Histogram, text: &mut String) {
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
    let _ = writeln!(text, "\n  {title}");
    let width = (histogram.to - histogram.from) / histogram.counts.len().max(1) as f64;
    for (i, &count) in histogram.counts.iter().enumerate() {
        let middle = histogram.from + (i as f64 + 0.5) * width;
        let bar = "█".repeat((count * LONGEST_BAR).div_ceil(most) as usize);
        let _ = writeln!(text, "  {middle:>+11.3e} {count:>9} {bar}");
    }
}
