//! A routing function on a chip with stuck virtual channels: they are never offered.

use super::ground::Ground;
use super::{Candidates, Head, Kernel, Routing, Standing, Step};
use crate::base::RouterId;
use crate::base::random::Stream;

/// Another routing function without the stuck channels. The inner one was compiled in their knowledge
/// and leaves a working channel to every packet that it accepts.
#[derive(Clone, Debug)]
pub struct Masked {
    inner: Box<Routing>,
    /// By (router, port): virtual channels that work; all of them on node ports.
    usable: Vec<u32>,
    port_base: Vec<u32>,
}

impl Masked {
    pub(super) fn new(inner: Routing, ground: &Ground) -> Self {
        let fabric = ground.fabric;
        let of_slot = |&link: &u32| match link {
            crate::fabric::NO_LINK => u32::MAX,
            link => ground.usable(crate::base::LinkId(link)),
        };
        let usable = fabric.out_link.iter().map(of_slot).collect();
        Self { inner: Box::new(inner), usable, port_base: fabric.port_base.clone() }
    }

    fn usable(&self, at: RouterId, port: u8) -> u32 {
        self.usable[self.port_base[at.index()] as usize + usize::from(port)]
    }

    /// The routing function behind the mask.
    pub(super) fn inner(&self) -> &Routing {
        &self.inner
    }
}

impl Kernel for Masked {
    fn inject(&self, src: RouterId, head: &mut Head, draw: &mut Stream) {
        self.inner.inject(src, head, draw);
    }

    fn route(&self, standing: Standing, head: &mut Head, out: &mut Candidates) {
        self.inner.route(standing, head, out);
        out.retain_vcs(|port| self.usable(standing.at, port));
    }

    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.inner.reaches(src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        self.inner.starts(src, head, out);
    }

    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
        self.inner.steps(standing, head, out);
        out.retain_mut(|step| {
            step.vcs &= self.usable(standing.at, step.port);
            step.vcs != 0
        });
    }

    fn escape(&self) -> u32 {
        self.inner.escape()
    }

    fn turn_map(&self) -> Option<&str> {
        self.inner.turn_map()
    }
}
