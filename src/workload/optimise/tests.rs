//! Solvers against enumeration and proven optima.
//!
//! The targets of NeuroBench and the formulas of SATLIB are not part of this project: the tests that use
//! them look for `neurobench_mis_small.json` and `uf20-91` in the folder that `SPIKELOOM_NP_DATA` names.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::coloring::Coloring;
use super::max_cut::MaxCut;
use super::mis::Mis;
use super::qubo::Qubo;
use super::sat::Sat;
use super::sudoku::Sudoku;
use crate::workload::host::{Failure, Finding, Host, Task};
use crate::workload::trial::{Benches, attempt, golden, run};

fn foreign(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("SPIKELOOM_NP_DATA").map(|folder| Path::new(&folder).join(name));
    let path = path.filter(|path| path.exists());
    if path.is_none() {
        eprintln!("skipped: SPIKELOOM_NP_DATA names no folder with {name}");
    }
    path
}

#[test]
fn the_golden_form_is_minimised_from_every_seed() {
    let golden = &golden("np.json")["qubo16"];
    for seed in 0..20 {
        let yaml = format!("{{matrix: {}, target: {}}}", golden["Q"], golden["min"]);
        let (finding, _) = run::<Qubo>(&yaml, seed);
        assert_eq!(finding.result["energy"].as_f64(), golden["min"].as_f64(), "seed {seed}");
        let on: Vec<u64> = (0..16).filter(|&i| golden["argmin"][i as usize] == 1).collect();
        assert_eq!(finding.result["on"], serde_json::json!(on));
    }
}

#[test]
fn the_golden_cut_is_found_from_every_seed() {
    let golden = &golden("np.json")["maxcut16"];
    let mut edges = Vec::new();
    for i in 0..16 {
        for j in i + 1..16 {
            let weight = golden["W"][i][j].as_f64().unwrap();
            if weight != 0.0 {
                edges.push(serde_json::json!([i, j, weight]));
            }
        }
    }
    for seed in 0..20 {
        let yaml = format!(
            "{{graph: {{edges: {}, directed: false, vertices: 16, first_vertex: 0}}, target: {}}}",
            serde_json::json!(edges),
            golden["max_cut"]
        );
        let (finding, _) = run::<MaxCut>(&yaml, seed);
        assert_eq!(finding.result["cut"].as_f64(), golden["max_cut"].as_f64(), "seed {seed}");
    }
}

#[test]
fn the_golden_sudoku_is_solved() {
    let golden = &golden("np.json")["sudoku9"];
    let (finding, _) = run::<Sudoku>(&format!("{{puzzle: {}}}", golden["puzzle"]), 1);
    assert_eq!(finding.result["solution"], golden["solution"]);
}

#[test]
fn independent_sets_of_small_graphs_are_the_largest() {
    for seed in 0..6 {
        let graph = format!(
            "{{generate: {{family: {{neurobench: {{vertices: 18, density: 0.25}}}}, seed: {seed}}}}}"
        );
        // Compared with all sets.
        run::<Mis>(
            &format!("{{graph: {graph}, annealing: {{steps: 500, attempts: 3, hot: 1, cold: 0.12}}}}"),
            seed,
        );
    }
}

#[test]
fn graphs_are_coloured_with_few_colours() {
    for (family, colors) in [
        ("grid: {size: [6, 5]}", 2),
        ("complete: {vertices: 5}", 5),
        ("erdos-renyi: {vertices: 40, edges: 70}", 4),
    ] {
        let yaml = format!("{{graph: {{generate: {{family: {{{family}}}, seed: 3}}}}, colors: {colors}}}");
        run::<Coloring>(&yaml, 1);
    }
    let three = "{graph: {generate: {family: {complete: {vertices: 4}}}}, colors: 3, annealing: {steps: 50, attempts: 1}}";
    let (finding, _) = attempt::<Coloring>(three, 1).unwrap();
    assert_eq!(finding.result["solved"], false, "a complete graph of four has no colouring of three");
}

