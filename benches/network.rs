//! Speed of the cycle engine: simulated cycles per second on the configurations the README quotes.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::engine::{Network, Run};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::workload::traffic::{TrafficParams, TrafficSource};

/// Cycles simulated before measuring, and per measurement.
const WARM_UP: u64 = 2_000;
const STRETCH: u64 = 1_000;

fn network(k: u32, rate: f64, threads: usize) -> (Network, Vec<TrafficSource>) {
    let size = vec![k, k];
    let params = RouterParams::default();
    let routing = Routing::from(DimensionOrder::new(&size, &[false; 2], &[0, 1], params.vcs));
    let fabric: Fabric = Topology::Mesh { size }.build(&LinkParams::default()).expect("a valid mesh");
    let health = Health::perfect(&fabric);
    let run = Run { seed: 1, threads };
    let network = Network::new(&fabric, &health, routing, &params, run).expect("valid parameters");
    let text = format!("{{pattern: uniform, rate: {rate}, packet_flits: 1}}");
    let traffic: TrafficParams = serde_yaml::from_str(&text).expect("valid traffic");
    let files = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let parts = network.deal(traffic.compile(&fabric, &files, 1).expect("uniform fits any chip"));
    (network, parts)
}

fn cycles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cycles");
    group.throughput(Throughput::Elements(STRETCH)).sample_size(10);
    let cases = [(8, 0.2, 1), (8, 0.004, 1), (32, 0.053, 1), (64, 0.0265, 1), (64, 0.0265, 2)];
    for (k, rate, threads) in cases {
        let name = BenchmarkId::new(format!("{k}x{k}/{threads} thread"), rate);
        group.bench_function(name, |bencher| {
            let (mut network, mut parts) = network(k, rate, threads);
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
