//! The number of threads changes nothing: the same tally, packet by packet.

use crate::sources::{Bernoulli, Dialogue, Listed, Pattern};
use spikeloom::base::NodeId;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::fabric::{Health, LinkParams, Topology};
use spikeloom::noc::engine::{Ended, Network, Run, Tally};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::noc::source::{Offer, Source};

/// A square grid and how it is simulated.
#[derive(Clone, Debug)]
struct Chip {
    side: u32,
    torus: bool,
    latency: u16,
    params: RouterParams,
}

impl Chip {
    fn mesh(side: u32, params: RouterParams) -> Self {
        Self { side, torus: false, latency: 1, params }
    }

    fn torus(side: u32, params: RouterParams) -> Self {
        Self { side, torus: true, latency: 2, params }
    }

    fn simulate<S: Source>(&self, source: S, threads: usize, until: u64) -> (Tally, Ended) {
        let size = vec![self.side; 2];
        let routing = DimensionOrder::new(&size, &[self.torus; 2], &[0, 1], self.params.vcs);
        let topology = if self.torus { Topology::Torus { size } } else { Topology::Mesh { size } };
        let link = LinkParams { latency: self.latency, ..LinkParams::default() };
        let fabric = topology.build(&link).expect("a valid grid");
        let (health, run) = (Health::perfect(&fabric), Run { seed: 5, threads });
        let routing = Routing::DimensionOrder(routing);
        let mut network =
            Network::new(&fabric, &health, routing, &self.params, run).expect("valid parameters");
        network.keep_log(true);
        let mut parts = network.deal(source);
        let ended = network.run(&mut parts, until);
        (network.tally(), ended)
    }

    /// Runs with 1 to 4 threads and compares all that is counted.
    fn check<S: Source>(&self, source: &impl Fn() -> S, until: u64) -> Tally {
        let (one, ended) = self.simulate(source(), 1, until);
        assert!(one.delivered > 0, "{self:?}: nothing was delivered, nothing is compared");
        for threads in 2..=4 {
            let (several, also) = self.simulate(source(), threads, until);
            assert_eq!(ended, also, "{self:?} with {threads} threads");
            let pairs = one.log.iter().flatten().zip(several.log.iter().flatten());
            let difference = pairs.into_iter().find(|(a, b)| a != b);
            assert_eq!(difference, None, "{self:?}: first difference with {threads} threads");
            assert_eq!(one, several, "{self:?}: counts differ with {threads} threads");
        }
        one
    }
}

fn pipeline_b() -> RouterParams {
    let defaults = RouterParams::default();
    RouterParams {
        routing_delay: 0,
        credit_delay: 2,
        input_speedup: 2,
        wait_for_tail_credit: true,
        ..defaults
    }
}

fn pipeline_f() -> RouterParams {
    RouterParams { routing_delay: 0, speculative: true, piggyback: true, ..RouterParams::default() }
}

#[test]
fn open_loop_below_saturation() {
    for chip in [Chip::mesh(8, RouterParams::default()), Chip::torus(8, RouterParams::default())] {
        for flits in [1, 4] {
            chip.check(&|| Bernoulli::new(Pattern::Uniform, 0.2, flits, 64, 3), 1_500);
        }
    }
}

#[test]
fn open_loop_beyond_saturation() {
    for chip in [Chip::mesh(6, RouterParams::default()), Chip::torus(6, RouterParams::default())] {
        chip.check(&|| Bernoulli::new(Pattern::BitComplement, 0.9, 3, 36, 4), 1_000);
    }
}

/// Threads cut a network elsewhere than its blocks of routers, and credits that cross a cut always take their time:
/// however few or many there are, those that are there at once change nothing.
#[test]
fn several_blocks_of_routers() {
    for (buffer_flits, credit_delay) in [(1, 0), (3, 2), (5, 0), (6, 1), (8, 0)] {
        let params = RouterParams { buffer_flits, credit_delay, ..RouterParams::default() };
        for rate in [0.1, 0.6] {
            let source = || Bernoulli::new(Pattern::Uniform, rate, 1, 169, 9);
            Chip::mesh(13, params.clone()).check(&source, 600);
        }
    }
}

#[test]
fn every_pipeline() {
    for params in [pipeline_b(), pipeline_f(), RouterParams { routing_delay: 3, ..RouterParams::default() }] {
        Chip::mesh(6, params.clone()).check(&|| Bernoulli::new(Pattern::Uniform, 0.3, 2, 36, 6), 800);
        Chip::torus(6, params).check(&|| Bernoulli::new(Pattern::Uniform, 0.3, 2, 36, 6), 800);
    }
}

/// Sparse bursts: time jumps between them, and all threads must agree on how far.
#[test]
fn idle_times_are_jumped_alike() {
    let bursts = || {
        let (mut listed, mut draw) = (Listed::default(), Stream::new(9, Purpose::Workload, 0, 0));
        for tag in 0..400 {
            let at = u64::from(tag) / 20 * 5_003;
            let dst = NodeId(draw.below(49));
            listed.push(draw.below(49), Offer { at, dst, flits: 1 + draw.below(4) as u16, tag });
        }
        listed
    };
    for chip in [Chip::mesh(7, RouterParams::default()), Chip::torus(7, RouterParams::default())] {
        let tally = chip.check(&bursts, u64::MAX);
        assert_eq!(tally.delivered, 400);
    }
}

#[test]
fn closed_loop() {
    for chip in [Chip::mesh(6, RouterParams::default()), Chip::torus(6, RouterParams::default())] {
        for (think, rate) in [(1, 0.15), (40, 0.03), (7, 0.3)] {
            let tally = chip.check(&|| Dialogue::new(36, rate, think, 8), 100_000);
            assert_eq!(tally.created, tally.delivered);
        }
    }
}

/// Whoever runs a network in pieces, to look at it in between, gets what one run gives.
#[test]
fn pieces_make_up_the_whole() {
    let chip = Chip::mesh(6, RouterParams::default());
    let fabric = Topology::Mesh { size: vec![6, 6] }.build(&LinkParams::default()).expect("a valid grid");
    let (whole, _) = chip.simulate(Dialogue::new(36, 0.15, 7, 2), 1, 3_001);
    let routing = DimensionOrder::new(&[6, 6], &[false; 2], &[0, 1], 4);
    let (health, run) = (Health::perfect(&fabric), Run { seed: 5, threads: 1 });
    let mut network =
        Network::new(&fabric, &health, Routing::DimensionOrder(routing), &chip.params, run).expect("valid");
    network.keep_log(true);
    let mut parts = network.deal(Dialogue::new(36, 0.15, 7, 2));
    for until in (0..3_001).step_by(7).chain([3_001]) {
        network.run(&mut parts, until);
    }
    assert_eq!(whole, network.tally());
}
