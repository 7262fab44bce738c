//! How much silicon a network's routers take.

use std::collections::BTreeMap;

use super::table::{Router, figures};
use super::{Site, Technology};

/// Active area of all routers of a site, broken ones included [m²]: transistors of buffers, crossbars,
/// allocators and clock trees, from DSENT 0.9's router (see `table.rs` for what lies between its points).
/// Neither wires nor cores are part of it. `None` where the table does not reach.
pub fn routers_area(technology: Technology, site: &Site) -> Option<f64> {
    let mut by_ports: BTreeMap<u32, u32> = BTreeMap::new();
    for router in &site.routers {
        *by_ports.entry(router.ports).or_default() += 1;
    }
    let Site { flit_bits, vcs, buffer_flits, .. } = *site;
    let area = |(&ports, &count): (&u32, &u32)| {
        let router = Router { flit_bits, vcs, buffer_flits, ports };
        Some(f64::from(count) * figures(technology, router).ok()?.area)
    };
    by_ports.iter().map(area).sum()
}
