//! The page of a sweep: one self-contained HTML file with curves, heat maps and the best compromises.
//!
//! What is drawn is chosen here and handed to the page's script as JSON; the script only draws. Every text
//! that comes from a document is escaped by the template engine, and in the JSON by [`island`].

mod choose;

use std::path::Path;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::Value;

use super::pareto::{Goal, front};
use super::tables::{cell, command};
use super::{Estimate, SettingResult, Survey};
use crate::spec::SweepDoc;
use crate::spec::sweep::Design;
use choose::Choice;

pub use choose::TELLING;

/// What the page is about, beside its results.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the sweep is called.
    pub name: &'a str,
    /// What it is, in a sentence or two.
    pub description: Option<&'a str>,
    /// The sweep.
    pub sweep: &'a SweepDoc,
    /// Its points.
    pub design: &'a Design,
    /// The folder in which documents that are files lie.
    pub folder: Option<&'a Path>,
    /// Points that were run.
    pub done: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// A mean, and the half width of its interval where there is one.
type Interval = (f64, Option<f64>);

/// The data of the page's script.
#[derive(Serialize)]
struct Island<'a> {
    columns: Vec<&'a str>,
    metrics: Vec<&'a str>,
    /// By setting, then by column.
    cells: Vec<&'a [Value]>,
    /// By setting, then by metric: mean and half width.
    estimates: Vec<Vec<Option<Interval>>>,
    x: Option<usize>,
    facet: Option<usize>,
    heat: Option<[usize; 2]>,
    goals: Vec<usize>,
    large: Vec<bool>,
    front: Vec<bool>,
}

/// A row of the table of best compromises.
#[derive(Serialize)]
struct Best {
    cells: Vec<String>,
    figures: Vec<String>,
    command: String,
}

/// What the template is filled with.
#[derive(Serialize)]
struct View<'a> {
    program: &'static str,
    title: &'a str,
    description: Option<&'a str>,
    points: u64,
    done: u64,
    failed: u64,
    settings: u64,
    shown: usize,
    repetitions: u32,
    confidence: f64,
    columns: &'a [&'a str],
    all_metrics: usize,
    goals: Vec<String>,
    best: Vec<Best>,
    /// Number of the setting, its values, how many points failed, why the first did.
    failures: Vec<(u64, Vec<String>, u32, &'a str)>,
    island: String,
    css: &'static str,
    script: &'static str,
    uplot_css: &'static str,
    uplot: &'static str,
}

/// The page. `results` are the first settings, at most [`MOST_SHOWN`](super::MOST_SHOWN).
///
/// # Errors
/// The template is wrong: a defect of the program.
pub fn page(subject: &Subject<'_>, survey: &Survey, results: &[SettingResult]) -> Result<String, String> {
    let choice = Choice::new(subject, survey, results);
    let metrics: Vec<&str> = choice.metrics.iter().map(|&metric| survey.metrics[metric].as_str()).collect();
    let mean = |result: &SettingResult, metric: usize| result.estimates[metric].map(|estimate| estimate.mean);
    let figures = |result: &SettingResult| {
        choice.goals.iter().map(|(_, metric)| mean(result, *metric)).collect::<Option<Vec<f64>>>()
    };
    let rows: Vec<Option<Vec<f64>>> = results.iter().map(figures).collect();
    let goals: Vec<Goal> = choice.goals.iter().map(|(goal, _)| goal.clone()).collect();
    let best = if goals.len() > 1 { front(&rows, &goals) } else { vec![false; results.len()] };
    let pair = |estimate: &Estimate| (estimate.mean, estimate.half_width);
    let place = |metric: usize| choice.metrics.iter().position(|&known| known == metric);
    let island = Island {
        columns: subject.design.columns().iter().map(|column| column.name.as_str()).collect(),
        cells: results.iter().map(|result| result.cells.as_slice()).collect(),
        estimates: results
            .iter()
            .map(|result| {
                choice.metrics.iter().map(|&metric| result.estimates[metric].as_ref().map(pair)).collect()
            })
            .collect(),
        x: choice.x,
        facet: choice.facet,
        heat: choice.heat,
        goals: choice.goals.iter().filter_map(|(_, metric)| place(*metric)).collect(),
        large: goals.iter().map(|goal| goal.is_to_be_large).collect(),
        front: best.clone(),
        metrics,
    };
    let fronts = best_rows(subject, results, &rows, &best);
    render(subject, survey, &island, results, fronts, &goals)
}

fn best_rows(
    subject: &Subject<'_>,
    results: &[SettingResult],
    rows: &[Option<Vec<f64>>],
    best: &[bool],
) -> Vec<Best> {
    let repetitions = u64::from(subject.design.repetitions());
    let row = |((result, figures), _): ((&SettingResult, &Option<Vec<f64>>), &bool)| Best {
        cells: result.cells.iter().map(cell).collect(),
        figures: figures.iter().flatten().map(|figure| digits(*figure)).collect(),
        command: command(&subject.design.point(result.setting * repetitions, subject.folder)),
    };
    results.iter().zip(rows).zip(best).filter(|(_, best)| **best).map(row).collect()
}

fn render(
    subject: &Subject<'_>,
    survey: &Survey,
    island: &Island<'_>,
    results: &[SettingResult],
    best: Vec<Best>,
    goals: &[Goal],
) -> Result<String, String> {
    let failures: Vec<(u64, Vec<String>, u32, &str)> = results
        .iter()
        .filter_map(|result| {
            let error = result.error.as_deref()?;
            Some((result.setting, result.cells.iter().map(cell).collect(), result.failed, error))
        })
        .take(MOST_FAILURES)
        .collect();
    let goals: Vec<String> = goals
        .iter()
        .map(|goal| format!("{} ({})", goal.metric, if goal.is_to_be_large { "large" } else { "small" }))
        .collect();
    let view = View {
        program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        title: subject.name,
        description: subject.description,
        points: subject.design.points(),
        done: subject.done,
        failed: subject.failed,
        settings: subject.design.settings(),
        shown: results.len(),
        repetitions: subject.design.repetitions(),
        confidence: 100.0 * subject.sweep.confidence,
        columns: &island.columns,
        all_metrics: survey.metrics.len(),
        goals,
        best,
        failures,
        island: self::island(island)?,
        css: include_str!("page.css"),
        script: include_str!("page.js"),
        uplot_css: include_str!("../../report/page/assets/uplot-1.6.32/uPlot.min.css"),
        uplot: include_str!("../../report/page/assets/uplot-1.6.32/uPlot.iife.min.js"),
    };
    let mut environment = Environment::new();
    let rendered = environment
        .add_template("page.html", include_str!("page.html"))
        .and_then(|()| environment.get_template("page.html"))
        .and_then(|template| template.render(Serde(&view)));
    rendered.map_err(|error| format!("the page cannot be made: {error}; this is a defect of spikeloom"))
}

/// Failed settings that are listed.
const MOST_FAILURES: usize = 50;

/// Five digits are enough for a table.
fn digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    if rounded != 0.0 && !(1e-3..1e6).contains(&rounded.abs()) {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

/// JSON that stays JSON inside a script element.
fn island(island: &Island<'_>) -> Result<String, String> {
    let json = serde_json::to_string(island).map_err(|error| error.to_string())?;
    Ok(json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}
