//! `spikeloom models`: every model, or everything about one.

use std::fmt::Write;

use clap::Args;
use serde_json::Value;

use super::console;
use super::failure::Failure;
use crate::spec::catalogue::{self, Model, Parameter};

/// Width of the text.
const WIDTH: usize = 100;

/// Width of the column of names.
const NAMES: usize = 22;

/// Arguments of `models`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom models
  spikeloom models mftn
  spikeloom models pattern/hotspot
  spikeloom models neuron
  spikeloom models --json > models.json")]
pub(super) struct ModelsArguments {
    /// Write everything as JSON.
    #[arg(long)]
    json: bool,
    /// A model (`mftn`, or `routing/mftn` where a name is not unique), or a sort of models (`routing`).
    name: Option<String>,
}

pub(super) fn models(arguments: &ModelsArguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let all = catalogue::models();
        return match arguments.json {
            true => console::answer(&as_json(&all)),
            false => console::show(&overview(&all)),
        };
    };
    match catalogue::find(name) {
        Ok(found) if arguments.json => console::answer(&as_json(&found)),
        Ok(found) if found.len() > 1 && found.iter().all(|model| model.sort == name) => {
            console::show(&overview(&found))
        }
        Ok(found) => console::show(&found.iter().map(describe).collect::<Vec<_>>().join("\n")),
        Err(near) => {
            let hint = near.map_or_else(|| ";".to_owned(), |near| format!("; did you mean `{near}`?"));
            Err(Failure::Usage(format!("there is no model `{name}`{hint} `spikeloom models` lists all")))
        }
    }
}

fn as_json(models: &[Model]) -> String {
    format!("{:#}\n", serde_json::json!(models))
}

/// One line for each model, by sort.
fn overview(models: &[Model]) -> String {
    let mut text = String::new();
    for group in models.chunk_by(|a, b| a.sort == b.sort) {
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}{}", group[0].sort);
        for model in group {
            let first = model.summary.split_inclusive(". ").next().unwrap_or_default().trim();
            wrap(&mut text, &model.name, first);
        }
    }
    text
}

fn describe(model: &Model) -> String {
    let mut text = format!("{} ({})\n", model.name, model.sort);
    wrap(&mut text, "", &model.summary);
    for (heading, note) in model.notes.iter().filter(|(_, note)| !note.is_empty()) {
        wrap(&mut text, heading, note);
    }
    wrap(&mut text, "source", &model.source);
    if !model.parameters.is_empty() {
        text += "\n  parameters\n";
    }
    for parameter in &model.parameters {
        wrap(&mut text, &parameter.name, &explain(parameter));
    }
    text
}

/// What a parameter means, with everything that can be said about its value.
fn explain(parameter: &Parameter) -> String {
    let Parameter { summary, unit, default, required, choices, .. } = parameter;
    let mut text = summary.clone();
    if !choices.is_empty() {
        let _ = write!(text, " One of: {}.", choices.join(", "));
    }
    if !unit.is_empty() && unit != "1" && !summary.contains(&format!("[{unit}]")) {
        let _ = write!(text, " Unit: {unit}.");
    }
    match default {
        _ if *required => text += " Required.",
        Some(Value::String(default)) if !text.contains("Default:") => {
            let _ = write!(text, " Default: {default}.");
        }
        Some(default) if !text.contains("Default:") => {
            // With gaps, so that a long one goes on in the next line.
            let default = default.to_string().replace(",\"", ", \"");
            let _ = write!(text, " Default: {default}.");
        }
        _ => {}
    }
    text
}

/// Writes `name` and, in lines of the usual width, `words`.
fn wrap(text: &mut String, name: &str, words: &str) {
    let mut line = format!("  {name:NAMES$}");
    let mut width = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count() + 1;
        if width > 0 && 2 + NAMES + width + length > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = format!("  {:NAMES$}", "");
            width = 0;
        }
        line.push(' ');
        line.push_str(word);
        width += length;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
