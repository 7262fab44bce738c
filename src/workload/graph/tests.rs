//! Every algorithm against the golden cases, which come from NetworkX and brute force, and what they refuse.

use serde_json::{Value, json};

use super::apsp::Apsp;
use super::bfs::Bfs;
use super::communities::Communities;
use super::components::Components;
use super::epidemic::Epidemic;
use super::k_core::KCore;
use super::k_hop::KHop;
use super::max_flow::MaxFlow;
use super::mst::Mst;
use super::sssp::Sssp;
use super::triangles::Triangles;
use crate::workload::host::Failure;
use crate::workload::trial::{attempt, by_number, golden, run};

fn graph(case: &Value, directed: bool, vertices: u64) -> String {
    format!("{{edges: {}, directed: {directed}, vertices: {vertices}, first_vertex: 0}}", case["edges"])
}

#[test]
fn shortest_paths_spikes_and_events_are_the_golden_ones() {
    let golden = golden("graph.json");
    let case = &golden["sssp"];
    let graph = graph(case, true, 16);
    let (finding, activity) = run::<Sssp>(&format!("{{graph: {graph}, source: 0}}"), 1);
    assert_eq!(json!(by_number(&finding.result["distances"])), case["expected_first_spike_step"]);
    assert_eq!((activity.spikes, activity.synaptic_events), (15, 39));
    assert_eq!(finding.certified, Some(true));
    for (vertex, tight) in case["tight_predecessors"].as_object().unwrap() {
        let parent = &finding.result["parents"][vertex];
        assert!(tight.as_array().unwrap().contains(parent), "{vertex}: {parent} is not in {tight}");
    }
    // Relays change neither distances nor parents.
    for longest in [1, 2, 3, 4, 7] {
        let yaml = format!("{{graph: {graph}, source: 0, max_delay: {longest}}}");
        let (relayed, _) = run::<Sssp>(&yaml, 1);
        for field in ["distances", "parents"] {
            assert_eq!(relayed.result[field], finding.result[field], "longest delay {longest}");
        }
        assert!(relayed.result["relays"].as_u64() > Some(0));
    }
}

#[test]
fn paths_of_few_edges_are_the_golden_ones() {
    let golden = golden("graph.json");
    let graph = graph(&golden["sssp"], true, 16);
    for (hops, expected) in golden["khop_sssp"]["dist_by_k"].as_object().unwrap() {
        for longest in [50, 4] {
            let yaml = format!("{{graph: {graph}, source: 0, hops: {hops}, max_delay: {longest}}}");
            let (finding, _) = run::<KHop>(&yaml, 1);
            assert_eq!(&json!(by_number(&finding.result["distances"])), expected, "{hops} hops");
        }
    }
}

#[test]
fn levels_and_eccentricity_are_the_golden_ones() {
    let golden = golden("graph.json");
    let graph = graph(&golden["bfs_karate"], false, 34);
    let (finding, activity) = run::<Bfs>(&format!("{{graph: {graph}, source: 0}}"), 1);
    assert_eq!(json!(by_number(&finding.result["levels"])), golden["bfs_karate"]["levels"]);
    assert_eq!(json!(activity.synaptic_events), golden["bfs_karate"]["syn_events"]);
    let (finding, activity) = run::<Bfs>(&format!("{{graph: {graph}, source: 0, diameter: true}}"), 1);
    let case = &golden["eccentricity_karate"];
    assert_eq!(finding.result["eccentricity"], case["ecc"]);
    assert_eq!(finding.result["diameter"], case["diameter"]);
    assert_eq!(finding.result["farthest"], case["n_last"]);
    assert_eq!(activity.host_round_trips, 34, "a reset before each further search");
}

#[test]
fn all_pairs_are_the_golden_ones() {
    let golden = golden("graph.json");
    let graph = graph(&golden["sssp"], true, 16);
    let (finding, _) = run::<Apsp>(&format!("{{graph: {graph}}}"), 1);
    let found = finding.result["distances"].to_string().replace("null", "-1");
    assert_eq!(found, golden["apsp"]["matrix"].to_string());
}

#[test]
fn components_are_the_golden_ones() {
    let golden = golden("graph.json");
    let case = &golden["connected_components"];
    let graph = graph(case, false, 20);
    let (finding, activity) = run::<Components>(&format!("{{graph: {graph}}}"), 1);
    assert_eq!(json!(by_number(&finding.result["labels"])), case["labels"]);
    assert_eq!(finding.result["components"], case["n_components"]);
    assert_eq!(json!(activity.synaptic_events), case["syn_events"]);
    assert_eq!(activity.steps, 400);
    let (waited, activity) = run::<Components>(&format!("{{graph: {graph}, waits: true}}"), 1);
    assert_eq!(waited.result, finding.result);
    assert!(activity.steps < 100, "{}", activity.steps);
}

