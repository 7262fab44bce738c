//! What a page shows where the sweep does not say.

use serde_json::Value;

use super::Subject;
use crate::sweep::pareto::Goal;
use crate::sweep::{SettingResult, Survey};

/// Metrics that are drawn if there are any, the most telling first: of traffic, of networks and algorithms, of
/// studies of arrays, of mappings.
pub const TELLING: [&str; 17] = [
    "latency.packet.mean",
    "throughput.accepted",
    "traffic.delivered_share",
    "energy.joules_per_packet",
    "faults.delivered_share",
    "result.saturation.below",
    "latency.packet.p99",
    "latency.step.mean",
    "energy.total_joules",
    "output_error.mean",
    "costs.multiply.energy",
    "costs.multiply.time",
    "figures.packet_hops",
    "figures.max_link_load",
    "figures.energy",
    "figures.unicast_packets",
    "time.seconds",
];

/// What is compromised between, by what is run: latency, energy and area; errors, energy and time; hops and the
/// busiest link.
const GOALS: [&[&str]; 4] = [
    &["latency.packet.mean", "energy.joules_per_packet", "area.routers_mm2"],
    &["latency.step.mean", "energy.total_joules", "area.routers_mm2"],
    &["output_error.mean", "costs.multiply.energy", "costs.multiply.time"],
    &["figures.packet_hops", "figures.max_link_load"],
];

/// Metrics that are drawn at most unless the sweep asks for more.
const MOST_DRAWN: usize = 6;

/// What is drawn: numbers of columns and metrics.
pub(super) struct Choice {
    pub x: Option<usize>,
    pub facet: Option<usize>,
    pub metrics: Vec<usize>,
    pub heat: Option<[usize; 2]>,
    pub goals: Vec<(Goal, usize)>,
}

impl Choice {
    pub(super) fn new(subject: &Subject<'_>, survey: &Survey, results: &[SettingResult]) -> Self {
        let plot = &subject.sweep.plot;
        let column = |name: &String| subject.design.columns().iter().position(|column| column.name == *name);
        let numeric = |column: &usize| levels(*column, results).iter().all(|value| value.is_number());
        let columns = 0..subject.design.columns().len();
        let wide = |column: &usize| levels(*column, results).len();
        let x = plot.x.as_ref().and_then(column);
        // The earlier of two columns with as many values: it is what the sweep is first of all about.
        let x = x.or_else(|| columns.clone().rev().filter(numeric).max_by_key(wide));
        // Names have places along the axis, too, if there are no numbers.
        let x = x.filter(|column| wide(column) > 1).or_else(|| columns.clone().rev().max_by_key(wide));
        let x = x.filter(|column| wide(column) > 1);
        let goals: Vec<String> = match plot.pareto.as_slice() {
            [] => default_goals(survey, results),
            goals => goals.to_vec(),
        };
        let goals: Vec<(Goal, usize)> = goals
            .iter()
            .map(|text| Goal::parse(text))
            .filter_map(|goal| Some((survey.position(&goal.metric)?, goal)))
            .map(|(metric, goal)| (goal, metric))
            .collect();
        let mut metrics = drawn(subject, survey, results);
        for (_, metric) in &goals {
            if !metrics.contains(metric) {
                metrics.push(*metric);
            }
        }
        let heat = plot.heat.as_ref().and_then(|[a, b]| Some([column(a)?, column(b)?]));
        let facet = plot.facet.as_ref().and_then(column).filter(|&facet| Some(facet) != x);
        Self { x, facet, metrics, heat: heat.or_else(|| widest_pair(columns.len(), results)), goals }
    }
}

/// Those of the goals of which there are the most.
fn default_goals(survey: &Survey, results: &[SettingResult]) -> Vec<String> {
    let there = |goals: &[&str]| -> Vec<String> {
        let known = goals.iter().filter(|goal| survey.position(goal).is_some_and(|it| differs(it, results)));
        known.map(|goal| (*goal).to_owned()).collect()
    };
    GOALS.iter().map(|goals| there(goals)).rev().max_by_key(Vec::len).unwrap_or_default()
}

fn drawn(subject: &Subject<'_>, survey: &Survey, results: &[SettingResult]) -> Vec<usize> {
    let asked = &subject.sweep.plot.metrics;
    if !asked.is_empty() {
        return asked.iter().filter_map(|name| survey.position(name)).collect();
    }
    let telling = TELLING.iter().filter_map(|name| survey.position(name));
    telling.filter(|&metric| differs(metric, results)).take(MOST_DRAWN).collect()
}

/// Whether a metric is not the same everywhere.
fn differs(metric: usize, results: &[SettingResult]) -> bool {
    let mut means = results.iter().filter_map(|result| result.estimates[metric]).map(|it| it.mean);
    means.next().is_some_and(|first| means.any(|mean| mean != first))
}

/// The two columns with the most values, if both have several.
fn widest_pair(columns: usize, results: &[SettingResult]) -> Option<[usize; 2]> {
    let mut by_width: Vec<(usize, usize)> =
        (0..columns).map(|column| (levels(column, results).len(), column)).collect();
    by_width.sort_by_key(|&(width, column)| (std::cmp::Reverse(width), column));
    match by_width[..] {
        [(_, first), (second_width, second), ..] if second_width > 1 => Some([first, second]),
        _ => None,
    }
}

/// The different values of a column.
fn levels(column: usize, results: &[SettingResult]) -> Vec<&Value> {
    let mut found: Vec<&Value> = Vec::new();
    for value in results.iter().map(|result| &result.cells[column]) {
        if found.len() < MOST_LEVELS && !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Values of a column that are told apart.
const MOST_LEVELS: usize = 200;
