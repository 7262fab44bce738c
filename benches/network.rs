//! Speed of the cycle engine: simulated cycles per second on the configurations the README quotes.

mod chip;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Cycles simulated before measuring, and per measurement.
const WARM_UP: u64 = 2_000;
const STRETCH: u64 = 1_000;

/// Half of the saturation load of a mesh of `k` × `k` routers [flits/node/cycle].
fn half_load(k: u32) -> f64 {
    0.2125 * 8.0 / f64::from(k)
}

fn cycles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cycles");
    group.throughput(Throughput::Elements(STRETCH)).sample_size(10);
    let cases = [
        (8, 0.2, 1),
        (8, 0.004, 1),
        (16, half_load(16), 1),
        (32, half_load(32), 1),
        (64, half_load(64), 1),
        (64, half_load(64), 2),
    ];
    for (k, rate, threads) in cases {
        let name = BenchmarkId::new(format!("{k}x{k}/{threads} thread"), rate);
        group.bench_function(name, |bencher| {
            let (mut network, mut parts) = chip::mesh(k, rate, threads);
            network.run(&mut parts, WARM_UP);
            bencher.iter(|| {
                let until = network.now() + STRETCH;
                network.run(&mut parts, until)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, cycles);
criterion_main!(benches);
