//! The walk: all states that packets to one destination can be in.
//!
//! A state is where a packet stands (router, input port, class of virtual channels) and what its head
//! remembers. From every source each outcome of injection is followed through every candidate;
//! states met again are not walked again. Depth first, so that the states come out sorted: loads are
//! summed up from the sources on, hops from the destination back.

use super::dependencies::{Classes, Held};
use crate::base::RouterId;
use crate::noc::route::{Ground, Head, Routing, Standing, Step};

/// A routing function, or one leg of it, as the walk sees it.
pub(super) trait Relation: Sync {
    /// Whether packets from `src` to `dst` are accepted.
    fn reaches(&self, src: RouterId, dst: RouterId) -> bool;
    /// Every outcome of injection with its probability.
    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>);
    /// Everything a packet may do next.
    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>);
}

impl Relation for Routing {
    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        Routing::reaches(self, src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        Routing::starts(self, src, head, out);
    }

    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
        Routing::steps(self, standing, head, out);
    }
}

/// Vertex of a state that was not reached by a link.
const INJECTED: u32 = u32::MAX;
/// Where an edge ends that leaves the network, or gets lost.
const DELIVERED: u32 = u32::MAX;
const LOST: u32 = u32::MAX - 1;
/// End of a chain of states.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct State {
    standing: Standing,
    head: Head,
    /// (link, class) that the packet holds.
    vertex: u32,
    /// Next state at the same place with another head.
    sibling: u32,
    first_edge: u32,
    edges: u32,
    open: bool,
    /// Every way from here ends at the destination.
    arrives: bool,
    flow: f64,
    hops: f64,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    to: u32,
    /// Link that is taken; meaningless if delivered or lost.
    link: u32,
    port: u8,
    class: u8,
    share: f64,
}

/// What one source sends to the destination at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Source {
    pub router: RouterId,
    /// Weight of its packets.
    pub weight: f64,
}

/// What the walk found for one source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub source: Source,
    /// Every packet arrives.
    pub delivered: bool,
    /// Expected hops.
    pub hops: f64,
}

/// A mask of virtual channels cuts through a class: the walk starts again with finer classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split(pub u32);

/// Walks one destination after the other, with one set of scratch memory.
pub(super) struct Walk<'a, R> {
    ground: &'a Ground<'a>,
    relation: &'a R,
    classes: &'a Classes,
    escape: u32,
    /// By (router, port) and class: the destination it was last met for, and the first state there.
    place: Vec<(u32, u32)>,
    states: Vec<State>,
    edges: Vec<Edge>,
    /// States, all successors before each.
    sorted: Vec<u32>,
    stack: Vec<(u32, u32)>,
    steps: Vec<Step>,
    starts: Vec<(Head, f64)>,
    epoch: u32,
    /// What is held while what is waited for; among escape channels only, if there are any.
    pub held: Held,
    /// By link: load.
    pub load: Vec<f64>,
    /// No packet can go round forever.
    pub livelock_free: bool,
    /// Every state offers an escape channel.
    pub escapable: bool,
    /// By router: vertices by which packets to it arrive and output (port, class) by which packets
    /// from it depart, if asked for.
    pub ends: Option<Ends>,
}

/// Where packets enter and leave a leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// (router, vertex)
    pub arrivals: Vec<(u32, u32)>,
    /// (router, port, class)
    pub departures: Vec<(u32, u8, u8)>,
}

impl<'a, R: Relation> Walk<'a, R> {
    /// Over channels of `classes`; `escape` is the mask of the VCs whose dependencies alone count, 0 for all.
    pub fn new(ground: &'a Ground, relation: &'a R, classes: &'a Classes, escape: u32) -> Self {
        let fabric = ground.fabric;
        Self {
            ground,
            relation,
            classes,
            escape,
            place: vec![(0, NONE); fabric.out_link.len() * classes.len()],
            states: Vec::new(),
            edges: Vec::new(),
            sorted: Vec::new(),
            stack: Vec::new(),
            steps: Vec::new(),
            starts: Vec::new(),
            epoch: 0,
            held: Held::new(fabric, classes.len()),
            load: vec![0.0; fabric.links.len()],
            livelock_free: true,
            escapable: true,
            ends: None,
        }
    }

