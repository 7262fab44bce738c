//! Multicast trees: one packet goes to many nodes and is copied by the routers where its ways part.
//!
//! ```text
//!                       ┌─▶ link ─▶ … ─▶ node 9
//!   root (source) ─▶ link ─▶ link ─▶ node 12        a branch = one link (or one ejection) with the
//!                       └─▶ node 4                  virtual channels that a copy may take there
//! ```
//!
//! A tree is the union of the unicast routes from its source. Where two routes meet again on the same
//! channels, the later one joins there and what it had before is dropped, so every branch has one parent.
//! Two routes that share a link but not its virtual channels (before and behind a dateline) are two branches.
//! Where the routing function leaves a choice, a tree takes the first candidate of the highest priority; where
//! it has an escape subfunction (Duato 1993), a copy keeps to that, for it has no way to turn to it later.
//!
//! Invariants: every dependency between the channels of two successive branches is one of the unicast channel
//! dependency graph ([`TreeTable::strays`] finds the exceptions). A single-flit packet holds one buffer
//! slot until all its copies have left, so where that graph has no cycle, waiting for several channels at once
//! cannot close one: in its topological order the channels drain one after the other. Packets of several
//! flits could block each other across branches; engines refuse them.

use std::collections::{HashMap, HashSet};

use super::route::{Candidate, Candidates, Head, Routing, Standing, Step};
use crate::base::random::{Purpose, Stream};
use crate::base::{LinkId, NodeId, Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health};

/// Marks a branch that ends in a node; the rest of the word is the node's number.
const NODE: u32 = 1 << 31;

/// The root's place in the table of legs.
const ROOT: u32 = u32::MAX;

/// One packet's destinations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multicast {
    /// Sending node.
    pub src: NodeId,
    /// Receiving nodes; repetitions count once.
    pub dsts: Vec<NodeId>,
}

/// Where a copy of a packet goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Over a link.
    Link(LinkId),
    /// To the node.
    Eject(NodeId),
}

/// A leg with the virtual channels that a copy may take on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The way.
    pub leg: Leg,
    /// Mask of virtual channels.
    pub vcs: u32,
}

/// What a tree consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Sending node.
    pub src: NodeId,
    /// Branch in which a packet stands that has just been injected.
    pub root: u32,
    /// Destinations that it reaches.
    pub reached: u32,
    /// Destinations that cannot be reached; packets to them count as refused.
    pub missed: u32,
    /// Links that a packet crosses.
    pub links: u32,
    /// Links that one unicast packet for each destination would cross.
    pub unicast_hops: u32,
}

/// Two channels of which a packet may hold the first while it waits for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dependency {
    /// Link and virtual channel held.
    pub held: (LinkId, u8),
    /// Link and virtual channel waited for.
    pub wanted: (LinkId, u8),
}

/// Many multicast trees in three flat arrays. A branch is an index into them; the branches of a tree stand
/// in breadth-first order, so that those that follow a branch are neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeTable {
    trees: Vec<Tree>,
    /// By branch: the link, a node with [`NODE`], or [`ROOT`].
    legs: Vec<u32>,
    /// By branch: mask of virtual channels.
    vcs: Vec<u32>,
    /// By branch: the first of those that follow it.
    first: Vec<u32>,
}

impl TreeTable {
    /// Builds a tree for each of `list`.
    ///
    /// # Errors
    /// Nodes outside the chip, with paths `[2].src` and `[2].dsts[5]`; a routing function that leads nowhere.
    pub fn build(
        fabric: &Fabric,
        health: &Health,
        routing: &Routing,
        list: &[Multicast],
    ) -> Result<Self, Problems> {
        let (mut table, mut problems) = (Self::default(), Problems::new());
        for (index, multicast) in list.iter().enumerate() {
            if let Err(found) = check(fabric, multicast) {
                problems.0.extend(found.under(&format!("[{index}]")).0);
                continue;
            }
            let planter = Planter { fabric, health, routing };
            match planter.grow(multicast) {
                Ok(draft) => table.append(multicast.src, draft),
                Err(problem) => problems.0.extend(Problems::from(problem).under(&format!("[{index}]")).0),
            }
        }
        problems.into_result(table)
    }

    /// The tree number `index`, counted as in the list it was built from.
    pub fn tree(&self, index: u32) -> Option<Tree> {
        self.trees.get(index as usize).copied()
    }

    /// The branches of a tree, the first of which is its root; none if it reaches nothing.
    pub fn branches_of(&self, index: u32) -> std::ops::Range<u32> {
        let root = |index: usize| self.trees.get(index).map_or(self.branches(), |tree| tree.root);
        root(index as usize)..root(index as usize + 1)
    }

    /// Number of trees.
    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// Number of branches of all trees: one more than the highest index.
    pub fn branches(&self) -> u32 {
        self.legs.len() as u32
    }

