//! A fabric as the energy room wants to see it.

use crate::base::RouterId;
use crate::energy::{Axis, EnergyAccount, LinkSite, NetworkCounts, Prices, RouterSite, Site};
use crate::fabric::{Fabric, Health, Link, LinkKind, Shape};
use crate::noc::params::RouterParams;
use crate::sim::Outcome;

/// The site that a chip's energy is priced for. Broken routers, and links that are broken or lead to one,
/// are taken to be switched off. A bufferless router is priced with one register of a flit at each port, where
/// the flits of a cycle stand.
pub fn energy_site(
    fabric: &Fabric,
    health: &Health,
    router: &RouterParams,
    (flit_bits, clock_hz): (u32, f64),
) -> Site {
    let routers = (0..fabric.routers.len()).map(|index| RouterSite {
        ports: fabric.ports(RouterId::at(index)) as u32,
        powered: health.router[index],
    });
    let links = fabric.links.iter().zip(&health.link).map(|(link, &alive)| LinkSite {
        length_mm: link.length_mm.into(),
        axis: axis(fabric, link),
        leaves_chip: link.kind == LinkKind::ChipToChip,
        energy_per_bit: link.energy_per_bit,
        interval: link.interval,
        powered: alive && health.router[link.from.index()] && health.router[link.to.index()],
    });
    let (vcs, buffer_flits) = router.buffers();
    Site {
        flit_bits,
        check_bits: 0,
        vcs: vcs.into(),
        buffer_flits: buffer_flits.into(),
        clock_hz,
        routers: routers.collect(),
        links: links.collect(),
    }
}

/// Where a link leads on a grid. Express links run along the dimension that their port stands for.
fn axis(fabric: &Fabric, link: &Link) -> Axis {
    let Shape::Grid { size, .. } = &fabric.shape else { return Axis::Other };
    let dimensions = size.len() as u8;
    let dimension = match link.from_port.checked_sub(2 * dimensions) {
        Some(express) => express,
        None => link.from_port / 2,
    };
    match dimension {
        0 => Axis::EastWest,
        1 => Axis::NorthSouth,
        _ => Axis::Other,
    }
}

/// What a run cost at these prices. A flit that was sent again costs the link, and nothing else, once more.
pub fn energy_account(prices: &Prices, outcome: &Outcome) -> EnergyAccount {
    let loads = &outcome.loads;
    let resent = loads.link_resent.iter().flatten().copied().chain(std::iter::repeat(0));
    let link_flits: Vec<u64> =
        loads.link_flits.iter().zip(resent).map(|(sent, again)| sent + again).collect();
    prices.account(&NetworkCounts {
        cycles: outcome.cycles,
        router_flits: &outcome.loads.router_flits,
        delivered_flits: &outcome.loads.delivered_flits,
        link_flits: &link_flits,
        vc_allocations: outcome.vc_allocations,
    })
}
