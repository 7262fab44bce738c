//! Multicast: at a fork of its tree a packet is copied, and each copy leaves by itself.
//!
//! ```text
//!                         ┌─ copy: output VC, switch ─▶ port 0
//!   front of an input VC ─┼─ copy: output VC, switch ─▶ port 2     the buffer slot is free, and its
//!                         └─ copy: output VC, switch ─▶ node       credit goes back, after the last one
//! ```
//!
//! A packet at a fork asks for an output VC on every branch at once, and bids for the switch on every branch that has
//! one. A switch input that is granted several outputs chooses one of them and a packet, and accepts the others that the
//! same packet bids for: the crossbar drives them with one flit. So alone in the network every copy is as fast as a packet of its own, and in a crowd no
//! copy waits for another one. Two branches over one link, on different virtual channels, do follow each other.
//!
//! Where a tree does not fork, the packet moves like any other one. All of it is of one flit
//! ([`multicast`](crate::noc::multicast) says why, and why nothing can lock up then: a copy that holds an output VC
//! waits for credits of that VC alone).

use std::sync::Arc;

use super::cycle::Block;
use super::packet::Packets;
use super::region::Shared;
use super::router::State;
use super::setup::MAX_ROUTER_VCS;
use super::wheel::{Flit, Place};
use crate::base::{NodeId, Problem, Problems, ones};
use crate::fabric::Attachment;
use crate::noc::multicast::{Leg, Tree, TreeTable};

/// The branch of a packet to one destination.
pub(super) const NO_BRANCH: u32 = u32::MAX;

/// The trees as routers see them.
#[derive(Clone, Debug)]
pub(super) struct Grove {
    table: Arc<TreeTable>,
    /// By branch: output VCs that a copy may take at the router where it begins.
    wants: Vec<u64>,
}

impl Grove {
    /// `link_ports`: by link, the output port where it begins.
    ///
    /// # Errors
    /// A fork with more branches than a machine word has bits, which takes a routing function with many masks of
    /// virtual channels for one link.
    pub(super) fn new(
        table: Arc<TreeTable>,
        link_ports: &[u8],
        attachments: &[Attachment],
        vcs: u8,
    ) -> Result<Self, Problems> {
        let most = (0..table.branches()).map(|branch| table.after(branch).len()).max().unwrap_or(0);
        if most > MAX_ROUTER_VCS {
            let problem = Problem::new("", format!("a router would have to make {most} copies of a packet"));
            return Err(problem.allowed(format!("up to {MAX_ROUTER_VCS}")).into());
        }
        let wants = |branch| {
            table.branch(branch).map_or(0, |branch| {
                let port = match branch.leg {
                    Leg::Link(link) => link_ports[link.index()],
                    Leg::Eject(node) => attachments[node.index()].port,
                };
                u64::from(branch.vcs) << (port * vcs)
            })
        };
        Ok(Self { wants: (0..table.branches()).map(wants).collect(), table })
    }

    pub(super) fn tree(&self, index: u32) -> Option<Tree> {
        self.table.tree(index)
    }

    /// The node in which a branch ends, if it does.
    fn node(&self, branch: u32) -> Option<NodeId> {
        match self.table.branch(branch)?.leg {
            Leg::Eject(node) => Some(node),
            Leg::Link(_) => None,
        }
    }
}

/// A packet at a fork. Its branches are numbered from `first` on.
#[derive(Clone, Copy, Debug, Default)]
struct Fork {
    /// Output VCs held for copies, through allocation.
    held: u64,
    /// Branches without an output VC yet.
    open: u64,
    first: u32,
    /// Copies that have not left.
    left: u8,
}

/// The forks of a region. Empty where no packet follows a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Forks {
    grove: Option<Arc<Grove>>,
    /// Input VCs of a router.
    channels: usize,
    /// By router and input VC.
    forks: Vec<Fork>,
    /// By router and output VC: the branch of the copy that holds it.
    branches: Vec<u32>,
    /// By router: copies made beyond the packet itself.
    pub copies: Vec<u64>,
}

