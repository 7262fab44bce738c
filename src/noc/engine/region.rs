//! A stripe of routers with their nodes; one thread owns it.

use std::ops::Range;
use std::sync::Arc;

use pulp::NullaryFnOnce;

use super::ahead::Ahead;
use super::arbiter::matrices;
use super::board::Board;
use super::compass::Compass;
use super::cycle::{Block, with_bit_instructions};
use super::errors::{Errors, Transmission};
use super::fork::{Forks, Grove};
use super::node::Nodes;
use super::packet::{Damage, Packet, Packets, Record, Travel};
use super::router::{BLOCK, Router};
use super::setup::{Cut, MAX_ROUTER_VCS, Setup};
use super::speculate::{Guesses, guesses};
use super::switch::Match;
use super::tally::Tally;
use super::wheel::{Flit, Place, Wheel};
use crate::base::{NodeId, RouterId};
use crate::fabric::{Fabric, Health};
use crate::noc::loss::Cause;
use crate::noc::route::{Candidates, Routing};
use crate::noc::source::{Delivery, Failure, Source};

/// Blocks that a processor's own cache holds in any case: a few hundred kB.
pub(super) const CACHED_BLOCKS: usize = 8;

/// What leaves for another region during one exchange interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    pub flits: Vec<(u64, Place, Flit)>,
    /// Records of the packets whose heads are in `flits`, in the same order.
    pub packets: Vec<(Travel, Record)>,
    pub credits: Vec<(u64, Place)>,
    /// Refused packets and the nodes that are to learn of it.
    pub failures: Vec<(u64, NodeId, Failure)>,
}

/// What the routers and the nodes of a region have in common.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub setup: Setup,
    /// Number of the region.
    pub index: usize,
    pub first_router: u32,
    pub packets: Packets,
    pub forks: Forks,
    /// By node and VC: free slots of the buffer that the node injects into.
    pub entry_credits: Vec<u16>,
    /// Packets among them that another region counts: their tails have not come over yet.
    pub copies: u64,
    pub wheel: Wheel,
    pub outboxes: Vec<Outbox>,
    /// First node of each region, and the number of nodes.
    pub first_nodes: Arc<[u32]>,
    /// Bit errors on links, if there are any.
    pub errors: Option<Errors>,
    pub tally: Tally,
    pub candidates: Candidates,
    /// By input VC of the router at work: output VCs that grant it. All zero but within an allocation.
    pub offers: [u64; MAX_ROUTER_VCS],
    /// Sources want to know of deliveries.
    pub listens: bool,
    /// Input VCs of the block at work that have won the switch, and the output ports they won.
    pub matched: Vec<Match>,
    /// Routers of the block at work whose bids and guesses are to be settled.
    pub speculating: u64,
}

impl Shared {
    /// A flit reaches its destination node at cycle `at`.
    #[inline(always)]
    pub(super) fn eject(&mut self, flit: Flit, at: u64) {
        self.tally.flits_ejected += 1;
        self.tally.flits_accepted += u64::from(self.tally.window.contains(at));
        let Packet { travel, record } = self.packets.packet(flit.slot());
        if flit.is_head() {
            record.head_ejected = at;
        }
        if flit.is_marked() {
            travel.damage.note(flit);
        }
        if !flit.is_tail() {
            return;
        }
        if travel.damage == Damage::None {
            self.tally.deliver(travel, record, at);
        } else {
            let (travel, record) = (*travel, *record);
            if self.discard(travel.damage, &record, at) {
                return self.packets.remove(flit.slot());
            }
            self.tally.deliver(&travel, &record, at);
        }
        if self.listens {
            let Record { src, dst, tag, injected, .. } = *self.packets.record(flit.slot());
            self.wheel.nodes(at).deliveries.push(Delivery { src, dst, tag, injected, at });
        }
        self.packets.remove(flit.slot());
    }

