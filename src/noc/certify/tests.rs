//! Certificates of every routing function, against closed forms, published figures and naive walks.

use super::*;
use crate::base::RouterId;
use crate::base::random::{Purpose, Stream};
use crate::fabric::{LinkParams, Topology};
use crate::noc::route::RoutingSpec;

pub(super) fn mesh(size: &[u32]) -> Fabric {
    Topology::Mesh { size: size.to_vec() }.build(&LinkParams::default()).expect("a mesh")
}

pub(super) fn torus(size: &[u32]) -> Fabric {
    Topology::Torus { size: size.to_vec() }.build(&LinkParams::default()).expect("a torus")
}

pub(super) fn broken(fabric: &Fabric, routers: &[u32]) -> Health {
    let mut health = Health::perfect(fabric);
    routers.iter().for_each(|&router| health.kill_router(fabric, RouterId(router)));
    health
}

/// A chip with `faults` random dead routers, by `id`.
pub(super) fn random_faults(fabric: &Fabric, faults: usize, id: u32) -> Health {
    let mut draw = Stream::new(7, Purpose::Faults, id, faults as u64);
    let mut routers: Vec<u32> = (0..fabric.routers.len() as u32).collect();
    draw.shuffle(&mut routers);
    broken(fabric, &routers[..faults])
}

pub(super) fn named(name: &str) -> RoutingSpec {
    RoutingSpec::named(name).expect("a known name")
}

pub(super) fn check(fabric: &Fabric, health: &Health, spec: &RoutingSpec, vcs: u8) -> Certificate {
    let routing = spec.compile(fabric, health, vcs, 1).unwrap_or_else(|p| panic!("{}: {p}", spec.name()));
    certify(&Question { fabric, health, routing: &routing, vcs, router: RouterKind::InputQueued })
}

#[test]
fn literal() {
    let fabric = mesh(&[8, 8]);
    let mut cyclic = 0;
    let mut sums = [0.0; 2];
    for router in 0..64 {
        let c = check(&fabric, &broken(&fabric, &[router]), &named("mftn-literal"), 1);
        cyclic += u32::from(!c.deadlock_free);
        sums[0] += c.gamma / 64.0;
        sums[1] += c.stretch / 64.0;
        assert!(c.livelock_free && c.pairs.unreachable == 0);
        let v = check(&fabric, &broken(&fabric, &[router]), &named("mftn-literal-vc"), 3);
        assert!(v.deadlock_free, "{router}");
    }
    println!("cyclic {cyclic} gamma stretch {sums:?}");
    for (k, rates, maps) in [(8u32, [1usize, 3, 6], 120u32), (16, [3, 13, 26], 16)] {
        let fabric = mesh(&[k, k]);
        for faults in rates {
            for name in ["xy", "odd-even", "mftn-literal", "contour", "corner", "maze"] {
                let mut s = [0.0; 4];
                for id in 0..maps {
                    let c = check(&fabric, &random_faults(&fabric, faults, id), &named(name), 1);
                    s[0] += f64::from(u8::from(c.deadlock_free));
                    s[1] += c.delivered_share;
                    s[2] += c.stretch;
                    s[3] += c.gamma;
                    assert!(c.livelock_free);
                }
                println!(
                    "{k} {faults} {name}: {:.2?}/{:.3}/{:.3}/{:.2}",
                    s[0] / maps as f64,
                    s[1] / maps as f64,
                    s[2] / maps as f64,
                    s[3] / maps as f64
                );
            }
        }
    }
}
