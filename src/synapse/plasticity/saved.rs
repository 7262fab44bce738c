//! What learning remembers, for checkpoints.

use serde::{Deserialize, Serialize};

use super::learning::{Kernel, Learning, LearningEvents};
use crate::base::bits;

/// Traces, eligibility and counts of a rule at work; neither its parameters nor the weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedLearning {
    step: u64,
    events: [u64; 3],
    /// The reward signal, where there is one.
    #[serde(with = "bits")]
    signal: Vec<f64>,
    columns: Vec<SavedColumn>,
}

/// Values, and the step that each of them holds for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct SavedColumn {
    #[serde(with = "bits")]
    value: Vec<f64>,
    since: Vec<u64>,
}

impl Learning {
    /// What it remembers.
    pub fn save(&self) -> SavedLearning {
        let LearningEvents { traces, updates, rewarded } = self.events;
        // The columns are only looked at.
        let mut own = self.clone();
        let columns = own
            .columns()
            .into_iter()
            .map(|(value, since)| SavedColumn { value: std::mem::take(value), since: std::mem::take(since) });
        let columns = columns.collect();
        let signal = self.signal().into_iter().collect();
        SavedLearning { step: self.step, events: [traces, updates, rewarded], signal, columns }
    }

    /// Takes back what [`save`](Self::save) gave for a rule with the same parameters and synapses. Whether it fits.
    #[must_use]
    pub fn load(&mut self, saved: SavedLearning) -> bool {
        let own = self.columns();
        let fits = own.len() == saved.columns.len()
            && own.iter().zip(&saved.columns).all(|((value, since), column)| {
                value.len() == column.value.len() && since.len() == column.since.len()
            });
        if !fits {
            return false;
        }
        for ((value, since), column) in own.into_iter().zip(saved.columns) {
            (*value, *since) = (column.value, column.since);
        }
        let [traces, updates, rewarded] = saved.events;
        self.events = LearningEvents { traces, updates, rewarded };
        self.step = saved.step;
        match (&mut self.kernel, saved.signal.first()) {
            (Kernel::Reward { eligible, .. }, Some(&signal)) => {
                eligible.signal = signal;
                true
            }
            (Kernel::Reward { .. }, None) => false,
            _ => saved.signal.is_empty(),
        }
    }

    fn signal(&self) -> Option<f64> {
        match &self.kernel {
            Kernel::Reward { eligible, .. } => Some(eligible.signal),
            _ => None,
        }
    }

    /// All values with the steps that they hold for.
    fn columns(&mut self) -> Vec<(&mut Vec<f64>, &mut Vec<u64>)> {
        match &mut self.kernel {
            Kernel::Pair { x, y, .. } => vec![x.column(), y.column()],
            Kernel::Triplet { r, o, .. } => r.iter_mut().chain(o).map(|traces| traces.column()).collect(),
            Kernel::Reward { x, y, eligible, .. } => {
                vec![x.column(), y.column(), (&mut eligible.value, &mut eligible.since)]
            }
        }
    }
}
