//! A fault that strikes at once: which packets it hits, and which of the others can still get through.
//!
//! A packet is hit if it is in what breaks: in a buffer of a broken router or of a stuck virtual channel, on a
//! link that breaks, holding one of its virtual channels, on its way to a node that is gone, or halfway out
//! of one. The others go on by the old routes. The channels that are left of an acyclic dependency graph
//! have no cycle either, so they cannot deadlock as long as none of them can come to a place from which no channel
//! leads on; those that could are cut off, and lost too. Where the routing function has escape channels, one
//! of them must be left at every place (Duato 1993, doi 10.1109/71.250114).
//!
//! All of this happens between two cycles, in one thread, and what is found depends on what is where, not on
//! how the network is cut into regions.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::packet::Record;
use super::region::Region;
use super::router::State;
use super::setup::End;
use super::wheel::{Flit, Place};
use crate::base::{LinkId, NodeId, RouterId, ones};
use crate::noc::loss::Cause;
use crate::noc::route::{Ground, Head, Routing, Standing, Step};

/// What names a packet in all regions: source, creation, number.
pub(super) type Name = (NodeId, u64, u16);

/// Packets to be lost, by name, with what they are lost to.
pub(super) type Doomed = BTreeMap<Name, (Cause, Record)>;

pub(super) fn name(record: &Record) -> Name {
    (record.src, record.created, record.serial)
}

/// An input VC: region, router of the region, index there.
pub(super) type Seat = (usize, usize, usize);

/// A network between two cycles.
pub(super) struct Scene<'a, const N: usize, const P: usize> {
    pub regions: &'a mut [Region<N, P>],
    /// The chip with what is left of it after the fault.
    pub ground: &'a Ground<'a>,
    /// The routing function that packets under way follow.
    pub routing: &'a Routing,
    pub now: u64,
    /// The first flit on its way to each input VC, if there is one.
    arriving: HashMap<(usize, u32), Flit>,
    pub doomed: Doomed,
}

impl<'a, const N: usize, const P: usize> Scene<'a, N, P> {
    /// The scene, with the packets that the fault hits and cuts off.
    pub(super) fn new(
        regions: &'a mut [Region<N, P>],
        ground: &'a Ground<'a>,
        routing: &'a Routing,
        now: u64,
    ) -> Self {
        let (arriving, doomed) = (HashMap::new(), Doomed::new());
        let mut scene = Self { regions, ground, routing, now, arriving, doomed };
        scene.look_at_wires();
        scene.look_at_buffers();
        scene.look_at_nodes();
        scene.look_at_holders();
        scene.look_at_ends();
        scene.look_ahead();
        scene
    }

    fn vcs(&self) -> usize {
        self.regions[0].shared.setup.vcs.into()
    }

    /// The router that a region's router is, and the port and VC that an index stands for.
    fn standing(&self, (region, router, index): Seat) -> Standing {
        let at = RouterId(self.regions[region].shared.first_router + router as u32);
        let (port, vc) = (index / self.vcs(), index % self.vcs());
        Standing { at, port: port as u8, vc: vc as u8 }
    }

    fn record(&mut self, region: usize, flit: Flit) -> Record {
        *self.regions[region].shared.packets.record(flit.slot())
    }

    fn doom(&mut self, record: Record, cause: Cause) {
        let entry = self.doomed.entry(name(&record)).or_insert((cause, record));
        entry.0 = entry.0.min(cause);
    }

    fn is_doomed(&self, record: &Record) -> bool {
        self.doomed.contains_key(&name(record))
    }

    /// Whether virtual channel `vc` of a link is stuck.
    fn is_stuck(&self, link: LinkId, vc: u8) -> bool {
        self.ground.usable(link) >> vc & 1 == 0
    }

