//! What a run has left in its folder, read back.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde_json::Value;

use super::chip::Span;
use crate::report::document::SCHEMA;
use crate::report::figures::{Counted, Drawing, FIGURES_SCHEMA, Figures, Film};
use crate::report::traces::{Raster, Steps};

/// Coordinates beyond which a drawing is damaged [tile pitches].
const FARTHEST: f32 = 1e5;

/// The files of one run that a page is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFiles {
    /// What the run is called beside others: its folder's name.
    pub label: String,
    /// `report.json`.
    pub report: Value,
    /// `figures.json`, if it is there.
    pub figures: Option<Figures>,
    /// `steps.csv`, if it is there.
    pub steps: Option<Steps>,
    /// `spikes.csv`, if it is there.
    pub spikes: Option<Raster>,
}

/// Why there is no page.
#[derive(Debug)]
pub enum PageError {
    /// There are so many runs, and a page takes 1 to [`MOST_RUNS`](super::MOST_RUNS).
    Runs(usize),
    /// A file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// A file is not what its name says.
    Damaged(PathBuf, String),
    /// The template does not work: a defect of the program.
    Template(String),
    /// A plot cannot be drawn: a defect of the program.
    Plot(String),
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(count) => write!(f, "a page takes 1 to {} runs, not {count}", super::MOST_RUNS),
            Self::Unreadable(path, error) => write!(f, "cannot read `{}`: {error}", path.display()),
            Self::Damaged(path, why) => write!(f, "`{}` cannot be used: {why}", path.display()),
            Self::Template(error) => write!(f, "the page's template fails: {error}"),
            Self::Plot(error) => write!(f, "a plot cannot be drawn: {error}"),
        }
    }
}

impl std::error::Error for PageError {}

impl RunFiles {
    /// Reads the results that `folder` holds.
    ///
    /// # Errors
    /// It holds no report, or one of another program; a file cannot be read or is damaged.
    pub fn read(folder: &Path) -> Result<Self, PageError> {
        let path = folder.join("report.json");
        let report = fs::read_to_string(&path).map_err(|error| PageError::Unreadable(path.clone(), error))?;
        let path = folder.join("figures.json");
        let figures = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(PageError::Unreadable(path, error)),
        };
        Self::parse(folder, &report, figures.as_deref())
    }

    /// The same, of a report and figures that are at hand; tables are still read from `folder`.
    ///
    /// # Errors
    /// As [`RunFiles::read`].
    pub fn parse(folder: &Path, report: &str, figures: Option<&str>) -> Result<Self, PageError> {
        let damaged = |name: &str, why: String| PageError::Damaged(folder.join(name), why);
        let report: Value =
            serde_json::from_str(report).map_err(|error| damaged("report.json", error.to_string()))?;
        if report["schema"] != SCHEMA {
            let why = format!("its schema is {}, not \"{SCHEMA}\"", report["schema"]);
            return Err(damaged("report.json", why));
        }
        let figures = figures.map(|text| Figures::read(text).map_err(|why| damaged("figures.json", why)));
        Ok(Self {
            label: label(folder),
            report,
            figures: figures.transpose()?,
            steps: Steps::read(&folder.join("steps.csv"))?,
            spikes: Raster::read(&folder.join("spikes.csv"))?,
        })
    }

    /// The text at `pointer` of the report.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.report.pointer(pointer)?.as_str()
    }

    /// The number at `pointer` of the report.
    pub(in crate::report) fn number(&self, pointer: &str) -> Option<f64> {
        self.report.pointer(pointer)?.as_f64()
    }

    /// The drawing of the chip.
    pub(in crate::report) fn chip(&self) -> Option<&Drawing> {
        self.figures.as_ref()?.chip.as_ref()
    }

    /// Whether its figures count packets of spikes instead of flits.
    pub(super) fn counts_packets(&self) -> bool {
        self.figures.as_ref().is_some_and(|figures| figures.counts == Counted::Packets)
    }

    /// What the run lasted.
    pub(in crate::report) fn span(&self) -> Option<Span> {
        let figures = self.figures.as_ref()?;
        let counts = figures.counts;
        let (time, cycles) = match counts {
            Counted::Flits => (self.number("/time/cycles")?, self.number("/time/cycles")?),
            Counted::Packets => {
                (self.number("/time/steps")?, self.number("/time/seconds")? * figures.clock_hz)
            }
        };
        Some(Span { counts, time, cycles })
    }

    /// Name of the input document of a kind.
    pub(super) fn input(&self, kind: &str) -> &str {
        self.report["inputs"][kind]["name"].as_str().unwrap_or("?")
    }

    /// What ran on what.
    pub(in crate::report) fn title(&self) -> String {
        let faults = match self.report["inputs"]["faults"].is_object() {
            true => format!(" with {}", self.input("faults")),
            false => String::new(),
        };
        format!("{} on {}{faults}", self.input("workload"), self.input("chip"))
    }
}

