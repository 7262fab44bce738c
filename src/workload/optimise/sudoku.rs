//! Sudoku: a unit per cell and digit; units that exclude one another inhibit one another; clues are clamped.
//!
//! With nine digits: 729 units of 28 targets each. A set of 81 units of which no two exclude one another is
//! the solution. Digits that a clue excludes are clamped off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::anneal::{Annealing, CLAMPED, Search};
use super::coloring::PENALTY;
use crate::base::{Problem, Problems};
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::qubo::Qubo;
use crate::workload::problem::{Edge, Graph};

/// Solves a Sudoku.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sudoku {
    /// The cells row by row, 81 characters: 1 to 9, and 0 or a dot where a digit is missing. Blanks between
    /// them do not count.
    pub puzzle: String,
    /// The annealing.
    #[serde(default = "annealing")]
    pub annealing: Annealing,
    /// Whether the solution is checked row by row, column by column, box by box.
    #[serde(default = "yes")]
    pub check: bool,
}

fn annealing() -> Annealing {
    Annealing { steps: 4000, attempts: 20, hot: Some(0.6), cold: Some(0.12), ..Annealing::default() }
}

const SIDE: u32 = 9;
const CELLS: u32 = SIDE * SIDE;

/// Whether two cells may not hold the same digit.
fn peers(a: u32, b: u32) -> bool {
    let (row, column) = (|cell: u32| cell / SIDE, |cell: u32| cell % SIDE);
    let chest = |cell: u32| row(cell) / 3 * 3 + column(cell) / 3;
    a != b && (row(a) == row(b) || column(a) == column(b) || chest(a) == chest(b))
}

/// The graph of which units exclude which.
fn exclusions() -> Graph {
    let unit = |cell: u32, digit: u32| cell * SIDE + digit;
    let mut edges = Vec::new();
    for a in 0..CELLS {
        for digit in 0..SIDE {
            let own = (digit + 1..SIDE).map(|other| (unit(a, digit), unit(a, other)));
            let others = (a + 1..CELLS).filter(|&b| peers(a, b)).map(|b| (unit(a, digit), unit(b, digit)));
            edges.extend(own.chain(others).map(|(from, to)| Edge { from, to, weight: 1.0 }));
        }
    }
    Graph { edges, ..Graph::new(CELLS * SIDE, false) }
}

impl Sudoku {
    /// The clues: digits from 0, cell by cell.
    fn clues(&self) -> Result<Vec<Option<u32>>, Problems> {
        let mut problems = Problems::new();
        let mut clues = Vec::with_capacity(CELLS as usize);
        for symbol in self.puzzle.chars().filter(|symbol| !symbol.is_whitespace()) {
            match symbol {
                '0' | '.' => clues.push(None),
                '1'..='9' => clues.push(symbol.to_digit(10).map(|digit| digit - 1)),
                other => {
                    problems.push(
                        Problem::new("puzzle", format!("`{other}` is no digit")).allowed("0 to 9 and dots"),
                    );
                }
            }
        }
        problems.require(clues.len() == CELLS as usize || !problems.0.is_empty(), "puzzle", || {
            format!("a Sudoku has 81 cells; found {}", clues.len())
        });
        problems.into_result(())?;
        check_clues(&clues)?;
        Ok(clues)
    }
}

/// Refuses clues that exclude one another.
fn check_clues(clues: &[Option<u32>]) -> Result<(), Problems> {
    let mut problems = Problems::new();
    for a in 0..CELLS {
        for b in (a + 1..CELLS).filter(|&b| peers(a, b)) {
            let (one, other) = (clues[a as usize], clues[b as usize]);
            if let (true, Some(digit)) = (one == other, one) {
                let at = |cell: u32| format!("row {}, column {}", cell / SIDE + 1, cell % SIDE + 1);
                let message = format!("the clue {} is both in {} and in {}", digit + 1, at(a), at(b));
                problems.push(Problem::new("puzzle", message));
            }
        }
    }
    problems.into_result(())
}

impl Task for Sudoku {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("annealing", self.annealing.validate());
        problems.absorb("", self.clues());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let clues = self.clues()?;
        let exclusions = exclusions();
        host.problem(CELLS.into(), exclusions.edges.len() as u64);
        let field = |unit: u32| {
            let (cell, digit) = (unit / SIDE, unit % SIDE);
            let excluded = |other: u32| peers(cell, other) && clues[other as usize] == Some(digit);
            match clues[cell as usize] {
                Some(clue) if clue == digit => CLAMPED,
                Some(_) => -CLAMPED,
                None if (0..CELLS).any(excluded) => -CLAMPED,
                None => 0.0,
            }
        };
        let clamp: Vec<f64> = (0..CELLS * SIDE).map(field).collect();
        let form = Qubo::independent_set(&exclusions, PENALTY);
        let target = Some(-f64::from(CELLS));
        let search = Search { qubo: &form, annealing: &self.annealing, clamp: Some(&clamp), target };
        let best = search.run(host)?;
        let digit = |cell: u32| {
            let mut on = (0..SIDE).filter(|digit| best.state[(cell * SIDE + digit) as usize]);
            on.next().filter(|_| on.next().is_none())
        };
        let cells: Vec<Option<u32>> = (0..CELLS).map(digit).collect();
        let text: String =
            cells.iter().map(|it| it.map_or('.', |digit| char::from(b'1' + digit as u8))).collect();
        let pairs = (0..CELLS).flat_map(|a| (a + 1..CELLS).map(move |b| (a, b)));
        let conflicts = pairs
            .filter(|&(a, b)| {
                peers(a, b) && cells[a as usize].is_some() && cells[a as usize] == cells[b as usize]
            })
            .count();
        let missing = cells.iter().filter(|cell| cell.is_none()).count();
        let kept = clues.iter().zip(&cells).all(|(clue, cell)| clue.is_none() || clue == cell);
        let solved = conflicts == 0 && missing == 0 && kept;
        let mut finding = Finding::new(json!({
            "solved": solved,
            "solution": text,
            "missing": missing,
            "conflicts": conflicts,
            "attempts": best.attempts,
            "best_so_far": best.curve_json(),
        }));
        finding.check = self.check.then(|| Check {
            against: "the rules",
            passed: solved,
            detail: format!("{missing} cells are empty, {conflicts} pairs clash"),
        });
        finding.certified = Some(solved);
        Ok(finding)
    }
}