    /// What a packet is lost to that is on its way over a link, or holds a channel of it.
    fn on_link(&self, link: LinkId, vc: u8) -> Option<Cause> {
        let (health, ends) = (self.ground.health, self.ground.fabric.link(link));
        if !health.router[ends.from.index()] || !health.router[ends.to.index()] {
            return Some(Cause::Router);
        }
        match health.link[link.index()] {
            false => Some(Cause::Link),
            true => self.is_stuck(link, vc).then_some(Cause::StuckVc),
        }
    }

    /// Flits on links and on the way from nodes to routers.
    fn look_at_wires(&mut self) {
        for region in 0..self.regions.len() {
            let wheel = &self.regions[region].shared.wheel;
            let mut flits = Vec::new();
            for cycle in self.now..self.now + wheel.span() {
                for block in 0..wheel.blocks() {
                    flits.extend(wheel.work(block, cycle).0.flits.iter().flatten().copied());
                }
            }
            for (place, flit) in flits {
                self.arriving.entry((region, place.0)).or_insert(flit);
                let Standing { at, port, vc } = self.standing((region, place.of(), place.vc()));
                let fabric = self.ground.fabric;
                let cause = match (fabric.into(at, port), fabric.node_at(at, port)) {
                    (Some(link), _) => self.on_link(link, vc),
                    (None, Some(node)) => self.at_node(node),
                    (None, None) => None,
                };
                if let Some(cause) = cause {
                    let record = self.record(region, flit);
                    self.doom(record, cause);
                }
            }
        }
    }

    /// What a packet is lost to that one end of, a node, is gone.
    fn at_node(&self, node: NodeId) -> Option<Cause> {
        let health = self.ground.health;
        let router = self.ground.fabric.nodes[node.index()].router;
        match (health.router[router.index()], health.node[node.index()]) {
            (false, _) => Some(Cause::Router),
            (true, false) => Some(Cause::Core),
            (true, true) => None,
        }
    }

    /// Flits in buffers of broken routers and stuck virtual channels.
    fn look_at_buffers(&mut self) {
        for seat in self.seats(|input| input.len > 0) {
            let Standing { at, port, vc } = self.standing(seat);
            let cause = match self.ground.fabric.into(at, port) {
                _ if !self.ground.alive(at) => Cause::Router,
                Some(link) if self.ground.health.link[link.index()] && self.is_stuck(link, vc) => {
                    Cause::StuckVc
                }
                _ => continue,
            };
            for flit in self.buffered(seat) {
                let record = self.record(seat.0, flit);
                self.doom(record, cause);
            }
        }
    }

    /// Input VCs that satisfy `which`.
    fn seats(&self, which: impl Fn(&super::router::InVc) -> bool) -> Vec<Seat> {
        let mut seats = Vec::new();
        for (r, region) in self.regions.iter().enumerate() {
            for (number, router) in region.routers.iter().enumerate() {
                let own = (0..N).filter(|&vc| which(&router.ins[vc]));
                seats.extend(own.map(|vc| (r, number, vc)));
            }
        }
        seats
    }

    /// The flits in an input VC, oldest first.
    pub(super) fn buffered(&self, seat: Seat) -> Vec<Flit> {
        self.regions[seat.0].buffered(seat.1, seat.2)
    }

    /// Packets that nodes which are gone have half sent.
    fn look_at_nodes(&mut self) {
        for region in 0..self.regions.len() {
            for node in 0..self.regions[region].nodes.count() {
                let number = NodeId(self.regions[region].nodes.first().0 + node as u32);
                let Some(cause) = self.at_node(number) else { continue };
                if let Some(slot) = self.regions[region].nodes.half_sent(node) {
                    let record = *self.regions[region].shared.packets.record(slot);
                    self.doom(record, cause);
                }
            }
        }
    }

