//! What to say when nothing moves any more: which packets wait for which channels, and the cycle
//! among them if there is one.

use super::region::Region;
use super::router::State;
use super::setup::End;
use super::wheel::Place;
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
pub(super) fn find<const N: usize, const P: usize>(regions: &[Region<N, P>], idle_cycles: u64) -> Stall {
    let packets = regions.iter().map(|region| region.shared.in_flight()).fold(0, u64::wrapping_add);
    Stall { idle_cycles, packets, cycle: waiting_cycle(regions) }
}

fn waiting_cycle<const N: usize, const P: usize>(regions: &[Region<N, P>]) -> Vec<Waiting> {
    let mut done = std::collections::HashSet::new();
    for (r, region) in regions.iter().enumerate() {
        for (number, router) in region.routers.iter().enumerate() {
            for vc in (0..N).filter(|&vc| router.ins[vc].len > 0) {
                let found = follow(regions, (r, number, vc), &mut done);
                if !found.is_empty() {
                    return found;
                }
            }
        }
    }
    Vec::new()
}

/// A channel as (region, router, input VC index).
type Channel = (usize, usize, usize);

/// Follows who waits for whom from `start`; returns the loop it runs into, if any.
fn follow<const N: usize, const P: usize>(
    regions: &[Region<N, P>],
    start: Channel,
    done: &mut std::collections::HashSet<Channel>,
) -> Vec<Waiting> {
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
fn awaited<const N: usize, const P: usize>(
    region: &Region<N, P>,
    router: usize,
    vc: usize,
) -> Option<(Waiting, Channel)> {
    let (state, setup) = (&region.routers[router], &region.shared.setup);
    let input = &state.ins[vc];
    let wants = match &region.compass {
        Some(compass) => compass.wants(input.out_port),
        None => state.wants[vc],
    };
    let out = match (input.state, wants) {
        _ if input.len == 0 => return None,
        (State::Idle | State::Waiting, 0) => return None,
        (State::Idle | State::Waiting, wants) => wants.trailing_zeros() as usize,
        // A copy that waits for a channel, or one that holds a channel and waits for a credit there.
        (State::Copying, 0) => match region.shared.forks.held(Place::new(router, vc)) {
            0 => return None,
            held => held.trailing_zeros() as usize,
        },
        (State::Copying, wants) => wants.trailing_zeros() as usize,
        _ => usize::from(input.out),
    };
    let output = setup.port_of[out];
    let wire = state.ports[usize::from(output)].out;
    if !matches!(wire.end, End::Router | End::Elsewhere) {
        return None;
    }
    let port = setup.port_of[vc];
    let router = RouterId(region.shared.first_router + router as u32);
    let place = wire.place(out);
    let waiting = Waiting { router, input: (port, vc as u8 - port * setup.vcs), output };
    Some((waiting, (usize::from(wire.region), place.of(), place.vc())))
}
