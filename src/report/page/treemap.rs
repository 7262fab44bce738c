//! Where the energy went, as areas: routers, links and cores, the largest of each by itself.
//!
//! Squarified treemaps: Bruls, Huizing and van Wijk, Data Visualization 2000.

use std::fmt::Write;

use super::chip::{Style, escaped};
use super::files::RunFiles;
use crate::report::text::engineering;

/// Size of the drawing.
const SIZE: [f64; 2] = [1000.0, 320.0];

/// Parts of a kind that are drawn by themselves; the others share an area.
const MOST: usize = 48;

/// The style sheet of a drawing that stands by itself.
const FILE_STYLE: &str = "<style>rect{stroke:#fff;stroke-width:1.2}\
    text{font:11px sans-serif;fill:#fff;text-anchor:middle}\
    .tm-head{fill:#1b2129;font-size:12.5px;text-anchor:start}\
    .tm-a rect{fill:#2f6ea8}.tm-b rect{fill:#b3560f}.tm-c rect{fill:#2c7a5b}</style>";

/// A part that energy was spent in.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    name: String,
    joules: f64,
}

/// Parts of one kind, the largest first.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    name: &'static str,
    class: &'static str,
    parts: Vec<Part>,
}

/// Left, top, width, height.
type Area = [f64; 4];

impl Group {
    fn new(name: &'static str, class: &'static str, parts: impl Iterator<Item = Part>) -> Option<Self> {
        let mut parts: Vec<Part> =
            parts.filter(|part| part.joules > 0.0 && part.joules.is_finite()).collect();
        parts.sort_by(|a, b| b.joules.total_cmp(&a.joules));
        if parts.len() > MOST + 1 {
            let joules = parts[MOST..].iter().map(|part| part.joules).sum();
            let rest = Part { name: format!("{} others", parts.len() - MOST), joules };
            parts.truncate(MOST);
            parts.push(rest);
        }
        (!parts.is_empty()).then_some(Self { name, class, parts })
    }

    fn joules(&self) -> f64 {
        self.parts.iter().map(|part| part.joules).sum()
    }
}

/// What energy is known of, by kind.
fn groups(run: &RunFiles) -> Vec<Group> {
    let part = |name: String, joules: &f64| Part { name, joules: *joules };
    // Where packets are counted, what tiles spend is what their cores do.
    let routers = run.chip().filter(|_| !run.counts_packets()).and_then(|chip| {
        let energy = chip.routers.energy.as_ref()?.iter().enumerate();
        Group::new("routers", "a", energy.map(|(id, joules)| part(chip.name(id as u32), joules)))
    });
    let links = run.chip().and_then(|chip| {
        let energy = chip.links.energy.as_ref()?.iter().enumerate();
        Group::new("links", "b", energy.map(|(id, joules)| part(chip.link_name(id), joules)))
    });
    let cores = run.report["cores"].as_array().and_then(|cores| {
        let energy = cores.iter().enumerate();
        let energy = energy.filter_map(|(id, core)| {
            // Hops are those of the links, where these are known.
            let hops = core["hop_energy"].as_f64().filter(|_| links.is_some()).unwrap_or(0.0);
            Some((core["core"].as_u64().unwrap_or(id as u64), core["energy"].as_f64()? - hops))
        });
        Group::new("cores", "c", energy.map(|(id, joules)| part(format!("core {id}"), &joules)))
    });
    let mut groups: Vec<Group> = [routers, links, cores].into_iter().flatten().collect();
    groups.sort_by(|a, b| b.joules().total_cmp(&a.joules()));
    groups
}

/// The treemap of a run; `None` if it is not known where energy went.
pub(in crate::report) fn treemap_svg(run: &RunFiles, style: Style) -> Option<String> {
    let groups = groups(run);
    let total: f64 = groups.iter().map(Group::joules).sum();
    if groups.is_empty() {
        return None;
    }
    let mut svg = String::new();
    let [width, height] = SIZE;
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"treemap\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"energy by router, link and core\">"
    );
    if style == Style::File {
        svg.push_str(FILE_STYLE);
    }
    let weights: Vec<f64> = groups.iter().map(Group::joules).collect();
    for (group, area) in groups.iter().zip(squarify(&weights, [0.0, 0.0, width, height])) {
        draw_group(&mut svg, group, area, total);
    }
    svg.push_str("</svg>");
    Some(svg)
}

