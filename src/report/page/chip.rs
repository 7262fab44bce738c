//! The chip, drawn to scale: tiles coloured by load, links by utilisation, faults and the ways around them.

use std::fmt::Write;

use super::harpoon::{HALF, coordinate, path};
use super::palette::{STEPS, Scale, Theme, colours, step};
use crate::report::figures::{Break, Counted, Drawing};
use crate::report::text::scaled;

/// Distance of neighbouring routers [units of the drawing].
const PITCH: f32 = 20.0;

/// Room around the chip, and around one whose links lead out of it and in again.
const MARGINS: [f32; 2] = [6.0, 15.0];

/// Room for coordinates, on the left and below.
const NUMBERS: f32 = 7.0;

/// Room for the key of a drawing that stands by itself, and its least width.
const KEY: [f32; 2] = [17.0, 150.0];

/// Columns or rows beyond which coordinates stand at every fourth.
const DENSE: u32 = 20;

/// Where a drawing is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Style {
    /// On the page: colours come from its style sheet, by class.
    Page,
    /// By itself: colours stand in the drawing, and it has a title and a key.
    File,
}

/// Loads that colours are relative to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Peaks {
    /// Flits through a router, per cycle.
    pub router: f64,
    /// Utilisation of a link.
    pub link: f64,
}

/// What a run lasted, as its drawing needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Span {
    /// What is counted.
    pub counts: Counted,
    /// Cycles, or steps where packets are counted: what loads of tiles are relative to.
    pub time: f64,
    /// Cycles: what utilisations of links are relative to.
    pub cycles: f64,
}

impl Span {
    /// Loads of tiles with their unit.
    pub(in crate::report) fn words(self) -> [&'static str; 2] {
        match self.counts {
            Counted::Flits => ["flits", "cycle"],
            Counted::Packets => ["packets", "step"],
        }
    }
}

/// A drawing with its scale.
struct Sheet<'a> {
    chip: &'a Drawing,
    /// Units of the drawing for each tile pitch.
    scale: f32,
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    margin: f32,
    svg: String,
}

/// The least round number that is no less.
pub(in crate::report) fn rounded_up(value: f64) -> f64 {
    if value.is_nan() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|&round| value <= round * (1.0 + 1e-9)).unwrap_or(value)
}

impl Drawing {
    /// Share of `cycles` in which a link was occupied.
    pub(in crate::report) fn utilisation(&self, link: usize, cycles: f64) -> f64 {
        let busy = self.links.flits[link] as f64 * f64::from(self.links.interval[link]);
        if cycles > 0.0 { busy / cycles } else { 0.0 }
    }

    /// The greatest loads over a whole run, rounded up.
    pub(in crate::report) fn peaks(&self, span: Span) -> Peaks {
        let most = self.routers.flits.iter().copied().max().unwrap_or(0) as f64;
        let used = (0..self.links.from.len()).map(|link| self.utilisation(link, span.cycles));
        let link = used.fold(0.0, f64::max);
        let router = if span.time > 0.0 { most / span.time } else { 0.0 };
        Peaks { router: rounded_up(router), link: rounded_up(link).min(1.0) }
    }
}

/// Draws the chip as a run left it.
pub(in crate::report) fn chip_svg(
    chip: &Drawing,
    span: Span,
    peaks: Peaks,
    style: Style,
    title: &str,
) -> String {
    let mut sheet = Sheet::new(chip);
    sheet.open(style, title);
    sheet.outlines();
    sheet.rings();
    sheet.links(span.cycles, peaks);
    sheet.tiles(span.time, peaks);
    sheet.marks();
    sheet.coordinates();
    if style == Style::File {
        sheet.key(span, peaks);
    }
    sheet.svg.push_str("</svg>");
    sheet.svg
}

impl<'a> Sheet<'a> {
    fn new(chip: &'a Drawing) -> Self {
        let (x, y) = (&chip.routers.x, &chip.routers.y);
        let low = |values: &[f32]| values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = |values: &[f32]| values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let ends = chip.links.from.iter().zip(&chip.links.to);
        let apart = ends.map(|(&a, &b)| {
            let (a, b) = (a as usize, b as usize);
            (x[a] - x[b]).hypot(y[a] - y[b])
        });
        let nearest = apart.filter(|&apart| apart > 1e-3).fold(f32::INFINITY, f32::min);
        let scale = PITCH / if nearest.is_finite() { nearest.clamp(0.25, 1e4) } else { 1.0 };
        let (left, top) = (low(x), high(y));
        let span = |low: f32, high: f32| if high >= low { (high - low) * scale } else { 0.0 };
        let (width, height) = (span(left, high(x)), span(low(y), top));
        let margin = MARGINS[usize::from(chip.wraps)] + HALF;
        let [width, height] = [width, height].map(|side| side + 2.0 * margin + NUMBERS);
        Self { chip, scale, left, top, width, height, margin, svg: String::new() }
    }

