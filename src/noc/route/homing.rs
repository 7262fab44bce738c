//! A routing function among bufferless routers: a packet that stands where it leads no further goes home
//! by the shortest way.
//!
//! A router that deflects a packet may throw it to where its routing function has no route from, because
//! the route from there is broken or was never laid. Such a packet goes on by any hop that brings it
//! nearer, counted over what works, for the rest of its way. So the oldest packet, which is never
//! deflected, arrives wherever it is: either its routing function leads it to the destination, or it comes
//! to a place where that offers nothing, and the distance falls with every hop from there on.

use std::sync::OnceLock;

use super::{Candidates, Head, Kernel, Routing, Standing, Step};
use crate::base::random::Stream;
use crate::base::{LinkId, RouterId};
use crate::fabric::{Fabric, Health};

/// [`Head::phase`] of a packet that goes home.
const HOME: u8 = u8::MAX;

/// No router.
const NONE: u32 = u32::MAX;

/// Another routing function, with a way home from everywhere.
#[derive(Clone, Debug)]
pub struct Homing {
    inner: Box<Routing>,
    /// By (router, network port): the router behind it, and the one whose link comes in by it; [`NONE`]
    /// where no link works.
    ahead: Vec<u32>,
    behind: Vec<u32>,
    /// By router: its first entry in both; one more entry than routers.
    first: Vec<u32>,
    /// By router: the part of the network that it lies in; empty where `inner` knows of everything that
    /// is broken.
    part: Vec<u32>,
    /// By destination: hops from every router over what works. Measured when first asked for.
    hops: Vec<OnceLock<Box<[u32]>>>,
}

impl Homing {
    /// `inner` was compiled for `known`, or for better; `health` has the same links broken and maybe more, and
    /// every router in it as many links in as out, so that a way there is a way back.
    pub(in crate::noc) fn new(inner: Routing, fabric: &Fabric, known: &Health, health: &Health) -> Self {
        let works = |link: &LinkId| {
            let ends = [fabric.link(*link).from, fabric.link(*link).to];
            health.link[link.index()] && ends.iter().all(|end| health.router[end.index()])
        };
        let (mut ahead, mut behind, mut first) = (Vec::new(), Vec::new(), vec![0]);
        for (id, router) in fabric.routers.iter().enumerate() {
            for port in 0..router.network_ports {
                let [out, into] = [fabric.out(RouterId::at(id), port), fabric.into(RouterId::at(id), port)];
                ahead.push(out.filter(works).map_or(NONE, |link| fabric.link(link).to.0));
                behind.push(into.filter(works).map_or(NONE, |link| fabric.link(link).from.0));
            }
            first.push(ahead.len() as u32);
        }
        let hops = vec![OnceLock::new(); fabric.routers.len()];
        let mut homing = Self { inner: Box::new(inner), ahead, behind, first, part: Vec::new(), hops };
        if known.link != health.link {
            homing.part = homing.parts();
        }
        homing
    }

    /// The routing function that packets follow while it leads them on.
    pub(super) fn inner(&self) -> &Routing {
        &self.inner
    }

    fn ports(&self, router: RouterId) -> std::ops::Range<usize> {
        self.first[router.index()] as usize..self.first[router.index() + 1] as usize
    }

    /// Whether `port` leads to a node or to a router.
    #[inline]
    fn is_open(&self, at: RouterId, port: u8) -> bool {
        self.ahead[self.ports(at)].get(usize::from(port)).is_none_or(|&next| next != NONE)
    }

    /// Hops to `dst` from every router; [`NONE`] where there is no way.
    fn hops_to(&self, dst: RouterId) -> &[u32] {
        self.hops[dst.index()].get_or_init(|| {
            let mut hops = vec![NONE; self.hops.len()];
            self.flood(dst, &mut hops, |beyond| beyond + 1, 0);
            hops.into()
        })
    }

    /// By router: the lowest router that it is joined to.
    fn parts(&self) -> Vec<u32> {
        let mut part = vec![NONE; self.hops.len()];
        for router in (0..self.hops.len()).map(RouterId::at) {
            if part[router.index()] == NONE {
                self.flood(router, &mut part, |same| same, router.0);
            }
        }
        part
    }

    /// Fills in every router with a way to `from` that has no value yet, breadth first.
    fn flood(&self, from: RouterId, value: &mut [u32], next: impl Fn(u32) -> u32, start: u32) {
        let mut queue = vec![from.0];
        value[from.index()] = start;
        let mut done = 0;
        while let Some(&at) = queue.get(done) {
            done += 1;
            let beyond = next(value[at as usize]);
            for &router in &self.behind[self.ports(RouterId(at))] {
                if router != NONE && value[router as usize] == NONE {
                    value[router as usize] = beyond;
                    queue.push(router);
                }
            }
        }
    }

    /// Lists the ports that lead nearer to the destination.
    fn go_home(&self, at: RouterId, head: &mut Head, out: &mut Candidates) {
        head.phase = HOME;
        if at == head.dst {
            return out.push(head.eject, u32::MAX, 0);
        }
        let hops = self.hops_to(head.dst);
        for (port, &next) in self.ahead[self.ports(at)].iter().enumerate() {
            if next != NONE && hops[next as usize] < hops[at.index()] {
                out.push(port as u8, u32::MAX, 0);
            }
        }
    }
}

impl Kernel for Homing {
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        self.inner.inject(src, head, draw);
    }

    #[inline]
    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        if head.phase != HOME {
            self.inner.route(standing, head, out);
            if out.as_slice().iter().any(|candidate| self.is_open(standing.at, candidate.port)) {
                return;
            }
            out.clear();
        }
        self.go_home(standing.at, head, out);
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        let joined = self.part.is_empty() || self.part[src.index()] == self.part[dst.index()];
        joined && self.inner.reaches(src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        self.inner.starts(src, head, out);
    }

    fn steps(&self, standing: Standing, mut head: Head, out: &mut Vec<Step>) {
        if head.phase != HOME {
            self.inner.steps(standing, head, out);
            out.retain(|step| self.is_open(standing.at, step.port));
            if !out.is_empty() {
                return;
            }
        }
        let mut list = Candidates::default();
        self.go_home(standing.at, &mut head, &mut list);
        let share = 1.0 / list.as_slice().len().max(1) as f64;
        let step = |&super::Candidate { port, vcs, .. }: &_| Step { port, vcs, head, share };
        out.extend(list.as_slice().iter().map(step));
    }

    fn turn_map(&self) -> Option<&str> {
        self.inner.turn_map()
    }
}
