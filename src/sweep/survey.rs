//! Records in the order of settings, repetitions taken together.

use std::io;

use serde_json::Value;

use super::statistics::{Moments, student_quantile};
use super::{Estimate, Journal, JournalError};
use crate::spec::sweep::Design;

/// Settings beyond which page and `sweep.json` show only the first ones; `summary.csv` always has all.
pub const MOST_SHOWN: usize = 4000;

/// What the records of a sweep have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Names of all metrics, in the order in which points have them.
    pub metrics: Vec<String>,
    confidence: f64,
}

/// What came out of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingResult {
    /// Its number.
    pub setting: u64,
    /// The values of the design's columns.
    pub cells: Vec<Value>,
    /// Repetitions that were run and did not fail.
    pub done: u32,
    /// Repetitions that failed.
    pub failed: u32,
    /// Why the first of them failed.
    pub error: Option<String>,
    /// By metric, over the repetitions that did not fail.
    pub estimates: Vec<Option<Estimate>>,
}

impl Survey {
    /// Reads every record once for the names of metrics.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn new(journal: &mut Journal, confidence: f64) -> Result<Self, JournalError> {
        let mut metrics: Vec<String> = Vec::new();
        for point in 0..journal.header().points {
            let Some(record) = journal.record(point)? else { continue };
            for (at, (name, _)) in record.metrics.iter().enumerate() {
                // Points mostly have the same metrics in the same order.
                if metrics.get(at) != Some(name) && !metrics.contains(name) {
                    metrics.push(name.clone());
                }
            }
        }
        Ok(Self { metrics, confidence })
    }

    /// Hands every setting that has been run to `take`, in order.
    ///
    /// # Errors
    /// The journal cannot be read; `take` fails.
    pub fn each(
        &self,
        design: &Design,
        journal: &mut Journal,
        mut take: impl FnMut(SettingResult) -> io::Result<()>,
    ) -> io::Result<()> {
        let repetitions = u64::from(design.repetitions());
        let mut quantiles: Vec<Option<f64>> = vec![None; design.repetitions() as usize + 1];
        let mut quantile = |freedom: u32| {
            *quantiles[freedom as usize].get_or_insert_with(|| student_quantile(freedom, self.confidence))
        };
        for setting in 0..design.settings() {
            let mut sums = vec![Moments::default(); self.metrics.len()];
            let (mut done, mut failed, mut error) = (0, 0, None);
            for point in setting * repetitions..(setting + 1) * repetitions {
                let Some(record) = journal.record(point).map_err(io::Error::other)? else { continue };
                if record.error.is_some() {
                    failed += 1;
                    error = error.or(record.error);
                    continue;
                }
                done += 1;
                self.add(&mut sums, &record.metrics);
            }
            if done + failed > 0 {
                let estimates = sums.iter().map(|sum| sum.estimate(&mut quantile)).collect();
                let (cells, _) = design.setting(setting);
                take(SettingResult { setting, cells, done, failed, error, estimates })?;
            }
        }
        Ok(())
    }

    fn add(&self, sums: &mut [Moments], metrics: &[(String, f64)]) {
        for (at, (name, value)) in metrics.iter().enumerate() {
            let same = self.metrics.get(at) == Some(name);
            let place = if same { Some(at) } else { self.position(name) };
            if let Some(place) = place {
                sums[place].add(*value);
            }
        }
    }

    /// Where a metric stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|known| known == name)
    }
}
