//! Traffic against closed forms, naive oracles and the reference's traces.

mod closed;
mod files;
mod multicast;
mod pace;
mod params;
mod patterns;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{TrafficParams, TrafficSource};
use crate::base::NodeId;
use crate::fabric::{Fabric, LinkParams, Topology};
use crate::noc::source::{Offer, Source};

/// A mesh of routers with one node each.
fn mesh(size: &[u32]) -> Fabric {
    Topology::Mesh { size: size.to_vec() }.build(&LinkParams::default()).unwrap()
}

/// Parameters as they stand under `traffic:`.
fn params(yaml: &str) -> TrafficParams {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

/// A lookup that finds nothing.
fn no_files(name: &Path) -> io::Result<Vec<u8>> {
    panic!("{} was opened, but the workload names no file", name.display())
}

/// Files held in memory.
fn in_memory(files: &[(&str, &[u8])]) -> impl Fn(&Path) -> io::Result<Vec<u8>> + use<> {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|&(name, bytes)| (name.into(), bytes.to_vec())).collect();
    move |name| files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The traffic of `yaml` on `fabric`, which must need no files.
fn source(yaml: &str, fabric: &Fabric, seed: u64) -> TrafficSource {
    params(yaml).compile(fabric, &no_files, seed).unwrap_or_else(|problems| panic!("{yaml}: {problems}"))
}

/// The problems of `yaml` on `fabric`.
fn refusal(yaml: &str, fabric: &Fabric) -> String {
    match params(yaml).compile(fabric, &no_files, 1) {
        Ok(_) => panic!("{yaml} was accepted"),
        Err(problems) => problems.to_string(),
    }
}

/// The next `count` packets of `node`, or fewer if it falls silent.
fn offers(source: &mut TrafficSource, node: u32, count: usize) -> Vec<Offer> {
    std::iter::from_fn(|| source.next(NodeId(node))).take(count).collect()
}

/// Pearson's statistic of `counts` against `expected` counts.
fn chi_squared(counts: &[f64], expected: &[f64]) -> f64 {
    counts.iter().zip(expected).map(|(count, mean)| (count - mean).powi(2) / mean).sum()
}

/// The value that a chi-squared variable exceeds with probability 0.1 % (Wilson & Hilferty 1931,
/// doi 10.1073/pnas.17.12.684).
fn chi_squared_limit(degrees: usize) -> f64 {
    let spread = 2.0 / (9.0 * degrees as f64);
    degrees as f64 * (1.0 - spread + 3.0902 * spread.sqrt()).powi(3)
}

/// Fails if `counts` deviate from `expected` more than chance does once in a thousand times.
fn assert_distributed(counts: &[f64], expected: &[f64], what: &str) {
    assert!(expected.iter().all(|&mean| mean >= 5.0), "{what}: bins too small for the test");
    let (found, limit) = (chi_squared(counts, expected), chi_squared_limit(counts.len() - 1));
    assert!(found < limit, "{what}: chi-squared {found:.1} exceeds the 0.1 % point {limit:.1}");
}