    /// Packets that hold an output VC of what breaks.
    fn look_at_holders(&mut self) {
        for seat in self.seats(|input| matches!(input.state, State::Active | State::Allocating)) {
            let at = self.standing(seat).at;
            let out = usize::from(self.regions[seat.0].routers[seat.1].ins[seat.2].out);
            let (port, vc) = ((out / self.vcs()) as u8, (out % self.vcs()) as u8);
            let cause = self.ground.fabric.out(at, port).and_then(|link| self.on_link(link, vc));
            if let Some(cause) = cause
                && let Some((region, slot)) = self.holder(seat)
            {
                let record = *self.regions[region].shared.packets.record(slot);
                self.doom(record, cause);
            }
        }
    }

    /// The packet that holds an active input VC, by region and slot. Where its flits are not in the buffer, they
    /// come by the next wires upstream, or the node has not sent them yet.
    pub(super) fn holder(&self, mut seat: Seat) -> Option<(usize, usize)> {
        loop {
            let (r, router, vc) = seat;
            let region = &self.regions[r];
            if region.routers[router].ins[vc].len > 0 {
                return Some((r, region.front(router, vc).slot()));
            }
            if let Some(flit) = self.arriving.get(&(r, Place::new(router, vc).0)) {
                return Some((r, flit.slot()));
            }
            let back = region.routers[router].ports[vc / self.vcs()].back;
            let place = back.place(vc);
            match back.end {
                End::Nowhere => return None,
                End::Node => return Some((r, region.nodes.half_sent(place.of())?)),
                End::Router | End::Elsewhere => {
                    let there = usize::from(back.region);
                    let owner = self.regions[there].routers[place.of()].outs[place.vc()].owner;
                    seat = (there, place.of(), owner.into());
                }
            }
        }
    }

    /// Packets to nodes that are gone.
    fn look_at_ends(&mut self) {
        for region in 0..self.regions.len() {
            for slot in self.regions[region].shared.packets.slots() {
                let record = *self.regions[region].shared.packets.record(slot);
                if let Some(cause) = self.at_node(record.dst) {
                    self.doom(record, cause);
                }
            }
        }
    }

    /// Packets whose heads could come to a place from which no channel leads on.
    fn look_ahead(&mut self) {
        let mut scout = Scout::new(self.ground, self.routing);
        let mut heads = Vec::new();
        for region in 0..self.regions.len() {
            self.heads_of(region, &mut heads);
        }
        for Errand { record, head, next } in heads {
            if self.is_doomed(&record) {
                continue;
            }
            let safe = match next {
                Next::Anywhere(standing) => scout.is_safe(vec![(standing, head)]),
                Next::Among(at, wants) => {
                    let mut starts = Vec::new();
                    scout.follow_bits(at, wants, head, &mut starts) && scout.is_safe(starts)
                }
            };
            if !safe {
                self.doom(record, Cause::CutOff);
            }
        }
    }

    /// Where the heads of packets in a region are, as far as they are not at their destination yet.
    fn heads_of(&mut self, r: usize, heads: &mut Vec<Errand>) {
        let region = &mut self.regions[r];
        let (span, now, vcs) = (region.shared.wheel.span(), self.now, region.shared.setup.vcs);
        let (mut flits, mut routed) = (Vec::new(), HashSet::new());
        for cycle in now..now + span {
            for block in 0..region.shared.wheel.blocks() {
                let (due, late) = region.shared.wheel.work(block, cycle);
                flits.extend(due.flits[1].iter().map(|&(place, flit)| (place, flit, None)));
                routed.extend(late.routed.iter().map(|place| place.0));
            }
        }
        for (number, router) in region.routers.iter().enumerate() {
            for vc in (0..N).filter(|&vc| router.ins[vc].len > 0) {
                let (place, input) = (Place::new(number, vc), &router.ins[vc]);
                let decided = input.state != State::Idle || routed.contains(&place.0);
                let offered = match (input.state, &region.compass) {
                    (State::Active | State::Allocating, _) => 1 << input.out,
                    (_, Some(compass)) => compass.wants(input.out_port),
                    (_, None) => router.wants[vc],
                };
                for (order, flit) in region.buffered(number, vc).into_iter().enumerate() {
                    let offered = (order == 0 && decided).then_some(offered);
                    flits.extend(flit.is_head().then_some((place, flit, offered)));
                }
            }
        }
        for (place, flit, offered) in flits {
            let at = RouterId(region.shared.first_router + place.of() as u32);
            let (travel, record) = region.shared.packets.get(flit.slot());
            let (port, vc) = (place.vc() as u8 / vcs, place.vc() as u8 % vcs);
            let next = match offered {
                Some(wants) => Next::Among(at, wants),
                None => Next::Anywhere(Standing { at, port, vc }),
            };
            heads.push(Errand { record, head: travel.head, next });
        }
    }
}

