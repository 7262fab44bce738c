//! Spikes for other programs: CSV, SONATA files, NIR event data.

use std::fmt;
use std::io;

use hdf5_pure::{AttrValue, FileBuilder};

use crate::base::NeuronId;
use crate::base::unit::Seconds;

/// Stands in an event list where there is no event.
const NO_EVENT: i64 = -1;

/// A named range of neurons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its first neuron.
    pub first: NeuronId,
    /// How many.
    pub len: u32,
}

/// All spikes of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Spikes {
    /// Length of a step [s].
    pub dt: Seconds,
    /// Steps run.
    pub steps: u64,
    /// The neurons, in the order of their numbers.
    pub groups: Vec<Group>,
    /// Step, counted from 1, and neuron of each spike, ascending.
    pub events: Vec<(u64, NeuronId)>,
}

/// Why spikes could not be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikesError(String);

impl fmt::Display for SpikesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the spikes cannot be written down: {}", self.0)
    }
}

impl std::error::Error for SpikesError {}

impl From<hdf5_pure::Error> for SpikesError {
    fn from(error: hdf5_pure::Error) -> Self {
        Self(error.to_string())
    }
}

impl Spikes {
    /// Steps and positions of the spikes of `group`.
    fn of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = (u64, u32)> + 'a {
        self.events.iter().filter_map(move |&(step, neuron)| {
            let position = neuron.0.checked_sub(group.first.0).filter(|&position| position < group.len)?;
            Some((step, position))
        })
    }

    /// Writes `time,population,neuron`: the step counted from 1, the neuron from 0 within its population.
    ///
    /// # Errors
    /// What `out` has to say.
    pub fn csv(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["time", "population", "neuron"])?;
        for &(step, neuron) in &self.events {
            let after = self.groups.partition_point(|group| group.first <= neuron);
            let Some(group) = after.checked_sub(1).map(|at| &self.groups[at]) else { continue };
            let position = (neuron.0 - group.first.0).to_string();
            table.write_record([&step.to_string(), &group.name, &position])?;
        }
        table.flush()
    }

    /// A SONATA spike file: `/spikes/POPULATION/{timestamps, node_ids}`, times in milliseconds at the end of
    /// the step, sorted by time.
    ///
    /// Source: SONATA developer guide (Dai et al. 2020, doi 10.1371/journal.pcbi.1007696), version 0.1.
    ///
    /// # Errors
    /// What HDF5 cannot hold, such as names with a slash.
    pub fn sonata(&self) -> Result<Vec<u8>, SpikesError> {
        let mut file = FileBuilder::new();
        file.set_attr("magic", AttrValue::U32(0x0A7A));
        file.set_attr("version", AttrValue::U32Array(vec![0, 1]));
        let mut spikes = file.create_group("spikes");
        for group in &self.groups {
            let (times, ids): (Vec<f64>, Vec<u64>) =
                self.of(group).map(|(step, id)| (step as f64 * (self.dt.0 * 1e3), u64::from(id))).unzip();
            let mut population = spikes.create_group(checked(&group.name)?);
            population.set_attr("sorting", AttrValue::VarLenString("by_time".into()));
            let units = AttrValue::VarLenString("ms".into());
            population.create_dataset("timestamps").with_f64_data(&times).set_attr("units", units);
            population.create_dataset("node_ids").with_u64_data(&ids);
            spikes.add_group(population.finish());
        }
        file.add_group(spikes.finish());
        Ok(file.finish()?)
    }

    /// NIR event data (`NIRGraphData`): for each population the observable `spikes` with indices and times in
    /// seconds at the end of the step, as one sample.
    ///
    /// # Errors
    /// What HDF5 cannot hold, such as names with a slash.
    pub fn nir(&self) -> Result<Vec<u8>, SpikesError> {
        let kind = |name: &str| AttrValue::VarLenString(name.into());
        let mut file = FileBuilder::new();
        file.set_attr("__type__", kind("NIRGraphData"));
        let mut nodes = file.create_group("nodes");
        for group in &self.groups {
            let (mut times, mut ids): (Vec<f64>, Vec<i64>) =
                self.of(group).map(|(step, id)| (step as f64 * self.dt.0, i64::from(id))).unzip();
            if ids.is_empty() {
                // An event list has at least one entry; this is how an empty one is written.
                (times, ids) = (vec![f64::INFINITY], vec![NO_EVENT]);
            }
            let shape = [1, ids.len() as u64];
            let mut node = nodes.create_group(checked(&group.name)?);
            node.set_attr("__type__", kind("NIRNodeData"));
            let mut observables = node.create_group("observables");
            let mut spikes = observables.create_group("spikes");
            spikes.set_attr("__type__", kind("EventData"));
            spikes.set_attr("n_neurons", AttrValue::I64(i64::from(group.len)));
            spikes.set_attr("t_max", AttrValue::F64(self.steps as f64 * self.dt.0));
            spikes.create_dataset("idx").with_i64_data(&ids).with_shape(&shape);
            spikes.create_dataset("time").with_f64_data(&times).with_shape(&shape);
            observables.add_group(spikes.finish());
            node.add_group(observables.finish());
            nodes.add_group(node.finish());
        }
        file.add_group(nodes.finish());
        Ok(file.finish()?)
    }
}