    /// The middle of a router.
    fn at(&self, router: usize) -> [f32; 2] {
        let (x, y) = (self.chip.routers.x[router], self.chip.routers.y[router]);
        let x = (x - self.left) * self.scale + self.margin + NUMBERS;
        [x, (self.top - y) * self.scale + self.margin]
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(text);
    }

    fn open(&mut self, style: Style, title: &str) {
        let (mut width, mut height) = (self.width.ceil(), self.height.ceil());
        if style == Style::File {
            (width, height) = (width.max(KEY[1]), height + KEY[0]);
        }
        let title = escaped(title);
        self.write(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chip\" viewBox=\"0 0 {width} {height}\" "
        ));
        match style {
            Style::Page => self.write(format_args!(
                "tabindex=\"0\" role=\"application\" aria-label=\"{title}: arrow keys walk from tile to tile, \
                 L from link to link\" style=\"--ratio:{:.3}\">",
                width / height
            )),
            Style::File => {
                let (px, py) = (3.0 * width, 3.0 * height);
                self.write(format_args!("width=\"{px}\" height=\"{py}\"><title>{title}</title>"));
                let css = file_style();
                self.write(format_args!("<style>{css}</style>"));
                self.write(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"));
            }
        }
    }

    /// What the colours stand for, below the chip.
    fn key(&mut self, span: Span, peaks: Peaks) {
        let top = self.height.ceil();
        let [what, time] = span.words();
        let loads = format!("{what} through the router, 0 to {} per {time}", scaled(peaks.router));
        let uses = format!("utilisation of the link, 0 to {} %", scaled(100.0 * peaks.link));
        self.svg.push_str("<g class=\"key\">");
        for (row, (letter, text)) in [('t', loads), ('l', uses)].into_iter().enumerate() {
            let y = top + 7.0 * row as f32;
            for step in 0..STEPS {
                let (x, middle) = (8.0 + 2.5 * step as f32, y + 2.0);
                match letter {
                    't' => self.write(format_args!(
                        "<rect class=\"t{step}\" x=\"{x}\" y=\"{y}\" width=\"2.5\" height=\"4\"/>"
                    )),
                    _ => self.write(format_args!("<path class=\"l{step}\" d=\"M{x} {middle}h2.5\"/>")),
                }
            }
            self.write(format_args!("<text x=\"51\" y=\"{}\">{text}</text>", y + 3.6));
        }
        self.svg.push_str("</g>");
    }

