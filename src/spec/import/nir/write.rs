//! An import as documents: a workload, and a table of connections for each pair of populations.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Imported;
use crate::network::Span;
use crate::network::describe::{
    Delays, NetworkParams, PartParams, Pattern, PopulationParams, ProjectionParams, Weights,
};
use crate::spec::sanafe::text;
use crate::spec::{Probes, WorkloadDoc};

impl Imported {
    /// `workload.yaml` for a run of `steps` steps, and the tables it names: names and texts.
    pub fn documents(&self, steps: u64) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let network = NetworkParams {
            dt: self.net.dt,
            populations: self.net.populations.iter().map(population).collect(),
            projections: self.projections(&mut files),
            relays: false,
            mapping: Vec::new(),
        };
        let spikes = self.net.populations.iter().map(|population| population.name.clone()).collect();
        let workload = WorkloadDoc {
            network: Some(network),
            steps: Some(steps),
            probes: Some(Probes { spikes, ..Probes::default() }),
            ..WorkloadDoc::default()
        };
        let body = text("imported from NIR", &workload);
        files.insert(0, ("workload.yaml".into(), format!("{}{body}", self.heading())));
        files
    }

    /// What was chosen, as a comment.
    fn heading(&self) -> String {
        let scheme = format!("{:?}", self.scheme).to_lowercase();
        let mut text = format!(
            "# Imported from a NIR file (version {}): leaky neurons by the {scheme} scheme in steps of {} s.\n",
            self.version.escape_debug(),
            self.net.dt.0
        );
        for input in &self.inputs {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# Give `{}` a source as its model, or poke it.", input.escape_debug());
        }
        for (population, latency) in self.net.populations.iter().zip(&self.latency) {
            let name = population.name.escape_debug();
            let _ = writeln!(text, "# `{name}` runs {latency} steps behind the input.");
        }
        for (output, shown) in &self.outputs {
            let _ = writeln!(text, "# Output `{}` is `{}`.", output.escape_debug(), shown.escape_debug());
        }
        text
    }

    /// The projections, each with a table among `files`.
    fn projections(&self, files: &mut Vec<(String, String)>) -> Vec<ProjectionParams> {
        let net = &self.net;
        let mut tables: BTreeMap<(usize, usize), String> = BTreeMap::new();
        let of =
            |span: Span| net.populations.iter().position(|population| population.span == span).unwrap_or(0);
        for source in net.populations.iter().flat_map(|population| population.span.iter()) {
            for synapse in net.synapses.of(source) {
                let (Some((from, i)), Some((to, j))) = (net.place(source), net.place(synapse.target)) else {
                    continue;
                };
                let table = tables.entry((of(from.span), of(to.span)));
                let table = table.or_insert_with(|| "source,target,weight,delay\n".to_owned());
                // Writing to a string cannot fail.
                let _ = writeln!(table, "{i},{j},{:?},{}", synapse.weight, synapse.delay);
            }
        }
        let mut projections = Vec::new();
        for ((from, to), table) in tables {
            let file = format!("connections-{}.csv", projections.len());
            let name = |index: usize| net.populations[index].name.clone();
            projections.push(ProjectionParams {
                from: name(from),
                to: name(to),
                pattern: Pattern::List { file: file.clone() },
                weights: Weights::default(),
                delays: Delays::default(),
                channel: 0,
                tap: 0,
                plasticity: None,
                procedural: false,
            });
            files.push((file, table));
        }
        projections
    }
}

fn population(population: &crate::network::Population) -> PopulationParams {
    let mut first = 0;
    let mut parts: Vec<PartParams> = Vec::new();
    for part in &population.parts {
        parts.push(PartParams {
            neurons: [first, first + part.count - 1],
            model: part.model.clone(),
            dendrite: None,
        });
        first += part.count;
    }
    let model = parts.remove(0).model;
    PopulationParams {
        name: population.name.clone(),
        neurons: population.span.len,
        model,
        parts,
        values: BTreeMap::new(),
        trains: None,
        dendrite: None,
    }
}
