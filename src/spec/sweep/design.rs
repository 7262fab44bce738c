//! The points of a sweep, each found by its number alone.

use std::path::Path;

use serde_json::Value;

use super::condition::Condition;
use super::lane::{Assignments, Lane};
use super::paths::Paths;
use super::task::{Order, Task, beside};
use super::{Plot, SweepDoc};
use crate::base::random::{Purpose, Stream};
use crate::base::{Problem, Problems};
use crate::spec::document::Kind;

/// Most combinations that are looked at, and most points of a sweep.
const MOST: u64 = 10_000_000;

/// Draws for each setting of a sample before its conditions count as impossible.
const DRAWS: u64 = 1000;

/// A column of the results that says what was varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The path that it stands for; none for named choices.
    pub path: Option<String>,
}

/// Everything that a sweep runs.
///
/// ```
/// use spikeloom::spec::{Overrides, Source, SweepDoc, read};
///
/// let yaml = "{workload: uniform, axes: [{path: routing, values: [xy, mftn]}], repetitions: 10}";
/// let design = read::<SweepDoc>(Source::memory("example", yaml), &Overrides::none())?.built;
/// assert_eq!((design.settings(), design.points()), (2, 20));
/// let point = design.point(11, None);
/// assert_eq!(point.arguments.join(" "), "run uniform --routing mftn --seed 2");
/// # Ok::<(), spikeloom::spec::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Design {
    sweep: SweepDoc,
    task: Task,
    columns: Vec<Column>,
    lanes: Vec<Lane>,
    /// Numbers of the combinations (or draws) that are run; `None`: all of them.
    kept: Option<Vec<u32>>,
    settings: u64,
}

/// One run of a sweep, or one of what else it consists of.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its number, from 0.
    pub index: u64,
    /// The number of its setting: points of one setting differ in their seed alone.
    pub setting: u64,
    /// Which run of the setting it is, from 0.
    pub repetition: u32,
    /// The seed of the run.
    pub seed: u64,
    /// The values of the design's columns.
    pub cells: Vec<Value>,
    /// The arguments of `spikeloom` that run it.
    pub arguments: Vec<String>,
}

impl Design {
    pub(super) fn new(sweep: &SweepDoc) -> Result<Self, Problems> {
        let task = Task::of(sweep)?;
        let paths = Paths::new(task);
        let mut problems = Problems::new();
        check_ranges(sweep, &mut problems);
        check_common(sweep, task, &paths, &mut problems);
        let sampled = sweep.sample.is_some();
        let mut lanes = Vec::new();
        if !sweep.points.is_empty() {
            lanes.extend(problems.absorb("points", Lane::of_points(&sweep.points, &paths)));
        }
        for (at, axis) in sweep.axes.iter().enumerate() {
            lanes.extend(problems.absorb(&format!("axes[{at}]"), Lane::new(axis, sampled, &paths)));
        }
        check_doubled(&lanes, &mut problems);
        let columns = named(&lanes, &mut problems);
        check_plot(&sweep.plot, &columns, &mut problems);
        problems.into_result(())?;
        let mut design = Self { sweep: sweep.clone(), task, columns, lanes, kept: None, settings: 0 };
        design.settings = design.count()?;
        design.keep()?;
        let points = design.settings.saturating_mul(u64::from(sweep.repetitions));
        if points > MOST {
            return Err(Problems::one("", format!("{points} points are too many; allowed: {MOST}")));
        }
        Ok(design)
    }

    /// The columns that say what was varied.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many settings there are.
    pub fn settings(&self) -> u64 {
        self.settings
    }

    /// Runs of each setting.
    pub fn repetitions(&self) -> u32 {
        self.sweep.repetitions
    }

    /// How many points there are: settings times repetitions.
    pub fn points(&self) -> u64 {
        self.settings * u64::from(self.sweep.repetitions)
    }

