//! The list of algorithms: what a user writes, and what a run of one hands over.
//!
//! An algorithm enters the simulator by one row of the list in this file (and the `mod` line of its room).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use super::graph::{
    apsp::Apsp, bfs::Bfs, communities::Communities, components::Components, epidemic::Epidemic,
    k_core::KCore, k_hop::KHop, max_flow::MaxFlow, mst::Mst, sssp::Sssp, triangles::Triangles,
};
use super::host::{Backend, Check, Failure, Finding, Host, Progress, Size, Task};
pub use super::optimise::{
    coloring::Coloring, max_cut::MaxCut, mis::Mis, qubo::Qubo, sat::Sat, sudoku::Sudoku,
};
use super::problem::Files;
pub use super::walks::cases::{
    gambler::Gambler, heat::Heat, laplace::Laplace, option::OptionPricing, transport::Transport,
};
pub use super::walks::{pagerank::Pagerank, random_walk::RandomWalk};
use crate::base::Problems;
use crate::network::Activity;

/// Hands the list of all algorithms to the macro `$then`: what each is, its name as a user writes it, its name
/// as a field, and its parameters.
macro_rules! for_each_algorithm {
    ($then:ident) => {
        $then! {
            /// Single-source shortest paths.
            "sssp" sssp: Sssp,
            /// Shortest paths of few edges.
            "k-hop" k_hop: KHop,
            /// Breadth-first search, eccentricity, diameter.
            "bfs" bfs: Bfs,
            /// All-pairs shortest paths.
            "apsp" apsp: Apsp,
            /// Connected components.
            "components" components: Components,
            /// Minimum spanning tree.
            "mst" mst: Mst,
            /// Triangle counting.
            "triangles" triangles: Triangles,
            /// PageRank by random surfers.
            "pagerank" pagerank: Pagerank,
            /// Maximum flow.
            "max-flow" max_flow: MaxFlow,
            /// Core numbers.
            "k-core" k_core: KCore,
            /// Epidemic spread.
            "epidemic" epidemic: Epidemic,
            /// Communities from rasters.
            "communities" communities: Communities,
            /// Random walk on a graph.
            "random-walk" random_walk: RandomWalk,
            /// The gambler's ruin.
            "gambler" gambler: Gambler,
            /// Laplace's equation on a square.
            "laplace" laplace: Laplace,
            /// Heat in a rod.
            "heat" heat: Heat,
            /// Transport of particles through a slab.
            "transport" transport: Transport,
            /// The price of a call option.
            "option" option: OptionPricing,
            /// Quadratic unconstrained binary optimisation.
            "qubo" qubo: Qubo,
            /// Maximum cut.
            "max-cut" max_cut: MaxCut,
            /// Maximum independent set.
            "mis" mis: Mis,
            /// Satisfiability.
            "sat" sat: Sat,
            /// Graph colouring.
            "coloring" coloring: Coloring,
            /// Sudoku.
            "sudoku" sudoku: Sudoku,
        }
    };
}
pub(crate) use for_each_algorithm;

macro_rules! algorithms {
    ($($(#[$doc:meta])* $name:literal $field:ident: $Algorithm:ident,)+) => {
        /// An algorithm with its parameters, written as a map with one key: `sssp: {graph: …, source: 1}`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum Algorithm {
            $($(#[$doc])* #[serde(rename = $name)] $Algorithm($Algorithm),)+
        }

        impl Algorithm {
            /// The names of all algorithms, as a user writes them.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name, as a user writes it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$Algorithm(_) => $name,)+
                }
            }

            /// Checks what can be checked without files and machines.
            ///
            /// # Errors
            /// Every value that is out of range or does not fit another, by its path under the name.
            pub fn validate(&self) -> Result<(), Problems> {
                let checked = match self {
                    $(Self::$Algorithm(task) => task.validate(),)+
                };
                checked.map_err(|problems| problems.under(self.name()))
            }

            fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
                match self {
                    $(Self::$Algorithm(task) => task.solve(host),)+
                }
            }
        }
    };
}

for_each_algorithm!(algorithms);

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct AlgorithmOutcome {
    /// Name of the algorithm.
    pub algorithm: &'static str,
    /// What it computed.
    pub result: Map<String, Value>,
    /// The comparison with a classical method, if one was asked for.
    pub check: Option<Check>,
    /// Whether spikes that came late changed the result: `Some(false)` if none did or the result proves
    /// itself right, `Some(true)` if the result is shown to be wrong, `None` if it cannot be told.
    pub is_affected: Option<bool>,
    /// Whether the run went to its end.
    pub is_complete: bool,
    /// What the machines did.
    pub activity: Activity,
    /// What the problem and its networks amount to.
    pub size: Size,
}