    /// Counts a damaged packet that its destination has read; whether it is discarded.
    #[cold]
    fn discard(&mut self, damage: Damage, record: &Record, at: u64) -> bool {
        if damage == Damage::Unnoticed {
            self.tally.corrupted += 1;
            return false;
        }
        let Record { src, dst, tag, created, .. } = *record;
        self.tally.lose(created, Cause::BitErrors);
        let failure = Failure { src, dst, tag, at };
        self.tell(dst, failure, at);
        if src != dst {
            self.tell(src, failure, at);
        }
        true
    }

    /// Tells a node in cycle `at`, two cycles ahead or more, that a packet has failed.
    pub(super) fn tell(&mut self, node: NodeId, failure: Failure, at: u64) {
        let there = self.first_nodes.partition_point(|&first| first <= node.0) - 1;
        if there == self.index {
            self.wheel.nodes(at).failures.push((node, failure));
        } else if let Some(outbox) = self.outboxes.get_mut(there) {
            outbox.failures.push((at, node, failure));
        }
    }
}

/// The blocks of a region of common routers, for some cycles: work to be compiled for several kinds of processors, which
/// the body of a closure would not be.
struct CommonBlocks<'a, const N: usize, const P: usize> {
    region: &'a mut Region<N, P>,
    routing: &'a Routing,
    cycles: Range<u64>,
}

impl<const N: usize, const P: usize> NullaryFnOnce for CommonBlocks<'_, N, P> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        self.region.run_blocks::<true>(self.routing, self.cycles)
    }
}

/// What regions are made from.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub setup: &'a Setup,
    pub fabric: &'a Fabric,
    pub health: &'a Health,
    pub cut: &'a Cut,
    pub compass: Option<&'a Arc<Compass>>,
}

/// A stripe of the network. `N` is the most virtual channels and `P` the most ports that a router of
/// this size class can have.
#[derive(Clone, Debug)]
pub(super) struct Region<const N: usize, const P: usize> {
    pub shared: Shared,
    /// How heads find their way, if it is this simple.
    pub compass: Option<Arc<Compass>>,
    pub nodes: Nodes,
    /// Routers, filled up to whole blocks.
    pub routers: Vec<Router<N, P>>,
    pub boards: Vec<Board<P>>,
    /// A ring of slots per input VC.
    pub buffers: Vec<Flit>,
    guesses: Vec<Guesses<N>>,
    matrices: Vec<u64>,
    /// By input VC: slot of the packet that arrives from another region.
    pub incoming: Vec<u32>,
    /// By router: output VCs that are stuck or lead over dead links.
    pub stuck: Vec<u64>,
    /// Ports of each router.
    pub port_counts: Vec<u8>,
    /// Last cycle before which flits were seen to move, and how many had moved by then.
    pub last_move: u64,
    moved: u64,
}

impl<const N: usize, const P: usize> Region<N, P> {
    pub(super) fn new(ground: &Ground<'_>, index: usize) -> Self {
        let Ground { setup, fabric, health, cut, compass } = *ground;
        let range = cut.routers[index]..cut.routers[index + 1];
        let count = range.len().next_multiple_of(BLOCK);
        let shared = Shared {
            setup: setup.clone(),
            index,
            first_router: range.start,
            packets: Packets::default(),
            entry_credits: vec![
                setup.depth;
                (cut.nodes[index + 1] - cut.nodes[index]) as usize * usize::from(setup.vcs)
            ],
            copies: 0,
            forks: Forks::default(),
            wheel: Wheel::new(count, setup.horizon_shift),
            outboxes: vec![Outbox::default(); cut.regions()],
            first_nodes: cut.nodes.clone().into(),
            errors: None,
            tally: Tally::default(),
            candidates: Candidates::default(),
            offers: [0; MAX_ROUTER_VCS],
            listens: true,
            matched: Vec::new(),
            speculating: 0,
        };
        let mut region = Self {
            compass: compass.cloned(),
            nodes: Nodes::new(ground, index),
            routers: vec![Router::new(0, setup); count],
            boards: vec![Board::new(); count / BLOCK],
            buffers: vec![Flit::default(); count * setup.slots()],
            guesses: guesses(count, setup.speculative),
            matrices: matrices(count, setup),
            incoming: vec![0; if cut.regions() > 1 { count * N } else { 0 }],
            stuck: vec![0; count],
            port_counts: Vec::with_capacity(range.len()),
            last_move: 0,
            moved: 0,
            shared,
        };
        region.lay_wires(ground, index, range);
        region.break_parts(fabric, health);
        region
    }