/// The last part of the folder's path, as it is when nothing in it is a link.
fn label(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Figures {
    fn read(text: &str) -> Result<Self, String> {
        let figures: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if figures.schema != FIGURES_SCHEMA {
            return Err(format!("its schema is {:?}, not {FIGURES_SCHEMA:?}", figures.schema));
        }
        let distributions = [&figures.packet_latency, &figures.network_latency, &figures.hops];
        let uneven = |d: &crate::report::Distribution| {
            d.values.len() != d.counts.len() || !d.values.is_sorted() || d.values.is_empty()
        };
        if distributions.into_iter().flatten().any(uneven) {
            return Err("a distribution's values and counts do not belong together".into());
        }
        if let Some(chip) = &figures.chip {
            chip.validate(figures.timeline.as_ref())?;
        }
        Ok(figures)
    }
}

impl Drawing {
    /// Checks that columns are of one length and name routers that there are.
    fn validate(&self, film: Option<&Film>) -> Result<(), String> {
        let Self { routers, links, .. } = self;
        let count = routers.x.len();
        let energy = |column: &Option<Vec<f64>>, count| column.as_ref().is_none_or(|c| c.len() == count);
        let routers_fit = [routers.y.len(), routers.nodes.len(), routers.state.len()] == [count; 3]
            && [routers.flits.len(), routers.delivered.len()] == [count; 2]
            && energy(&routers.energy, count)
            && [&routers.spikes, &routers.neurons]
                .into_iter()
                .all(|column| column.as_ref().is_none_or(|column| column.len() == count))
            && routers.chip.as_ref().is_none_or(|chips| chips.len() == count);
        let number = links.from.len();
        let links_fit = [links.to.len(), links.interval.len(), links.length_mm.len()] == [number; 3]
            && [links.state.len(), links.flits.len()] == [number; 2]
            && energy(&links.energy, number);
        if !routers_fit || !links_fit || !routers.state.is_ascii() || !links.state.is_ascii() {
            return Err("the columns of the chip's drawing are of different lengths".into());
        }
        if links.from.iter().chain(&links.to).any(|&router| router as usize >= count) {
            return Err("a link of the chip's drawing leads to a router that there is not".into());
        }
        if routers.x.iter().chain(&routers.y).any(|at| !at.is_finite() || at.abs() > FARTHEST) {
            return Err("a router of the chip's drawing lies outside the world".into());
        }
        if self.size.as_ref().is_some_and(|size| size.is_empty() || size.contains(&0)) {
            return Err("the chip's size is empty".into());
        }
        let frames_fit = |film: &Film| {
            film.width > 0
                && film.links.len() == film.delivered.len()
                && film.cycles.as_ref().is_none_or(|cycles| cycles.len() == film.links.len())
                && film.links.iter().all(|frame| frame.len() == number)
                && film.delivered.iter().all(|frame| frame.len() == count)
        };
        match film.is_none_or(frames_fit) {
            true => Ok(()),
            false => Err("the frames of the timeline do not fit the chip".into()),
        }
    }

    /// How users name a router: by coordinates where there are any.
    pub(in crate::report) fn name(&self, router: u32) -> String {
        match &self.size {
            None => format!("router {router}"),
            Some(size) => {
                let mut rest = router;
                let at: Vec<u32> = size.iter().map(|&k| (rest % k, rest /= k).0).collect();
                format!("{at:?}")
            }
        }
    }

    /// How users name a link.
    pub(in crate::report) fn link_name(&self, link: usize) -> String {
        format!("{} → {}", self.name(self.links.from[link]), self.name(self.links.to[link]))
    }
}