    /// Walks the packets of `sources` to router `dst` and notes what it finds for each.
    pub fn destination(
        &mut self,
        dst: RouterId,
        sources: &[Source],
        found: &mut Vec<Found>,
    ) -> Result<(), Split> {
        self.epoch += 1;
        self.states.clear();
        self.edges.clear();
        self.sorted.clear();
        let eject = self.ground.fabric.routers[dst.index()].network_ports;
        let fresh = Head { dst, eject, ..Head::default() };
        for &source in sources {
            let src = source.router;
            if src == dst || !self.relation.reaches(src, dst) {
                found.push(Found { source, delivered: src == dst, hops: 0.0 });
                continue;
            }
            let mut starts = std::mem::take(&mut self.starts);
            starts.clear();
            self.relation.starts(src, fresh, &mut starts);
            let mut one = Found { source, delivered: !starts.is_empty(), hops: 0.0 };
            for &(head, share) in &starts {
                let port = self.ground.fabric.routers[src.index()].network_ports;
                let (state, _) = self.state(Standing { at: src, port, vc: 0 }, head, 0, INJECTED);
                self.explore(state)?;
                let state = &mut self.states[state as usize];
                state.flow += source.weight * share;
                one.delivered &= state.arrives;
                one.hops += share * state.hops;
            }
            self.starts = starts;
            found.push(one);
        }
        self.flow();
        self.depend(dst);
        Ok(())
    }

    /// The state at a place with a head; whether it is new.
    fn state(&mut self, standing: Standing, head: Head, class: usize, vertex: u32) -> (u32, bool) {
        let slot = self.ground.fabric.slot(standing.at, standing.port) * self.classes.len() + class;
        let place = &mut self.place[slot];
        if place.0 != self.epoch {
            *place = (self.epoch, NONE);
        }
        let mut known = place.1;
        while known != NONE {
            let state = &self.states[known as usize];
            if state.head == head {
                return (known, false);
            }
            known = state.sibling;
        }
        let id = self.states.len() as u32;
        self.states.push(State {
            standing,
            head,
            vertex,
            sibling: place.1,
            first_edge: NONE,
            edges: 0,
            open: true,
            arrives: false,
            flow: 0.0,
            hops: 0.0,
        });
        place.1 = id;
        (id, true)
    }

    /// Walks everything that can be reached from `root`.
    fn explore(&mut self, root: u32) -> Result<(), Split> {
        if self.states[root as usize].first_edge != NONE {
            return Ok(());
        }
        self.expand(root)?;
        self.stack.push((root, 0));
        while let Some((state, done)) = self.stack.pop() {
            let State { first_edge, edges, .. } = self.states[state as usize];
            if done == edges {
                self.close(state);
                continue;
            }
            self.stack.push((state, done + 1));
            let edge = (first_edge + done) as usize;
            let to = self.edges[edge].to;
            if to == DELIVERED || to == LOST {
                continue;
            }
            if self.states[to as usize].first_edge == NONE {
                self.expand(to)?;
                self.stack.push((to, 0));
            } else if self.states[to as usize].open {
                self.livelock_free = false;
                self.edges[edge].to = LOST;
            }
        }
        Ok(())
    }

    /// Lists the edges that leave `state`.
    fn expand(&mut self, state: u32) -> Result<(), Split> {
        let State { standing, head, .. } = self.states[state as usize];
        let mut steps = std::mem::take(&mut self.steps);
        steps.clear();
        self.relation.steps(standing, head, &mut steps);
        let first_edge = self.edges.len() as u32;
        for step in &steps {
            self.follow(standing.at, step)?;
        }
        self.steps = steps;
        let edges = self.edges.len() as u32 - first_edge;
        self.states[state as usize].first_edge = first_edge;
        self.states[state as usize].edges = edges;
        Ok(())
    }

