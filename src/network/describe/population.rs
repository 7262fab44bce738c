//! Populations as parts: neurons of one model whose parameters differ.

use super::compile::{Files, read};
use super::lists;
use super::params::{PartParams, PopulationParams};
use crate::base::Problems;
use crate::network::Part;
use crate::neuron::NeuronModel;
use crate::neuron::source_list::SourceList;

impl PopulationParams {
    /// The population's parts, with what files say of them.
    pub(super) fn read_parts(&self, files: Files<'_>) -> Result<Vec<Part>, Problems> {
        let parts = self.parts()?;
        let (Some(file), NeuronModel::SourceList(model)) = (&self.trains, &self.model) else {
            return Ok(parts);
        };
        let trains = read((files, file), |file, input| lists::trains(file, input, self.neurons));
        let trains = trains.map_err(|problems| problems.under("trains"))?;
        let part = |run: &[SourceList]| Part {
            model: NeuronModel::SourceList(SourceList { repeat: model.repeat, ..run[0].clone() }),
            count: run.len() as u32,
        };
        Ok(trains.chunk_by(|a, b| a == b).map(part).collect())
    }

    fn check_trains(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if self.trains.is_some() {
            let (is_list, is_empty) = match &self.model {
                NeuronModel::SourceList(model) => (true, model.steps.is_empty()),
                _ => (false, true),
            };
            problems.require(is_list, "trains", || {
                format!("a file of spike trains is for `source-list`; the model is `{}`", self.model.name())
            });
            problems.require(is_empty, "trains", || "the model lists `steps` already".into());
            let is_plain = self.parts.is_empty() && self.values.is_empty();
            problems.require(is_plain, "trains", || "spike trains do not go with `parts` or `values`".into());
        }
        problems.into_result(())
    }

    /// The population's parts.
    pub(super) fn parts(&self) -> Result<Vec<Part>, Problems> {
        self.check_trains()?;
        self.check_dendrites()?;
        if !self.values.is_empty() {
            let mut problems = Problems::new();
            problems.require(self.parts.is_empty(), "values", || {
                "parameters by neuron do not go with `parts`".into()
            });
            let split = problems.absorb("values", self.model.with_columns(self.neurons, &self.values));
            let parts = split.unwrap_or_default().into_iter().map(|(model, count)| Part { model, count });
            return problems.into_result(parts.collect());
        }
        let mut problems = Problems::new();
        for (i, part) in self.parts.iter().enumerate() {
            let [first, last] = part.neurons;
            let path = format!("parts[{i}].neurons");
            problems.require(first <= last && last < self.neurons, &path, || {
                format!(
                    "the population has neurons 0 to {}; found {first} to {last}",
                    i64::from(self.neurons) - 1
                )
            });
            let same = part.model.name() == self.model.name();
            problems.require(same, &format!("parts[{i}].model"), || {
                format!(
                    "a population has one model, here `{}`; found `{}`",
                    self.model.name(),
                    part.model.name()
                )
            });
        }
        problems.into_result(())?;
        if self.parts.is_empty() {
            return Ok(vec![Part { model: self.model.clone(), count: self.neurons }]);
        }
        let model = |part: Option<usize>| part.map_or(&self.model, |i| &self.parts[i].model).clone();
        let owners = self.owners();
        let runs = owners.chunk_by(|a, b| a == b);
        Ok(runs.map(|run| Part { model: model(run[0]), count: run.len() as u32 }).collect())
    }

    /// By neuron: the last of the parts that has it.
    pub(super) fn owners(&self) -> Vec<Option<usize>> {
        let mut owners = vec![None; self.neurons as usize];
        for (i, PartParams { neurons: [first, last], .. }) in self.parts.iter().enumerate() {
            let own = owners.iter_mut().take(*last as usize + 1).skip(*first as usize);
            own.for_each(|own| *own = Some(i));
        }
        owners
    }
}
