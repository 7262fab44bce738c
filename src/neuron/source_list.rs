//! A source that fires in the steps it is given.
//!
//! It fires in step t iff t is in `steps` or, with `repeat` = P > 0, iff some listed step s and some
//! whole k ≥ 0 give t = s + k·P. Lists of many neurons are read from text by [`from_csv`].
//!
//! Exact.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, FIRED, Lane, Soma, Stateless};
use crate::base::Problems;
use crate::base::problem::Problem;
use crate::base::rows::{NoRow, Rows};
use crate::base::unit::Seconds;

/// Source that fires in listed steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceList {
    /// The steps in which it fires, ascending; the first step of a run has number 1.
    pub steps: Vec<u64>,
    /// Period after which the list starts again; 0 for once.
    #[schemars(extend("unit" = "steps"))]
    pub repeat: u64,
}

impl SourceList {
    fn fires(&self, step: u64) -> bool {
        match (self.repeat, self.steps.first()) {
            (_, None) => false,
            (0, _) => self.steps.binary_search(&step).is_ok(),
            // All listed steps lie within one period (checked), so at most one of them is congruent.
            (period, Some(&first)) => {
                step >= first && self.steps.binary_search(&(first + (step - first) % period)).is_ok()
            }
        }
    }
}

/// Reads spike trains from CSV text with the columns `neuron` (counted from 0) and `step`, in any
/// order of rows: one source for each of `count` neurons.
///
/// # Errors
/// Every row that is not two whole numbers or names a neuron beyond `count` or step 0, at `line n`.
pub fn from_csv(text: &str, count: u32) -> Result<Vec<SourceList>, Problems> {
    let mut trains = vec![SourceList::default(); count as usize];
    let mut problems = Problems::new();
    let mut rows = Rows::new(csv::ReaderBuilder::new().trim(csv::Trim::All), text.as_bytes());
    let (mut header, mut row) = (csv::ByteRecord::new(), csv::ByteRecord::new());
    let first = rows.next(&mut header).ok().flatten().unwrap_or(1);
    let names = header.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
    problems.require(names == "neuron,step", &format!("line {first}"), || {
        format!("`{names}` is not `neuron,step`")
    });
    loop {
        match rows.read::<(u32, u64)>(&header, &mut row) {
            // Text in memory does not break.
            Ok(None) | Err(NoRow::Broken(_)) => break,
            Ok(Some((line, (_, 0)))) => {
                problems.push(Problem::new(format!("line {line}"), "the first step has number 1; found 0"));
            }
            Ok(Some((_, (neuron, step)))) if neuron < count => trains[neuron as usize].steps.push(step),
            Ok(Some((line, (neuron, _)))) => {
                let problem = Problem::new(format!("line {line}"), format!("there is no neuron {neuron}"));
                problems.push(problem.allowed(format!("0 to {}", i64::from(count) - 1)));
            }
            Err(NoRow::Wrong(line, _)) => {
                let message = "is not a neuron and a step, two whole numbers";
                problems.push(Problem::new(format!("line {line}"), message));
            }
        }
    }
    for train in &mut trains {
        train.steps.sort_unstable();
        train.steps.dedup();
    }
    problems.into_result(trains)
}

impl Soma for SourceList {
    const CARD: Card = Card {
        name: "source-list",
        equations: "fire iff the step is listed",
        scheme: "exact",
        source: "definition",
        inputs: &[],
        graded: false,
    };
    type Kind = Self;
    type State = Stateless;

    fn check(&self, _: Seconds, problems: &mut Problems) {
        problems.require(self.steps.first() != Some(&0), "steps[0]", || {
            "the first step has number 1; found 0".into()
        });
        for (i, pair) in self.steps.windows(2).enumerate().filter(|(_, pair)| pair[0] >= pair[1]) {
            let path = format!("steps[{}]", i + 1);
            problems.require(false, &path, || format!("{} does not follow {}", pair[1], pair[0]));
        }
        if let (Some(first), Some(last)) = (self.steps.first(), self.steps.last()) {
            let span = last.saturating_sub(*first);
            problems.require(self.repeat == 0 || span < self.repeat, "repeat", || {
                format!("the listed steps span {} steps, more than one period of {}", span + 1, self.repeat)
            });
        }
    }

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(_: &mut Stateless, k: &Self, _: Range<usize>, lane: Lane<'_>) {
        if k.fires(lane.step) {
            lane.status.fill(FIRED);
        }
    }

    fn price() -> Price {
        Price::STIMULUS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    fn check(steps: &[u64], repeat: u64, fires: &[u64]) {
        let model = SourceList { steps: steps.to_vec(), repeat };
        assert_eq!(Trial::of(model).steps(&[0.0; 12]), fires);
    }

    #[test]
    fn a_list_fires_once_or_periodically() {
        check(&[2, 5, 40], 0, &[2, 5]);
        check(&[2, 4], 5, &[2, 4, 7, 9, 12]);
        check(&[], 5, &[]);
    }

    #[test]
    fn spike_trains_are_read_from_csv_and_every_bad_row_is_named() {
        let trains = from_csv("neuron,step\n1, 7\n0,3\n1,2\n1,2\n", 2).unwrap();
        assert_eq!((&trains[0].steps, &trains[1].steps), (&vec![3], &vec![2, 7]));
        let problems = from_csv("neuron,step\n2,1\n0,x\n0,1\n", 2).unwrap_err().to_string();
        assert_eq!(
            problems,
            "line 2: there is no neuron 2; allowed: 0 to 1\nline 3: is not a neuron and a step, two whole numbers"
        );
        let problems = from_csv("neuron,step\n1,1\n0,0\n", 2).unwrap_err().to_string();
        assert_eq!(problems, "line 3: the first step has number 1; found 0");
        let problems = from_csv("neuron,step\r\n\r\n1,x\r\n", 2).unwrap_err().to_string();
        assert!(problems.starts_with("line 3: "), "{problems}");
        assert!(from_csv("step,neuron\n", 2).unwrap_err().to_string().starts_with("line 1: "));
    }

    #[test]
    fn a_list_out_of_order_or_longer_than_its_period_is_refused() {
        let problems = refused(vec![3, 3, 9], 4);
        assert!(problems.contains("steps[1]: 3 does not follow 3"), "{problems}");
        assert!(problems.contains("repeat: the listed steps span 7 steps"), "{problems}");
    }

    fn refused(steps: Vec<u64>, repeat: u64) -> String {
        let model: crate::neuron::NeuronModel = SourceList { steps, repeat }.into();
        model.check(Seconds(1e-3)).unwrap_err().to_string()
    }

    #[test]
    fn there_is_no_step_0() {
        assert_eq!(refused(vec![0, 3], 0), "steps[0]: the first step has number 1; found 0");
    }
}
