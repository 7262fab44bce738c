//! One speed line at a time, for instruction counters.
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::engine::{Network, Run};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::workload::traffic::{TrafficParams, TrafficSource};

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

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let number = |i: usize, d: f64| args.get(i).map_or(d, |a| a.parse().unwrap());
    let (k, rate, cycles, threads) =
        (number(0, 8.0) as u32, number(1, 0.2), number(2, 5000.0) as u64, number(3, 1.0) as usize);
    let (mut network, mut parts) = network(k, rate, threads);
    network.run(&mut parts, 1000);
    let before: u64 = network.tally().port_flits.iter().sum();
    let start = std::time::Instant::now();
    network.run(&mut parts, 1000 + cycles);
    let time = start.elapsed();
    let hops = network.tally().port_flits.iter().sum::<u64>() - before;
    println!(
        "{k}x{k} at {rate}, {threads} threads: {cycles} cycles, {hops} flit-hops, {:.0} cycles/s, {:.2} M flit-hops/s, {:.1} ns/flit-hop",
        cycles as f64 / time.as_secs_f64(),
        hops as f64 / time.as_secs_f64() / 1e6,
        time.as_secs_f64() * 1e9 / hops as f64
    );
}
