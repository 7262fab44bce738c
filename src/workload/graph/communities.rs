//! Communities from rasters: vertices whose neighbourhoods excite the same others belong together.
//!
//! Per vertex a driver and a response neuron; drivers excite the responses of their neighbours. The host
//! drives vertex s and its neighbours; the responses that at least three drivers reach fire one step later:
//! row s of the raster, with s itself counted in. Rows are grouped by their cosine: each vertex that is in
//! no group yet, lowest index first, founds one with all others at least as similar as the threshold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::yes;
use super::wave::{STEP, first_spike, relay, unit};
use crate::base::{Problem, Problems};
use crate::network::{Machine, NetBuilder};
use crate::neuron::step::Step;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, GraphInput, Merge};

/// Communities by the similarity of spike rasters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Communities {
    /// The graph; weights and directions are ignored, as are self-loops and parallel edges.
    pub graph: GraphInput,
    /// A response fires when more than this many of its neighbours are driven.
    #[serde(default = "two_and_a_half")]
    pub threshold: f64,
    /// Least cosine of two rows in one group; 0 to 1.
    #[serde(default = "six_tenths")]
    #[schemars(range(min = 0, max = 1))]
    pub similarity: f64,
    /// Whether the raster is compared with one that is counted.
    #[serde(default = "yes")]
    pub check: bool,
}

fn two_and_a_half() -> f64 {
    2.5
}

fn six_tenths() -> f64 {
    0.6
}

/// Columns of a row, ascending.
type Row = Vec<u32>;

fn cosine(a: &Row, b: &Row) -> f64 {
    let common = a.iter().filter(|column| b.binary_search(column).is_ok()).count() as f64;
    common / ((a.len() * b.len()) as f64).sqrt()
}

impl Communities {
    /// The group of each vertex.
    fn group(&self, raster: &[Row]) -> Vec<u32> {
        let mut labels: Vec<Option<u32>> = vec![None; raster.len()];
        let mut groups = 0;
        for founder in 0..raster.len() {
            if labels[founder].is_some() {
                continue;
            }
            for other in founder..raster.len() {
                if labels[other].is_none() && cosine(&raster[founder], &raster[other]) >= self.similarity {
                    labels[other] = Some(groups);
                }
            }
            groups += 1;
        }
        labels.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// The raster by counting driven neighbours.
    fn counted(&self, arcs: &Arcs) -> Vec<Row> {
        let row = |s: u32| {
            let is_driven = |vertex: u32| vertex == s || arcs.find(s, vertex).is_some();
            let responds = |&vertex: &u32| {
                let driven = arcs.of(vertex).filter(|&(other, _)| is_driven(other)).count();
                vertex == s || driven as f64 > self.threshold
            };
            (0..arcs.vertices()).filter(responds).collect()
        };
        (0..arcs.vertices()).map(row).collect()
    }
}

impl Task for Communities {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        if !(0.0..=1.0).contains(&self.similarity) {
            problems.push(
                Problem::new("similarity", format!("{} is out of range", self.similarity)).allowed("0 to 1"),
            );
        }
        problems.require(self.threshold.is_finite() && self.threshold >= 0.0, "threshold", || {
            format!("{} is out of range", self.threshold)
        });
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        let arcs = graph.arcs();
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let mut net = NetBuilder::new(STEP);
        let drivers = net.population("drivers", relay(), graph.vertices);
        let response = Step { threshold: self.threshold, oneshot: false, memory: 0.0, ..first_spike() };
        let responses = net.population("responses", response, graph.vertices);
        arcs.iter().for_each(|arc| net.connect(drivers.at(arc.from), unit(responses.at(arc.to), 1)));
        host.load(net.build()?)?;
        let mut raster: Vec<Row> = vec![Vec::new(); graph.vertices as usize];
        // The responses to one probe fire while the next is driven.
        for s in 0..=graph.vertices {
            host.share = Some(f64::from(s) / f64::from(graph.vertices));
            if s < graph.vertices {
                host.poke(drivers.at(s), 1.0);
                arcs.of(s).for_each(|(other, _)| host.poke(drivers.at(other), 1.0));
            }
            host.step()?;
            if let Some(row) = s.checked_sub(1) {
                let fired = host.machine().fired().iter();
                let mut columns: Row = fired.filter_map(|&neuron| responses.position(neuron)).collect();
                if let Err(place) = columns.binary_search(&row) {
                    columns.insert(place, row);
                }
                raster[row as usize] = columns;
            }
        }
        let labels = self.group(&raster);
        let groups = labels.iter().max().map_or(0, |last| last + 1);
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "labels": graph.by_name(|vertex| labels[vertex as usize]),
            "communities": groups,
            "raster_spikes": raster.iter().map(Vec::len).sum::<usize>(),
            "modularity": modularity(&arcs, &labels),
        }));
        if self.check {
            let expected = self.counted(&arcs);
            let wrong = expected.iter().zip(&raster).filter(|(a, b)| a != b).count();
            let detail = format!("{wrong} of {} rows differ", raster.len());
            finding.check = Some(Check { against: "counted neighbours", passed: wrong == 0, detail });
            finding.certified = Some(wrong == 0);
        }
        Ok(finding)
    }
}

/// Newman's modularity of a grouping.
fn modularity(arcs: &Arcs, labels: &[u32]) -> f64 {
    let ends = arcs.len() as f64;
    if ends == 0.0 {
        return 0.0;
    }
    let groups = labels.iter().max().map_or(0, |last| last + 1) as usize;
    let mut degrees = vec![0.0; groups];
    (0..arcs.vertices()).for_each(|it| degrees[labels[it as usize] as usize] += f64::from(arcs.degree(it)));
    let same = arcs.iter().filter(|arc| labels[arc.from as usize] == labels[arc.to as usize]).count();
    same as f64 / ends - degrees.iter().map(|degree| (degree / ends).powi(2)).sum::<f64>()
}