    fn lay_wires(&mut self, ground: &Ground<'_>, index: usize, range: Range<u32>) {
        let Ground { fabric, health, cut, compass, .. } = *ground;
        let setup = &self.shared.setup;
        for (local, number) in range.enumerate() {
            let ports = fabric.ports(RouterId(number));
            let mut router = Router::new(ports, setup);
            router.position = compass.map_or(0, |compass| compass.position(RouterId(number)));
            for port in 0..ports as u8 {
                let at = router.port(port.into());
                at.out = cut.wire(fabric, health, (index, number, port), true, setup);
                at.back = cut.wire(fabric, health, (index, number, port), false, setup);
            }
            self.routers[local] = router;
            self.port_counts.push(ports as u8);
        }
    }

    /// Lets bit errors happen; before anything else has.
    pub(super) fn disturb(&mut self, fabric: &Fabric, terms: &Transmission) {
        let (size, first) = ((self.routers.len(), self.shared.setup.ports), self.shared.first_router);
        let count = self.port_counts.len();
        let link = |router: usize, port: usize| {
            let at = RouterId(first + router as u32);
            let exists = router < count && port < fabric.ports(at);
            exists.then(|| fabric.out(at, port as u8)).flatten()
        };
        self.shared.errors = Some(Errors::new(*terms, fabric, size, link));
        // Flits may be on their way longer, and ports busy.
        self.shared.setup.allow(terms.longest(fabric));
        self.shared.wheel = Wheel::new(self.routers.len(), self.shared.setup.horizon_shift);
    }

    /// Takes over what works and how heads find their way, and creates packets again in cycle `now`.
    pub(super) fn refit(
        &mut self,
        fabric: &Fabric,
        health: &Health,
        compass: Option<&Arc<Compass>>,
        now: u64,
    ) {
        self.break_parts(fabric, health);
        self.compass = compass.cloned();
        for (number, router) in self.routers.iter_mut().enumerate().take(self.port_counts.len()) {
            let at = RouterId(self.shared.first_router + number as u32);
            router.position = compass.map_or(0, |compass| compass.position(at));
        }
        self.nodes.refit(health, compass);
        self.nodes.resume(now);
    }

    /// Packets may follow trees from now on.
    pub(super) fn set_trees(&mut self, grove: &Arc<Grove>) {
        let Setup { channels, .. } = self.shared.setup;
        self.shared.setup.copy_packets();
        self.shared.forks = Forks::new(Arc::clone(grove), self.port_counts.len(), channels);
        self.nodes.set_trees(grove);
        self.compass = None;
    }

    /// Asks the source for every node's first packet.
    pub(super) fn start<S: Source>(&mut self, source: &mut S) {
        self.shared.listens = source.listens();
        if source.admits() {
            self.shared.setup.pace();
            self.nodes.pace(self.shared.setup.vcs);
        }
        self.nodes.start(source);
    }

    /// Simulates the cycles from `start` up to `end`, in which nothing that one router or node does
    /// reaches another one: first all nodes, then block after block of routers. Returns whether anything
    /// happened.
    pub(super) fn advance<S: Source>(
        &mut self,
        routing: &Routing,
        source: &mut S,
        cycles: Range<u64>,
    ) -> bool {
        let mut busy = false;
        for now in cycles.clone() {
            busy |= self.nodes.step(&mut self.shared, routing, source, now);
        }
        busy | match self.shared.setup.is_plain() {
            true => with_bit_instructions(CommonBlocks { region: self, routing, cycles }),
            false => self.run_blocks::<false>(routing, cycles),
        }
    }