    /// A border about each chip.
    fn outlines(&mut self) {
        let chips = self.chip.routers.chip.clone().unwrap_or_else(|| vec![0; self.chip.routers.x.len()]);
        let mut boxes: std::collections::BTreeMap<u32, [f32; 4]> = Default::default();
        for (router, &chip) in chips.iter().enumerate() {
            let [x, y] = self.at(router);
            let bounds = boxes.entry(chip).or_insert([x, y, x, y]);
            *bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
        }
        let mut boxes: Vec<[f32; 4]> = boxes.into_values().collect();
        let apart = |a: &[f32; 4], b: &[f32; 4]| a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];
        let overlap = (1..boxes.len()).any(|at| boxes[..at].iter().any(|other| !apart(other, &boxes[at])));
        if overlap {
            let all =
                |a: [f32; 4], b: [f32; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
            boxes = boxes.into_iter().reduce(all).into_iter().collect();
        }
        self.svg.push_str("<g class=\"die\">");
        let room = HALF + 2.6;
        for [x1, y1, x2, y2] in boxes {
            let (x, y, w, h) = (x1 - room, y1 - room, x2 - x1 + 2.0 * room, y2 - y1 + 2.0 * room);
            self.write(format_args!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"3\"/>"
            ));
        }
        self.svg.push_str("</g>");
    }

    /// The rings that packets take around broken regions; chains where a region touches the border.
    fn rings(&mut self) {
        let Some([width, height]) = self.chip.size.as_deref().and_then(|s| <[u32; 2]>::try_from(s).ok())
        else {
            return;
        };
        self.svg.push_str("<g class=\"rings\">");
        for &[x1, y1, x2, y2] in &self.chip.regions {
            if x1 > x2 || y1 > y2 || x2 >= width || y2 >= height {
                continue;
            }
            let (low_x, low_y) = (x1.saturating_sub(1), y1.saturating_sub(1));
            let (high_x, high_y) = ((x2 + 1).min(width - 1), (y2 + 1).min(height - 1));
            let corner =
                |x: u32, y: u32| (((y * width + x) as usize) < self.chip.routers.x.len()).then_some((x, y));
            let mut path = String::new();
            for (is_there, from, to) in [
                (y1 > 0, corner(low_x, low_y), corner(high_x, low_y)),
                (x2 + 1 < width, corner(high_x, low_y), corner(high_x, high_y)),
                (y2 + 1 < height, corner(high_x, high_y), corner(low_x, high_y)),
                (x1 > 0, corner(low_x, high_y), corner(low_x, low_y)),
            ] {
                if let (true, Some(from), Some(to)) = (is_there, from, to) {
                    let [a, b] = [from, to].map(|(x, y)| self.at((y * width + x) as usize));
                    let _ = write!(path, "M{:.0} {:.0}L{:.0} {:.0}", a[0], a[1], b[0], b[1]);
                }
            }
            self.write(format_args!("<path d=\"{path}\"/>"));
        }
        self.svg.push_str("</g>");
    }

    fn links(&mut self, cycles: f64, peaks: Peaks) {
        self.svg.push_str("<g class=\"links\">");
        let chip = self.chip;
        for (link, state) in chip.links.state.bytes().enumerate() {
            let ends = [chip.links.from[link], chip.links.to[link]].map(|end| self.at(end as usize));
            let level = step(chip.utilisation(link, cycles) / peaks.link);
            self.svg.push_str("<path class=\"l");
            match state {
                b'x' => self.svg.push('x'),
                b'c' => self.write(format_args!("{level} lc")),
                _ => self.write(format_args!("{level}")),
            }
            self.svg.push_str("\" d=\"");
            path(ends[0], ends[1], chip.wraps, &mut self.svg);
            self.svg.push_str("\"/>");
        }
        self.svg.push_str("</g>");
    }

    fn tiles(&mut self, time: f64, peaks: Peaks) {
        self.svg.push_str("<g class=\"tiles\">");
        let routers = &self.chip.routers;
        for (router, state) in routers.state.bytes().enumerate() {
            let rate = if time > 0.0 { routers.flits[router] as f64 / time } else { 0.0 };
            let level = step(rate / peaks.router);
            let mark = match state {
                b'f' => " sf",
                b'u' => " su",
                b'i' => " si",
                b'n' => " sn",
                _ => "",
            };
            self.write(format_args!("<path class=\"t{level}{mark}\" d=\"M"));
            let [x, y] = self.at(router);
            match routers.nodes[router] {
                // A switch without tiles of its own.
                0 => {
                    coordinate(&mut self.svg, x - 4.0);
                    self.svg.push(' ');
                    coordinate(&mut self.svg, y);
                    self.svg.push_str("l4-4 4 4-4 4z\"/>");
                }
                _ => {
                    coordinate(&mut self.svg, x - HALF);
                    self.svg.push(' ');
                    coordinate(&mut self.svg, y - HALF);
                    self.svg.push_str("h11v11h-11z\"/>");
                }
            }
        }
        self.svg.push_str("</g>");
    }

    /// A cross over what is broken, a stroke over what is out of service.
    fn marks(&mut self) {
        self.svg.push_str("<g class=\"marks\">");
        for (router, state) in self.chip.routers.state.bytes().enumerate() {
            let [x, y] = self.at(router).map(|at| at - 3.2);
            match state {
                b'f' => self.write(format_args!("<path d=\"M{x:.1} {y:.1}l6.4 6.4m0-6.4l-6.4 6.4\"/>")),
                b'u' | b'i' => {
                    self.write(format_args!(
                        "<path class=\"m{}\" d=\"M{x:.1} {y:.1}m0 6.4l6.4-6.4\"/>",
                        state as char
                    ));
                }
                _ => {}
            }
        }
        self.breaks();
        self.svg.push_str("</g>");
    }

    /// A cross over what broke during the run, with the cycle.
    fn breaks(&mut self) {
        let chip = self.chip;
        for Break { at_cycle, routers, links } in &chip.breaks {
            let count = chip.routers.x.len();
            for &router in routers.iter().filter(|&&router| (router as usize) < count) {
                let [x, y] = self.at(router as usize).map(|at| at - 4.0);
                self.write(format_args!(
                    "<path class=\"mb\" data-at=\"{at_cycle}\" d=\"M{x:.1} {y:.1}l8 8m0-8l-8 8\"/>"
                ));
            }
            for &link in links {
                let link = link as usize;
                let (Some(&from), Some(&to)) = (chip.links.from.get(link), chip.links.to.get(link)) else {
                    continue;
                };
                let [a, b] = [from, to].map(|end| self.at(end as usize));
                let [x, y] = [0, 1].map(|axis| 0.5 * (a[axis] + b[axis]) - 2.2);
                self.write(format_args!(
                    "<path class=\"mb\" data-at=\"{at_cycle}\" d=\"M{x:.1} {y:.1}l4.4 4.4m0-4.4l-4.4 4.4\"/>"
                ));
            }
        }
    }

    /// Numbers along the left and the lower border of grids of two dimensions.
    fn coordinates(&mut self) {
        let Some([width, height]) = self.chip.size.as_deref().and_then(|s| <[u32; 2]>::try_from(s).ok())
        else {
            return;
        };
        let is_plain = (width as usize).saturating_mul(height as usize) == self.chip.routers.x.len();
        if !is_plain || self.chip.routers.y.iter().any(|y| y.fract() != 0.0) {
            return;
        }
        self.svg.push_str("<g class=\"axes\">");
        let every = |count: u32| if count > DENSE { 4 } else { 1 };
        for column in (0..width).step_by(every(width)) {
            let [x, _] = self.at(column as usize);
            let y = self.height - 2.0;
            self.write(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\">{column}</text>"));
        }
        for row in (0..height).step_by(every(height)) {
            let [_, y] = self.at((row * width) as usize);
            self.write(format_args!("<text x=\"4\" y=\"{:.1}\">{row}</text>", y + 1.7));
        }
        self.svg.push_str("</g>");
    }
}