#[test]
fn the_spanning_tree_grows_in_the_golden_order() {
    let golden = golden("graph.json");
    let case = &golden["mst_prim_race"];
    let (finding, _) = run::<Mst>(&format!("{{graph: {}}}", graph(case, false, 12)), 1);
    let sorted = |edges: &Value| -> Vec<(u64, u64, u64)> {
        let number = |edge: &Value, i: usize| edge[i].as_u64().unwrap();
        let ordered = |edge: &Value| {
            let (a, b) = (number(edge, 0), number(edge, 1));
            (a.min(b), a.max(b), number(edge, 2))
        };
        edges.as_array().unwrap().iter().map(ordered).collect()
    };
    assert_eq!(sorted(&finding.result["edges"]), sorted(&case["order"]));
    assert_eq!(finding.result["weight"], case["total_weight"]);
    assert_eq!(finding.result["race_steps"], case["steps_if_race_restarts"]);
    let forest =
        "{graph: {edges: [[0, 1, 3], [1, 2, 3], [0, 2, 3], [3, 4, 1]], directed: false, vertices: 6}}";
    let (finding, _) = run::<Mst>(forest, 1);
    assert_eq!((&finding.result["weight"], &finding.result["trees"]), (&json!(7), &json!(3)));
}

#[test]
fn triangles_neurons_and_events_are_the_golden_ones() {
    let golden = golden("graph.json");
    let case = &golden["triangles_karate"];
    let yaml = format!("{{graph: {}}}", graph(&golden["bfs_karate"], false, 34));
    let (finding, activity) = run::<Triangles>(&yaml, 1);
    assert_eq!(json!(by_number(&finding.result["per_vertex"])), case["per_node"]);
    assert_eq!(finding.result["triangles"], case["total"]);
    assert_eq!(json!(activity.synaptic_events), case["syn_events"]);
}

#[test]
fn the_flow_and_its_augmentations_are_the_golden_ones() {
    let golden = golden("graph.json");
    let case = &golden["maxflow"];
    let yaml = format!("{{graph: {}, source: 0, sink: 9}}", graph(case, true, 10));
    let (finding, activity) = run::<MaxFlow>(&yaml, 1);
    assert_eq!(finding.result["value"], case["value"]);
    assert_eq!(finding.result["augmentations"], case["augmentations"]);
    assert_eq!(finding.certified, Some(true));
    assert!(activity.host_round_trips >= 8, "resets and rewritten weights");
}

#[test]
fn cores_are_the_golden_ones() {
    let golden = golden("graph.json");
    let graph = graph(&golden["bfs_karate"], false, 34);
    let (finding, activity) = run::<KCore>(&format!("{{graph: {graph}}}"), 1);
    let expected = &golden["kcore_karate"]["core_number"];
    assert_eq!(&json!(by_number(&finding.result["core_numbers"])), expected);
    assert_eq!(activity.spikes, 34);
    for k in 1..=5 {
        let (finding, _) = run::<KCore>(&format!("{{graph: {graph}, k: {k}}}"), 1);
        let inside: Vec<usize> = (0..34).filter(|&it| expected[it].as_u64().unwrap() >= k).collect();
        assert_eq!(finding.result["core"], json!(inside), "the {k}-core");
    }
}

#[test]
fn outbreaks_have_the_exact_distribution_of_percolation() {
    const RUNS: f64 = 4000.0;
    let golden = golden("graph.json");
    let case = &golden["sir_exact"];
    let graph = graph(case, false, 6);
    let yaml = format!("{{graph: {graph}, sources: [0], transmission: 0.4, runs: {RUNS}}}");
    let (finding, _) = run::<Epidemic>(&yaml, 3);
    let within = |found: &Value, expected: &Value, what: &str| {
        let (p, q) = (expected.as_f64().unwrap(), found.as_f64().unwrap_or(0.0));
        // Three and a half standard deviations, over a dozen comparisons.
        let tolerance = 3.5 * (p * (1.0 - p).max(0.0) / RUNS).sqrt() + 1e-12;
        assert!((p - q).abs() <= tolerance, "{what}: {q} instead of {p} ± {tolerance}");
    };
    for (size, expected) in case["final_size_prob"].as_object().unwrap() {
        within(&finding.result["final_size_distribution"][size], expected, size);
    }
    for (person, expected) in (0..).zip(case["node_infection_prob"].as_array().unwrap()) {
        let found = &finding.result["infection_probability"][&format!("{person}")];
        within(found, expected, &format!("person {person}"));
    }
}

