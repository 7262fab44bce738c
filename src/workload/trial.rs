//! For tests of algorithms: a run on the bench.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::host::{Backend, Failure, Finding, Host, Task};
use crate::base::Problems;
use crate::network::{Activity, Bench, Net};

/// Benches of one seed.
#[derive(Debug)]
pub(in crate::workload) struct Benches(pub u64);

impl Backend for Benches {
    type Machine = Bench;

    fn machine(&mut self, net: Net) -> Result<Bench, Problems> {
        Bench::new(net, self.0)
    }
}

/// Runs the algorithm that `yaml` describes.
pub(in crate::workload) fn attempt<T: Task + for<'de> serde::Deserialize<'de>>(
    yaml: &str,
    seed: u64,
) -> Result<(Finding, Activity), Failure> {
    // By way of JSON, where choices are maps with one key, as in documents.
    let value: Value = serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    let task: T = serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    task.validate()?;
    let files = |path: &Path| Err(io::Error::other(format!("no file {}", path.display())));
    let mut backend = Benches(seed);
    let mut watch = |_| true;
    let mut host = Host::new(&mut backend, &files, seed, &mut watch);
    let finding = task.solve(&mut host)?;
    Ok((finding, host.activity()))
}

/// The same, of an algorithm that must succeed and agree with its check.
pub(in crate::workload) fn run<T: Task + for<'de> serde::Deserialize<'de>>(
    yaml: &str,
    seed: u64,
) -> (Finding, Activity) {
    let (finding, activity) = attempt::<T>(yaml, seed).unwrap_or_else(|failure| panic!("{failure}\n{yaml}"));
    if let Some(check) = &finding.check {
        assert!(check.passed, "{yaml}\n{check:?}");
    }
    (finding, activity)
}

/// A golden file of this room.
pub(in crate::workload) fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/workload").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("goldens are JSON")
}

/// The values of a map whose keys are 0, 1, …, in order; −1 for null.
pub(in crate::workload) fn by_number(map: &Value) -> Vec<Value> {
    let map = map.as_object().expect("a map");
    let value = |i: usize| match &map[&i.to_string()] {
        Value::Null => Value::from(-1),
        value => value.clone(),
    };
    (0..map.len()).map(value).collect()
}
