//! Tables of a run over time, thinned out until a page can hold them: `steps.csv` and `spikes.csv`.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use csv::StringRecord;
use serde::Serialize;

use super::page::PageError;

/// Steps that a page holds; of more, the slowest of each stretch is kept.
const MOST_STEPS: u64 = 10_000;

/// Spikes that a page holds; of more, every so many-th is kept.
const MOST_SPIKES: u64 = 20_000;

/// Most stretches of time that activity is counted by.
const STRETCHES: f64 = 300.0;

/// Populations that are told apart; the others are counted together.
const MOST_POPULATIONS: usize = 8;

/// `steps.csv`: a row for each time step, with the columns `timestep`, `seconds`, and where they are known
/// `spikes`, `packets` and `critical`, the core or link that the step waited for last.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// Number of the step.
    pub timestep: Vec<f64>,
    /// How long it took [s].
    pub seconds: Vec<f64>,
    /// Spikes in it.
    pub spikes: Vec<f64>,
    /// Packets in it.
    pub packets: Vec<f64>,
    /// What it waited for.
    pub critical: Vec<String>,
    /// Rows of the file for each one that is kept.
    pub each: u64,
}

/// `spikes.csv`: a row for each spike, with the columns `time,population,neuron`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Raster {
    /// When, ascending.
    pub time: Vec<f64>,
    /// Which neuron: those of the first population come first.
    pub row: Vec<f64>,
    /// Populations by name, with their first row and their number of rows.
    pub populations: Vec<(String, u64, u64)>,
    /// Spikes of the file for each one that is kept.
    pub each: u64,
    /// Spikes in the file.
    pub total: u64,
    /// Length of a stretch of time: whole steps, where spikes come at whole numbers.
    pub stretch: f64,
    /// Middle of each stretch.
    pub stretches: Vec<f64>,
    /// Spikes within each stretch, by the larger populations; the last line is all of them.
    pub activity: Vec<(String, Vec<u64>)>,
}