    /// Whether there is no tree.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// The branches that follow `branch`: where the router at its end sends a copy each.
    #[inline]
    pub fn after(&self, branch: u32) -> std::ops::Range<u32> {
        let at = branch as usize;
        match self.legs[at] {
            leg if leg != ROOT && leg & NODE != 0 => 0..0,
            // The last branch of a tree ends in a node, so this one has a next.
            _ => self.first[at]..self.first[at + 1],
        }
    }

    /// What `branch` is; `None` of a root.
    #[inline]
    pub fn branch(&self, branch: u32) -> Option<Branch> {
        let (leg, vcs) = (self.legs[branch as usize], self.vcs[branch as usize]);
        match leg {
            ROOT => None,
            leg if leg & NODE != 0 => Some(Branch { leg: Leg::Eject(NodeId(leg & !NODE)), vcs }),
            link => Some(Branch { leg: Leg::Link(LinkId(link)), vcs }),
        }
    }

    /// Bytes that the table occupies.
    pub fn bytes(&self) -> usize {
        self.trees.len() * size_of::<Tree>() + self.legs.len() * 3 * size_of::<u32>()
    }

    /// The dependencies between channels of successive branches, sorted, each once.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let link = |branch| match self.branch(branch) {
            Some(Branch { leg: Leg::Link(link), vcs }) => Some((link, vcs)),
            _ => None,
        };
        let mut found = Vec::new();
        for from in 0..self.legs.len() as u32 {
            let Some(held) = link(from) else { continue };
            for wanted in self.after(from).filter_map(link) {
                expand(held, wanted, |dependency| found.push(dependency));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The dependencies that no unicast packet of `routing` has: none, if the table was built for it.
    ///
    /// Walks the routing relation from every router to every node, for tests and certificates.
    pub fn strays(&self, fabric: &Fabric, routing: &Routing) -> Vec<Dependency> {
        let mut unicast = HashSet::new();
        for src in (0..fabric.routers.len()).map(RouterId::at) {
            for dst in (0..fabric.nodes.len()).map(NodeId::at) {
                explore(fabric, routing, src, dst, &mut unicast);
            }
        }
        self.dependencies().into_iter().filter(|dependency| !unicast.contains(dependency)).collect()
    }

    fn append(&mut self, src: NodeId, draft: Draft) {
        let root = self.legs.len() as u32;
        let Draft { twigs, reached, missed, unicast_hops } = draft;
        let links = twigs.iter().filter(|twig| twig.leg & NODE == 0).count() as u32;
        self.trees.push(Tree { src, root, reached, missed, links, unicast_hops });
        if reached == 0 {
            return;
        }
        let mut order = vec![0];
        let mut next = 0;
        while let Some(&at) = order.get(next) {
            let twig: &Twig = &twigs[at];
            self.legs.push(twig.leg);
            self.vcs.push(twig.vcs);
            self.first.push(root + order.len() as u32);
            let mut children = twig.children.clone();
            children.sort_unstable_by_key(|&child| (twigs[child].leg, twigs[child].vcs));
            order.extend(children);
            next += 1;
        }
    }
}

fn check(fabric: &Fabric, multicast: &Multicast) -> Result<(), Problems> {
    let (mut problems, nodes) = (Problems::new(), fabric.nodes.len());
    let mut inside = |path: String, node: NodeId| {
        if node.index() >= nodes {
            let problem = Problem::new(path, format!("there is no node {node}"));
            problems.push(problem.allowed(format!("0 to {}", nodes.saturating_sub(1))));
        }
    };
    inside("src".into(), multicast.src);
    multicast.dsts.iter().enumerate().for_each(|(i, &dst)| inside(format!("dsts[{i}]"), dst));
    problems.into_result(())
}

/// Calls `f` with the dependency of every virtual channel of `wanted` on every one of `held`.
fn expand(held: (LinkId, u32), wanted: (LinkId, u32), mut f: impl FnMut(Dependency)) {
    let channels =
        |(link, vcs): (LinkId, u32)| (0..32).filter(move |vc| vcs >> vc & 1 == 1).map(move |vc| (link, vc));
    for held in channels(held) {
        channels(wanted).for_each(|wanted| f(Dependency { held, wanted }));
    }
}

/// A branch of a tree that is growing.
struct Twig {
    leg: u32,
    vcs: u32,
    children: Vec<usize>,
}

struct Draft {
    twigs: Vec<Twig>,
    reached: u32,
    missed: u32,
    unicast_hops: u32,
}

struct Planter<'a> {
    fabric: &'a Fabric,
    health: &'a Health,
    routing: &'a Routing,
}

