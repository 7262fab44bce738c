//! What of a fabric works: the resolved form of a fault map.

use super::Fabric;
use crate::base::{LinkId, NodeId, RouterId};

/// Which parts of a fabric work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// By router: it forwards flits. A dead router takes its links and nodes with it.
    pub router: Vec<bool>,
    /// By node: its core sends and receives. A node may be dead while its router lives.
    pub node: Vec<bool>,
    /// By link: it carries flits.
    pub link: Vec<bool>,
    /// Virtual channels of a link's downstream buffer that are stuck, one bit per VC; sorted by link.
    pub stuck_vcs: Vec<(LinkId, u32)>,
}

impl Health {
    /// Everything works.
    pub fn perfect(fabric: &Fabric) -> Self {
        Self {
            router: vec![true; fabric.routers.len()],
            node: vec![true; fabric.nodes.len()],
            link: vec![true; fabric.links.len()],
            stuck_vcs: Vec::new(),
        }
    }

    /// Whether nothing is broken.
    pub fn is_perfect(&self) -> bool {
        let alive = |parts: &[bool]| parts.iter().all(|&alive| alive);
        alive(&self.router) && alive(&self.node) && alive(&self.link) && self.stuck_vcs.is_empty()
    }

    /// Kills a router with its nodes and all links to and from it.
    pub fn kill_router(&mut self, fabric: &Fabric, router: RouterId) {
        self.router[router.index()] = false;
        let site = &fabric.routers[router.index()];
        for &node in fabric.nodes_of(router) {
            self.kill_node(node);
        }
        for port in 0..site.network_ports {
            for link in fabric.out(router, port).into_iter().chain(fabric.into(router, port)) {
                self.link[link.index()] = false;
            }
        }
    }

    /// Kills a node's core; its router goes on forwarding.
    pub fn kill_node(&mut self, node: NodeId) {
        self.node[node.index()] = false;
    }

    /// Kills one directed link.
    pub fn kill_link(&mut self, link: LinkId) {
        self.link[link.index()] = false;
    }

    /// Marks the virtual channels of `mask` at the downstream buffer of `link` as stuck, beside those
    /// that already are. `stuck_vcs` stays sorted by link, with one entry for each.
    pub fn stick_vcs(&mut self, link: LinkId, mask: u32) {
        match self.stuck_vcs.binary_search_by_key(&link, |&(link, _)| link) {
            Ok(at) => self.stuck_vcs[at].1 |= mask,
            Err(at) => self.stuck_vcs.insert(at, (link, mask)),
        }
    }

    /// The same with both directions of a wire broken where one is.
    #[must_use]
    pub fn both_ways(&self, fabric: &Fabric) -> Self {
        let mut whole = self.clone();
        for link in (0..fabric.links.len()).map(LinkId::at).filter(|link| !self.link[link.index()]) {
            if let Some(back) = fabric.reverse(link) {
                whole.kill_link(back);
            }
        }
        whole
    }

    /// Whether no node can send or receive any more.
    pub fn is_dead(&self) -> bool {
        !self.node.contains(&true)
    }
}