    /// Simulates the routers, as [`Region::advance`] says.
    #[inline(always)]
    fn run_blocks<const PLAIN: bool>(&mut self, routing: &Routing, cycles: Range<u64>) -> bool {
        let (mut busy, large) = (false, self.boards.len() > CACHED_BLOCKS);
        for number in 0..self.boards.len() {
            let next = number + 1;
            let is_next = large && next < self.boards.len() && {
                self.boards[next].any() || self.shared.wheel.is_due::<PLAIN>(next, cycles.start)
            };
            let mut block = self.block(number, routing, is_next);
            block.span = cycles.end - cycles.start;
            busy |= block.run::<PLAIN>(cycles.clone());
            block.ahead.finish(block.others[1]);
        }
        busy
    }

    /// The block with this number, which may look at the next one.
    fn block<'a>(&'a mut self, number: usize, routing: &'a Routing, looks_ahead: bool) -> Block<'a, N, P> {
        let range = number * BLOCK..(number + 1) * BLOCK;
        let slots = self.shared.setup.slots();
        let guesses = if self.guesses.is_empty() { 0..0 } else { range.clone() };
        let rows = match self.matrices.len() {
            0 => 0,
            rows => rows / self.boards.len(),
        };
        let (before, routers) = self.routers.split_at_mut(range.start);
        let (routers, after) = routers.split_at_mut(BLOCK);
        Block {
            matrices: &mut self.matrices[number * rows..(number + 1) * rows],
            buffers: &mut self.buffers[range.start * slots..range.end * slots],
            routers: routers.try_into().expect("a block has this many routers"),
            others: [before, after],
            ahead: Ahead::new(if looks_ahead { BLOCK } else { 0 }, &self.shared.setup),
            board: &mut self.boards[number],
            guesses: &mut self.guesses[guesses],
            shared: &mut self.shared,
            compass: self.compass.as_deref(),
            routing,
            moved: 0,
            number,
            span: 0,
            now: 0,
        }
    }

    /// Takes over what `rest` has but for routers and boards.
    pub(super) fn set_back(&mut self, rest: &Self) {
        self.shared.set_back(&rest.shared);
        self.nodes.set_back(&rest.nodes);
        self.guesses.clone_from(&rest.guesses);
        self.matrices.clone_from(&rest.matrices);
        (self.last_move, self.moved) = (rest.last_move, rest.moved);
    }

    /// The next cycle from `now` on in which anything can happen.
    pub(super) fn next_event(&self, now: u64) -> Option<u64> {
        if self.boards.iter().any(Board::any) {
            return Some(now);
        }
        let (wheel, calendar) = (self.shared.wheel.next(now), self.nodes.next_wake(now));
        wheel.into_iter().chain(calendar).min()
    }

    /// What has been counted, the flits of each port included (in the order of the fabric's table).
    /// In front of cycle `now`.
    pub(super) fn tally(&self, now: u64) -> Tally {
        let mut tally = self.shared.tally.clone();
        tally.vc_grants -= self.early_grants(now);
        tally.multicast.copies.clone_from(&self.shared.forks.copies);
        for (router, &ports) in self.routers.iter().zip(&self.port_counts) {
            tally.port_flits.extend(router.ports[..ports.into()].iter().map(|port| port.flits));
        }
        tally
    }

    /// Remembers `now` as the time of the last movement if flits have moved since the last call.
    pub(super) fn note_movement(&mut self, now: u64) {
        let ports = self.routers.iter().zip(&self.port_counts);
        let sent: u64 = ports.flat_map(|(r, &n)| &r.ports[..n.into()]).map(|port| port.flits).sum();
        let moved = self.shared.tally.flits_injected + sent;
        if std::mem::replace(&mut self.moved, moved) != moved
            || self.shared.packets.len() == 0
            || self.nodes.wait_for_room()
        {
            self.last_move = now;
        }
    }
}