/// Opens a table; `None` if there is none.
fn open(path: &Path) -> Result<Option<csv::Reader<fs::File>>, PageError> {
    match fs::File::open(path) {
        Ok(file) => Ok(Some(csv::Reader::from_reader(file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PageError::Unreadable(path.to_owned(), error)),
    }
}

fn damaged(path: &Path, why: impl ToString) -> PageError {
    PageError::Damaged(path.to_owned(), why.to_string())
}

/// A finite number of a row.
fn number(path: &Path, record: &StringRecord, column: usize) -> Result<f64, PageError> {
    let text = record.get(column).unwrap_or("").trim();
    let line = record.position().map_or(0, csv::Position::line);
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.ok_or_else(|| damaged(path, format!("line {line}: `{text}` is not a number")))
}

/// Where the columns `names` stand.
fn columns<const N: usize>(
    path: &Path,
    reader: &mut csv::Reader<fs::File>,
    names: [&str; N],
) -> Result<[Option<usize>; N], PageError> {
    let header = reader.headers().map_err(|error| damaged(path, error))?;
    Ok(names.map(|name| header.iter().position(|known| known.trim() == name)))
}

/// Rows of a table, its header apart.
fn count_rows(path: &Path) -> Result<u64, PageError> {
    let Some(mut reader) = open(path)? else { return Ok(0) };
    let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).map_err(|error| damaged(path, error))? {
        rows += 1;
    }
    Ok(rows)
}

impl Steps {
    /// Reads `steps.csv`; `None` if there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is not such a table.
    pub fn read(path: &Path) -> Result<Option<Self>, PageError> {
        let Some(mut reader) = open(path)? else { return Ok(None) };
        let names = ["timestep", "seconds", "spikes", "packets", "critical"];
        let [Some(timestep), Some(seconds), spikes, packets, critical] = columns(path, &mut reader, names)?
        else {
            return Err(damaged(path, "it has no columns `timestep` and `seconds`"));
        };
        let each = count_rows(path)?.div_ceil(MOST_STEPS).max(1);
        let mut steps = Self { each, ..Self::default() };
        let mut slowest: Option<(f64, StringRecord)> = None;
        let mut group = 0;
        for record in reader.records() {
            let record = record.map_err(|error| damaged(path, error))?;
            let took = number(path, &record, seconds)?;
            if slowest.as_ref().is_none_or(|(most, _)| took > *most) {
                slowest = Some((took, record));
            }
            group += 1;
            if group == each {
                group = 0;
                steps.keep(path, slowest.take(), timestep, [spikes, packets, critical])?;
            }
        }
        steps.keep(path, slowest, timestep, [spikes, packets, critical])?;
        Ok(Some(steps))
    }

    fn keep(
        &mut self,
        path: &Path,
        row: Option<(f64, StringRecord)>,
        timestep: usize,
        [spikes, packets, critical]: [Option<usize>; 3],
    ) -> Result<(), PageError> {
        let Some((took, record)) = row else { return Ok(()) };
        self.timestep.push(number(path, &record, timestep)?);
        self.seconds.push(took);
        for (column, into) in [(spikes, &mut self.spikes), (packets, &mut self.packets)] {
            if let Some(column) = column {
                into.push(number(path, &record, column)?);
            }
        }
        if let Some(column) = critical {
            self.critical.push(record.get(column).unwrap_or("").to_owned());
        }
        Ok(())
    }
}

/// What a first look at `spikes.csv` tells.
struct Survey {
    /// By population: neurons up to the highest that spikes, and spikes.
    populations: BTreeMap<String, (u64, u64)>,
    total: u64,
    first: f64,
    last: f64,
    /// Every spike comes at a whole number.
    whole: bool,
}

impl Survey {
    fn new() -> Self {
        let (first, last) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { populations: BTreeMap::new(), total: 0, first, last, whole: true }
    }

    /// Length and number of the stretches that activity is counted by.
    fn stretches(&self) -> (f64, usize) {
        let span = self.last - self.first;
        match self.whole {
            true => {
                let length = ((span + 1.0) / STRETCHES).ceil();
                (length, (((span + 1.0) / length).ceil() as usize).max(1))
            }
            false => ((span / STRETCHES).max(f64::MIN_POSITIVE), STRETCHES as usize),
        }
    }
}

impl Raster {
    /// Reads `spikes.csv`; `None` if there is no such file, or if nothing spikes.
    ///
    /// # Errors
    /// It cannot be read, or is not such a table.
    pub fn read(path: &Path) -> Result<Option<Self>, PageError> {
        let mut survey = Survey::new();
        let found = each_spike(path, |time, population, neuron| {
            survey.total += 1;
            survey.first = survey.first.min(time);
            survey.last = survey.last.max(time);
            survey.whole &= time.fract() == 0.0;
            match survey.populations.get_mut(population) {
                Some((neurons, spikes)) => (*neurons, *spikes) = ((*neurons).max(neuron + 1), *spikes + 1),
                None => drop(survey.populations.insert(population.to_owned(), (neuron + 1, 1))),
            }
        })?;
        if !found || survey.total == 0 {
            return Ok(None);
        }
        Self::thin_out(path, &survey).map(Some)
    }

    fn thin_out(path: &Path, survey: &Survey) -> Result<Self, PageError> {
        let mut raster =
            Self { each: survey.total.div_ceil(MOST_SPIKES), total: survey.total, ..Self::default() };
        let mut rows = BTreeMap::new();
        let mut row = 0u64;
        for (name, &(neurons, _)) in &survey.populations {
            rows.insert(name.as_str(), row);
            raster.populations.push((name.clone(), row, neurons));
            row = row.saturating_add(neurons);
        }
        let named = largest(survey);
        let (width, count) = survey.stretches();
        let mut activity = vec![vec![0u64; count]; named.len() + 1];
        let mut kept: Vec<(f64, f64)> = Vec::new();
        let mut place = 0;
        each_spike(path, |time, population, neuron| {
            if place % raster.each == 0 {
                kept.push((
                    time,
                    rows.get(population).map_or(0, |first| first.saturating_add(neuron)) as f64,
                ));
            }
            place += 1;
            let stretch = (((time - survey.first) / width) as usize).min(count - 1);
            activity[named.len()][stretch] += 1;
            if let Some(line) = named.iter().position(|name| *name == population) {
                activity[line][stretch] += 1;
            }
        })?;
        kept.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        (raster.time, raster.row) = kept.into_iter().unzip();
        raster.stretch = width;
        raster.stretches = (0..count).map(|k| survey.first + (k as f64 + 0.5) * width).collect();
        let names = named.into_iter().map(str::to_owned).chain(["all".to_owned()]);
        raster.activity = names.zip(activity).collect();
        Ok(raster)
    }
}

/// The populations that spike most, in the order of their names; none where there is only one.
fn largest(survey: &Survey) -> Vec<&str> {
    let mut order: Vec<(&str, u64)> =
        survey.populations.iter().map(|(name, &(_, spikes))| (name.as_str(), spikes)).collect();
    if order.len() == 1 {
        return Vec::new();
    }
    order.sort_by_key(|&(name, spikes)| (std::cmp::Reverse(spikes), name));
    order.truncate(MOST_POPULATIONS);
    let mut names: Vec<&str> = order.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

/// Visits every spike; returns whether there is a file.
fn each_spike(path: &Path, mut visit: impl FnMut(f64, &str, u64)) -> Result<bool, PageError> {
    let Some(mut reader) = open(path)? else { return Ok(false) };
    let [Some(time), Some(population), Some(neuron)] =
        columns(path, &mut reader, ["time", "population", "neuron"])?
    else {
        return Err(damaged(path, "it has no columns `time`, `population` and `neuron`"));
    };
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| damaged(path, error))? {
        let at = number(path, &record, time)?;
        // Beyond this, row numbers would not be exact any more.
        let index = number(path, &record, neuron)?;
        if !(0.0..1e12).contains(&index) {
            return Err(damaged(path, format!("there is no neuron {index}")));
        }
        visit(at, record.get(population).unwrap_or(""), index as u64);
    }
    Ok(true)
}
