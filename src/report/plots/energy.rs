//! Energy by component, as bars with their values.

use std::fmt::Write;

use crate::report::page::{RunFiles, component_shares, escaped};

/// Width of the drawing, of the names and of the longest bar.
const WIDTHS: [f64; 3] = [720.0, 150.0, 390.0];

/// Height of a row.
const ROW: f64 = 26.0;

/// The bars of a run; `None` if it is not known what its energy went into.
pub(super) fn components_svg(run: &RunFiles) -> Option<String> {
    let shares = component_shares(run);
    let most = shares.first()?.joules;
    let [width, names, longest] = WIDTHS;
    let height = ROW * (shares.len() as f64 + 2.0);
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#1b2129\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\
         <text x=\"{}\" y=\"24\" font-size=\"17\" text-anchor=\"middle\">Energy by component</text>",
        width / 2.0
    );
    for (row, share) in shares.iter().enumerate() {
        let top = ROW * (row as f64 + 1.5);
        let (name, colour, bar) = (escaped(&share.name), share.colour, longest * share.joules / most);
        let (middle, left) = (top + 16.0, names + 10.0);
        let _ = write!(
            svg,
            "<text x=\"{names}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"{left}\" y=\"{top}\" width=\"{bar:.1}\" height=\"20\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{middle}\">{}, {}</text>",
            left + bar + 8.0,
            share.written,
            share.percent_written
        );
    }
    svg.push_str("</svg>");
    Some(svg)
}
