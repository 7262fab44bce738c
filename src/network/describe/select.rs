//! Neurons by name.

use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Population, Span};

/// Some consecutive neurons of a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Position of the population in the network.
    pub population: usize,
    /// Which neurons.
    pub span: Span,
}

impl Selection {
    /// Reads `cells`, `cells[3]` or `cells[0..9]`.
    ///
    /// # Errors
    /// An unknown population, neurons that it does not have, text of another form.
    pub fn read(text: &str, populations: &[Population]) -> Result<Self, Problems> {
        let (name, range) = match text.split_once('[') {
            Some((name, rest)) => (name.trim(), Some(rest)),
            None => (text.trim(), None),
        };
        let Some(population) = populations.iter().position(|population| population.name == name) else {
            let problem = Problem::new("", format!("there is no population `{name}`"));
            return Err(problem.nearest(name, populations.iter().map(|it| it.name.as_str())).into());
        };
        let whole = populations[population].span;
        let Some(range) = range else { return Ok(Self { population, span: whole }) };
        let Some((low, high)) = bounds(range) else {
            let problem = Problem::new("", format!("`{text}` names no neurons"));
            return Err(problem.allowed("`name`, `name[3]` or `name[0..9]`").into());
        };
        if low > high || high >= whole.len {
            let problem = Problem::new("", format!("`{name}` has {} neurons; found `{text}`", whole.len));
            return Err(problem.allowed(format!("{name}[0..{}]", i64::from(whole.len) - 1)).into());
        }
        Ok(Self { population, span: Span { first: NeuronId(whole.first.0 + low), len: high - low + 1 } })
    }
}

fn bounds(range: &str) -> Option<(u32, u32)> {
    let inner = range.strip_suffix(']')?;
    let number = |text: &str| text.trim().parse().ok();
    match inner.split_once("..") {
        Some((low, high)) => Some((number(low)?, number(high)?)),
        None => number(inner).map(|only| (only, only)),
    }
}
