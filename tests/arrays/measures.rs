//! What the tests of arrays share: golden values and a plain solver to compare with.

// Every test binary uses its own part.
#![allow(dead_code)]

use serde_json::Value;
use spikeloom::synapse::array::ArrayParams;
use spikeloom::synapse::array::matrix::Matrix;
use spikeloom::synapse::array::wires::Segments;

/// A file of `golden/devices`.
pub fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/devices/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A value written in YAML, choices as maps with one key.
#[track_caller]
pub fn from_yaml<T: serde::de::DeserializeOwned>(text: &str) -> T {
    let value: Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The numbers of a list.
pub fn floats(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// Asserts that `found` is within `tolerance` of `expected`, relative to it.
#[track_caller]
pub fn near(found: f64, expected: f64, tolerance: f64) {
    let apart = (found - expected).abs();
    assert!(apart <= tolerance * expected.abs(), "{found:e} is not {expected:e} within {tolerance:e}");
}

/// The crossbar of the golden cases, and its row voltages.
pub fn golden_crossbar(n: usize) -> (Matrix, Vec<f64>) {
    let entry = |i: usize, j: usize| {
        let step = (7919 * i + 104_729 * j + 31 * i * j) % 1000;
        1e-6 + (100e-6 - 1e-6) * step as f64 / 999.0
    };
    let voltages = (0..n).map(|i| 0.2 * ((37 * i + 11) % 101) as f64 / 100.0).collect();
    (Matrix::from_fn(n, n, entry), voltages)
}

/// Column currents by Gaussian elimination with partial pivoting on the full nodal matrix.
pub fn nodal_oracle(cells: &Matrix, wires: Segments, floating: &[bool], voltages: &[f64]) -> Vec<f64> {
    let (n, m) = (cells.rows(), cells.columns());
    let (row, column) = (|i: usize, j: usize| i * m + j, |i: usize, j: usize| n * m + i * m + j);
    let size = 2 * n * m;
    let mut a = vec![vec![0.0; size + 1]; size];
    let mut join = |p: usize, q: Option<usize>, g: f64| {
        a[p][p] += g;
        if let Some(q) = q {
            a[q][q] += g;
            a[p][q] -= g;
            a[q][p] -= g;
        }
    };
    for i in 0..n {
        for j in 0..m {
            join(row(i, j), Some(column(i, j)), cells.at(i, j));
            if j > 0 {
                join(row(i, j), Some(row(i, j - 1)), 1.0 / wires.row);
            } else if !floating.get(i).copied().unwrap_or(false) {
                join(row(i, j), None, 1.0 / wires.row);
            }
            let below = (i + 1 < n).then(|| column(i + 1, j));
            join(column(i, j), below, 1.0 / wires.column);
        }
    }
    for i in (0..n).filter(|&i| !floating.get(i).copied().unwrap_or(false)) {
        a[row(i, 0)][size] = voltages[i] / wires.row;
    }
    let x = gauss(a);
    (0..m).map(|j| x[column(n - 1, j)] / wires.column).collect()
}

/// Column currents by the LDLᵀ factorisation of the nodal matrix as a band: cell by cell a row node and a column
/// node, so that nothing couples further than two rows of the array.
#[allow(dead_code)]
pub fn banded_oracle(cells: &Matrix, wires: Segments, voltages: &[f64]) -> Vec<f64> {
    let (n, m) = (cells.rows(), cells.columns());
    let (size, width) = (2 * n * m, 2 * m);
    let node = |i: usize, j: usize| 2 * (i * m + j);
    // Row k holds the entries of its columns k − width to k.
    let mut band = vec![0.0; size * (width + 1)];
    let mut right = vec![0.0; size];
    let mut join = |p: usize, q: Option<usize>, g: f64| {
        band[p * (width + 1) + width] += g;
        if let Some(q) = q {
            band[q * (width + 1) + width] += g;
            let (low, high) = (p.min(q), p.max(q));
            band[high * (width + 1) + width - (high - low)] -= g;
        }
    };
    for i in 0..n {
        for j in 0..m {
            let (row, column) = (node(i, j), node(i, j) + 1);
            join(row, Some(column), cells.at(i, j));
            join(row, (j > 0).then(|| node(i, j) - 2), 1.0 / wires.row);
            join(column, (i + 1 < n).then(|| node(i + 1, j) + 1), 1.0 / wires.column);
        }
        right[node(i, 0)] = voltages[i] / wires.row;
    }
    for k in 0..size {
        let (before, own) = band.split_at_mut(k * (width + 1));
        let first = k.saturating_sub(width);
        for j in first..k {
            // The sum over l of L_kl D_l L_jl; what is stored until then is L_kl D_l.
            let row = &before[j * (width + 1)..][..width + 1];
            let low = first.max(j.saturating_sub(width));
            let (a, b) = (&own[low + width - k..j + width - k], &row[low + width - j..width]);
            let sum: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            own[j + width - k] -= sum;
        }
        let mut pivot = own[width];
        for j in first..k {
            let product = own[j + width - k];
            let factor = product / before[j * (width + 1) + width];
            own[j + width - k] = factor;
            pivot -= factor * product;
            right[k] -= factor * right[j];
        }
        own[width] = pivot;
    }
    for k in (0..size).rev() {
        let own = &band[k * (width + 1)..][..width + 1];
        right[k] /= own[width];
        let value = right[k];
        let first = k.saturating_sub(width);
        // What the later rows took from row j before its division by the pivot is put in here.
        for j in first..k {
            right[j] -= own[j + width - k] * value * band[j * (width + 1) + width];
        }
    }
    (0..m).map(|j| right[node(n - 1, j) + 1] / wires.column).collect()
}

/// Solves a system given with its right-hand side as last column.
pub fn gauss(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&p, &q| a[p][k].abs().total_cmp(&a[q][k].abs())).expect("a row is left");
        a.swap(k, pivot);
        let row = a[k].clone();
        for below in a.iter_mut().skip(k + 1).filter(|below| below[k] != 0.0) {
            let factor = below[k] / row[k];
            below.iter_mut().zip(&row).skip(k).for_each(|(entry, r)| *entry -= factor * r);
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[k][j] * x[j]).sum();
        x[k] = (a[k][n] - known) / a[k][k];
    }
    x
}

/// A built-in array.
pub fn preset(name: &str) -> ArrayParams {
    let none = spikeloom::spec::Overrides::parse(Vec::<String>::new()).expect("nothing");
    let loaded = spikeloom::spec::load_device(name, &none)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(false, 100)));
    match loaded.value {
        spikeloom::spec::DeviceDoc::Array(array) => array,
        spikeloom::spec::DeviceDoc::Neuron(_) => panic!("{name} is a neuron"),
    }
}
