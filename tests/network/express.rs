//! Concentrated meshes with express links, one part broken: who is accepted arrives.

use spikeloom::base::{LinkId, RouterId};
use spikeloom::fabric::{Cmesh, Fabric, Health, LinkParams, Topology};
use spikeloom::noc::certify::{Question, certify};
use spikeloom::noc::params::RouterKind;
use spikeloom::noc::route::{Candidates, Ground, Head, Routing, RoutingSpec, Standing};

fn named(name: &str) -> RoutingSpec {
    RoutingSpec::named(name).expect("a known name")
}

/// A concentrated mesh with express links; its border routers have more network ports than the others, and
/// the nodes of a router have no consecutive numbers.
fn express() -> Fabric {
    let cmesh = Cmesh { size: vec![4, 4], concentration: vec![1, 2], express: true };
    Topology::Cmesh(cmesh).build(&LinkParams::default()).expect("a concentrated mesh")
}

/// Every single dead router, dead core, dead link and stuck virtual channel of `fabric`.
fn single_faults(fabric: &Fabric, vcs: u8) -> Vec<Health> {
    let broken = |change: &dyn Fn(&mut Health)| {
        let mut health = Health::perfect(fabric);
        change(&mut health);
        health
    };
    let routers = (0..fabric.routers.len()).map(RouterId::at);
    let mut list: Vec<Health> = routers.map(|at| broken(&|h| h.kill_router(fabric, at))).collect();
    list.push(broken(&|h| h.kill_node(fabric.attached[3])));
    for link in (0..fabric.links.len()).map(LinkId::at) {
        list.push(broken(&|h| h.kill_link(link)));
        list.extend((0..vcs).map(|vc| broken(&|h| h.stick_vcs(link, 1 << vc))));
    }
    list
}

/// Whether the route that is taken when nothing is broken is open.
fn walks(fabric: &Fabric, health: &Health, routing: &Routing, (src, dst): (RouterId, RouterId)) -> bool {
    let ground = Ground::new(fabric, health, 4, 0);
    let (mut head, mut out) = (Head { dst, ..Head::default() }, Candidates::default());
    let mut standing = Standing { at: src, port: fabric.routers[src.index()].network_ports, vc: 0 };
    while standing.at != dst {
        routing.route(standing, &mut head, &mut out);
        let next = out.as_slice()[0];
        let link = fabric.out(standing.at, next.port).expect("routes lead over links");
        if !ground.open(link, next.vcs) {
            return false;
        }
        standing = Standing { at: fabric.link(link).to, port: fabric.link(link).to_port, vc: 0 };
    }
    health.router[src.index()]
}

/// Who is accepted arrives, without deadlock, whichever single part beside express links is broken; dimension
/// order accepts exactly the pairs whose route is open.
#[test]
fn routes_over_express_links_know_what_is_broken() {
    let fabric = express();
    let flawless = named("xy").compile(&fabric, &Health::perfect(&fabric), 4, 1).expect("xy fits");
    for health in single_faults(&fabric, 4) {
        for name in ["xy", "o1turn", "romm", "valiant", "minimal-adaptive"] {
            let routing = named(name).compile(&fabric, &health, 4, 1).expect("the routing fits");
            let (vcs, router) = (4, RouterKind::InputQueued);
            let found =
                certify(&Question { fabric: &fabric, health: &health, routing: &routing, vcs, router });
            assert!(found.deadlock_free && found.livelock_free, "{name}: {found:?}");
            let working = health.node.iter().filter(|&&works| works).count() as u64;
            assert_eq!(found.pairs.healthy, working * (working - 1), "{name}: {found:?}");
            let ground = Ground::new(&fabric, &health, 4, 0);
            let mut accepted = 0;
            for pair in (0..256).map(|n| (RouterId(n / 16), RouterId(n % 16))) {
                let nodes = [pair.0, pair.1].map(|at| u64::from(ground.nodes_at(at)));
                let reaches = routing.reaches(pair.0, pair.1);
                assert!(name != "xy" || reaches == walks(&fabric, &health, &flawless, pair), "{pair:?}");
                accepted +=
                    u64::from(reaches) * (nodes[0] * nodes[1] - u64::from(pair.0 == pair.1) * nodes[0]);
            }
            assert_eq!(found.pairs.delivered, accepted, "{name}: {found:?}");
        }
    }
}