/// The head of a packet under way.
struct Errand {
    record: Record,
    head: Head,
    next: Next,
}

/// What it may do next.
enum Next {
    /// It has not been routed where it stands.
    Anywhere(Standing),
    /// It waits for one of these output VCs of a router, or holds one.
    Among(RouterId, u64),
}

/// Follows packets by the old routes over what is left of the chip.
struct Scout<'a> {
    ground: &'a Ground<'a>,
    routing: &'a Routing,
    escape: u32,
    /// States from which every way leads on to the destination.
    safe: HashSet<(Standing, Head)>,
    steps: Vec<Step>,
}

impl<'a> Scout<'a> {
    fn new(ground: &'a Ground<'a>, routing: &'a Routing) -> Self {
        Self { ground, routing, escape: routing.escape(), safe: HashSet::new(), steps: Vec::new() }
    }

    /// Whether nowhere on its ways from `starts` a packet can get stuck.
    fn is_safe(&mut self, starts: Vec<(Standing, Head)>) -> bool {
        let mut seen: HashSet<(Standing, Head)> = HashSet::new();
        let mut open: VecDeque<(Standing, Head)> = starts.into();
        while let Some(state) = open.pop_front() {
            if self.safe.contains(&state) || !seen.insert(state) {
                continue;
            }
            let mut next = Vec::new();
            if !self.leads_on(state, &mut next) {
                return false;
            }
            open.extend(next);
        }
        self.safe.extend(seen);
        true
    }

    /// What may follow a state; whether anything may, an escape channel among it if there are any.
    fn leads_on(&mut self, (standing, head): (Standing, Head), next: &mut Vec<(Standing, Head)>) -> bool {
        let mut steps = std::mem::take(&mut self.steps);
        steps.clear();
        self.routing.steps(standing, head, &mut steps);
        let mut leads = false;
        for step in &steps {
            leads |= self.follow(standing.at, (step.port, step.vcs), step.head, next);
        }
        self.steps = steps;
        leads
    }

    /// Adds what follows if a packet takes one of the virtual channels `vcs` of a port; whether that leads on.
    fn follow(
        &self,
        at: RouterId,
        (port, vcs): (u8, u32),
        head: Head,
        next: &mut Vec<(Standing, Head)>,
    ) -> bool {
        if port >= self.ground.fabric.routers[at.index()].network_ports {
            return true;
        }
        let Some(link) = self.ground.fabric.out(at, port) else { return false };
        let usable = self.ground.usable(link) & vcs;
        let end = self.ground.fabric.link(link);
        for vc in ones(usable.into()) {
            next.push((Standing { at: end.to, port: end.to_port, vc: vc as u8 }, head));
        }
        usable != 0 && (self.escape == 0 || usable & self.escape != 0)
    }

    /// The same for a set of output VCs of a router.
    fn follow_bits(&self, at: RouterId, wants: u64, head: Head, next: &mut Vec<(Standing, Head)>) -> bool {
        let (vcs, mut leads) = (self.ground.vcs, false);
        for port in 0..64 / vcs {
            let own = (wants >> (port * vcs)) as u32 & self.ground.all();
            leads |= own != 0 && self.follow(at, (port, own), head, next);
        }
        leads
    }
}