#[test]
fn a_certain_infection_is_a_breadth_first_search() {
    let golden = golden("graph.json");
    let graph = graph(&golden["bfs_karate"], false, 34);
    let (finding, _) = run::<Epidemic>(&format!("{{graph: {graph}, sources: [0], transmission: 1}}"), 3);
    let times = &finding.result["first_outbreak"]["infectious_from"];
    assert_eq!(json!(by_number(times)), golden["bfs_karate"]["levels"]);
    // Latency stretches time, immunity and distance stop it.
    let with = |more: &str| {
        run::<Epidemic>(&format!("{{graph: {graph}, sources: [0], transmission: 1, {more}}}"), 3).0.result
    };
    let late = with("latent: 2, infectious: 3");
    let levels: Vec<u64> = golden["bfs_karate"]["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| 2 + 3 * it.as_u64().unwrap())
        .collect();
    assert_eq!(json!(by_number(&late["first_outbreak"]["infectious_from"])), json!(levels));
    assert_eq!(with("vaccination: {share: 1}")["final_size"]["mean"], 0.0);
    assert_eq!(with("distancing: {from: 1, factor: 0}")["final_size"]["mean"], 17.0, "0 and its neighbours");
    assert_eq!(with("infectious: 0, max_steps: 20")["outbreaks_cut_off"], 1);
}

#[test]
fn communities_are_the_golden_ones() {
    let golden = golden("graph.json");
    let case = &golden["raster_communities"];
    let (finding, activity) = run::<Communities>(&format!("{{graph: {}}}", graph(case, false, 24)), 1);
    assert_eq!(json!(by_number(&finding.result["labels"])), case["labels"]);
    let cells = case["raster"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(json!(cells.filter(|&cell| cell == 1).count()), finding.result["raster_spikes"]);
    assert_eq!(activity.steps, 25);
}

#[test]
fn lengths_between_steps_are_rounded_and_the_error_is_stated() {
    let yaml = "{graph: {edges: [[0, 1, 0.26], [1, 2, 0.5]]}, source: 0, resolution: 0.25}";
    let (finding, _) = run::<Sssp>(yaml, 1);
    assert_eq!(by_number(&finding.result["distances"]), [json!(0), json!(0.25), json!(0.75)]);
    let worst = finding.result["quantisation"]["worst_relative_error"].as_f64().unwrap();
    assert!((worst - 0.04 / 1.04).abs() < 1e-12, "{worst}");
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let refused = |outcome: Result<_, Failure>| match outcome {
        Err(Failure::Refused(problems)) => problems.to_string(),
        other => panic!("{other:?}"),
    };
    let check = |found: String, expected: &str| assert!(found.contains(expected), "{found}");
    let sssp = |yaml| refused(attempt::<Sssp>(yaml, 1));
    check(sssp("{graph: {edges: [[0, 1, -3]]}, source: 0}"), "graph: the edge from 0 to 1 has the weight -3");
    check(sssp("{graph: {edges: [[0, 1, 0]]}, source: 0}"), "has the weight 0");
    check(
        sssp("{graph: {edges: [[1, 2]]}, source: 7}"),
        "source: there is no vertex `7`; allowed: the graph's 2",
    );
    check(sssp("{graph: {edges: []}, source: 0}"), "graph: the graph has no vertices");
    check(sssp("{graph: {}, source: 0, resolution: 0, max_delay: 0}"), "resolution");
    check(sssp("{graph: {file: x.gr}, source: 0}"), "graph.file: `x.gr` cannot be read");
    check(sssp("{graph: {edges: [[0]]}, source: 0}"), "graph.edges[0]: this is no edge");
    let flow = "{graph: {edges: [[0, 1, -1]]}, source: 0, sink: 1}";
    check(refused(attempt::<MaxFlow>(flow, 1)), "has the capacity -1");
    let absent = "{graph: {edges: [[0, 1, 1]]}, source: 8, sink: 9}";
    for expected in ["source: there is no vertex `8`", "sink: there is no vertex `9`"] {
        check(refused(attempt::<MaxFlow>(absent, 1)), expected);
    }
    let loops = "{graph: {edges: [[0, 0], [0, 1], [1, 0], [2, 2]], directed: false}}";
    let (finding, _) = run::<Triangles>(loops, 1);
    assert_eq!(finding.result["graph"]["self_loops_removed"], 2);
    assert_eq!(finding.result["graph"]["parallel_edges_merged"], 1);
}
