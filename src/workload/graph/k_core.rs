//! k-cores: vertices that lose too many neighbours fall silent one after the other.
//!
//! A neuron per vertex fires once, when k plus the number of neighbours that have fired exceeds its degree
//! plus ½, that is, when fewer than k neighbours are left; its spike tells the neighbours. Those that never
//! fire are the k-core. The host raises k by poking every vertex with 1 and waits for silence: whoever fires
//! in round k has core number k − 1. Potentials are kept, since cores are nested.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::yes;
use super::wave::{STEP, unit};
use crate::base::Problems;
use crate::network::{Machine, NetBuilder, Part};
use crate::neuron::step::Step;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, Graph, GraphInput, Merge};

/// Core numbers; with `k` only the k-core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KCore {
    /// The graph; weights and directions are ignored, as are self-loops and parallel edges.
    pub graph: GraphInput,
    /// The core to find. Default: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub k: Option<u32>,
    /// Whether the result is compared with that of peeling.
    #[serde(default = "yes")]
    pub check: bool,
}

impl Task for KCore {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.require(self.k != Some(0), "k", || "every vertex is in the 0-core".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        let arcs = graph.arcs();
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let mut net = NetBuilder::new(STEP);
        let fragile = |vertex: u32| Part {
            model: Step { threshold: f64::from(arcs.degree(vertex)) + 0.5, oneshot: true, ..Step::default() }
                .into(),
            count: 1,
        };
        let vertices = net.parts("vertices", (0..graph.vertices).map(fragile).collect());
        arcs.iter().for_each(|arc| net.connect(vertices.at(arc.from), unit(vertices.at(arc.to), 1)));
        host.load(net.build()?)?;
        let mut core: Vec<Option<u32>> = vec![None; graph.vertices as usize];
        let mut left = graph.vertices;
        let rounds = self.k.map_or(1.., |k| k..);
        for k in rounds {
            let raise = if k == self.k.unwrap_or(1) { k } else { 1 };
            vertices.iter().for_each(|neuron| host.poke(neuron, raise.into()));
            while !host.machine().is_quiet() {
                host.step()?;
                let fired: Vec<u32> =
                    host.machine().fired().iter().filter_map(|&neuron| vertices.position(neuron)).collect();
                fired.iter().for_each(|&vertex| core[vertex as usize] = Some(k - 1));
                left -= fired.len() as u32;
            }
            if left == 0 || self.k.is_some() {
                break;
            }
        }
        Ok(self.report(&graph, &arcs, &core))
    }
}

impl KCore {
    /// Says who fired in which round, and whether peeling agrees.
    fn report(&self, graph: &Graph, arcs: &Arcs, core: &[Option<u32>]) -> Finding {
        let expected = self.check.then(|| peel(arcs));
        let mut finding;
        let wrong;
        if let Some(k) = self.k {
            let inside = |vertex: &u32| core[*vertex as usize].is_none();
            let members: Vec<_> =
                (0..graph.vertices).filter(inside).map(|vertex| graph.name_json(vertex)).collect();
            finding = Finding::new(json!({"graph": graph.describe(), "k": k, "core": members}));
            wrong = expected.map(|expected| {
                (0..graph.vertices).filter(|&it| inside(&it) != (expected[it as usize] >= k)).count()
            });
        } else {
            let number = |vertex: u32| core[vertex as usize].unwrap_or(0);
            let largest = (0..graph.vertices).map(number).max();
            finding = Finding::new(json!({
                "graph": graph.describe(),
                "core_numbers": graph.by_name(number),
                "largest_core": largest,
            }));
            wrong = expected.map(|expected| {
                (0..graph.vertices).filter(|&vertex| number(vertex) != expected[vertex as usize]).count()
            });
        }
        finding.certified = wrong.map(|wrong| wrong == 0);
        finding.check = wrong.map(|wrong| Check {
            against: "peeling by least degree",
            passed: wrong == 0,
            detail: format!("{wrong} of {} vertices differ", graph.vertices),
        });
        finding
    }
}

/// Core numbers by removing a vertex of least degree again and again (Matula & Beck 1983).
fn peel(arcs: &Arcs) -> Vec<u32> {
    let count = arcs.vertices();
    let mut degree: Vec<u32> = (0..count).map(|vertex| arcs.degree(vertex)).collect();
    let mut core = vec![0; count as usize];
    let mut queue: std::collections::BTreeSet<(u32, u32)> =
        (0..count).map(|vertex| (degree[vertex as usize], vertex)).collect();
    let mut k = 0;
    while let Some((least, vertex)) = queue.pop_first() {
        k = k.max(least);
        core[vertex as usize] = k;
        for (other, _) in arcs.of(vertex) {
            if queue.remove(&(degree[other as usize], other)) {
                degree[other as usize] -= 1;
                queue.insert((degree[other as usize], other));
            }
        }
    }
    core
}
