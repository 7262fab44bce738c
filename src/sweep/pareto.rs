//! Best compromises between several figures.

/// A figure, and whether less of it is better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub metric: String,
    pub is_to_be_large: bool,
}

impl Goal {
    /// A metric's name; behind a `-` it is to be large.
    pub(super) fn parse(text: &str) -> Self {
        let large = text.strip_prefix('-');
        Self { metric: large.unwrap_or(text).to_owned(), is_to_be_large: large.is_some() }
    }
}

/// Which rows no other row beats: none is at least as good in every figure and better in one. Rows without
/// all of the figures do not take part.
pub(super) fn front(rows: &[Option<Vec<f64>>], goals: &[Goal]) -> Vec<bool> {
    let beats = |a: &[f64], b: &[f64]| {
        let mut better = false;
        for ((a, b), goal) in a.iter().zip(b).zip(goals) {
            let (a, b) = if goal.is_to_be_large { (-a, -b) } else { (*a, *b) };
            if a > b || a.is_nan() {
                return false;
            }
            better |= a < b;
        }
        better
    };
    let complete = || rows.iter().flatten();
    rows.iter()
        .map(|row| row.as_ref().is_some_and(|row| !complete().any(|other| beats(other, row))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beaten_in_every_respect_is_out() {
        let goals = [Goal::parse("latency"), Goal::parse("-throughput")];
        let rows =
            [Some(vec![1.0, 1.0]), Some(vec![2.0, 3.0]), Some(vec![2.0, 2.0]), None, Some(vec![1.0, 1.0])];
        assert_eq!(front(&rows, &goals), [true, true, false, false, true]);
    }
}