    /// The documents that the points name, each with its kind, once.
    pub fn documents(&self, folder: Option<&Path>) -> Vec<(Kind, String)> {
        let sweep = &self.sweep;
        let SweepDoc { workload, chip, faults, device, .. } = sweep;
        let kinds = [Kind::Workload, Kind::Chip, Kind::Faults, Kind::Device];
        let names = [workload, chip, faults, device].map(Clone::clone);
        let mut named: Vec<(Kind, String)> =
            kinds.into_iter().zip(names).filter_map(|(kind, name)| Some((kind, name?))).collect();
        let levels = self.lanes.iter().flat_map(|lane| {
            (0..lane.count().unwrap_or(0)).flat_map(|level| {
                let mut set = Assignments::new();
                lane.take(level as usize, &mut Vec::new(), &mut set);
                set
            })
        });
        for (path, value) in levels {
            let kind = kinds.into_iter().find(|kind| kind.prefix() == path);
            named.extend(kind.zip(value.as_str().map(str::to_owned)));
        }
        let mut found: Vec<(Kind, String)> = Vec::new();
        for (kind, name) in named {
            let entry = (kind, beside(kind, &name, folder));
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
        found
    }

    /// The point number `index`; documents that are files lie in `folder`.
    pub fn point(&self, index: u64, folder: Option<&Path>) -> Point {
        let repetitions = u64::from(self.sweep.repetitions);
        let (setting, repetition) = (index / repetitions, (index % repetitions) as u32);
        let (cells, set) = self.setting(setting);
        let mut order = Order::of(&self.sweep, self.task);
        for (path, value) in set {
            order.assign(path, value);
        }
        order.seed = order.seed.wrapping_add(u64::from(repetition));
        let seed = order.seed;
        Point { index, setting, repetition, seed, cells, arguments: order.arguments(folder) }
    }

    /// The values of the columns in a setting, and what it sets.
    pub fn setting(&self, setting: u64) -> (Vec<Value>, Vec<(String, Value)>) {
        let number = self.kept.as_ref().map_or(setting, |kept| u64::from(kept[setting as usize]));
        self.combination(number)
    }

    fn combination(&self, number: u64) -> (Vec<Value>, Assignments) {
        let (mut cells, mut set) = (Vec::new(), Assignments::new());
        let mut below: u64 = self.lanes.iter().filter_map(Lane::count).product();
        let mut rest = number;
        for (at, lane) in self.lanes.iter().enumerate() {
            if let Some(sample) = &self.sweep.sample {
                let share = Stream::new(sample.seed, Purpose::Sweep, at as u32, number).unit();
                lane.draw(share, &mut cells, &mut set);
                continue;
            }
            below /= lane.count().unwrap_or(1).max(1);
            lane.take((rest / below) as usize, &mut cells, &mut set);
            rest %= below;
        }
        (cells, set)
    }

    /// How many settings there are before conditions.
    fn count(&self) -> Result<u64, Problems> {
        if let Some(sample) = &self.sweep.sample {
            return Ok(u64::from(sample.count));
        }
        let counts = self.lanes.iter().filter_map(Lane::count);
        let all = counts.fold(1u64, |all, count| all.saturating_mul(count));
        if all > MOST {
            let message = format!("the axes have {all} combinations; allowed: {MOST}, or a `sample` of them");
            return Err(Problems::one("axes", message));
        }
        Ok(all)
    }

    /// Leaves out what does not meet the conditions.
    fn keep(&mut self) -> Result<(), Problems> {
        if self.sweep.keep.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let mut problems = Problems::new();
        let mut conditions = Vec::new();
        for (at, text) in self.sweep.keep.iter().enumerate() {
            conditions.extend(problems.absorb(&format!("keep[{at}]"), Condition::parse(text, &names)));
        }
        problems.into_result(())?;
        let candidates = match &self.sweep.sample {
            Some(sample) => (u64::from(sample.count) * DRAWS).min(MOST),
            None => self.settings,
        };
        let mut kept = Vec::new();
        for number in 0..candidates {
            let (cells, _) = self.combination(number);
            let mut holds = true;
            for (at, condition) in conditions.iter().enumerate() {
                let wrong = |problems: Problems| problems.under(&format!("keep[{at}]"));
                holds = holds && condition.holds(&cells).map_err(wrong)?;
            }
            if holds {
                kept.push(number as u32);
            }
            if self.sweep.sample.is_some() && kept.len() as u64 == self.settings {
                break;
            }
        }
        if kept.is_empty() {
            return Err(Problems::one("keep", "no setting meets the conditions"));
        }
        self.settings = kept.len() as u64;
        self.kept = Some(kept);
        Ok(())
    }
}

fn check_ranges(sweep: &SweepDoc, problems: &mut Problems) {
    let level = sweep.confidence;
    problems.require(level > 0.0 && level < 1.0, "confidence", || {
        format!("{level} is no level of confidence; allowed: above 0, below 1")
    });
    problems.require((1..=100_000).contains(&sweep.repetitions), "repetitions", || {
        format!("{} is out of range; allowed: 1 to 100000", sweep.repetitions)
    });
    if let Some(sample) = &sweep.sample {
        problems.require((1..=1_000_000).contains(&sample.count), "sample.count", || {
            format!("{} is out of range; allowed: 1 to 1000000", sample.count)
        });
        let varied = !sweep.axes.is_empty() || !sweep.points.is_empty();
        problems.require(varied, "sample", || "there is no axis to draw from".into());
    }
}

/// What is the same at every point.
fn check_common(sweep: &SweepDoc, task: Task, paths: &Paths, problems: &mut Problems) {
    for (path, value) in &sweep.set {
        problems.absorb("set", paths.check(path));
        problems.absorb("set", paths.check_value(path, value));
        problems.require(!task.names().contains(&path.as_str()), "set", || {
            format!("`{path}` has a field of its own in a sweep")
        });
    }
    for (path, name) in [("routing", &sweep.routing), ("fidelity", &sweep.fidelity)] {
        if let Some(name) = name {
            problems.absorb(path, paths.check_value(path, &name.as_str().into()));
        }
    }
}

/// Columns that the page is to show must be there.
fn check_plot(plot: &Plot, columns: &[Column], problems: &mut Problems) {
    let names = || columns.iter().map(|column| column.name.as_str());
    let heat = plot.heat.iter().flatten().enumerate().map(|(at, name)| (format!("plot.heat[{at}]"), name));
    let single = [("plot.x", &plot.x), ("plot.facet", &plot.facet)];
    let single = single.into_iter().filter_map(|(path, name)| Some((path.to_owned(), name.as_ref()?)));
    for (path, name) in single.chain(heat) {
        if !names().any(|known| known == name) {
            let problem = Problem::new(path, format!("there is no column `{name}`"));
            let allowed = names().collect::<Vec<_>>().join(", ");
            problems.push(problem.nearest(name, names()).allowed(allowed));
        }
    }
}

/// A path that two axes set would be set by one of them in vain.
fn check_doubled(lanes: &[Lane], problems: &mut Problems) {
    for (at, lane) in lanes.iter().enumerate() {
        for path in lane.paths() {
            if lanes[..at].iter().any(|earlier| earlier.paths().contains(&path)) {
                problems.push(Problem::new("axes", format!("`{path}` is varied by two axes")));
            }
        }
        let own: Vec<_> = lane.columns.iter().filter_map(|column| column.path.as_ref()).collect();
        let twice = own.iter().enumerate().find(|(at, path)| own[..*at].contains(path));
        if let Some((_, path)) = twice {
            problems.push(Problem::new("axes", format!("`{path}` is varied twice by one axis")));
        }
    }
}

/// The columns with their names: given, else the last word of the path, else the whole path.
fn named(lanes: &[Lane], problems: &mut Problems) -> Vec<Column> {
    let headings: Vec<_> = lanes.iter().flat_map(|lane| &lane.columns).collect();
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let short: Vec<String> = headings
        .iter()
        .map(|heading| {
            heading.name.clone().unwrap_or_else(|| heading.path.as_deref().map_or_else(String::new, last))
        })
        .collect();
    let mut columns: Vec<Column> = Vec::new();
    for (heading, name) in headings.iter().zip(&short) {
        let is_taken = short.iter().filter(|other| *other == name).count() > 1;
        let name = match &heading.path {
            Some(path) if is_taken && heading.name.is_none() => path.clone(),
            _ => name.clone(),
        };
        if columns.iter().any(|known| known.name == name) {
            problems.push(Problem::new("axes", format!("two columns are called `{name}`")));
        }
        columns.push(Column { name, path: heading.path.clone() });
    }
    columns
}