/// `name`, if it can be that of a group.
fn checked(name: &str) -> Result<&str, SpikesError> {
    let bad = name.is_empty() || name == "." || name.contains(['/', '\0']);
    if bad { Err(SpikesError(format!("`{name}` cannot be the name of an HDF5 group"))) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdf5_pure::File;

    fn spikes() -> Spikes {
        let group = |name: &str, first, len| Group { name: name.into(), first: NeuronId(first), len };
        Spikes {
            dt: Seconds(1e-3),
            steps: 10,
            groups: vec![group("a", 0, 3), group("b, quiet", 3, 2), group("c", 5, 1)],
            events: [(1, 2), (1, 5), (4, 0)].map(|(step, neuron)| (step, NeuronId(neuron))).to_vec(),
        }
    }

    #[test]
    fn csv_names_population_and_place() {
        let mut text = Vec::new();
        spikes().csv(&mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "time,population,neuron\n1,a,2\n1,c,0\n4,a,0\n");
    }

    #[test]
    fn sonata_files_hold_times_in_milliseconds() {
        let file = File::from_bytes(spikes().sonata().unwrap()).unwrap();
        assert_eq!(file.dataset("spikes/a/timestamps").unwrap().read_f64().unwrap(), [1.0, 4.0]);
        assert_eq!(file.dataset("spikes/a/node_ids").unwrap().read_u64().unwrap(), [2, 0]);
        assert!(file.dataset("spikes/b, quiet/node_ids").unwrap().read_u64().unwrap().is_empty());
        let attributes = file.group("spikes/a").unwrap().attrs().unwrap();
        assert_eq!(attributes["sorting"].as_str(), Some("by_time"));
    }

    #[test]
    fn nir_event_data_reads_back() {
        let file = File::from_bytes(spikes().nir().unwrap()).unwrap();
        let at = |path: &str| file.dataset(&format!("nodes/{path}")).unwrap();
        let idx = at("a/observables/spikes/idx");
        assert_eq!((idx.shape().unwrap(), idx.read_i64().unwrap()), (vec![1, 2], vec![2, 0]));
        assert_eq!(at("a/observables/spikes/time").read_f64().unwrap(), [1e-3, 4e-3]);
        assert_eq!(at("b, quiet/observables/spikes/idx").read_i64().unwrap(), [-1]);
        let attributes = file.group("nodes/c/observables/spikes").unwrap().attrs().unwrap();
        assert_eq!((attributes["n_neurons"].as_i64(), attributes["t_max"].as_f64()), (Some(1), Some(0.01)));
    }

    #[test]
    fn names_that_are_no_groups_are_refused() {
        let mut spikes = spikes();
        spikes.groups[0].name = "a/b".into();
        assert!(spikes.sonata().unwrap_err().to_string().contains("`a/b`"));
        assert!(spikes.nir().is_err());
    }
}