    /// Adds the edges of one candidate: one per class of virtual channels.
    fn follow(&mut self, at: RouterId, step: &Step) -> Result<(), Split> {
        let fabric = self.ground.fabric;
        if step.port >= fabric.routers[at.index()].network_ports {
            let to = if at == step.head.dst { DELIVERED } else { LOST };
            self.edges.push(Edge { to, link: NONE, port: step.port, class: 0, share: step.share });
            return Ok(());
        }
        let link = fabric.out(at, step.port);
        let usable = link.map_or(0, |link| self.ground.usable(link)) & step.vcs;
        let Some(link) = link.filter(|_| usable != 0) else {
            self.edges.push(Edge { to: LOST, link: NONE, port: step.port, class: 0, share: step.share });
            return Ok(());
        };
        if !self.classes.agrees(usable) {
            return Err(Split(usable));
        }
        let classes = self.classes;
        let share = step.share / classes.within(usable).count() as f64;
        for class in classes.within(usable) {
            let end = fabric.link(link);
            let vc = classes.mask(class).trailing_zeros() as u8;
            let standing = Standing { at: end.to, port: end.to_port, vc };
            let vertex = link.0 * classes.len() as u32 + class as u32;
            let (to, _) = self.state(standing, step.head, class, vertex);
            self.edges.push(Edge { to, link: link.0, port: step.port, class: class as u8, share });
        }
        Ok(())
    }

    /// All successors of `state` are known.
    fn close(&mut self, state: u32) {
        let State { first_edge, edges, .. } = self.states[state as usize];
        let (mut arrives, mut hops) = (edges > 0, 0.0);
        for edge in &self.edges[first_edge as usize..(first_edge + edges) as usize] {
            match edge.to {
                DELIVERED => {}
                LOST => arrives = false,
                to => {
                    arrives &= self.states[to as usize].arrives;
                    hops += edge.share * (1.0 + self.states[to as usize].hops);
                }
            }
        }
        let state_ref = &mut self.states[state as usize];
        state_ref.open = false;
        state_ref.arrives = arrives;
        state_ref.hops = hops;
        self.sorted.push(state);
    }

    /// Sends the flow of all sources down to the destination.
    fn flow(&mut self) {
        for &state in self.sorted.iter().rev() {
            let State { first_edge, edges, flow, .. } = self.states[state as usize];
            for edge in &self.edges[first_edge as usize..(first_edge + edges) as usize] {
                if edge.to < LOST {
                    self.load[edge.link as usize] += flow * edge.share;
                    self.states[edge.to as usize].flow += flow * edge.share;
                }
            }
        }
    }

    /// Whether `class` belongs to the escape channels (all do if there are none set apart).
    fn escapes(&self, class: u8) -> bool {
        self.escape == 0 || self.classes.mask(usize::from(class)) & self.escape != 0
    }

    /// Notes what is held while what is waited for.
    fn depend(&mut self, dst: RouterId) {
        for n in 0..self.states.len() {
            let State { vertex, first_edge, edges, standing, .. } = self.states[n];
            let list = first_edge as usize..(first_edge + edges) as usize;
            if standing.at == dst {
                if let (Some(ends), true) = (&mut self.ends, vertex != INJECTED) {
                    ends.arrivals.push((standing.at.0, vertex));
                }
                continue;
            }
            let mut escapes = false;
            let mut wanders = false;
            for edge in list.clone() {
                let Edge { to, port, class, .. } = self.edges[edge];
                if to >= LOST {
                    continue;
                }
                let own = self.escapes(class);
                escapes |= own;
                wanders |= !own;
                match &mut self.ends {
                    Some(ends) if vertex == INJECTED => ends.departures.push((standing.at.0, port, class)),
                    _ => {}
                }
                if vertex != INJECTED && own && self.escapes((vertex % self.classes.len() as u32) as u8) {
                    self.held.note(vertex, port, usize::from(class));
                }
            }
            self.escapable &= escapes;
            if wanders && vertex != INJECTED && self.escapes((vertex % self.classes.len() as u32) as u8) {
                self.depend_indirectly(n as u32, vertex);
            }
        }
    }

    /// A packet that holds an escape channel may wander over others and then wait for an escape
    /// channel elsewhere: that is a dependency, too (Duato's indirect dependencies).
    fn depend_indirectly(&mut self, from: u32, vertex: u32) {
        let mut seen = vec![false; self.states.len()];
        let mut pending = vec![from];
        while let Some(state) = pending.pop() {
            let State { first_edge, edges, .. } = self.states[state as usize];
            for edge in first_edge as usize..(first_edge + edges) as usize {
                let Edge { to, link, class, .. } = self.edges[edge];
                if to >= LOST {
                    continue;
                }
                if !self.escapes(class) {
                    if !seen[to as usize] {
                        seen[to as usize] = true;
                        pending.push(to);
                    }
                } else if state != from {
                    self.held.note_far(vertex, link * self.classes.len() as u32 + u32::from(class));
                }
            }
        }
    }
}
