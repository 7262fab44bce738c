//! Learning as people write it down.

use super::params::PlasticityParams;
use super::select::Selection;
use crate::base::{Problem, Problems};
use crate::network::{Population, Teacher};
use crate::synapse::plasticity::Rule;

impl PlasticityParams {
    /// Checks what can be checked without the populations.
    ///
    /// # Errors
    /// Parameters out of range; a reward that the rule does not know, or does not get.
    pub(super) fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("rule", self.rule.check());
        match (&self.rule, &self.reward) {
            (Rule::Reward(_), None) => problems.push(Problem::new(
                "reward",
                "the rule `reward` changes no weight without one: say whose spikes are rewards",
            )),
            (Rule::Reward(_), Some(reward)) => {
                problems.require(reward.amount.is_finite() && reward.amount != 0.0, "reward.amount", || {
                    format!("{} is no reward", reward.amount)
                })
            }
            (rule, Some(_)) => {
                let message = format!("the rule `{}` knows no reward; `reward` does", rule.name());
                problems.push(Problem::new("reward", message));
            }
            (_, None) => {}
        }
        problems.into_result(())
    }

    /// Whose spikes are rewards, if any are.
    ///
    /// # Errors
    /// Neurons that do not exist.
    pub(super) fn teacher(&self, populations: &[Population]) -> Result<Option<Teacher>, Problems> {
        let Some(reward) = &self.reward else { return Ok(None) };
        let from = Selection::read(&reward.from, populations).map_err(|it| it.under("reward.from"))?;
        Ok(Some(Teacher { neurons: from.span, amount: reward.amount }))
    }
}
