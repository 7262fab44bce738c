//! The book's pages of models are those of the code.
//!
//! `UPDATE_GOLDENS=1 cargo test --test program models_page` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use spikeloom::spec::catalogue::{Model, Parameter, models};

const PAGE: &str = "docs/src/models.md";

/// Text that Markdown would take for something else.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

fn row(page: &mut String, parameter: &Parameter) {
    let default = match &parameter.default {
        _ if parameter.required => "required".to_owned(),
        Some(value) => format!("`{value}`"),
        None => "–".to_owned(),
    };
    let unit = if parameter.unit.is_empty() { "–".to_owned() } else { plain(&parameter.unit) };
    let (name, summary) = (&parameter.name, plain(&parameter.summary));
    // Writing to a string cannot fail.
    let _ = writeln!(page, "| `{name}` | {summary} | {unit} | {default} |");
}

fn section(page: &mut String, model: &Model) {
    let _ = writeln!(page, "\n### {}\n\n{}", model.name, plain(&model.summary));
    for (heading, note) in model.notes.iter().filter(|(_, note)| !note.is_empty()) {
        let _ = writeln!(page, "\n*{}*: {}", plain(heading), plain(note));
    }
    let _ = writeln!(page, "\nSource: {}", plain(&model.source));
    if !model.parameters.is_empty() {
        page.push_str("\n| parameter | meaning | unit | default |\n|---|---|---|---|\n");
        model.parameters.iter().for_each(|parameter| row(page, parameter));
    }
}

fn written() -> String {
    let mut page = "\
# Models

Every model with its equations, parameters, units, defaults and sources. This page is written from the code by
`UPDATE_GOLDENS=1 cargo test --test program models_page`; `spikeloom models NAME` says the same in the terminal.
"
    .to_owned();
    let mut sorts: BTreeMap<String, Vec<Model>> = BTreeMap::new();
    for model in models() {
        sorts.entry(model.sort.to_string()).or_default().push(model);
    }
    for (sort, models) in &sorts {
        let _ = writeln!(page, "\n## {sort}");
        models.iter().for_each(|model| section(&mut page, model));
    }
    page
}

#[test]
fn the_page_of_models_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = written();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &page).expect("the book can be written to");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "{PAGE} is not current: UPDATE_GOLDENS=1 cargo test --test program models_page writes it anew"
    );
}
