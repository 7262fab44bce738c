//! Quadratic unconstrained binary optimisation: minimise xᵀQx over x ∈ {0, 1}ⁿ.

use super::graph::{Arcs, Edge, Graph};
use super::lines::{Fields, Lines, Wrong};
use crate::base::Problems;

/// A quadratic form of binary variables with a symmetric matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Qubo {
    /// Diagonal of Q.
    pub linear: Vec<f64>,
    /// Off-diagonal entries of Q, each in both directions.
    pub quadratic: Arcs,
}

impl Qubo {
    /// The form with the diagonal `linear` and the entries `pairs` above it, each standing for two equal
    /// entries of Q. Entries of the same pair add up.
    pub fn new(linear: Vec<f64>, pairs: Vec<Edge>) -> Self {
        let graph = Graph { edges: pairs, ..Graph::new(linear.len() as u32, false) };
        Self { linear, quadratic: graph.simple(super::Merge::Sum, true).arcs() }
    }

    /// Number of variables.
    pub fn len(&self) -> u32 {
        self.linear.len() as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.linear.is_empty()
    }

    /// What switching variable `i` on adds to the value of the form, in the state `x`.
    pub fn cost_of(&self, i: u32, x: &[bool]) -> f64 {
        let others = self.quadratic.of(i).filter(|&(j, _)| x[j as usize]);
        self.linear[i as usize] + 2.0 * others.map(|(_, weight)| weight).sum::<f64>()
    }

    /// The value of the form in the state `x`.
    pub fn value(&self, x: &[bool]) -> f64 {
        let on = |i: &u32| x[*i as usize];
        let row = |i: u32| {
            let others = self.quadratic.of(i).filter(|(j, _)| on(j));
            self.linear[i as usize] + others.map(|(_, weight)| weight).sum::<f64>()
        };
        (0..self.len()).filter(on).map(row).sum()
    }

    /// −(the weight of the cut) as a form: Q = W − diag(W·1).
    pub fn max_cut(graph: &Graph) -> Self {
        let mut linear = vec![0.0; graph.vertices as usize];
        for edge in &graph.edges {
            linear[edge.from as usize] -= edge.weight;
            linear[edge.to as usize] -= edge.weight;
        }
        Self::new(linear, graph.edges.clone())
    }

    /// −(the size of an independent set) as a form: −1 on the diagonal, `penalty` for both ends of an edge.
    pub fn independent_set(graph: &Graph, penalty: f64) -> Self {
        let pairs = graph.edges.iter().map(|edge| Edge { weight: penalty, ..*edge });
        Self::new(vec![-1.0; graph.vertices as usize], pairs.collect())
    }

    /// The largest magnitude of what one variable can add to the value of the form.
    pub fn largest_field(&self) -> f64 {
        let row = |i: u32| {
            let others: f64 = self.quadratic.of(i).map(|(_, weight)| 2.0 * weight.abs()).sum();
            self.linear[i as usize].abs() + others
        };
        (0..self.len()).map(row).fold(0.0, f64::max)
    }
}

/// Reads coordinates of Q: `i j value` per line with variables from 0 or 1 on, the diagonal as `i i value`;
/// `c`, `#` and `%` start comments, a line `p qubo 0 MAXNODES NDIAGONALS NELEMENTS` (the format of qbsolv)
/// states the number of variables. An entry stands for itself alone; where both (i, j) and (j, i) are
/// listed they add up. Variables are counted from 0 if any line names 0.
///
/// # Errors
/// Lines that are malformed, with file and line. Also gives the number of the first variable.
pub fn read(name: &str, bytes: &[u8], count: Option<u32>) -> Result<(Qubo, u32), Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut entries: Vec<(u32, u32, f64)> = Vec::new();
    let mut announced: Option<u32> = None;
    while let Some(line) = lines.next() {
        let parsed = match line.text.chars().next() {
            Some('c' | '#' | '%') => Ok(None),
            Some('p') => variables(line.fields()).map(|variables| {
                announced = Some(variables);
                None
            }),
            _ => entry(line.fields()).map(Some),
        };
        match parsed {
            Ok(parsed) => entries.extend(parsed),
            Err(wrong) => lines.wrong(wrong),
        }
    }
    let numbers = || entries.iter().flat_map(|&(i, j, _)| [i, j]);
    let first = u32::from(announced.is_none() && numbers().min().is_none_or(|least| least > 0));
    let named = numbers().max().map_or(0, |last| last - first + 1);
    let variables = announced.or(count).unwrap_or(named);
    if named > variables {
        lines.wrong_file(format!("{variables} variables are announced; one is called {}", named - 1 + first));
    } else if variables == 0 {
        lines.wrong_file("there are no variables");
    }
    lines.finish(())?;
    let mut linear = vec![0.0; variables as usize];
    let mut pairs = Vec::new();
    for (i, j, weight) in entries {
        let (from, to) = (i - first, j - first);
        if from == to {
            linear[from as usize] += weight;
        } else {
            pairs.push(Edge { from, to, weight: weight / 2.0 });
        }
    }
    Ok((Qubo::new(linear, pairs), first))
}

/// Of the line `p qubo 0 MAXNODES`.
fn variables(mut fields: Fields<'_>) -> Result<u32, Wrong> {
    fields.by_ref().take(3).for_each(drop);
    fields.number("number of variables")
}

fn entry(mut fields: Fields<'_>) -> Result<(u32, u32, f64), Wrong> {
    let (i, j): (u32, u32) = (fields.number("variable number")?, fields.number("variable number")?);
    if i.max(j) >= 1 << 27 {
        return Err(fields.wrong(format!("variable {} is beyond the limit of {}", i.max(j), 1 << 27)));
    }
    Ok((i, j, fields.weight("value")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_its_sum_over_all_pairs() {
        let (qubo, first) = read("q", b"# x\n0 0 -3\n0 1 2\n1 0 4\n2 2 1\n", None).unwrap();
        assert_eq!((qubo.len(), first), (3, 0));
        for (x, value) in [([true, false, false], -3.0), ([true, true, false], 3.0), ([true; 3], 4.0)] {
            assert_eq!(qubo.value(&x), value, "{x:?}");
        }
        assert_eq!(qubo.cost_of(1, &[true, false, false]), 6.0);
        assert_eq!(read("q", b"1 1 2\n2 1 1\n", None).unwrap().1, 1);
        assert_eq!(read("q", b"p qubo 0 5 1 0\n1 1 2\n", None).unwrap().0.len(), 5);
        let found = read("q", b"1 1\nx 1 2\np qubo 0 1 1 1\n5 1 2\n", None).unwrap_err().to_string();
        for part in
            ["q:1:4: the value is missing", "q:2:1: `x`", "1 variables are announced; one is called 5"]
        {
            assert!(found.contains(part), "{found}");
        }
    }

    #[test]
    fn a_cut_is_minus_its_form() {
        let edges = [(0, 1, 2.0), (1, 2, -1.0), (0, 2, 4.0)];
        let edges = edges.map(|(from, to, weight)| Edge { from, to, weight }).to_vec();
        let qubo = Qubo::max_cut(&Graph { edges, ..Graph::new(3, false) });
        assert_eq!(qubo.value(&[true, false, false]), -6.0);
        assert_eq!(qubo.value(&[false, true, true]), -6.0);
        assert_eq!(qubo.value(&[true; 3]), 0.0);
    }
}