impl AlgorithmOutcome {
    fn new(algorithm: &'static str, finding: Finding, activity: Activity, size: Size) -> Self {
        let is_affected = match (activity.late, finding.certified) {
            (0, _) => Some(false),
            (_, certified) => certified.map(|certified| !certified),
        };
        Self {
            algorithm,
            result: finding.result,
            check: finding.check,
            is_affected,
            is_complete: !finding.is_partial,
            activity,
            size,
        }
    }

    /// Adds time [s] and energy [J] to every point of the curve of best values, and to what was spent up to each gap;
    /// `spent` tells them of so many steps from the start.
    pub fn price(&mut self, spent: impl Fn(u64) -> Option<(f64, f64)>) {
        let price = |point: &mut Value| {
            let steps = point.get("steps").and_then(Value::as_u64);
            if let Some((seconds, joules)) = steps.and_then(&spent) {
                (point["seconds"], point["joules"]) = (seconds.into(), joules.into());
            }
        };
        if let Some(Value::Array(points)) = self.result.get_mut("best_so_far") {
            points.iter_mut().for_each(price);
        }
        if let Some(Value::Object(gaps)) = self.result.get_mut("to_gap") {
            gaps.values_mut().for_each(price);
        }
    }

    /// The `result` of a report: what was computed, whether it is right, and how the work grows with the
    /// problem.
    pub fn to_json(&self) -> Value {
        let mut fields = self.result.clone();
        fields.insert("algorithm".into(), self.algorithm.into());
        if let Some(Check { against, passed, detail }) = &self.check {
            let check = json!({"against": against, "passed": passed, "detail": detail});
            fields.insert("check".into(), check);
        }
        let Activity { late, host_round_trips, .. } = self.activity;
        let timing = json!({"late_spikes": late, "result_affected": self.is_affected});
        fields.insert("timing".into(), timing);
        fields.insert("host_round_trips".into(), host_round_trips.into());
        fields.insert("scaling".into(), self.scaling());
        Value::Object(fields)
    }

    /// Counts beside the size of the problem, for plots of one against the other.
    fn scaling(&self) -> Value {
        let Size { vertices, edges, neurons, synapses, networks } = self.size;
        let Activity { steps, spikes, synaptic_events, updates, .. } = self.activity;
        let per = |count: u64, of: u64| (of > 0).then(|| count as f64 / of as f64);
        json!({
            "vertices": vertices,
            "edges": edges,
            "neurons": neurons,
            "synapses": synapses,
            "networks": networks,
            "steps": steps,
            "spikes": spikes,
            "synaptic_events": synaptic_events,
            "neuron_updates": updates,
            "spikes_per_vertex": per(spikes, vertices),
            "events_per_edge": per(synaptic_events, edges),
        })
    }
}