impl Forks {
    pub(super) fn new(grove: Arc<Grove>, routers: usize, channels: usize) -> Self {
        let places = routers * channels;
        Self {
            grove: Some(grove),
            channels,
            forks: vec![Fork::default(); places],
            branches: vec![NO_BRANCH; places],
            copies: vec![0; routers],
        }
    }

    /// Whether the packet at an input VC stands at a fork.
    pub(super) fn is_fork(&self, place: Place) -> bool {
        self.grove.is_some() && self.forks[place.of() * self.channels + place.vc()].left > 0
    }

    /// Output VCs held for the copies of the packet at an input VC.
    pub(super) fn held(&self, place: Place) -> u64 {
        if self.grove.is_some() { self.forks[place.of() * self.channels + place.vc()].held } else { 0 }
    }

    fn fork(&mut self, place: Place) -> &mut Fork {
        &mut self.forks[place.of() * self.channels + place.vc()]
    }
}

impl<const N: usize, const P: usize> Block<'_, N, P> {
    fn place(&self, local: usize, vc: usize) -> Place {
        Place::new(self.router_number(local), vc)
    }

    /// Where a packet that follows a tree goes next; whether it does follow one.
    pub(super) fn follow_tree(&mut self, place: Place, flit: Flit) -> bool {
        let Shared { packets, forks, setup, .. } = &mut *self.shared;
        let Some(grove) = &forks.grove else { return false };
        let travel = packets.travel(flit.slot());
        let branch = travel.branch;
        if branch == NO_BRANCH {
            return false;
        }
        travel.hops += 1;
        let after = grove.table.after(branch);
        let wants =
            grove.wants[after.start as usize..after.end as usize].iter().fold(0, |all, own| all | own);
        let router = &mut self.routers[place.local()];
        router.wants[place.vc() & (N - 1)] = wants;
        if after.len() == 1 {
            router.input(place.vc()).out_port = setup.port_of[wants.trailing_zeros() as usize & 63];
            enter(grove, packets, flit.slot(), after.start);
        } else {
            router.torn |= 1 << place.vc();
            let (first, left) = (after.start, after.len() as u8);
            let open = u64::MAX >> (64 - after.len());
            *forks.fork(place) = Fork { held: 0, open, first, left };
        }
        true
    }

    /// Notes that input VC `vc`, at a fork, holds output VC `out` for one of its copies.
    pub(super) fn hold_copy(&mut self, local: usize, vc: usize, out: usize) {
        let place = self.place(local, vc);
        let Shared { forks, setup, .. } = &mut *self.shared;
        let (port, own) = (usize::from(setup.port_of[out]), place.of() * forks.channels + out);
        let Some(grove) = forks.grove.clone() else { return };
        let Fork { first, open, .. } = *forks.fork(place);
        let wants = |branch: usize| grove.wants[first as usize + branch];
        let (mut taken, mut left) = (None, 0);
        for branch in ones(open) {
            match taken {
                None if wants(branch) >> out & 1 == 1 => taken = Some(branch),
                _ => left |= wants(branch),
            }
        }
        let Some(branch) = taken else { return debug_assert!(false, "no branch wants this channel") };
        forks.fork(place).open &= !(1 << branch);
        forks.branches[own] = first + branch as u32;
        let at_port = setup.vc_mask << (port * usize::from(setup.vcs));
        let router = &mut self.routers[local];
        router.wants[vc & (N - 1)] = left;
        router.torn &= !(u64::from(left == 0) << vc);
        if left & at_port == 0 {
            self.forget_head(local, vc, port);
        }
    }

    /// The copy that holds output VC `out` may bid for the switch; does so now if `bid`.
    pub(super) fn ready_copy(&mut self, local: usize, vc: usize, out: usize, bid: bool) {
        let place = self.place(local, vc);
        self.shared.forks.fork(place).held |= 1 << out;
        if bid {
            self.bid_copy(local, vc, out);
        }
    }

    /// The copy that is to leave by output VC `out`, which input VC `vc` holds, bids for the switch if it may.
    pub(super) fn bid_copy(&mut self, local: usize, vc: usize, out: usize) {
        let held = self.shared.forks.held(self.place(local, vc)) >> out & 1 == 1;
        if held && self.routers[local].output(out).credits > 0 {
            self.bid_at(local, vc, usize::from(self.shared.setup.port_of[out]));
        }
    }

    /// All copies of the packet at an input VC that may bid for the switch do so.
    pub(super) fn bid_copies(&mut self, local: usize, vc: usize) {
        let held = self.shared.forks.held(self.place(local, vc));
        for out in ones(held) {
            self.bid_copy(local, vc, out);
        }
    }

    /// Output VCs of a port that are held for copies of the packet at an input VC and have a credit.
    pub(super) fn open_copies(&mut self, local: usize, vc: usize, output: usize) -> u64 {
        let setup = &self.shared.setup;
        let at_port = setup.vc_mask << (output * usize::from(setup.vcs));
        let (held, mut open) = (self.shared.forks.held(self.place(local, vc)) & at_port, 0);
        for out in ones(held) {
            open |= u64::from(self.routers[local].output(out).credits > 0) << out;
        }
        open
    }

    /// Sends the copy of the packet at an input VC that has won output port `output`.
    pub(super) fn send_copy(&mut self, local: usize, vc: usize, output: usize) {
        let (open, place) = (self.open_copies(local, vc, output), self.place(local, vc));
        if open == 0 {
            return debug_assert!(false, "a winner has a channel and a credit");
        }
        let out = open.trailing_zeros() as usize;
        let slot = self.front(local, vc).slot();
        let (copy, last) = self.shared.split_copy(place, out, slot);
        let router = &mut self.routers[local];
        if self.shared.setup.wait_for_tail_credit {
            router.closing |= 1 << out;
        } else {
            router.free_out |= 1 << out;
        }
        router.output(out).credits -= 1;
        router.port(output).flits += 1;
        let wire = router.port(output).out;
        if open & (open - 1) == 0 {
            self.withdraw(local, vc, output);
        }
        self.occupy(local, out, wire);
        self.forward::<false>(wire, Place::new(place.of(), out), Flit::new(copy, true, true, 0), 0);
        if last {
            self.leave_buffer(local, vc);
        }
    }

    /// The last copy of the packet at the front of an input VC has left: so does the packet.
    fn leave_buffer(&mut self, local: usize, vc: usize) {
        let (place, now) = (self.place(local, vc), self.now);
        let ring = self.shared.setup.ring(local, vc);
        let router = &mut self.routers[local];
        let input = router.input(vc);
        input.state = State::Idle;
        let more = input.pop();
        if more {
            input.refill(self.buffers, ring);
        }
        let back = router.port(self.shared.setup.port_of[vc & 63].into()).back;
        self.return_credit::<false>(back, vc);
        if more {
            self.shared.wheel.front(self.number, now + 1, place);
        }
    }
}

impl Shared {
    /// The packet record for the copy that leaves by output VC `out`, and whether it is the last one.
    fn split_copy(&mut self, place: Place, out: usize, slot: usize) -> (u32, bool) {
        let Self { forks, packets, .. } = self;
        let branch = forks.branches[place.of() * forks.channels + out];
        let fork = forks.fork(place);
        fork.held &= !(1 << out);
        fork.left -= 1;
        let last = fork.left == 0;
        let copy = if last { slot as u32 } else { packets.copy(slot) };
        forks.copies[place.of()] += u64::from(!last);
        if let Some(grove) = &forks.grove {
            enter(grove, packets, copy as usize, branch);
        }
        (copy, last)
    }
}

/// A packet, or a copy of it, takes a branch.
fn enter(grove: &Grove, packets: &mut Packets, slot: usize, branch: u32) {
    packets.travel(slot).branch = branch;
    if let Some(node) = grove.node(branch) {
        packets.record(slot).dst = node;
    }
}
