//! How far it is from core to core, and over which links.

use rayon::prelude::*;

use super::cores::Cores;
use crate::base::random::{Purpose, Stream};
use crate::base::{CoreId, LinkId, RouterId};
use crate::fabric::{Fabric, Health};
use crate::noc::route::{Candidate, Candidates, Head, Routing, Standing};

/// Hops between routers that packets do not join.
const NO_WAY: u16 = u16::MAX;

/// What a pair without a way costs, in hops: more than any way.
const FAR: f64 = 1e5;

/// Links of all ways together up to which they are kept in a table.
const MOST_KEPT: u64 = 1 << 25;

/// The ways between the usable cores ("seats") of a chip. Where the routing function leaves a choice, a packet
/// is taken to go by the first candidate of the highest priority, as multicast trees do.
#[derive(Debug)]
pub(super) struct Ways<'a> {
    tracer: Tracer<'a>,
    /// By seat: its router, as an index into `routers`.
    site: Vec<u32>,
    routers: Vec<RouterId>,
    hops: Vec<u16>,
    kept: Option<Kept>,
}

/// Follows packets through the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracer<'a> {
    pub fabric: &'a Fabric,
    pub health: &'a Health,
    pub routing: &'a Routing,
}

/// The links of all ways.
#[derive(Debug)]
struct Kept {
    first: Vec<u32>,
    links: Vec<u32>,
}

impl<'a> Ways<'a> {
    pub(super) fn new(tracer: Tracer<'a>, cores: &Cores, seats: &[CoreId]) -> Self {
        let router = |core: &CoreId| tracer.fabric.nodes[cores.node[core.index()].index()].router;
        let mut routers: Vec<RouterId> = seats.iter().map(router).collect();
        routers.sort_unstable();
        routers.dedup();
        let place = |core| routers.partition_point(|&other| other < router(core)) as u32;
        let site = seats.iter().map(place).collect();
        let mut ways = Self { tracer, site, routers, hops: Vec::new(), kept: None };
        let sites = ways.routers.len();
        let row = |from: usize| (0..sites).map(|to| ways.count(from, to)).collect::<Vec<_>>();
        ways.hops = (0..sites).into_par_iter().flat_map_iter(row).collect();
        ways.keep();
        ways
    }

    /// Number of seats.
    pub(super) fn seats(&self) -> usize {
        self.site.len()
    }

    /// Number of links of the chip.
    pub(super) fn links(&self) -> usize {
        self.tracer.fabric.links.len()
    }

    /// Where the router of `seat` lies [tile pitches].
    pub(super) fn position(&self, seat: usize) -> [f32; 2] {
        self.tracer.fabric.routers[self.router(seat).index()].position
    }

    pub(super) fn router(&self, seat: usize) -> RouterId {
        self.routers[self.site[seat] as usize]
    }

    /// Hops from seat to seat; far more than any number of hops if there is no way.
    #[inline]
    pub(super) fn hops(&self, from: u32, to: u32) -> f64 {
        let (from, to) = (self.site[from as usize] as usize, self.site[to as usize] as usize);
        match self.hops[from * self.routers.len() + to] {
            NO_WAY => FAR,
            hops => f64::from(hops),
        }
    }

    /// Whether packets are delivered from seat to seat.
    #[inline]
    pub(super) fn join(&self, from: u32, to: u32) -> bool {
        self.hops(from, to) < FAR
    }

    /// Calls `f` with the links from seat to seat, in order.
    #[inline]
    pub(super) fn walk(&self, from: u32, to: u32, mut f: impl FnMut(LinkId)) {
        let (from, to) = (self.site[from as usize] as usize, self.site[to as usize] as usize);
        if from == to {
            return;
        }
        match &self.kept {
            Some(kept) => {
                let pair = from * self.routers.len() + to;
                let way = &kept.links[kept.first[pair] as usize..kept.first[pair + 1] as usize];
                way.iter().for_each(|&link| f(LinkId(link)));
            }
            None => {
                self.tracer.trace(self.routers[from], self.routers[to], f);
            }
        }
    }

    fn count(&self, from: usize, to: usize) -> u16 {
        if from == to {
            return 0;
        }
        let mut hops = 0u32;
        let arrives = self.tracer.trace(self.routers[from], self.routers[to], |_| hops += 1);
        if arrives { u16::try_from(hops).unwrap_or(NO_WAY) } else { NO_WAY }
    }

    fn keep(&mut self) {
        let total: u64 = self.hops.iter().filter(|&&hops| hops != NO_WAY).map(|&hops| u64::from(hops)).sum();
        if total > MOST_KEPT {
            return;
        }
        let sites = self.routers.len();
        let (mut first, mut links) = (vec![0u32], Vec::with_capacity(total as usize));
        for (pair, &hops) in self.hops.iter().enumerate() {
            if hops != NO_WAY && hops > 0 {
                let (from, to) = (self.routers[pair / sites], self.routers[pair % sites]);
                self.tracer.trace(from, to, |link| links.push(link.0));
            }
            first.push(links.len() as u32);
        }
        self.kept = Some(Kept { first, links });
    }
}

impl Tracer<'_> {
    /// Follows a packet from router to router and calls `f` with each link; whether it arrives.
    pub(super) fn trace(&self, from: RouterId, to: RouterId, mut f: impl FnMut(LinkId)) -> bool {
        if !self.routing.reaches(from, to) {
            return false;
        }
        let eject = self.fabric.routers[to.index()].network_ports;
        let mut head = Head { dst: to, eject, ..Head::default() };
        self.routing.inject(from, &mut head, &mut Stream::new(0, Purpose::Routing, from.0, 0));
        let port = self.fabric.routers[from.index()].network_ports;
        let mut standing = Standing { at: from, port, vc: 0 };
        let mut candidates = Candidates::default();
        for _ in 0..NO_WAY {
            self.routing.route(standing, &mut head, &mut candidates);
            let Some(Candidate { port, vcs, .. }) = choose(&candidates, self.routing.escape()) else {
                return false;
            };
            let Some(link) = self.fabric.out(standing.at, port).filter(|l| self.health.link[l.index()])
            else {
                return standing.at == to;
            };
            f(link);
            let link = self.fabric.link(link);
            standing = Standing { at: link.to, port: link.to_port, vc: vcs.trailing_zeros() as u8 };
        }
        false
    }
}

/// The first candidate of the highest priority, among those with escape channels if there are such.
fn choose(candidates: &Candidates, escape: u32) -> Option<Candidate> {
    let keep = if escape == 0 { u32::MAX } else { escape };
    let usable = candidates.as_slice().iter().map(|it| Candidate { vcs: it.vcs & keep, ..*it });
    let usable = usable.filter(|candidate| candidate.vcs != 0);
    usable.reduce(|best, next| if next.priority > best.priority { next } else { best })
}
