//! The page that people look at: one self-contained HTML file for one run, or for several side by side.
//!
//! ```text
//!   folder ──RunFiles::read──▶ report.json, figures.json, steps.csv, spikes.csv
//!                                  │ headline, chip, energy, certificate: words, tables and SVG
//!                                  │ island: what the charts are drawn from, as JSON
//!                                  ▼
//!                    page.html (minijinja) + page.css + page.js + uPlot ──▶ report.html
//! ```
//!
//! Invariants: a page is a function of the files it shows, byte for byte; it needs no network; every
//! text that comes from a file is escaped, in HTML by the template engine, in JSON by [`island`]; a section
//! stands on the page if the files have something for it, and only then.
//!
//! Must not know: simulations, the command line; it reads what a run has left behind, nothing else.
//!
//! Read [`page`] first, then `view.rs`, then `page.html`.

mod bars;
mod certificate;
mod chip;
mod compare;
mod curves;
mod differences;
mod files;
mod findings;
mod harpoon;
mod island;
mod metrics;
mod palette;
mod treemap;
mod view;

pub use compare::comparison;
pub use curves::{Bins, latency_bins, percentile_curve};
pub use files::{PageError, RunFiles};

pub(super) use bars::component_shares;
pub(super) use chip::{Style, chip_svg, escaped};
pub(super) use island::{delivered_over_time, window};
pub(super) use treemap::treemap_svg;
pub(super) use view::peaks;

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;

use view::View;

/// Runs that one page takes.
pub const MOST_RUNS: usize = 12;

/// The page of one run, or of several side by side; the first is what the others are compared with.
///
/// # Errors
/// There are no runs, or more than [`MOST_RUNS`].
pub fn page(runs: &[RunFiles]) -> Result<String, PageError> {
    if runs.is_empty() || runs.len() > MOST_RUNS {
        return Err(PageError::Runs(runs.len()));
    }
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let rendered = syntax
        .map(|syntax| environment.set_syntax(syntax))
        .and_then(|()| environment.add_template("page.html", include_str!("page.html")))
        .and_then(|()| environment.get_template("page.html"))
        .and_then(|template| template.render(Serde(View::new(runs))));
    rendered.map_err(|error| PageError::Template(error.to_string()))
}

#[cfg(test)]
mod tests;
