//! One chart with axes, drawn by `plotters`.

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::report::page::PageError;

/// Size of a chart [pixels].
const SIZE: (u32, u32) = (720, 420);

/// Colours of lines, for white paper; those of the page's light theme.
const COLOURS: [RGBColor; 12] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xa0, 0x4f, 0x86),
    RGBColor(0x8a, 0x6d, 0x00),
    RGBColor(0x2f, 0x9e, 0xd6),
    RGBColor(0x6b, 0x4f, 0xb3),
    RGBColor(0x7a, 0x52, 0x30),
    RGBColor(0x4f, 0x62, 0x72),
    RGBColor(0xb0, 0x2a, 0x5b),
    RGBColor(0x1f, 0x8f, 0x83),
    RGBColor(0x44, 0x44, 0x44),
];

const INK: RGBColor = RGBColor(0x1b, 0x21, 0x29);
const GRID: RGBColor = RGBColor(0xe3, 0xe7, 0xec);

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    /// What it shows.
    pub title: &'static str,
    /// Its horizontal axis.
    pub x: Axis,
    /// Its vertical axis.
    pub y: Axis,
    /// What is drawn; those without a name have no key.
    pub lines: Vec<Line>,
    /// A stretch of the horizontal axis that stands out.
    pub shaded: Option<[f64; 2]>,
}

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// What it stands for, with its unit.
    pub label: &'static str,
    /// Equal ratios are equally long.
    pub logarithmic: bool,
    /// It begins at zero.
    pub zero: bool,
    /// Its values are 1 / (1 − share), written as percentiles.
    pub percentiles: bool,
}

/// Points in one colour.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Its name in the key.
    pub name: String,
    /// Number of its colour.
    pub colour: usize,
    /// x and y of each point.
    pub points: Vec<[f64; 2]>,
    /// How points are marked.
    pub mark: Mark,
}

/// How points are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// They are joined.
    Line,
    /// They are joined, with a dot each.
    Dotted,
    /// A small dot each.
    Dot,
}

impl Axis {
    /// An axis from the least to the greatest value.
    pub const fn linear(label: &'static str) -> Self {
        Self { label, logarithmic: false, zero: false, percentiles: false }
    }

    /// An axis from zero to the greatest value.
    pub const fn from_zero(label: &'static str) -> Self {
        Self { zero: true, ..Self::linear(label) }
    }

    /// An axis on which equal ratios are equally long.
    pub const fn logarithmic(label: &'static str) -> Self {
        Self { logarithmic: true, ..Self::linear(label) }
    }

    /// What the axis covers, of these values.
    fn range(&self, values: impl Iterator<Item = f64> + Clone) -> std::ops::Range<f64> {
        let finite = values.filter(|value| value.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.fold(f64::NEG_INFINITY, f64::max);
        match (self.logarithmic, self.zero) {
            _ if low > high => 0.1..1.0,
            (true, _) => {
                let low = low.max(1e-12);
                low..high.max(low * 10.0)
            }
            (false, true) => 0.0..if high > 0.0 { high * 1.05 } else { 1.0 },
            (false, false) => low..if high > low { high } else { low + 1.0 },
        }
    }

    fn written(&self, value: f64) -> String {
        match value {
            left if self.percentiles => match left <= 1.0 {
                true => "0".to_owned(),
                // As many nines as powers of ten.
                false => format!(
                    "{:.*} %",
                    (left.log10().round() as usize).saturating_sub(2),
                    100.0 - 100.0 / left
                ),
            },
            0.0 => "0".to_owned(),
            value if !(1e-3..1e6).contains(&value.abs()) => format!("{value:.1e}").replace(".0e", "e"),
            value => {
                let text = format!("{value:.4}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        }
    }
}

impl Chart {
    /// The drawing.
    ///
    /// # Errors
    /// The library cannot draw it.
    pub fn svg(&self) -> Result<String, PageError> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (x, y) =
            (self.x.range(points().map(|point| point[0])), self.y.range(points().map(|point| point[1])));
        let mut svg = String::new();
        let drawn = match (self.x.logarithmic, self.y.logarithmic) {
            (false, false) => self.draw(&mut svg, x.clone(), y, &x),
            (false, true) => self.draw(&mut svg, x.clone(), y.log_scale(), &x),
            (true, false) => self.draw(&mut svg, x.clone().log_scale(), y, &x),
            (true, true) => self.draw(&mut svg, x.clone().log_scale(), y.log_scale(), &x),
        };
        drawn.map_err(|error| PageError::Plot(error.to_string()))?;
        Ok(svg)
    }

    fn draw<X, Y>(
        &self,
        svg: &mut String,
        x: X,
        y: Y,
        whole: &std::ops::Range<f64>,
    ) -> Result<(), Box<dyn std::error::Error>>
    where
        X: AsRangedCoord<Value = f64>,
        Y: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut builder = ChartBuilder::on(&root);
        builder.caption(self.title, ("sans-serif", 17).into_font().color(&INK));
        builder.margin(12).margin_right(24).x_label_area_size(46).y_label_area_size(72);
        let mut chart = builder.build_cartesian_2d(x, y)?;
        let (along, up) = (|value: &f64| self.x.written(*value), |value: &f64| self.y.written(*value));
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(self.x.label).y_desc(self.y.label).x_label_formatter(&along).y_label_formatter(&up);
        mesh.bold_line_style(GRID).light_line_style(WHITE).axis_style(INK.mix(0.6));
        mesh.label_style(("sans-serif", 13).into_font().color(&INK)).x_labels(8).y_labels(8).draw()?;
        if let Some([from, to]) = self.shaded {
            let corners = self.y.range(self.lines.iter().flat_map(|line| &line.points).map(|point| point[1]));
            let (from, to) = (from.clamp(whole.start, whole.end), to.clamp(whole.start, whole.end));
            let band = [(from, corners.start), (to, corners.end)];
            chart.draw_series([Rectangle::new(band, COLOURS[0].mix(0.08).filled())])?;
        }
        for line in &self.lines {
            let colour = COLOURS[line.colour % COLOURS.len()];
            let points = line.points.iter().map(|point| (point[0], point[1]));
            if line.mark != Mark::Dot {
                let drawn = chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
                if !line.name.is_empty() {
                    let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2));
                    drawn.label(line.name.as_str()).legend(key);
                }
            }
            if line.mark != Mark::Line {
                let radius = if line.mark == Mark::Dot { 1 } else { 4 };
                chart.draw_series(points.map(|point| Circle::new(point, radius, colour.filled())))?;
            }
        }
        if self.lines.iter().any(|line| !line.name.is_empty()) {
            let mut keys = chart.configure_series_labels();
            keys.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85));
            keys.label_font(("sans-serif", 13).into_font().color(&INK)).border_style(GRID).draw()?;
        }
        root.present()?;
        Ok(())
    }
}
