//! From edges to projections, and to the tables that these name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::assemble::Assembler;
use super::edges::{Edge, Hyperedge, Shape};
use crate::base::Problem;
use crate::network::describe::{Delays, Pattern, ProjectionParams, Weights};
use crate::neuron::Dendrite;

/// Tables: name and content.
type Tables = Vec<(String, String)>;

/// Most edges that are told of.
const MOST: usize = 20;

impl Assembler<'_> {
    /// Projections in the order of the file; single edges as tables, one for each pair of groups.
    pub(super) fn projections(&mut self) -> (Vec<ProjectionParams>, Tables) {
        self.check_taps();
        let (mut projections, mut tables) = (Vec::new(), Vec::new());
        for edge in &self.snn.edges {
            if let Edge::Hyper(edge) = edge {
                projections.push(self.hyperedge(edge, &mut tables));
            }
        }
        for (groups, table) in self.singles() {
            let file = format!("edges-{}-{}.csv", groups.0, groups.1);
            tables.push((file.clone(), table));
            projections.push(self.projection(groups, Pattern::List { file }, Weights::default()));
        }
        (projections, tables)
    }

    fn projection(&self, (from, to): (usize, usize), pattern: Pattern, weights: Weights) -> ProjectionParams {
        ProjectionParams {
            from: self.snn.groups[from].name.clone(),
            to: self.snn.groups[to].name.clone(),
            pattern,
            weights,
            delays: Delays::default(),
            channel: 0,
            tap: 0,
            plasticity: None,
            procedural: false,
        }
    }

    fn hyperedge(&self, edge: &Hyperedge, tables: &mut Tables) -> ProjectionParams {
        let (groups, tap) = ((edge.from, edge.to), edge.common_tap());
        let (kind, pattern) = match &edge.shape {
            Shape::Dense => ("dense", Some(Pattern::AllToAll { itself: true })),
            Shape::Sparse(_) => ("sparse", None),
            Shape::Convolution(shape) => ("conv2d", Some(Pattern::Convolution(*shape))),
        };
        if let (Some(tap), Some(pattern)) = (tap, pattern) {
            let all = self.projection(groups, pattern, Weights::Values(edge.weights.clone()));
            return ProjectionParams { tap, ..all };
        }
        let file = format!("{kind}-{}.csv", tables.len());
        let mut table = header(tap.is_none());
        edge.each(self.sizes(edge), |source, target, at| {
            let tap = tap.is_none().then(|| edge.taps[at]);
            row(&mut table, [source, target], edge.weights[at], tap);
        });
        tables.push((file.clone(), table));
        let all = self.projection(groups, Pattern::List { file }, Weights::default());
        ProjectionParams { tap: tap.unwrap_or(0), ..all }
    }

    /// Neurons of the two groups of an edge.
    fn sizes(&self, edge: &Hyperedge) -> [u32; 2] {
        [edge.from, edge.to].map(|group| self.snn.groups[group].neurons.len() as u32)
    }

    /// A table for each pair of groups: the order among them does not matter, within one it is kept.
    fn singles(&self) -> BTreeMap<(usize, usize), String> {
        let edges = || {
            self.snn.edges.iter().filter_map(|edge| match *edge {
                Edge::Single { from, to, weight, tap } => Some(((from.0, to.0), [from.1, to.1], weight, tap)),
                Edge::Hyper(_) => None,
            })
        };
        let far: BTreeSet<_> = edges().filter(|edge| edge.3 > 0).map(|edge| edge.0).collect();
        let mut singles = BTreeMap::new();
        for (groups, ends, weight, tap) in edges() {
            let has_taps = far.contains(&groups);
            let table = singles.entry(groups).or_insert_with(|| header(has_taps));
            row(table, ends, weight, has_taps.then_some(tap));
        }
        singles
    }

    /// Refuses taps that dendrites do not have.
    fn check_taps(&mut self) {
        let taps = |group: usize, neuron: u32| {
            let neuron = self.neurons[group].get(neuron as usize)?.as_ref()?;
            Some(neuron.dendrite.as_ref().map_or(1, Dendrite::taps))
        };
        let mut wrong = Vec::new();
        let mut check = |group: usize, neuron: u32, tap: u8| {
            if let Some(taps) =
                taps(group, neuron).filter(|&taps| usize::from(tap) >= taps && wrong.len() < MOST)
            {
                let name = &self.snn.groups[group].name;
                let message = format!("there is no tap {tap} at the dendrite of `{name}.{neuron}`");
                let allowed = format!("0 to {}", taps - 1);
                wrong.push(Problem::new("net.network.edges", message).allowed(allowed));
            }
        };
        for edge in &self.snn.edges {
            match edge {
                Edge::Single { to, tap: tap @ 1.., .. } => check(to.0, to.1, *tap),
                Edge::Hyper(edge) if edge.common_tap() != Some(0) => {
                    edge.each(self.sizes(edge), |_, target, at| check(edge.to, target, edge.taps[at]));
                }
                _ => {}
            }
        }
        self.problems.0.extend(wrong);
    }
}

fn header(has_taps: bool) -> String {
    format!("source,target,weight{}\n", if has_taps { ",tap" } else { "" })
}

fn row(table: &mut String, [source, target]: [u32; 2], weight: f64, tap: Option<u8>) {
    // Writing to a string cannot fail.
    _ = write!(table, "{source},{target},{weight:?}");
    if let Some(tap) = tap {
        _ = write!(table, ",{tap}");
    }
    table.push('\n');
}