impl Algorithm {
    /// Runs the algorithm on machines of `backend`. `files` gives the files that it names, `seed` keys its
    /// generators, and `watch` is told of the progress and may end the run by answering `false`: the outcome is
    /// then incomplete and unchecked, with what is known by that time of distances and best solutions. Also
    /// gives the last machine, for what only a chip can tell.
    ///
    /// # Errors
    /// See [`Failure`]; problems are at paths under the name of the algorithm.
    pub fn run<B: Backend>(
        &self,
        backend: &mut B,
        files: Files<'_>,
        seed: u64,
        watch: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<(AlgorithmOutcome, Option<B::Machine>), Failure> {
        self.validate()?;
        let mut host = Host::new(backend, files, seed, watch);
        let mut finding = match self.solve(&mut host) {
            Ok(finding) => finding,
            Err(Failure::Refused(problems)) => return Err(Failure::Refused(problems.under(self.name()))),
            Err(Failure::Cancelled) => Finding::default(),
            Err(halted) => return Err(halted),
        };
        if host.is_cancelled() {
            // What is known by now need not be right.
            finding = Finding { result: finding.result, is_partial: true, ..Finding::default() };
        }
        let (activity, size) = (host.activity(), host.size);
        Ok((AlgorithmOutcome::new(self.name(), finding, activity, size), host.into_machine()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;

    use super::*;
    use crate::base::NeuronId;
    use crate::network::{Bench, Halt, Machine, Net};
    use crate::workload::trial::Benches;

    fn parse(yaml: &str) -> Algorithm {
        let value: Value = serde_yaml::from_str(yaml).unwrap();
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
    }

    fn run<B: Backend>(backend: &mut B, yaml: &str) -> AlgorithmOutcome {
        let files = |path: &std::path::Path| Err(io::Error::other(path.display().to_string()));
        parse(yaml).run(backend, &files, 1, &mut |_| true).unwrap_or_else(|it| panic!("{it}")).0
    }

    const PATHS: &str = "sssp: {graph: {edges: [[1, 2, 4], [2, 3, 2], [1, 3, 7]]}, source: 1}";

    #[test]
    fn a_report_says_what_was_found_and_what_it_took() {
        let report = run(&mut Benches(1), PATHS).to_json();
        assert_eq!(report["distances"], json!({"1": 0, "2": 4, "3": 6}));
        assert_eq!(report["parents"]["3"], 2);
        assert_eq!(
            (&report["check"]["passed"], &report["timing"]["result_affected"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&report["scaling"]["spikes"], &report["scaling"]["synaptic_events"]),
            (&json!(3), &json!(4))
        );
    }

    #[test]
    fn every_algorithm_reads_back_and_refuses_unknown_fields() {
        for name in Algorithm::NAMES {
            let yaml = format!("{name}: {{colour: red}}");
            let value: Value = serde_yaml::from_str(&yaml).unwrap();
            assert!(serde_json::from_value::<Algorithm>(value).is_err(), "{name}");
        }
        let schema = schemars::schema_for!(Algorithm).to_value();
        assert_eq!(schema["oneOf"].as_array().map_or(0, Vec::len), Algorithm::NAMES.len());
        let again: Algorithm = serde_json::from_value(serde_json::to_value(parse(PATHS)).unwrap()).unwrap();
        assert_eq!(again, parse(PATHS));
    }

    #[test]
    fn problems_are_at_paths_under_the_name() {
        let files = |_: &std::path::Path| Err(io::Error::other("none"));
        for (yaml, path) in [
            ("sssp: {graph: {}, source: 1}", "sssp.graph"),
            ("sssp: {graph: {file: x}, source: 1}", "sssp.graph.file"),
            ("sat: {generate: {variables: 5, clauses: 3, width: 9}}", "sat.generate.width"),
        ] {
            match parse(yaml).run(&mut Benches(1), &files, 1, &mut |_| true) {
                Err(Failure::Refused(problems)) => assert_eq!(problems.0[0].path, path),
                other => panic!("{other:?}"),
            }
        }
        let outcome = parse(PATHS).run(&mut Benches(1), &files, 1, &mut |_| false);
        let (outcome, machine) = outcome.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(!outcome.is_complete && outcome.check.is_none() && machine.is_some());
        assert_eq!((outcome.activity.steps, &outcome.result["reached"]), (1, &json!(0)));
    }

    /// A bench whose first spikes of some neurons are a step late, as in a congested network.
    struct Tardy {
        bench: Bench,
        slow: NeuronId,
        late: u64,
        fired: VecDeque<NeuronId>,
        seen: Vec<NeuronId>,
    }

    impl Machine for Tardy {
        fn next_step(&self) -> u64 {
            self.bench.next_step()
        }
        fn poke(&mut self, neuron: NeuronId, weight: f64) {
            self.bench.poke(neuron, weight);
        }
        fn step(&mut self) -> Result<(), Halt> {
            self.bench.step()?;
            self.seen = self.fired.drain(..).collect();
            for &neuron in self.bench.fired() {
                if neuron == self.slow {
                    self.fired.push_back(neuron);
                    self.late += 1;
                } else {
                    self.seen.push(neuron);
                }
            }
            Ok(())
        }
        fn fired(&self) -> &[NeuronId] {
            &self.seen
        }
        fn values(&self) -> &[f64] {
            self.bench.values()
        }
        fn read(&mut self, neuron: NeuronId, variable: usize) -> Option<f64> {
            self.bench.read(neuron, variable)
        }
        fn write(&mut self, neuron: NeuronId, variable: usize, value: f64) -> bool {
            self.bench.write(neuron, variable, value)
        }
        fn set_weight(&mut self, index: usize, weight: f64) {
            self.bench.set_weight(index, weight);
        }
        fn reset(&mut self) {
            self.bench.reset();
        }
        fn activity(&self) -> Activity {
            Activity { late: self.late, ..self.bench.activity() }
        }
        fn is_quiet(&self) -> bool {
            self.bench.is_quiet() && self.fired.is_empty()
        }
    }

    struct Tardies(u32);

    impl Backend for Tardies {
        type Machine = Tardy;

        fn machine(&mut self, net: Net) -> Result<Tardy, Problems> {
            let bench = Bench::new(net, 1)?;
            Ok(Tardy { bench, slow: NeuronId(self.0), late: 0, fired: VecDeque::new(), seen: Vec::new() })
        }
    }

    #[test]
    fn late_spikes_are_counted_and_their_effect_is_told() {
        let outcome = run(&mut Tardies(1), PATHS);
        assert_eq!((outcome.activity.late, outcome.is_affected), (1, Some(true)));
        assert!(!outcome.check.unwrap().passed);
    }
}