/// The style sheet of a drawing that stands by itself.
fn file_style() -> String {
    let mut css = String::from(
        ".die rect{fill:none;stroke:#98a2ad;stroke-width:.7}\
         .rings{opacity:.45}.rings path{fill:none;stroke:#f2c14e;stroke-width:15;stroke-linecap:round}\
         .links path{fill:none;stroke-width:1.4;stroke-linejoin:round}\
         .links .lx{stroke:#b9c0c8;stroke-dasharray:1 1.6;stroke-width:.7}.links .lc{stroke-width:2.2}\
         .tiles path{stroke:#5b6671;stroke-width:.5}.tiles .sf{fill:#fff;stroke:#b3261e;stroke-width:.9}\
         .tiles .su{stroke:#a15c00;stroke-width:.9;stroke-dasharray:2 1.2}\
         .tiles .si{stroke:#6b3fa0;stroke-width:.9;stroke-dasharray:.8 1}\
         .marks path{fill:none;stroke:#b3261e;stroke-width:1.1}.marks .mu{stroke:#a15c00}\
         .marks .mb{stroke-dasharray:2 1}\
         .marks .mi{stroke:#6b3fa0}.key path{stroke-width:4}.key text{font:4.6px sans-serif;fill:#5b6671}.axes text{font:4.6px sans-serif;fill:#5b6671;text-anchor:middle}",
    );
    for (step, colour) in colours(Scale::Tile, Theme::Light).iter().enumerate() {
        let _ = write!(css, ".t{step}{{fill:{colour}}}");
    }
    for (step, colour) in colours(Scale::Link, Theme::Light).iter().enumerate() {
        let _ = write!(css, ".l{step}{{stroke:{colour}}}");
    }
    css
}

/// A text as it stands in SVG.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            letter if letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, round) in [(0.0, 1.0), (0.34, 0.4), (0.4, 0.4), (7.1, 8.0), (1e-7, 1e-7), (0.99, 1.0)] {
            assert!((rounded_up(value) / round - 1.0).abs() < 1e-6, "{value} → {}", rounded_up(value));
        }
    }
}
