//! The chip of the speed lines: a square mesh, 4 VCs of 8 flits, pipeline A, uniform traffic of one flit.

use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::engine::{Network, Run};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::workload::traffic::{TrafficParams, TrafficSource};

/// A mesh of `k` × `k` routers and its traffic of `rate` flits per node and cycle.
pub fn mesh(k: u32, rate: f64, threads: usize) -> (Network, Vec<TrafficSource>) {
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
