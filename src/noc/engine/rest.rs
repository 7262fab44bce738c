//! What is left behind when a network has come to rest after faults: nothing may be.

use super::region::Region;
use super::router::State;
use super::*;
use crate::base::LinkId;
use crate::base::random::{Purpose, Stream};
use crate::fabric::{LinkParams, Topology};
use crate::noc::route::RoutingSpec;
use crate::noc::source::{Failure, Offer};

/// Every node sends packets of 1 to 5 flits anywhere, until cycle `until`, and counts what fails.
#[derive(Clone, Debug)]
struct Chatter {
    seed: u64,
    nodes: u32,
    until: u64,
    first: u32,
    /// By node: the cycle after the last packet.
    after: Vec<u64>,
    failures: Vec<(NodeId, Failure)>,
}

impl Source for Chatter {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        let after = &mut self.after[(node.0 - self.first) as usize];
        let mut draw = Stream::new(self.seed, Purpose::Injection, node.0, *after);
        let (gap, dst, flits) = (draw.below(12), draw.below(self.nodes), 1 + draw.below(5));
        let at = *after + u64::from(gap);
        *after = at + 1;
        (at < self.until).then_some(Offer { at, dst: NodeId(dst), flits: flits as u16, tag: at as u32 })
    }

    fn heeds_failures(&self) -> bool {
        true
    }

    fn failed(&mut self, node: NodeId, failure: Failure) -> bool {
        self.failures.push((node, failure));
        false
    }

    fn split(&mut self, at: NodeId) -> Self {
        let after = self.after.split_off((at.0 - self.first) as usize);
        Self { first: at.0, after, failures: Vec::new(), ..self.clone() }
    }
}

/// What is not as it was before the first packet.
fn left_behind<const N: usize, const P: usize>(region: &mut Region<N, P>) -> Vec<String> {
    let depth = region.shared.setup.depth;
    let vcs = usize::from(region.shared.setup.vcs);
    let mut found = Vec::new();
    for number in 0..region.port_counts.len() {
        let (router, stuck) = (&region.routers[number], region.stuck[number]);
        let channels = usize::from(region.port_counts[number]) * vcs;
        let mut complain = |what: &str, vc: usize| found.push(format!("router {number} VC {vc}: {what}"));
        for vc in 0..channels {
            if router.ins[vc].len > 0 || router.ins[vc].state != State::Idle {
                complain("a packet is inside", vc);
            }
            let works = stuck >> vc & 1 == 0;
            if works && (router.outs[vc].credits != depth || router.free_out >> vc & 1 == 0) {
                complain("the channel is not free", vc);
            }
            if !works && router.free_out >> vc & 1 == 1 {
                complain("a broken channel is free", vc);
            }
        }
        let asked = router.ports.iter().any(|port| port.bids != 0 || port.heads != 0);
        if asked || router.torn != 0 || router.closing != 0 {
            complain("something is asked for", 0);
        }
    }
    found.extend((region.boards.iter().any(|r| r.any())).then(|| "requests are left".to_owned()));
    found.extend((region.shared.packets.len() > 0).then(|| "packets are left".to_owned()));
    found
}

/// A mesh under `spec`, struck `strikes` times at random; at rest in the end.
fn check(number: u32, spec: &str, params: &RouterParams, threads: usize) -> (Tally, Vec<(NodeId, Failure)>) {
    let mut draw = Stream::new(5, Purpose::Workload, number, 0);
    let k = 3 + draw.below(3);
    let fabric = Topology::Mesh { size: vec![k, k] }.build(&LinkParams::default()).expect("a mesh");
    let mut health = Health::perfect(&fabric);
    let spec = RoutingSpec::named(spec).expect("a routing function");
    let compile = |health: &Health| spec.compile(&fabric, health, params.vcs, 1).expect("it fits");
    let run = Run { seed: 1, threads };
    let mut network = Network::new(&fabric, &health, compile(&health), params, run).expect("valid");
    let nodes = k * k;
    let chatter = Chatter {
        seed: number.into(),
        nodes,
        until: 700,
        first: 0,
        after: vec![0; nodes as usize],
        failures: vec![],
    };
    let mut sources = network.deal(chatter);
    for _ in 0..3 {
        let at = network.now() + 60 + u64::from(draw.below(120));
        network.run(&mut sources, at);
        match draw.below(3) {
            0 => health.kill_router(&fabric, RouterId(draw.below(nodes))),
            1 => health.kill_link(LinkId(draw.below(fabric.links.len() as u32))),
            _ => health
                .stick_vcs(LinkId(draw.below(fabric.links.len() as u32)), 1 << draw.below(params.vcs.into())),
        }
        network.pause();
        let under_way = network.in_flight();
        let losses = network.strike(&fabric, &health, &mut sources);
        assert_eq!(network.in_flight(), under_way - losses.total(), "case {number}");
        while network.in_flight() > 0 {
            let until = network.now() + 7;
            network.run(&mut sources, until);
            assert!(network.now() < 5_000, "case {number}: packets do not leave");
        }
        network.adopt(&fabric, &health, compile(&health));
    }
    assert_eq!(network.run(&mut sources, u64::MAX), Ended::Idle, "case {number}");
    with_regions!(&mut network.regions, regions => {
        let found: Vec<String> = regions.iter_mut().flat_map(left_behind).collect();
        assert!(found.is_empty(), "case {number}: {found:?}");
    });
    let tally = network.tally();
    let mut failures: Vec<_> = sources.into_iter().flat_map(|source| source.failures).collect();
    failures.sort_unstable();
    (tally, failures)
}

#[test]
fn nothing_is_left_behind() {
    let plain = RouterParams::default();
    let slow =
        RouterParams { routing_delay: 3, vc_delay: 2, traversal_delay: 2, credit_delay: 2, ..plain.clone() };
    let tail = RouterParams { wait_for_tail_credit: true, buffer_flits: 3, ..plain.clone() };
    let eager = RouterParams { routing_delay: 0, speculative: true, vcs: 2, ..plain.clone() };
    let specs = ["xy", "mftn", "west-first", "minimal-adaptive", "o1turn"];
    let (mut lost, mut number) = (0, 0);
    for params in [plain, slow, tail, eager] {
        for spec in specs.into_iter().cycle().take(25) {
            number += 1;
            let (tally, failures) = check(number, spec, &params, 1);
            let losses = tally.losses.total();
            assert_eq!(tally.created, tally.delivered + tally.refused + losses, "case {number}");
            assert_eq!(tally.flits_injected, tally.flits_ejected + tally.flits_lost, "case {number}");
            // Both ends learn of each failure, a node that sends to itself once.
            let told: u64 = failures.iter().map(|(_, f)| if f.src == f.dst { 2 } else { 1 }).sum();
            assert_eq!(told, 2 * (tally.refused + losses), "case {number}");
            assert!(failures.iter().all(|(node, f)| [f.src, f.dst].contains(node)));
            if number % 5 == 0 {
                assert_eq!(
                    (tally, failures),
                    check(number, spec, &params, 3),
                    "case {number} with three threads"
                );
            }
            lost += losses;
        }
    }
    assert!(lost > 500, "{lost}");
}
