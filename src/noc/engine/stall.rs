//! What to say when nothing moves any more: which packets wait for which channels, and the cycle
//! among them if there is one.

use super::allocate::for_each_bit;
use super::region::Region;
use super::setup::End;
use crate::base::RouterId;

/// A blocked input virtual channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Router that holds the packet.
    pub router: RouterId,
    /// Input port and virtual channel in which it waits.
    pub input: (u8, u8),
    /// Output port that it waits for.
    pub output: u8,
}

/// A network in which no flit has moved for a long time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Cycles since the last movement.
    pub idle_cycles: u64,
    /// Packets under way.
    pub packets: u64,
    /// A cycle of channels each waiting for the next one: a deadlock. Empty if there is none.
    pub cycle: Vec<Waiting>,
}

/// Looks for a cycle among the blocked channels.
pub(super) fn find(regions: &[Region], idle_cycles: u64) -> Stall {
    let packets = regions.iter().map(|region| region.packets.len() as u64).sum();
    Stall { idle_cycles, packets, cycle: waiting_cycle(regions) }
}

/// A channel as (region, router, input VC index).
type Channel = (usize, usize, u8);

fn waiting_cycle(regions: &[Region]) -> Vec<Waiting> {
    let mut done = std::collections::HashSet::new();
    for (r, region) in regions.iter().enumerate() {
        for (router, hot) in region.routers.iter().enumerate() {
            let blocked = (hot.waiting | hot.active) & !hot.ready;
            let mut found = Vec::new();
            for_each_bit(blocked, |vc| {
                if found.is_empty() {
                    found = follow(regions, (r, router, vc), &mut done);
                }
            });
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// Follows who waits for whom from `start`; returns the loop it runs into, if any.
fn follow(regions: &[Region], start: Channel, done: &mut std::collections::HashSet<Channel>) -> Vec<Waiting> {
    let (mut path, mut at) = (Vec::<(Channel, Waiting)>::new(), start);
    loop {
        if let Some(first) = path.iter().position(|&(place, _)| place == at) {
            return path[first..].iter().map(|&(_, waiting)| waiting).collect();
        }
        if !done.insert(at) {
            return Vec::new();
        }
        let Some((waiting, next)) = awaited(&regions[at.0], at.1, at.2) else { return Vec::new() };
        path.push((at, waiting));
        at = next;
    }
}

/// What a blocked input VC waits for: the input VC downstream that must make room first.
fn awaited(region: &Region, router: usize, vc: u8) -> Option<(Waiting, Channel)> {
    let hot = &region.routers[router];
    let base = hot.vc_base as usize;
    let input = &region.in_vc[base + usize::from(vc)];
    let out = if hot.active >> vc & 1 == 1 {
        input.out
    } else if input.wants != 0 {
        input.wants.trailing_zeros() as u8
    } else {
        return None;
    };
    let vcs = region.setup.vcs;
    let wire = region.out_wires[hot.port_base as usize + usize::from(out / vcs)];
    if !matches!(wire.end, End::Router | End::Elsewhere) {
        return None;
    }
    let waiting = Waiting {
        router: RouterId(region.first_router + router as u32),
        input: (vc / vcs, vc % vcs),
        output: out / vcs,
    };
    let place = wire.place(out);
    Some((waiting, (usize::from(wire.region), place.of(), place.vc())))
}