impl Planter<'_> {
    fn grow(&self, multicast: &Multicast) -> Result<Draft, Problem> {
        let root = Twig { leg: ROOT, vcs: 0, children: Vec::new() };
        let mut draft = Draft { twigs: vec![root], reached: 0, missed: 0, unicast_hops: 0 };
        let mut known = HashMap::new();
        let mut dsts = multicast.dsts.clone();
        dsts.sort_unstable();
        dsts.dedup();
        for dst in dsts {
            if !self.reaches(multicast.src, dst) {
                draft.missed += 1;
                continue;
            }
            let route = self.route(multicast.src, dst)?;
            draft.reached += 1;
            draft.unicast_hops += route.len() as u32 - 1;
            let meets = route.iter().rposition(|step| known.contains_key(step));
            let mut at = meets.map_or(0, |meets| known[&route[meets]]);
            for &(leg, vcs) in &route[meets.map_or(0, |meets| meets + 1)..] {
                let child = draft.twigs.len();
                draft.twigs.push(Twig { leg, vcs, children: Vec::new() });
                draft.twigs[at].children.push(child);
                known.insert((leg, vcs), child);
                at = child;
            }
        }
        Ok(draft)
    }

    fn reaches(&self, src: NodeId, dst: NodeId) -> bool {
        let works = |node: NodeId| {
            self.health.node[node.index()]
                && self.health.router[self.fabric.nodes[node.index()].router.index()]
        };
        let router = |node: NodeId| self.fabric.nodes[node.index()].router;
        works(src) && works(dst) && self.routing.reaches(router(src), router(dst))
    }

    /// The legs of the unicast route, the ejection last.
    fn route(&self, src: NodeId, dst: NodeId) -> Result<Vec<(u32, u32)>, Problem> {
        let (from, to) = (self.fabric.nodes[src.index()], self.fabric.nodes[dst.index()]);
        let mut head = start(self.routing, from.router, to);
        let mut standing = Standing { at: from.router, port: from.port, vc: 0 };
        let (mut route, mut candidates) = (Vec::new(), Candidates::default());
        while route.len() < usize::from(u16::MAX) {
            self.routing.route(standing, &mut head, &mut candidates);
            let Some(Candidate { port, vcs, .. }) = choose(&candidates, self.routing.escape()) else { break };
            let Some(link) = self.fabric.out(standing.at, port).filter(|l| self.health.link[l.index()])
            else {
                if self.fabric.node_at(standing.at, port) != Some(dst) {
                    break;
                }
                route.push((NODE | dst.0, vcs));
                return Ok(route);
            };
            route.push((link.0, vcs));
            let link = self.fabric.link(link);
            standing = Standing { at: link.to, port: link.to_port, vc: vcs.trailing_zeros() as u8 };
        }
        Err(Problem::new("", format!("the routing function does not lead from node {src} to node {dst}")))
    }
}

/// What a tree takes of `candidates`: the first of the highest priority, among those with escape channels if
/// there are such.
fn choose(candidates: &Candidates, escape: u32) -> Option<Candidate> {
    let keep = if escape == 0 { u32::MAX } else { escape };
    let kept =
        candidates.as_slice().iter().map(|candidate| Candidate { vcs: candidate.vcs & keep, ..*candidate });
    let usable = kept.filter(|candidate| candidate.vcs != 0);
    usable.reduce(|best, next| if next.priority > best.priority { next } else { best })
}

/// The head of a packet to `to`. All packets from one router make the same draw, so that they part late.
fn start(routing: &Routing, from: RouterId, to: crate::fabric::Attachment) -> Head {
    let mut head = Head { dst: to.router, eject: to.port, ..Head::default() };
    routing.inject(from, &mut head, &mut Stream::new(0, Purpose::Routing, from.0, 0));
    head
}

/// Adds the dependencies of every way that a packet from `src` to `dst` may take.
fn explore(fabric: &Fabric, routing: &Routing, src: RouterId, dst: NodeId, found: &mut HashSet<Dependency>) {
    let to = fabric.nodes[dst.index()];
    if !routing.reaches(src, to.router) {
        return;
    }
    let head = Head { dst: to.router, eject: to.port, ..Head::default() };
    let (mut starts, mut steps, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    routing.starts(src, head, &mut starts);
    let standing = Standing { at: src, port: fabric.routers[src.index()].network_ports, vc: 0 };
    let mut open: Vec<_> = starts.into_iter().map(|(head, _)| (None, standing, head)).collect();
    while let Some((held, standing, head)) = open.pop() {
        steps.clear();
        routing.steps(standing, head, &mut steps);
        for &Step { port, vcs, head, .. } in &steps {
            let Some(link) = fabric.out(standing.at, port) else { continue };
            if let Some(held) = held {
                expand(held, (link, vcs), |dependency| {
                    found.insert(dependency);
                });
            }
            let Head { via, memory, phase, .. } = head;
            let end = fabric.link(link);
            for vc in (0..32u8).filter(|vc| vcs >> vc & 1 == 1) {
                if seen.insert((link, vc, via, memory, phase)) {
                    let standing = Standing { at: end.to, port: end.to_port, vc };
                    open.push((Some((link, 1 << vc)), standing, head));
                }
            }
        }
    }
}