fn draw_group(svg: &mut String, group: &Group, area: Area, total: f64) {
    let [x, y, w, h] = area;
    let band = if h > 40.0 { 18.0 } else { 0.0 };
    let _ = write!(svg, "<g class=\"tm-{}\">", group.class);
    let share = 100.0 * group.joules() / total;
    let whole = format!("{}: {} ({share:.1} %)", group.name, engineering(group.joules(), "J"));
    // The longest text that there is room for.
    let head = [whole.as_str(), group.name].into_iter().find(|text| w > 7.6 * text.len() as f64);
    if let (true, Some(head)) = (band > 0.0, head) {
        let (x, y) = (x + 3.0, y + 13.0);
        let _ = write!(svg, "<text class=\"tm-head\" x=\"{x:.1}\" y=\"{y:.1}\">{head}</text>");
    }
    let weights: Vec<f64> = group.parts.iter().map(|part| part.joules).collect();
    let inner = [x + 1.0, y + band, w - 2.0, (h - band - 1.0).max(0.0)];
    for (part, [x, y, w, h]) in group.parts.iter().zip(squarify(&weights, inner)) {
        let (name, joules) = (escaped(&part.name), engineering(part.joules, "J"));
        let share = 100.0 * part.joules / total;
        let _ = write!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\">\
             <title>{name}: {joules}, {share:.2} %</title></rect>"
        );
        if w > 7.0 * part.name.chars().count() as f64 && h > 16.0 {
            let (cx, cy) = (x + w / 2.0, y + h / 2.0 + 4.0);
            let _ = write!(svg, "<text x=\"{cx:.1}\" y=\"{cy:.1}\">{name}</text>");
        }
    }
    svg.push_str("</g>");
}

/// Areas in proportion to the weights (descending, positive), as square as can be, that fill `area`.
fn squarify(weights: &[f64], area: Area) -> Vec<Area> {
    let total: f64 = weights.iter().sum();
    // Shares of the whole: what is small by itself is no rounding error.
    let weights: Vec<f64> =
        weights.iter().map(|weight| if total > 0.0 { weight / total } else { 0.0 }).collect();
    let [mut x, mut y, mut w, mut h] = area;
    let scale = w * h;
    let mut areas = Vec::with_capacity(weights.len());
    let mut rest = weights.as_slice();
    while !rest.is_empty() {
        let side = w.min(h).max(1e-9);
        let count = row(rest, side, scale);
        let (taken, left) = rest.split_at(count);
        let depth = taken.iter().sum::<f64>() * scale / side;
        let mut along = 0.0;
        for weight in taken {
            let length = weight * scale / depth.max(1e-12);
            let [depth, length] = [depth, length].map(|side| side.max(0.0));
            areas.push(if w >= h { [x, y + along, depth, length] } else { [x + along, y, length, depth] });
            along += length;
        }
        if w >= h {
            (x, w) = (x + depth, (w - depth).max(0.0));
        } else {
            (y, h) = (y + depth, (h - depth).max(0.0));
        }
        rest = left;
    }
    areas
}

/// How many weights make the row along `side` whose worst area is most like a square.
fn row(weights: &[f64], side: f64, scale: f64) -> usize {
    let worst = |count: usize| {
        let sum: f64 = weights[..count].iter().sum();
        let depth = sum * scale / side;
        let ratio = |weight: f64| {
            let length = weight * scale / depth.max(1e-12);
            (length / depth.max(1e-12)).max(depth / length.max(1e-12))
        };
        ratio(weights[0]).max(ratio(weights[count - 1]))
    };
    let mut count = 1;
    while count < weights.len() && worst(count + 1) <= worst(count) {
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Femtojoules take up the same room as joules.
    #[test]
    fn small_weights_are_no_rounding_errors() {
        let weights = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let area = [0.0, 0.0, 6.0, 4.0];
        let large = squarify(&weights, area);
        let small = squarify(&weights.map(|weight| 1e-18 * weight), area);
        for (a, b) in large.iter().zip(&small) {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9), "{a:?} {b:?}");
        }
    }

    /// The example of the paper: areas 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 × 4.
    #[test]
    fn areas_are_those_of_the_paper() {
        let areas = squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], [0.0, 0.0, 6.0, 4.0]);
        let expected: [Area; 4] = [
            [0.0, 0.0, 3.0, 2.0],
            [0.0, 2.0, 3.0, 2.0],
            [3.0, 0.0, 12.0 / 7.0, 7.0 / 3.0],
            [3.0 + 12.0 / 7.0, 0.0, 9.0 / 7.0, 7.0 / 3.0],
        ];
        for (area, expected) in areas.iter().zip(expected) {
            assert!(area.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{area:?}");
        }
        let sum: f64 = areas.iter().map(|[_, _, w, h]| w * h).sum();
        assert!((sum - 24.0).abs() < 1e-9);
    }
}