#[test]
fn planted_formulas_are_satisfied() {
    for (variables, clauses, width) in [(20, 85, 3), (60, 240, 3), (30, 200, 4), (12, 20, 2)] {
        let yaml =
            format!("{{generate: {{variables: {variables}, clauses: {clauses}, width: {width}, seed: 5}}}}");
        let (finding, activity) = run::<Sat>(&yaml, 1);
        assert_eq!(finding.result["unsatisfied"], 0);
        assert_eq!(
            u64::from(finding.result["attempts"].as_u64().unwrap() as u32 - 1),
            activity.host_round_trips
        );
    }
}

#[test]
fn bad_problems_are_refused() {
    let refused = |outcome: Result<_, Failure>| match outcome {
        Err(Failure::Refused(problems)) => problems.to_string(),
        other => panic!("{other:?}"),
    };
    let check = |found: String, expected: &str| assert!(found.contains(expected), "{found}");
    check(refused(attempt::<Qubo>("{matrix: [[1, 2], [3]]}", 1)), "matrix[1]: a row has 2 numbers; found 1");
    check(refused(attempt::<Qubo>("{}", 1)), "a form is one of `file` and `matrix`");
    check(refused(attempt::<Sudoku>("{puzzle: '12'}", 1)), "puzzle: a Sudoku has 81 cells; found 2");
    let twice = format!("{{puzzle: '11{}'}}", ".".repeat(79));
    check(
        refused(attempt::<Sudoku>(&twice, 1)),
        "the clue 1 is both in row 1, column 1 and in row 1, column 2",
    );
    check(
        refused(attempt::<Sat>("{generate: {variables: 2, clauses: 1}}", 1)),
        "generate.width: 3 of 2 variables",
    );
    check(refused(attempt::<Sat>("{file: x.cnf}", 1)), "file: `x.cnf` cannot be read");
}

/// Runs an algorithm whose files lie in `folder`.
fn run_in<T: Task>(task: &T, folder: &Path, seed: u64) -> Finding {
    let files = |path: &Path| std::fs::read(folder.join(path));
    let mut backend = Benches(seed);
    let mut watch = |_| true;
    let mut host = Host::new(&mut backend, &files, seed, &mut watch);
    task.solve(&mut host).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn the_formulas_of_satlib_are_satisfied() {
    let Some(folder) = foreign("uf20-91") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    for file in files {
        let task: Sat = serde_json::from_value(serde_json::json!({"file": file.to_str()})).unwrap();
        let finding = run_in(&task, &folder, 1);
        assert_eq!(finding.result["solved"], true, "{}", file.display());
    }
}

#[test]
fn the_targets_of_neurobench_are_met() {
    let Some(file) = foreign("neurobench_mis_small.json") else { return };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for case in table["workloads"].as_array().unwrap() {
        let (n, target) = (case["n"].as_u64().unwrap(), -case["c_target"].as_i64().unwrap());
        let family = serde_json::json!({"neurobench": {"vertices": n, "density": case["density"]}});
        let graph = serde_json::json!({"generate": {"family": family, "seed": case["seed"]}});
        let input: crate::workload::problem::GraphInput = serde_json::from_value(graph.clone()).unwrap();
        let drawn = input.load(&|_| Err(std::io::Error::other("none")), 1).unwrap();
        let mut edges: Vec<[u32; 2]> = drawn.edges.iter().map(|it| [it.from, it.to]).collect();
        let mut expected: Vec<[u32; 2]> = serde_json::from_value(case["edges"].clone()).unwrap();
        expected.iter_mut().for_each(|edge| edge.sort_unstable());
        edges.sort_unstable();
        expected.sort_unstable();
        assert_eq!(edges, expected, "the graph of {n} vertices is another");
        let task: Mis =
            serde_json::from_value(serde_json::json!({"graph": graph, "target": target})).unwrap();
        let finding = run_in(&task, Path::new("."), 1);
        let size = finding.result["size"].as_i64().unwrap();
        assert_eq!(finding.result["conflicts"], 0);
        let least = if n <= 50 { target as f64 } else { 0.95 * target as f64 };
        assert!(size as f64 >= least, "{n} vertices, {}: {size} of {target}", case["density"]);
    }
}
