//! Speed of arrays: products of 256 × 256 on one thread, and exact wire resistance. `tools/array_peers.py` times the
//! same tasks in Python.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spikeloom::synapse::array::wires::{Network, Segments, effective_conductance};
use spikeloom::synapse::array::{Array, ArrayParams, Matrix};

/// Rows and columns.
const SIZE: usize = 256;

/// Vectors of a batch.
const BATCH: usize = 128;

fn matrix(rows: usize, columns: usize) -> Matrix {
    Matrix::from_fn(rows, columns, |i, j| ((37 * i + 61 * j + 5 * i * j) % 101) as f64 / 50.0 - 1.0)
}

fn array(adc: &str, cell: &str, more: &str) -> Array {
    let text = format!(
        r#"{{"crossbar": {{"rows": 256, "columns": 512, "cell": {{"g_min": 1e-6, "g_max": 20e-6{cell}}},
            "input": {{"analog": {{"bits": 8}}}}, "adc": {adc}{more}}}}}"#
    );
    let params: ArrayParams = serde_json::from_str(&text).expect("valid parameters");
    params.program(&matrix(SIZE, SIZE), 1).expect("it fits")
}

fn products(criterion: &mut Criterion) {
    let noise = r#", "read_noise": {"law": {"of-range": 0.02}}"#;
    let lines = r#", "wires": {"row": 1, "column": 1}"#;
    let eight = r#"{"bits": 8}"#;
    let cases = [
        ("ideal", "null", "", ""),
        ("8 bits", eight, "", ""),
        ("read noise", eight, noise, ""),
        ("8 bits after lines of 1 Ω", eight, "", lines),
    ];
    for (name, adc, cell, more) in cases {
        let mut array = array(adc, cell, more);
        let mut group = criterion.benchmark_group(format!("256x256, {name}"));
        let batch = matrix(BATCH, SIZE);
        let mut step = 0;
        group.throughput(Throughput::Elements(1));
        let mut out = vec![0.0; SIZE];
        group.bench_function("one by one", |bencher| {
            bencher.iter(|| {
                step += 1;
                array.multiply(step, batch.row(step as usize % BATCH), &mut out).expect("it multiplies");
                out[0]
            });
        });
        group.throughput(Throughput::Elements(BATCH as u64));
        let mut out = Matrix::zeros(BATCH, SIZE);
        group.bench_function("in batches", |bencher| {
            bencher.iter(|| {
                step += BATCH as u64;
                array.multiply_batch(step, &batch, &mut out).expect("it multiplies");
                out.at(0, 0)
            });
        });
        group.finish();
    }
}

fn wires(criterion: &mut Criterion) {
    let cells = Matrix::from_fn(SIZE, SIZE, |i, j| {
        1e-6 + 99e-6 * ((7919 * i + 104_729 * j + 31 * i * j) % 1000) as f64 / 999.0
    });
    let segments = Segments { row: 1.0, column: 1.0 };
    let mut group = criterion.benchmark_group("256x256, wires");
    group.sample_size(10);
    group.bench_function("once per programming", |bencher| {
        bencher.iter(|| effective_conductance(&cells, segments).expect("it is well-conditioned"));
    });
    let network = Network { cells: &cells, segments, floating: &[] };
    let voltages: Vec<f64> = (0..SIZE).map(|i| 0.2 * ((37 * i + 11) % 101) as f64 / 100.0).collect();
    group.bench_function("one solve", |bencher| {
        bencher.iter(|| network.solve(&voltages).expect("it converges"))
    });
    group.finish();
}

criterion_group!(benches, products, wires);
criterion_main!(benches);
