//! Formulas in conjunctive normal form: DIMACS files and random instances.

use std::collections::BTreeSet;

use super::lines::{Line, Lines, Wrong};
use crate::base::Problems;
use crate::base::random::{Purpose, Stream};

/// Most clauses and variables that are accepted.
pub const MOST: u32 = 1 << 24;

/// A literal: a variable, counted from 0, or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    /// The variable.
    pub variable: u32,
    /// Whether it stands for itself.
    pub positive: bool,
}

/// A conjunction of disjunctions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cnf {
    /// Number of variables.
    pub variables: u32,
    /// The clauses; each holds when one of its literals does.
    pub clauses: Vec<Vec<Literal>>,
    /// Clauses that hold always, since they contain a variable and its negation; they were left out.
    pub tautologies: u32,
}

impl Cnf {
    /// Number of clauses that do not hold.
    pub fn unsatisfied(&self, x: &[bool]) -> u32 {
        let holds = |clause: &Vec<Literal>| clause.iter().any(|it| x[it.variable as usize] == it.positive);
        self.clauses.iter().filter(|clause| !holds(clause)).count() as u32
    }

    /// A random formula: each clause has `width` different variables, negated by the toss of a coin; with
    /// `planted`, clauses that a hidden assignment does not satisfy are drawn again. Wants
    /// `1 ≤ width ≤ variables`.
    pub fn random(variables: u32, clauses: u32, width: u32, planted: bool, seed: u64) -> Self {
        const FORMULA: u32 = 3;
        let mut dice = Stream::new(seed, Purpose::Workload, FORMULA, 0);
        let hidden: Vec<bool> = (0..variables).map(|_| dice.below(2) == 1).collect();
        let mut clause = || loop {
            let mut chosen = BTreeSet::new();
            while (chosen.len() as u32) < width {
                chosen.insert(dice.below(variables));
            }
            let drawn: Vec<Literal> = chosen
                .into_iter()
                .map(|variable| Literal { variable, positive: dice.below(2) == 1 })
                .collect();
            if !planted || drawn.iter().any(|it| hidden[it.variable as usize] == it.positive) {
                return drawn;
            }
        };
        let clauses = (0..clauses).map(|_| clause()).collect();
        Self { variables, clauses, tautologies: 0 }
    }
}

/// Reads a DIMACS file. Comments, clauses over several lines, and the `%` that ends the files of SATLIB are
/// taken as they come.
///
/// # Errors
/// Lines that are malformed and clauses that name absent variables, with file and line; empty clauses,
/// which nothing satisfies.
pub fn read(name: &str, bytes: &[u8]) -> Result<Cnf, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut announced: Option<(u32, u32)> = None;
    let mut reader = Clauses { cnf: Cnf { variables: 0, clauses: Vec::new(), tautologies: 0 }, open: vec![] };
    let mut ended = false;
    while let Some(line) = lines.next() {
        let outcome = match line.text.split_whitespace().next() {
            _ if ended => Ok(()),
            Some("c") => Ok(()),
            Some("%") => {
                ended = true;
                Ok(())
            }
            Some("p") if announced.is_some() => Err(line.wrong("the problem is announced twice")),
            Some("p") => head(&line).map(|found| {
                announced = Some(found);
                reader.cnf.variables = found.0;
            }),
            _ if announced.is_none() => Err(line.wrong("a clause before the problem line")),
            _ => reader.take(&line),
        };
        if let Err(wrong) = outcome {
            lines.wrong(wrong);
        }
    }
    if !reader.open.is_empty() {
        reader.close();
    }
    match announced {
        None => lines.wrong_file("there is no line `p cnf VARIABLES CLAUSES`"),
        Some((_, clauses)) => {
            let found = reader.cnf.clauses.len() as u32 + reader.cnf.tautologies;
            if found != clauses {
                lines.wrong_count(format!("{clauses} clauses are announced; found {found}"));
            }
        }
    }
    lines.finish(reader.cnf)
}

fn head(line: &Line<'_>) -> Result<(u32, u32), Wrong> {
    let mut fields = line.fields();
    fields.next();
    match fields.next() {
        Some("cnf") => {}
        other => {
            let problem = other.unwrap_or_default();
            return Err(fields.wrong(format!("a problem `{problem}` is no formula")));
        }
    }
    let (variables, clauses) = (fields.number("number of variables")?, fields.number("number of clauses")?);
    if variables > MOST || clauses > MOST {
        return Err(line.wrong(format!("more than {MOST} variables or clauses")));
    }
    Ok((variables, clauses))
}

struct Clauses {
    cnf: Cnf,
    open: Vec<Literal>,
}

impl Clauses {
    fn take(&mut self, line: &Line<'_>) -> Result<(), Wrong> {
        let mut fields = line.fields();
        while let Some(literal) = fields.number_if_any::<i64>("literal")? {
            if literal == 0 {
                if self.open.is_empty() {
                    return Err(fields.wrong("an empty clause is never satisfied"));
                }
                self.close();
                continue;
            }
            let variable = literal.unsigned_abs();
            if variable > u64::from(self.cnf.variables) {
                let message = format!("variable {variable} is not one of 1 to {}", self.cnf.variables);
                return Err(fields.wrong(message));
            }
            self.open.push(Literal { variable: variable as u32 - 1, positive: literal > 0 });
        }
        Ok(())
    }

    fn close(&mut self) {
        let mut clause = std::mem::take(&mut self.open);
        clause.sort_unstable();
        clause.dedup();
        if clause.windows(2).any(|pair| pair[0].variable == pair[1].variable) {
            self.cnf.tautologies += 1;
        } else {
            self.cnf.clauses.push(clause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_they_come() {
        let cnf = read("f", b"c x\np cnf 3 3\n1 -2 0\n 3\n2 0 1 -1 0\n%\n0\n\n").unwrap();
        assert_eq!((cnf.variables, cnf.clauses.len(), cnf.tautologies), (3, 2, 1));
        assert_eq!(cnf.unsatisfied(&[false, true, false]), 1);
        assert_eq!(cnf.unsatisfied(&[false, false, false]), 1);
        assert_eq!(cnf.unsatisfied(&[true, true, false]), 0);
    }

    #[test]
    fn bad_files_are_explained() {
        for (text, expected) in [
            ("1 2 0\n", "f:1:1: a clause before the problem line"),
            ("p cnf 2 1\n1 3 0\n", "f:2:3: variable 3 is not one of 1 to 2"),
            ("p cnf 2 1\n0\n", "f:2:1: an empty clause"),
            ("p cnf 2 2\n1 0\n", "2 clauses are announced; found 1"),
            ("p sat 2\n", "f:1:3: a problem `sat`"),
            ("p cnf 2 1\n1 x 0\n", "f:2:3: `x` is no literal"),
            ("", "there is no line `p cnf"),
        ] {
            let found = read("f", text.as_bytes()).unwrap_err().to_string();
            assert!(found.contains(expected), "{text:?}: {found}");
        }
    }

    #[test]
    fn a_planted_formula_can_be_satisfied() {
        let cnf = Cnf::random(8, 60, 3, true, 3);
        let holds = |bits: u32| cnf.unsatisfied(&(0..8).map(|i| bits >> i & 1 == 1).collect::<Vec<_>>()) == 0;
        assert!((0..256).any(holds));
        assert!(cnf.clauses.iter().all(|clause| clause.len() == 3));
    }
}
