//! What a sweep leaves behind beside its journal, and what it says at its end.

use std::io;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::subject::Sweep;
use crate::cli::console;
use crate::cli::failure::Failure;
use crate::cli::table;
use crate::report::Folder;
use crate::sweep::{
    self, Estimate, Journal, MOST_SHOWN, SettingResult, Subject, Survey, TELLING, results_csv,
    results_parquet, summary_csv,
};

/// The files in the folder of a sweep, without the journal.
pub(super) const FILES: [&str; 7] = [
    "results.csv",
    "results.parquet",
    "summary.csv",
    "sweep.html",
    "sweep.json",
    "sweep.yaml",
    "report.json",
];

/// Settings that the terminal is shown.
const MOST_ROWS: usize = 20;

/// Metrics that the terminal is shown at most, unless the sweep asks for others.
const MOST_METRICS: usize = 5;

/// Writes tables, page and JSON, and says how it went.
pub(super) fn write(
    sweep: &Sweep,
    journal: &mut Journal,
    folder: &Folder,
    json: bool,
) -> Result<(), Failure> {
    let design = sweep.design();
    let survey = Survey::new(journal, sweep.document.value.confidence)?;
    let mut shown = Vec::new();
    let failed = |error: io::Error| Failure::Failed(format!("the results cannot be gathered: {error}"));
    let take = |result| {
        if shown.len() < MOST_SHOWN {
            shown.push(result);
        }
        Ok(())
    };
    survey.each(design, journal, take).map_err(failed)?;
    let folder_of_documents = sweep.folder.as_deref();
    let subject = Subject {
        name: sweep.document.name(),
        description: sweep.document.header.description.as_deref(),
        sweep: &sweep.document.value,
        design,
        folder: folder_of_documents,
        done: journal.done(),
        failed: journal.failed(),
    };
    let page = sweep::page(&subject, &survey, &shown).map_err(Failure::Failed)?;
    let answer = Answer::new(&subject, &survey, &shown).pretty()?;
    let mut all = || {
        folder.write("results.csv", |out| results_csv(design, &survey, journal, folder_of_documents, out))?;
        folder.write_table("results.parquet", |out| {
            results_parquet(design, &survey, journal, folder_of_documents, out)
        })?;
        folder.write("summary.csv", |out| summary_csv(design, &survey, journal, out))?;
        folder.write("sweep.yaml", |out| out.write_all(sweep.document.to_yaml().as_bytes()))?;
        folder.write("sweep.html", |out| out.write_all(page.as_bytes()))?;
        folder.write("sweep.json", |out| out.write_all(answer.as_bytes()))
    };
    all().map_err(|error: crate::report::FolderError| Failure::Failed(error.to_string()))?;
    match json {
        true => console::answer(&answer),
        false => console::show(&summary(&subject, &survey, &shown, folder)),
    }
}

/// `sweep.json`, schema `spikeloom/sweep/1`; its fields are in alphabetical order.
#[derive(Serialize)]
struct Answer<'a> {
    columns: Vec<&'a str>,
    complete: bool,
    confidence: f64,
    name: &'a str,
    points: Value,
    program: Value,
    repetitions: u32,
    results: Results<'a>,
    schema: &'static str,
    settings: Value,
}

/// Results, which are made into JSON one after the other: there are many.
struct Results<'a> {
    columns: Vec<&'a str>,
    survey: &'a Survey,
    all: &'a [SettingResult],
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { columns, survey, all } = self;
        serializer.collect_seq(all.iter().map(|result| result_json(columns, survey, result)))
    }
}

impl<'a> Answer<'a> {
    fn new(subject: &Subject<'a>, survey: &'a Survey, all: &'a [SettingResult]) -> Self {
        let design = subject.design;
        let columns: Vec<&str> = design.columns().iter().map(|column| column.name.as_str()).collect();
        Self {
            columns: columns.clone(),
            complete: subject.done == design.points(),
            confidence: subject.sweep.confidence,
            name: subject.name,
            points: json!({"total": design.points(), "done": subject.done, "failed": subject.failed}),
            program: json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}),
            repetitions: design.repetitions(),
            results: Results { columns, survey, all },
            schema: "spikeloom/sweep/1",
            settings: json!({"total": design.settings(), "shown": all.len()}),
        }
    }

    fn pretty(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self);
        let failed = |error| Failure::Failed(format!("the results cannot be written down: {error}"));
        text.map(|text| text + "\n").map_err(failed)
    }
}

fn result_json(columns: &[&str], survey: &Survey, result: &SettingResult) -> Value {
    #[derive(Serialize)]
    struct Mean {
        mean: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        half_width: Option<f64>,
        count: u32,
    }
    let values: Map<String, Value> =
        columns.iter().map(|name| (*name).to_owned()).zip(result.cells.iter().cloned()).collect();
    let metrics: Map<String, Value> = survey
        .metrics
        .iter()
        .zip(&result.estimates)
        .filter_map(|(name, estimate)| {
            let Estimate { count, mean, half_width } = (*estimate)?;
            Some((name.clone(), json!(Mean { mean, half_width, count })))
        })
        .collect();
    let mut all = json!({
        "setting": result.setting, "values": values, "done": result.done, "failed": result.failed,
        "metrics": metrics,
    });
    if let Some(error) = &result.error {
        all["error"] = error.as_str().into();
    }
    all
}

/// What people read at the end.
fn summary(subject: &Subject<'_>, survey: &Survey, results: &[SettingResult], folder: &Folder) -> String {
    let design = subject.design;
    let mut text = format!(
        "{}: {} settings × {} repetitions, {} of {} points run, {} failed\n\n",
        subject.name,
        design.settings(),
        design.repetitions(),
        subject.done,
        design.points(),
        subject.failed
    );
    let asked: Vec<&str> = subject.sweep.plot.metrics.iter().map(String::as_str).collect();
    let (wanted, most) =
        if asked.is_empty() { (&TELLING[..], MOST_METRICS) } else { (&asked[..], asked.len()) };
    let metrics: Vec<usize> = wanted.iter().filter_map(|name| survey.position(name)).take(most).collect();
    let mut heading: Vec<String> = design.columns().iter().map(|column| column.name.clone()).collect();
    heading.extend(metrics.iter().map(|&metric| survey.metrics[metric].clone()));
    let row = |result: &SettingResult| {
        let mut row: Vec<String> = result.cells.iter().map(sweep::cell).collect();
        row.extend(metrics.iter().map(|&metric| figure(result.estimates[metric])));
        row
    };
    let rows: Vec<Vec<String>> = results.iter().take(MOST_ROWS).map(row).collect();
    text += &table::table(&heading, &rows);
    if (design.settings() as usize) > MOST_ROWS {
        text += &format!("… the first {MOST_ROWS} of {} settings\n", design.settings());
    }
    if let Some(result) = results.iter().find(|result| result.error.is_some()) {
        let error = result.error.as_deref().unwrap_or_default();
        text += &format!("\nsetting {} failed: {error}\n", result.setting);
    }
    text + &format!(
        "\nresults.csv, results.parquet, summary.csv, sweep.html and sweep.json are in {}\n",
        folder.path().display()
    )
}

fn figure(estimate: Option<Estimate>) -> String {
    let digits = |value: f64| {
        let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
        let plain = rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs());
        if plain { rounded.to_string() } else { format!("{rounded:e}") }
    };
    match estimate {
        None => "–".to_owned(),
        Some(Estimate { mean, half_width: None, .. }) => digits(mean),
        Some(Estimate { mean, half_width: Some(half), .. }) => format!("{} ± {}", digits(mean), digits(half)),
    }
}
